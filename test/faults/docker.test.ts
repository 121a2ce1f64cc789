import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ExecResult } from '../../src/core/sandbox.ts';
import { probeDocker } from '../../src/host/sandbox/docker-cli.ts';
import { dockerLauncher } from '../../src/host/sandbox/docker-launcher.ts';
import type { Confinement, Limits } from '../../src/host/sandbox/launcher.ts';
import { startProcess } from '../../src/host/sandbox/process.ts';
import { dockerAvailable, testImage } from '../support/docker.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'docker-faults-')));
const root = join(folder, 'work');
mkdirSync(root);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const confinement = (limits: Limits): Confinement => ({
  ...{ root, dataDir: join(folder, 'data'), folders: [], allowedHosts: [], limits, context: 'shared' },
});

describe.skipIf(!dockerAvailable())('a container at its limits', () => {
  beforeAll(() => void testImage(), 90_000);

  it('ends what uses too much memory, too many processes or too much CPU time', async () => {
    const limits = { memoryBytes: 64 << 20, pids: 40, cpuSeconds: 1 };
    const launcher = dockerLauncher(confinement(limits), { image: testImage() ?? '' });
    onTestFinished(() => launcher.close());
    const run = async (command: string | readonly string[]): Promise<ExecResult> => {
      const { argv, ...launch } = await launcher.launch(command, { cwd: root, env: {} });
      return startProcess(argv, { ...launch, timeoutMs: 20_000, newFile: () => join(folder, 'output') }).done;
    };
    expect(launcher.enforces().cpu).toBe(true);
    const hungry = await run(['node', '-e', 'const a=[];for(;;)a.push(Buffer.alloc(1<<20,1))']);
    expect(hungry).toMatchObject({ timedOut: false });
    expect(hungry.exitCode).not.toBe(0);
    expect((await run('for i in $(seq 60); do sleep 2 & done; wait')).output).toMatch(/fork/);
    const busy = await run('for i in 1 2 3; do (while :; do :; done) & done; wait');
    expect(busy).toMatchObject({ timedOut: false, exitCode: 137 });
    expect(launcher.notices?.().join()).toContain('CPU');
  });
});

const hasCli = spawnSync('docker', ['--version']).error === undefined;

describe.skipIf(!hasCli)('an engine that takes a call and never answers', () => {
  it('gets ten seconds, and three of a probe', async () => {
    const path = join(folder, 'stuck.sock');
    const stuck = createServer();
    await new Promise<void>((resolve) => stuck.listen(path, resolve));
    onTestFinished(() => void stuck.close());
    const { PATH, HOME } = process.env;
    const env = { PATH, HOME, DOCKER_HOST: `unix://${path}` };
    const started = Date.now();
    expect((await probeDocker(env)).available).toBe(false);
    expect(Date.now() - started).toBeLessThan(4500);
    const launcher = dockerLauncher(confinement({}), { image: 'any', env });
    onTestFinished(() => launcher.close());
    const again = Date.now();
    await expect(launcher.launch('true', { cwd: root, env: {} })).rejects.toMatchObject({
      code: 'E_SANDBOX',
      exitCode: 7,
    });
    expect(Date.now() - again).toBeLessThan(10_000);
  });
});
