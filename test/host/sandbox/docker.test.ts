import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ExecResult } from '../../../src/core/sandbox.ts';
import { hasImage } from '../../../src/host/sandbox/docker-image.ts';
import { dockerLauncher } from '../../../src/host/sandbox/docker-launcher.ts';
import { probeDocker } from '../../../src/host/sandbox/docker-cli.ts';
import { pruneContainers } from '../../../src/host/sandbox/docker-prune.ts';
import type { Confinement, Launcher, PathRules } from '../../../src/host/sandbox/launcher.ts';
import { startProcess } from '../../../src/host/sandbox/process.ts';
import { dockerAvailable, testImage } from '../../support/docker.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'docker-test-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open = new Set<Launcher>();
afterEach(async () => {
  await Promise.all([...open].map((launcher) => launcher.close()));
  open.clear();
});

let count = 0;
const workspace = (): string => {
  const root = join(folder, `work-${(count += 1)}`);
  mkdirSync(root);
  return root;
};
const confinement = (root: string, more: Partial<Confinement> = {}): Confinement => ({
  ...{ root, dataDir: join(folder, 'data'), folders: [], allowedHosts: [], limits: {}, context: 'shared' },
  ...more,
});
const launcherFor = (root: string, more: Partial<Confinement> = {}, image = testImage() ?? ''): Launcher => {
  const launcher = dockerLauncher(confinement(root, more), { image });
  open.add(launcher);
  return launcher;
};
/** Starts a command and gives its end, as a sandbox does. */
const begin = async (
  launcher: Launcher,
  command: string | readonly string[],
  options: { cwd: string; timeoutMs?: number; env?: Record<string, string | undefined> },
) => {
  const { cwd, env = {}, timeoutMs } = options;
  const { argv, ...launch } = await launcher.launch(command, { cwd, env });
  return startProcess(argv, {
    ...launch,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    newFile: () => join(folder, `output-${(count += 1)}`),
  });
};
const runner =
  (launcher: Launcher, cwd: string) =>
  async (
    command: string | readonly string[],
    more: { timeoutMs?: number; env?: Record<string, string> } = {},
  ): Promise<ExecResult> =>
    (await begin(launcher, command, { cwd, ...more })).done;

const docker = (...args: string[]): string => execFileSync('docker', args, { encoding: 'utf8', timeout: 20_000 });
const ours = (): string[] =>
  docker('ps', '--all', '--filter', `label=llm-copilot`, '--format', '{{.Names}} {{.Label "llm-copilot"}}')
    .split('\n')
    .filter((line) => line.includes(` ${process.pid}/`));
/** Command lines of this machine's processes: those in containers are among them. */
const commandLines = (): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    });
const isRunningHere = (mark: string): boolean => commandLines().some((line) => line.includes(mark));
/** A sleep nobody else on this machine sleeps. */
const nap = (seconds: number): string => `sleep ${seconds}.${process.pid}`;
const eventually = async (what: () => boolean, withinMs = 8000): Promise<boolean> => {
  for (const until = Date.now() + withinMs; Date.now() < until; await new Promise((next) => setTimeout(next, 50)))
    if (what()) return true;
  return what();
};
const hiding = (root: string, matches: (path: string) => boolean): PathRules => ({ bases: [root], matches });

