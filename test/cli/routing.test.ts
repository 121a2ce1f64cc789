// Whole runs over several models: who answers, what is lost, and what the log says of it.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Recorded } from '../../src/core/event.ts';
import { tempProject, type TempProject } from '../../src/testing.ts';
import { cliHarness, type Ran } from '../support/cli.ts';
import { wireServer, type Script, type WireServer } from '../support/wire/wire-server.ts';

const claude = 'anthropic/claude-sonnet-5-5';
const gpt = 'openai-chat/gpt-5.4';
const down: Script = () => ({ fault: 'status', status: 503 });

describe('a run over several models', () => {
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
  const serve = async (anthropic: Script, openai: Script) => {
    const [a, b] = [await wireServer(anthropic), await wireServer(openai)];
    servers.push(a, b);
    const env = {
      ANTHROPIC_API_KEY: 'a-key',
      ANTHROPIC_BASE_URL: a.url,
      OPENAI_API_KEY: 'o-key',
      OPENAI_BASE_URL: `${b.url}/v1`,
    };
    return { a, b, env };
  };
  const run = (env: Record<string, string>, ...args: string[]): Promise<Ran> =>
    harness.cli(['run', '--output-format', 'json', '--trust', ...args], { cwd: project.root, env });
  const logOf = async (ran: Ran): Promise<Recorded[]> => {
    const { stdout } = await harness.cli(['sessions', 'export', ran.result.sessionId ?? ''], { cwd: project.root });
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Recorded);
  };
  const ofType = <T extends Recorded['type']>(log: readonly Recorded[], type: T) =>
    log.filter((event): event is Extract<Recorded, { type: T }> => event.type === type);

  test('goes over to the next one in the middle of an answer, and the log says who, why and what was lost', async () => {
    const { a, b, env } = await serve(
      [
        { thinking: 'I look.', calls: [{ id: 'c1', name: 'read', input: { path: 'a.txt' } }] },
        { fault: 'truncate', text: 'It says' },
        { text: 'never asked' },
      ],
      [{ text: 'It says one.' }],
    );
    const ran = await run(env, 'what is in a.txt?', '-m', claude, '--fallback-model', `${gpt},openai/gpt-6.2-sol`);
    expect(ran.result).toMatchObject({ status: 'done', summary: 'It says one.', models: [claude, gpt] });
    expect(ran.stderr).toContain(`going on with ${gpt}`);
    const log = await logOf(ran);
    expect(ofType(log, 'model.selected').map(({ model, why }) => [model, why !== undefined])).toEqual([
      [claude, false],
      [gpt, true],
    ]);
    expect(ofType(log, 'model.retried')).toMatchObject([
      { model: claude, reason: expect.stringMatching(/broke off/) as string },
    ]);
    expect(ofType(log, 'model.adapted')).toMatchObject([
      {
        model: gpt,
        losses: [{ code: 'Drop', path: expect.stringMatching(/^\$\.messages\[1\]/) as string, severity: 'info' }],
      },
    ]);
    expect(ran.result.losses).toMatchObject([{ model: gpt, code: 'Drop' }]);
    expect(ofType(log, 'usage').map(({ model }) => model)).toEqual([claude, gpt]);
    expect(a.requests).toHaveLength(2);
    expect(JSON.stringify(b.requests[0]!.body)).not.toContain('I look.');
  });

  test('with every model down ends with exit 6 and a line for each', async () => {
    const { env } = await serve(down, down);
    const ran = await run({ ...env, LLM_COPILOT_FALLBACK_MODEL: gpt }, 'hi', '-m', claude);
    expect(ran.code).toBe(6);
    const lines = ran.result.error!.message.split('\n');
    expect(lines[0]).toContain('No model answered');
    expect(lines.slice(1).map((line) => line.trim().split(':')[0])).toEqual([claude, gpt]);
  }, 30_000);

  test('with a bad key goes over as well; with nobody left it ends with exit 3, and the key is nowhere', async () => {
    const refused: Script = () => ({
      fault: 'status',
      status: 401,
      body: { error: { type: 'authentication_error', message: 'invalid x-api-key: sk-ant-very-secret-0001' } },
    });
    const { env } = await serve(refused, [{ text: 'fine' }]);
    const keyed = { ...env, ANTHROPIC_API_KEY: 'sk-ant-very-secret-0001' };
    expect((await run(keyed, 'hi', '-m', claude, '--fallback-model', gpt)).result.summary).toBe('fine');
    const alone = await run(keyed, 'hi', '-m', claude);
    expect(alone.code).toBe(3);
    expect(alone.result.error!.message + alone.result.error!.hint!).toMatch(/Anthropic.*ANTHROPIC_API_KEY/s);
    expect(alone.stdout + alone.stderr).not.toContain('very-secret');
  });

  test('refuses a fallback without a key before anything is asked', async () => {
    const { a, env } = await serve([{ text: 'hi' }], []);
    const ran = await run(
      { ...env, OPENAI_API_KEY: '', OPENAI_BASE_URL: '' },
      'hi',
      '-m',
      claude,
      '--fallback-model',
      gpt,
    );
    expect(ran.code).toBe(3);
    expect(ran.result.error!.message).toContain('OPENAI_API_KEY');
    expect(a.requests).toEqual([]);
  });

  test('a limit in USD refuses to start where the price is not known, and without one the cost is unknown', async () => {
    const { a, env } = await serve([{ text: 'hi' }], []);
    const limited = await run(env, 'hi', '-m', 'anthropic/claude-nobody-knows', '--max-cost-usd', '1');
    expect(limited.code).toBe(3);
    expect(limited.result.error!.message).toContain('price of anthropic/claude-nobody-knows is not known');
    expect(a.requests).toEqual([]);
    const free = await run(env, 'hi', '-m', 'anthropic/claude-nobody-knows');
    expect(free.result).toMatchObject({ status: 'done', usage: { costUsd: null } });
    expect(free.stderr).toContain('claude-nobody-knows');
  });

  test('asks the cheapest of the route that can do it, and stays there', async () => {
    const { a, b, env } = await serve(
      [{ text: 'dear' }],
      [{ calls: [{ name: 'read', input: { path: 'a.txt' } }] }, { text: 'cheap' }],
    );
    project.write(
      '.llm-copilot/config.yaml',
      `route:\n  strategy: cheapest-that-fits\n  models: [${claude}, ${gpt}]\nmodels:\n  ${gpt}:\n    price: { inputPerMTok: 0.01, outputPerMTok: 0.01, cacheReadPerMTok: 0, cacheWritePerMTok: 0 }\n`,
    );
    const ran = await run(env, 'hi');
    expect(ran.result).toMatchObject({ summary: 'cheap', models: [gpt] });
    expect([a.requests.length, b.requests.length]).toEqual([0, 2]);
  });

  test('a route leaves out models without a key, and says so', async () => {
    const { env } = await serve([{ text: 'here' }], []);
    project.write('.llm-copilot/config.yaml', `route:\n  models: [${gpt}, ${claude}]\n`);
    const ran = await run({ ...env, OPENAI_API_KEY: '', OPENAI_BASE_URL: '' }, 'hi');
    expect(ran.result.summary).toBe('here');
    expect(ran.stderr).toContain(`${gpt} is left out of the route`);
  });

  test('an unknown strategy or provider is named, with the nearest one', async () => {
    const { env } = await serve([{ text: 'here' }], []);
    project.write('.llm-copilot/config.yaml', `route:\n  strategy: cheapest-that-fit\n`);
    expect((await run(env, 'hi', '-m', claude)).result.error!.message).toContain('did you mean "cheapest-that-fits"');
    expect((await run(env, 'hi', '-m', claude, '--fallback-model', 'antropic/x')).result.error!.message).toContain(
      'did you mean "anthropic"',
    );
  });

  test('summaries are made by the small model', async () => {
    let calls = 0;
    const { b, env } = await serve(
      () => {
        calls += 1;
        return calls > 12
          ? { text: 'Done.' }
          : { calls: [{ name: 'read', input: { path: 'big.txt', limit: 60 + calls } }] };
      },
      () => ({ text: 'So far the file was read.' }),
    );
    project.write('big.txt', 'a line that fills the window of a model\n'.repeat(100));
    project.write('.llm-copilot/config.yaml', `smallModel: ${gpt}\nmodels:\n  ${claude}:\n    contextWindow: 8000\n`);
    const ran = await run(env, 'read it again and again', '-m', claude);
    const log = await logOf(ran);
    expect(ofType(log, 'context.compacted').length).toBeGreaterThan(0);
    expect(b.requests.length).toBeGreaterThan(0);
    expect(
      ofType(log, 'usage')
        .filter(({ purpose }) => purpose === 'summary')
        .map(({ model }) => model)[0],
    ).toBe(gpt);
    expect(
      ofType(log, 'usage')
        .filter(({ purpose }) => purpose === 'work')
        .every(({ model }) => model === claude),
    ).toBe(true);
  });

  test('lossiness: strict refuses what warn only tells, and coerce leaves to the log', async () => {
    const { b, env } = await serve([], () => ({ text: 'seen' }));
    project.write('.llm-copilot/config.yaml', `models:\n  ${gpt}:\n    images: false\n`);
    project.write('dot.png', 'x');
    const png = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==',
      'base64',
    );
    const { writeFileSync } = await import('node:fs');
    writeFileSync(`${project.root}/dot.png`, png);
    const asked = (mode: string): Promise<Ran> =>
      run({ ...env, LLM_COPILOT_LOSSINESS: mode }, 'what is this?', '-m', gpt, '--image', 'dot.png');
    const strict = await asked('strict');
    expect(strict.code).toBe(6);
    expect(strict.result.error!.message).toMatch(/image/);
    expect(b.requests).toEqual([]);
    const warned = await asked('warn');
    expect(warned.result.summary).toBe('seen');
    expect(warned.stderr).toMatch(/Drop \(error\)/);
    expect(JSON.stringify(b.requests[0]!.body)).toContain('left out');
    expect((await asked('coerce')).stderr).not.toMatch(/Drop \(error\)/);
  });

  test("a call costs the price of its day, and usage by model says how much came from the provider's cache", async () => {
    const usage = { inputTokens: 1000, outputTokens: 500, cacheReadTokens: 3000, cacheWriteTokens: 0 };
    const { env } = await serve([{ text: 'hello', usage }], []);
    const day = (offset: number) => new Date(Date.now() + offset * 24 * 3600 * 1000).toISOString().slice(0, 10);
    const prices = [
      { from: day(2), input: 1000, output: 1000 },
      { input: 500, output: 500 },
      { from: day(-3), input: 10, output: 100, cache_read: 1 },
    ];
    project.write('.llm-copilot/config.yaml', JSON.stringify({ models: { [claude]: { prices } } }));
    const ran = await run(env, 'hi', '-m', claude);
    expect(ran.result.usage.costUsd).toBeCloseTo(0.01 + 0.05 + 0.003, 9);
    const { stdout } = await harness.cli(['usage', '--by', 'model'], { cwd: project.root });
    expect(stdout).toMatch(/^model +calls +in +cached +out +cost$/m);
    expect(stdout).toMatch(new RegExp(`^${claude} +1 +4000 +75 % +500 +\\$0\\.0630$`, 'm'));
  });

  test.each([
    ['a fallback', `fallbackModel: ${gpt}`, 'fallbackModel'],
    ['a small model', `smallModel: ${gpt}`, 'smallModel'],
    ['a model of its own', `model: ${gpt}`, 'model'],
  ])('a project nobody trusts cannot add %s to the one the user chose', async (_, text, key) => {
    const { b, env } = await serve(down, [{ text: 'theirs' }]);
    const path = `${harness.home}/config/llm-copilot/config.yaml`;
    const { mkdirSync, writeFileSync } = await import('node:fs');
    mkdirSync(`${harness.home}/config/llm-copilot`, { recursive: true });
    writeFileSync(path, `model: ${claude}\n`);
    project.write('.llm-copilot/config.yaml', `${text}\n`);
    const ran = await harness.cli(['run', '--output-format', 'json', 'hi'], { cwd: project.root, env });
    expect(ran.code).toBe(6);
    expect(b.requests).toEqual([]);
    expect(ran.stderr).toContain(`${key} is ignored`);
  });

  test('a project nobody trusts cannot send the task to other models', async () => {
    const { a, b, env } = await serve([{ text: 'mine' }], [{ text: 'theirs' }]);
    project.write('.llm-copilot/config.yaml', `route:\n  models: [${gpt}]\n`);
    const ran = await harness.cli(['run', '--output-format', 'json', 'hi'], { cwd: project.root, env });
    expect(ran.result.summary).toBe('mine');
    expect([a.requests.length, b.requests.length]).toEqual([1, 0]);
  });
});
