// What only the Gemini API has: signatures on parts, calls without ids, its reasons to stop and its errors.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import plugin from '../../plugins/gemini/index.ts';
import { manifestOf } from '../../src/core/capabilities.ts';
import { callsOf, userMessage, type Block, type Message } from '../../src/core/message.ts';
import type { ModelProvider, ProviderError, Reply, Request } from '../../src/core/provider.ts';
import { adapting } from '../../src/engine/models/adapt/adapting.ts';
import { testHost } from '../support/wire/host.ts';
import { wireServer, type Answer, type Script, type WireServer } from '../support/wire/wire-server.ts';
import { everything } from './provider-bodies.ts';
import { collect, hello, make as makeSubject, streamed, subjects, type Settings } from './provider-subjects.ts';

const key = 'AIzaSyTest-not-a-real-key-0123456789abc';

let server: WireServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const make = async (env: Record<string, string>, id: string, more: Settings = {}): Promise<ModelProvider> =>
  (await plugin.load()).setup(testHost(env, more)).providers!.gemini!(id);

/** A provider whose server keeps the real API's rules, unless told otherwise. */
const start = async (
  script: Script,
  { id = 'gemini-3.8-flash', validate = true, ...more }: Settings & { id?: string; validate?: boolean } = {},
): Promise<ModelProvider> => {
  server = await wireServer(script, { validate });
  return make({ GEMINI_API_KEY: key, GEMINI_BASE_URL: server.url }, id, more);
};

interface Part {
  text?: string;
  thought?: boolean;
  thoughtSignature?: string;
  functionCall?: { id?: string; name?: string; args?: unknown };
}
interface Body {
  contents: { role: string; parts: Part[] }[];
  generationConfig: Record<string, unknown>;
}
const bodyOf = (index: number): Body => server!.requests[index]!.body as Body;

const failureOf = (provider: ModelProvider): Promise<ProviderError> =>
  collect(provider).then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as ProviderError,
  );

const chunk = (parts: Part[], finishReason?: string, more: object = {}): Record<string, unknown> => ({
  candidates: [{ content: { role: 'model', parts }, ...(finishReason !== undefined && { finishReason }), ...more }],
});
const raw = (...events: Record<string, unknown>[]) => ({ fault: 'raw', events }) as const;
const refusal = (error: object, status = 400) => ({ fault: 'status', status, body: { error } }) as const;

const resultsOf = ({ content }: Reply): Message => ({
  role: 'user',
  content: callsOf(content).map(({ callId }): Block => {
    return { type: 'tool_result', callId, content: [{ type: 'text', text: 'ok' }], isError: false };
  }),
});

/** The conversation after these replies, whose calls were answered. */
const after = (...replies: Reply[]): Request => ({
  ...hello,
  messages: [
    ...hello.messages,
    ...replies.flatMap((reply): Message[] => [{ role: 'assistant', content: reply.content }, resultsOf(reply)]),
  ],
});

