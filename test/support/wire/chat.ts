import type { StopReason } from '../../../src/core/provider.ts';
import { chatProblem } from './chat-rules.ts';
import { pieces, type Protocol } from './turn.ts';

type Json = Record<string, unknown>;

const stops: Record<StopReason, string> = {
  end: 'stop',
  tool_calls: 'tool_calls',
  max_tokens: 'length',
  refusal: 'content_filter',
};

const event = (data: unknown): string => `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;

const chunk = (index: number, model: string, more: Json): string =>
  event({ id: `chatcmpl-${index}`, object: 'chat.completion.chunk', created: 0, model, ...more });

/** Chat Completions' chunks, as in the SDK's types (openai 6.49.0); thinking as DeepSeek and vLLM send it. */
export const chat: Protocol = {
  answer(answer, index, model) {
    const delta = (value: Json, finish: string | null = null): string =>
      chunk(index, model, { choices: [{ index: 0, delta: value, finish_reason: finish }] });
    const { usage } = answer;
    return [
      delta({ role: 'assistant', content: '' }),
      ...pieces(answer.thinking ?? '').map((piece) => delta({ reasoning_content: piece })),
      ...pieces(answer.text ?? '').map((piece) => delta({ content: piece })),
      ...answer.calls.map((call, at) =>
        delta({
          tool_calls: [{ index: at, id: call.id, type: 'function', function: { name: call.name, arguments: '' } }],
        }),
      ),
      // Fragments of parallel calls may come interleaved.
      ...answer.calls
        .flatMap((call, at) => pieces(call.json, 3).map((piece, turn) => ({ at, turn, piece })))
        .sort((a, b) => a.turn - b.turn)
        .map(({ at, piece }) => delta({ tool_calls: [{ index: at, function: { arguments: piece } }] })),
      delta({}, stops[answer.stop]),
      ...(usage
        ? [
            chunk(index, model, {
              choices: [],
              usage: {
                prompt_tokens: usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens,
                completion_tokens: usage.outputTokens,
                total_tokens: 0,
                prompt_tokens_details: {
                  cached_tokens: usage.cacheReadTokens,
                  cache_write_tokens: usage.cacheWriteTokens,
                },
              },
            }),
          ]
        : []),
      event('[DONE]'),
    ];
  },
  opening: (text, index, model) => [
    chunk(index, model, { choices: [{ index: 0, delta: { role: 'assistant', content: text }, finish_reason: null }] }),
  ],
  errorEvent: (code, message) => event({ error: { code, message } }),
  problemWith: chatProblem,
  errorBody: (status) => ({ error: { type: 'server_error', code: null, message: `scripted ${status}` } }),
};
