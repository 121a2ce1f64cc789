import type { StopReason } from '../../../src/core/provider.ts';
import { pieces, type FullAnswer, type Protocol } from './turn.ts';

type Json = Record<string, unknown>;

const event = (data: unknown): string => `data: ${JSON.stringify(data)}\r\n\r\n`;

const stops: Record<StopReason, string> = {
  end: 'STOP',
  tool_calls: 'STOP',
  max_tokens: 'MAX_TOKENS',
  refusal: 'SAFETY',
};

/** A signature as this server makes them. */
const signature = (index: number): string => Buffer.from(`gemini signature ${index}`).toString('base64');

const isOurs = (value: unknown): boolean =>
  value === 'skip_thought_signature_validator' ||
  value === 'context_engineering_is_the_way_to_go' ||
  (typeof value === 'string' &&
    /^[A-Za-z0-9+/]+=*$/.test(value) &&
    /^gemini signature \d+$/.test(Buffer.from(value, 'base64').toString()));

const usageOf = ({ usage }: FullAnswer): Json =>
  usage
    ? {
        usageMetadata: {
          // The API does not count what it writes to its cache.
          promptTokenCount: usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens,
          ...(usage.cacheReadTokens > 0 && { cachedContentTokenCount: usage.cacheReadTokens }),
          candidatesTokenCount: usage.outputTokens - (usage.reasoningTokens ?? 0),
          ...(usage.reasoningTokens !== undefined && { thoughtsTokenCount: usage.reasoningTokens }),
          totalTokenCount: usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens + usage.outputTokens,
        },
      }
    : {};

const chunk = (index: number, model: string, parts: Json[], more: Json = {}, finish?: Json): string =>
  event({
    candidates: [{ content: { role: 'model', parts }, index: 0, ...finish }],
    ...more,
    modelVersion: model,
    responseId: `gemini-${index}`,
  });

const parse = (json: string): { args?: unknown } | undefined => {
  if (json === '') return {};
  try {
    return { args: JSON.parse(json) as unknown };
  } catch {
    return undefined;
  }
};

const codes: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
};

interface Part {
  text?: string;
  inlineData?: object;
  functionCall?: { id?: string; name?: string; args?: unknown };
  functionResponse?: { id?: string; name?: string; response?: unknown };
  thoughtSignature?: unknown;
}
interface Content {
  role?: string;
  parts?: Part[];
}
interface Declaration {
  name?: string;
  parameters?: object;
  parametersJsonSchema?: object;
}

const kindsOfPart = ['text', 'inlineData', 'fileData', 'functionCall', 'functionResponse'] as const;
const topLevel = /^(?:contents|systemInstruction|tools|toolConfig|safetySettings|generationConfig|cachedContent)$/;
const configKeys =
  /^(?:maxOutputTokens|temperature|top[PK]|stopSequences|seed|responseMimeType|responseJsonSchema|(?:frequency|presence)Penalty|thinkingConfig)$/;

const isName = (name: unknown): boolean => typeof name === 'string' && /^[A-Za-z_][\w.:-]{0,63}$/.test(name);
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

const problemWithPart = (part: Part, at: string): string | undefined => {
  const kinds = kindsOfPart.filter((kind) => kind in part);
  if (kinds.length !== 1) return `${at}.data: required oneof field 'data' must have one initialized field`;
  if (part.text === '') return `${at}.text: must not be empty`;
  const { functionCall: call, functionResponse: response } = part;
  if ((call && !isName(call.name)) || (response && !isName(response.name))) return `${at}: Invalid function name.`;
  if (part.functionCall && !isObject(part.functionCall.args)) return `${at}.function_call.args: must be an object`;
  if (part.functionResponse && !isObject(part.functionResponse.response))
    return `${at}.function_response.response: must be an object`;
  return 'thoughtSignature' in part && !isOurs(part.thoughtSignature) ? 'Corrupted thought signature.' : undefined;
};

const callsIn = (content: Content | undefined) => (content?.parts ?? []).flatMap((part) => part.functionCall ?? []);
const responsesIn = (content: Content | undefined) =>
  (content?.parts ?? []).flatMap((part) => part.functionResponse ?? []);

