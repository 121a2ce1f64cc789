import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { redactor } from '../../src/base/redact/redactor.ts';
import { main } from '../../src/cli/main.ts';
import { userMessage } from '../../src/core/message.ts';
import { addFolderRules } from '../../src/host/config/config.ts';
import { eventLog } from '../../src/host/log/event-log.ts';
import { openSnapshots } from '../../src/host/snapshots.ts';
import { openUndoStore } from '../../src/host/undo/undo-store.ts';
import { tempProject, type TempProject } from '../../src/testing.ts';
import { cliHarness } from '../support/cli.ts';
import { rawDatabase } from '../support/raw-database.ts';

const marker = 'the-quick-marker-7391';
let home: ReturnType<typeof cliHarness>;
let project: TempProject;
let other: TempProject;
beforeEach(() => {
  home = cliHarness();
  project = tempProject({ 'a.txt': marker });
  other = tempProject({ 'b.txt': 'b' });
});
afterEach(() => {
  home.close();
  project.close();
  other.close();
});
const cli = (...argv: string[]) => home.cli(argv, { cwd: project.root });
const data = (): string => join(home.home, 'data');
const database = (): string => join(data(), 'sessions.db');
const env = () => ({ HOME: home.home, XDG_CONFIG_HOME: join(home.home, 'config') });
const using = <T>(use: (store: ReturnType<typeof eventLog>) => T): T => {
  const store = eventLog(database(), redactor([]));
  try {
    return use(store);
  } finally {
    store.close();
  }
};
const record = (root: string, words = marker, forkOf?: string): string =>
  using((store) => {
    const { id } = store.create({ root, title: `title ${words}`, ...(forkOf === undefined ? {} : { forkOf }) });
    // Long ones lie in pages of their own.
    for (const text of [words, words.repeat(500)])
      store.append(id, { type: 'message.added', run: 'r', message: userMessage(text) });
    return id;
  });
const spend = (...scopes: string[]): void => {
  const raw = rawDatabase(database());
  for (const scope of scopes) raw.prepare('INSERT INTO ledger VALUES (?, 1, 1, 1, 0, 0)').run(scope);
  raw.close();
};
const scopes = (): unknown[] => {
  const raw = rawDatabase(database());
  const found = raw.prepare('SELECT scope FROM ledger ORDER BY scope').pluck().all();
  raw.close();
  return found;
};
const filesIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
    : [];
/** Files below a folder that hold these bytes. */
const holding = (folder: string, text: string): string[] =>
  filesIn(folder).filter((path) => readFileSync(path).includes(text));
interface Line {
  kind: string;
  value: Record<string, unknown>;
}
const lines = (text: string): Line[] =>
  text
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
const sessionsLeft = (): string[] => using((store) => store.list().map((info) => info.id));

/** Everything one can leave of a repository. */
const leaveTraces = async (): Promise<void> => {
  mkdirSync(join(project.root, 'sub'));
  const parent = record(project.root);
  record(project.root, marker, parent);
  record(join(project.root, 'sub'));
  await cli('trust', 'add');
  await addFolderRules(env(), project.root, ['allow: exec(make)']);
  const undo = openUndoStore({ root: project.root, dataDir: data() });
  await undo.snapshot();
  await undo.close();
  const snapshots = openSnapshots({ root: project.root, dataDir: data() });
  await snapshots.digest();
  spend(`month 2026-11 ${project.root}`, `month 2026-11 ${other.root}`, 'month 2026-11', 'day 2026-11-27');
};

