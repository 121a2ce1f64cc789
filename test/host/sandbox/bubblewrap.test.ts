import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { Sandbox } from 'llm-copilot-agent';
import { bubblewrapLauncher } from '../../../src/host/sandbox/bubblewrap-launcher.ts';
import type { Confinement, Launcher, PathRules } from '../../../src/host/sandbox/launcher.ts';
import { probeBubblewrap } from '../../../src/host/sandbox/probe-bubblewrap.ts';
import { workspaceSandbox } from '../../../src/host/sandbox/workspace-sandbox.ts';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'bubblewrap-')));
afterAll(() => rmSync(base, { recursive: true, force: true }));
const probe = await probeBubblewrap();
const secret = 'TOP-SECRET-0815';
const put = (root: string, files: Record<string, string>): void => {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
};
const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', ['-c', 'user.email=a@b.c', '-c', 'user.name=n', '-c', 'protocol.file.allow=always', ...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
const repository = (root: string, files: Record<string, string>): void => {
  put(root, files);
  git(root, 'init', '-q');
  git(root, 'add', '-A');
  git(root, 'commit', '-qm', 'first');
};
const named = (root: string, pattern: RegExp): PathRules => ({ bases: [root], matches: (path) => pattern.test(path) });
const as = '-c user.email=a@b.c -c user.name=n';

