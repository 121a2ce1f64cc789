import type {
  ChatCompletionContentPart,
  ChatCompletionCreateParamsStreaming,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions/completions';
import { callsOf, textOf, type Block, type ImageBlock, type Request } from 'llm-copilot-agent';
import { argumentsOf, dataUrl, resultText } from './json.ts';
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

const assistantMessage = (content: readonly Block[]): ChatCompletionMessageParam[] => {
  const text = textOf(content);
  const calls = callsOf(content);
  if (text === '' && calls.length === 0) return [];
  return [
    {
      role: 'assistant',
      content: text === '' ? null : text,
      ...(calls.length > 0 && {
        tool_calls: calls.map((call) => ({
          id: call.callId,
          type: 'function',
          function: { name: call.name, arguments: argumentsOf(call.input) },
        })),
      }),
    },
  ];
};

/** The Chat Completions body of a request. `official` is OpenAI itself: other servers know only `max_tokens`. */
export const chatBody = (request: Request, model: string, official: boolean): ChatCompletionCreateParamsStreaming => ({
  model,
  // The newer name is unknown to most other servers.
  [official ? 'max_completion_tokens' : 'max_tokens']: request.maxOutputTokens,
  stream: true,
  stream_options: { include_usage: true },
  ...(request.tools.length > 0 && {
    tools: request.tools.map((tool) => ({
      type: 'function',
      function: {
        name: tool.name,
        description: tool.description,
        parameters: tool.inputSchema as Record<string, unknown>,
      },
    })),
  }),
  messages: [
    ...(request.system === '' ? [] : [{ role: 'system' as const, content: request.system }]),
    ...turnsOf(request.messages).flatMap(({ role, content }) =>
      role === 'user' ? userMessages(content) : assistantMessage(content),
    ),
  ],
});