describe.skipIf(!dockerAvailable())('the docker launcher', { timeout: 60_000 }, () => {
  beforeAll(() => void testImage(), 90_000);

  it('starts one container at the first command, which ends with the launcher', async () => {
    const root = workspace();
    const launcher = launcherFor(root);
    expect(ours()).toEqual([]);
    const run = runner(launcher, root);
    expect(await run('echo one > file; cat file')).toMatchObject({ exitCode: 0, output: 'one\n' });
    expect(await run(['cat', 'file'])).toMatchObject({ exitCode: 0, output: 'one\n' });
    expect(readFileSync(join(root, 'file'), 'utf8')).toBe('one\n');
    expect(ours()).toHaveLength(1);
    await launcher.close();
    expect(ours()).toEqual([]);
    await launcher.close();
  });

  it('starts only one when the first commands come at the same time', async () => {
    const root = workspace();
    const run = runner(launcherFor(root), root);
    const results = await Promise.all(['echo 1', 'echo 2', 'echo 3'].map((command) => run(command)));
    expect(results.map(({ output }) => output)).toEqual(['1\n', '2\n', '3\n']);
    expect(ours()).toHaveLength(1);
  });

  it('gives exit code, the order of both outputs, and a program its arguments as they are', async () => {
    const root = workspace();
    const run = runner(launcherFor(root), root);
    const result = await run('for i in 1 2 3; do echo out $i; echo err $i >&2; done; exit 3');
    expect(result).toMatchObject({ exitCode: 3, output: 'out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n' });
    expect((await run(['printf', '%s|', 'a b', '$HOME', '*', ''])).output).toBe('a b|$HOME|*||');
    expect((await run('[[ -n $BASH_VERSION ]] && cat; echo read $?')).output).toBe('read 0\n');
    expect(await run(['no-such-program'])).toMatchObject({ exitCode: 127 });
  });

  it('binds folders at their own paths, whatever characters they hold', async () => {
    const root = join(workspace(), 'a, "b" ü:c');
    mkdirSync(root);
    const [readable, writable] = [workspace(), workspace()];
    writeFileSync(join(readable, 'file'), 'there\n');
    const run = runner(
      launcherFor(root, {
        folders: [
          { path: readable, access: 'read' },
          { path: writable, access: 'write' },
        ],
      }),
      root,
    );
    expect((await run('pwd')).output).toBe(`${root}\n`);
    expect(
      (await run(`cat ${readable}/file; echo x > ${readable}/new; echo $?; echo x > ${writable}/new`)).output,
    ).toMatch(/^there\n.*Read-only file system\n1\n$/);
    expect(existsSync(join(writable, 'new'))).toBe(true);
  });

  it('has a read-only system, a writable home and /tmp, no network, no capabilities, and our user', async () => {
    const root = workspace();
    const run = runner(launcherFor(root), root);
    const { output } = await run(
      'touch /usr/x /x 2>/dev/null; echo $?; touch ~/x /tmp/only-inside; echo $?; ls /sys/class/net; id -u; grep -E "CapEff|CapBnd|NoNewPrivs" /proc/self/status',
    );
    expect(output).toBe(
      `1\n0\nlo\n${process.getuid?.()}\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nNoNewPrivs:\t1\n`,
    );
    expect(existsSync('/tmp/only-inside')).toBe(false);
  });

  it('shows commands neither this machine’s files nor its processes', async () => {
    const root = workspace();
    const secret = join(folder, 'outside');
    writeFileSync(secret, 'SECRET');
    const launcher = launcherFor(root);
    const run = runner(launcher, root);
    symlinkSync(secret, join(root, 'link'));
    expect((await run(`cat ${secret} link /proc/1/root${secret}; ls ${folder}/data`)).output).not.toContain('SECRET');
    expect((await run('ps -ef')).output).not.toContain('vitest');
  });

  it('keeps commands from what runs outside later: git’s hooks and configuration, and our own', async () => {
    const root = workspace();
    execFileSync('git', ['init', '--quiet', root]);
    mkdirSync(join(root, '.llm-copilot'));
    writeFileSync(join(root, '.llm-copilot/config.yaml'), '');
    const run = runner(launcherFor(root), root);
    const { output } = await run(
      'echo a > .git/hooks/pre-commit; git config a.b c; echo x >> .llm-copilot/config.yaml; mv .git .git2; mv .llm-copilot x; echo a > file; git add file && git -c user.name=a -c user.email=b commit -qm one && git log --oneline | wc -l',
    );
    expect(output.trim().split('\n').at(-1)).toBe('1');
    expect(readFileSync(join(root, '.git/config'), 'utf8')).not.toContain('[a]');
    expect(readdirSync(join(root, '.git/hooks')).filter((name) => !name.endsWith('.sample'))).toEqual([]);
    expect(readFileSync(join(root, '.llm-copilot/config.yaml'), 'utf8')).toBe('');
  });

  it('hides what rules hide, by every name it has', async () => {
    const root = workspace();
    mkdirSync(join(root, 'private'));
    writeFileSync(join(root, '.env'), 'SECRET=1');
    writeFileSync(join(root, 'private/key'), 'SECRET=2');
    symlinkSync('.env', join(root, 'link'));
    const hidden = hiding(root, (path) => path.endsWith('/.env') || path === join(root, 'private'));
    const run = runner(launcherFor(root, { hidden }), root);
    const { output } = await run(
      'cat .env link private/key; cp .env copy; cat copy; mv .env other; cat other; rm -f .env; ln .env hard; cat hard; chmod 777 .env private; cat .env; tar cf - . | cat',
    );
    expect(output).not.toContain('SECRET');
    expect(readFileSync(join(root, '.env'), 'utf8')).toBe('SECRET=1');
  });

  it('hides what rules hide in git’s history too', async () => {
    const root = workspace();
    const git = (...args: string[]): unknown =>
      execFileSync('git', ['-C', root, '-c', 'user.name=a', '-c', 'user.email=b@example.invalid', ...args]);
    writeFileSync(join(root, '.env'), 'SECRET=1');
    git('init', '--quiet');
    git('add', '.');
    git('commit', '--quiet', '-m', 'one');
    const hidden = hiding(root, (path) => path.endsWith('/.env'));
    const run = runner(launcherFor(root, { hidden }), root);
    const { output } = await run(
      'git show HEAD:.env; git log -p; git cat-file --batch-all-objects --batch; git log --oneline',
    );
    expect(output).not.toContain('SECRET');
    expect(output).toContain('one');
  });

  it('guards repositories below the workspace and in added folders, and git works where packs hold a hidden file', async () => {
    const root = workspace();
    const added = workspace();
    const as = ['-c', 'user.name=a', '-c', 'user.email=b@example.invalid'];
    const places = [join(root, 'inner'), added];
    for (const place of places) {
      mkdirSync(place, { recursive: true });
      writeFileSync(join(place, '.env'), 'SECRET=1');
      execFileSync('git', ['init', '--quiet', place]);
      execFileSync('git', ['-C', place, 'add', '.']);
      execFileSync('git', ['-C', place, ...as, 'commit', '--quiet', '-m', 'one']);
      execFileSync('git', ['-C', place, 'gc', '--quiet']);
    }
    const rules: PathRules = { bases: [root, added], matches: (path) => path.endsWith('/.env') };
    const launcher = launcherFor(root, { hidden: rules, folders: [{ path: added, access: 'write' }] });
    const run = runner(launcher, root);
    for (const place of places) {
      const { output } = await run(
        `cd ${place}; git show HEAD:.env; git log -p; echo a > .git/hooks/pre-commit; git config a.b c; echo a > file; git add file && git ${as.join(' ')} commit -qm two && git log --format=%s; echo ../evil > .git/commondir`,
      );
      expect(output).not.toContain('SECRET');
      expect(output).toMatch(/two\none\n$/);
      expect(readFileSync(join(place, '.git/config'), 'utf8')).not.toContain('[a]');
      expect(existsSync(join(place, '.git/hooks/pre-commit'))).toBe(false);
      expect(existsSync(join(place, '.git/commondir'))).toBe(false);
      expect(launcher.notices?.()).toContainEqual(expect.stringContaining(join(place, '.git/commondir')));
    }
  });

  it('hides what appears or is replaced between commands, in a new container', async () => {
    const root = workspace();
    const hidden = hiding(root, (path) => path.endsWith('/.env'));
    const run = runner(launcherFor(root, { hidden }), root);
    await run('true');
    writeFileSync(join(root, '.env'), 'SECRET=1');
    expect((await run('cat .env')).output).not.toContain('SECRET');
    writeFileSync(join(root, 'new'), 'SECRET=2');
    renameSync(join(root, 'new'), join(root, '.env'));
    expect((await run('cat .env')).output).not.toContain('SECRET');
    expect(ours()).toHaveLength(1);
  });

  it('refuses the next command when something must be hidden while another runs', async () => {
    const root = workspace();
    const hidden = hiding(root, (path) => path.endsWith('/.env'));
    const launcher = launcherFor(root, { hidden });
    const run = runner(launcher, root);
    await run('sleep 300 >/dev/null 2>&1 &');
    writeFileSync(join(root, '.env'), 'SECRET=1');
    await expect(run('cat .env')).rejects.toMatchObject({ code: 'E_SANDBOX', exitCode: 7 });
    await launcher.endProcesses?.();
    expect((await run('cat .env')).output).toContain('Permission denied');
  });

  it('never shows the data folder, though it lies in the workspace', async () => {
    const root = workspace();
    const dataDir = join(root, 'data');
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, 'log'), 'SECRET');
    const run = runner(launcherFor(root, { dataDir }), root);
    expect((await run('cat data/log; ls data; echo x > data/x')).output).not.toContain('SECRET');
    expect(existsSync(join(dataDir, 'x'))).toBe(false);
  });

  it('keeps rules’ read-only paths, also when a folder above them is moved', async () => {
    const root = workspace();
    mkdirSync(join(root, 'a/b'), { recursive: true });
    writeFileSync(join(root, 'a/b/kept'), 'as it was');
    const readOnly = hiding(root, (path) => path.endsWith('/kept'));
    const run = runner(launcherFor(root, { readOnly }), root);
    await run('echo x > a/b/kept; rm a/b/kept; mv a c; mv a/b a/d; mkdir -p a/b; echo x > a/b/kept; cat a/b/kept');
    expect(readFileSync(join(root, 'a/b/kept'), 'utf8')).toBe('as it was');
  });

  it('hands the environment on without this machine’s places, and shows no value to other users', async () => {
    const root = workspace();
    const launcher = launcherFor(root);
    const place = { cwd: root, env: { ...process.env, PATH: '/nowhere', NVM_DIR: '/x', GREETING: 'h i', EMPTY: '' } };
    const { argv } = await launcher.launch('true', place);
    expect(argv.join(' ')).not.toContain('h i');
    const { output } = await (
      await begin(launcher, 'echo "$GREETING|$EMPTY|$HOME|$NVM_DIR"; command -v cat', { cwd: root, env: place.env })
    ).done;
    expect(output).toBe('h i||/tmp/home|\n/usr/bin/cat\n');
  });

  it('ends a command after its time inside the container, with all it started', async () => {
    const root = workspace();
    const run = runner(launcherFor(root), root);
    const started = Date.now();
    const result = await run(`trap "" TERM; (${nap(4711)} &) ; (setsid ${nap(4712)} &); while :; do sleep 0.1; done`, {
      timeoutMs: 700,
    });
    expect(result).toMatchObject({ timedOut: true });
    expect(Date.now() - started).toBeLessThan(8000);
    expect(await eventually(() => !isRunningHere(nap(4711)) && !isRunningHere(nap(4712)))).toBe(true);
    expect(await run('echo still here')).toMatchObject({ output: 'still here\n' });
  });

  it('ends in the background what commands left behind, however well it hid', async () => {
    const root = workspace();
    const launcher = launcherFor(root);
    const run = runner(launcher, root);
    await run(`(env -i setsid ${nap(4713)} >/dev/null 2>&1 &); (nohup ${nap(4714)} >/dev/null 2>&1 &)`);
    expect(isRunningHere(nap(4713))).toBe(true);
    await launcher.endProcesses?.();
    expect(await eventually(() => !isRunningHere(nap(4713)) && !isRunningHere(nap(4714)), 2000)).toBe(true);
    expect(await run('echo on')).toMatchObject({ output: 'on\n' });
  });

  it('cannot be kept alive or stopped by commands', async () => {
    const root = workspace();
    const launcher = launcherFor(root);
    const run = runner(launcher, root);
    await run('kill -STOP -1; kill -STOP 1 7; kill -9 1 7; true', { timeoutMs: 1000 });
    await launcher.close();
    expect(ours()).toEqual([]);
  });

  it('goes on in a new container when somebody removed it', async () => {
    const root = workspace();
    const launcher = launcherFor(root);
    const run = runner(launcher, root);
    await run('true');
    docker('rm', '--force', ours()[0]?.split(' ')[0] ?? '');
    await eventually(() => ours().length === 0);
    // Its docker command sees the end a moment later.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await run('echo again')).toMatchObject({ output: 'again\n' });
    expect(launcher.notices?.().join()).toContain('ended from outside');
  });

  it('limits processes and memory, also when nothing is configured', async () => {
    const root = workspace();
    const launcher = launcherFor(root);
    expect(launcher.enforces()).toEqual({ fs: true, net: true, pids: true, memory: true, cpu: false, user: true });
    await runner(launcher, root)('true');
    const name = ours()[0]?.split(' ')[0] ?? '';
    const format =
      '{{.HostConfig.PidsLimit}} {{gt .HostConfig.Memory 0}} {{eq .HostConfig.Memory .HostConfig.MemorySwap}}';
    expect(docker('inspect', '--format', format, name)).toBe('512 true true\n');
  });

  it('gives every command a container of its own in an isolated context', async () => {
    const root = workspace();
    const launcher = launcherFor(root, { context: 'isolated' });
    const run = runner(launcher, root);
    for (let round = 0; round < 3; round += 1) {
      const result = await run(
        `ls /tmp ~; echo x > /tmp/left; touch ~/left; (setsid ${nap(4715)} >/dev/null 2>&1 &); echo ${round}`,
      );
      expect(result.exitCode).toBe(0);
      expect(result.output).toMatch(new RegExp(`^[^x]*${round}\\n$`));
      expect(result.output).not.toContain('left');
    }
    expect(await eventually(() => !isRunningHere(nap(4715)))).toBe(true);
    await launcher.close();
    expect(ours()).toEqual([]);
  });

  it('reaches allowed hosts through the proxy, others not, and hosts that are allowed later', async () => {
    const root = workspace();
    const server = createHttpServer((_, reply) => reply.end('hello from outside\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const ask = `node -e 'const http=require("http");http.get({host:"127.0.0.1",port:3128,path:"http://127.0.0.1:${port}/"},m=>{console.log(m.statusCode);m.pipe(process.stdout)}).on("error",e=>console.log(e.code))'`;
      const launcher = launcherFor(root);
      const run = runner(launcher, root);
      expect((await run(`${ask}; echo $HTTPS_PROXY`)).output).toBe('ECONNREFUSED\n\n');
      launcher.allowHosts(['elsewhere.example']);
      expect((await run(`${ask}; echo $HTTPS_PROXY`)).output).toMatch(/^403\n[^]*http:\/\/127.0.0.1:3128\n$/);
      expect(launcher.notices?.().join()).toContain(`127.0.0.1:${port}`);
      launcher.allowHosts([`127.0.0.1:${port}`]);
      expect((await run(ask)).output).toBe('200\nhello from outside\n');
      expect((await run(`(echo > /dev/tcp/127.0.0.1/${port}) 2>&1`)).exitCode).not.toBe(0);
      await launcher.endProcesses?.();
      expect((await run(ask)).output).toBe('200\nhello from outside\n');
    } finally {
      server.close();
    }
  });

  it('leaves no container and no process when its owner is killed', async () => {
    const root = workspace();
    const outfile = join(folder, 'owner.mjs');
    const source = `
      import { dockerLauncher } from './src/host/sandbox/docker-launcher.ts';
      import { startProcess } from './src/host/sandbox/process.ts';
      const [root, dataDir, image] = process.argv.slice(2);
      const launcher = dockerLauncher({ root, dataDir, folders: [], allowedHosts: [], limits: {}, context: 'shared' }, { image });
      const { argv, ...launch } = await launcher.launch('(env -i setsid ${nap(4716)} &) ; trap "" TERM HUP INT; ${nap(4716)}', { cwd: root, env: {} });
      startProcess(argv, { ...launch, newFile: () => dataDir + '/x' });`;
    await build({
      stdin: { contents: source, resolveDir: process.cwd(), loader: 'ts' },
      ...{ outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'error', external: ['better-sqlite3'] },
      banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
    });
    const owner = spawn(process.execPath, [outfile, root, join(folder, 'data'), testImage() ?? ''], {
      stdio: 'ignore',
    });
    onTestFinished(() => void owner.kill('SIGKILL'));
    const theirs = (): string =>
      docker('ps', '--all', '--filter', 'label=llm-copilot', '--format', `{{.Label "llm-copilot"}}`);
    expect(await eventually(() => commandLines().filter((line) => line.startsWith(nap(4716))).length === 2)).toBe(true);
    expect(theirs()).toContain(`${owner.pid}/`);
    owner.kill('SIGKILL');
    expect(await eventually(() => !theirs().includes(`${owner.pid}/`))).toBe(true);
    expect(isRunningHere(nap(4716))).toBe(false);
  });

  it('prunes containers whose owner is gone, and no others', async () => {
    const root = workspace();
    await runner(launcherFor(root), root)('true');
    const name = `llm-copilot-test-${process.pid}`;
    // Our own process id with another start: the number was given to somebody else since.
    docker(
      'run',
      '--detach',
      '--rm',
      '--network',
      'none',
      '--name',
      name,
      '--label',
      `llm-copilot=${process.pid}/1`,
      testImage() ?? '',
      'sleep',
      '60',
    );
    expect((await pruneContainers()).map((one) => one.name)).toContain(name);
    expect(ours()).toHaveLength(1);
  });

  it('says how to get an image that is missing', async () => {
    const root = workspace();
    await expect(runner(launcherFor(root, {}, 'llm-copilot/rust:none'), root)('true')).rejects.toMatchObject({
      ...{ code: 'E_SANDBOX', exitCode: 7, message: 'Docker has no image llm-copilot/rust:none.' },
      hint: 'Get it: llm-copilot sandbox image build rust',
    });
    await expect(runner(launcherFor(root, {}, 'nobody/nothing:1'), root)('true')).rejects.toMatchObject({
      hint: expect.stringContaining('docker pull nobody/nothing:1') as string,
    });
    expect(await hasImage('nobody/nothing:1')).toBe(false);
  });

  it('refuses a workspace that is one of the container’s own folders', async () => {
    await expect(runner(launcherFor('/tmp'), '/tmp')('true')).rejects.toMatchObject({ code: 'E_SANDBOX' });
  });

  it('finds the engine', async () => {
    expect(await probeDocker()).toEqual({ available: true });
  });
});

