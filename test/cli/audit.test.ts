import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { redactor } from '../../src/base/redact/redactor.ts';
import type { Event, Recorded } from '../../src/core/event.ts';
import { text, userMessage } from '../../src/core/message.ts';
import { eventLog } from '../../src/host/log/event-log.ts';
import { tempProject, type TempProject } from '../../src/testing.ts';
import { cliHarness } from '../support/cli.ts';
import { rawDatabase } from '../support/raw-database.ts';

let home: ReturnType<typeof cliHarness>;
let project: TempProject;
beforeEach(() => {
  home = cliHarness();
  project = tempProject({ 'a.txt': 'a' });
});
afterEach(() => {
  home.close();
  project.close();
});
const cli = (...argv: string[]) => home.cli(argv, { cwd: project.root });
const database = (): string => join(home.home, 'data', 'sessions.db');
const said = (words: string): Event => ({ type: 'message.added', run: 'r', message: userMessage(words) });
const record = (atMs: number, title: string, ...events: Event[]): string => {
  const store = eventLog(database(), redactor([]), () => atMs);
  const { id } = store.create({ root: project.root, title });
  store.appendAll(id, events);
  store.close();
  return id;
};
const at = (date: string): number => Date.parse(date);
const tamper = (sql: string): void => {
  const raw = rawDatabase(database());
  for (const name of raw.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").pluck().all())
    raw.exec(`DROP TRIGGER ${String(name)}`);
  raw.exec(sql);
  raw.close();
};
interface Line {
  type: string;
  session: string;
}
const lines = (output: string): Line[] =>
  output
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);

describe('audit verify', () => {
  test('counts a whole log and gives its newest head', async () => {
    record(at('2026-11-01'), 'one', said('hi'), said('there'));
    const { code, stdout } = await cli('audit', 'verify');
    expect(code).toBe(0);
    expect(stdout).toContain('whole: 1 session, 2 events, 2 heads, 0 tombstones; 0 events not yet in a head');
    const report = JSON.parse((await cli('audit', 'verify', '--json')).stdout) as { lastHead: { hash: string } };
    expect(report).toMatchObject({ whole: true, sessions: 1, events: 2, heads: 2, unanchored: 0, problem: null });
    expect(stdout).toContain(`newest head: 2 ${report.lastHead.hash}`);
    expect((await cli('audit', 'verify', '--head', report.lastHead.hash)).code).toBe(0);
    const cut = await cli('audit', 'verify', '--head', 'f'.repeat(64));
    expect(cut).toMatchObject({ code: 1, stdout: expect.stringContaining('written anew or cut') as string });
  });

  test('names the first broken row and exits 1', async () => {
    const id = record(at('2026-11-01'), 'one', said('hi'), said('there'));
    tamper(`UPDATE events SET body = replace(body, 'there', 'THERE')`);
    const { code, stdout } = await cli('audit', 'verify');
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: `broken at head 2, session ${id}, event 2: its content does not fit its hash\n`,
    });
    expect(JSON.parse((await cli('audit', 'verify', '--json')).stdout)).toMatchObject({
      whole: false,
      problem: { head: 2, session: id, seq: 2 },
    });
    expect((await cli('sessions', 'verify', id)).stdout).toContain('broken at event 2');
  });
});

