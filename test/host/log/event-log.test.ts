import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { redactor } from '../../../src/base/redact/redactor.ts';
import type { Event } from '../../../src/core/event.ts';
import { userMessage } from '../../../src/core/message.ts';
import type { SessionStore } from '../../../src/core/session.ts';
import { openDatabase } from '../../../src/host/log/database.ts';
import { eventLog } from '../../../src/host/log/event-log.ts';
import { rawDatabase } from '../../support/raw-database.ts';

let folder = '';
let path = '';
let store: SessionStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llm-copilot-log-'));
  path = join(folder, 'deep', 'sessions.db');
  store = eventLog(path, redactor(['hunter2-hunter2']));
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const said = (words: string): Event => ({ type: 'message.added', run: 'r', message: userMessage(words) });
const create = (title = 'task') => store.create({ root: '/w', title }).id;
const raw = <T>(use: (database: Sqlite.Database) => T): T => {
  const database = rawDatabase(path);
  try {
    return use(database);
  } finally {
    database.close();
  }
};

describe('the event log', () => {
  test('in memory makes no file', () => {
    openDatabase(':memory:').close();
    expect(existsSync(':memory:')).toBe(false);
  });

  test('gives back what was appended, in order and numbered', () => {
    const id = create();
    store.appendAll(id, [said('one'), said('two')]);
    store.append(id, said('three'));
    expect([...store.read(id)].map((event) => [event.seq, event.type === 'message.added' && event.message])).toEqual([
      [1, userMessage('one')],
      [2, userMessage('two')],
      [3, userMessage('three')],
    ]);
    expect([...store.read(id, 3)]).toHaveLength(1);
    expect(store.find(id)).toMatchObject({ events: 3, title: 'task', root: '/w' });
  });

  test('what was appended is there for another process at once', () => {
    const id = create();
    store.append(id, said('one'));
    const other = eventLog(path, redactor([]));
    expect([...other.read(id)]).toHaveLength(1);
    expect(other.verify(id)).toBeUndefined();
    other.append(id, said('two'));
    other.close();
  });

  test.runIf(existsSync('/proc/locks'))('opening the file once more does not let go of the lock on it', () => {
    const ours = (): string[] =>
      readFileSync('/proc/locks', 'utf8')
        .split('\n')
        .filter((line) => line.includes(` ${process.pid} `) && line.includes(`:${statSync(path).ino} `))
        .map((line) => line.replace(/^\d+: /, ''));
    store.append(create(), said('one'));
    const before = ours();
    expect(before).not.toEqual([]);
    eventLog(path, redactor([])).close();
    expect(ours()).toEqual(before);
  });

  test('a second writer on the same session is refused, nothing is lost, and it can go on afterwards', () => {
    const id = create();
    store.append(id, said('one'));
    const other = eventLog(path, redactor([]));
    other.append(id, said('two'));
    expect(() => store.append(id, said('clash'))).toThrow(expect.objectContaining({ code: 'E_SESSION_BUSY' }) as Error);
    store.append(id, said('three'));
    expect([...store.read(id)]).toHaveLength(3);
    expect(store.verify(id)).toBeUndefined();
    other.close();
  });

  test('known secrets are redacted before they reach the disk, and the caller sees the redacted event', () => {
    const id = create('my key is hunter2-hunter2');
    const recorded = store.append(id, said('use hunter2-hunter2 now'));
    expect(JSON.stringify(recorded)).not.toContain('hunter2-hunter2');
    store.close();
    expect(
      raw((database) =>
        JSON.stringify([
          database.prepare('SELECT * FROM events').all(),
          database.prepare('SELECT * FROM sessions').all(),
        ]),
      ),
    ).not.toContain('hunter2-hunter2');
    store = eventLog(path, redactor([]));
  });

  test('a secret that reads like a number leaves numbers alone and the log whole', () => {
    store.close();
    store = eventLog(path, redactor(['12345678']));
    const id = create();
    const usage = { inputTokens: 12345678, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0 };
    store.append(id, {
      type: 'usage',
      run: 'r',
      model: 'is 12345678',
      purpose: 'work',
      usage,
      costUsd: null,
      durationMs: 1,
    });
    expect([...store.read(id)][0]).toMatchObject({ model: 'is [redacted]', usage });
    expect(store.verify(id)).toBeUndefined();
  });

  test('a title is cut only when its secrets are out', () => {
    store.close();
    store = eventLog(path, redactor(['hunter2-hunter2']));
    const id = create(`${'a'.repeat(95)} hunter2-hunter2`);
    expect(store.find(id).title).toBe(`${'a'.repeat(95)} [red`);
  });

  test('the id of a deleted session is not used again, and an empty one finds nothing', () => {
    const id = create();
    expect(() => store.find('')).toThrow('empty');
    store.delete(id);
    expect(() => store.create({ id, root: '/w', title: 'again' })).toThrow('was deleted');
  });

  test('a database somebody else has locked, or changed, is exit 3', () => {
    const id = create();
    store.append(id, said('one'));
    raw((database) => {
      database.exec("DROP TRIGGER events_never_change; UPDATE events SET body = '{bad'");
      expect(() => [...store.read(id)]).toThrow(expect.objectContaining({ code: 'E_DATABASE', exitCode: 3 }));
      const hurried = eventLog(openDatabase(path, 50), redactor([]));
      database.exec('BEGIN EXCLUSIVE');
      const writes = [
        () => hurried.create({ root: '/w', title: 't' }),
        () => hurried.delete(id),
        () => hurried.append(id, said('two')),
      ];
      for (const write of writes) expect(write).toThrow(expect.objectContaining({ code: 'E_DATABASE', exitCode: 3 }));
      database.exec('ROLLBACK');
    });
  }, 30_000);

  test('a file with damaged pages is exit 3, whatever is asked of it', () => {
    const ids = Array.from({ length: 200 }, () => create());
    store.append(ids[0] ?? '', said('one'));
    store.close();
    // The tables of sessions and their index lie behind the schema.
    const bytes = readFileSync(path);
    bytes.fill(0xff, 3 * 4096);
    writeFileSync(path, bytes);
    for (const name of [`${path}-wal`, `${path}-shm`]) rmSync(name, { force: true });
    const damaged = expect.objectContaining({ code: 'E_DATABASE', exitCode: 3 }) as Error;
    store = eventLog(path, redactor([]));
    expect(() => store.list()).toThrow(damaged);
    expect(() => store.find('x')).toThrow(damaged);
    expect(() => store.verify(ids[0] ?? '')).toThrow(damaged);
    expect(() => [...store.read(ids[0] ?? '')]).toThrow(damaged);
    expect(() => store.prune({ olderThanDays: 1 })).toThrow(damaged);
  });

  test('the database itself refuses to change or delete events', () => {
    const id = create();
    store.append(id, said('one'));
    expect(() => raw((database) => database.prepare('UPDATE events SET body = ?').run('{}'))).toThrow('append-only');
    expect(() => raw((database) => database.prepare('DELETE FROM events').run())).toThrow('append-only');
  });

  test('tampering is found: a changed event, a missing one, a cut end', () => {
    const id = create();
    store.appendAll(id, [said('one'), said('two'), said('three')]);
    const tamper = (sql: string): void =>
      raw(
        (database) =>
          void database.exec(
            `DROP TRIGGER IF EXISTS events_never_change; DROP TRIGGER IF EXISTS events_never_go; ${sql}`,
          ),
      );
    tamper("UPDATE events SET body = replace(body, 'two', '2') WHERE seq = 2");
    expect(store.verify(id)).toMatchObject({ seq: 2 });
    tamper('DELETE FROM events WHERE seq = 2');
    expect(store.verify(id)).toMatchObject({ seq: 2, problem: expect.stringContaining('missing') as string });
    tamper('DELETE FROM events WHERE seq >= 2');
    expect(store.verify(id)?.problem).toContain('last events are missing');
  });

  test('sessions are listed newest first, by folder', () => {
    let clock = 1000;
    store.close();
    store = eventLog(path, redactor([]), () => clock++);
    const [a, b] = [create('a'), create('b')];
    store.create({ root: '/other', title: 'c' });
    store.append(a, said('x'));
    expect(store.list({ root: '/w' }).map((info) => info.id)).toEqual([a, b]);
    expect(store.list()).toHaveLength(3);
  });

  test('a session is found by the beginning of its id, when only one begins so', () => {
    store.create({ id: 'aaaa-1', root: '/w', title: '' });
    store.create({ id: 'aaaa-2', root: '/w', title: '' });
    expect(store.find('aaaa-1').id).toBe('aaaa-1');
    expect(() => store.find('aaaa')).toThrow('2 sessions begin with aaaa');
    expect(() => store.find('zzz')).toThrow('no session zzz');
    expect(() => store.create({ id: 'aaaa-1', root: '/w', title: '' })).toThrow('exists already');
    expect(() => store.append('nope', said('x'))).toThrow('no session nope');
  });

  test('deleting leaves a tombstone with the last hash', () => {
    const id = create();
    const last = store.append(id, said('one'));
    store.delete(id);
    expect(store.list()).toEqual([]);
    expect(raw((database) => database.prepare('SELECT session, events, last_hash FROM tombstones').get())).toEqual({
      session: id,
      events: 1,
      last_hash: last.hash,
    });
    expect(() => raw((database) => database.prepare('DELETE FROM tombstones').run())).toThrow('append-only');
  });
});