describe('signatures', () => {
  it('go back on the parts they came with', async () => {
    const answer = raw(
      chunk([{ text: 'Hm.', thought: true }]),
      chunk([{ text: 'First ' }]),
      chunk([{ text: 'this.' }]),
      chunk([{ text: '', thoughtSignature: 'onText' }]),
      chunk([
        { functionCall: { id: 'a', name: 'read' }, thoughtSignature: 'onCall' },
        { functionCall: { id: 'b', name: 'list' } },
      ]),
      chunk([], 'STOP'),
    );
    const provider = await start([answer, { text: 'ok' }], { validate: false });
    const { reply } = await collect(provider);
    await collect(provider, after(reply));
    expect(bodyOf(1).contents[1]?.parts).toEqual([
      { text: 'First this.', thoughtSignature: 'onText' },
      { functionCall: { id: 'a', name: 'read', args: {} }, thoughtSignature: 'onCall' },
      { functionCall: { id: 'b', name: 'list', args: {} } },
    ]);
  });

  it('of a thought itself, and those that come ahead of their part, go back as they came', async () => {
    const answer = raw(
      chunk([{ text: 'Hm.', thought: true, thoughtSignature: 'onThought' }]),
      chunk([{ text: '', thoughtSignature: 'ahead' }]),
      chunk([{ functionCall: { id: 'a', name: 'read' } }]),
      chunk([{ text: 'Well.', thoughtSignature: 'onText' }], 'STOP'),
    );
    const provider = await start([answer, { text: 'ok' }], { validate: false });
    const { reply } = await collect(provider);
    await collect(provider, after(reply));
    expect(bodyOf(1).contents[1]?.parts).toEqual([
      { text: 'Hm.', thought: true, thoughtSignature: 'onThought' },
      { functionCall: { id: 'a', name: 'read', args: {} }, thoughtSignature: 'ahead' },
      { text: 'Well.', thoughtSignature: 'onText' },
    ]);
  });

  it('that sign nothing are left out', async () => {
    const answer = raw(chunk([{ text: 'Hm.', thought: true }]), chunk([{ text: '', thoughtSignature: 's' }], 'STOP'));
    const { reply } = await collect(await start([answer]));
    expect(reply.content).toEqual([{ type: 'thinking', text: 'Hm.', by: 'gemini' }]);
  });

  it('let a conversation of many steps go on, whose beginning stays as it was sent', async () => {
    const turns = [
      { thinking: 'Hm.', calls: [{ name: 'read' }, { name: 'list' }] },
      { text: 'More.', calls: [{ name: 'read' }] },
      { thinking: 'Done.', text: 'ok' },
      { text: 'bye' },
    ];
    const provider = await start(turns, { model: manifestOf({ thinking: true }) });
    const first = await collect(provider);
    const second = await collect(provider, after(first.reply));
    const third = await collect(provider, after(first.reply, second.reply));
    const { messages } = after(first.reply, second.reply, third.reply);
    const last = await collect(provider, { ...hello, messages: [...messages, userMessage('thanks')] });
    expect(last.reply.content).toEqual([{ type: 'text', text: 'bye' }]);
    for (const index of [1, 2, 3]) {
      const before = JSON.stringify(bodyOf(index - 1).contents).slice(0, -1);
      expect(JSON.stringify(bodyOf(index).contents).startsWith(before)).toBe(true);
    }
  });

  it('of other providers stay here, and the first of their calls gets the value for such calls', async () => {
    await collect(await start([{ text: 'ok' }]), everything);
    expect(JSON.stringify(bodyOf(0))).not.toMatch(/sig9|enc9|blob/);
    expect(bodyOf(0).contents[1]?.parts.map(({ thoughtSignature }) => thoughtSignature)).toEqual([
      undefined,
      'skip_thought_signature_validator',
      undefined,
      undefined,
    ]);
  });

  it('are not made up for models that ask for none, until the API does', async () => {
    const message = 'Function call is missing a thought_signature in functionCall parts.';
    const script = [{ text: 'ok' }, refusal({ code: 400, message }), { text: 'ok' }, { text: 'ok' }];
    const provider = await start(script, { id: 'models/gemini-2.5-flash', validate: false });
    for (let times = 0; times < 3; times += 1) await collect(provider, everything);
    const signed = [0, 1, 2, 3].map((index) => JSON.stringify(bodyOf(index)).includes('thoughtSignature'));
    expect(signed).toEqual([false, false, true, true]);
    expect(server?.requests[0]?.path).toContain('/models/gemini-2.5-flash:');
    expect(provider.name).toBe('gemini/gemini-2.5-flash');
  });

  it('the API no longer takes are left out from then on', async () => {
    const foreign: Block[] = [
      { type: 'thinking', text: '', signature: 'bm90IG91cnM=', by: 'gemini' },
      { type: 'tool_call', callId: 'a', name: 'read', input: {} },
    ];
    const old: Reply = { content: foreign, stopReason: 'tool_calls', usage: undefined };
    const provider = await start([{ text: 'never said' }, { calls: [{ name: 'list' }] }, { text: 'ok' }]);
    // The server refuses the first request by its own rules: "Corrupted thought signature."
    const { reply } = await collect(provider, after(old));
    await collect(provider, after(old, reply));
    const sent = server!.requests.map((_, index) =>
      bodyOf(index).contents.flatMap(({ parts }) => parts.flatMap(({ thoughtSignature }) => thoughtSignature ?? [])),
    );
    const ours = Buffer.from('gemini signature 1').toString('base64');
    expect(sent).toEqual([
      ['bm90IG91cnM='],
      ['skip_thought_signature_validator'],
      ['skip_thought_signature_validator', ours],
    ]);
  });
});

