import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { Sandbox } from 'llm-copilot-agent';
import { openSandbox, type OpenedSandbox, type SandboxSettings } from '../../../src/host/sandbox/open-sandbox.ts';
import { probeBubblewrap } from '../../../src/host/sandbox/probe-bubblewrap.ts';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'open-sandbox-')));
afterAll(() => rmSync(base, { recursive: true, force: true }));
const opened: Sandbox[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});
const works = (await probeBubblewrap()).available;
const never = new AbortController().signal;
let count = 0;
const open = async (more: Partial<SandboxSettings> = {}): Promise<OpenedSandbox> => {
  const folder = join(base, `${(count += 1)}`);
  const root = join(folder, 'work');
  mkdirSync(root, { recursive: true });
  const settings: SandboxSettings = {
    kind: 'local',
    level: 'moderate',
    root,
    dataDir: join(folder, 'data'),
    addedFolders: [],
    env: process.env,
    allowedHosts: [],
    limits: {},
    context: 'shared',
    ...more,
  };
  const result = await openSandbox(settings);
  opened.push(result.sandbox);
  return result;
};
const hidden = { bases: [base], matches: (path: string) => path.endsWith('.env') };
/** Without a bwrap on the PATH. */
const without = async <T>(work: () => Promise<T>): Promise<T> => {
  const path = process.env.PATH;
  process.env.PATH = '/nowhere';
  try {
    return await work();
  } finally {
    process.env.PATH = path;
  }
};

describe('opening a sandbox', () => {
  it('says nothing of local when nothing was asked that it cannot do', async () => {
    const { sandbox, notices } = await open();
    expect([sandbox.name, notices]).toEqual(['local', []]);
  });

  it('names everything local cannot do: one notice, none under minimal, an error under strict', async () => {
    const asked = { hidden, readOnly: hidden, allowedHosts: ['x'], limits: { memoryBytes: 1, cpuSeconds: 1, pids: 1 } };
    const { notices } = await open(asked);
    expect(notices).toHaveLength(1);
    for (const words of ['reading', 'writing', 'hosts', 'memory', 'CPU time', 'processes'])
      expect(notices[0]).toContain(words);
    expect((await open({ ...asked, level: 'minimal' })).notices).toEqual([]);
    await expect(open({ ...asked, level: 'strict' })).rejects.toMatchObject({ code: 'E_SANDBOX', exitCode: 7 });
    await expect(open({ level: 'strict' })).rejects.toThrow(/cannot keep commands from hosts/);
  });

  it.runIf(works)('takes bubblewrap on its own where it works, also under strict', async () => {
    const { sandbox, notices } = await open({ kind: 'auto', level: 'strict', hidden });
    expect([sandbox.name, notices]).toEqual(['bubblewrap', []]);
    await expect(open({ kind: 'auto', level: 'strict', limits: { memoryBytes: 1 << 30 } })).rejects.toThrow(/memory/);
  });

  it('falls back to local with the reason, but never from a name', async () => {
    const { sandbox, notices } = await without(() => open({ kind: 'auto' }));
    expect(sandbox.name).toBe('local');
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(/own rights, without a sandbox: .*not installed|Linux only/);
    const refused = without(() => open({ kind: 'bubblewrap' }));
    await expect(refused).rejects.toMatchObject({ code: 'E_SANDBOX', exitCode: 7 });
    await expect(refused).rejects.toThrow(/bubblewrap" cannot be started: bwrap is not installed/);
    await expect(without(() => open({ kind: 'auto', level: 'strict' }))).rejects.toThrow(/not installed/);
  });

  it('takes docker where an image is configured, without asking the engine yet', async () => {
    const { sandbox } = await open({ kind: 'auto', image: 'some:image' });
    expect(sandbox.name).toBe('docker');
    await expect(open({ kind: 'docker' })).rejects.toMatchObject({ code: 'E_SANDBOX', exitCode: 7 });
  });

  it.runIf(works)('hides in a copy what rules hide in the workspace, also there', async () => {
    const { sandbox } = await open({ kind: 'bubblewrap', hidden });
    await sandbox.writeFile('sub/.env', 'secret');
    await sandbox.writeFile('file', 'seen\n');
    const copy = await sandbox.copyOf(await sandbox.digest());
    opened.push(copy);
    const { output } = await copy.exec(
      ['sh', '-c', `cat file sub/.env ${sandbox.root}/sub/.env; ls`],
      { timeoutMs: 9000 },
      never,
    );
    expect(output).toContain('seen');
    expect(output).not.toContain('secret');
  });

  it.runIf(works)('binds added folders, writable, and tells later what only commands showed', async () => {
    const added = join(base, 'added');
    mkdirSync(added);
    writeFileSync(join(added, 'x'), 'old');
    const made = await open({
      kind: 'bubblewrap',
      addedFolders: [added],
      allowedHosts: ['a.example'],
    });
    const { sandbox } = made;
    expect(made.laterNotices()).toEqual([]);
    const ask = `require('http').get({ host: '127.0.0.1', port: 3128, path: 'http://b.example/' }, (r) => r.resume())`;
    await sandbox.exec(['sh', '-c', `echo new > ${added}/x; node -e "${ask}"`], { timeoutMs: 9000 }, never);
    expect(readFileSync(join(added, 'x'), 'utf8')).toBe('new\n');
    expect(made.laterNotices().join()).toContain('b.example:80');
  });
});
