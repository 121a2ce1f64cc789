import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { isToolError, type Sandbox } from 'llm-copilot-agent';
import { beat, isBeating, put, subjects, until, type SubjectOptions } from './sandbox-subjects.ts';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'sandbox-')));
afterAll(() => rmSync(base, { recursive: true, force: true }));
const never = new AbortController().signal;
const limit = { timeoutMs: 10_000 };
let folders = 0;

describe.each(subjects)('the %s sandbox', { timeout: 60_000 }, (name, subject) => {
  if (subject.missing !== undefined) {
    it.skip(`is not here: ${subject.missing}`, () => undefined);
    return;
  }
  const opened: Sandbox[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((sandbox) => sandbox.close()));
  });
  const open = (files: Record<string, string> = {}, more: Partial<SubjectOptions> = {}): Sandbox => {
    const folder = join(base, `${name}-${(folders += 1)}`);
    const root = more.root ?? join(folder, 'work');
    mkdirSync(root, { recursive: true });
    put(root, files);
    const sandbox = subject.open({ dataDir: join(folder, 'data'), ...more, root });
    opened.push(sandbox);
    return sandbox;
  };
  const text = async (sandbox: Sandbox, path: string): Promise<string> =>
    Buffer.from(await sandbox.readFile(path)).toString();

  it('says who it is and what it enforces', () => {
    const sandbox = open();
    expect(sandbox.name).toBe(name);
    expect(realpathSync(sandbox.root)).toBe(sandbox.root);
    expect(sandbox.scratch.startsWith(sandbox.root)).toBe(false);
    expect(Object.keys(sandbox.enforces()).sort()).toEqual(['cpu', 'fs', 'memory', 'net', 'pids', 'user']);
    if (name === 'local') expect(Object.values(sandbox.enforces())).not.toContain(true);
    else expect(sandbox.enforces()).toMatchObject({ fs: true, net: true, pids: true, user: true });
  });

  describe('resolve', () => {
    it('makes relative paths absolute and takes .. lexically', async () => {
      const sandbox = open({ 'a/b.txt': '' });
      expect(await sandbox.resolve('a/b.txt')).toBe(join(sandbox.root, 'a/b.txt'));
      expect(await sandbox.resolve('a/../../x')).toBe(join(sandbox.root, '..', 'x'));
      expect(await sandbox.resolve('/')).toBe('/');
      expect(await sandbox.resolve('')).toBe(sandbox.root);
    });

    it('keeps what does not exist', async () => {
      const sandbox = open({ file: '' });
      expect(await sandbox.resolve('no/such/file')).toBe(join(sandbox.root, 'no/such/file'));
      expect(await sandbox.resolve('file/below')).toBe(join(sandbox.root, 'file/below'));
    });

    it('unmasks links that lead out, also through missing parts, dangling links and chains', async () => {
      const sandbox = open();
      const outside = join(sandbox.root, '..', 'outside');
      mkdirSync(outside);
      symlinkSync('../outside', join(sandbox.root, 'folder'));
      symlinkSync('../outside/new', join(sandbox.root, 'dangling'));
      symlinkSync('dangling', join(sandbox.root, 'chain'));
      expect(await sandbox.resolve('folder/sub/file')).toBe(join(outside, 'sub/file'));
      expect(await sandbox.resolve('dangling')).toBe(join(outside, 'new'));
      expect(await sandbox.resolve('chain/below')).toBe(join(outside, 'new/below'));
    });

    it('ends on links that lead in a circle, and refuses null bytes', async () => {
      const sandbox = open();
      symlinkSync('two', join(sandbox.root, 'one'));
      symlinkSync('one', join(sandbox.root, 'two'));
      expect(await sandbox.resolve('one')).toMatch(/one|two/);
      await expect(sandbox.readFile('one')).rejects.toThrow(/too many symbolic links/);
      await expect(sandbox.resolve('a\0b')).rejects.toSatisfy(isToolError);
    });
  });

  describe('files', () => {
    it('are told apart, and nothing is undefined', async () => {
      const sandbox = open({ file: 'abc', 'folder/x': '' });
      execFileSync('mkfifo', [join(sandbox.root, 'pipe')]);
      expect(await sandbox.stat('file')).toEqual({ kind: 'file', size: 3 });
      expect(await sandbox.stat('folder')).toMatchObject({ kind: 'directory' });
      expect(await sandbox.stat('pipe')).toMatchObject({ kind: 'other' });
      expect(await sandbox.stat('nothing')).toBeUndefined();
      expect(await sandbox.stat('file/below')).toBeUndefined();
      await expect(sandbox.stat('x'.repeat(300))).rejects.toThrow(/the name is too long/);
    });

    it('are listed sorted, folders with a slash', async () => {
      const sandbox = open({ b: '', 'a/x': '', '.hidden': '' });
      symlinkSync('a', join(sandbox.root, 'link'));
      expect(await sandbox.list('.')).toEqual(['.hidden', 'a/', 'b', 'link']);
      await expect(sandbox.list('b')).rejects.toThrow(/is not a directory/);
      await expect(sandbox.list('nothing')).rejects.toSatisfy(isToolError);
    });

    it('are read whole or in part', async () => {
      const sandbox = open({ file: '0123456789' });
      expect(await text(sandbox, 'file')).toBe('0123456789');
      const part = await sandbox.readFile('file', { offsetBytes: 8, limitBytes: 10 });
      expect(Buffer.from(part).toString()).toBe('89');
      expect(await sandbox.readFile('file', { offsetBytes: 20, limitBytes: 10 })).toHaveLength(0);
    });

    it('that cannot be read are refused with the reason, a pipe without waiting for its writer', async () => {
      const sandbox = open({ 'folder/x': '' });
      execFileSync('mkfifo', [join(sandbox.root, 'pipe')]);
      const refusals: [string, RegExp][] = [
        ['nothing', /nothing: no such file/],
        ['folder', /is a directory/],
        ['pipe', /not a regular file/],
        ['/dev/zero', /not a regular file/],
        ['folder/x/below', /no such file|below a file/],
      ];
      for (const [path, reason] of refusals) {
        const failure = await sandbox.readFile(path).catch((error: unknown) => error);
        expect(failure).toSatisfy(isToolError);
        expect((failure as Error).message).toMatch(reason);
      }
    });

    it('are written whole, with folders, keeping mode and links, leaving nothing else behind', async () => {
      const sandbox = open({ 'script.sh': 'old' });
      chmodSync(join(sandbox.root, 'script.sh'), 0o750);
      symlinkSync('script.sh', join(sandbox.root, 'link'));
      await sandbox.writeFile('link', 'new');
      await sandbox.writeFile('a/b/c.bin', Uint8Array.from([0, 255]));
      expect(readFileSync(join(sandbox.root, 'script.sh'), 'utf8')).toBe('new');
      expect(statSync(join(sandbox.root, 'script.sh')).mode & 0o777).toBe(0o750);
      expect([...readFileSync(join(sandbox.root, 'a/b/c.bin'))]).toEqual([0, 255]);
      expect(readdirSync(sandbox.root).sort()).toEqual(['a', 'link', 'script.sh']);
    });

    it('get the default mode when they are new, and land where a dangling link points', async () => {
      const sandbox = open({ reference: '' });
      await sandbox.writeFile('new', '');
      expect(statSync(join(sandbox.root, 'new')).mode).toBe(statSync(join(sandbox.root, 'reference')).mode);
      symlinkSync('sub/target', join(sandbox.root, 'dangling'));
      await sandbox.writeFile('dangling', 'x');
      expect(readFileSync(join(sandbox.root, 'sub/target'), 'utf8')).toBe('x');
    });

    it.skipIf(process.getuid?.() !== 0)('keep their owner', async () => {
      const sandbox = open({ file: '' });
      execFileSync('chown', ['1234:1235', join(sandbox.root, 'file')]);
      await sandbox.writeFile('file', 'x');
      expect(statSync(join(sandbox.root, 'file'))).toMatchObject({ uid: 1234, gid: 1235 });
    });

    it('that cannot be written are refused and left alone', async () => {
      const sandbox = open({ 'folder/x': 'x' });
      execFileSync('mkfifo', [join(sandbox.root, 'pipe')]);
      await expect(sandbox.writeFile('folder', '')).rejects.toThrow(/is a directory/);
      await expect(sandbox.writeFile('pipe', '')).rejects.toThrow(/not a regular file/);
      await expect(sandbox.writeFile('folder/x/below', '')).rejects.toSatisfy(isToolError);
      await expect(sandbox.writeFile('y'.repeat(300), '')).rejects.toThrow(/the name is too long/);
      await expect(sandbox.writeFile('/proc/nothing', '')).rejects.toSatisfy(isToolError);
      expect(readdirSync(sandbox.root).sort()).toEqual(['folder', 'pipe']);
    });
  });

  describe('exec', () => {
    it('runs in the root or another folder, with the environment given and nothing that waits for a terminal', async () => {
      const sandbox = open({ 'sub/x': '' }, { env: { PATH: process.env.PATH, ONE: '1' } });
      const result = await sandbox.exec(
        'pwd; echo $ONE $TWO $THREE; echo $GIT_TERMINAL_PROMPT $GIT_EDITOR $PAGER',
        { ...limit, env: { TWO: '2' } },
        never,
      );
      expect(result).toMatchObject({ exitCode: 0, output: `${sandbox.root}\n1 2\n0 true cat\n` });
      expect((await sandbox.exec(['pwd'], { ...limit, cwd: 'sub' }, never)).output).toBe(
        `${join(sandbox.root, 'sub')}\n`,
      );
    });

    it('kills on the time limit and on abort', async () => {
      const sandbox = open();
      expect(await sandbox.exec('sleep 60', { timeoutMs: 50 }, never)).toMatchObject({ timedOut: true });
      const controller = new AbortController();
      setTimeout(() => controller.abort(new Error('enough')), 30);
      await expect(sandbox.exec('sleep 60', limit, controller.signal)).rejects.toThrow('enough');
      await expect(sandbox.exec('true', limit, controller.signal)).rejects.toThrow('enough');
    });

    it('puts long output into the scratch folder, readable until the end', async () => {
      const sandbox = open();
      const { outputFile = '', output } = await sandbox.exec('seq 1 1000', { ...limit, maxOutputBytes: 100 }, never);
      expect(outputFile.startsWith(sandbox.scratch)).toBe(true);
      expect(output).toContain(outputFile);
      expect(await text(sandbox, outputFile)).toMatch(/^1\n[^]*1000\n$/);
      await sandbox.close();
      expect(existsSync(sandbox.scratch)).toBe(false);
    });

    it('refuses a program that does not exist', async () => {
      const outcome = await open()
        .exec(['no-such-program'], limit, never)
        .catch((error: unknown) => error);
      // A container finds out only when it looks inside.
      if (name === 'docker') expect(outcome).toMatchObject({ exitCode: 127 });
      else expect(outcome).toSatisfy(isToolError);
    });
  });

  describe('background commands', () => {
    it('are read piece by piece and found by id', async () => {
      const sandbox = open();
      const job = await sandbox.start('echo one; until [ -e go ]; do sleep 0.02; done; echo two; exit 3');
      let seen = '';
      await until(() => (seen += job.read()) === 'one\n');
      expect(job.result()).toBeUndefined();
      expect(sandbox.background(job.id)).toBe(job);
      expect(sandbox.background('nobody')).toBeUndefined();
      writeFileSync(join(sandbox.root, 'go'), '');
      await until(() => job.result() !== undefined);
      expect(job.read()).toBe('two\n');
      expect(job.read()).toBe('');
      expect(job.result()).toMatchObject({ exitCode: 3, output: 'one\ntwo\n' });
      expect(await job.stop()).toMatchObject({ exitCode: 3 });
    });

    it('keep head and tail of what nobody read, and name the file with the whole', async () => {
      const sandbox = open();
      const job = await sandbox.start('seq 1 20000');
      await until(() => job.result() !== undefined);
      expect(job.read()).toMatch(/^1\n[^]*bytes left out; the whole output is in [^]*20000\n$/);
    });

    it('are stopped with everything they started', async () => {
      const sandbox = open();
      const job = await sandbox.start(`${beat('inner')} & ${beat('outer')}`);
      await until(() => ['inner', 'outer'].every((file) => existsSync(join(sandbox.root, file))));
      expect(await job.stop()).toMatchObject({ signal: 'SIGTERM', timedOut: false });
      for (const file of ['inner', 'outer']) expect(await isBeating(join(sandbox.root, file))).toBe(false);
    });

    it('end with the sandbox, and so do processes a command left behind, in its group or not', async () => {
      const sandbox = open();
      await sandbox.start(beat('job'));
      await sandbox.exec(`( ${beat('left')} ) >/dev/null 2>&1 &`, limit, never);
      await sandbox.exec(`setsid sh -c '${beat('away')}' >/dev/null 2>&1 & sleep 0.1`, limit, never);
      await until(() => existsSync(join(sandbox.root, 'job')));
      expect(await isBeating(join(sandbox.root, 'job'))).toBe(true);
      await sandbox.close();
      await sandbox.close();
      for (const file of readdirSync(sandbox.root)) expect(await isBeating(join(sandbox.root, file))).toBe(false);
      await expect(sandbox.exec('true', limit, never)).rejects.toThrow(/closed/);
    });
  });

  describe('digest and origin', () => {
    it('origin is unknown before the first effect, and the state before it afterwards', async () => {
      const sandbox = open({ a: '1' });
      const before = await sandbox.digest();
      await sandbox.readFile('a');
      await sandbox.exec('true', { ...limit, readOnly: true }, never);
      expect(await sandbox.origin()).toBeUndefined();
      await sandbox.writeFile('a', '2');
      expect(await sandbox.origin()).toBe(before);
      await sandbox.exec('echo 3 > a', limit, never);
      expect(await sandbox.origin()).toBe(before);
      const now = await sandbox.digest();
      expect(await sandbox.changes(before, now)).toEqual([{ kind: 'modified', path: 'a' }]);
      expect(await sandbox.diff(before, now)).toContain('-1\n');
    });

    it('first effects at the same time share one origin', async () => {
      const sandbox = open({ a: '1' });
      const before = await sandbox.digest();
      await Promise.all([
        sandbox.writeFile('a', '2'),
        sandbox.writeFile('b', '2'),
        sandbox.exec('echo x > c', limit, never),
        sandbox.start('echo y > d'),
      ]);
      expect(await sandbox.origin()).toBe(before);
    });

    it('a failure is kept for origin, while the effect itself goes on', async () => {
      const path = process.env.PATH;
      process.env.PATH = '/nowhere';
      const sandbox = open({ a: '1' });
      try {
        await sandbox.writeFile('a', '2');
      } finally {
        process.env.PATH = path;
      }
      expect(await text(sandbox, 'a')).toBe('2');
      await expect(sandbox.origin()).rejects.toMatchObject({ code: 'E_SNAPSHOT' });
      await expect(sandbox.origin()).rejects.toMatchObject({ exitCode: 7 });
    });

    it('can be switched off', async () => {
      const sandbox = open({ a: '1' }, { snapshots: false });
      await sandbox.writeFile('a', '2');
      expect(await sandbox.origin()).toBeUndefined();
      await expect(sandbox.digest()).rejects.toMatchObject({ code: 'E_SNAPSHOT' });
      await expect(sandbox.copyOf('0'.repeat(40))).rejects.toMatchObject({ code: 'E_SNAPSHOT' });
    });

    it('an abort while the origin is taken is obeyed at once', async () => {
      const sandbox = open(Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`f${index}`, `${index}`])));
      const controller = new AbortController();
      const running = sandbox.exec('touch ran', limit, controller.signal);
      controller.abort(new Error('early'));
      await expect(running).rejects.toThrow('early');
      expect(existsSync(join(sandbox.root, 'ran'))).toBe(false);
    });
  });

  describe('a copy', () => {
    it('is the workspace as it was, with ignored dependency folders linked in', async () => {
      const sandbox = open({
        '.gitignore': 'node_modules/\n/secret\n.venv\n',
        a: 'then\n',
        'packages/p/x': 'x',
        'node_modules/m/index.js': 'm',
        'packages/p/node_modules/n/index.js': 'n',
        'gone/node_modules/o.js': 'o',
        'secret/s': 's',
      });
      const digest = await sandbox.digest();
      await sandbox.writeFile('a', 'now\n');
      const copy = await sandbox.copyOf(digest);
      expect(await text(copy, 'a')).toBe('then\n');
      expect(await text(copy, 'node_modules/m/index.js')).toBe('m');
      expect(await text(copy, 'packages/p/node_modules/n/index.js')).toBe('n');
      expect(await copy.stat('secret')).toBeUndefined();
      expect(await copy.stat('gone')).toBeUndefined();
      expect(await copy.origin()).toBe(digest);
      expect(await copy.digest()).toBe(digest);
      expect((await copy.exec('cat a; echo changed > a', limit, never)).output).toBe('then\n');
      expect(await copy.changes(digest, await copy.digest())).toEqual([{ kind: 'modified', path: 'a' }]);
      expect(await text(sandbox, 'a')).toBe('now\n');
      await copy.close();
      expect(existsSync(copy.root)).toBe(false);
      expect(await text(sandbox, 'node_modules/m/index.js')).toBe('m');
    });

    it('ends with the sandbox it was made from', async () => {
      const sandbox = open({ a: '1' });
      const copy = await sandbox.copyOf(await sandbox.digest());
      const job = await copy.start('sleep 60');
      await sandbox.close();
      expect(job.result()).toBeDefined();
      expect(existsSync(copy.root)).toBe(false);
    });

    it('cannot be made of a state nobody recorded', async () => {
      await expect(open({ a: '1' }).copyOf('f'.repeat(40))).rejects.toMatchObject({ code: 'E_SNAPSHOT' });
    });
  });

  it('sweeps scratch folders of processes that died a day ago', async () => {
    const sandbox = open();
    const all = dirname(sandbox.scratch);
    put(all, { '999999999-dead/x': '', '999999998-young/x': '', '1-alive/x': '' });
    for (const old of ['999999999-dead', '1-alive']) utimesSync(join(all, old), 1, 1);
    await sandbox.exec('seq 1 100', { ...limit, maxOutputBytes: 10 }, never);
    expect(
      readdirSync(all)
        .filter((entry) => !entry.startsWith(`${process.pid}-`))
        .sort(),
    ).toEqual(['1-alive', '999999998-young']);
  });
});