const problemWithTurns = (contents: readonly Content[]): string | undefined => {
  if (contents[0]?.role !== 'user' || responsesIn(contents[0]).length > 0)
    return 'Please ensure that multiturn requests start with a user turn.';
  // The turn under way begins at the last thing the user said.
  const current = contents.findLastIndex(
    ({ role, parts = [] }) => role === 'user' && parts.some((part) => 'text' in part),
  );
  for (const [at, content] of contents.entries()) {
    const calls = callsIn(content);
    const responses = responsesIn(content);
    const before = contents[at - 1];
    if (content.role === 'user' ? calls.length > 0 : responses.length > 0) return 'Please use a valid role.';
    if (calls.length > 0) {
      if (before?.role !== 'user')
        return 'Please ensure that function call turn comes immediately after a user turn or after a function response turn.';
      const answers = responsesIn(contents[at + 1]);
      if (
        answers.length !== calls.length ||
        answers.some(({ name, id }, n) => name !== calls[n]?.name || id !== calls[n]?.id)
      )
        return 'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.';
      const first = content.parts?.find((part) => part.functionCall);
      if (at > current && first?.thoughtSignature === undefined)
        return `Function call is missing a thought_signature in functionCall parts. Additional data, function call \`default_api:${first?.functionCall?.name ?? ''}\`, position ${at + 1}.`;
    }
    if (responses.length > 0 && callsIn(before).length === 0)
      return 'Please ensure that function response turn comes immediately after a function call turn.';
  }
  return undefined;
};

/**
 * The Gemini API's events (ai.google.dev/api/generate-content and …/docs/thought-signatures, read 2026-11-27). Like Gemini 3 it
 * signs the first of a reply's calls, else the end of a text it thought about.
 */
export const gemini: Protocol = {
  answer(answer, index, model) {
    const { thinking, text, calls, stop } = answer;
    const made = calls.map((call) => ({ call, parsed: parse(call.json) }));
    const bad = made.find(({ parsed }) => parsed === undefined);
    const signed = { thoughtSignature: signature(index) };
    const finish = bad
      ? { finishReason: 'MALFORMED_FUNCTION_CALL', finishMessage: `Malformed function call: ${bad.call.json}` }
      : { finishReason: stops[stop] };
    return [
      ...pieces(thinking ?? '').map((piece) => chunk(index, model, [{ text: piece, thought: true }])),
      ...pieces(text ?? '').map((piece) => chunk(index, model, [{ text: piece }])),
      ...(bad ? [] : made).map(({ call: { id, name }, parsed }, at) =>
        chunk(index, model, [{ functionCall: { id, name, ...parsed }, ...(at === 0 && signed) }]),
      ),
      chunk(
        index,
        model,
        [{ text: '', ...(calls.length === 0 && thinking !== undefined && signed) }],
        usageOf(answer),
        finish,
      ),
    ];
  },
  opening: (text, index, model) => [chunk(index, model, [{ text }])],
  errorEvent: (status, message) =>
    event({
      error: { code: 500, message, status: status === 'overloaded_error' ? 'UNAVAILABLE' : status },
    }),
  errorBody: (code) => ({ error: { code, message: `scripted ${code}`, ...(codes[code] && { status: codes[code] }) } }),
  modelOf: (path) => decodeURIComponent(/\/models\/([^:/?]+):/.exec(path)?.[1] ?? ''),
  problemWith: (body) => {
    const {
      contents = [],
      tools = [],
      generationConfig = {},
    } = body as {
      contents?: Content[];
      tools?: { functionDeclarations?: Declaration[] }[];
      generationConfig?: Json;
    };
    for (const key of Object.keys(body as Json))
      if (!topLevel.test(key)) return `Invalid JSON payload received. Unknown name "${key}": Cannot find field.`;
    for (const key of Object.keys(generationConfig))
      if (!configKeys.test(key)) return `Invalid JSON payload received. Unknown name "${key}" at 'generation_config'`;
    for (const { name = '', parameters, parametersJsonSchema } of tools.flatMap(
      (tool) => tool.functionDeclarations ?? [],
    )) {
      if (!isName(name)) return `Invalid function name: ${name}`;
      if (parameters && parametersJsonSchema) return 'parameters and parameters_json_schema are mutually exclusive.';
    }
    if (contents.length === 0) return 'contents is not specified';
    for (const [at, { role = '', parts = [] }] of contents.entries()) {
      if (!/^(?:user|model)$/.test(role)) return 'Please use a valid role: user, model.';
      if (parts.length === 0) return `contents[${at}].parts must not be empty.`;
      for (const [n, part] of parts.entries()) {
        const problem = problemWithPart(part, `contents[${at}].parts[${n}]`);
        if (problem !== undefined) return problem;
      }
    }
    return problemWithTurns(contents);
  },
};