describe('without an engine', () => {
  const startWith = async (env: Record<string, string | undefined>, docker?: string): Promise<unknown> => {
    const root = workspace();
    const launcher = dockerLauncher(confinement(root), {
      image: 'any',
      env,
      ...(docker === undefined ? {} : { docker }),
    });
    open.add(launcher);
    return runner(launcher, root)('true');
  };
  const { PATH, HOME } = process.env;
  const hasCli = ((): boolean => {
    try {
      execFileSync('docker', ['--version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  })();

  it('says that the command is missing', async () => {
    await expect(startWith({ PATH, HOME }, '/nowhere/docker')).rejects.toMatchObject({
      ...{ code: 'E_SANDBOX', exitCode: 7, message: 'The docker command was not found.' },
    });
    expect(await probeDocker({ PATH: folder })).toEqual({ available: false, why: 'The docker command was not found.' });
  });

  it.skipIf(!hasCli)('says that the engine does not run', async () => {
    const env = { PATH, HOME, DOCKER_HOST: `unix://${folder}/none.sock` };
    await expect(startWith(env)).rejects.toMatchObject({
      ...{ code: 'E_SANDBOX', exitCode: 7, message: 'The Docker engine does not run.' },
    });
    expect(await probeDocker(env)).toMatchObject({ available: false });
  });
});