describe('calls', () => {
  it('without ids get their own, the same for the same request, and never one twice', async () => {
    const two = raw(
      chunk([{ functionCall: { name: 'read', args: { path: 'a' } } }]),
      chunk([{ functionCall: { name: 'read', args: { path: 'a' } } }]),
      chunk([{ functionCall: { id: 'own', name: 'read' } }, { functionCall: { id: 'own', name: 'read' } }], 'STOP'),
    );
    const provider = await start([two, two, two]);
    const ids = async (request: Request): Promise<string[]> =>
      callsOf((await collect(provider, request)).reply.content).map(({ callId }) => callId);
    const first = await ids(hello);
    expect(first[0]).toMatch(/^gemini-[0-9a-f]{16}$/);
    expect(first[2]).toBe('own');
    expect(await ids(hello)).toEqual(first);
    const content = first.map((callId): Block => ({ type: 'tool_call', callId, name: 'read', input: {} }));
    const later = await ids(after({ content, stopReason: 'tool_calls', usage: undefined }));
    expect(new Set([...first, ...later]).size).toBe(8);
  });

  it('are answered in their order, by name, before anything else is said', async () => {
    const result = (callId: string, text: string): Block => ({
      type: 'tool_result',
      callId,
      content: [{ type: 'text', text }],
      isError: false,
    });
    const messages: Message[] = [
      ...hello.messages,
      { role: 'assistant', content: [{ type: 'text', text: 'I ' }] },
      {
        role: 'assistant',
        content: [
          { type: 'tool_call', callId: 'a', name: 'read', input: {} },
          { type: 'tool_call', callId: 'b', name: '1 list!', input: {} },
        ],
      },
      { role: 'user', content: [{ type: 'text', text: 'And?' }, result('b', 'two')] },
      { role: 'user', content: [result('gone', 'lost'), result('a', 'one')] },
    ];
    const provider = await start([{ text: 'ok' }]);
    await collect(provider, { ...hello, messages });
    expect(bodyOf(0).contents.slice(2)).toEqual([
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'a', name: 'read', response: { output: 'one' } } },
          // The API refuses names of another form, which other models may have made up.
          { functionResponse: { id: 'b', name: '_1_list_', response: { output: 'two' } } },
        ],
      },
      { role: 'user', parts: [{ text: 'And?' }, { text: 'Result of an earlier call (gone): lost' }] },
    ]);
  });
});