describe('privacy erase', () => {
  test('of a repository leaves no byte of it in the data folder, and nothing of its own in the configuration', async () => {
    await leaveTraces();
    const kept = record(other.root, 'something else');
    expect(holding(data(), marker)).not.toEqual([]);
    expect(holding(data(), project.root)).not.toEqual([]);
    const { code, stdout, stderr } = await cli('privacy', 'erase', '--repo', '.', '--yes', '--json');
    expect(stderr).toContain('4 sessions with 7 events');
    expect(stderr).toContain('stays: tombstones and heads: ids and hashes only');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      sessions: 4,
      events: 7,
      files: 3,
      trust: 1,
      spending: 1,
      memory: 0,
      scrubbed: true,
    });
    for (const text of [marker, project.root]) {
      expect(holding(data(), text)).toEqual([]);
      expect(holding(join(home.home, 'config'), text)).toEqual([]);
    }
    expect(filesIn(join(data(), 'undo'))).toEqual([]);
    expect(filesIn(join(data(), 'shadow'))).toEqual([]);
    expect(sessionsLeft()).toEqual([kept]);
    expect(scopes()).toEqual(['day 2026-11-27', 'month 2026-11', `month 2026-11 ${other.root}`]);
    expect((await cli('audit', 'verify')).stdout).toContain('4 tombstones');
  });

  test('finds snapshots of a folder below it of which no session is left', async () => {
    const sub = join(project.root, 'sub');
    mkdirSync(sub);
    writeFileSync(join(sub, 'c.txt'), marker);
    for (const open of [openUndoStore, openSnapshots]) {
      const store = open({ root: sub, dataDir: data() });
      await ('digest' in store ? store.digest() : store.snapshot());
      await store.close();
    }
    record(sub);
    using((store) => {
      for (const { id } of store.list()) store.delete(id);
    });
    for (const kind of ['undo', 'shadow']) expect(filesIn(join(data(), kind))).not.toEqual([]);
    expect((await cli('privacy', 'erase', '--repo', '.', '--yes')).code).toBe(0);
    for (const kind of ['undo', 'shadow']) expect(filesIn(join(data(), kind))).toEqual([]);
  });

  test('is recorded with numbers only', async () => {
    await leaveTraces();
    await cli('privacy', 'erase', '--repo', '.', '--yes');
    const journals = using((store) => store.list({ kind: 'journal' }).map((info) => [info, [...store.read(info.id)]]));
    expect(journals).toMatchObject([
      [
        { title: 'privacy erase', root: data() },
        [{ type: 'data.erased', what: 'repo: 7 events', sessions: 4, why: 'privacy' }],
      ],
    ]);
  });

  test('of a session takes those forked from it along, and nothing else', async () => {
    await leaveTraces();
    const parent = record(other.root, 'parent-words');
    const fork = record(other.root, 'fork-words', parent);
    const leaf = record(other.root, 'leaf-words', fork);
    const before = sessionsLeft();
    expect((await cli('privacy', 'erase', '--session', fork.slice(0, 13), '--yes')).code).toBe(0);
    expect(sessionsLeft()).toEqual(before.filter((id) => id !== fork && id !== leaf));
    for (const words of ['fork-words', 'leaf-words']) expect(holding(data(), words)).toEqual([]);
    expect(holding(data(), 'parent-words')).not.toEqual([]);
    expect((await cli('trust', 'list')).stdout).toContain(project.root);
    expect((await cli('audit', 'verify')).code).toBe(0);
  });

  test('of everything leaves the configuration and the key of exports', async () => {
    await leaveTraces();
    record(other.root, 'something else');
    await cli('config', 'set', 'maxTurns', '9');
    await cli('audit', 'export', '--sign', '--output', join(home.home, 'x.jsonl'));
    expect((await cli('privacy', 'erase', '--all', '--yes')).code).toBe(0);
    for (const text of [marker, project.root, other.root, 'something else']) expect(holding(data(), text)).toEqual([]);
    expect(scopes()).toEqual([]);
    expect(sessionsLeft()).toEqual([]);
    expect((await cli('config', 'get', 'maxTurns')).stdout).toBe('9\n');
    expect((await cli('trust', 'list')).stdout).toBe('');
    expect(existsSync(join(data(), 'audit-key.pem'))).toBe(true);
    expect((await cli('audit', 'verify')).code).toBe(0);
  });

  test('of a repository that is gone works by its path', async () => {
    await leaveTraces();
    const { root } = project;
    project.close();
    expect((await home.cli(['privacy', 'erase', '--repo', root, '--yes'])).code).toBe(0);
    expect(holding(data(), marker)).toEqual([]);
    expect(holding(join(home.home, 'config'), root)).toEqual([]);
    project = tempProject({});
  });

  test('without --yes and without a terminal shows what would go, and does nothing', async () => {
    await leaveTraces();
    const { code, stderr } = await cli('privacy', 'erase', '--repo', '.');
    expect(stderr).toContain(`trust in ${project.root}`);
    expect(stderr).toContain('Nothing was erased: nobody is there to be asked.');
    expect(code).toBe(2);
    expect(sessionsLeft()).toHaveLength(3);
  });

  test.each([
    ['y\n', 0, 0],
    ['no\n', 1, 3],
    ['', 1, 3],
  ])('asks on a terminal; %j exits %i', async (answer, exitCode, left) => {
    await leaveTraces();
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    stdin.end(answer);
    let said = '';
    const stderr = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        said += chunk.toString();
        done();
      },
    });
    const code = await main(['privacy', 'erase', '--repo', project.root], {
      version: '1',
      plugins: [],
      io: {
        stdin,
        stdout: new PassThrough().resume(),
        stderr: Object.assign(stderr, { isTTY: true }),
        env: { ...env(), LLM_COPILOT_DATA_DIR: data() },
        cwd: project.root,
        onInterrupt: () => () => undefined,
      },
    });
    expect(said).toContain('Erase this for good?');
    expect(code).toBe(exitCode);
    expect(sessionsLeft()).toHaveLength(left);
  });

  test('says when another process keeps bytes in the database', async () => {
    record(project.root);
    const reader = rawDatabase(database());
    reader.exec('BEGIN; SELECT count(*) FROM events');
    reader.prepare('SELECT count(*) FROM events').get();
    const busy = await cli('privacy', 'erase', '--all', '--yes');
    expect(busy.stderr).toContain('Another process reads the database');
    expect(busy.code).toBe(1);
    reader.exec('COMMIT');
    reader.close();
    expect((await cli('privacy', 'erase', '--all', '--yes')).code).toBe(0);
    expect(holding(data(), marker)).toEqual([]);
  }, 30_000);

  test.each([
    [[], /Say of what/],
    [['--all', '--repo', '.'], /exclude each other/],
    [['--session', 'ffff'], /no session ffff/],
    [['--session', ''], /empty/],
    [['--repo', ''], /empty/],
  ])('%j is a usage error', async (flags, message) => {
    for (const verb of [['erase', '--yes'], ['export']]) {
      const { code, stderr } = await cli('privacy', ...verb, ...flags);
      expect(stderr).toMatch(message);
      expect(code).toBe(2);
    }
  });
});