describe('audit export', () => {
  const fill = () => [
    record(at('2026-11-02T10:00Z'), 'two', said('second')),
    record(at('2026-11-01T10:00Z'), 'one', said('first'), said('more')),
    record(at('2026-11-03T10:00Z'), 'three', said('third')),
  ];

  test('gives every event in order of time, and records itself', async () => {
    const [two, one, three] = fill();
    const { stdout, stderr } = await cli('audit', 'export');
    expect(lines(stdout).map(({ session }) => session)).toEqual([one, one, two, three]);
    expect(lines(stdout)[0]).toMatchObject({ type: 'message.added', seq: 1, hash: expect.any(String) as string });
    expect(stderr).toContain('Exported 4 events.');
    const again = lines((await cli('audit', 'export')).stdout);
    expect(again.at(-1)).toMatchObject({ type: 'data.exported', events: 4, run: 'journal' });
  });

  test.each([
    [
      ['--from', '2026-11-02'],
      ['two', 'three'],
    ],
    [
      ['--to', '2026-11-02'],
      ['one', 'one', 'two'],
    ],
    [['--from', '2026-11-02T10:00Z', '--to', '2026-11-02T10:00:00+00:00'], ['two']],
    [['--from', '2026-11-02T10:00:00.001'], ['three']],
    [
      ['--to', '2026-11-01T12:00+02:00'],
      ['one', 'one'],
    ],
  ])('takes %j', async (flags, expected) => {
    const [two, one, three] = fill();
    const names = new Map([
      [one, 'one'],
      [two, 'two'],
      [three, 'three'],
    ]);
    const { stdout } = await cli('audit', 'export', '--to', '2026-11-03', ...flags);
    expect(lines(stdout).map(({ session }) => names.get(session))).toEqual(expected);
  });

  test('of one session gives its own events', async () => {
    const [, one] = fill();
    const { stdout } = await cli('audit', 'export', '--session', one?.slice(0, 8) ?? '');
    expect(lines(stdout).map(({ session }) => session)).toEqual([one, one]);
  });

  test.each([
    [['--from', 'yesterday'], /--from "yesterday" is no date/],
    [['--to', '2026-02-30'], /--to "2026-02-30" is no date/],
    [['--to', '2026-13-01'], /is no date/],
    [['--from', '2026-11-01T25:00Z'], /is no date/],
    [['--format', 'xml'], /neither jsonl nor csv/],
    [['--format', 'csv', '--sign'], /needs --output/],
    [['--session', 'ffff'], /no session ffff/],
  ])('%j is a usage error', async (flags, message) => {
    const { code, stderr } = await cli('audit', 'export', ...flags);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  test('as CSV quotes what must be quoted and defuses formulas', async () => {
    const why = '=HYPERLINK("http://evil.example","x"),\nand more';
    record(
      at('2026-11-01T10:00Z'),
      'one',
      { type: 'tool.decided', run: '+1', callId: 'c', tool: '@tool', verdict: 'deny', by: 'rule', why, effects: [] },
      {
        type: 'tool.finished',
        run: '-r',
        callId: 'c',
        tool: 'shell',
        content: [text('a,b')],
        isError: false,
        durationMs: 1,
      },
    );
    const { stdout } = await cli('audit', 'export', '--format', 'csv');
    const [head, first = '', second = ''] = stdout.split('\r\n');
    expect(head).toBe('session,seq,at,type,run,tool,verdict,by,summary,hash');
    expect(first).toContain(`,1,2026-11-01T10:00:00.000Z,tool.decided,'+1,'@tool,deny,rule,`);
    expect(first).toContain(`"'=HYPERLINK(""http://evil.example"",""x""), and more ()"`);
    expect(second).toContain(`'-r,shell,,,"ok: a,b",`);
  });

  test('writes a file whole or not at all', async () => {
    fill();
    const output = join(home.home, 'log.jsonl');
    expect((await cli('audit', 'export', '--output', output)).code).toBe(0);
    expect(statSync(output).mode & 0o777).toBe(0o600);
    expect(lines(readFileSync(output, 'utf8'))).toHaveLength(4);
    const failed = await cli('audit', 'export', '--output', join(home.home, 'nowhere', 'log.jsonl'));
    expect(failed).toMatchObject({ code: 3, stderr: expect.stringContaining('cannot be written') as string });
  });

  test('of a log that cannot be read says so and leaves the older file', async () => {
    const id = record(at('2026-11-01'), 'one', said('hi'));
    const output = join(home.home, 'log.jsonl');
    writeFileSync(output, 'older');
    tamper("UPDATE events SET body = '{bad'");
    const { code, stderr } = await cli('audit', 'export', '--output', output);
    expect(stderr).toContain(`Event 1 of session ${id} cannot be read`);
    expect(code).toBe(3);
    expect(readFileSync(output, 'utf8')).toBe('older');
    expect(existsSync(`${output}.${process.pid}.part`)).toBe(false);
  });
});

describe('a signed export', () => {
  const signed = async (name: string, ...flags: string[]): Promise<string> => {
    const path = join(home.home, name);
    const { code } = await cli('audit', 'export', '--sign', '--output', path, ...flags);
    expect(code).toBe(0);
    return path;
  };
  const check = (path: string, ...flags: string[]) => cli('audit', 'verify', '--export', path, ...flags);
  beforeEach(() => void record(at('2026-11-01'), 'one', said('hi'), said('there')));

  test.each(['jsonl', 'csv'])('as %s is checked with its key, and pins the log', async (format) => {
    const path = await signed(`log.${format}`, '--format', format);
    expect(statSync(join(home.home, 'data', 'audit-key.pem')).mode & 0o777).toBe(0o600);
    const { code, stdout } = await check(path);
    expect(stdout).toMatch(
      /2 events, as signed on 20.*\nkey SHA256:\S+: the one of this data folder\nits head is number \d/,
    );
    expect(code).toBe(0);
    const { fingerprint, head } = JSON.parse((await check(path, '--json')).stdout) as {
      fingerprint: string;
      head: number;
    };
    expect(head).toBeGreaterThan(2);
    expect((await check(path, '--key', fingerprint)).code).toBe(0);
    expect((await check(path, '--key', 'SHA256:other')).code).toBe(1);
    const other = await home.cli(['audit', 'verify', '--export', path], {
      env: { LLM_COPILOT_DATA_DIR: join(home.home, 'elsewhere') },
    });
    expect(other.stdout).toContain('not the one of this data folder');
    expect(other.stdout).toContain('not in the log here');
    expect(other.code).toBe(0);
  });

  test.each(['jsonl', 'csv'])('as %s that was changed is found', async (format) => {
    const path = await signed(`log.${format}`, '--format', format);
    const whole = readFileSync(path, 'utf8');
    for (const changed of [whole.replace('there', 'THERE'), whole.slice(whole.indexOf('\n') + 1)]) {
      writeFileSync(path, changed);
      expect(await check(path)).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('not as it was signed') as string,
      });
    }
  });

  test('whose signature was changed is found, and one without is a usage error', async () => {
    const path = await signed('log.jsonl');
    const whole = readFileSync(path, 'utf8');
    writeFileSync(path, whole.replace('"events":2', '"events":3'));
    expect(await check(path)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('not that of its key') as string,
    });
    writeFileSync(path, whole.slice(0, whole.lastIndexOf('{"type":"signature"')));
    expect(await check(path)).toMatchObject({ code: 2, stderr: expect.stringContaining('is not signed') as string });
    writeFileSync(path, '');
    expect((await check(path)).code).toBe(2);
    expect((await check(join(home.home, 'nowhere'))).code).toBe(3);
  });

  test('stands for itself, whatever signature lies beside it from before', async () => {
    record(Date.now(), 'task', said('one'));
    const path = join(home.home, 'export');
    await cli('audit', 'export', '--sign', '--format', 'csv', '--output', path);
    expect((await check(path)).code).toBe(0);
    await cli('audit', 'export', '--sign', '--output', path);
    expect((await check(path)).code).toBe(0);
  });

  test('does not take the place of what is no file', async () => {
    const { code, stderr } = await cli('audit', 'export', '--output', '/dev/null');
    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining('not a regular file') as string });
    expect(statSync('/dev/null').isFile()).toBe(false);
  });

  test('with a damaged key is exit 3 before anything is written', async () => {
    writeFileSync(join(home.home, 'data', 'audit-key.pem'), 'nonsense');
    const { code, stderr, stdout } = await cli('audit', 'export', '--sign');
    expect(stderr).toContain('audit-key.pem is damaged');
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  });
});

