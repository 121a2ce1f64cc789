// One conversation with everything in it, and the whole body each protocol sends for it.
import type { Message } from '../../src/core/message.ts';
import type { Request } from '../../src/core/provider.ts';

const png = { type: 'image', mediaType: 'image/png', base64: 'aW1n' } as const;
const schema = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] };

const reasoning = { id: 'rs_9', summary: [{ type: 'summary_text', text: 'gpt thought' }], encrypted_content: 'enc9' };

const messages: Message[] = [
  { role: 'user', content: [{ type: 'text', text: 'What is on this picture?' }, png] },
  {
    role: 'assistant',
    content: [
      { type: 'thinking', text: 'claude thought', signature: 'sig9', by: 'anthropic' },
      { type: 'thinking', text: '', signature: 'redacted:blob', by: 'anthropic' },
      { type: 'thinking', text: 'gpt thought', signature: JSON.stringify(reasoning), by: 'openai' },
      { type: 'thinking', text: 'no signature', by: 'openai' },
      { type: 'text', text: 'I look.' },
      { type: 'tool_call', callId: 'call:1', name: 'read', input: { path: 'a.png' } },
      { type: 'tool_call', callId: 'call_2', name: 'list', input: '{"path": oops' },
      { type: 'tool_call', callId: 'call_3', name: 'list', input: ['not', 'an', 'object'] },
    ],
  },
  {
    role: 'user',
    content: [
      { type: 'text', text: 'Hurry.' },
      { type: 'tool_result', callId: 'call:1', content: [{ type: 'text', text: 'a picture' }, png], isError: false },
      { type: 'tool_result', callId: 'call_2', content: [{ type: 'text', text: 'bad input' }], isError: true },
    ],
  },
  { role: 'user', content: [{ type: 'tool_result', callId: 'call_3', content: [], isError: false }] },
  // Nothing of this one may be sent: reasoning nobody can use, and no words.
  {
    role: 'assistant',
    content: [
      { type: 'thinking', text: 'cut off', by: 'anthropic' },
      { type: 'text', text: '' },
    ],
  },
  { role: 'user', content: [{ type: 'text', text: 'Well?' }] },
];

/** The request all three bodies are made from. */
export const everything: Request = {
  system: 'Be brief.',
  tools: [
    { name: 'read', description: 'Reads a file.', inputSchema: schema },
    { name: 'list', description: 'Lists a folder.', inputSchema: schema },
  ],
  messages,
  maxOutputTokens: 1000,
};

const cached = { cache_control: { type: 'ephemeral' } };
const base64 = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aW1n' } };

const anthropic = {
  model: 'test-model',
  max_tokens: 1000,
  stream: true,
  thinking: { type: 'adaptive', display: 'summarized' },
  system: [{ type: 'text', text: 'Be brief.', ...cached }],
  tools: [
    { name: 'read', description: 'Reads a file.', input_schema: schema },
    { name: 'list', description: 'Lists a folder.', input_schema: schema, ...cached },
  ],
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is on this picture?' },
        { ...base64, ...cached },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'claude thought', signature: 'sig9' },
        { type: 'redacted_thinking', data: 'blob' },
        { type: 'text', text: 'I look.' },
        { type: 'tool_use', id: 'call_1', name: 'read', input: { path: 'a.png' } },
        { type: 'tool_use', id: 'call_2', name: 'list', input: { invalid_json: '{"path": oops' } },
        { type: 'tool_use', id: 'call_3', name: 'list', input: { value: ['not', 'an', 'object'] } },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'call_1', content: [{ type: 'text', text: 'a picture' }, base64] },
        { type: 'tool_result', tool_use_id: 'call_2', content: [{ type: 'text', text: 'bad input' }], is_error: true },
        { type: 'tool_result', tool_use_id: 'call_3' },
        { type: 'text', text: 'Hurry.' },
        { type: 'text', text: 'Well?', ...cached },
      ],
    },
  ],
};

const dataUrl = 'data:image/png;base64,aW1n';
const inputImage = { type: 'input_image', detail: 'auto', image_url: dataUrl };

