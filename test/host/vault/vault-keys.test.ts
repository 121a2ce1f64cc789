import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Keychain } from '../../../src/host/vault/keychain.ts';
import { vaultPath } from '../../../src/host/paths.ts';
import { hasVault, vault, type VaultOptions } from '../../../src/host/vault/vault.ts';
import type { VaultFile } from '../../../src/host/vault/vault-file.ts';

let home = '';
let data: Record<string, string> = {};
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'llm-copilot-keys-'));
  data = { LLM_COPILOT_DATA_DIR: join(home, 'data') };
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const open = (options: Partial<VaultOptions> = {}) =>
  vault({ keychain: 'off', scryptCost: 1024, ...options, env: { ...data, ...options.env } });
const put = (options: Partial<VaultOptions>, name = 'A') =>
  open(options).change((draft) => draft.put(name, `value of ${name}`, ['*']));
const get = async (options: Partial<VaultOptions>, name = 'A') => (await open(options).open()).get(name);
const file = (): VaultFile => JSON.parse(readFileSync(vaultPath(data), 'utf8')) as VaultFile;
const wrongKey = { code: 'E_VAULT_KEY', exitCode: 3 };

/** Answers one after the other, and what was asked. */
const asking = (...answers: (string | undefined)[]) => {
  const asked: string[] = [];
  const ask = async (prompt: string): Promise<string | undefined> => {
    asked.push(prompt);
    return answers.shift();
  };
  return { ask, asked };
};

/** A keychain that works, in memory. */
const keychainIn = (kept: Map<string, string>, spoiled: Partial<Keychain> = {}) => {
  const keychain: Keychain = {
    get: async (account) => kept.get(account),
    set: async (account, value) => void kept.set(account, value),
    remove: async (account) => void kept.delete(account),
    ...spoiled,
  };
  return { keychain: 'auto', openKeychain: async () => keychain } as const;
};

describe('a key in a variable', () => {
  const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
  test.each([
    ['base64', bytes.toString('base64')],
    ['base64 without its end', bytes.toString('base64').replace('=', '')],
    ['hex', bytes.toString('hex')],
    ['upper-case hex in spaces', ` ${bytes.toString('hex').toUpperCase()}\n`],
  ])('may be %s', async (_form, text) => {
    await put({ env: { LLM_COPILOT_VAULT_KEY: bytes.toString('base64') } });
    expect(await get({ env: { LLM_COPILOT_VAULT_KEY: text } })).toBe('value of A');
    expect(file().key).toEqual({ source: 'env' });
  });

  test.each([
    'x',
    'secret',
    'ab'.repeat(31),
    'g'.repeat(64),
    Buffer.alloc(31).toString('base64'),
    `${'A'.repeat(43)}*`,
  ])('%j is none, and the forms are named', async (text) => {
    await expect(put({ env: { LLM_COPILOT_VAULT_KEY: text } })).rejects.toMatchObject({
      ...wrongKey,
      message: expect.stringMatching(/32 bytes, as base64 .* or hex/) as string,
      hint: expect.stringContaining('openssl rand -base64 32') as string,
    });
    expect(hasVault(data)).toBe(false);
  });

  test('must be there for a vault made with one', async () => {
    await put({ env: { LLM_COPILOT_VAULT_KEY: bytes.toString('hex') } });
    await expect(get({ env: { LLM_COPILOT_VAULT_PASSPHRASE: 'correct horse' } })).rejects.toMatchObject({
      ...wrongKey,
      message: expect.stringContaining('LLM_COPILOT_VAULT_KEY, which is not set') as string,
    });
  });

  test('is replaced by that in the variable for the new one', async () => {
    const old = { LLM_COPILOT_VAULT_KEY: bytes.toString('hex') };
    await put({ env: old });
    const before = file().keyId;
    await expect(open({ env: old }).rekey()).rejects.toMatchObject(wrongKey);
    await expect(
      open({ env: { ...old, LLM_COPILOT_VAULT_NEW_KEY: bytes.toString('base64') } }).rekey(),
    ).rejects.toThrow(/has already/);
    const next = Buffer.alloc(32, 9).toString('base64');
    const { keyId, keySource } = await open({ env: { ...old, LLM_COPILOT_VAULT_NEW_KEY: next } }).rekey();
    expect(keySource).toBe('env');
    expect(file().keyId).toBe(keyId);
    expect(keyId).not.toBe(before);
    expect(await get({ env: { LLM_COPILOT_VAULT_KEY: next } })).toBe('value of A');
    await expect(get({ env: old })).rejects.toMatchObject(wrongKey);
  });
});

