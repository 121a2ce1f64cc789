import type { Block, Message, ParameterName, Request, ToolResultBlock } from 'llm-copilot-agent';
import { foreignCall, signatureIn } from './signatures.ts';
import type { Body, Content, Part } from './wire.ts';

/** What depends on the model and on what the API said of earlier requests. */
export interface Making {
  /** Ask for summaries of thoughts. */
  thinking: boolean;
  /** Sign calls that have no signature with the value for calls of other models. */
  signForeign: boolean;
  /** Signatures the API no longer takes. */
  stale: ReadonlySet<string>;
}

/** A call of the conversation so far. */
interface Call {
  name: string;
  /** Its place among all calls. */
  at: number;
}

/** What a message comes to: results stand in a turn of their own. */
interface Sent {
  results: { at: number; part: Part }[];
  parts: Part[];
}

/** The API refuses names of other forms, which a model of another provider may have made up. */
const nameOf = (name: string): string =>
  name
    .replace(/[^\w.:-]/g, '_')
    .replace(/^(?=[^A-Za-z_]|$)/, '_')
    .slice(0, 64);

/** The API accepts only objects as a call's arguments. */
const argsOf = (input: unknown): unknown => {
  if (typeof input === 'string') return { invalid_json: input };
  return typeof input === 'object' && input !== null && !Array.isArray(input) ? input : { value: input };
};

const imageParts = (content: readonly Block[]): Part[] =>
  content.flatMap((block) =>
    block.type === 'image' ? [{ inlineData: { mimeType: block.mediaType, data: block.base64 } }] : [],
  );

const textIn = (content: readonly Block[]): string =>
  content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n');

const modelParts = (content: readonly Block[], stale: ReadonlySet<string>): Part[] => {
  const parts: Part[] = [];
  let signed: Pick<Part, 'thoughtSignature'> = {};
  for (const block of content) {
    if (block.type === 'thinking') {
      const found = signatureIn(block, stale);
      if (found?.on === 'next') signed = { thoughtSignature: found.signature };
      else if (found && block.text !== '') {
        parts.push({ text: block.text, thought: true, thoughtSignature: found.signature });
      }
      continue;
    }
    if (block.type === 'text' && block.text !== '') parts.push({ text: block.text, ...signed });
    if (block.type === 'tool_call') {
      const { callId: id, name, input } = block;
      parts.push({ functionCall: { id, name: nameOf(name), args: argsOf(input) }, ...signed });
    }
    signed = {};
  }
  return parts;
};

// Messages never change, and a long conversation is sent whole at every turn: each is converted once.
const converted = new WeakMap<Message, Sent>();
const convertedResults = new WeakMap<ToolResultBlock, Part>();

const resultPart = (block: ToolResultBlock, { name }: Call): Part => {
  const known = convertedResults.get(block);
  if (known?.functionResponse?.name === name) return known;
  const { callId: id, content, isError } = block;
  // These two keys are those the API names for it (https://ai.google.dev/api/caching#FunctionResponse, read 2026-11-27).
  const part = { functionResponse: { id, name, response: { [isError ? 'error' : 'output']: textIn(content) } } };
  convertedResults.set(block, part);
  return part;
};

const userMessage = (content: readonly Block[], calls: ReadonlyMap<string, Call>): Sent => {
  const results: Sent['results'] = [];
  const images: Part[] = [];
  const rest: Part[] = [];
  for (const block of content) {
    if (block.type === 'text' && block.text !== '') rest.push({ text: block.text });
    if (block.type === 'image') rest.push(...imageParts([block]));
    if (block.type !== 'tool_result') continue;
    const call = calls.get(block.callId);
    if (call) results.push({ at: call.at, part: resultPart(block, call) });
    // The API has no place for a result of which it does not see the call.
    else rest.push({ text: `Result of an earlier call (${block.callId}): ${textIn(block.content)}` });
    const pictures = imageParts(block.content);
    if (pictures.length > 0) images.push({ text: `Image from ${block.callId}:` }, ...pictures);
  }
  return { results, parts: [...images, ...rest] };
};

