// The code of plugins/README.md: that it compiles, and that the provider in it is one.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text as textOfStream } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { runInThisContext } from 'node:vm';
import { build, transform } from 'esbuild';
import ts from 'typescript';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createClient, type Client, type ClientOptions } from '../../bin/client.ts';
import { conservative } from '../../src/core/capabilities.ts';
import type { Plugin } from '../../src/core/plugin.ts';
import { isProviderError, type ModelProvider, type Request } from '../../src/core/provider.ts';
import { retrying } from '../../src/engine/models/resilience.ts';
import { collect, hello, streamed } from '../contract/provider-subjects.ts';
import { everything } from '../contract/provider-bodies.ts';
import { testHost } from '../support/wire/host.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'readme-example-'));
const names = ['index.ts', 'clock.ts', 'acme.ts', 'rules.ts', 'program.ts'] as const;
const blocks = [...readFileSync(join(root, 'plugins/README.md'), 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(
  ([, code = '']) => code,
);
const codeOf = (name: (typeof names)[number]): string => blocks[names.indexOf(name)] ?? '';

/** The default export of a block, in the form a bundler gives it to a program. */
const load = async (name: (typeof names)[number]): Promise<Plugin> => {
  const outfile = join(folder, name.replace('.ts', '.mjs'));
  await build({
    stdin: { contents: codeOf(name), resolveDir: join(root, 'plugins'), loader: 'ts' },
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    conditions: ['source'],
    logLevel: 'error',
  });
  return ((await import(pathToFileURL(outfile).href)) as { default: Plugin }).default;
};

let acme: Plugin;
let rules: Plugin;
beforeAll(async () => {
  [acme, rules] = await Promise.all([load('acme.ts'), load('rules.ts')]);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Asked {
  url: string | undefined;
  headers: IncomingMessage['headers'];
  body: Record<string, unknown>;
}
type Said = { status?: number; headers?: Record<string, string>; body: unknown } | 'nothing' | 'half';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A server that speaks what Acme would. */
const serve = async (script: readonly Said[]): Promise<{ url: string; asked: Asked[]; hungUp: () => boolean }> => {
  const asked: Asked[] = [];
  let hungUp = false;
  const server = createServer((request, out) => {
    out.once('close', () => (hungUp = !out.writableFinished));
    void textOfStream(request).then((body) => {
      const said = script[asked.length] ?? { status: 400, body: 'no more turns' };
      asked.push({ url: request.url, headers: request.headers, body: JSON.parse(body) as Record<string, unknown> });
      if (said === 'nothing') return;
      const whole = said === 'half' ? '{"text":"so far' : said.body;
      const content = typeof whole === 'string' ? whole : JSON.stringify(whole);
      out.writeHead(said === 'half' ? 200 : (said.status ?? 200), {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(content) + (said === 'half' ? 1 : 0),
        ...(said !== 'half' && said.headers),
      });
      out.write(content, () => (said === 'half' ? out.destroy() : out.end()));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, hungUp: () => hungUp };
};

const answer = (text: string, calls: object[] = [], isCut = false): Said => ({
  body: { text, calls, isCut, tokensRead: 10, tokensWritten: 5 },
});

const make = async (env: Record<string, string>, more: { stallTimeoutMs?: number } = {}): Promise<ModelProvider> =>
  (await acme.load()).setup(testHost(env, more)).providers!.acme!('acme-1');

const start = async (script: readonly Said[], more: { stallTimeoutMs?: number } = {}) => {
  const server = await serve(script);
  return { ...server, provider: await make({ ACME_API_KEY: 'secret-key', ACME_URL: server.url }, more) };
};

const failureOf = (provider: ModelProvider): Promise<unknown> =>
  collect(provider).then(
    () => 'no failure',
    (error: unknown) => error,
  );

it('has as many blocks of code as are tried here, the provider in at most 60 lines', () => {
  expect(blocks).toHaveLength(names.length);
  expect(codeOf('acme.ts').trimEnd().split('\n').length).toBeLessThanOrEqual(60);
});

it('compiles under the strictest rules', { timeout: 120_000 }, () => {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const disk = ts.createCompilerHost(options);
  // Types of the program would bring in all of the house; it is run below.
  const typed = names.filter((name) => name !== 'program.ts');
  const virtual = new Map(typed.map((name) => [join(root, 'plugins/readme', name), codeOf(name)]));
  const host: ts.CompilerHost = {
    ...disk,
    readFile: (path) => virtual.get(path) ?? ts.sys.readFile(path),
    fileExists: (path) => virtual.has(path) || ts.sys.fileExists(path),
    directoryExists: () => true,
    getSourceFile: (path, version) => {
      const code = virtual.get(path);
      return code === undefined ? disk.getSourceFile(path, version) : ts.createSourceFile(path, code, version);
    },
  };
  const program = ts.createProgram([...virtual.keys()], options, host);
  const problems = [...virtual.keys()].flatMap((path) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(path))
      .map(({ messageText }) => `${path}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`),
  );
  expect(problems).toEqual([]);
});

describe('the provider of the example', () => {
  it('sends the conversation, the tools and its key, and reads text, calls and counts', async () => {
    const call = { callId: 'c1', name: 'read', input: { path: 'a.ts' } };
    const { provider, asked } = await start([answer('Grüße 🎉', [call])]);
    const { deltas, reply } = await collect(provider, everything);
    expect(streamed(deltas, 'text.delta')).toBe('Grüße 🎉');
    expect(reply).toEqual({
      content: [
        { type: 'text', text: 'Grüße 🎉' },
        { type: 'tool_call', ...call },
      ],
      stopReason: 'tool_calls',
      usage: { inputTokens: 10, outputTokens: 5, cacheReadTokens: 0, cacheWriteTokens: 0 },
    });
    expect(asked[0]).toMatchObject({
      url: '/v1/answers',
      headers: { authorization: 'Bearer secret-key' },
      body: { model: 'acme-1', system: 'Be brief.', tools: [{ name: 'read' }, { name: 'list' }] },
    });
    const messages = asked[0]!.body.messages as { text: string; calls: object[]; results: object[] }[];
    expect(messages[1]).toMatchObject({ role: 'assistant', text: 'I look.', calls: [{ callId: 'call:1' }, {}, {}] });
    expect(messages[2]!.results).toMatchObject([
      { callId: 'call:1', content: 'a picture', isError: false },
      { callId: 'call_2', content: 'bad input', isError: true },
    ]);
    expect(JSON.stringify(messages)).not.toMatch(/thought|aW1n/);
  });

  it('says why the model stopped', async () => {
    const { provider } = await start([answer('so'), answer('so', [], true)]);
    expect((await collect(provider)).reply.stopReason).toBe('end');
    expect((await collect(provider)).reply.stopReason).toBe('max_tokens');
  });

  it.each([
    [401, 'auth', 3],
    [404, 'not_found', 6],
    [422, 'invalid_request', 6],
    [429, 'rate_limit', 6],
    [500, 'server', 6],
  ] as const)('takes status %i for %s', async (status, kind, exitCode) => {
    const { provider } = await start([{ status, body: 'no, secret-key', headers: { 'retry-after': '2' } }]);
    const error = await failureOf(provider);
    expect(error).toMatchObject({ kind, exitCode, retryAfterMs: 2000, message: 'Acme said: no, [key]' });
  });

  it('fails only with what may be told of and retried: broken answers, silence, nobody there', async () => {
    const { provider } = await start([{ body: '{"text":' }, 'half']);
    expect(await failureOf(provider)).toMatchObject({ kind: 'malformed', retryable: true });
    expect(await failureOf(provider)).toMatchObject({ kind: 'network', retryable: true });
    const silent = await start(['nothing'], { stallTimeoutMs: 40 });
    expect(await failureOf(silent.provider)).toMatchObject({ kind: 'timeout', retryable: true });
    const gone = await make({ ACME_API_KEY: 'secret-key', ACME_URL: 'http://127.0.0.1:9' });
    const error = await failureOf(gone);
    expect(isProviderError(error)).toBe(true);
    expect(error).toMatchObject({ kind: 'network', message: expect.stringContaining('127.0.0.1:9') as string });
    await expect(make({})).rejects.toMatchObject({
      kind: 'auth',
      exitCode: 3,
      message: expect.stringContaining('ACME_API_KEY') as string,
    });
  });

  it('ends with the reason of an abort, before it asks and while it waits', async () => {
    const reason = new Error('stop it');
    const { provider, asked, hungUp } = await start(['nothing']);
    await expect(collect(provider, hello, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(asked).toHaveLength(0);
    const abort = new AbortController();
    const waiting = collect(provider, hello, abort.signal);
    await expect.poll(() => asked.length).toBe(1);
    abort.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect.poll(hungUp).toBe(true);
  });

  it('is retried after a failure that may pass, with the same request', async () => {
    const { provider, asked } = await start(['half', { status: 500, body: '' }, answer('there')]);
    const { reply } = await collect(retrying(provider, { random: () => 0 }));
    expect(reply.content).toEqual([{ type: 'text', text: 'there' }]);
    expect(asked[2]?.body).toEqual(asked[0]?.body);
  });

  it('has a manifest that names its variables, and says itself how much its models hold', async () => {
    expect(acme.providers).toEqual([
      { name: 'acme', keyEnv: ['ACME_API_KEY'], defaultModel: 'acme-1', settingsEnv: ['ACME_URL'] },
    ]);
    const provider = await make({ ACME_API_KEY: 'secret-key' });
    expect(provider.name).toBe('acme/acme-1');
    expect(provider.capabilities().constraints.tokens.max_context_window).toBe(128_000);
  });
});

describe('the step and the strategy of the example', () => {
  const candidate = (name: string, misfits: string[] = []) => ({
    candidate: { name, capabilities: conservative },
    misfits,
    losses: [],
    costUsd: null,
  });

  it('drops what the model is better without, tells of it, and leaves other models alone', async () => {
    const step = (await rules.load()).setup(testHost({})).transforms!['no-penalty']!;
    const request: Request = { ...hello, parameters: { frequency_penalty: 0.5, temperature: 1 } };
    const { request: changed, losses } = step(request, candidate('acme/acme-1').candidate);
    expect(changed).toEqual({ ...hello, parameters: { temperature: 1 } });
    expect(losses).toMatchObject([{ code: 'Drop', severity: 'info', before: 0.5 }]);
    expect(step(request, candidate('openai/x').candidate)).toEqual({ request, losses: [] });
  });

  it('asks the preferred provider first, then the others, and nobody who does not fit', async () => {
    const strategy = (await rules.load()).setup(testHost({})).strategies!['acme-first']!;
    const judged = [candidate('openai/x'), candidate('acme/big', ['too small']), candidate('acme/acme-1')];
    const demand = { needs: [], inputTokens: 1, outputTokens: 1 };
    const names = strategy(judged, { calls: 0, demand }).map((one) => one.candidate.name);
    expect(names).toEqual(['acme/acme-1', 'openai/x']);
  });
});

describe('the client', () => {
  it('takes the plugins of a program: its provider answers, its step and its strategy count', async () => {
    const { url, asked } = await serve([answer('from Acme'), answer('again')]);
    const env = {
      HOME: folder,
      XDG_CONFIG_HOME: join(folder, 'config'),
      LLM_COPILOT_DATA_DIR: join(folder, 'data'),
      ACME_API_KEY: 'secret-key',
      ACME_URL: url,
      OPENAI_API_KEY: 'another',
      OPENAI_BASE_URL: 'http://127.0.0.1:9/v1',
    };
    const route = { strategy: 'acme-first', models: ['openai-chat/gpt-5.4', 'acme/acme-1'] };
    const make = (options: Partial<ClientOptions>): Client =>
      createClient({ ...options, env, cwd: folder, config: { route } });
    // What it imports is handed to it.
    const { code } = await transform(codeOf('program.ts').replace(/^import .*$/gm, ''), { loader: 'ts' });
    const run = runInThisContext(`(async (createClient, acme, rules, console) => {${code}})`) as (
      ...given: unknown[]
    ) => Promise<void>;
    const printed: unknown[] = [];
    await run(make, acme, rules, { log: (...words: unknown[]) => printed.push(...words) });
    expect(printed).toEqual(['from Acme', 'acme/acme-1']);

    const client = make({ plugins: [acme, rules] });
    const said = await client.chat.completions.create({
      messages: [{ role: 'user', content: 'Hello' }],
      frequency_penalty: 0.5,
    });
    client.close();
    expect(said.extensions.provider_used).toBe('acme/acme-1');
    expect(said.extensions.losses[0]).toMatchObject({
      code: 'Drop',
      path: '$.parameters.frequency_penalty',
      before: 0.5,
    });
    expect((asked[1]?.body as unknown as Request).parameters).toEqual({});
  });
});
