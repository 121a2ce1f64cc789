import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isCopilotError } from '../../../src/base/errors.ts';
import { vaultPath } from '../../../src/host/paths.ts';
import { vault, type VaultOptions } from '../../../src/host/vault/vault.ts';
import type { VaultFile } from '../../../src/host/vault/vault-file.ts';

const values = new Map([
  ['A', 'value of A'],
  ['B', 'value of B'],
]);

let home = '';
/** Two vaults with the same names: one under a key, one under a passphrase. */
const places: Record<'key' | 'passphrase', { options: VaultOptions; whole: Buffer }> = {
  key: { options: { env: {} }, whole: Buffer.alloc(0) },
  passphrase: { options: { env: {} }, whole: Buffer.alloc(0) },
};
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'llm-copilot-tampering-'));
  const secrets = {
    key: { LLM_COPILOT_VAULT_KEY: Buffer.alloc(32, 7).toString('base64') },
    passphrase: { LLM_COPILOT_VAULT_PASSPHRASE: 'correct horse' },
  };
  for (const name of ['key', 'passphrase'] as const) {
    const options: VaultOptions = {
      env: { LLM_COPILOT_DATA_DIR: join(home, name), ...secrets[name] },
      keychain: 'off',
      scryptCost: 1024,
      now: () => 1_700_000_000_000,
    };
    await vault(options).change((draft) => {
      for (const [secret, value] of values) draft.put(secret, value, ['anthropic', 'openai']);
    });
    places[name] = { options, whole: readFileSync(vaultPath(options.env)) };
  }
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** The code of the error that opening gives; `read` when there was none and the values were right. */
const outcomeOf = async (place: keyof typeof places, bytes: Buffer | string): Promise<string> => {
  const { options } = places[place];
  writeFileSync(vaultPath(options.env), bytes, { mode: 0o600 });
  try {
    const opened = await vault(options).open();
    for (const { name } of opened.list()) if (opened.get(name) !== values.get(name)) return 'wrong value';
    return 'read';
  } catch (error) {
    return isCopilotError(error) && error.exitCode === 3 ? error.code : `no error of ours: ${String(error)}`;
  }
};

const known = ['E_VAULT_DAMAGED', 'E_VAULT_KEY', 'E_VAULT'];
const flipped = (bytes: Buffer, bit: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
};

const edited = (edit: (file: VaultFile) => void): string => {
  const file = JSON.parse(places.key.whole.toString()) as VaultFile;
  edit(file);
  return `${JSON.stringify(file, undefined, 2)}\n`;
};