it('sends parameters, stops, a seed and the form of the answer by their names', async () => {
  const provider = await start([{ text: 'ok' }, { text: 'ok' }]);
  const schema = { type: 'object', properties: { a: { type: 'string' } } };
  await collect(provider, {
    ...hello,
    system: 'Be brief.',
    parameters: {
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      frequency_penalty: 0.1,
      presence_penalty: 0.2,
      repetition_penalty: 1.1,
    },
    stop: ['END'],
    seed: 7,
    output: { type: 'json_schema', name: 'answer', schema },
  });
  expect(bodyOf(0)).toMatchObject({ systemInstruction: { parts: [{ text: 'Be brief.' }] } });
  expect(bodyOf(0).generationConfig).toEqual({
    maxOutputTokens: 100,
    temperature: 0.5,
    topP: 0.9,
    topK: 40,
    frequencyPenalty: 0.1,
    presencePenalty: 0.2,
    stopSequences: ['END'],
    seed: 7,
    responseMimeType: 'application/json',
    responseJsonSchema: schema,
  });
  await collect(provider, { ...hello, output: { type: 'json' } });
  expect(bodyOf(1)).toEqual({
    contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
    generationConfig: { maxOutputTokens: 100, responseMimeType: 'application/json' },
  });
});

describe('an answer', () => {
  it('is counted by its last event: thoughts are output, the cache is not input', async () => {
    const counts = (more: object) => ({ ...chunk([{ text: 'x' }], 'STOP'), usageMetadata: more });
    const provider = await start([
      raw(
        counts({ promptTokenCount: 1000, candidatesTokenCount: 1 }),
        counts({
          promptTokenCount: 1000,
          cachedContentTokenCount: 900,
          candidatesTokenCount: 20,
          thoughtsTokenCount: 300,
          toolUsePromptTokenCount: 5,
        }),
      ),
    ]);
    expect((await collect(provider)).reply.usage).toEqual({
      inputTokens: 105,
      outputTokens: 320,
      cacheReadTokens: 900,
      cacheWriteTokens: 0,
      reasoningTokens: 300,
    });
  });

  it.each(['SAFETY', 'RECITATION', 'PROHIBITED_CONTENT', 'BLOCKLIST', 'SPII'])(
    'that ends for %s is a refusal',
    async (reason) => {
      const { reply } = await collect(await start([raw(chunk([{ text: 'so' }], reason))]));
      expect(reply).toMatchObject({ stopReason: 'refusal', content: [{ text: 'so' }] });
    },
  );

  it('to a prompt that is blocked is a refusal without words', async () => {
    const usageMetadata = { promptTokenCount: 4 };
    const provider = await start([raw({ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata })]);
    expect((await collect(provider)).reply).toEqual({
      content: [],
      stopReason: 'refusal',
      usage: { inputTokens: 4, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 },
    });
  });

  it.each([
    ['MALFORMED_FUNCTION_CALL', [{ text: 'so' }]],
    ['UNEXPECTED_TOOL_CALL', []],
    ['OTHER', []],
  ])('that ends for %s without being one can be asked for again', async (reason, parts) => {
    const provider = await start([raw(chunk(parts, reason, { finishMessage: 'print(read(' }))]);
    expect(await failureOf(provider)).toMatchObject({
      kind: 'malformed',
      retryable: true,
      message: `Gemini ended its answer with ${reason}: print(read(`,
    });
  });

  it('that ends for an unknown reason is taken as it is when it says something', async () => {
    const { reply } = await collect(await start([raw(chunk([{ text: 'so' }], 'OTHER'))]));
    expect(reply).toMatchObject({ stopReason: 'end', content: [{ text: 'so' }] });
  });

  it('may hold parts nobody asked for, and none that cannot be read', async () => {
    const provider = await start([
      raw(
        {},
        { candidates: [] },
        chunk([{ text: 'Th', thought: true }, { text: 'ink', thought: true }, { executableCode: {} } as Part]),
        chunk([{ text: 'so' }], 'STOP'),
      ),
      raw({ candidates: [{ content: { parts: [{ functionCall: {} }] } }] }),
      raw({ candidates: [{ content: { parts: 7 } }] }),
    ]);
    const { deltas, reply } = await collect(provider);
    expect(streamed(deltas, 'thinking.delta')).toBe('Think');
    expect(reply.content).toEqual([
      { type: 'thinking', text: 'Think', by: 'gemini' },
      { type: 'text', text: 'so' },
    ]);
    for (let times = 0; times < 2; times += 1) {
      expect(await failureOf(provider)).toMatchObject({
        kind: 'malformed',
        message: expect.stringContaining('an event that cannot be read: {"candidates"') as string,
      });
    }
  });
});

