import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { vaultPath } from '../../../src/host/paths.ts';
import { vault } from '../../../src/host/vault/vault.ts';

const key = Buffer.alloc(32, 7).toString('base64');

let home = '';
let program = '';
let env: Record<string, string> = {};
let count = 0;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'llm-copilot-processes-'));
  program = join(home, 'setter.mjs');
  await build({
    stdin: {
      // Sets names of its own, and counts up one that all share.
      contents: `
        import { vault } from './src/host/vault/vault.ts';
        const [prefix, changes] = process.argv.slice(2);
        for (let index = 0; index < Number(changes); index += 1)
          await vault({ env: process.env }).change((draft) => {
            draft.put(prefix + index, 'value of ' + prefix + index, ['*']);
            draft.put('count', String(Number(draft.get('count') ?? '0') + 1), []);
          });`,
      resolveDir: process.cwd(),
    },
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['@napi-rs/keyring'],
    logLevel: 'error',
  });
});
afterAll(() => rmSync(home, { recursive: true, force: true }));
beforeEach(() => {
  count += 1;
  env = { LLM_COPILOT_DATA_DIR: join(home, `data-${count}`), LLM_COPILOT_VAULT_KEY: key };
});

const setter = (prefix: string, changes: number) =>
  promisify(execFile)(process.execPath, [program, prefix, String(changes)], { env });
const put = (name: string) => vault({ env }).change((draft) => draft.put(name, 'value', []));

describe('several processes', () => {
  test('all land what they set, also when none found a vault', async () => {
    const changes = 12;
    await Promise.all(['a', 'b', 'c'].map((prefix) => setter(prefix, changes)));
    const opened = await vault({ env }).open();
    const names = ['a', 'b', 'c'].flatMap((prefix) =>
      Array.from({ length: changes }, (_, index) => `${prefix}${index}`),
    );
    for (const name of names) expect(opened.get(name)).toBe(`value of ${name}`);
    expect(opened.get('count')).toBe(String(3 * changes));
    expect(readdirSync(join(home, `data-${count}`))).toEqual(['vault.json']);
  });

  test('of one program wait for each other, too', async () => {
    await Promise.all(['A', 'B', 'C', 'D'].map(put));
    expect(
      vault({ env })
        .list()
        .map(({ name }) => name),
    ).toEqual(['A', 'B', 'C', 'D']);
  });
});

describe('a lock left behind', () => {
  const lock = (): string => `${vaultPath(env)}.lock`;

  test('by a process that is gone is broken', async () => {
    await put('A');
    const { stdout } = await promisify(execFile)(process.execPath, ['-p', 'process.pid']);
    writeFileSync(lock(), `${stdout.trim()} 0badcafe`);
    await put('B');
    expect(existsSync(lock())).toBe(false);
    expect(vault({ env }).list()).toHaveLength(2);
  });

  test('is broken when its process id is another’s by now', async () => {
    await put('A');
    writeFileSync(lock(), `${process.pid} 0badcafe`);
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(lock(), longAgo, longAgo);
    await put('B');
    expect(vault({ env }).list()).toHaveLength(2);
  });

  test('by one that works is waited for', async () => {
    await put('A');
    writeFileSync(lock(), `${process.pid} 0badcafe`);
    const done = put('B');
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(vault({ env }).list()).toHaveLength(1);
    rmSync(lock());
    await done;
    expect(vault({ env }).list()).toHaveLength(2);
  });

  test('that another took over stops the change before it is written', async () => {
    await put('A');
    const before = readFileSync(vaultPath(env), 'utf8');
    const change = vault({ env }).change((draft) => {
      draft.put('B', 'value', []);
      writeFileSync(lock(), '1 0badcafe');
    });
    await expect(change).rejects.toMatchObject({ code: 'E_VAULT', exitCode: 3 });
    expect(readFileSync(vaultPath(env), 'utf8')).toBe(before);
    // The lock is the other's to remove.
    expect(existsSync(lock())).toBe(true);
  });
});
