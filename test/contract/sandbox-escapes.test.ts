import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer as createWeb, type Server } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ExecResult, Sandbox } from 'llm-copilot-agent';
import { matchesPath } from '../../src/base/glob.ts';
import type { PathRules } from '../../src/host/sandbox/launcher.ts';
import { beat, isBeating, put, subjects, until, type SubjectOptions } from './sandbox-subjects.ts';

// Commands of somebody who wants out. What a sandbox says it enforces must hold against all of them.

const base = realpathSync(mkdtempSync(join(tmpdir(), 'escapes-')));
const secret = 'TOP-SECRET-0815';
const never = new AbortController().signal;
let folders = 0;
let web: Server;
let port = 0;
beforeAll(async () => {
  web = createWeb((_, reply) => reply.end('hello from outside'));
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  port = (web.address() as AddressInfo).port;
});
afterAll(async () => {
  web.closeAllConnections();
  await new Promise((resolve) => web.close(resolve));
  rmSync(base, { recursive: true, force: true });
});

const rulesOf = (root: string, patterns: readonly string[]): PathRules => ({
  bases: [root],
  matches: (path) =>
    path.startsWith(`${root}/`) && patterns.some((one) => matchesPath(one, path.slice(root.length + 1))),
});
const node = (script: string): string => `node -e ${JSON.stringify(script).replaceAll('$', '\\$')}`;

