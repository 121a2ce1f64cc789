import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { forecast, type UsageReport } from '../../src/app/usage.ts';
import type { UsageRow } from '../../src/host/log/usage-log.ts';
import { tempProject, type TempProject } from '../../src/testing.ts';
import builtins from '../../plugins/index.ts';
import { cliHarness, scriptPlugin } from '../support/cli.ts';

let home: ReturnType<typeof cliHarness>;
let project: TempProject;
beforeEach(() => {
  home = cliHarness();
  project = tempProject({ 'a.txt': 'a\n' });
});
afterEach(() => {
  home.close();
  project.close();
});

const price = { inputPerMTok: 10, outputPerMTok: 100, cacheReadPerMTok: 1, cacheWritePerMTok: 12 };
const usage = { inputTokens: 1000, outputTokens: 500, cacheReadTokens: 3000, cacheWriteTokens: 0 };
/** 0.01 + 0.003 + 0.05 USD a call. */
const priced = scriptPlugin(() => ({ text: 'Hello.', usage }), { capabilities: { price, maxOutputTokens: 600 } });
const unpriced = { ...scriptPlugin(() => ({ text: 'Hello.', usage }), { capabilities: { price: null } }) };
const configure = (text: string): void => {
  const path = join(home.home, 'config/llm-copilot/config.yaml');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};
const hello = (plugin = priced, ...flags: string[]) =>
  home.cli(['-p', 'hi there', '-m', 'script', '--output-format', 'json', ...flags], {
    cwd: project.root,
    plugins: [plugin, ...builtins],
  });
const report = async (...flags: string[]): Promise<UsageReport> => {
  const ran = await home.cli(['usage', '--json', ...flags], { cwd: project.root });
  expect(ran.code, ran.stderr).toBe(0);
  return JSON.parse(ran.stdout) as UsageReport;
};

describe('budgets', () => {
  test('of a day are shared by all runs: the one that does not fit ends with exit 5 before anything is sent', async () => {
    configure('budget:\n  day: 0.2\n');
    expect((await hello()).code).toBe(0);
    const second = await hello();
    expect(second.code).toBe(0);
    // 0.126 are spent; the most the next call can cost is more than the 0.074 that are left allow for.
    const third = await hello();
    expect(third.result).toMatchObject({ exitCode: 5, error: { code: 'E_LIMIT' }, usage: { costUsd: 0 } });
    expect(third.result.error?.message).toContain('today');
    const { budgets } = await report();
    const day = budgets.find(({ scope }) => scope === 'day');
    expect(day?.usd).toMatchObject({ reserved: 0, limit: 0.2 });
    expect(day?.usd.spent).toBeCloseTo(0.126);
    expect(day?.tokens.spent).toBe(9000);
  });

  test('warn on the way', async () => {
    configure('budget:\n  month: {usd: 0.1}\n');
    const ran = await home.cli(['-p', 'hi there', '-m', 'script'], {
      cwd: project.root,
      plugins: [priced, ...builtins],
    });
    expect(ran.stderr).toContain('budget of this month: 50 % used ($0.0630 of $0.1000)');
  });

  test('in USD refuse a model whose price nobody knows; in tokens they do not', async () => {
    configure('budget:\n  perRepo: 5\n');
    expect((await hello(unpriced)).result).toMatchObject({ exitCode: 3 });
    configure('budget:\n  perRepo: {tokens: 50000}\n');
    expect((await hello(unpriced)).code).toBe(0);
  });

  test('of a flag and of the file hold both', async () => {
    configure('budget:\n  run: {tokens: 4000}\n');
    expect((await hello(priced, '--max-tokens', '1000000')).code).toBe(5);
  });

  test.each([
    ['LLM_COPILOT_BUDGET_DAY', 'abc', 3, 'budget.day: must be of type number, or must be of type object'],
    ['LLM_COPILOT_BUDGET_PER_REPO', '-1', 3, 'budget.perRepo: must be more than 0'],
    ['--max-cost-usd', 'Infinity', 2, 'takes a positive number'],
    ['--max-tokens', '0', 2, 'takes a positive whole number'],
  ])('%s=%s is none either', async (name, value, code, words) => {
    const ran = await home.cli(['-p', 'hi', '-m', 'script', ...(name.startsWith('-') ? [name, value] : [])], {
      cwd: project.root,
      plugins: [priced, ...builtins],
      env: name.startsWith('-') ? {} : { [name]: value },
    });
    expect(ran).toMatchObject({ code, stderr: expect.stringContaining(words) as string });
  });

  test.each(['0', '-1', 'abc', '.nan', '{usd: 0}', '{tokens: 1.5}', '{euro: 3}'])('%s is no budget', async (value) => {
    configure(`budget:\n  day: ${value}\n`);
    const ran = await hello();
    expect(ran.code).toBe(3);
    expect(ran.stderr).toMatch(/config\.yaml:2/);
  });
});