describe('audit prune', () => {
  const dayMs = 24 * 60 * 60 * 1000;

  test('deletes what is older than the configuration says, and records it', async () => {
    const old = record(Date.now() - 401 * dayMs, 'old', said('x'));
    record(Date.now() - 399 * dayMs, 'young', said('x'));
    expect((await cli('audit', 'prune', '--dry-run')).stderr).toContain('Would delete 1 session older than 400 days.');
    const { code, stdout } = await cli('audit', 'prune', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ deleted: [{ id: old }], kept: [], olderThanDays: 400 });
    expect((await cli('audit', 'verify')).stdout).toContain('1 tombstone');
    const recorded = lines((await cli('audit', 'export')).stdout);
    expect(recorded.at(-1)).toMatchObject({ type: 'data.erased', sessions: 1, why: 'retention' });
  });

  test('heeds the user’s setting, not the project’s', async () => {
    record(Date.now() - 10 * dayMs, 'old', said('x'));
    mkdirSync(join(project.root, '.llm-copilot'));
    writeFileSync(join(project.root, '.llm-copilot', 'config.yaml'), 'audit: { retentionDays: 5 }\n');
    await cli('trust', 'add');
    expect((await cli('audit', 'prune')).stderr).toContain('Deleted 0 sessions older than 400 days.');
    await cli('config', 'set', 'audit.retentionDays', '9');
    expect((await cli('audit', 'prune')).stderr).toContain('Deleted 1 session older than 9 days.');
  });

  test('says which sessions forks keep, and refuses what is no number', async () => {
    const parent = record(Date.now() - 20 * dayMs, 'parent', said('x'));
    const store = eventLog(database(), redactor([]));
    const fork = store.create({ root: project.root, title: 'fork', forkOf: parent }).id;
    store.close();
    const { stderr } = await cli('audit', 'prune', '--older-than', '10');
    expect(stderr).toContain(`${parent} stays: ${fork} needs its events.`);
    expect((await cli('audit', 'prune', '--older-than', '-3')).code).toBe(2);
    expect((await cli('audit', 'prune', '--older-than', 'x')).code).toBe(2);
  });
});

