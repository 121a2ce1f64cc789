import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { secretAge, valueProblem } from '../../../src/core/secret.ts';
import { vaultPath } from '../../../src/host/paths.ts';
import { hasVault, vault, type VaultOptions } from '../../../src/host/vault/vault.ts';

const key = Buffer.alloc(32, 7).toString('base64');
const dayMs = 86_400_000;

let home = '';
let env: Record<string, string> = {};
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'llm-copilot-vault-'));
  env = { LLM_COPILOT_DATA_DIR: join(home, 'data'), LLM_COPILOT_VAULT_KEY: key };
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const open = (options: Partial<VaultOptions> = {}) => vault({ env, ...options });
const put = (name: string, value: string, options: Partial<VaultOptions> = {}) =>
  open(options).change((draft) => draft.put(name, value, ['anthropic']));
const get = async (name: string): Promise<string | undefined> => (await open().open()).get(name);
const text = (): string => readFileSync(vaultPath(env), 'utf8');

describe('the vault', () => {
  test('keeps values, and tells names, times and scopes without a key', async () => {
    expect(hasVault(env)).toBe(false);
    const { created } = await put('A', 'first value', { now: () => 1000 });
    expect(created).toEqual({ keyId: expect.stringMatching(/^k-[0-9a-f]{8}$/) as string, keySource: 'env' });
    expect((await put('B', 'π\n second', { now: () => 2000 })).created).toBeUndefined();
    expect(await get('A')).toBe('first value');
    expect(await get('B')).toBe('π\n second');
    expect(await get('C')).toBeUndefined();
    expect(hasVault(env)).toBe(true);
    expect(vault({ env: { LLM_COPILOT_DATA_DIR: join(home, 'data') } }).list()).toEqual([
      { name: 'A', setAt: 1000, scopes: ['anthropic'] },
      { name: 'B', setAt: 2000, scopes: ['anthropic'] },
    ]);
    expect(text()).not.toContain('first value');
    expect(text()).not.toContain(Buffer.from('first value').toString('base64'));
  });

  test('is readable by its owner only, also after changes and rotation', async () => {
    const mode = (): number => statSync(vaultPath(env)).mode & 0o777;
    await put('A', 'first value');
    expect(mode()).toBe(0o600);
    await put('A', 'other value');
    expect(mode()).toBe(0o600);
    await vault({ env: { ...env, LLM_COPILOT_VAULT_NEW_KEY: Buffer.alloc(32, 8).toString('hex') } }).rekey();
    expect(mode()).toBe(0o600);
    expect(statSync(join(home, 'data')).mode & 0o777).toBe(0o700);
  });

  test('is closed again when others can read it, and says so', async () => {
    await put('A', 'first value');
    chmodSync(vaultPath(env), 0o644);
    const store = open();
    expect((await store.open()).get('A')).toBe('first value');
    expect(store.notices).toEqual([expect.stringMatching(/could be read by others \(mode 644\)/)]);
    expect(statSync(vaultPath(env)).mode & 0o777).toBe(0o600);
  });

  test('encrypts the same value differently each time', async () => {
    await put('A', 'first value');
    const before = text();
    await put('A', 'first value');
    expect(text()).not.toBe(before);
  });

  test('takes names that are special to objects', async () => {
    for (const name of ['__proto__', 'constructor', 'toString']) await put(name, `value of ${name}`);
    expect(await get('__proto__')).toBe('value of __proto__');
    expect(open().list()).toHaveLength(3);
  });

  test('is not written when a change fails or changes nothing', async () => {
    await put('A', 'first value');
    const before = text();
    await expect(
      open().change((draft) => {
        draft.put('B', 'never kept', []);
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    await open().change((draft) => draft.get('A'));
    expect(text()).toBe(before);
    expect(readdirSync(join(home, 'data'))).toEqual(['vault.json']);
  });

  test('is not made by a change that fails', async () => {
    await expect(open().change(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(hasVault(env)).toBe(false);
  });

  test('clears away what a killed writer left', async () => {
    await put('A', 'first value');
    writeFileSync(join(home, 'data', 'vault.json.4711-0badcafe.half'), '{ "version": 1, ');
    expect(await get('A')).toBe('first value');
    await put('B', 'second value');
    expect(readdirSync(join(home, 'data'))).toEqual(['vault.json']);
  });

  test('says that its folder cannot be written', async () => {
    writeFileSync(join(home, 'file'), '');
    env = { ...env, LLM_COPILOT_DATA_DIR: join(home, 'file', 'data') };
    await expect(put('A', 'first value')).rejects.toMatchObject({
      code: 'E_VAULT',
      exitCode: 3,
      hint: expect.stringContaining('LLM_COPILOT_DATA_DIR') as string,
    });
    expect(open().list()).toEqual([]);
  });

  test('says that there is none', async () => {
    await expect(open().open()).rejects.toMatchObject({ code: 'E_VAULT', exitCode: 3 });
    await expect(open().rekey()).rejects.toMatchObject({ code: 'E_VAULT', exitCode: 3 });
  });

  test('does not wait for a pipe or read a folder in its place', async () => {
    mkdirSync(vaultPath(env), { recursive: true });
    expect(() => open().list()).toThrow(/not a regular file/);
  });
});

describe('time', () => {
  test('that goes back makes no secret younger, and is told', async () => {
    const now = 1_700_000_000_000;
    await put('A', 'first value', { now: () => now });
    await put('B', 'second value', { now: () => now + 80 * dayMs });
    const store = open({ now: () => now + dayMs });
    const [a] = store.list();
    expect(secretAge(a!, store.nowMs(), undefined)).toEqual({ days: 80, state: 'old' });
    expect(store.notices).toEqual([expect.stringMatching(/clock stands before the vault's last change/)]);
    // Written while the clock is wrong, it is no older than the newest.
    await put('C', 'third value', { now: () => now + dayMs });
    expect(open().list()[2]).toMatchObject({ name: 'C', setAt: now + 80 * dayMs });
  });

  test('that was far ahead once is set right by a rotation', async () => {
    const now = 1_700_000_000_000;
    await put('A', 'first value', { now: () => now + 10_000 * dayMs });
    env = { ...env, LLM_COPILOT_VAULT_NEW_KEY: Buffer.alloc(32, 8).toString('base64') };
    await open({ now: () => now }).rekey();
    expect(open().list()).toEqual([{ name: 'A', setAt: now, scopes: ['anthropic'] }]);
    expect(open({ now: () => now + 1 }).nowMs()).toBe(now + 1);
  });

  test.each([
    [75, 'ok'],
    [75.5, 'old'],
    [90, 'old'],
    [90.5, 'expired'],
  ] as const)('of %f days makes a secret %s', (days, state) => {
    const info = { name: 'A', setAt: 0, scopes: [] };
    expect(secretAge(info, days * dayMs, {})).toEqual({ days: Math.floor(days), state });
  });

  test('blocks nothing when it may not', () => {
    const info = { name: 'A', setAt: 0, scopes: [] };
    expect(secretAge(info, 1000 * dayMs, { blockAfterDays: false, warnAfterDays: 5 }).state).toBe('old');
  });
});

test.each([
  ['', /empty/],
  ['x'.repeat(1024 * 1024), /1048576 bytes/],
  ['ü'.repeat(32_769), /65538 bytes/],
  ['a\0b', /NUL/],
  ['half \ud83d', /Unicode/],
])('a value that cannot be kept is told apart', (value, problem) => {
  expect(valueProblem(value)).toMatch(problem);
});

test.each(['x', 'ü'.repeat(32_768), '\ufeffbom', '😀'])('a value that can be kept is', (value) => {
  expect(valueProblem(value)).toBeUndefined();
});