const sentOf = (message: Message, calls: ReadonlyMap<string, Call>, stale: ReadonlySet<string>): Sent => {
  const { role, content } = message;
  // What is stale, and which calls are there, may change from one request to the next.
  const lasts = role === 'user' ? !content.some(({ type }) => type === 'tool_result') : stale.size === 0;
  const known = lasts ? converted.get(message) : undefined;
  if (known) return known;
  const sent = role === 'user' ? userMessage(content, calls) : { results: [], parts: modelParts(content, stale) };
  if (lasts) converted.set(message, sent);
  return sent;
};

/** Its first call signed, which is the one the API asks that of. */
const withSignedCall = (parts: Part[]): Part[] => {
  const call = parts.find((part) => part.functionCall !== undefined);
  if (!call || call.thoughtSignature !== undefined) return parts;
  return parts.map((part) => (part === call ? { ...part, thoughtSignature: foreignCall } : part));
};

/**
 * The conversation as contents: neighbours of one role become one, for the API refuses calls that follow on a turn of the
 * model; results stand alone right after their calls and in their order.
 */
const contentsOf = (messages: readonly Message[], { signForeign, stale }: Making): Content[] => {
  const calls = new Map<string, Call>();
  const contents: Content[] = [];
  let at = 0;
  let role: Message['role'] | undefined;
  let results: Sent['results'] = [];
  let parts: Part[] = [];
  const flush = (): void => {
    if (results.length > 0) {
      contents.push({ role: 'user', parts: results.sort((a, b) => a.at - b.at).map(({ part }) => part) });
    }
    if (parts.length > 0) {
      if (role === 'user') contents.push({ role: 'user', parts });
      else contents.push({ role: 'model', parts: signForeign ? withSignedCall(parts) : parts });
    }
    results = [];
    parts = [];
  };
  for (const message of messages) {
    const sent = sentOf(message, calls, stale);
    for (const block of message.content) {
      if (block.type === 'tool_call') calls.set(block.callId, { name: nameOf(block.name), at: (at += 1) });
    }
    if (sent.results.length === 0 && sent.parts.length === 0) continue;
    if (role !== message.role) flush();
    role = message.role;
    results.push(...sent.results);
    parts.push(...sent.parts);
  }
  flush();
  return contents;
};

const parameterNames = {
  temperature: 'temperature',
  top_p: 'topP',
  top_k: 'topK',
  frequency_penalty: 'frequencyPenalty',
  presence_penalty: 'presencePenalty',
  // The API has none.
  repetition_penalty: undefined,
} as const satisfies Record<ParameterName, keyof Body['generationConfig'] | undefined>;

const parametersOf = ({ parameters = {} }: Request): Partial<Body['generationConfig']> =>
  Object.fromEntries(
    Object.entries(parameters).flatMap(([name, value]) => {
      const known = parameterNames[name as ParameterName];
      return known === undefined ? [] : [[known, value]];
    }),
  );

/** The body of a request. */
export const bodyOf = (request: Request, making: Making): Body => {
  const { system, tools, messages, maxOutputTokens, stop = [], seed, output } = request;
  return {
    contents: contentsOf(messages, making),
    ...(system.trim() !== '' && { systemInstruction: { parts: [{ text: system }] } }),
    ...(tools.length > 0 && {
      tools: [
        {
          functionDeclarations: tools.map(({ name, description, inputSchema }) => ({
            name,
            description,
            // Instead of `parameters`, which takes only a part of OpenAPI's schemas.
            parametersJsonSchema: inputSchema,
          })),
        },
      ],
    }),
    generationConfig: {
      maxOutputTokens,
      ...parametersOf(request),
      ...(stop.length > 0 && { stopSequences: stop }),
      ...(seed !== undefined && { seed }),
      ...(output && { responseMimeType: 'application/json' }),
      ...(output?.type === 'json_schema' && { responseJsonSchema: output.schema }),
      ...(making.thinking && { thinkingConfig: { includeThoughts: true } }),
    },
  };
};