describe('the journal', () => {
  const journals = async (): Promise<{ title: string; root: string; id: string }[]> =>
    JSON.parse((await cli('sessions', 'list', '--journals', '--all', '--json')).stdout) as never;
  const events = async (): Promise<Recorded[]> => lines((await cli('audit', 'export')).stdout) as never;

  test('holds changes of trust and configuration, and is never gone on with', async () => {
    await cli('trust', 'add');
    await cli('trust', 'revoke');
    await cli('config', 'set', 'maxTurns', '9');
    expect((await journals()).map(({ title }) => title).sort()).toEqual([
      'config set maxTurns',
      'trust add',
      'trust revoke',
    ]);
    expect((await journals()).every(({ root }) => root === project.root)).toBe(true);
    expect(await events()).toMatchObject([
      { type: 'trust.changed', folder: project.root, change: 'added', run: 'journal' },
      { type: 'trust.changed', folder: project.root, change: 'revoked' },
      { type: 'config.changed', key: 'maxTurns', file: expect.stringContaining('config.yaml') as string },
    ]);
    expect((await cli('sessions', 'list')).stderr).toBe('No sessions yet.\n');
    expect((await cli('run', '--continue', '-m', 'demo', 'x')).stderr).toContain('no session of this folder');
    const id = (await journals()).find(({ title }) => title === 'trust add')?.id ?? '';
    expect((await cli('sessions', 'show', id)).stdout).toContain('trust.changed {"folder":');
  });

  test('does not hold what was not done', async () => {
    expect((await cli('config', 'set', 'maxTurns', 'many')).code).toBe(3);
    expect((await cli('trust', 'revoke')).code).toBe(1);
    expect(await journals()).toEqual([]);
    expect(await events()).toEqual([]);
    expect((await cli('audit', 'verify')).code).toBe(0);
  });

  test.each([
    ['trust', 'add'],
    ['config', 'set', 'maxTurns', '9'],
    ['config', 'set', '--project', 'maxTurns', '9'],
  ])('%s %s %s: what cannot be recorded is not done', async (...argv) => {
    writeFileSync(join(home.home, 'data'), 'a file where the folder should be');
    const { code, stderr } = await cli(...argv);
    expect(stderr).toContain('sessions.db cannot be opened');
    expect(code).toBe(3);
    expect(existsSync(join(home.home, 'config', 'llm-copilot'))).toBe(false);
    expect(existsSync(join(project.root, '.llm-copilot'))).toBe(false);
  });
});

describe('a database that refuses', () => {
  test('is exit 3 with the reason, and nothing is half done', async () => {
    const id = record(Date.now(), 'one', said('hi'));
    const holder = rawDatabase(database());
    // The last of what a deletion writes fails; a disk that is really full is in test/host/audit.test.ts.
    holder.exec("CREATE TRIGGER full BEFORE DELETE ON sessions BEGIN SELECT RAISE(FAIL, 'no more room'); END");
    const refused = await cli('sessions', 'delete', id);
    expect(refused.stderr).toContain('The event log cannot be written: no more room');
    expect(refused.code).toBe(3);
    holder.exec('DROP TRIGGER full');
    holder.close();
    expect((await cli('audit', 'verify')).stdout).toContain('1 session, 1 event, 2 heads, 0 tombstones');
  });

  test('a file that is no database is said', async () => {
    mkdirSync(join(home.home, 'data'), { recursive: true });
    writeFileSync(database(), 'this is no database, but long enough to be looked at '.repeat(20));
    for (const argv of [
      ['audit', 'verify'],
      ['audit', 'export'],
      ['audit', 'prune'],
      ['privacy', 'export', '--all'],
    ]) {
      const { code, stderr } = await cli(...argv);
      expect(stderr).toContain('cannot be opened: file is not a database');
      expect(code).toBe(3);
    }
  });

  // Root writes wherever it likes.
  test.skipIf(process.getuid?.() === 0)('a folder that cannot be written is said', async () => {
    record(Date.now(), 'one', said('hi'));
    rmSync(`${database()}-wal`, { force: true });
    chmodSync(database(), 0o400);
    chmodSync(join(home.home, 'data'), 0o500);
    const { code } = await cli('config', 'set', 'maxTurns', '9');
    chmodSync(join(home.home, 'data'), 0o700);
    expect(code).toBe(3);
  });
});
