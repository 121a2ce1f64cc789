// What goes wrong at providers in whole runs: who is asked next, what it counts as, and how a run ends.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Recorded } from '../../src/core/event.ts';
import { tempProject, type TempProject } from '../../src/testing.ts';
import { cliHarness, type Ran } from '../support/cli.ts';
import { wireServer, type Fault, type Script, type Turn, type WireServer } from '../support/wire/wire-server.ts';

const claude = 'anthropic/claude-sonnet-5-5';
const gpt = 'openai-chat/gpt-5.4';
const both = ['-m', claude, '--fallback-model', gpt];
const refuses = (status: number, headers: Record<string, string> = {}): Fault => ({ fault: 'status', status, headers });
const readFile = (limit: number): Turn => ({ calls: [{ name: 'read', input: { path: 'a.txt', limit } }] });
const tooLong = {
  type: 'error',
  error: { type: 'invalid_request_error', message: 'prompt is too long: 210000 tokens > 200000 maximum' },
};

describe('a run whose providers fail', () => {
  let harness: ReturnType<typeof cliHarness>;
  let project: TempProject;
  const servers: WireServer[] = [];
  beforeEach(() => {
    harness = cliHarness();
    project = tempProject({ 'a.txt': 'one\n' });
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
    project.close();
    harness.close();
  });
  const serve = async (anthropic: Script, openai: Script, config = '') => {
    const [a, b] = [await wireServer(anthropic, { validate: true }), await wireServer(openai, { validate: true })];
    servers.push(a, b);
    if (config !== '') project.write('.llm-copilot/config.yaml', config);
    const env = {
      ANTHROPIC_API_KEY: 'a-key',
      ANTHROPIC_BASE_URL: a.url,
      OPENAI_API_KEY: 'o-key',
      OPENAI_BASE_URL: `${b.url}/v1`,
    };
    const run = (args: string[], options: { interruptAfterMs?: number } = {}): Promise<Ran> =>
      harness.cli(['run', '--output-format', 'json', '--trust', ...args], {
        cwd: project.root,
        env,
        ...(options.interruptAfterMs !== undefined && {
          interrupt: (send) => void setTimeout(send, options.interruptAfterMs),
        }),
      });
    return { a, b, run };
  };
  const logOf = async (ran: Ran): Promise<Recorded[]> => {
    const id = ran.result.sessionId ?? '';
    expect((await harness.cli(['sessions', 'verify', id], { cwd: project.root })).code).toBe(0);
    const { stdout } = await harness.cli(['sessions', 'export', id], { cwd: project.root });
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Recorded);
  };
  const ofType = <T extends Recorded['type']>(log: readonly Recorded[], type: T) =>
    log.filter((event): event is Extract<Recorded, { type: T }> => event.type === type);
  const assumedIn = async (ran: Ran): Promise<string[]> =>
    ofType(await logOf(ran), 'usage.assumed').map(({ model }) => model);

  test.each<[what: string, turn: Turn, isAssumed: boolean]>([
    ['a wrong key', refuses(401), false],
    ['no money left', refuses(402), false],
    ['what it may not use', refuses(403), false],
    ['a model it does not have', refuses(404), false],
    ['a request it calls too large', refuses(413), false],
    ['a rate limit', refuses(429), false],
    ['a rate limit for a year', refuses(429, { 'retry-after': '31536000' }), false],
    ['a rate limit until a day that is over', refuses(429, { 'retry-after': new Date(0).toUTCString() }), false],
    ['a rate limit of less than nothing', refuses(429, { 'retry-after': '-5' }), false],
    ['an error of its own', refuses(500), false],
    ['a service that is not there', refuses(503), false],
    ['too much to do', refuses(529), false],
    ['a gateway that waited for too long', refuses(504), true],
    ['a connection cut before anything came', { fault: 'raw', events: [], cut: true }, true],
    ['silence from the start', { fault: 'stall', from: 'start' }, true],
    ['silence in the middle', { fault: 'stall', text: 'half' }, true],
    ['an answer cut in the middle', { fault: 'truncate', text: 'half' }, true],
    ['an answer that is not JSON', { fault: 'malformed', text: 'half' }, true],
    ['an overload in the middle', { fault: 'error-event', text: 'half' }, true],
    ['an answer that never ends', { fault: 'drip', answer: { text: 'slow' }, everyMs: 500 }, true],
  ])('after %s goes on with the next one, says so once, and counts what may cost', async (_what, turn, isAssumed) => {
    const { b, run } = await serve(
      () => turn,
      [{ text: 'from the other' }],
      // A refusal comes at once, on a busy machine too late for such limits.
      isAssumed ? 'stallTimeoutSeconds: 0.6\ntimeouts: { totalSeconds: 1.6 }\n' : '',
    );
    const ran = await run(['hi', ...both, '--timeout', '15']);
    expect(ran.result).toMatchObject({ exitCode: 0, summary: 'from the other', models: [gpt], turns: 1 });
    expect(b.requests).toHaveLength(1);
    const log = await logOf(ran);
    expect(ofType(log, 'model.selected').map(({ model }) => model)).toEqual([claude, gpt]);
    expect(ofType(log, 'model.retried').filter(({ waitMs }) => waitMs === 0)).toMatchObject([{ model: claude }]);
    expect(ofType(log, 'usage.assumed').map(({ model }) => model)).toEqual(isAssumed ? [claude] : []);
    expect(ofType(log, 'message.added').map(({ message }) => message.role)).toEqual(['user', 'assistant']);
  });

  test('with a fallback whose key is wrong still waits for the first choice as if it were alone', async () => {
    const { a, b, run } = await serve([refuses(503), refuses(503), { text: 'back again' }], () => refuses(401));
    const ran = await run(['hi', ...both]);
    expect(ran.result).toMatchObject({ exitCode: 0, summary: 'back again' });
    expect([a.requests.length, b.requests.length]).toEqual([3, 1]);
    expect(ofType(await logOf(ran), 'model.selected').map(({ model }) => model)).toEqual([claude, gpt, claude]);
  });

  test('a conversation that stays too long for one goes on with another after room was made', async () => {
    let calls = 0;
    const { a, b, run } = await serve(
      () => (++calls < 3 ? readFile(calls) : { fault: 'status', status: 400, body: tooLong }),
      [{ text: 'it fits here' }],
    );
    const ran = await run(['read it', ...both]);
    expect(ran.result).toMatchObject({ exitCode: 0, summary: 'it fits here', models: [claude, gpt] });
    expect([a.requests.length, b.requests.length]).toEqual([4, 1]);
    expect(ofType(await logOf(ran), 'context.compacted').length).toBeGreaterThan(0);
  });

  test('one refusal of a short conversation as too long does not shorten everything after it', async () => {
    let calls = 0;
    const { run } = await serve(
      () => (++calls === 3 ? refuses(413) : calls > 10 ? { text: 'done' } : readFile(calls)),
      [],
    );
    const ran = await run(['read it', '-m', claude]);
    expect(ran.result).toMatchObject({ exitCode: 0, summary: 'done' });
    expect(ofType(await logOf(ran), 'context.compacted')).toHaveLength(1);
  });

  test('a task too large for the first choice is done by a larger one, which is told', async () => {
    const { a, run } = await serve(
      [{ text: 'never asked' }],
      [readFile(1), readFile(2), { text: 'read all of it' }],
      `models:\n  ${claude}:\n    contextWindow: 4000\n    maxOutputTokens: 1000\n`,
    );
    const ran = await run(['word '.repeat(8000), ...both]);
    expect(ran.result).toMatchObject({ exitCode: 0, summary: 'read all of it', models: [gpt] });
    expect(a.requests).toEqual([]);
    const selected = ofType(await logOf(ran), 'model.selected');
    expect(selected.map(({ model }) => model)).toEqual([gpt]);
    expect(selected[0]!.why).toContain('for this request');
  });

  test('a call of a tool that was cut by an overload is not made, and counts', async () => {
    const message = { id: 'm', type: 'message', role: 'assistant', content: [], usage: { input_tokens: 9 } };
    const { run } = await serve(
      () => ({
        fault: 'raw',
        events: [
          { type: 'message_start', message },
          { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 't', name: 'write' } },
          {
            type: 'content_block_delta',
            index: 0,
            delta: { type: 'input_json_delta', partial_json: '{"path":"a.txt","content":"BAD"}' },
          },
          { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
        ],
      }),
      () => ({ text: 'fine' }),
    );
    const ran = await run(['hi', ...both, '--permission-mode', 'auto']);
    expect(ran.result.summary).toBe('fine');
    expect(project.read('a.txt')).toBe('one\n');
    expect(await assumedIn(ran)).toEqual([claude]);
  });

  test('a cut call of a tool counts with the other protocols too', async () => {
    const call = { index: 0, id: 'c1', type: 'function', function: { name: 'write', arguments: '{"path":' } };
    const { run } = await serve([{ text: 'fine' }], () => ({
      fault: 'raw',
      events: [
        { choices: [{ index: 0, delta: { tool_calls: [call] }, finish_reason: null }] },
        { error: { message: 'overloaded', code: 'overloaded_error' } },
      ],
    }));
    const ran = await run(['hi', '-m', gpt, '--fallback-model', claude]);
    expect(ran.result.summary).toBe('fine');
    expect(await assumedIn(ran)).toEqual([gpt]);
  });

  const oneAMinute = 'rateLimits:\n  anthropic: { requests_per_minute: 1 }\n';

  test.each([
    ['a signal', 130, ['hi', '-m', claude], 700],
    ['the time limit', 5, ['hi', '-m', claude, '--timeout', '1'], undefined],
  ])('%s ends the wait for a rate limit, and what was never sent costs nothing', async (_what, code, args, after) => {
    const { a, run } = await serve([readFile(1), { text: 'never' }], [], oneAMinute);
    const ran = await run(args, after === undefined ? {} : { interruptAfterMs: after });
    expect(ran.code).toBe(code);
    expect(a.requests).toHaveLength(1);
    expect(ran.result.durationMs).toBeLessThan(10_000);
    const log = await logOf(ran);
    expect(ofType(log, 'usage.assumed')).toEqual([]);
    expect(log.at(-1)!.type).toBe('workflow.finished');
    expect(ran.result.usage.costUsd).toBeLessThan(0.01);
    expect(ran.stderr).toMatch(/waiting [\d.]+ s: the rate limit of anthropic/);
    const usage = await harness.cli(['usage', '--by', 'model', '--json'], { cwd: project.root });
    expect(usage.stdout).toMatch(/"assumedTokens": ?0/);
  });

  test('goes over to the next one instead of waiting for its own rate limit', async () => {
    const { a, b, run } = await serve([readFile(1)], [{ text: 'no need to wait' }], oneAMinute);
    const ran = await run(['hi', ...both, '--timeout', '10']);
    expect(ran.result).toMatchObject({ exitCode: 0, summary: 'no need to wait', models: [claude, gpt] });
    expect([a.requests.length, b.requests.length]).toEqual([1, 1]);
    const log = await logOf(ran);
    expect(ofType(log, 'model.retried')).toMatchObject([
      { model: claude, waitMs: 0, reason: expect.stringMatching(/rate limit of anthropic/) as string },
    ]);
    expect(ofType(log, 'usage.assumed')).toEqual([]);
  });

  test.each([
    ['a signal', 130, [], 600],
    ['the time limit', 5, ['--timeout', '1'], undefined],
  ])('%s ends the wait before a retry, and a silent answer after a failover', async (_what, code, args, after) => {
    const limited = await serve(
      () => refuses(429, { 'retry-after': '30' }),
      () => ({ fault: 'stall', text: 'half' }),
    );
    const options = after === undefined ? {} : { interruptAfterMs: after };
    for (const models of [['-m', claude], both]) {
      const ran = await limited.run(['hi', ...models, ...args], options);
      expect(ran.code).toBe(code);
      const log = await logOf(ran);
      expect(ofType(log, 'run.finished')).toMatchObject([{ status: 'stopped' }]);
      expect(log.at(-1)!.type).toBe('workflow.finished');
    }
  });

  test('a small model without a key is left out and told once', async () => {
    let calls = 0;
    const { a, run } = await serve(
      ({ body }) =>
        JSON.stringify(body).includes('You compact the record')
          ? { text: 'So far it was read.' }
          : ++calls > 10
            ? { text: 'Done.' }
            : { calls: [{ name: 'read', input: { path: 'big.txt', limit: 60 + calls } }] },
      [],
      `smallModel: gemini/gemini-3.8-flash\nmodels:\n  ${claude}:\n    contextWindow: 8000\n`,
    );
    project.write('big.txt', 'a line that fills the window of a model\n'.repeat(100));
    const ran = await run(['again and again', '-m', claude]);
    expect(ran.result.exitCode).toBe(0);
    expect(a.requests.length).toBeGreaterThan(10);
    expect(ran.stderr.match(/gemini-3\.8-flash/g)).toHaveLength(1);
    expect(ran.stderr).toMatch(/small model gemini\/gemini-3\.8-flash .*GEMINI_API_KEY/);
    const log = await logOf(ran);
    expect(ofType(log, 'context.compacted').length).toBeGreaterThan(1);
    expect(ofType(log, 'model.retried')).toEqual([]);
  });

  test('secrets stay where they are after a failover: names go to the second provider, keys to their own', async () => {
    const keys = {
      a: 'sk-ant-api03-Zq8Rk2LmW9xTb4Vn7Yc1Df6Gh3Js5Pa0Ue',
      o: 'sk-proj-Xw3Vb8Nm2Kj7Hg5Fd9Sa4Qp1Lo6Iu0Yt',
    };
    const secret = 'AKIAQ3EGU7XK5ZJ4WVTB';
    project.write(
      '.env',
      `AWS_ACCESS_KEY_ID=${secret}\nAWS_SECRET_ACCESS_KEY=wJq8XvtnFEMI7K9MDENGbPxRfiCYzT3pLm0KeyQs\n`,
    );
    let calls = 0;
    const { a, b } = await serve(
      () =>
        calls++ === 0
          ? { calls: [{ name: 'read', input: { path: '.env' } }] }
          : { fault: 'status', status: 503, body: { error: { message: `no ${keys.a} ${secret}` } } },
      [{ calls: [{ name: 'read', input: { path: 'a.txt' } }] }, { text: `I saw ${secret}` }],
    );
    const ran = await harness.cli(
      ['run', '--output-format', 'json', '--trust', 'hi', ...both, '--permission-mode', 'bypass'],
      {
        cwd: project.root,
        env: {
          ANTHROPIC_API_KEY: keys.a,
          ANTHROPIC_BASE_URL: a.url,
          OPENAI_API_KEY: keys.o,
          OPENAI_BASE_URL: `${b.url}/v1`,
        },
      },
    );
    expect(ran.result).toMatchObject({ exitCode: 0, models: [claude, gpt] });
    const [toA, toB] = [JSON.stringify(a.requests), JSON.stringify(b.requests)];
    expect(toA).toContain(keys.a);
    expect(toB).toContain(keys.o);
    expect(toA).not.toContain(keys.o);
    expect(toB).not.toContain(keys.a);
    expect(toB).toMatch(/\[redacted:[a-z0-9-]+:[0-9a-f]{8}\]/);
    const kept = ran.stdout + ran.stderr + JSON.stringify(await logOf(ran));
    for (const shown of [toA + toB, kept]) expect(shown).not.toContain(secret);
    for (const key of Object.values(keys)) expect(kept).not.toContain(key);
  });

  test('goes to and fro between providers with the reasoning and the calls of both, and no server refuses it', async () => {
    let isDown = 'openai';
    let n = 0;
    const answer = (own: string): Turn => {
      n += 1;
      if (isDown === own) return refuses(503);
      return n % 3 === 0
        ? { thinking: `${own} thinks ${n}`, text: `${own} answers` }
        : { thinking: `${own} thinks ${n}`, ...readFile(n) };
    };
    const { run } = await serve(
      () => answer('anthropic'),
      () => answer('openai'),
    );
    const answers: string[] = [];
    for (let turn = 0; turn < 6; turn++) {
      isDown = turn % 2 === 0 ? 'openai' : 'anthropic';
      const models = ['-m', claude, '--fallback-model', 'openai/gpt-6.2-sol'];
      const ran = await run([`task ${turn}`, ...models, ...(turn === 0 ? [] : ['--continue'])]);
      expect(ran.result.error).toBeNull();
      answers.push(ran.result.summary);
      expect(new Set(ran.result.losses.map(({ model, message }) => `${model} ${message}`)).size).toBe(
        ran.result.losses.length,
      );
    }
    expect(answers).toEqual(Array.from({ length: 6 }, (_, i) => `${i % 2 === 0 ? 'anthropic' : 'openai'} answers`));
  });
});