describe('a passphrase', () => {
  const right = { LLM_COPILOT_VAULT_PASSPHRASE: 'correct horse' };

  test('comes from its variable, and a wrong one opens nothing', async () => {
    await put({ env: right });
    expect(file().key).toMatchObject({ source: 'passphrase', cost: 1024 });
    expect(await get({ env: right })).toBe('value of A');
    await expect(get({ env: { LLM_COPILOT_VAULT_PASSPHRASE: 'correct house' } })).rejects.toMatchObject(wrongKey);
  });

  test('is the same however its letters are composed', async () => {
    await put({ env: { LLM_COPILOT_VAULT_PASSPHRASE: 'sch\u00f6ne Gr\u00fc\u00dfe' } });
    expect(await get({ env: { LLM_COPILOT_VAULT_PASSPHRASE: 'scho\u0308ne Gru\u0308\u00dfe' } })).toBe('value of A');
  });

  test('is asked for twice when it is new, once later', async () => {
    const first = asking('correct horse', 'correct horse');
    const store = open({ ask: first.ask });
    await store.change((draft) => draft.put('A', 'value of A', []));
    await store.change((draft) => draft.put('B', 'value of B', []));
    expect(first.asked).toEqual(['New passphrase for the vault: ', 'The same again: ']);
    const later = asking('correct horse');
    expect(await get({ ask: later.ask }, 'B')).toBe('value of B');
    expect(later.asked).toEqual(['Passphrase of the vault: ']);
  });

  test('may be mistyped twice', async () => {
    await put({ env: right });
    const third = asking('wrong horse', 'wrong horse', 'correct horse');
    expect(await get({ ask: third.ask })).toBe('value of A');
    const never = asking('wrong horse', 'wrong horse', 'wrong horse', 'correct horse');
    await expect(get({ ask: never.ask })).rejects.toMatchObject(wrongKey);
    expect(never.asked).toHaveLength(3);
  });

  test('must be the same twice and not too short', async () => {
    await expect(put({ ask: asking('correct horse', 'correct house').ask })).rejects.toThrow(/differ/);
    await expect(put({ ask: asking('short').ask })).rejects.toThrow(/at least 8/);
    await expect(put({ env: { LLM_COPILOT_VAULT_PASSPHRASE: 'short' } })).rejects.toMatchObject(wrongKey);
    expect(hasVault(data)).toBe(false);
  });

  test('that nobody gives ends it', async () => {
    await expect(put({ ask: asking(undefined).ask })).rejects.toMatchObject({ exitCode: 130 });
    expect(hasVault(data)).toBe(false);
  });

  test('that cannot be asked for is an error that says what to set', async () => {
    await expect(put({})).rejects.toMatchObject({
      ...wrongKey,
      message: expect.stringContaining('no terminal') as string,
      hint: expect.stringMatching(/LLM_COPILOT_VAULT_KEY .* LLM_COPILOT_VAULT_PASSPHRASE/) as string,
    });
    await put({ env: right });
    await expect(get({})).rejects.toMatchObject({
      ...wrongKey,
      hint: expect.stringContaining('LLM_COPILOT_VAULT_PASSPHRASE') as string,
    });
  });

  test('is replaced with a new salt', async () => {
    await put({ env: right });
    const before = file().key;
    await expect(open({ env: right }).rekey()).rejects.toMatchObject({
      hint: expect.stringContaining('LLM_COPILOT_VAULT_NEW_PASSPHRASE') as string,
    });
    await expect(
      open({ env: { ...right, LLM_COPILOT_VAULT_NEW_PASSPHRASE: 'correct horse' } }).rekey(),
    ).rejects.toThrow(/is the old one/);
    await open({ env: { ...right, LLM_COPILOT_VAULT_NEW_PASSPHRASE: 'battery staple' } }).rekey();
    expect(file().key).not.toEqual(before);
    expect(await get({ env: { LLM_COPILOT_VAULT_PASSPHRASE: 'battery staple' } })).toBe('value of A');
    const typed = asking('battery staple', 'third one now', 'third one now');
    await open({ ask: typed.ask }).rekey();
    expect(await get({ ask: asking('third one now').ask })).toBe('value of A');
  });

  test('costs what it must when nobody says otherwise', async () => {
    const store = vault({ env: { ...data, ...right }, keychain: 'off' });
    await store.change((draft) => draft.put('A', 'value of A', []));
    expect(file().key).toMatchObject({ cost: 2 ** 17 });
  });
});

