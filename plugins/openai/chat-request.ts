import type {
  ChatCompletionContentPart,
  ChatCompletionCreateParamsStreaming,
  ChatCompletionMessageFunctionToolCall,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions/completions';
import { textOf, type Block, type ImageBlock, type ParameterName, type Request } from 'llm-copilot-agent';
import { argumentsOf, dataUrl, resultText } from './json.ts';
import { deepseek, google, type CallSignature } from './reasoning.ts';
import type { Quirks } from './presets.ts';
import { turnsOf } from './turns.ts';

const imagePart = (image: ImageBlock): ChatCompletionContentPart => ({
  type: 'image_url',
  image_url: { url: dataUrl(image) },
});

const userMessages = (content: readonly Block[]): ChatCompletionMessageParam[] => {
  const results = content.filter((block) => block.type === 'tool_result');
  // A tool message holds only text here: pictures of results go into the user message after it.
  const resultImages = results.flatMap((result): ChatCompletionContentPart[] => {
    const images = result.content.filter((block) => block.type === 'image');
    if (images.length === 0) return [];
    return [{ type: 'text', text: `Image from ${result.callId}:` }, ...images.map(imagePart)];
  });
  const own = content.flatMap((block): ChatCompletionContentPart[] => {
    if (block.type === 'text') return block.text === '' ? [] : [{ type: 'text', text: block.text }];
    return block.type === 'image' ? [imagePart(block)] : [];
  });
  const parts = [...resultImages, ...own];
  // Some servers take only a string.
  const plain = parts.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  return [
    ...results.map((result) => ({
      role: 'tool' as const,
      tool_call_id: result.callId,
      content: resultText(textOf(result.content), result.isError),
    })),
    ...(parts.length > 0
      ? [{ role: 'user' as const, content: plain.length === parts.length ? plain.join('\n\n') : parts }]
      : []),
  ];
};

/** A call with what Gemini wants to have back with it. */
type SignedCall = ChatCompletionMessageFunctionToolCall & { extra_content?: CallSignature };

const callsIn = (content: readonly Block[], quirks: Quirks): SignedCall[] => {
  const calls: SignedCall[] = [];
  const signed = quirks.reasoning === 'google' ? google.signatures(content) : undefined;
  for (const block of content) {
    if (block.type !== 'tool_call') continue;
    const signature = signed?.(block);
    calls.push({
      id: block.callId,
      type: 'function',
      function: { name: block.name, arguments: argumentsOf(block.input) },
      ...(signature && { extra_content: signature }),
    });
  }
  return calls;
};

const assistantMessage = (content: readonly Block[], quirks: Quirks): ChatCompletionMessageParam[] => {
  const text = textOf(content);
  const calls = callsIn(content, quirks);
  if (text === '' && calls.length === 0) return [];
  const thoughts =
    quirks.reasoning === 'reasoning_content' && calls.length > 0 ? deepseek.thoughts(content) : undefined;
  return [
    {
      role: 'assistant',
      content: text === '' ? null : text,
      ...(calls.length > 0 && { tool_calls: calls }),
      ...(thoughts !== undefined && { reasoning_content: thoughts }),
    },
  ];
};

const messagesOf = (request: Request, quirks: Quirks): ChatCompletionMessageParam[] => {
  const messages = turnsOf(request.messages).flatMap(({ role, content }) =>
    role === 'user' ? userMessages(content) : assistantMessage(content, quirks),
  );
  const spoken = quirks.speaksAfterResults
    ? messages.flatMap((message, index): ChatCompletionMessageParam[] =>
        message.role === 'user' && messages[index - 1]?.role === 'tool'
          ? [{ role: 'assistant', content: 'I have the results.' }, message]
          : [message],
      )
    : messages;
  return request.system === '' ? spoken : [{ role: 'system', content: request.system }, ...spoken];
};

const ownParameters: readonly ParameterName[] = ['temperature', 'top_p', 'frequency_penalty', 'presence_penalty'];

const parametersOf = ({ parameters = {} }: Request, quirks: Quirks): Record<string, number> =>
  Object.fromEntries(
    [...ownParameters, ...quirks.parameters].flatMap((name) => {
      const value = parameters[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );

const formatOf = ({ output }: Request): Pick<ChatCompletionCreateParamsStreaming, 'response_format'> => {
  if (!output) return {};
  if (output.type === 'json') return { response_format: { type: 'json_object' } };
  const { name, schema } = output;
  // Strict mode takes only a part of JSON Schema.
  const json_schema = { name, schema: schema as Record<string, unknown>, strict: false };
  return { response_format: { type: 'json_schema', json_schema } };
};

/** The Chat Completions body of a request. */
export const chatBody = (request: Request, model: string, quirks: Quirks): ChatCompletionCreateParamsStreaming => ({
  model,
  [quirks.maxTokens]: request.maxOutputTokens,
  stream: true,
  ...(quirks.streamOptions && { stream_options: { include_usage: true } }),
  ...parametersOf(request, quirks),
  ...(request.stop && request.stop.length > 0 && { stop: [...request.stop] }),
  ...(request.seed !== undefined && { [quirks.seed]: request.seed }),
  ...formatOf(request),
  ...(request.tools.length > 0 && {
    tools: request.tools.map((tool) => ({
      type: 'function',
      function: {
        name: tool.name,
        description: tool.description,
        parameters: tool.inputSchema as Record<string, unknown>,
      },
    })),
    ...(request.parallelTools === false && quirks.parallelToolCalls && { parallel_tool_calls: false }),
  }),
  messages: messagesOf(request, quirks),
});
