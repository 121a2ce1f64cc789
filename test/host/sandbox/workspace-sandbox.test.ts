import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { Sandbox } from '../../../src/core/sandbox.ts';
import type { Launcher } from '../../../src/host/sandbox/launcher.ts';
import { localLauncher } from '../../../src/host/sandbox/local-launcher.ts';
import { workspaceSandbox } from '../../../src/host/sandbox/workspace-sandbox.ts';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'workspace-')));
afterAll(() => rmSync(base, { recursive: true, force: true }));
const opened: Sandbox[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});
let count = 0;

/** A sandbox whose launches are counted, and wait until they are let go. */
const open = (argv?: readonly string[]) => {
  const root = join(base, `work-${(count += 1)}`);
  mkdirSync(root);
  let ended = 0;
  let letGo: () => void = () => undefined;
  let asked: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (letGo = resolve));
  const launching = new Promise<void>((resolve) => (asked = resolve));
  const local = localLauncher({});
  const launcher: Launcher = {
    ...local,
    launch: async (command, place) => {
      asked();
      await released;
      const launch = await local.launch(command, place);
      return { ...launch, ...(argv && { argv }), ended: () => void (ended += 1) };
    },
  };
  const sandbox = workspaceSandbox({ root, dataDir: join(base, `data-${count}`) }, () => launcher);
  opened.push(sandbox);
  const run = (signal = new AbortController().signal): Promise<unknown> =>
    sandbox.exec('true', { timeoutMs: 5000 }, signal);
  return { sandbox, run, launching, letGo: () => letGo(), ended: () => ended };
};

describe('a launch is over once', () => {
  it('when its command ended', async () => {
    const { run, letGo, ended } = open();
    letGo();
    expect(await run()).toMatchObject({ exitCode: 0 });
    expect(ended()).toBe(1);
  });

  it('when it was aborted before it could be started', async () => {
    const { run, launching, letGo, ended } = open();
    const abort = new AbortController();
    const result = run(abort.signal);
    await launching;
    abort.abort(new Error('enough'));
    await expect(result).rejects.toThrow('enough');
    expect(ended()).toBe(0);
    letGo();
    await expect.poll(ended).toBe(1);
  });

  it('when the sandbox was closed before it could be started', async () => {
    const { sandbox, run, launching, letGo, ended } = open();
    const result = run();
    await launching;
    await sandbox.close();
    letGo();
    await expect(result).rejects.toThrow('closed');
    expect(ended()).toBe(1);
  });

  it('when its program cannot be started', async () => {
    const { run, letGo, ended } = open(['/nowhere/program']);
    letGo();
    await expect(run()).rejects.toThrow('cannot start');
    expect(ended()).toBe(1);
  });

  it('when the system refuses to start it at all', async () => {
    const { run, letGo, ended } = open(['/bin/true', '\0']);
    letGo();
    await expect(run()).rejects.toThrow('cannot start');
    expect(ended()).toBe(1);
  });
});