describe('a journal', () => {
  test('is listed only when it is asked for, and found by its id', () => {
    const task = create();
    const { id, kind } = store.create({ root: '/w', title: 'config set', kind: 'journal' });
    store.append(id, { type: 'config.changed', run: 'journal', key: 'model', file: '/c' });
    expect(kind).toBe('journal');
    expect(store.list({ root: '/w' }).map((info) => info.id)).toEqual([task]);
    expect(store.list({ kind: 'journal' }).map((info) => info.id)).toEqual([id]);
    expect(store.list({ root: '/w', kind: 'any' })).toHaveLength(2);
    expect(store.find(id).kind).toBe('journal');
  });
});

describe('deleting several', () => {
  test('goes through forks first, whatever the order, and is all or nothing', () => {
    const parent = create('parent');
    store.append(parent, said('one'));
    const fork = store.create({ root: '/w', title: 'fork', forkOf: parent }).id;
    const leaf = store.create({ root: '/w', title: 'leaf', forkOf: fork }).id;
    expect(() => store.deleteAll([parent, fork], 'privacy')).toThrow('forks need its events');
    expect(store.list()).toHaveLength(3);
    store.deleteAll([parent, leaf, fork], 'privacy');
    expect(store.list()).toEqual([]);
    expect(raw((database) => database.prepare('SELECT DISTINCT reason FROM tombstones').pluck().all())).toEqual([
      'privacy',
    ]);
  });

  test('a process that still writes to a deleted session is told, and leaves no stray events', () => {
    const id = create();
    store.append(id, said('one'));
    const other = eventLog(path, redactor([]));
    other.delete(id);
    other.close();
    expect(() => store.append(id, said('two'))).toThrow('was deleted');
    expect(raw((database) => database.prepare('SELECT count(*) FROM events').pluck().get())).toBe(0);
  });
});

