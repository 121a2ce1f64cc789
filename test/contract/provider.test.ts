// Every provider against a local server that speaks its real wire protocol.
import { inspect } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { capabilitiesFrom, manifestOf } from '../../src/core/capabilities.ts';
import { textOf, type Block } from '../../src/core/message.ts';
import type { ModelProvider, Request } from '../../src/core/provider.ts';
import { retrying } from '../../src/engine/models/resilience.ts';
import { conversationOf } from '../support/wire/conversation.ts';
import { testHost } from '../support/wire/host.ts';
import { wireServer, type Script, type WireRequest, type WireServer } from '../support/wire/wire-server.ts';
import { bodies, everything } from './provider-bodies.ts';
import { collect, hello, make, streamed, subjects, type Settings } from './provider-subjects.ts';

let server: WireServer | undefined;
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await server?.close();
  server = undefined;
});

describe.each(subjects)('the $name provider', (subject) => {
  const start = async (script: Script, more: Settings = {}): Promise<ModelProvider> => {
    server = await wireServer(script);
    return make(subject, subject.env(server.url), more);
  };
  const asked = (index = 0): WireRequest => server!.requests[index]!;
  const failureOf = async (script: Script, more: Settings = {}): Promise<unknown> =>
    collect(await start(script, more)).then(
      () => 'no failure',
      (error: unknown) => error,
    );

  it('sends the whole conversation in the form its API takes', async () => {
    const provider = await start([{ text: 'ok' }], { model: manifestOf({ thinking: true }) });
    await collect(provider, everything);
    expect(asked()).toMatchObject({ method: 'POST', path: subject.path });
    const whole: Record<string, unknown> = bodies[subject.wire];
    expect(asked().body).toEqual(subject.differs?.(whole) ?? whole);
  });

  it('shows the model the same system prompt, tools, calls and results as every other protocol', async () => {
    await collect(await start([{ text: 'ok' }]), everything);
    const first = subject.name === 'anthropic' ? 'call_1' : 'call:1';
    const seen = conversationOf(asked());
    if (subject.name === 'mistral') {
      // Its model has to speak between results and words.
      const [before, said, after] = seen.messages.splice(-3);
      expect(said).toMatchObject({ role: 'assistant', toolCalls: [] });
      seen.messages.push({ ...before!, text: after!.text });
    }
    expect(seen).toEqual({
      system: 'Be brief.',
      tools: ['read', 'list'],
      messages: [
        { role: 'user', text: 'What is on this picture?', toolCalls: [], toolResults: [] },
        {
          role: 'assistant',
          text: 'I look.',
          toolCalls: [
            { id: first, name: 'read', input: { path: 'a.png' } },
            { id: 'call_2', name: 'list', input: { invalid_json: '{"path": oops' } },
            { id: 'call_3', name: 'list', input: { value: ['not', 'an', 'object'] } },
          ],
          toolResults: [],
        },
        {
          role: 'user',
          text: expect.stringMatching(/Hurry\.\nWell\?$/) as string,
          toolCalls: [],
          toolResults: [
            { id: first, text: 'a picture', isError: false },
            { id: 'call_2', text: 'bad input', isError: true },
            { id: 'call_3', text: '', isError: false },
          ],
        },
      ],
    });
  });

  it('leaves out what a plain request does not have', async () => {
    await collect(await start([{ text: 'ok' }]));
    const { system, tools, thinking, include, instructions } = asked().body as Record<string, unknown>;
    expect([system, tools, thinking, include, instructions]).toEqual(Array(5).fill(undefined));
  });

  it('sends its key, and nothing the environment of the process says', async () => {
    const [own] = subject.keyEnv.split('_');
    for (const [name, value] of Object.entries({
      CUSTOM_HEADERS: 'x-custom: yes',
      AUTH_TOKEN: 'token',
      ADMIN_KEY: 'admin',
      ORG_ID: 'org',
      PROJECT_ID: 'project',
      BASE_URL: 'http://127.0.0.1:9',
      LOG: 'debug',
    })) {
      vi.stubEnv(`${own!}_${name}`, value);
    }
    const spies = (['error', 'warn', 'log', 'info', 'debug'] as const).map((name) => vi.spyOn(console, name));
    await collect(await start([{ text: 'ok' }]));
    const { headers } = asked();
    const keys = [headers['x-goog-api-key'], headers['api-key'], headers.authorization].filter(
      (key) => key !== undefined,
    );
    expect(keys).toEqual([expect.stringMatching(/^(?:Bearer )?key$/)]);
    expect(headers['content-type']).toBe('application/json');
    for (const name of ['x-custom', 'x-api-key', 'openai-organization', 'openai-project']) {
      expect(headers).not.toHaveProperty(name);
    }
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
  });

  it('streams text as it comes and replies with it once', async () => {
    const { deltas, reply } = await collect(await start([{ text: 'Grüße, wörld — and more 🎉' }]));
    expect(deltas.length).toBeGreaterThan(1);
    expect(streamed(deltas, 'text.delta')).toBe('Grüße, wörld — and more 🎉');
    expect(reply).toEqual({
      content: [{ type: 'text', text: 'Grüße, wörld — and more 🎉' }],
      stopReason: 'end',
      usage: { inputTokens: 10, outputTokens: 5, cacheReadTokens: 0, cacheWriteTokens: 0 },
    });
  });

  it('reads parallel calls whose arguments come in fragments', async () => {
    const calls = [
      { id: 'call_a', name: 'read', input: { path: 'a.ts', range: [1, 2] } },
      { id: 'call_b', name: 'list', input: {} },
    ];
    const { reply } = await collect(await start([{ text: 'Both.', calls }]));
    // Gemini signs calls also when it shows no thoughts.
    expect(reply.content.filter(({ type }) => type !== 'thinking')).toEqual([
      { type: 'text', text: 'Both.' },
      { type: 'tool_call', callId: 'call_a', name: 'read', input: { path: 'a.ts', range: [1, 2] } },
      { type: 'tool_call', callId: 'call_b', name: 'list', input: {} },
    ]);
    expect(reply.stopReason).toBe('tool_calls');
  });

  it('keeps arguments that are not JSON as the text they were, and takes missing ones for none', async () => {
    const calls = [
      { id: 'call_a', name: 'read', rawArguments: '{"path": "a' },
      { id: 'call_b', name: 'list', rawArguments: '' },
    ];
    const provider = await start([{ calls }, { calls: calls.slice(1) }]);
    if (subject.name === 'gemini') {
      // There the server reads the arguments, and sends none that are not JSON.
      await expect(collect(provider)).rejects.toMatchObject({ kind: 'malformed', retryable: true });
      const { reply } = await collect(provider);
      expect(reply.content.at(-1)).toMatchObject({ name: 'list', input: {} });
      return;
    }
    const { reply } = await collect(provider);
    expect(reply.content).toMatchObject([{ input: '{"path": "a' }, { input: {} }]);
  });

  it('counts tokens without those read from or written to the cache', async () => {
    const usage = { inputTokens: 7, outputTokens: 11, cacheReadTokens: 900, cacheWriteTokens: 40 };
    const { reply } = await collect(await start([{ text: 'ok', usage }]));
    // Gemini does not count what it writes to its cache.
    const counted = subject.name === 'gemini' ? { ...usage, inputTokens: 47, cacheWriteTokens: 0 } : usage;
    expect(reply.usage).toEqual(counted);
  });

  it('streams thinking and sends it back unchanged, before the call it led to', async () => {
    const answer = { thinking: 'Let me see.', text: 'Reading.', calls: [{ name: 'read', input: { path: 'a' } }] };
    const provider = await start([answer, { text: 'done' }], { model: manifestOf({ thinking: true }) });
    const first = await collect(provider);
    expect(streamed(first.deltas, 'thinking.delta')).toBe('Let me see.');
    expect(first.reply.content[0]).toMatchObject({ type: 'thinking', text: 'Let me see.', by: subject.plugin.name });

    const result: Block = { type: 'tool_result', callId: 'call_0_0', content: [], isError: false };
    const history: Request['messages'] = [
      ...hello.messages,
      { role: 'assistant', content: first.reply.content },
      { role: 'user', content: [result] },
    ];
    await collect(provider, { ...hello, messages: history });
    const body = asked(1).body as {
      messages?: { content: unknown }[];
      input?: unknown[];
      contents?: { parts: unknown }[];
    };
    const sent = {
      anthropic: () => body.messages?.[1]?.content,
      openai: () => body.input?.slice(1, 4),
      'openai-chat': () => body.messages?.slice(1, 2),
      gemini: () => body.contents?.[1]?.parts,
    }[subject.wire]();
    const expected = {
      anthropic: [
        { type: 'thinking', thinking: 'Let me see.', signature: 'sig0' },
        { type: 'text', text: 'Reading.' },
        { type: 'tool_use', id: 'call_0_0', name: 'read', input: { path: 'a' } },
      ],
      openai: [
        {
          type: 'reasoning',
          id: 'rs_0',
          summary: [{ type: 'summary_text', text: 'Let me see.' }],
          encrypted_content: 'enc0',
        },
        { role: 'assistant', content: 'Reading.' },
        { type: 'function_call', call_id: 'call_0_0', name: 'read', arguments: '{"path":"a"}' },
      ],
      // The thoughts themselves are not wanted back, only the signature of the call.
      gemini: [
        { text: 'Reading.' },
        {
          functionCall: { id: 'call_0_0', name: 'read', args: { path: 'a' } },
          thoughtSignature: Buffer.from('gemini signature 0').toString('base64'),
        },
      ],
      // These servers take no reasoning back.
      'openai-chat': [
        {
          role: 'assistant',
          content: 'Reading.',
          tool_calls: [{ id: 'call_0_0', type: 'function', function: { name: 'read', arguments: '{"path":"a"}' } }],
        },
      ],
    }[subject.wire];
    expect(sent).toEqual(expected);
  });

  it.each(['end', 'max_tokens', 'refusal'] as const)('says why the model stopped: %s', async (stop) => {
    const { reply } = await collect(await start([{ text: 'so', stop }]));
    expect(reply.stopReason).toBe(stop);
    expect(textOf(reply.content)).toBe('so');
  });

  it('calls a connection that breaks in the middle, and an answer that ends too early, truncated', async () => {
    expect(await failureOf([{ fault: 'truncate' }])).toMatchObject({ kind: 'truncated', retryable: true });
    await server?.close();
    expect(await failureOf([{ fault: 'end-early' }])).toMatchObject({ kind: 'truncated', retryable: true });
  });

  it('calls an event that is not JSON malformed and shows what is wrong with it, on no console', async () => {
    const spies = (['error', 'warn', 'log', 'info', 'debug'] as const).map((name) => vi.spyOn(console, name));
    expect(await failureOf([{ fault: 'malformed' }])).toMatchObject({
      kind: 'malformed',
      retryable: true,
      message: expect.stringMatching(/an event that cannot be read: .*JSON/) as string,
    });
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
  });

  it.each([
    [401, 'auth', 3],
    [403, 'auth', 3],
    [404, 'not_found', 6],
    [408, 'timeout', 6],
    [413, 'context_too_long', 6],
    [422, 'invalid_request', 6],
    [429, 'rate_limit', 6],
    [500, 'server', 6],
    [503, 'server', 6],
    [529, 'overloaded', 6],
  ] as const)('takes status %i for %s', async (status, kind, exitCode) => {
    const error = await failureOf([{ fault: 'status', status }]);
    expect(error).toMatchObject({ kind, exitCode, message: expect.stringContaining(`scripted ${status}`) as string });
    if (kind === 'auth') expect(error).toMatchObject({ hint: expect.stringContaining(subject.keyEnv) as string });
  });

  it('recognises a prompt that is too long', async () => {
    const error = await failureOf([{ fault: 'status', status: 400, body: subject.tooLong }]);
    expect(error).toMatchObject({ kind: 'context_too_long', retryable: false });
  });

  it('shows what a server said that does not speak JSON', async () => {
    const gateway = { 'content-type': 'text/html' };
    const error = await failureOf([{ fault: 'status', status: 502, body: '<h1>Bad gateway</h1>', headers: gateway }]);
    expect(error).toMatchObject({ kind: 'server', message: expect.stringMatching(/502: <h1>Bad gateway/) as string });
    await server?.close();
    const wrongUrl = await failureOf([{ fault: 'status', status: 200, body: '<h1>Hi</h1>', headers: gateway }]);
    expect(wrongUrl).toMatchObject({
      kind: 'invalid_request',
      message: expect.stringContaining('text/html') as string,
      hint: expect.stringContaining(subject.urlEnv) as string,
    });
  });

  it.each([
    ['seconds', { 'retry-after': '2' }, 2000],
    ['milliseconds', { 'retry-after-ms': '1500', 'retry-after': '9' }, 1500],
    ['a date that has passed', { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }, 0],
    ['nonsense', { 'retry-after': 'soon' }, undefined],
  ] as const)('reads how long to wait from %s', async (_form, headers, retryAfterMs) => {
    expect(await failureOf([{ fault: 'status', status: 429, headers }])).toMatchObject({ retryAfterMs });
  });

  it('reads how long to wait from a date', async () => {
    const headers = { 'retry-after': new Date(Date.now() + 30_000).toUTCString() };
    const error = (await failureOf([{ fault: 'status', status: 429, headers }])) as { retryAfterMs: number };
    expect(error.retryAfterMs).toBeGreaterThan(25_000);
    expect(error.retryAfterMs).toBeLessThanOrEqual(30_000);
  });

  it('takes a date by the clock of the server, however ours is set', async () => {
    const headers = { date: 'Fri, 01 Jan 2100 00:00:00 GMT', 'retry-after': 'Fri, 01 Jan 2100 00:00:07 GMT' };
    expect(await failureOf([{ fault: 'status', status: 429, headers }])).toMatchObject({ retryAfterMs: 7000 });
  });

  it('never believes a wait of more than a day', async () => {
    const headers = { 'retry-after': '99999999999' };
    expect(await failureOf([{ fault: 'status', status: 429, headers }])).toMatchObject({ retryAfterMs: 86_400_000 });
  });

  it('never shows its key, also when the server gives it back', async () => {
    const key = 'sk-live-0123456789abcdef';
    const words = `Incorrect API key provided: ${key} (sk-li*************cdef). Sent as ${encodeURIComponent(key)}.`;
    const body = { error: { type: 'authentication_error', message: words } };
    const broken = { error: { type: 'authentication_error', message: `no ${key}` } };
    const html = { 'content-type': 'text/html' };
    server = await wireServer([
      { fault: 'status', status: 401, body },
      { fault: 'status', status: 500, body: `<p>${key}</p>`, headers: html },
      { fault: 'status', status: 200, body: `<p>${key}</p>`, headers: html },
      { fault: 'raw', events: [broken] },
      { fault: 'raw', events: [`{"key": "${key}", `] },
      { fault: 'raw', events: [{ type: 'message_start', choices: key, candidates: key, response: key }] },
    ]);
    const provider = await make(subject, { ...subject.env(server.url), [subject.keyEnv]: key });
    const errors: unknown[] = [];
    for (let time = 0; time < 6; time += 1) errors.push(await collect(provider).catch((error: unknown) => error));
    expect(errors[0]).toMatchObject({
      kind: 'auth',
      exitCode: 3,
      message: expect.stringMatching(/Incorrect API key provided: \[(?:the )?key\]/) as string,
      hint: expect.stringContaining(subject.keyEnv) as string,
    });
    expect(server.requests).toHaveLength(6);
    for (const error of errors) {
      expect(inspect(error, { depth: 8, showHidden: true })).not.toContain(key);
      expect(String(error)).not.toContain('cdef');
    }
  });

  it('asks through the fetch it was given, whose failures it takes for what they are', async () => {
    const failing = async (cause: Error): Promise<unknown> => {
      const fetch = async (): Promise<never> => {
        throw new TypeError('fetch failed', { cause });
      };
      const host = { ...testHost(subject.env('http://127.0.0.1:9')), fetch };
      const provider = (await subject.plugin.load()).setup(host).providers?.[subject.name]?.('test-model');
      return collect(provider!).catch((error: unknown) => error);
    };
    const coded = (code: string, message: string): Error => Object.assign(new Error(message), { code });
    expect(await failing(coded('ECONNREFUSED', 'connect ECONNREFUSED'))).toMatchObject({
      kind: 'network',
      message: expect.stringMatching(/^Cannot reach \S.* at http:\/\/127\.0\.0\.1:9: ECONNREFUSED$/) as string,
    });
    expect(await failing(coded('UND_ERR_SOCKET', 'other side closed'))).toMatchObject({ kind: 'network' });
    expect(await failing(coded('UND_ERR_CONNECT_TIMEOUT', 'Connect Timeout Error'))).toMatchObject({
      kind: expect.stringMatching(/^(?:timeout|network)$/) as string,
    });
    expect(await failing(coded('UND_ERR_HEADERS_TIMEOUT', 'Headers Timeout Error'))).toMatchObject({ kind: 'timeout' });
    expect(await failing(coded('CERT_HAS_EXPIRED', 'certificate has expired'))).toMatchObject({
      kind: 'invalid_request',
      message: expect.stringContaining('its certificate has expired') as string,
    });
  });

  it('follows nobody to another address', async () => {
    const other = await wireServer([{ text: 'stolen' }]);
    const headers = { location: `${other.url}${subject.path}` };
    const { url } = (server = await wireServer([{ fault: 'status', status: 307, headers }]));
    const stay: typeof fetch = (input, init) => fetch(input, { ...init, redirect: 'manual' });
    const host = { ...testHost(subject.env(url)), fetch: stay };
    const provider = (await subject.plugin.load()).setup(host).providers?.[subject.name]?.('test-model');
    await expect(collect(provider!)).rejects.toMatchObject({ kind: 'invalid_request' });
    expect(other.requests).toHaveLength(0);
    await other.close();
  });

  it('reports an error the server sends in the middle of its answer', async () => {
    expect(await failureOf([{ fault: 'error-event' }])).toMatchObject({
      kind: 'overloaded',
      message: expect.stringContaining('scripted overload') as string,
    });
    await server?.close();
    expect(await failureOf([{ fault: 'error-event', type: subject.rateLimited }])).toMatchObject({
      kind: 'rate_limit',
    });
    await server?.close();
    expect(await failureOf([{ fault: 'error-event', type: 'never_heard_of' }])).toMatchObject({ kind: 'server' });
  });

  it('ends a silence longer than the limit, before the first byte and after it', async () => {
    const limit = { stallTimeoutMs: 40 };
    expect(await failureOf([{ fault: 'stall', from: 'start' }], limit)).toMatchObject({ kind: 'timeout' });
    await server?.close();
    expect(await failureOf([{ fault: 'stall' }], limit)).toMatchObject({ kind: 'timeout', retryable: true });
  });

  // One of each protocol, for these wait.
  it.skipIf(subject.name !== subject.wire)('takes comments, which are no events, for signs of life', async () => {
    const alive = { fault: 'raw', events: Array<string>(8).fill(': still here'), everyMs: 60 } as const;
    expect(await failureOf([alive], { stallTimeoutMs: 400 })).toMatchObject({ kind: 'truncated' });
  });

  it.skipIf(subject.name !== subject.wire)('does not take a slow reader for a silent server', async () => {
    // More than one read, so that the pause falls between two.
    const text = 'slowly read '.repeat(20_000);
    const provider = await start([{ text }], { stallTimeoutMs: 400 });
    const stream = provider.stream(hello, new AbortController().signal);
    let step = await stream.next();
    await new Promise((resolve) => setTimeout(resolve, 600));
    while (!step.done) step = await stream.next();
    expect(textOf(step.value.content) === text).toBe(true);
  });

  it('ends with the reason of an abort: before it asks, before the answer and in the middle of it', async () => {
    const reason = new Error('stop it');
    const provider = await start([{ fault: 'stall', from: 'start' }, { fault: 'stall' }]);
    await expect(collect(provider, hello, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(server?.requests).toHaveLength(0);

    const early = new AbortController();
    const waiting = collect(provider, hello, early.signal);
    await expect.poll(() => server?.requests.length).toBe(1);
    early.abort(reason);
    await expect(waiting).rejects.toBe(reason);

    const middle = new AbortController();
    const stream = provider.stream(hello, middle.signal);
    await stream.next();
    middle.abort(reason);
    await expect(stream.next()).rejects.toBe(reason);
    await expect.poll(() => asked(1).hungUp).toBe(true);
  });

  it('ends with the reason of an abort that comes before the request is on its way', async () => {
    const reason = new Error('stop it');
    const abort = new AbortController();
    const waiting = collect(await start([{ text: 'late' }]), hello, abort.signal);
    abort.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  it('closes the connection when nobody reads on', async () => {
    const provider = await start([{ fault: 'stall' }]);
    const stream = provider.stream(hello, new AbortController().signal);
    await stream.next();
    await stream.return(undefined as never);
    await expect.poll(() => asked().hungUp).toBe(true);
  });

  it('asks again over the connection it has', async () => {
    const provider = await start([{ text: 'one' }, { text: 'two' }]);
    await collect(provider);
    // The connection is free again once the end of the answer was read.
    await new Promise((resolve) => setTimeout(resolve, 20));
    await collect(provider);
    expect(asked(1).port).toBe(asked(0).port);
  });

  it('says in its own words what the SDK refuses, without the key it refuses', async () => {
    const name = subject.keyEnv;
    const { url } = (server = await wireServer([]));
    const provider = await make(subject, { ...subject.env(url), [name]: 'sk-live-first\nand-second' });
    const error = await collect(provider).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      kind: 'invalid_request',
      message: expect.stringMatching(/^Cannot ask .*: .*(?:invalid|cannot hold)/s) as string,
    });
    expect(inspect(error, { depth: 8, showHidden: true })).not.toMatch(/sk-live-first|and-second/);
  });

  it('says where it could not connect to', async () => {
    const gone = await wireServer([]);
    await gone.close();
    await expect(collect(await make(subject, subject.env(gone.url)))).rejects.toMatchObject({
      kind: 'network',
      retryable: true,
      message: expect.stringMatching(/127\.0\.0\.1:\d+: ECONNREFUSED/) as string,
    });
    const secure = subject.env(gone.url.replace('http:', 'https:'));
    await expect(collect(await make(subject, secure))).rejects.toMatchObject({ kind: 'network' });
    // There a host alone is an address.
    if (subject.urlEnv === 'OLLAMA_HOST') return;
    for (const url of ['localhost:11434', 'no url']) {
      await expect(collect(await make(subject, subject.env(url)))).rejects.toMatchObject({
        kind: 'invalid_request',
        message: expect.stringContaining(`not an http(s) URL: ${url}`) as string,
      });
    }
  });

  it.skipIf(subject.keyless)('names the variable when its key is missing', async () => {
    const error = await make(subject, {}).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      kind: 'auth',
      exitCode: 3,
      message: expect.stringContaining(subject.keyEnv) as string,
      hint: expect.stringContaining(subject.keyEnv) as string,
    });
  });

  it('knows its model by what the host says', async () => {
    const env = subject.env('http://127.0.0.1:1');
    const told = capabilitiesFrom(manifestOf({ contextWindow: 5 }));
    const host = { ...testHost(env), model: () => told };
    const provider = (await subject.plugin.load()).setup(host).providers?.[subject.name]?.('test-model');
    expect(provider?.name).toBe(`${subject.name}/test-model`);
    expect(provider?.capabilities()).toBe(told);
  });

  it('is retried after a broken answer, whose text is in the reply once', async () => {
    const provider = await start([
      { fault: 'truncate', text: 'Hello' },
      { fault: 'status', status: 529 },
      { text: 'Hello world' },
    ]);
    const { deltas, reply } = await collect(retrying(provider, { random: () => 0 }));
    expect(reply.content).toEqual([{ type: 'text', text: 'Hello world' }]);
    expect(deltas.filter((delta) => delta.type === 'retry').map((delta) => delta.attempt)).toEqual([1, 2]);
    expect(server?.requests).toHaveLength(3);
    expect(asked(2).body).toEqual(asked(0).body);
  });

  it('is given up on after four retries', async () => {
    const provider = await start(() => ({ fault: 'status', status: 503 }));
    await expect(collect(retrying(provider, { random: () => 0, retries: 4 }))).rejects.toMatchObject({
      kind: 'server',
      message: expect.stringContaining('gave up after 5 attempts') as string,
    });
    expect(server?.requests).toHaveLength(5);
  });

  it('names its variable and a default model in its manifest', () => {
    const manifest = subject.plugin.providers?.find(({ name }) => name === subject.name);
    const { keyEnv = [], optionalKeyEnv = [], settingsEnv = [], defaultModel } = manifest ?? {};
    expect(subject.keyless ? optionalKeyEnv : keyEnv).toContain(subject.keyEnv);
    expect(settingsEnv).toContain(subject.urlEnv);
    expect(defaultModel).toMatch(/\w/);
  });
});
