import type { StopReason } from '../../../src/core/provider.ts';
import { anthropicProblem, encrypts, signs } from './anthropic-rules.ts';
import { fullAnswer, pieces, type FullAnswer, type Protocol } from './turn.ts';

const event = (data: { type: string } & Record<string, unknown>): string =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;

const stops: Record<StopReason, string> = {
  end: 'end_turn',
  tool_calls: 'tool_use',
  max_tokens: 'max_tokens',
  refusal: 'refusal',
};

const block = (index: number, start: Record<string, unknown>, deltas: Record<string, unknown>[]): string[] => [
  event({ type: 'content_block_start', index, content_block: start }),
  ...deltas.map((delta) => event({ type: 'content_block_delta', index, delta })),
  event({ type: 'content_block_stop', index }),
];

const start = (answer: FullAnswer, index: number, model: string): string =>
  event({
    type: 'message_start',
    message: {
      id: `msg_${index}`,
      type: 'message',
      role: 'assistant',
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: {
        input_tokens: answer.usage?.inputTokens ?? 0,
        cache_creation_input_tokens: answer.usage?.cacheWriteTokens ?? 0,
        cache_read_input_tokens: answer.usage?.cacheReadTokens ?? 0,
        output_tokens: 1,
      },
    },
  });

/** The Messages API's events, as documented at platform.claude.com/docs/en/build-with-claude/streaming (read 2026-11-21). */
export const anthropic: Protocol = {
  answer(answer, index, model) {
    const { thinking, redactedThinking, text } = answer;
    const blocks: ((at: number) => string[])[] = [];
    if (thinking !== undefined) {
      signs(`sig${index}`, thinking);
      blocks.push((at) =>
        block(at, { type: 'thinking', thinking: '', signature: '' }, [
          ...pieces(thinking).map((piece) => ({ type: 'thinking_delta', thinking: piece })),
          { type: 'signature_delta', signature: `sig${index}` },
        ]),
      );
    }
    if (redactedThinking !== undefined) {
      encrypts(redactedThinking);
      blocks.push((at) => block(at, { type: 'redacted_thinking', data: redactedThinking }, []));
    }
    if (text !== undefined) {
      blocks.push((at) =>
        block(
          at,
          { type: 'text', text: '' },
          pieces(text).map((piece) => ({ type: 'text_delta', text: piece })),
        ),
      );
    }
    for (const call of answer.calls) {
      blocks.push((at) =>
        block(
          at,
          { type: 'tool_use', id: call.id, name: call.name, input: {} },
          ['', ...pieces(call.json, 3)].map((piece) => ({ type: 'input_json_delta', partial_json: piece })),
        ),
      );
    }
    return [
      start(answer, index, model),
      event({ type: 'ping' }),
      ...blocks.flatMap((write, at) => write(at)),
      event({
        type: 'message_delta',
        delta: { stop_reason: stops[answer.stop], stop_sequence: null },
        usage: { output_tokens: answer.usage?.outputTokens ?? 0 },
      }),
      event({ type: 'message_stop' }),
    ];
  },
  opening: (text, index, model) => [
    start(fullAnswer({}, index), index, model),
    event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
  ],
  errorEvent: (type, message) => event({ type: 'error', error: { type, message } }),
  problemWith: anthropicProblem,
  errorBody: (status) => ({ type: 'error', error: { type: 'api_error', message: `scripted ${status}` } }),
};