describe.skipIf(!probe.available)('bubblewrap', { timeout: 60_000 }, () => {
  const opened: Sandbox[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((one) => one.close()));
  });
  let count = 0;
  const folder = (): string => join(base, `f${(count += 1)}`);
  const open = (
    root: string,
    more: Partial<Confinement> = {},
    env: Record<string, string | undefined> = process.env,
  ): { sandbox: Sandbox; launcher: Launcher; run: (command: string) => Promise<string> } => {
    mkdirSync(root, { recursive: true });
    let launcher: Launcher | undefined;
    const sandbox = workspaceSandbox({ root, dataDir: folder(), env }, (place) => {
      if (!probe.available) throw new Error(probe.why);
      const confinement: Confinement = {
        root: place.root,
        dataDir: place.dataDir,
        folders: place.folders,
        allowedHosts: [],
        limits: {},
        context: 'shared',
        ...more,
      };
      const made = bubblewrapLauncher(confinement, { found: probe.found, env, scratch: () => place.scratch() });
      launcher ??= made;
      return made;
    });
    opened.push(sandbox);
    if (!launcher) throw new Error('no launcher');
    const never = new AbortController().signal;
    const run = async (command: string): Promise<string> =>
      (await sandbox.exec(command, { timeoutMs: 20_000 }, never)).output;
    return { sandbox, launcher, run };
  };

  it('keeps /tmp for the run when it is shared, and for one command when it is isolated', async () => {
    const shared = open(folder());
    await shared.run('echo mine > /tmp/x');
    expect(await shared.run('cat /tmp/x; echo $TMPDIR')).toBe('mine\n/tmp\n');
    const isolated = open(folder(), { context: 'isolated' });
    await isolated.run('echo mine > /tmp/x');
    expect(await isolated.run('cat /tmp/x')).toMatch(/No such file/);
  });

  it('lets a command clean up before it is ended', async () => {
    const { sandbox } = open(folder());
    const job = await sandbox.start(`trap 'echo cleaned; exit 5' TERM; echo up; sleep 60 & wait`);
    await expect.poll(() => job.read()).toBe('up\n');
    expect(await job.stop()).toMatchObject({ exitCode: 5, output: 'up\ncleaned\n' });
  });

  it('ends a command that is just starting when we die, before bubblewrap itself would', async () => {
    const root = folder();
    const { launcher } = open(root);
    const { argv, cwd, env } = await launcher.launch('sleep 30 & echo up; sleep 30', { cwd: root, env: process.env });
    const child = spawn(argv[0] ?? '', argv.slice(1), { cwd, env, stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
    await once(child.stdout ?? child, 'data');
    child.stdio[3]?.destroy();
    expect(await once(child, 'exit')).toEqual([137, null]);
  });

  it('hides what git keeps of a hidden file, loose and packed, and git still works', async () => {
    const root = folder();
    repository(root, { '.env': secret, 'a.txt': 'visible\n', '.gitattributes': '' });
    const rules = { hidden: named(root, /\/\.env$/) };
    const attempts =
      'git show HEAD:.env; git show :.env; git cat-file -p $(git rev-parse HEAD:.env); git log -p; git stash show -p; git archive HEAD | cat; git checkout-index -f --prefix=out/ -a; cat out/.env; git cat-file --batch-all-objects --batch --buffer; git bundle create - --all | cat; git fsck --lost-found; git gc -q; git show HEAD:.env';
    const loose = open(root, rules);
    expect(await loose.run(attempts)).not.toContain(secret);
    git(root, 'gc', '-q');
    const packed = open(root, rules);
    expect(await packed.run(attempts)).not.toContain(secret);
    expect(await packed.run('git show HEAD:a.txt')).toBe('visible\n');
    expect(
      await packed.run(`echo new > b.txt && git add b.txt && git ${as} commit -qm second && git log --format=%s`),
    ).toBe('second\nfirst\n');
    expect(git(root, 'show', 'HEAD:.env')).toBe(secret);
    expect(git(root, 'fsck', '--full')).toBe('');
    expect(packed.launcher.notices?.().filter((notice) => notice.includes('history'))).toEqual([]);
  });

  it('gives a worktree its repository, guarded the same way', async () => {
    const main = folder();
    repository(main, { file: 'one\n' });
    const root = folder();
    git(main, 'worktree', 'add', '-q', root);
    const { run } = open(root);
    expect(await run(`echo two > file; git ${as} commit -qam second; git log --format=%s`)).toBe('second\nfirst\n');
    await run(`echo evil > ${main}/.git/hooks/pre-commit; echo evil >> ${main}/.git/config; echo evil > ${main}/file`);
    await run(`echo "gitdir: /etc" > .git; rm -f .git; echo ../.. > "$(git rev-parse --git-dir)/commondir"`);
    expect(existsSync(join(main, '.git/hooks/pre-commit'))).toBe(false);
    expect(readFileSync(join(main, '.git/config'), 'utf8')).not.toContain('evil');
    expect(git(root, 'log', '--format=%s')).toBe('second\nfirst\n');
  });

  it('does not follow a .git file that only one side wrote', async () => {
    const other = folder();
    repository(other, { file: 'one\n' });
    const root = folder();
    put(root, { '.git': `gitdir: ${join(other, '.git')}\n` });
    const { run, launcher } = open(root);
    await run(`echo evil > ${other}/.git/description; echo evil > ${other}/.git/HEAD`);
    expect(readFileSync(join(other, '.git/HEAD'), 'utf8')).not.toContain('evil');
    expect(launcher.notices?.().join()).toMatch(/leads to a place commands do not get/);
  });

  it('shows the larger repository around the workspace, to read', async () => {
    const top = folder();
    repository(top, { 'sub/file': 'one\n', 'beside/x': 'x\n' });
    const { run } = open(join(top, 'sub'));
    expect(await run('git status --short; cat ../beside/x')).toBe('x\n');
    await run(`echo evil > ../beside/x; echo two > file; git ${as} commit -qam second`);
    expect(readFileSync(join(top, 'beside/x'), 'utf8')).toBe('x\n');
    expect(git(top, 'log', '--format=%s')).toBe('second\nfirst\n');
  });

  it('guards repositories below the workspace and in added folders', async () => {
    const root = folder();
    const added = folder();
    repository(join(root, 'a/b'), { file: '', '.env': secret });
    repository(added, { file: '' });
    const { run } = open(root, { folders: [{ path: added, access: 'write' }], hidden: named(root, /\/\.env$/) });
    for (const place of [join(root, 'a/b'), added]) {
      await run(
        `cd ${place}; echo evil > .git/hooks/pre-commit; echo evil >> .git/config; echo x > file; git add file`,
      );
      expect(existsSync(join(place, '.git/hooks/pre-commit'))).toBe(false);
      expect(readFileSync(join(place, '.git/config'), 'utf8')).not.toContain('evil');
      expect(git(place, 'status', '--short', 'file')).toBe('M  file\n');
    }
    expect(await run('cd a/b; git show HEAD:.env')).not.toContain(secret);
  });

  it('does not let a folder above a hidden file, or what hides its history, be renamed', async () => {
    const root = folder();
    repository(root, { 'a/vault/key.pem': secret, 'a/other': '' });
    repository(join(root, 'b/inner'), { 'key.pem': secret });
    const { run } = open(root, { hidden: named(root, /\/key\.pem$/) });
    for (const name of ['a', 'a/vault', 'b', 'b/inner', '.git/objects', 'b/inner/.git/objects'])
      expect(await run(`node -e 'require("fs").renameSync("${name}", "moved")'`), name).toMatch(/EBUSY|EXDEV/);
    expect(existsSync(join(root, 'moved'))).toBe(false);
    expect(await run('mv a/other a/another && ls a')).toBe('another\nvault\n');
  });

  it('keeps what it cannot hide of a repository below from commands, and refuses all in the workspace itself', async () => {
    const root = folder();
    repository(root, { 'key.pem': secret });
    git(root, 'clone', '-q', '--shared', '.', 'shared');
    const rules = { hidden: named(root, /\/key\.pem$/) };
    const { run, launcher } = open(root, rules);
    expect(await run('git -C shared show HEAD:key.pem; ls shared/.git/objects; echo on')).toMatch(/denied[^]*on\n$/);
    expect(launcher.notices?.().join()).toMatch(/shared\/.git keeps of key.pem[^]*do not get its objects/);
    const inShared = open(join(root, 'shared'), { hidden: named(root, /\/key\.pem$/) });
    await expect(inShared.run('true')).rejects.toMatchObject({ code: 'E_SANDBOX', exitCode: 7 });
  });

  it('leaves a repository alone that was added to be read, also inside the workspace', async () => {
    const root = folder();
    const added = join(root, 'added');
    repository(added, { file: 'one\n', '.env': secret });
    const { run } = open(root, { folders: [{ path: added, access: 'read' }], hidden: named(root, /\/\.env$/) });
    expect(await run('cd added; echo x > .git/HEAD; git show HEAD:.env')).not.toContain(secret);
    expect(readFileSync(join(added, '.git/HEAD'), 'utf8')).toMatch(/^ref:/);
  });

  it('removes what a command wrote to lead git elsewhere, and says so', async () => {
    const root = folder();
    repository(root, { file: '' });
    const { run, launcher } = open(root);
    await run('echo ../evil > .git/commondir');
    expect(existsSync(join(root, '.git/commondir'))).toBe(false);
    expect(launcher.notices?.().join()).toContain('leads git elsewhere');
  });

  it('keeps commands from sockets in the workspace that others listen at', async () => {
    const root = folder();
    mkdirSync(root);
    const server = createServer((socket) => socket.end(secret));
    await new Promise<void>((resolve) => server.listen(join(root, 's.sock'), resolve));
    const { run } = open(root);
    const said = await run(
      `node -e 'require("net").connect("s.sock").on("error", (e) => console.log(e.code)).pipe(process.stdout)'`,
    );
    server.close();
    expect(said).not.toContain(secret);
    expect(said).toMatch(/^E[A-Z]+\n$/);
  });

  it('hides well-known credentials where the workspace is the home folder itself', async () => {
    const home = folder();
    put(home, { '.ssh/id': secret, '.aws/credentials': secret, '.netrc': secret, 'project/file': 'mine\n' });
    const { run } = open(home, {}, { ...process.env, HOME: home });
    expect(await run('cat project/file; cat .ssh/* .aws/* .netrc')).not.toContain(secret);
    expect(await run('cat project/file')).toBe('mine\n');
  });

  it('shows toolchains below the home folder, to read', async () => {
    const home = folder();
    put(home, {
      '.local/bin/mine': '#!/bin/sh\necho ran\n',
      '.gitconfig': '[user]\nname = Somebody\n',
      letter: secret,
    });
    execFileSync('chmod', ['+x', join(home, '.local/bin/mine')]);
    const env = { PATH: `${home}/.local/bin:${process.env.PATH ?? ''}`, HOME: home };
    const { run } = open(folder(), {}, env);
    expect(await run('mine; git config user.name; echo x > ~/new && cat ~/new')).toBe('ran\nSomebody\nx\n');
    await run('echo evil > ~/.local/bin/mine; echo evil > ~/.gitconfig');
    expect(readFileSync(join(home, '.local/bin/mine'), 'utf8')).toContain('ran');
    expect(await run('cat ~/letter')).toMatch(/No such file/);
    expect(existsSync(join(home, 'new'))).toBe(false);
  });

  it('hides in a copy what it hides in the workspace, with dependencies to read', async () => {
    const root = folder();
    repository(root, {
      '.gitignore': 'node_modules\n',
      file: 'one\n',
      'node_modules/m/index.js': 'module.exports = 1',
    });
    const { sandbox } = open(root);
    const copy = await sandbox.copyOf(await sandbox.digest());
    const never = new AbortController().signal;
    const { output } = await copy.exec(
      'cat file node_modules/m/index.js; echo x > node_modules/m/y',
      { timeoutMs: 9000 },
      never,
    );
    expect(output).toMatch(/^one\nmodule.exports = 1[^]*Read-only/);
    expect(existsSync(join(root, 'node_modules/m/y'))).toBe(false);
  });

  it('says which hosts were refused', async () => {
    const { run, launcher } = open(folder(), { allowedHosts: ['example.org'] });
    await run(
      `node -e 'require("http").get({ host: "127.0.0.1", port: 3128, path: "http://evil.example/" }, (r) => r.resume())'`,
    );
    expect(launcher.notices?.()).toEqual(['A command asked for evil.example:80, which is not an allowed host.']);
  });

  it('refuses to start anything once it is closed', async () => {
    const { launcher } = open(folder());
    await launcher.close();
    await expect(launcher.launch('true', { cwd: '/', env: {} })).rejects.toMatchObject({
      code: 'E_SANDBOX',
      exitCode: 7,
    });
  });
});

describe('looking for bubblewrap', () => {
  it('says what is missing and what to do', async () => {
    expect(await probeBubblewrap({ PATH: '/nowhere' })).toMatchObject({
      available: false,
      why: 'bwrap is not installed',
    });
  });

  it('does not trust a bwrap that does not work', async () => {
    const bin = join(base, 'bin');
    put(bin, {
      bwrap: '#!/bin/sh\necho "bwrap: setting up uid map: Permission denied" >&2\nexit 1\n',
      nsenter: '#!/bin/sh\n',
    });
    execFileSync('chmod', ['+x', join(bin, 'bwrap'), join(bin, 'nsenter')]);
    const found = await probeBubblewrap({ PATH: bin });
    expect(found).toMatchObject({
      available: false,
      why: 'bwrap does not work here: setting up uid map: Permission denied',
    });
  });
});