describe('usage', () => {
  test('is added up by model, day, repository, session and workflow', async () => {
    await hello();
    await hello();
    for (const by of ['model', 'day', 'repo', 'workflow'] as const) {
      const { rows, total } = await report('--by', by);
      expect(rows).toHaveLength(1);
      expect(total).toMatchObject({ calls: 2, inputTokens: 2000, cacheReadTokens: 6000, outputTokens: 1000 });
      expect(total.costUsd).toBeCloseTo(0.126);
    }
    expect((await report('--by', 'session')).rows).toHaveLength(2);
    expect((await report('--by', 'repo')).rows[0]?.key).toBe(project.root);
  });

  test('says what has no known price instead of counting it as nothing', async () => {
    await hello(unpriced);
    const shown = await home.cli(['usage'], { cwd: project.root });
    expect(shown.stdout).toContain('1 calls have no known price');
    expect(shown.stdout).toMatch(/script\/one\s+1\s+4000\s+75 %\s+500\s+unknown/);
  });

  test('counts a call whose usage nobody told once, at what was reserved for it', async () => {
    const nothing = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
    await hello(scriptPlugin(() => ({ text: 'Hello.', usage: nothing }), { capabilities: { price } }));
    const { total, budgets } = await report();
    expect(total).toMatchObject({ calls: 1, unpricedCalls: 0 });
    const day = budgets.find(({ scope }) => scope === 'day');
    expect(total.assumedTokens).toBe(day?.tokens.spent);
    expect(total.costUsd).toBeCloseTo(day?.usd.spent ?? 0, 8);
  });

  test('counts a run that never spent', async () => {
    const { rows, forecastUsd } = await report();
    expect(rows).toEqual([]);
    expect(forecastUsd).toBeNull();
  });

  test('refuses a day that is none', async () => {
    expect((await home.cli(['usage', '--since', 'yesterday'], { cwd: project.root })).code).toBe(2);
    expect((await home.cli(['usage', '--since', '2026-13-01'], { cwd: project.root })).code).toBe(2);
    expect((await home.cli(['usage', '--since', '2026-02-30'], { cwd: project.root })).code).toBe(2);
  });
});

describe('the forecast', () => {
  const row = (day: string, costUsd: number | null): UsageRow => ({
    at: Date.parse(`${day}T12:00:00Z`),
    session: 's',
    root: '/r',
    model: 'm',
    usage,
    assumedTokens: 0,
    costUsd,
  });
  const now = Date.parse('2026-11-20T12:00:00Z');

  test('is what was spent and the pace of the last week for what is left', () => {
    // 7 USD in the last seven days, 10.5 days are left.
    const rows = [row('2026-10-30', 100), row('2026-11-02', 5), row('2026-11-15', 3), row('2026-11-19', 4)];
    expect(forecast(rows, now)).toBeCloseTo(12 + 10.5);
  });

  test('takes the time since the first call where there is less', () => {
    expect(forecast([row('2026-11-18', 2), row('2026-11-19', null)], now)).toBeCloseTo(2 + 10.5);
  });

  test('is none without a priced call', () => {
    expect(forecast([row('2026-11-19', null)], now)).toBeNull();
    expect(forecast([row('2026-10-19', 5)], now)).toBeNull();
  });
});