describe('pruning', () => {
  const dayMs = 24 * 60 * 60 * 1000;
  const at = (day: number): SessionStore => eventLog(path, redactor([]), () => day * dayMs, 400);
  const on = <T>(day: number, use: (store: SessionStore) => T): T => {
    const then = at(day);
    try {
      return use(then);
    } finally {
      then.close();
    }
  };
  const record = (day: number, forkOf?: string): string =>
    on(day, (then) => {
      const { id } = then.create({ root: '/w', title: `day ${day}`, ...(forkOf === undefined ? {} : { forkOf }) });
      then.append(id, said('something'));
      return id;
    });
  const left = (): string[] => store.list({ kind: 'any' }).map((info) => info.title);

  test('deletes what is older than that, and says which younger forks keep a session', () => {
    const old = record(0);
    const needed = record(1);
    const fork = record(390, needed);
    const olderFork = record(2, old);
    const report = on(410, (then) => then.prune({ olderThanDays: 400, dryRun: true }));
    expect(report.deleted.map((info) => info.id)).toEqual([olderFork, old]);
    expect(report.kept.map(({ session, neededBy }) => [session.id, neededBy])).toEqual([[needed, [fork]]]);
    expect(left()).toHaveLength(4);
    on(410, (then) => then.prune({ olderThanDays: 400 }));
    expect(left()).toEqual(['day 390', 'day 1']);
  });

  test('happens by itself once a day, at most fifty at a time', () => {
    for (let index = 0; index < 60; index++) record(0);
    for (let day = 20; day <= 400; day += 20) record(day);
    expect(left()).toHaveLength(80);
    record(401);
    expect(left().filter((title) => title === 'day 0')).toHaveLength(10);
    record(401.5);
    expect(left().filter((title) => title === 'day 0')).toHaveLength(10);
    record(402.1);
    expect(left()).not.toContain('day 0');
  });

  test('does not happen by itself when the clock jumped far ahead, nor the days after', () => {
    record(0);
    record(1);
    record(5000);
    record(5001.5);
    expect(left()).toHaveLength(4);
    // Back to the right time, the date the wrong clock left is not heeded.
    for (let day = 20; day <= 420; day += 20) record(day);
    expect(left()).not.toContain('day 0');
  });

  test('does not happen by itself where nobody said how long sessions are kept', () => {
    record(0);
    record(400);
    store.close();
    store = eventLog(path, redactor([]), () => 402 * dayMs);
    create('now');
    expect(left()).toContain('day 0');
  });

  test('a clock that goes back changes no order and deletes nothing', () => {
    const id = record(100);
    on(50, (then) => then.append(id, said('earlier')));
    expect([...store.read(id)].map((event) => [event.seq, event.at / dayMs])).toEqual([
      [1, 100],
      [2, 50],
    ]);
    expect(store.verify(id)).toBeUndefined();
    expect(on(60, (then) => then.prune({ olderThanDays: 1 })).deleted).toHaveLength(1);
  });
});