describe('tampering with the vault', () => {
  test('the untouched vaults open', async () => {
    expect(await outcomeOf('key', places.key.whole)).toBe('read');
    expect(await outcomeOf('passphrase', places.passphrase.whole)).toBe('read');
  });

  test('one bit of any byte is found', async () => {
    const { whole } = places.key;
    const found = new Map<string, number>();
    for (let bit = 0; bit < whole.length * 8; bit += 7) {
      const outcome = await outcomeOf('key', flipped(whole, bit));
      found.set(outcome, (found.get(outcome) ?? 0) + 1);
    }
    expect([...found.keys()].filter((code) => !known.includes(code))).toEqual([]);
    expect(found.get('E_VAULT_DAMAGED')).toBeGreaterThan(whole.length);
  });

  test('one bit is found under a passphrase, in salt and cost too', async () => {
    const { whole } = places.passphrase;
    const start = whole.indexOf('"key"');
    const end = whole.indexOf('"check"');
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: start * 8, max: end * 8 - 1 }), async (bit) => {
        expect(known).toContain(await outcomeOf('passphrase', flipped(whole, bit)));
      }),
      { numRuns: 60, seed: 4 },
    );
  });

  test('bytes changed, cut out or put in are found', async () => {
    const { whole } = places.key;
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length),
        fc.nat(40),
        fc.uint8Array({ maxLength: 40 }),
        async (start, length, inserted) => {
          const bytes = Buffer.concat([whole.subarray(0, start), inserted, whole.subarray(start + length)]);
          if (!bytes.equals(whole)) expect(known).toContain(await outcomeOf('key', bytes));
        },
      ),
      { numRuns: 300, seed: 4 },
    );
  });

  test('a vault cut off anywhere is damaged', async () => {
    const { whole } = places.key;
    for (let length = 0; length < whole.length; length += 7)
      expect(await outcomeOf('key', whole.subarray(0, length))).toBe('E_VAULT_DAMAGED');
  });

  test.each<[string, (file: VaultFile) => void]>([
    ['an entry removed', (file) => void file.entries.pop()],
    ['an entry doubled', (file) => void file.entries.push({ ...file.entries[0]!, name: 'C' })],
    ['a name given twice', (file) => void file.entries.push({ ...file.entries[1]! })],
    [
      'two values swapped',
      ({ entries: [a, b] }) => {
        [a!.value, b!.value] = [b!.value, a!.value];
      },
    ],
    ['a scope added', (file) => void file.entries[0]!.scopes.push('stranger')],
    ['a secret made younger', (file) => void (file.entries[0]!.setAt += 1)],
    ['the time of writing', (file) => void (file.writtenAt -= 1)],
    ['an entry that was never sealed', (file) => void (file.entries[0]!.value = { iv: '', data: '', tag: '' })],
    ['a shortened tag', (file) => void (file.seal.tag = file.seal.tag.slice(0, 4) + '==')],
  ])('%s is damage', async (_name, edit) => {
    expect(await outcomeOf('key', edited(edit))).toBe('E_VAULT_DAMAGED');
  });

  test('the same content in other words is damage', async () => {
    const { whole } = places.key;
    expect(await outcomeOf('key', JSON.stringify(JSON.parse(whole.toString())))).toBe('E_VAULT_DAMAGED');
    expect(await outcomeOf('key', `${whole.toString()}\n`)).toBe('E_VAULT_DAMAGED');
    expect(await outcomeOf('key', whole.toString().replace('"version": 1', '"version": 1,\n  "version": 1'))).toBe(
      'E_VAULT_DAMAGED',
    );
  });

  test('an entry of another vault under the same key is damage', async () => {
    const env = { ...places.key.options.env, LLM_COPILOT_DATA_DIR: join(home, 'other') };
    await vault({ ...places.key.options, env }).change((draft) => draft.put('A', 'foreign', ['anthropic', 'openai']));
    const other = JSON.parse(readFileSync(vaultPath(env), 'utf8')) as VaultFile;
    expect(
      await outcomeOf(
        'key',
        edited((file) => (file.entries[0] = other.entries[0]!)),
      ),
    ).toBe('E_VAULT_DAMAGED');
  });

  test('a head that fits neither key nor content is no vault of that key', async () => {
    expect(
      await outcomeOf(
        'key',
        edited((file) => (file.check = file.seal)),
      ),
    ).toBe('E_VAULT_KEY');
    expect(
      await outcomeOf(
        'key',
        edited((file) => void (file.keyId = 'k-00000000')),
      ),
    ).toBe('E_VAULT_KEY');
  });

  test('another key is a wrong key, not damage', async () => {
    const { options, whole } = places.key;
    writeFileSync(vaultPath(options.env), whole);
    const env = { ...options.env, LLM_COPILOT_VAULT_KEY: Buffer.alloc(32, 9).toString('base64') };
    await expect(vault({ ...options, env }).open()).rejects.toMatchObject({ code: 'E_VAULT_KEY', exitCode: 3 });
  });

  test('a damaged vault is not overwritten by a change', async () => {
    const damaged = edited((file) => void file.entries.pop());
    expect(await outcomeOf('key', damaged)).toBe('E_VAULT_DAMAGED');
    const { options } = places.key;
    await expect(vault(options).change((draft) => draft.put('C', 'value', []))).rejects.toMatchObject({
      code: 'E_VAULT_DAMAGED',
    });
    await expect(vault(options).rekey()).rejects.toMatchObject({ code: 'E_VAULT_DAMAGED' });
    expect(readFileSync(vaultPath(options.env), 'utf8')).toBe(damaged);
  });

  test('a format of the future is named', async () => {
    expect(
      await outcomeOf(
        'key',
        edited((file) => Object.assign(file, { version: 2 })),
      ),
    ).toBe('E_VAULT');
    expect(() => vault(places.key.options).list()).toThrow(/format 2; this llm-copilot knows format 1/);
  });

  test.each(['', 'null', '[]', '"text"', '{}', '\u0000\u0001', 'not json'])('%j is damage', async (text) => {
    expect(await outcomeOf('key', text)).toBe('E_VAULT_DAMAGED');
  });
});
