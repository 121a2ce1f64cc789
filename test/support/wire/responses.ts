import { encryptsItem, responsesProblem } from './responses-rules.ts';
import { fullAnswer, pieces, type FullAnswer, type Protocol } from './turn.ts';

type Json = Record<string, unknown>;

const event = (data: Json & { type: string }): string => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;

const usageOf = ({ usage }: FullAnswer): Json | null =>
  usage && {
    input_tokens: usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens,
    input_tokens_details: { cached_tokens: usage.cacheReadTokens, cache_write_tokens: usage.cacheWriteTokens },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens + usage.outputTokens,
  };

const response = (index: number, model: string, more: Json): Json => ({
  id: `resp_${index}`,
  object: 'response',
  model,
  error: null,
  incomplete_details: null,
  output: [],
  ...more,
});

/** One item: its start, what streams within it, and the item as it ended. */
const item = (at: number, start: Json, deltas: (Json & { type: string })[], end: Json): string[] => [
  event({ type: 'response.output_item.added', output_index: at, item: start }),
  ...deltas.map((delta) => event({ output_index: at, item_id: start.id, ...delta })),
  event({ type: 'response.output_item.done', output_index: at, item: { ...start, ...end } }),
];

const reasoning = (at: number, index: number, thinking: string): string[] => {
  const id = `rs_${index}`;
  encryptsItem(id, `enc${index}`);
  return item(
    at,
    { type: 'reasoning', id, summary: [] },
    [
      { type: 'response.reasoning_summary_part.added', summary_index: 0 },
      ...pieces(thinking).map((delta) => ({
        type: 'response.reasoning_summary_text.delta',
        summary_index: 0,
        delta,
      })),
    ],
    { summary: [{ type: 'summary_text', text: thinking }], encrypted_content: `enc${index}` },
  );
};

const message = (at: number, index: number, text: string, refusal: boolean): string[] => {
  const type = refusal ? 'response.refusal.delta' : 'response.output_text.delta';
  const part = refusal ? { type: 'refusal', refusal: text } : { type: 'output_text', text, annotations: [] };
  return item(
    at,
    { type: 'message', id: `msg_${index}`, role: 'assistant', status: 'in_progress', content: [] },
    pieces(text).map((delta) => ({ type, content_index: 0, delta })),
    { status: 'completed', content: [part] },
  );
};

const call = (at: number, { id, name, json }: FullAnswer['calls'][number]): string[] =>
  item(
    at,
    { type: 'function_call', id: `fc_${id}`, call_id: id, name, arguments: '', status: 'in_progress' },
    [
      ...pieces(json, 3).map((delta) => ({ type: 'response.function_call_arguments.delta', delta })),
      { type: 'response.function_call_arguments.done', arguments: json, name },
    ],
    { arguments: json, status: 'completed' },
  );

/** The Responses API's events, as in the SDK's types (openai 6.49.0). */
export const responses: Protocol = {
  answer(answer, index, model) {
    const { thinking, text, calls, stop } = answer;
    const writers = [
      ...(thinking === undefined ? [] : [(at: number) => reasoning(at, index, thinking)]),
      ...(text === undefined ? [] : [(at: number) => message(at, index, text, stop === 'refusal')]),
      ...calls.map((made) => (at: number) => call(at, made)),
    ];
    const cut = stop === 'max_tokens';
    const status = cut ? 'incomplete' : 'completed';
    return [
      event({ type: 'response.created', response: response(index, model, { status: 'in_progress' }) }),
      ...writers.flatMap((write, at) => write(at)),
      event({
        type: `response.${status}`,
        response: response(index, model, {
          status,
          usage: usageOf(answer),
          ...(cut && { incomplete_details: { reason: 'max_output_tokens' } }),
        }),
      }),
    ];
  },
  opening: (text, index, model) => [
    event({ type: 'response.created', response: response(index, model, { usage: usageOf(fullAnswer({}, index)) }) }),
    event({ type: 'response.output_text.delta', output_index: 0, content_index: 0, item_id: 'msg', delta: text }),
  ],
  errorEvent: (code, text) => event({ type: 'error', code, message: text, param: null }),
  problemWith: responsesProblem,
  errorBody: (status) => ({ error: { type: 'server_error', code: null, message: `scripted ${status}` } }),
};
