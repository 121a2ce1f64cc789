import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { ledger } from '../../../src/host/log/ledger.ts';
import { openDatabase } from '../../../src/host/log/database.ts';

const base = mkdtempSync(join(tmpdir(), 'ledger-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));
let count = 0;
const fresh = (): string => join(base, `${(count += 1)}`, 'sessions.db');
const some = { nanos: 1000, tokens: 10 };

describe('the ledger', () => {
  it('keeps what was promised apart from what was spent, for the day, the month and the repository', () => {
    const book = ledger(fresh(), '/repo', () => Date.parse('2026-11-27T23:59:00Z'));
    const hold = book.reserve(() => some);
    expect(book.balances().day).toEqual({ spent: { nanos: 0, tokens: 0 }, reserved: some });
    expect(book.settle(hold, { nanos: 400, tokens: 4 }).perRepo).toEqual({
      spent: { nanos: 400, tokens: 4 },
      reserved: { nanos: 0, tokens: 0 },
    });
    expect(hold.keys).toEqual(['day 2026-11-27', 'month 2026-11', 'month 2026-11 /repo']);
    book.close();
  });

  it('settles a call in the day it was promised in, and begins a new day at nothing', () => {
    let now = Date.parse('2026-11-30T23:59:59Z');
    const book = ledger(fresh(), '/repo', () => now);
    const hold = book.reserve(() => some);
    now += 2000;
    book.settle(hold, some);
    expect(book.balances().month.spent.tokens).toBe(0);
    now -= 2000;
    book.close();
  });

  it('does not open a past period again when the clock goes back', () => {
    let now = Date.parse('2026-12-01T00:00:01Z');
    const book = ledger(fresh(), '/repo', () => now);
    book.settle(
      book.reserve(() => some),
      some,
    );
    now -= 24 * 3600 * 1000;
    expect(book.balances().day.spent).toEqual(some);
    expect(book.reserve(() => some).keys[0]).toBe('day 2026-12-01');
    book.close();
  });

  it('shares the month between repositories, not what each may cost', () => {
    const path = fresh();
    const [one, other] = [ledger(path, '/one'), ledger(path, '/other')];
    one.settle(
      one.reserve(() => some),
      some,
    );
    expect(other.balances().month.spent).toEqual(some);
    expect(other.balances().perRepo.spent.tokens).toBe(0);
    one.close();
    other.close();
  });

  it('reserves nothing where the decision is no, or where the database cannot be written', () => {
    const path = fresh();
    const book = ledger(path, '/repo');
    const no = new Error('no');
    expect(() =>
      book.reserve(() => {
        throw no;
      }),
    ).toThrow(expect.objectContaining({ code: 'E_DATABASE' }) as Error);
    expect(book.balances().day.reserved.tokens).toBe(0);
    const other = openDatabase(path);
    other.prepare("CREATE TRIGGER full BEFORE INSERT ON ledger BEGIN SELECT RAISE(ABORT, 'disk full'); END").run();
    expect(() => book.reserve(() => some)).toThrow(
      expect.objectContaining({ code: 'E_DATABASE', exitCode: 3 }) as Error,
    );
    other.close();
    book.close();
  });

  it('holds the limits against two processes with twenty calls at a time, usage known and unknown', async () => {
    const file = join(base, 'racer.mjs');
    await build({
      entryPoints: ['test/support/budget-racer.ts'],
      outfile: file,
      bundle: true,
      platform: 'node',
      format: 'esm',
      external: ['better-sqlite3'],
      banner: {
        js: `import{createRequire as __cr}from"node:module";const require=__cr(${JSON.stringify(import.meta.url)});`,
      },
      plugins: [
        {
          name: 'installed here',
          setup: (one) =>
            one.onResolve({ filter: /^better-sqlite3$/ }, () => ({
              path: join(process.cwd(), 'node_modules/better-sqlite3/lib/index.js'),
              external: true,
            })),
        },
      ],
      logLevel: 'error',
    });
    const path = fresh();
    ledger(path, '/repo').balances();
    const line = mkdtempSync(join(base, 'line-'));
    const limits = JSON.stringify({ day: { tokens: 400_000 }, month: { usd: 20 }, perRepo: { tokens: 450_000 } });
    const racers = await Promise.all(
      ['/repo', '/repo'].map((repo) => promisify(execFile)(process.execPath, [file, path, repo, limits, line, '2'])),
    );
    const seen = racers.map(
      ({ stdout }) => JSON.parse(stdout) as { broken: number; looks: number; calls: number; ownTokens: number },
    );
    const own = seen.reduce((sum, one) => sum + one.ownTokens, 0);
    const book = ledger(path, '/repo');
    const { day } = book.balances();
    book.close();
    expect(seen.map((one) => one.broken)).toEqual([0, 0]);
    expect(seen.every((one) => one.calls > 20 && one.looks > 40)).toBe(true);
    expect(day).toEqual({
      spent: { nanos: expect.any(Number) as number, tokens: own },
      reserved: { nanos: 0, tokens: 0 },
    });
    // The race went to the limit: less is left than a call takes.
    expect(own).toBeGreaterThan(398_000);
    expect(own).toBeLessThanOrEqual(400_000);
  });
});
