import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { dockerCli, explainDocker } from '../../../src/host/sandbox/docker-cli.ts';
import { envInside } from '../../../src/host/sandbox/docker-env.ts';
import { forwarderOrder, mainScript, netFolderInside, readReady } from '../../../src/host/sandbox/docker-inside.ts';
import { limitArguments } from '../../../src/host/sandbox/docker-limits.ts';

const folder = mkdtempSync(join(tmpdir(), 'docker-parts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the environment inside a container', () => {
  it('has neither this machine’s places nor paths of ours that are not bound', () => {
    const ours = {
      JAVA_HOME: '/opt/java',
      GITHUB_WORKSPACE: '/w/project',
      LANG: 'C.UTF-8',
      PYTHONPATH: '/w/project:/x',
    };
    const env = {
      ...ours,
      PATH: '/bin',
      HOME: '/home/a',
      XDG_CACHE_HOME: '/c',
      LD_PRELOAD: 'x',
      GIVEN: '/opt/java',
      NONE: undefined,
    };
    expect(envInside(env, ours, ['/w/project'])).toEqual({
      GITHUB_WORKSPACE: '/w/project',
      LANG: 'C.UTF-8',
      // Not ours, so it was given for this command.
      GIVEN: '/opt/java',
    });
  });

  it('gives the docker command its own settings and nothing else of ours', () => {
    const env = { PATH: '/bin', DOCKER_HOST: 'unix:///x', SECRET: 's', DOCKER_CONFIG: '/y', HTTP_PROXY: 'http://x' };
    expect(dockerCli(env).env).toEqual({ PATH: '/bin', DOCKER_HOST: 'unix:///x', DOCKER_CONFIG: '/y' });
  });
});

describe('limits', () => {
  it('are set when none is configured', () => {
    const memory = String(Math.floor(totalmem() * 0.75));
    expect(limitArguments({})).toEqual(['--memory', memory, '--memory-swap', memory, '--pids-limit', '512']);
  });

  it('become docker’s', () => {
    const given = { memoryBytes: 1000, memoryThreshold: 0.8, pids: 7, cpuPriority: 10 };
    expect(limitArguments(given).join(' ')).toBe(
      '--memory 1000 --memory-swap 1000 --memory-reservation 800 --pids-limit 7 --cpu-shares 110',
    );
    expect(limitArguments({ cpuPriority: 19 }).at(-1)).toBe('15');
  });
});

describe('docker’s words', () => {
  it.each([
    ['Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?', 'does not run'],
    [
      'permission denied while trying to connect to the Docker daemon socket at unix:///x',
      'may not be used by this account',
    ],
    [
      "docker: Error response from daemon: No such image: node:1\n\nRun 'docker run --help' for more information",
      'has no image node:1',
    ],
    ['OCI runtime create failed: exec: "/bin/sh": stat /bin/sh: no such file or directory: unknown', 'has no /bin/sh'],
    ['invalid mount config for type "bind": bind source path does not exist: /x', 'does not see this machine'],
    [
      "docker: Error response from daemon: Minimum memory limit allowed is 6MB\n\nRun 'docker run --help'",
      'failed: Minimum memory',
    ],
  ])('%s', (words, meaning) => {
    const error = explainDocker(words, 'node:1');
    expect(error).toMatchObject({ code: 'E_SANDBOX', exitCode: 7 });
    expect(error.message).toContain(meaning);
    expect(error.hint).toBeTruthy();
  });
});

describe('the main process’s first line', () => {
  it('says what the image has and who we are inside', () => {
    const { tools, uid } = readReady('ready bash python3 uid:0:0:4294967295', 1000);
    expect([...tools]).toEqual(['bash', 'python3']);
    expect(uid).toBe(1000);
  });

  it('finds our user where a rootless engine maps users', () => {
    expect(readReady('ready uid:0:1000:1 uid:1:100000:65536', 1000).uid).toBe(0);
    expect(readReady('ready uid:0:1000:1 uid:1:100000:65536', 100004).uid).toBe(5);
  });

  it('comes from every POSIX shell', () => {
    for (const shell of ['sh', 'bash']) expect(spawnSync(shell, ['-n', '-c', mainScript]).status).toBe(0);
  });
});

describe('the forwarder', () => {
  const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;
  const ask = (port: number, text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      let said = '';
      const socket = connect(port, '127.0.0.1', () => socket.end(text));
      socket.on('data', (chunk: Buffer) => (said += chunk.toString()));
      socket.on('end', () => resolve(said));
      socket.on('error', reject);
    });
  const freePort = async (): Promise<number> => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return port;
  };

  it.each(['node', 'python3', 'socat'])('is made of %s', async (tool) => {
    const port = await freePort();
    const order = forwarderOrder(new Set([tool]), 'echo.sock', port) ?? '';
    expect(order).toMatch(/^proxy [^\n]+$/);
    if (!has(tool)) return;
    const path = join(folder, 'echo.sock');
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      let said = '';
      socket.on('data', (chunk: Buffer) => (said += chunk.toString()));
      socket.on('end', () => socket.end(`heard ${said}`));
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    // As the main process does with it.
    const line = order.slice('proxy '.length).replaceAll(netFolderInside, folder);
    const child = spawn('sh', ['-c', 'read -r rest; eval "$rest"'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    });
    try {
      child.stdin.end(`${line}\n`);
      await new Promise<void>((resolve, reject) => {
        child.stdout.once('data', (chunk: Buffer) =>
          chunk.toString().startsWith('proxy') ? resolve() : reject(new Error(chunk.toString())),
        );
        child.once('close', () => reject(new Error('it ended')));
      });
      const texts = ['one', 'two'.repeat(50_000)];
      expect(await Promise.all(texts.map((text) => ask(port, text)))).toEqual(texts.map((text) => `heard ${text}`));
    } finally {
      child.removeAllListeners('close');
      process.kill(-(child.pid ?? 0), 'SIGKILL');
      server.close();
    }
  });

  it('cannot be made of nothing', () => {
    expect(forwarderOrder(new Set(['bash']), 'x', 1)).toBeUndefined();
  });
});
