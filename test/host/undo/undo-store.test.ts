import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openUndoStore, type UndoStore, type UndoStoreOptions } from '../../../src/host/undo/undo-store.ts';
import { picture } from './undo-random.ts';

let base: string;
let root: string;
let dataDir: string;
let stores: UndoStore[];
beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'undo-store-')));
  root = join(base, 'work');
  dataDir = join(base, 'data');
  stores = [];
  mkdirSync(root);
});
afterEach(async () => {
  for (const store of stores) await store.close();
  rmSync(base, { recursive: true, force: true });
});

const open = (more: Partial<UndoStoreOptions> = {}): UndoStore => {
  const store = openUndoStore({ root, dataDir, ...more });
  stores.push(store);
  return store;
};
const at = (path: string): string => join(root, path);
const put = (path: string, content: string | Buffer = `${path}\n`): void => {
  mkdirSync(join(at(path), '..'), { recursive: true });
  writeFileSync(at(path), content);
};
const gitDir = (): string => {
  const [name] = readdirSync(join(dataDir, 'undo'));
  return join(dataDir, 'undo', name ?? '');
};
const git = (...args: string[]): string =>
  execFileSync('git', ['--git-dir', gitDir(), ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const takeBack = async (store: UndoStore, before: string, after: string, paths?: string[]) => {
  const range = { before, after, ...(paths ? { paths } : {}) };
  const plan = await store.plan([range], (await store.now([range])).snapshot);
  await store.restore(plan);
  return plan;
};

describe('a snapshot', () => {
  it('is the same for the same content, and another one for another mode', async () => {
    const store = open();
    put('a');
    const first = await store.snapshot();
    rmSync(at('a'));
    put('a');
    expect(await store.snapshot()).toBe(first);
    chmodSync(at('a'), 0o600);
    const other = await store.snapshot();
    expect(other).not.toBe(first);
    expect(await store.changes(first, other)).toEqual([{ path: 'a', kind: 'mode', what: 'file' }]);
  });

  it('holds objects that git can read', async () => {
    const store = open();
    put('src/a', 'hello\r\n');
    put('.gitattributes', '* text eol=lf\n');
    for (let count = 0; count < 300; count += 1) put(`many/${count}`);
    mkdirSync(at('empty'));
    symlinkSync('nowhere', at('link'));
    const id = await store.snapshot();
    expect(git('cat-file', '-t', id).trim()).toBe('tree');
    expect(git('cat-file', 'blob', `${id}:root/src/a`)).toBe('hello\r\n');
    expect(git('cat-file', 'blob', `${id}:root/many/299`)).toBe('many/299\n');
    expect(git('ls-tree', `${id}:root`)).toMatch(/^120000 blob .*\tlink$/m);
    git('fsck', '--strict', '--no-dangling');
    git('verify-pack', join(gitDir(), 'objects/pack', readdirSync(join(gitDir(), 'objects/pack')).sort()[0] ?? ''));
  });

  it('sees a change of the same size in the same moment', async () => {
    const store = open();
    put('a', 'aaa');
    const { atime, mtime } = statSync(at('a'));
    const first = await store.snapshot();
    writeFileSync(at('a'), 'bbb');
    utimesSync(at('a'), atime, mtime);
    expect(await store.snapshot()).not.toBe(first);
  });

  it('writes nothing to the workspace, and does not follow links', async () => {
    const store = open();
    symlinkSync('/', at('top'));
    symlinkSync('loop', at('loop'));
    put('a');
    const before = picture(root);
    const id = await store.snapshot();
    expect(picture(root)).toEqual(before);
    expect(git('ls-tree', '-r', `${id}:root`).trim().split('\n')).toHaveLength(3);
  });

  it('says what it leaves out, and a restore does not touch that', async () => {
    put('keep/a');
    put('node_modules/x/index.js');
    put('sub/.venv/bin/python');
    put('big', Buffer.alloc(2000));
    put('own.log');
    put('.git/config');
    put('nested/.git/config');
    execFileSync('mkfifo', [at('pipe')]);
    const store = open({ maxFileBytes: 1000, exclude: ['node_modules/', '.venv', '*.log'] });
    const before = await store.snapshot();
    expect((await store.skipped(before)).map(({ path, why }) => `${path}: ${why}`).sort()).toEqual([
      '.git: the repository of the workspace itself',
      'big: larger than what undo records',
      'node_modules: excluded from undo',
      'own.log: excluded from undo',
      'pipe: a pipe, socket or device',
      'sub/.venv: excluded from undo',
    ]);
    put('keep/b');
    put('keep/node_modules/y');
    appendFileSync(at('big'), 'more');
    rmSync(at('pipe'));
    const after = await store.snapshot();
    const plan = await takeBack(store, before, after);
    expect(plan.changes).toEqual([{ path: 'keep/b', kind: 'deleted', what: 'file' }]);
    expect(plan.notCovered.map(({ path }) => path)).toEqual(['big', 'keep/node_modules', 'pipe']);
    expect(existsSync(at('keep/node_modules/y'))).toBe(true);
    expect(statSync(at('big')).size).toBe(2004);
  });

  it('keeps a folder that holds something left out', async () => {
    const store = open();
    const before = await store.snapshot();
    put('made/a');
    put('made/node_modules/x');
    const plan = await takeBack(store, before, await store.snapshot());
    expect(plan.kept).toMatchObject([{ path: 'made' }]);
    expect(readdirSync(at('made'))).toEqual(['node_modules']);
  });

  it('leaves out our own data when it lies inside', async () => {
    dataDir = at('.cache/data');
    put('a');
    const store = open();
    const first = await store.snapshot();
    expect(await store.snapshot()).toBe(first);
    expect(await store.skipped(first)).toEqual([{ path: '.cache/data', why: 'excluded from undo' }]);
  });

  it('is refused when there is too much, with a hint', async () => {
    for (let count = 0; count < 20; count += 1) put(`d${count}/f`, 'x'.repeat(100));
    const most = { entries: 10, bytes: 1e9 };
    await expect(open({ most }).snapshot()).rejects.toMatchObject({
      code: 'E_SNAPSHOT',
      exitCode: 7,
      hint: expect.stringContaining('undo.exclude') as string,
    });
    await expect(open({ most: { entries: 1000, bytes: 1000 } }).snapshot()).rejects.toMatchObject({
      code: 'E_SNAPSHOT',
    });
    await expect(open().snapshot()).resolves.toMatch(/^[0-9a-f]{40}$/);
  });

  it('of some paths holds only them, and that there is nothing counts', async () => {
    const store = open();
    put('a');
    put('other');
    const paths = ['a', join(root, 'new/deep/b')];
    const before = await store.snapshot(paths);
    put('a', 'changed');
    put('new/deep/b');
    put('other', 'not covered');
    const after = await store.snapshot(paths);
    expect((await store.changes(before, after)).map(({ path, kind }) => `${kind} ${path}`)).toEqual([
      'modified a',
      'added new',
      'added new/deep',
      'added new/deep/b',
    ]);
    await takeBack(store, before, after, paths);
    expect(readFileSync(at('a'), 'utf8')).toBe('a\n');
    expect(existsSync(at('new'))).toBe(false);
    expect(readFileSync(at('other'), 'utf8')).toBe('not covered');
  });

  it('of a file in an excluded folder holds the file', async () => {
    const store = open();
    put('node_modules/x/a');
    const paths = ['node_modules/x/a'];
    const before = await store.snapshot(paths);
    put('node_modules/x/a', 'patched');
    await takeBack(store, before, await store.snapshot(paths), paths);
    expect(readFileSync(at('node_modules/x/a'), 'utf8')).toBe('node_modules/x/a\n');
  });

  it('covers files outside of the root by their paths, and added folders always', async () => {
    const added = join(base, 'added');
    const lone = join(base, 'lone.txt');
    mkdirSync(join(added, 'sub'), { recursive: true });
    writeFileSync(join(added, 'sub/a'), 'a');
    writeFileSync(lone, 'one');
    const store = open({ addedFolders: [added] });
    const [before, beforeLone] = [await store.snapshot(), await store.snapshot([lone])];
    const shape = picture(added);
    rmSync(join(added, 'sub'), { recursive: true });
    writeFileSync(join(added, 'b'), 'b');
    writeFileSync(lone, 'two');
    const [after, afterLone] = [await store.snapshot(), await store.snapshot([lone])];
    // Another process does not know which folders were added.
    const other = open();
    const ranges = [
      { before: beforeLone, after: afterLone, paths: [lone] },
      { before, after },
    ];
    const { snapshot } = await other.now(ranges);
    const plan = await other.plan(ranges, snapshot);
    expect(plan.conflicts).toEqual([]);
    await other.restore(plan);
    expect(picture(added)).toEqual(shape);
    expect(readFileSync(lone, 'utf8')).toBe('one');
  });
});

describe('a plan', () => {
  it('names what somebody changed since, and leaves alone what is right already', async () => {
    const store = open();
    for (const name of ['a', 'b', 'c', 'd']) put(name);
    const before = await store.snapshot();
    for (const name of ['a', 'b', 'c', 'd']) put(name, 'agent');
    const after = await store.snapshot();
    put('a', 'user');
    rmSync(at('b'));
    put('c');
    const plan = await store.plan([{ before, after }], await store.snapshot());
    expect(plan.conflicts).toEqual([
      { path: 'a', why: 'was changed since' },
      { path: 'b', why: 'was deleted since' },
    ]);
    expect(plan.actions.map((action) => action.path)).not.toContain('c');
  });

  it('takes the state as it is now for that after a call that was killed', async () => {
    const store = open();
    put('a');
    put('b');
    const [whole, some] = [await store.snapshot(), await store.snapshot(['a'])];
    put('a', 'half');
    put('b', 'done');
    const now = await store.snapshot();
    const paths = (range: object) =>
      store.plan([{ before: whole, ...range }], now).then((plan) => plan.actions.map((action) => action.path));
    expect(await paths({})).toEqual(['a', 'b']);
    expect(await paths({ before: some, paths: ['a'] })).toEqual(['a']);
  });

  it('refuses to put a file where a folder holds something new', async () => {
    const store = open();
    put('a', 'file');
    const before = await store.snapshot();
    rmSync(at('a'));
    put('a/agent');
    const after = await store.snapshot();
    put('a/user');
    const plan = await store.plan([{ before, after }], await store.snapshot());
    expect(plan.conflicts).toMatchObject([{ path: 'a', why: expect.stringContaining('user') as string }]);
  });

  it('does not write through a link the user put in place of a folder', async () => {
    const store = open();
    const elsewhere = join(base, 'elsewhere');
    mkdirSync(elsewhere);
    put('d/a');
    const before = await store.snapshot();
    put('d/a', 'agent');
    const after = await store.snapshot();
    rmSync(at('d'), { recursive: true });
    symlinkSync(elsewhere, at('d'));
    const now = await store.snapshot();
    expect((await store.plan([{ before, after }], now)).conflicts.map(({ path }) => path)).toContain('d/a');
    await store.restore(await store.plan([{ before, after }], now, { force: true }));
    expect(readdirSync(elsewhere)).toEqual([]);
    expect(readFileSync(at('d/a'), 'utf8')).toBe('d/a\n');
  });

  it('leaves the other name of a hard link as it is', async () => {
    const store = open();
    const twin = join(base, 'twin');
    put('a', 'one');
    linkSync(at('a'), twin);
    const before = await store.snapshot();
    writeFileSync(at('a'), 'two');
    await takeBack(store, before, await store.snapshot());
    expect(readFileSync(at('a'), 'utf8')).toBe('one');
    expect(readFileSync(twin, 'utf8')).toBe('two');
  });
});

describe('the next process', () => {
  it('knows what the last one read', async () => {
    for (let count = 0; count < 50; count += 1) put(`d/${count}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const first = open();
    const id = await first.snapshot();
    await first.close();
    // Unreadable to whoever had to read it again.
    const stats = statSync(at('d/1')).atimeMs;
    const second = open();
    expect(await second.snapshot()).toBe(id);
    expect(statSync(at('d/1')).atimeMs).toBe(stats);
  });

  it('takes a damaged cache for none, and lost objects for gone', async () => {
    put('a');
    const first = open();
    const id = await first.snapshot();
    await first.close();
    const cache = join(gitDir(), 'cache');
    const whole = readFileSync(cache);
    whole.writeUInt8((whole.at(-3) ?? 0) ^ 255, whole.length - 3);
    writeFileSync(cache, whole);
    const second = open();
    expect(await second.snapshot()).toBe(id);
    await second.close();
    rmSync(join(gitDir(), 'objects'), { recursive: true });
    const third = open();
    expect(await third.snapshot()).toBe(id);
    expect(git('cat-file', 'blob', `${id}:root/a`)).toBe('a\n');
  });
});

describe('prune', () => {
  const day = 24 * 60 * 60 * 1000;

  it('forgets what is old, and keeps the rest readable', async () => {
    const store = open();
    for (let count = 0; count < 200; count += 1) put(`d/${count}`, randomBytes(9000));
    const old = await store.snapshot();
    for (let count = 0; count < 200; count += 1) put(`d/${count}`, randomBytes(9000));
    const before = await store.snapshot();
    put('d/1', 'after');
    const after = await store.snapshot();
    const journal = join(gitDir(), 'journal');
    writeFileSync(journal, readFileSync(journal, 'utf8').replace(/^\d+(?= .*)/m, String(Date.now() - 8 * day)));
    const pruned = await store.prune({ keepDays: 7, maxBytes: 1e9 });
    expect(pruned).toMatchObject({ kept: 2, dropped: 1 });
    expect(pruned?.bytesAfter).toBeLessThan((pruned?.bytesBefore ?? 0) * 0.7);
    expect([store.has(old), store.has(before)]).toEqual([false, true]);
    await expect(store.changes(old, after)).rejects.toMatchObject({ code: 'E_UNDO_PRUNED' });
    expect(await store.changes(before, after)).toMatchObject([{ path: 'd/1' }]);
    git('fsck', '--strict', '--no-dangling');
    expect(await open().snapshot()).toBe(after);
    await takeBack(store, before, after);
    expect(await store.snapshot()).toBe(before);
  });

  it('forgets the oldest until the rest is small enough, but never the newest', async () => {
    const store = open();
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      put('a', `${Math.random()}`.repeat(4000).slice(count));
      ids.push(await store.snapshot());
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    const all = (await store.prune({ keepDays: 7, maxBytes: 1e9 }))?.bytesAfter ?? 0;
    await store.prune({ keepDays: 7, maxBytes: all * 0.7 });
    const left = ids.map((id) => store.has(id));
    expect(left.at(-1)).toBe(true);
    expect(left[0]).toBe(false);
    await store.prune({ keepDays: 7, maxBytes: 1 });
    expect(ids.map((id) => store.has(id))).toEqual([false, false, false, false, true]);
    await store.prune({ keepDays: 7, maxBytes: 1, live: [ids[4] ?? ''], now: Date.now() + 30 * day });
    expect(store.has(ids[4] ?? '')).toBe(true);
  });

  it('takes nothing away from a process that goes on', async () => {
    const running = open();
    put('a', 'first');
    put('b');
    await running.snapshot();
    const other = open();
    expect(await other.prune({ keepDays: 0, maxBytes: 1e9, now: Date.now() + 1000 })).toMatchObject({ kept: 0 });
    const id = await running.snapshot();
    expect(git('cat-file', 'blob', `${id}:root/a`)).toBe('first');
    git('fsck', '--strict', '--no-dangling');
  });

  it('happens by itself once a day, when the store is closed', async () => {
    const store = open({ keep: { days: 0.0001, bytes: 1e9 } });
    put('a');
    const id = await store.snapshot();
    const journal = join(gitDir(), 'journal');
    writeFileSync(journal, `\n${Date.now() - day} ${id}\n`);
    const yesterday = new Date(Date.now() - 2 * day);
    utimesSync(join(gitDir(), 'HEAD'), yesterday, yesterday);
    await store.close();
    expect(open().has(id)).toBe(false);
  });
});

describe('trouble', () => {
  it('refuses when the store cannot be written', async () => {
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, 'undo'), 'in the way');
    await expect(open().snapshot()).rejects.toMatchObject({ code: 'E_SNAPSHOT', exitCode: 7 });
  });

  it('refuses when the disk is full, and goes on when there is room again', async (context) => {
    mkdirSync(dataDir);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dataDir], { stdio: 'ignore' });
    } catch {
      context.skip('nothing can be mounted here');
    }
    try {
      const store = open();
      put('a');
      const before = await store.snapshot();
      const noise = execFileSync('head', ['-c', '3000000', '/dev/urandom'], { maxBuffer: 4e6 });
      put('noise', noise);
      for (let count = 0; count < 2; count += 1)
        await expect(store.snapshot()).rejects.toMatchObject({
          code: 'E_SNAPSHOT',
          hint: expect.stringContaining('room') as string,
        });
      rmSync(at('noise'));
      put('b');
      const after = await store.snapshot();
      await takeBack(store, before, after);
      expect(await store.snapshot()).toBe(before);
      git('fsck', '--strict', '--no-dangling');
      await store.close();
    } finally {
      execFileSync('umount', [dataDir]);
    }
  });

  it('restores nothing when the workspace has no room for it', async (context) => {
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', root], { stdio: 'ignore' });
    } catch {
      context.skip('nothing can be mounted here');
    }
    try {
      const store = open();
      put('a', Buffer.alloc(600_000, 1));
      const before = await store.snapshot();
      rmSync(at('a'));
      const after = await store.snapshot();
      put('mine', Buffer.alloc(700_000, 2));
      const plan = await store.plan([{ before, after }], await store.snapshot());
      await expect(store.restore(plan)).rejects.toMatchObject({
        code: 'E_UNDO',
        message: expect.stringContaining('no room') as string,
      });
      expect(readdirSync(root)).toEqual(['mine']);
      await store.close();
    } finally {
      execFileSync('umount', [root]);
    }
  });

  it('comes through kills at any moment, and through two at once', { timeout: 60_000 }, async () => {
    for (let count = 0; count < 400; count += 1) put(`d${count % 20}/${count}`, `${count}`.repeat(200));
    const program = join(base, 'snap.mjs');
    await build({
      stdin: {
        contents: `import { openUndoStore } from './src/host/undo/undo-store.ts';
          import { appendFileSync } from 'node:fs';
          const [root, dataDir, own] = process.argv.slice(2);
          for (let round = 0; ; round += 1) {
            const store = openUndoStore({ root, dataDir });
            appendFileSync(root + '/own-' + own, 'x');
            console.log(await store.snapshot());
            await store.close();
          }`,
        resolveDir: join(import.meta.dirname, '../../..'),
        loader: 'ts',
      },
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
    });
    const seen: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      const children = [1, 2].map((own) => spawn(process.execPath, [program, root, dataDir, String(own)]));
      for (const child of children)
        child.stdout.on('data', (data: Buffer) => seen.push(...data.toString().split('\n')));
      // Every other time in the middle of the first snapshot, else of a later one.
      if (round % 2 === 1) await Promise.race(children.map((child) => once(child.stdout, 'data')));
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 400));
      await Promise.all(
        children.map((child) => {
          const gone = once(child, 'exit');
          child.kill('SIGKILL');
          return gone;
        }),
      );
    }
    const ids = [...new Set(seen.filter((id) => /^[0-9a-f]{40}$/.test(id)))];
    expect(ids.length).toBeGreaterThan(2);
    const store = open();
    const before = picture(root);
    const id = await store.snapshot();
    git('fsck', '--strict', '--no-dangling');
    for (const one of ids) git('rev-list', '--objects', '--quiet', one);
    rmSync(at('d1'), { recursive: true });
    renameSync(at('d2'), at('moved'));
    await takeBack(store, id, await store.snapshot());
    expect(picture(root)).toEqual(before);
    await store.prune({ keepDays: 7, maxBytes: 1e9 });
    expect(readdirSync(gitDir()).filter((name) => /^(?:tmp|active)/.test(name))).toEqual([]);
  });
});