describe.each(subjects)('from the %s sandbox', { timeout: 120_000 }, (name, subject) => {
  if (subject.missing !== undefined) {
    it.skip(`(it is not here: ${subject.missing})`, () => undefined);
    return;
  }
  const opened: Sandbox[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((sandbox) => sandbox.close()));
  });
  const open = (
    files: Record<string, string>,
    more: (root: string) => Partial<SubjectOptions> = () => ({}),
  ): Sandbox => {
    const folder = join(base, `${name}-${(folders += 1)}`);
    const root = join(folder, 'work');
    mkdirSync(root, { recursive: true });
    put(root, files);
    const sandbox = subject.open({ dataDir: join(folder, 'data'), root, ...more(root) });
    opened.push(sandbox);
    return sandbox;
  };
  const run = (sandbox: Sandbox, command: string, timeoutMs = 20_000): Promise<ExecResult> =>
    sandbox.exec(command, { timeoutMs }, never);
  const git = (root: string, ...args: string[]): string =>
    execFileSync('git', ['-c', 'user.email=a@b.c', '-c', 'user.name=n', ...args], { cwd: root, encoding: 'utf8' });
  const enforced = name === 'local' ? undefined : name;

  it.runIf(enforced)('a hidden file is not read, by whatever name and means', async () => {
    const sandbox = open(
      {
        '.env': secret,
        'config/.env': secret,
        'keys/deep/a.txt': secret,
        'real/target.txt': secret,
        'plain.txt': 'plain',
      },
      (root) => ({ hidden: rulesOf(root, ['.env', 'config/.env', 'keys', '*.pem']) }),
    );
    const { root } = sandbox;
    linkSync(join(root, '.env'), join(root, 'hard-link'));
    symlinkSync('.env', join(root, 'soft-link'));
    symlinkSync('real/target.txt', join(root, 'linked.pem'));
    const attempts = [
      'cat .env; cat < .env; cat soft-link; cat hard-link; cat linked.pem; cat real/target.txt',
      'cat keys/deep/a.txt; ls -R keys; cat keys/*/*',
      'ln .env mine; cat mine; ln -s $PWD/.env mine2; cat mine2; cp .env mine3; cat mine3',
      'mv .env moved; cat moved; rm -f .env; chmod 644 .env; cat .env; chown $(id -u) .env',
      'grep -r SECRET . ; grep -r SECRET $PWD; tar cf - . ; find . -type f -exec cat {} +',
      'for p in self 1 2 $$ $PPID; do cat /proc/$p/root$PWD/.env /proc/$p/cwd/.env; done',
      'cat /proc/*/root$PWD/.env; cat /proc/*/cwd/.env; cat /proc/*/fd/* </dev/null & sleep 0.3; kill %1',
      'umount .env; umount -l .env; umount -l $PWD; cat .env',
      'mkdir -p m; mount --bind $PWD m; cat m/.env; mount -o remount,rw .env; mount -t overlay o -o lowerdir=$PWD m; cat m/.env',
      'unshare -Ur cat .env; unshare -Urm sh -c "umount -l $PWD/.env; cat .env"; unshare -m sh -c "umount .env; cat .env"',
      'unshare -Urmp --fork --mount-proc sh -c "cat /proc/1/root$PWD/.env"; nsenter -t 1 -m cat $PWD/.env; chroot /proc/1/root cat $PWD/.env',
      `${node('console.log(require("fs").readFileSync(".env","utf8"))')}; perl -e 'open F,".env"; print <F>'`,
      'for d in /dev/sd* /dev/vd* /dev/nvme* /dev/loop*; do head -c 100 $d; done; ls /dev/mem /dev/disk',
    ];
    for (const attempt of attempts) {
      const { output } = await run(sandbox, attempt);
      expect(output, attempt).not.toContain(secret);
    }
    expect((await run(sandbox, 'cat plain.txt')).output).toBe('plain');
    expect(readFileSync(join(root, '.env'), 'utf8')).toBe(secret);
    expect(readFileSync(join(root, 'keys/deep/a.txt'), 'utf8')).toBe(secret);
  });

  it.runIf(enforced)('a hidden file stays hidden when a folder above it is renamed', async () => {
    const sandbox = open({ 'config/.env': secret, 'config/x': '' }, (root) => ({
      hidden: rulesOf(root, ['config/.env']),
    }));
    expect((await run(sandbox, 'mv config other; ls; cat other/.env')).output).not.toContain(secret);
    expect((await run(sandbox, 'cat other/.env config/.env; ls other')).output).not.toContain(secret);
    expect((await run(sandbox, 'cat other/.env')).output).not.toContain(secret);
  });

  it.runIf(enforced)('what appears before a command is hidden from it', async () => {
    const sandbox = open({}, (root) => ({ hidden: rulesOf(root, ['.env']) }));
    await run(sandbox, 'true');
    await sandbox.writeFile('sub/.env', secret);
    expect((await run(sandbox, 'cat sub/.env; true')).output).not.toContain(secret);
  });

  it.runIf(enforced)('nothing outside the workspace is written', async () => {
    const sandbox = open({ file: '' });
    const outside = join(sandbox.root, '..', 'outside');
    mkdirSync(outside);
    symlinkSync(outside, join(sandbox.root, 'way-out'));
    await run(
      sandbox,
      `echo x > ../above; echo x > ${outside}/direct; echo x > way-out/linked; echo x > /proc/self/cwd/../above2`,
    );
    await run(sandbox, `for f in /etc /usr /usr/bin /var /opt / /root /home; do echo x > $f/llm-copilot-escape; done`);
    expect(['direct', 'linked'].filter((one) => existsSync(join(outside, one)))).toEqual([]);
    expect(['above', 'above2'].filter((one) => existsSync(join(sandbox.root, '..', one)))).toEqual([]);
    for (const folder of ['/etc', '/usr', '/usr/bin', '/var', '/opt', '/', '/root', '/home'])
      expect(existsSync(join(folder, 'llm-copilot-escape')), folder).toBe(false);
    expect((await run(sandbox, 'echo mine > /tmp/mine && cat /tmp/mine && echo new > inside')).output).toBe('mine\n');
    expect(readFileSync(join(sandbox.root, 'inside'), 'utf8')).toBe('new\n');
  });

  it.runIf(enforced)('what is read-only stays as it is', async () => {
    const sandbox = open({ 'a/locked/x': 'old', 'a/free': 'old', '.llm-copilot/config.yaml': 'old' }, (root) => ({
      readOnly: rulesOf(root, ['locked']),
    }));
    await run(
      sandbox,
      'echo new > a/locked/x; rm -rf a/locked; echo new > a/locked/y; mv a/locked b; echo new > a/free',
    );
    await run(
      sandbox,
      'echo new > .llm-copilot/config.yaml; mv .llm-copilot c; mkdir .llm-copilot; echo new > .llm-copilot/y',
    );
    await run(sandbox, 'mv a b; mkdir -p a/locked; echo new > a/locked/x');
    const read = (path: string): string => readFileSync(join(sandbox.root, path), 'utf8');
    expect([read('a/locked/x'), read('.llm-copilot/config.yaml'), read('a/free')]).toEqual(['old', 'old', 'new\n']);
    expect(['a/locked/y', '.llm-copilot/y'].filter((one) => existsSync(join(sandbox.root, one)))).toEqual([]);
  });

  it.runIf(enforced)('git works, but what makes it run programs cannot be changed', async () => {
    const sandbox = open({ file: 'one\n' });
    const { root } = sandbox;
    git(root, 'init', '-q');
    git(root, 'add', '-A');
    git(root, 'commit', '-qm', 'first');
    const before = readFileSync(join(root, '.git/config'), 'utf8');
    const commit = 'git -c user.email=a@b.c -c user.name=n commit -qam second';
    const result = await run(sandbox, `echo two > file && ${commit} && git log --format=%s && git status --short`);
    expect(result).toMatchObject({ output: 'second\nfirst\n', exitCode: 0 });
    for (const attempt of [
      'echo evil > .git/hooks/pre-commit; mkdir -p .git/hooks; rm -rf .git/hooks; mv .git/hooks x; ln -sfn /tmp .git/hooks',
      'git config core.fsmonitor evil; echo evil >> .git/config; rm -f .git/config; mv .git/config x; cp x .git/config',
      'chmod -R u+w .git; echo evil > .git/hooks/post-commit',
      'mv .git git2 && mkdir -p .git/hooks && cp -r git2/* .git && echo evil > .git/hooks/pre-commit',
      'mkdir -p evil/hooks; echo "[core] fsmonitor = evil" > evil/config; cp -r .git/objects .git/refs evil; echo ../evil > .git/commondir',
    ]) {
      await run(sandbox, attempt);
      expect(readFileSync(join(root, '.git/config'), 'utf8'), attempt).toBe(before);
      expect(existsSync(join(root, '.git/hooks/pre-commit')), attempt).toBe(false);
      expect(existsSync(join(root, '.git/hooks/post-commit')), attempt).toBe(false);
      expect(existsSync(join(root, '.git/commondir')), attempt).toBe(false);
    }
    expect(git(root, 'log', '--format=%s')).toBe('second\nfirst\n');
  });

  it.runIf(enforced)('a hidden file is not read from the history of any repository in the workspace', async () => {
    const sandbox = open({ 'inner/.env': secret, 'inner/a.txt': 'visible\n' }, (root) => ({
      hidden: rulesOf(root, ['.env']),
    }));
    const { root } = sandbox;
    const inner = join(root, 'inner');
    git(inner, 'init', '-q');
    git(inner, 'add', '-A');
    git(inner, 'commit', '-qm', 'first');
    git(inner, 'gc', '-q');
    git(root, 'clone', '-q', '--bare', '--no-hardlinks', 'inner', 'mirror.git');
    git(root, 'clone', '-q', '--bare', '--no-hardlinks', 'inner', 'deep/er/mirror');
    for (const folder of ['inner/.git', 'mirror.git', 'deep/er/mirror']) {
      for (const attempt of [
        `export GIT_DIR=${folder}; git show HEAD:.env; git log -p; git archive HEAD | cat; git cat-file --batch-all-objects --batch; git bundle create - --all | cat`,
        `git -C ${folder} cat-file -p $(git -C ${folder} rev-parse HEAD:.env); git clone -q ${folder} /tmp/copy; cat /tmp/copy/.env; git -C /tmp/copy show HEAD:.env`,
        `git init -q /tmp/new; cd /tmp/new; GIT_ALTERNATE_OBJECT_DIRECTORIES=${root}/${folder}/objects git cat-file -p ${git(inner, 'rev-parse', 'HEAD:.env').trim()}`,
        `mv ${folder} /tmp/moved || mv ${folder} moved; git --git-dir=moved show HEAD:.env`,
        `for f in $(find ${folder}/objects -type f); do git unpack-objects <$f; cat $f | gzip -dc; done; git -C ${folder} gc -q; git -C ${folder} show HEAD:.env`,
      ])
        expect((await run(sandbox, attempt)).output, attempt).not.toContain(secret);
      expect((await run(sandbox, `git --git-dir=${folder} show HEAD:a.txt`)).output, folder).toBe('visible\n');
    }
    const commit = 'git -c user.email=a@b.c -c user.name=n commit -qm second';
    const result = await run(
      sandbox,
      `cd inner && echo b > b.txt && git add b.txt && ${commit} && git log --format=%s`,
    );
    expect(result).toMatchObject({ output: 'second\nfirst\n', exitCode: 0 });
    for (const folder of ['inner/.git', 'mirror.git', 'deep/er/mirror'])
      expect(git(root, `--git-dir=${folder}`, 'show', 'HEAD:.env'), folder).toBe(secret);
  });

  it.runIf(enforced)('our own data and home folders are not seen', async () => {
    const home = join(base, `home-${name}`);
    put(home, { '.ssh/id_ed25519': secret, '.npmrc': secret, 'documents/letter': secret });
    const sandbox = open({ file: '' }, (root) => ({
      env: { PATH: process.env.PATH, HOME: home },
      dataDir: join(root, 'inside', 'data'),
    }));
    put(join(sandbox.root, 'inside', 'data'), { 'log.sqlite': secret });
    const { output } = await run(
      sandbox,
      `cat ${home}/.ssh/* ${home}/.npmrc ${home}/documents/* ~/.npmrc; ls -A ${home} /root /home; grep -r SECRET . inside/data ${home} /tmp /var/tmp; true`,
    );
    expect(output).not.toContain(secret);
    expect(output).not.toContain('id_ed25519');
    await run(sandbox, 'echo evil > inside/data/log.sqlite; rm -rf inside');
    expect(readFileSync(join(sandbox.root, 'inside/data/log.sqlite'), 'utf8')).toBe(secret);
  });

  it.runIf(enforced)("other programs' sockets are not there", async () => {
    const sandbox = open({});
    const places = [join(base, `s-${name}.sock`), `\0llm-copilot-${process.pid}-${name}`];
    const servers = await Promise.all(
      places.map(async (path) => {
        const server = createServer((socket) => socket.end(secret));
        await new Promise<void>((resolve) => server.listen(path, resolve));
        return server;
      }),
    );
    const script = `for (const path of ${JSON.stringify(places)}) require("net").connect(path).on("error", (e) => console.log(e.code)).on("data", (d) => console.log(String(d)))`;
    await sandbox.writeFile('connect.cjs', script);
    const { output } = await run(sandbox, 'node connect.cjs; ls -A /run /var/run | grep -v llm-copilot');
    for (const server of servers) server.close();
    expect(output).not.toContain(secret);
    expect(output).not.toMatch(/docker\.sock|dbus|user\b/);
  });

  it.runIf(enforced)('no host is reached, not even this machine', async () => {
    const sandbox = open({});
    const { output } = await run(
      sandbox,
      [
        `(echo > /dev/tcp/127.0.0.1/${port}) && echo REACHED`,
        `(echo > /dev/udp/1.1.1.1/53) && echo REACHED`,
        node(
          `require("http").get("http://127.0.0.1:${port}/", (r) => r.pipe(process.stdout)).on("error", (e) => console.log(e.code))`,
        ),
        node(`require("dns").resolve("example.org", (e, a) => console.log(e ? e.code : "REACHED " + a))`),
        'cat /proc/net/route',
      ].join('; '),
    );
    expect(output).not.toMatch(/REACHED|hello from outside/);
  });

  it.runIf(enforced)('an allowed host is reached through the proxy, another is not, until it is allowed', async () => {
    const sandbox = open({}, () => ({ allowedHosts: [`localhost:${port}`] }));
    await sandbox.writeFile(
      'get.cjs',
      `const proxy = new URL(process.env.HTTP_PROXY);
      const asked = require("http").get({ host: proxy.hostname, port: proxy.port, path: process.argv[2] }, (reply) => {
        console.log(reply.statusCode); reply.pipe(process.stdout);
      });
      asked.on("error", (error) => console.log(error.code));`,
    );
    expect((await run(sandbox, `node get.cjs http://localhost:${port}/`)).output).toBe('200\nhello from outside');
    expect((await run(sandbox, `node get.cjs http://127.0.0.1:${port}/`)).output).toMatch(/^403\n/);
    expect((await run(sandbox, `node get.cjs http://example.org/`)).output).toMatch(/^403\n/);
    const direct = await run(sandbox, `(echo > /dev/tcp/127.0.0.1/${port}) && echo REACHED`);
    expect(direct.output).not.toContain('REACHED');
    sandbox.allowHosts([`127.0.0.1:${port}`]);
    expect((await run(sandbox, `node get.cjs http://127.0.0.1:${port}/`)).output).toMatch(/^200\n/);
  });

  it.runIf(enforced)('hosts allowed later are reached', async () => {
    const sandbox = open({});
    expect((await run(sandbox, 'echo "[$HTTP_PROXY]"')).output).toBe('[]\n');
    sandbox.allowHosts([`localhost:${port}`]);
    const fetched = node(
      `require("http").get({ host: "127.0.0.1", port: 3128, path: "http://localhost:${port}/" }, (r) => r.pipe(process.stdout))`,
    );
    expect((await run(sandbox, fetched)).output).toBe('hello from outside');
  });

  it.runIf(enforced)('hosts that were closed are reached no more, until they are allowed anew', async () => {
    const sandbox = open({}, () => ({ allowedHosts: [`localhost:${port}`] }));
    const fetched = node(
      `require("http").get({ host: "127.0.0.1", port: 3128, path: "http://localhost:${port}/" }, (r) => r.pipe(process.stdout))`,
    );
    expect((await run(sandbox, fetched)).output).toBe('hello from outside');
    sandbox.closeHosts();
    expect((await run(sandbox, fetched)).output).not.toContain('hello');
    sandbox.allowHosts([`localhost:${port}`]);
    expect((await run(sandbox, fetched)).output).toBe('hello from outside');
  });

  it.runIf(enforced)('commands of one run share a loopback', async () => {
    const sandbox = open({});
    await sandbox.start(
      node(
        'require("http").createServer((q, r) => r.end("mine")).listen(4567, "127.0.0.1", () => require("fs").writeFileSync("up", ""))',
      ),
    );
    await until(() => existsSync(join(sandbox.root, 'up')));
    const got = await run(sandbox, node('require("http").get("http://127.0.0.1:4567", (r) => r.pipe(process.stdout))'));
    expect(got.output).toBe('mine');
  });

  it.runIf(enforced)('other processes are neither seen nor signalled, and no rights are gained', async () => {
    const sandbox = open({});
    const seen = await run(
      sandbox,
      `kill -0 ${process.pid} && echo FOUND; grep -l '[v]itest' /proc/*/cmdline; grep -E 'NoNewPrivs|CapEff' /proc/self/status`,
    );
    expect(seen.output).not.toContain('FOUND');
    expect(seen.output).not.toMatch(/cmdline$/m);
    expect(seen.output).toMatch(/CapEff:\s+0+\nNoNewPrivs:\s+1/);
    const kernel = await run(
      sandbox,
      '[ -w /proc/sys/kernel/core_pattern ] && echo OPEN; [ -w /proc/sysrq-trigger ] && echo OPEN; [ -w /sys/kernel ] && echo OPEN; true',
    );
    // Root without rights may still be told yes by the mode; only the mount decides.
    const tried = await run(
      sandbox,
      'cat /proc/sys/kernel/core_pattern > /tmp/p && cat /tmp/p > /proc/sys/kernel/core_pattern && echo OPEN; true',
    );
    expect(tried.output + (name === 'docker' ? '' : kernel.output)).not.toContain('OPEN');
  });

  it.runIf(enforced)('nothing a command started outlives the sandbox, whatever it cleared and left', async () => {
    const sandbox = open({});
    await run(sandbox, `env -i setsid nohup sh -c '${beat('away')}' >/dev/null 2>&1 & sleep 0.3`);
    await run(sandbox, `( ( env -i PATH="$PATH" setsid sh -c '${beat('twice')}' & ) & ) >/dev/null 2>&1; sleep 0.3`);
    await sandbox.close();
    for (const file of ['away', 'twice']) expect(await isBeating(join(sandbox.root, file)), file).toBe(false);
  });

  it('a time limit ends everything inside', async () => {
    const sandbox = open({});
    const result = await run(sandbox, `setsid sh -c '${beat('away')}' & ${beat('here')}`, 1000);
    expect(result.timedOut).toBe(true);
    expect(await isBeating(join(sandbox.root, 'here'))).toBe(false);
    if (name === 'local') await sandbox.endProcesses();
    expect(await isBeating(join(sandbox.root, 'away'))).toBe(false);
  });

  it.runIf(enforced)('a SIGKILL of whoever holds the sandbox ends everything inside', async () => {
    const folder = join(base, `killed-${name}`);
    put(folder, { 'work/file': '' });
    const { buildSync } = await import('esbuild');
    const here = new URL('.', import.meta.url).pathname;
    writeFileSync(
      join(folder, 'holder.ts'),
      `import { subjects } from '${here}sandbox-subjects.ts';
       const options = { root: ${JSON.stringify(join(folder, 'work'))}, dataDir: ${JSON.stringify(join(folder, 'data'))} };
       const sandbox = new Map(subjects).get(${JSON.stringify(name)}).open(options);
       await sandbox.start(${JSON.stringify(`setsid sh -c '${beat('away')}' & ${beat('here')}`)});
       setInterval(() => undefined, 1000);`,
    );
    const outfile = join(folder, 'holder.mjs');
    buildSync({
      entryPoints: [join(folder, 'holder.ts')],
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile,
      conditions: ['source'],
      external: ['better-sqlite3'],
      // The image is known by the file that makes it: in a bundle it would be another one each time.
      define: { 'import.meta.filename': JSON.stringify(join(here, '../support/docker.ts')) },
      banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
    });
    const child = spawn(process.execPath, [outfile], { stdio: ['ignore', 'inherit', 'pipe'] });
    let words = '';
    child.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
    const isUp = (): true | string => beats.every(existsSync) || `exit ${child.exitCode}: ${words}`;
    const beats = ['here', 'away'].map((file) => join(folder, 'work', file));
    try {
      await expect.poll(isUp, { timeout: 20_000 }).toBe(true);
    } finally {
      child.kill('SIGKILL');
    }
    await new Promise((resolve) => child.once('exit', resolve));
    for (const file of beats) await expect.poll(() => isBeating(file), { timeout: 10_000 }).toBe(false);
  });

  it('limits hold for what a command uses', async () => {
    // Node 24 reserves more than 300 MB of addresses before it does anything.
    const sandbox = open({}, () => ({ limits: { cpuSeconds: 1, memoryBytes: 700 * 1024 ** 2, cpuPriority: 5 } }));
    const busy = await run(sandbox, 'while :; do :; done', 30_000);
    expect(busy).toMatchObject({ timedOut: false });
    expect(busy.exitCode).not.toBe(0);
    const greedy = await run(
      sandbox,
      node('const all = []; for (let i = 0; i < 80; i++) all.push(Buffer.alloc(25e6, 1)); console.log("HAD IT ALL")'),
    );
    expect(greedy.output).not.toContain('HAD IT ALL');
    expect((await run(sandbox, node('console.log("fine")'))).output).toBe('fine\n');
    if (name !== 'docker') expect((await run(sandbox, 'nice')).output).toBe('5\n');
    // When memory ends, what keeps the container is the last to go.
    else expect((await run(sandbox, 'cat /proc/self/oom_score_adj')).output).toBe('1000\n');
  });
});