const responses = {
  model: 'test-model',
  max_output_tokens: 1000,
  stream: true,
  store: false,
  include: ['reasoning.encrypted_content'],
  instructions: 'Be brief.',
  tools: [
    { type: 'function', name: 'read', description: 'Reads a file.', parameters: schema, strict: false },
    { type: 'function', name: 'list', description: 'Lists a folder.', parameters: schema, strict: false },
  ],
  input: [
    { role: 'user', content: [{ type: 'input_text', text: 'What is on this picture?' }, inputImage] },
    { type: 'reasoning', ...reasoning },
    { role: 'assistant', content: 'I look.' },
    { type: 'function_call', call_id: 'call:1', name: 'read', arguments: '{"path":"a.png"}' },
    { type: 'function_call', call_id: 'call_2', name: 'list', arguments: '{"invalid_json":"{\\"path\\": oops"}' },
    { type: 'function_call', call_id: 'call_3', name: 'list', arguments: '{"value":["not","an","object"]}' },
    {
      type: 'function_call_output',
      call_id: 'call:1',
      output: [{ type: 'input_text', text: 'a picture' }, inputImage],
    },
    { type: 'function_call_output', call_id: 'call_2', output: 'Error: bad input' },
    { type: 'function_call_output', call_id: 'call_3', output: '' },
    {
      role: 'user',
      content: [
        { type: 'input_text', text: 'Hurry.' },
        { type: 'input_text', text: 'Well?' },
      ],
    },
  ],
};

const chat = {
  model: 'test-model',
  max_tokens: 1000,
  stream: true,
  stream_options: { include_usage: true },
  tools: [
    { type: 'function', function: { name: 'read', description: 'Reads a file.', parameters: schema } },
    { type: 'function', function: { name: 'list', description: 'Lists a folder.', parameters: schema } },
  ],
  messages: [
    { role: 'system', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is on this picture?' },
        { type: 'image_url', image_url: { url: dataUrl } },
      ],
    },
    {
      role: 'assistant',
      content: 'I look.',
      tool_calls: [
        { id: 'call:1', type: 'function', function: { name: 'read', arguments: '{"path":"a.png"}' } },
        {
          id: 'call_2',
          type: 'function',
          function: { name: 'list', arguments: '{"invalid_json":"{\\"path\\": oops"}' },
        },
        { id: 'call_3', type: 'function', function: { name: 'list', arguments: '{"value":["not","an","object"]}' } },
      ],
    },
    { role: 'tool', tool_call_id: 'call:1', content: 'a picture' },
    { role: 'tool', tool_call_id: 'call_2', content: 'Error: bad input' },
    { role: 'tool', tool_call_id: 'call_3', content: '' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Image from call:1:' },
        { type: 'image_url', image_url: { url: dataUrl } },
        { type: 'text', text: 'Hurry.' },
        { type: 'text', text: 'Well?' },
      ],
    },
  ],
};

const inlineData = { mimeType: 'image/png', data: 'aW1n' };
const functionResponse = (id: string, name: string, response: object) => ({
  functionResponse: { id, name, response },
});

const gemini = {
  systemInstruction: { parts: [{ text: 'Be brief.' }] },
  tools: [
    {
      functionDeclarations: [
        { name: 'read', description: 'Reads a file.', parametersJsonSchema: schema },
        { name: 'list', description: 'Lists a folder.', parametersJsonSchema: schema },
      ],
    },
  ],
  contents: [
    { role: 'user', parts: [{ text: 'What is on this picture?' }, { inlineData }] },
    {
      role: 'model',
      parts: [
        { text: 'I look.' },
        {
          functionCall: { id: 'call:1', name: 'read', args: { path: 'a.png' } },
          thoughtSignature: 'skip_thought_signature_validator',
        },
        { functionCall: { id: 'call_2', name: 'list', args: { invalid_json: '{"path": oops' } } },
        { functionCall: { id: 'call_3', name: 'list', args: { value: ['not', 'an', 'object'] } } },
      ],
    },
    {
      role: 'user',
      parts: [
        functionResponse('call:1', 'read', { output: 'a picture' }),
        functionResponse('call_2', 'list', { error: 'bad input' }),
        functionResponse('call_3', 'list', { output: '' }),
      ],
    },
    {
      role: 'user',
      parts: [{ text: 'Image from call:1:' }, { inlineData }, { text: 'Hurry.' }, { text: 'Well?' }],
    },
  ],
  generationConfig: { maxOutputTokens: 1000, thinkingConfig: { includeThoughts: true } },
};

/** The body of {@link everything}, by provider. */
export const bodies = { anthropic, openai: responses, 'openai-chat': chat, gemini };