describe('an error', () => {
  const quota = (quotaId: string, retryDelay: string) =>
    refusal(
      {
        code: 429,
        message: 'You exceeded your current quota.',
        status: 'RESOURCE_EXHAUSTED',
        details: [
          { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [{ quotaId }] },
          { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay },
        ],
      },
      429,
    );

  it('of a refused key names the variables and exits with 3, and never shows the key', async () => {
    const body = {
      code: 400,
      message: `API key not valid. Please pass a valid API key: ${key}`,
      status: 'INVALID_ARGUMENT',
      details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' }],
    };
    const said = { error: { code: 401, status: 'UNAUTHENTICATED', message: `bad ${key}` } };
    const provider = await start([
      refusal(body),
      raw(said),
      { fault: 'status', status: 200, body: `no events, ${key}`, headers: { 'content-type': 'text/html' } },
      { fault: 'status', status: 502, body: `proxy: ${key}`, headers: { 'content-type': 'text/plain' } },
    ]);
    const kinds: string[] = [];
    for (let times = 0; times < 4; times += 1) {
      const error = await failureOf(provider);
      kinds.push(error.kind);
      expect(`${error.message} ${String(error.hint)} ${JSON.stringify(error)}`).not.toContain(key);
      expect(error.message).toContain('[key]');
      if (error.kind === 'auth')
        expect(error).toMatchObject({
          exitCode: 3,
          hint: expect.stringContaining('GEMINI_API_KEY or GOOGLE_API_KEY') as string,
        });
    }
    expect(kinds).toEqual(['auth', 'auth', 'invalid_request', 'server']);
    expect(server!.requests.map(({ path }) => path).join()).not.toContain(key);
  });

  it('of a key that no header can hold does not show it either', async () => {
    const bad = 'secret\npart';
    const error = await failureOf(await make({ GOOGLE_API_KEY: bad, GEMINI_BASE_URL: 'http://127.0.0.1:9' }, 'x'));
    expect(error).toMatchObject({
      kind: 'invalid_request',
      message: expect.stringContaining('x-goog-api-key') as string,
    });
    for (let at: unknown = error; at instanceof Error; at = at.cause) expect(at.message).not.toContain('secret');
  });

  it('of a minute’s quota says how long to wait', async () => {
    const perMinute = quota('GenerateRequestsPerMinutePerProjectPerModel', '34.074824224s');
    expect(await failureOf(await start([perMinute]))).toMatchObject({ kind: 'rate_limit', retryAfterMs: 34_075 });
  });

  it('of a day’s quota is not to be tried again before the day is over', async () => {
    const perDay = 'GenerateRequestsPerDayPerProjectPerModel-FreeTier';
    const error = await failureOf(await start([quota(perDay, '47s')]));
    expect(error).toMatchObject({ kind: 'rate_limit', hint: expect.stringContaining('midnight Pacific') as string });
    const pacific = new Date(Date.now() + error.retryAfterMs!).toLocaleTimeString('en-GB', {
      timeZone: 'America/Los_Angeles',
    });
    expect(pacific).toMatch(/^(?:23:5\d|00:00|00:01|01:00|22:59|23:00):?/);
    await server?.close();
    expect(await failureOf(await start([quota(perDay, '190000s')]))).toMatchObject({ retryAfterMs: 86_400_000 });
  });

  it.each([
    [503, 'UNAVAILABLE', 'The model is overloaded.', 'overloaded'],
    [504, 'DEADLINE_EXCEEDED', 'Too slow.', 'timeout'],
    [500, 'INTERNAL', 'Oops.', 'server'],
    [404, 'NOT_FOUND', 'models/nope is not found for API version v1beta', 'not_found'],
    [403, 'PERMISSION_DENIED', 'Not yours.', 'auth'],
    [400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.', 'invalid_request'],
    [400, 'INVALID_ARGUMENT', 'API key expired. Please renew the API key.', 'auth'],
    [400, 'INVALID_ARGUMENT', 'Request payload size exceeds the limit: 20971520 bytes.', 'context_too_long'],
  ])('of %i %s (%s) is known for what it is, also in a list', async (code, status, message, kind) => {
    const error = { code, message, status };
    const body = [{ error }];
    const provider = await start([
      { fault: 'status', status: code, body },
      { fault: 'status', status: 200, body },
      raw({ error }),
    ]);
    for (let times = 0; times < 3; times += 1) {
      expect(await failureOf(provider)).toMatchObject({ kind, message: expect.stringContaining(message) as string });
    }
  });

  it('of a prompt that is too long says how long it may be', async () => {
    const message = 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).';
    const provider = await start([refusal({ code: 400, message, status: 'INVALID_ARGUMENT' })]);
    expect(await failureOf(provider)).toMatchObject({ kind: 'context_too_long', windowTokens: 1_048_576 });
  });

  it('that comes as bare JSON in the middle of an answer is read', async () => {
    const http = createServer((_, out) => {
      out.writeHead(200, { 'content-type': 'text/event-stream' });
      out.write(`data: ${JSON.stringify(chunk([{ text: 'so' }]))}\r\n\r\n`);
      out.end(JSON.stringify({ error: { code: 503, message: 'busy', status: 'UNAVAILABLE' } }, null, 2));
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const error = await failureOf(await make({ GOOGLE_API_KEY: key, GEMINI_BASE_URL: url }, 'x'));
    http.closeAllConnections();
    http.close();
    expect(error).toMatchObject({ kind: 'overloaded', message: 'Gemini failed while answering: busy' });
  });

  it('is what a redirection is, for the key is not for wherever it leads', async () => {
    const elsewhere = await wireServer([{ text: 'caught' }]);
    const headers = { location: `${elsewhere.url}/v1beta/models/x:streamGenerateContent` };
    const provider = await start([{ fault: 'status', status: 307, body: 'gone', headers }]);
    expect(await failureOf(provider)).toMatchObject({ kind: 'invalid_request' });
    expect(elsewhere.requests).toEqual([]);
    await elsewhere.close();
  });
});

it('takes either variable for its key, the one of its own name first', async () => {
  server = await wireServer([{ text: 'a' }, { text: 'b' }]);
  const env = { GOOGLE_API_KEY: 'google ', GEMINI_BASE_URL: server.url };
  await collect(await make(env, 'x'));
  await collect(await make({ ...env, GEMINI_API_KEY: 'gemini' }, 'x'));
  expect(server.requests.map(({ headers }) => headers['x-goog-api-key'])).toEqual(['google', 'gemini']);
});

it('is one of the providers a conversation may go to and come back from', async () => {
  const names = ['gemini', 'anthropic', 'openai', 'openai-chat'] as const;
  const manifest = manifestOf({ thinking: true, images: true });
  const answers = {
    says: (who: string) => ({ thinking: `${who} thinks`, text: `${who} says` }),
    calls: (who: string) => ({ thinking: `${who} thinks`, text: 'So:', calls: [{ name: 'read' }, { name: 'list' }] }),
    'only calls': () => ({
      calls: [
        { name: 'no such tool!', input: { a: 1 } },
        { name: '', input: {} },
      ],
    }),
    'is cut': (who: string) => ({ thinking: `${who} thinks`, stop: 'max_tokens' as const }),
  };
  const kinds = ['says', 'calls', 'only calls', 'is cut'] as const;
  let next: Answer = {};
  const servers = await Promise.all(names.map(() => wireServer(() => next, { validate: true })));
  const providers = await Promise.all(
    names.map(async (name, at) => {
      const subject = subjects.find((one) => one.name === name)!;
      const provider = await makeSubject(subject, subject.env(servers[at]!.url), { model: manifest });
      return adapting(provider, { mode: 'coerce' });
    }),
  );
  const step = fc.tuple(fc.constantFrom(0, 0, 1, 2, 3), fc.constantFrom(...kinds));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 10 }), async (steps) => {
      const messages: Message[] = [userMessage('hi')];
      const beginnings = new Map<number, string>();
      for (const [at, kind] of steps) {
        next = answers[kind](names[at]);
        const { reply } = await collect(providers[at]!, { ...hello, messages: [...messages] });
        if (at === 0) {
          const sent = JSON.stringify((servers[0]!.requests.at(-1)!.body as Body).contents).slice(0, -2);
          expect(sent.startsWith(beginnings.get(0) ?? '')).toBe(true);
          beginnings.set(0, kind === 'is cut' ? '' : sent);
        }
        if (reply.content.length > 0) messages.push({ role: 'assistant', content: reply.content });
        messages.push(callsOf(reply.content).length > 0 ? resultsOf(reply) : userMessage('And?'));
      }
    }),
    { numRuns: 60 },
  );
  await Promise.all(servers.map((one) => one.close()));
});