describe('a fork', () => {
  test('begins with its parent’s events, goes its own way, and leaves the parent as it was', () => {
    const parent = create();
    store.appendAll(parent, [said('one'), said('two')]);
    const fork = store.create({ root: '/w', title: 'fork', forkOf: parent });
    store.append(parent, said('parent goes on'));
    store.append(fork.id, said('fork goes on'));
    const words = (id: string) =>
      [...store.read(id)].map((event) => event.type === 'message.added' && event.message.content[0]);
    expect(words(fork.id)).toHaveLength(3);
    expect(JSON.stringify(words(fork.id))).toContain('fork goes on');
    expect(JSON.stringify(words(fork.id))).not.toContain('parent goes on');
    expect(store.verify(fork.id)).toBeUndefined();
    expect(store.find(fork.id).forkedFrom).toEqual({ session: parent, seq: 2 });
  });

  test('of a fork without events of its own works', () => {
    const parent = create();
    store.append(parent, said('one'));
    const middle = store.create({ root: '/w', title: 'm', forkOf: parent });
    const last = store.create({ root: '/w', title: 'l', forkOf: middle.id });
    store.append(last.id, said('two'));
    expect([...store.read(last.id)].map((event) => event.seq)).toEqual([1, 2]);
    expect(store.verify(last.id)).toBeUndefined();
  });

  test('keeps its parent from being deleted', () => {
    const parent = create();
    const fork = store.create({ root: '/w', title: '', forkOf: parent });
    expect(() => store.delete(parent)).toThrow('forks need its events');
    store.delete(fork.id);
    store.delete(parent);
  });
});

describe('a database that cannot be used', () => {
  test('is a clear error with exit 3', () => {
    expect(() => eventLog(join(path, 'below-a-file', 'x.db'), redactor([]))).toThrow(
      expect.objectContaining({ code: 'E_DATABASE', exitCode: 3 }) as Error,
    );
  });

  test('is refused when a newer version wrote it', () => {
    raw((database) => database.exec('PRAGMA user_version = 99'));
    expect(() => eventLog(path, redactor([]))).toThrow('newer version');
  });
});
