import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Sqlite from 'better-sqlite3';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { redactor } from '../../../src/base/redact/redactor.ts';
import type { Event } from '../../../src/core/event.ts';
import { userMessage } from '../../../src/core/message.ts';
import type { LogReport } from '../../../src/core/session.ts';
import { auditLog } from '../../../src/host/log/audit.ts';
import { eventHash, genesis, headHash, type Head } from '../../../src/host/log/event-log-chain.ts';
import { eventLog } from '../../../src/host/log/event-log.ts';
import { migrations } from '../../../src/host/log/migrations.ts';
import { rawDatabase } from '../../support/raw-database.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llm-copilot-audit-'));
  path = join(folder, 'sessions.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const said = (words: string): Event => ({ type: 'message.added', run: 'r', message: userMessage(words) });
const using = <T>(use: (store: ReturnType<typeof eventLog>) => T): T => {
  const store = eventLog(path, redactor([]));
  try {
    return use(store);
  } finally {
    store.close();
  }
};
const session = (...words: string[]): string =>
  using((store) => {
    const { id } = store.create({ root: '/w', title: 'task' });
    store.appendAll(id, words.map(said));
    return id;
  });
const raw = <T>(use: (database: Sqlite.Database) => T): T => {
  const database = rawDatabase(path);
  try {
    return use(database);
  } finally {
    database.close();
  }
};
/** Changes the file as its owner can: what guards against accidents is taken away first. */
const tamper = (sql: string): void =>
  raw((database) => {
    const triggers = database.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").pluck().all();
    for (const name of triggers) database.exec(`DROP TRIGGER ${String(name)}`);
    database.exec(sql);
  });
const verify = (): LogReport => {
  const log = auditLog(path);
  try {
    return log.verify();
  } finally {
    log.close();
  }
};
/** Another process makes a session with one event, then goes on as the program says. */
const another = async (program: string, prefix: readonly string[] = []): Promise<string | number | null> => {
  const built = join(folder, `${Math.random()}.cjs`);
  await build({
    stdin: {
      contents: `
        import { writeFileSync } from 'node:fs';
        import { auditLog } from './src/host/log/audit.ts';
        import { eventLog } from './src/host/log/event-log.ts';
        const store = eventLog(${JSON.stringify(path)}, (text) => text);
        const session = store.create({ root: '/w', title: 'another' }).id;
        store.append(session, { type: 'run.started', run: 'r', agent: 'coder' });
        ${program}`,
      resolveDir: process.cwd(),
      loader: 'ts',
    },
    outfile: built,
    bundle: true,
    platform: 'node',
    external: ['better-sqlite3'],
    logLevel: 'error',
  });
  const env = { ...process.env, NODE_PATH: join(process.cwd(), 'node_modules') };
  const words = [...prefix, process.execPath, built];
  const child = spawn(words[0] ?? '', words.slice(1), { stdio: 'inherit', env });
  await new Promise((done) => child.on('close', done));
  return child.signalCode ?? child.exitCode;
};
const heads = (): Head[] => raw((database) => database.prepare<[], Head>('SELECT * FROM heads ORDER BY n').all());

describe('the chain of heads', () => {
  test('names a session when it is made, when its process ends, and when it is deleted', () => {
    const id = session('one', 'two');
    const { lastHash, last } = using((store) => {
      const recorded = store.append(id, said('three'));
      return { lastHash: recorded.hash, last: recorded.seq };
    });
    using((store) => store.delete(id));
    expect(heads().map(({ n, session: of, seq, why }) => [n, of, seq, why])).toEqual([
      [1, id, 0, 'created'],
      [2, id, 2, 'anchored'],
      [3, id, 3, 'anchored'],
      [4, id, 3, 'user'],
    ]);
    expect(heads().at(-1)).toMatchObject({ seq: last, session_hash: lastHash });
    expect(verify()).toMatchObject({ sessions: 0, events: 0, heads: 4, tombstones: 1, problem: null });
  });

  test('of a whole log is whole, and counted', () => {
    const parent = session('one', 'two');
    using((store) => {
      const fork = store.create({ root: '/w', title: 'fork', forkOf: parent }).id;
      store.append(fork, said('three'));
      store.append(parent, said('goes on'));
      expect(verify()).toMatchObject({ sessions: 2, events: 4, unanchored: 2, problem: null });
    });
    session('another');
    const report = verify();
    expect(report).toMatchObject({ sessions: 3, events: 5, unanchored: 0, problem: null });
    expect(report.lastHead).toEqual({ n: report.heads, hash: heads().at(-1)?.hash });
  });

  test('the database itself refuses to change it', () => {
    session('one');
    expect(() => raw((database) => database.exec("UPDATE heads SET hash = 'x'"))).toThrow('append-only');
    expect(() => raw((database) => database.exec('DELETE FROM heads'))).toThrow('append-only');
  });

  test('takes in what a killed process left, when the next session is made', async () => {
    expect(await another('process.kill(process.pid, "SIGKILL");')).toBe('SIGKILL');
    expect(verify()).toMatchObject({ events: 1, unanchored: 1, problem: null });
    session('next');
    expect(verify()).toMatchObject({ events: 2, unanchored: 0, problem: null });
  });

  test('holds sessions and tombstones from before there were heads', () => {
    raw((database) => {
      for (const step of migrations.slice(0, 2)) database.exec(step);
      database.exec('PRAGMA user_version = 2');
      const body = JSON.stringify(said('old'));
      database.exec(
        "INSERT INTO sessions (id, root, title, created_at, updated_at, events) VALUES ('a', '/w', '', 1, 1, 1)",
      );
      database
        .prepare("INSERT INTO events VALUES ('a', 1, 1, 'message.added', ?, ?)")
        .run(body, eventHash(genesis, 'a', 1, 1, body));
      database.exec("INSERT INTO tombstones VALUES ('b', 1, 3, 'hash')");
    });
    expect(verify()).toMatchObject({ sessions: 1, events: 1, heads: 0, tombstones: 1, unanchored: 1, problem: null });
    session('new');
    expect(verify()).toMatchObject({ heads: 3, unanchored: 0, problem: null });
    tamper("DELETE FROM events WHERE session = 'a'; DELETE FROM sessions WHERE id = 'a'");
    expect(verify().problem).toMatchObject({ session: 'a', head: 1 });
  });

  test('is one chain though several processes write it at once', async () => {
    const more = `for (let round = 0; round < 15; round++) {
      const { id } = store.create({ root: '/w', title: 'more' });
      store.append(id, { type: 'run.started', run: 'r', agent: 'coder' });
      if (round % 5 === 0) store.delete(id);
    }
    store.close();`;
    await Promise.all([another(more), another(more), another(more)]);
    expect(verify()).toMatchObject({ sessions: 39, tombstones: 9, events: 39, unanchored: 0, problem: null });
  });
});

describe('tampering is found and the first of it named:', () => {
  let ids: string[] = [];
  beforeEach(() => {
    ids = [session('one', 'two', 'three'), session('four', 'five', 'six'), session('seven')];
    using((store) => store.delete(ids[2] ?? ''));
    expect(verify()).toMatchObject({ heads: 7, problem: null });
  });
  const [first, second, third] = [() => ids[0] ?? '', () => ids[1] ?? '', () => ids[2] ?? ''];

  test.each([
    ['a changed body', "UPDATE events SET body = replace(body, 'five', 'FIVE') WHERE session = @2", { seq: 2 }],
    ['a changed time', 'UPDATE events SET at = at + 1 WHERE session = @2 AND seq = 3', { seq: 3 }],
    ['a changed type', "UPDATE events SET type = 'usage' WHERE session = @2 AND seq = 1", { seq: 1 }],
    ['an event missing in the middle', 'DELETE FROM events WHERE session = @2 AND seq = 2', { seq: 2 }],
    [
      'a cut end',
      'DELETE FROM events WHERE session = @2 AND seq = 3; UPDATE sessions SET events = 2 WHERE id = @2',
      { seq: 3 },
    ],
    ['events before the beginning', 'UPDATE events SET seq = 0 WHERE session = @2 AND seq = 1', { head: 3, seq: 0 }],
  ])('%s', (_what, sql, expected) => {
    tamper(sql.replaceAll('@2', `'${second()}'`));
    expect(verify().problem).toMatchObject({ session: second(), head: 4, ...expected });
  });

  test('a session that was written anew, every hash of it', () => {
    raw((database) => {
      for (const name of database.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").pluck().all())
        database.exec(`DROP TRIGGER ${String(name)}`);
      let hash = genesis;
      for (const seq of [1, 2, 3]) {
        const body = JSON.stringify(said('forged'));
        hash = eventHash(hash, second(), seq, 1, body);
        database
          .prepare('UPDATE events SET at = 1, body = ?, hash = ? WHERE session = ? AND seq = ?')
          .run(body, hash, second(), seq);
      }
    });
    expect(using((store) => store.verify(second()))).toBeUndefined();
    expect(verify().problem).toMatchObject({ session: second(), head: 4, seq: 3 });
  });

  test('a whole session removed', () => {
    tamper(`DELETE FROM events WHERE session = '${first()}'; DELETE FROM sessions WHERE id = '${first()}'`);
    expect(verify().problem).toEqual({
      head: 1,
      session: first(),
      problem: 'the session is gone and left no tombstone',
    });
  });

  test('a session removed with a tombstone made by hand', () => {
    const last = raw((database) =>
      database.prepare('SELECT hash FROM events WHERE session = ? AND seq = 3').pluck().get(first()),
    );
    tamper(`INSERT INTO tombstones VALUES ('${first()}', 1, 3, '${String(last)}', 'user');
      DELETE FROM events WHERE session = '${first()}'; DELETE FROM sessions WHERE id = '${first()}'`);
    expect(verify().problem).toMatchObject({ head: 1, session: first() });
  });

  test.each([
    ['another hash', "UPDATE tombstones SET last_hash = 'x'"],
    ['another count', 'UPDATE tombstones SET events = 9'],
    ['another reason', "UPDATE tombstones SET reason = 'privacy'"],
    ['another time', 'UPDATE tombstones SET deleted_at = 1'],
  ])('a tombstone with %s', (_what, sql) => {
    tamper(sql);
    expect(verify().problem).toEqual({ head: 7, session: third(), problem: 'the tombstone does not fit this head' });
  });

  test('a tombstone removed, and one too many', () => {
    tamper("INSERT INTO tombstones VALUES ('nobody', 1, 1, 'x', 'user')");
    expect(verify().problem).toMatchObject({ session: 'nobody' });
    tamper('DELETE FROM tombstones');
    expect(verify().problem).toMatchObject({ head: 5, session: third() });
  });

  test.each([
    ['changed', 'UPDATE heads SET seq = 2 WHERE n = 4', 4],
    ['removed', 'DELETE FROM heads WHERE n = 3', 3],
    [
      'exchanged',
      'UPDATE heads SET n = -1 WHERE n = 2; UPDATE heads SET n = 2 WHERE n = 3; UPDATE heads SET n = 3 WHERE n = -1',
      2,
    ],
    ['put before the first', "INSERT INTO heads VALUES (0, 'x', 0, '', 0, 'created', '')", 1],
  ])('a head that was %s', (_what, sql, head) => {
    tamper(sql);
    expect(verify().problem).toMatchObject({ head });
  });

  test('the newest heads cut off', () => {
    tamper('DELETE FROM heads WHERE n >= 4');
    expect(verify().problem).toMatchObject({ session: second() });
  });

  test('a head that says less than one before it, and one of a deleted session', () => {
    const forge = (of: string, seq: number): void =>
      raw((database) => {
        const before = database.prepare<[], Head>('SELECT * FROM heads ORDER BY n DESC').get();
        const head: Omit<Head, 'hash'> = { n: 8, session: of, seq, session_hash: genesis, at: 1, why: 'anchored' };
        const hash = headHash(before?.hash ?? '', head);
        database
          .prepare('INSERT INTO heads VALUES (?, ?, ?, ?, ?, ?, ?)')
          .run(8, of, seq, genesis, 1, 'anchored', hash);
      });
    forge(second(), 1);
    expect(verify().problem).toMatchObject({ head: 8, problem: 'it lies behind an earlier head of its session' });
    tamper('DELETE FROM heads WHERE n = 8');
    forge(third(), 1);
    expect(verify().problem).toMatchObject({ head: 8, problem: 'the session was deleted before' });
  });

  test('a list of sessions that was changed, and events of no session', () => {
    tamper(`UPDATE sessions SET events = 7 WHERE id = '${first()}'`);
    expect(verify().problem).toMatchObject({ session: first(), problem: 'the last events are missing' });
    tamper(`UPDATE sessions SET events = 2 WHERE id = '${first()}'`);
    expect(verify().problem).toMatchObject({ session: first(), problem: expect.stringContaining('says 2') as string });
    tamper(`UPDATE sessions SET events = 3 WHERE id = '${first()}';
      INSERT INTO events SELECT 'stray', seq, at, type, body, hash FROM events WHERE session = '${first()}'`);
    expect(verify().problem).toMatchObject({ session: 'stray' });
  });

  test('events with numbers that are none, and a list of sessions that counts in words', () => {
    for (const seq of ['9223372036854775807', "'many'"]) {
      const id = session('one', 'two');
      tamper(
        `INSERT INTO events SELECT session, ${seq}, at, type, body, hash FROM events WHERE session = '${id}' LIMIT 1`,
      );
      expect(verify().problem).toEqual({ session: id, seq: 3, problem: 'this event is missing' });
      expect(using((store) => store.verify(id))).toEqual({ seq: 3, problem: 'this event is missing' });
      tamper(`DELETE FROM events WHERE session = '${id}' AND seq NOT IN (1, 2)`);
    }
    const id = session('one');
    tamper(`UPDATE sessions SET events = 'some' WHERE id = '${id}'`);
    expect(verify().problem).toMatchObject({ session: id });
  });

  test('an event made bytes of, which hash like the text they were', () => {
    const id = session('one', 'two');
    tamper(`UPDATE events SET body = CAST(body AS BLOB) WHERE seq = 1 AND session = '${id}'`);
    expect(verify().problem).toMatchObject({ session: id, seq: 1, problem: 'its content does not fit its hash' });
  });

  test('sessions that are made to come from themselves', () => {
    const [one, other] = [session('one'), session('other')];
    for (const [parent, seq] of [
      [one, 99],
      [one, 1],
      [other, 99],
    ]) {
      tamper(`UPDATE sessions SET fork_of = '${parent}', fork_seq = ${seq} WHERE id = '${one}';
              UPDATE sessions SET fork_of = '${one}', fork_seq = 99 WHERE id = '${other}'`);
      expect(verify().problem).toMatchObject({ session: one });
      expect(() => using((store) => [...store.read(one)])).toThrow('is made to come from itself');
    }
  });

  test('of several the one that comes first in the chain', () => {
    tamper(`UPDATE events SET body = 'x' WHERE session = '${second()}' AND seq = 1;
      UPDATE events SET body = 'x' WHERE session = '${first()}' AND seq = 3;
      UPDATE heads SET seq = 9 WHERE n = 5`);
    expect(verify().problem).toMatchObject({ head: 2, session: first(), seq: 3 });
  });
});

describe('a disk that is full', () => {
  // A small file system of its own, in a namespace that goes with the process.
  const small = (at: string): string[] => [
    'unshare',
    '-rm',
    'sh',
    '-c',
    `mount -t tmpfs -o size=1m tmpfs ${at} && exec "$0" "$@"`,
  ];
  const cannot = spawnSync('unshare', [...small('/mnt').slice(1), 'true']).status !== 0;

  test.skipIf(cannot)(
    'is an error with exit 3; what was recorded before stays whole, and nothing is half done',
    async () => {
      const outcome = join(folder, 'outcome.json');
      const disk = join(folder, 'disk');
      mkdirSync(disk);
      path = join(disk, 'sessions.db');
      const fill = `
      const event = { type: 'text', run: 'x'.repeat(2000) };
      const attempt = (work) => { try { work(); return null; } catch (error) { return [error.code, error.exitCode]; } };
      let appended = 1;
      const failed = attempt(() => { for (;;) { store.append(session, event); appended += 1; } });
      const deleted = attempt(() => store.delete(session));
      const made = attempt(() => store.create({ root: '/w', title: 'x'.repeat(100) }));
      store.close();
      const log = auditLog(${JSON.stringify(path)});
      writeFileSync(${JSON.stringify(outcome)}, JSON.stringify({ appended, failed, deleted, made, report: log.verify() }));`;
      expect(await another(fill, small(disk))).toBe(0);
      const { appended, ...rest } = JSON.parse(readFileSync(outcome, 'utf8')) as { appended: number };
      expect(appended).toBeGreaterThan(20);
      expect(rest).toMatchObject({
        failed: ['E_DATABASE', 3],
        deleted: ['E_DATABASE', 3],
        report: { sessions: 1, events: appended, tombstones: 0, problem: null },
      });
    },
  );
});