describe('the server these tests ask', () => {
  const user = { role: 'user', parts: [{ text: 'hi' }] };
  const call = (name: string, more: object = {}) => ({ functionCall: { name, args: {} }, ...more });
  const response = (name: string) => ({ functionResponse: { name, response: {} } });
  const foreign = { thoughtSignature: 'skip_thought_signature_validator' };

  it.each([
    ['no contents', [], 'contents is not specified'],
    ['a beginning by the model', [{ role: 'model', parts: [{ text: 'hi' }] }], 'start with a user turn'],
    ['a role it does not know', [{ role: 'assistant', parts: [{ text: 'hi' }] }], 'valid role'],
    ['a turn without parts', [{ role: 'user', parts: [] }], 'must not be empty'],
    ['a part without words', [{ role: 'user', parts: [{ text: '' }] }], 'must not be empty'],
    ['a part of no kind', [{ role: 'user', parts: [{}] }], 'oneof'],
    [
      'a signature of somebody else',
      [{ role: 'user', parts: [{ text: 'hi', thoughtSignature: 'sig0' }] }],
      'Corrupted',
    ],
    [
      'a call nobody answered',
      [user, { role: 'model', parts: [call('read', foreign)] }, user],
      'number of function resp',
    ],
    [
      'an answer to another call',
      [user, { role: 'model', parts: [call('read', foreign)] }, { role: 'user', parts: [response('list')] }],
      'number of function resp',
    ],
    [
      'a call without a signature',
      [user, { role: 'model', parts: [call('read')] }, { role: 'user', parts: [response('read')] }],
      'missing a thought_signature',
    ],
    [
      'a call after words of the model',
      [user, { role: 'model', parts: [{ text: 'so' }] }, { role: 'model', parts: [call('read', foreign)] }],
      'immediately after a user turn',
    ],
    ['an answer without a call', [user, { role: 'user', parts: [response('read')] }], 'after a function call turn'],
  ])('refuses %s, as the API does', async (_what, contents, words) => {
    server = await wireServer([{ text: 'ok' }], { validate: true });
    const ask = (body: object): Promise<Response> =>
      fetch(`${server!.url}/v1beta/models/x:streamGenerateContent`, { method: 'POST', body: JSON.stringify(body) });
    const answer = await ask({ contents });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(words);
    expect((await ask({ contents: [user], max_tokens: 5 })).status).toBe(400);
    expect((await ask({ contents: [user], generationConfig: { max_tokens: 5 } })).status).toBe(400);
  });
});