describe('a key in the keychain', () => {
  test('is kept there under its id, and read from there', async () => {
    const kept = new Map<string, string>();
    const { created } = await put(keychainIn(kept));
    expect(created?.keySource).toBe('keychain');
    expect([...kept.keys()]).toEqual([created?.keyId]);
    expect(await get(keychainIn(kept))).toBe('value of A');
    expect(readFileSync(vaultPath(data), 'utf8')).not.toContain([...kept.values()][0]);
  });

  test('comes after the one in the variable', async () => {
    const kept = new Map<string, string>();
    await put({ ...keychainIn(kept), env: { LLM_COPILOT_VAULT_KEY: 'ab'.repeat(32) } });
    expect(file().key).toEqual({ source: 'env' });
    expect(kept.size).toBe(0);
  });

  test.each<[string, Partial<Keychain> | undefined]>([
    ['is not installed', undefined],
    ['throws', { set: () => Promise.reject(new Error('locked')) }],
    ['forgets what it is given', { set: async () => undefined }],
    ['gives back something else', { get: async () => 'else' }],
    ['cannot be read', { get: () => Promise.reject(new Error('locked')) }],
  ])('is not used when the keychain %s', async (_name, spoiled) => {
    const kept = new Map<string, string>();
    const place = spoiled ? keychainIn(kept, spoiled) : ({ openKeychain: async () => undefined } as const);
    await expect(put({ ...place, keychain: 'auto' })).rejects.toMatchObject(wrongKey);
    await put({ ...place, keychain: 'auto', env: { LLM_COPILOT_VAULT_PASSPHRASE: 'correct horse' } });
    expect(file().key).toMatchObject({ source: 'passphrase' });
    expect(kept.size).toBe(0);
  });

  test('of this machine is only used when it works', async () => {
    await put({ keychain: 'auto', openKeychain: undefined, env: { LLM_COPILOT_VAULT_PASSPHRASE: 'correct horse' } });
    expect(['keychain', 'passphrase']).toContain(file().key.source);
    // Leaves nothing behind in a keychain that does work.
    const env = {
      LLM_COPILOT_VAULT_PASSPHRASE: 'correct horse',
      LLM_COPILOT_VAULT_NEW_PASSPHRASE: 'battery staple',
    };
    expect((await open({ keychain: 'auto', openKeychain: undefined, env }).rekey()).keySource).toBe('passphrase');
  });

  test('that is gone, or locked away by a setting, is an error', async () => {
    const kept = new Map<string, string>();
    await put(keychainIn(kept));
    await expect(get({ ...keychainIn(kept), keychain: 'off' })).rejects.toThrow(/secrets.keychain is off/);
    await expect(get(keychainIn(new Map()))).rejects.toThrow(/has no key k-/);
    await expect(get({ keychain: 'auto', openKeychain: async () => undefined })).rejects.toThrow(/not installed/);
    const locked = keychainIn(kept, { get: () => Promise.reject(new Error('it is locked')) });
    await expect(get(locked)).rejects.toMatchObject({
      ...wrongKey,
      message: expect.stringContaining('it is locked') as string,
    });
  });

  test('is replaced, and the old one goes once the vault is written', async () => {
    const kept = new Map<string, string>();
    const before = (await put(keychainIn(kept))).created?.keyId;
    const seen: string[] = [];
    const watching = keychainIn(kept, {
      remove: async (account) => {
        seen.push(
          `${account === before ? 'old' : 'other'} goes, the vault has the ${file().keyId === before ? 'old' : 'new'}`,
        );
        kept.delete(account);
      },
    });
    const { keyId } = await open(watching).rekey();
    expect(seen).toEqual(['old goes, the vault has the new']);
    expect([...kept.keys()]).toEqual([keyId]);
    expect(await get(keychainIn(kept))).toBe('value of A');
  });

  test('that stays behind harms nothing and is told', async () => {
    const kept = new Map<string, string>();
    await put(keychainIn(kept));
    const store = open(keychainIn(kept, { remove: () => Promise.reject(new Error('busy')) }));
    await store.rekey();
    expect(store.notices).toEqual([expect.stringMatching(/old key k-.* still in the keychain: busy/)]);
    expect(await get(keychainIn(kept))).toBe('value of A');
  });

  test('stays as it is when a rotation fails half way', async () => {
    const kept = new Map<string, string>();
    const before = (await put(keychainIn(kept))).created?.keyId;
    let rival: Promise<unknown> | undefined;
    const overtaken = keychainIn(kept, {
      set: async (account, value) => {
        kept.set(account, value);
        // Another process changes the key before this one can.
        rival ??= open(keychainIn(kept)).rekey();
        await rival;
      },
    });
    await expect(open(overtaken).rekey()).rejects.toThrow(/another key meanwhile/);
    expect([...kept.keys()]).toEqual([file().keyId]);
    expect(file().keyId).not.toBe(before);
    expect(await get(keychainIn(kept))).toBe('value of A');
  });

  test('gives way to a passphrase that is set for a rotation', async () => {
    const kept = new Map<string, string>();
    await put(keychainIn(kept));
    const env = { LLM_COPILOT_VAULT_NEW_PASSPHRASE: 'correct horse' };
    expect((await open({ ...keychainIn(kept), env }).rekey()).keySource).toBe('passphrase');
    expect(kept.size).toBe(0);
    expect(await get({ env: { LLM_COPILOT_VAULT_PASSPHRASE: 'correct horse' } })).toBe('value of A');
  });
});