describe('privacy export', () => {
  test('gives sessions, events and what else is kept of a repository, and nothing of others', async () => {
    await leaveTraces();
    record(other.root, 'something else');
    const { stdout, stderr } = await cli('privacy', 'export', '--repo', '.');
    const kinds = lines(stdout).map(({ kind }) => kind);
    const count = (kind: string): number => kinds.filter((one) => one === kind).length;
    expect(['session', 'event', 'trust', 'rules', 'folder', 'spending'].map(count)).toEqual([4, 7, 1, 1, 2, 1]);
    expect(lines(stdout).find(({ kind }) => kind === 'folder')?.value).toMatchObject({
      path: expect.stringContaining(join(realpathSync(data()), 'undo')) as string,
      bytes: expect.any(Number) as number,
    });
    expect(lines(stdout).find(({ kind }) => kind === 'rules')?.value.text).toContain('allow: exec(make)');
    expect(stdout).not.toContain('something else');
    expect(stderr).toContain('Exported 4 sessions with 7 events.');
    expect((await cli('audit', 'export')).stdout).toContain('"type":"data.exported"');
  });

  test('of a session, and of everything with tombstones, into a file', async () => {
    const id = record(project.root);
    const gone = record(other.root, 'gone');
    using((store) => store.delete(gone));
    const one = lines((await cli('privacy', 'export', '--session', id)).stdout);
    expect(one.map(({ kind }) => kind)).toEqual(['session', 'event', 'event']);
    const output = join(home.home, 'all.jsonl');
    writeFileSync(output, 'older');
    expect((await cli('privacy', 'export', '--all', '--output', output)).code).toBe(0);
    const all = lines(readFileSync(output, 'utf8'));
    expect(all.find(({ kind }) => kind === 'tombstone')?.value).toMatchObject({
      session: gone,
      reason: 'user',
      events: 2,
    });
  });
});
