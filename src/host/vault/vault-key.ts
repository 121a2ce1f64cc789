import { randomBytes, scrypt } from 'node:crypto';
import { interruptedError, messageOf } from '../../base/errors.ts';
import type { AskSecret } from '../../core/secret.ts';
import { osKeychain, type Keychain } from './keychain.ts';
import type { Env } from '../paths.ts';
import { keyError } from './vault-error.ts';
import type { KeyHeader } from './vault-file.ts';
import { bytesOf } from './vault-seal.ts';

/** Where keys may come from. */
export interface KeyPlace {
  env: Env;
  /** `off`: the keychain is left alone. */
  keychain?: 'auto' | 'off' | undefined;
  /** Asks for the passphrase; absent where nobody can be asked. */
  ask?: AskSecret | undefined;
  /** Scrypt's N for a new passphrase: a power of two; 2^17 unless a test is in a hurry. */
  scryptCost?: number;
  /** Opens the keychain; the machine's own when absent. */
  openKeychain?: (() => Promise<Keychain | undefined>) | undefined;
}

/** A key that no vault has yet. */
export interface NewKey {
  id: string;
  bytes: Buffer;
  header: KeyHeader;
  /** Removes what was kept of it: no vault came to be. */
  discard(): Promise<void>;
}

const keyVariable = 'LLM_COPILOT_VAULT_KEY';
const newKeyVariable = 'LLM_COPILOT_VAULT_NEW_KEY';
const passphraseVariable = 'LLM_COPILOT_VAULT_PASSPHRASE';
const newPassphraseVariable = 'LLM_COPILOT_VAULT_NEW_PASSPHRASE';

const keyBytes = 32;
const minPassphrase = 8;
// N=2^17, r=8, p=1 is the least that OWASP's Password Storage Cheat Sheet asks for (its text of 2023, read 2026-11-27).
const defaultCost = 2 ** 17;
const [blockSize, parallelization] = [8, 1];

const valueOf = (env: Env, name: string): string | undefined => (env[name] === '' ? undefined : env[name]);

const keyFrom = (env: Env, name: string): Buffer | undefined => {
  const text = valueOf(env, name)?.trim();
  if (text === undefined) return undefined;
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  const bytes = bytesOf(text.length === 43 ? `${text}=` : text);
  if (bytes?.length === keyBytes) return bytes;
  throw keyError(
    `${name} is no key: it must be ${keyBytes} bytes, as base64 (44 characters) or hex (64 digits).`,
    'Make one: openssl rand -base64 32',
  );
};

const derived = (passphrase: string, salt: string, cost: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const options = { N: cost, r: blockSize, p: parallelization, maxmem: 256 * cost * blockSize };
    // The same letters come in different code points from different keyboards.
    scrypt(passphrase.normalize('NFKC'), Buffer.from(salt, 'base64'), keyBytes, options, (error, key) => {
      if (error) reject(keyError(`The vault's key cannot be made: ${error.message}`, undefined, error));
      else resolve(key);
    });
  });

const checkedPassphrase = (text: string): string => {
  if (text.length >= minPassphrase) return text;
  throw keyError(`A passphrase needs at least ${minPassphrase} characters.`, 'A few words are easy to remember.');
};

const newId = (): string => `k-${randomBytes(4).toString('hex')}`;
const nothing = async (): Promise<void> => undefined;

/** Keys from a variable, the keychain or a passphrase; a passphrase is asked for once. */
export const keySource = (place: KeyPlace) => {
  const { env, ask, scryptCost = defaultCost, openKeychain = osKeychain } = place;
  let known: string | undefined;

  const askFor = async (prompt: string, instead: string): Promise<string> => {
    if (!ask) throw keyError(`${prompt}: there is no terminal to ask on.`, instead);
    const said = await ask(`${prompt}: `);
    if (said === undefined) throw interruptedError();
    return said;
  };

  const newPassphrase = async (variable: string, instead: string): Promise<string> => {
    const set = valueOf(env, variable);
    if (set !== undefined) return checkedPassphrase(set);
    const first = checkedPassphrase(await askFor('New passphrase for the vault', instead));
    if ((await askFor('The same again', instead)) === first) return first;
    throw keyError('The two passphrases differ.', 'Try again.');
  };

  const fromPassphrase = async (passphrase: string): Promise<NewKey> => {
    const salt = randomBytes(16).toString('base64');
    const bytes = await derived(passphrase, salt, scryptCost);
    known = passphrase;
    return { id: newId(), bytes, header: { source: 'passphrase', salt, cost: scryptCost }, discard: nothing };
  };

  const fromVariable = (bytes: Buffer): NewKey => ({
    id: newId(),
    bytes,
    header: { source: 'env' },
    discard: nothing,
  });

  /** Kept in the keychain and read back; else why not. */
  const fromKeychain = async (): Promise<NewKey | string> => {
    if (place.keychain === 'off') return 'secrets.keychain is off';
    const keychain = await openKeychain();
    if (!keychain) return 'the package @napi-rs/keyring is not installed';
    const [id, bytes] = [newId(), randomBytes(keyBytes)];
    const discard = (): Promise<void> => keychain.remove(id).catch(nothing);
    try {
      await keychain.set(id, bytes.toString('base64'));
      if ((await keychain.get(id)) === bytes.toString('base64'))
        return { id, bytes, header: { source: 'keychain' }, discard };
      await discard();
      return 'what was written to it does not read back';
    } catch (error) {
      await discard();
      return messageOf(error);
    }
  };

  return {
    /** A key for a new vault. @throws CopilotError `E_VAULT_KEY` */
    create: async (): Promise<NewKey> => {
      const given = keyFrom(env, keyVariable);
      if (given) return fromVariable(given);
      const kept = await fromKeychain();
      if (typeof kept !== 'string') return kept;
      const instead = `Set ${keyVariable} (openssl rand -base64 32) or ${passphraseVariable}. The keychain: ${kept}.`;
      return fromPassphrase(await newPassphrase(passphraseVariable, instead));
    },

    /** The key a vault's header speaks of; `asked` when a person typed it. @throws CopilotError `E_VAULT_KEY` */
    open: async (id: string, header: KeyHeader, anew = false): Promise<{ bytes: Buffer; asked: boolean }> => {
      switch (header.source) {
        case 'env': {
          const bytes = keyFrom(env, keyVariable);
          if (bytes) return { bytes, asked: false };
          throw keyError(
            `The vault's key is in the variable ${keyVariable}, which is not set.`,
            `Set ${keyVariable} to the key the vault was made with.`,
          );
        }
        case 'keychain': {
          if (place.keychain === 'off')
            throw keyError(
              "The vault's key is in the keychain, and secrets.keychain is off.",
              'llm-copilot config set secrets.keychain auto',
            );
          const keychain = await openKeychain();
          const hint = 'Unlock the keychain of the account the vault was made with, or move the vault away.';
          if (!keychain)
            throw keyError("The vault's key is in the keychain, and @napi-rs/keyring is not installed.", hint);
          let text: string | undefined;
          try {
            text = await keychain.get(id);
          } catch (error) {
            throw keyError(`The vault's key cannot be had from the keychain: ${messageOf(error)}`, hint, error);
          }
          const bytes = text === undefined ? undefined : bytesOf(text);
          if (bytes?.length !== keyBytes) throw keyError(`The keychain has no key ${id} of the vault.`, hint);
          return { bytes, asked: false };
        }
        case 'passphrase': {
          const set = anew ? undefined : (known ?? valueOf(env, passphraseVariable));
          const instead = `Set ${passphraseVariable}.`;
          const passphrase = set ?? (await askFor('Passphrase of the vault', instead));
          const bytes = await derived(passphrase, header.salt, header.cost);
          known = passphrase;
          return { bytes, asked: set === undefined };
        }
      }
    },

    /**
     * A key in the place of one that is known by now: of the same kind, unless a variable for new ones says otherwise.
     * @throws CopilotError `E_VAULT_KEY`
     */
    replace: async (old: Buffer, header: KeyHeader): Promise<NewKey> => {
      const given = keyFrom(env, newKeyVariable);
      if (given?.equals(old)) throw keyError(`${newKeyVariable} is the key the vault has already.`);
      if (given) return fromVariable(given);
      const isPassphrase = header.source === 'passphrase';
      if (isPassphrase || valueOf(env, newPassphraseVariable) !== undefined) {
        const before = isPassphrase ? known : undefined;
        const passphrase = await newPassphrase(newPassphraseVariable, `Set ${newPassphraseVariable}.`);
        if (passphrase === before) throw keyError('The new passphrase is the old one.');
        return fromPassphrase(passphrase);
      }
      if (header.source === 'env')
        throw keyError(
          `The vault's key is in a variable: the new one must be given in ${newKeyVariable}.`,
          `${newKeyVariable}="$(openssl rand -base64 32)", and afterwards the same as ${keyVariable}.`,
        );
      const kept = await fromKeychain();
      if (typeof kept !== 'string') return kept;
      throw keyError(`The keychain takes no new key: ${kept}.`, `Or set ${newPassphraseVariable}.`);
    },

    /** Removes a key that is used no more; gives why it could not. */
    retire: async (id: string, header: KeyHeader): Promise<string | undefined> => {
      if (header.source !== 'keychain') return undefined;
      try {
        await (await openKeychain())?.remove(id);
        return undefined;
      } catch (error) {
        return messageOf(error);
      }
    },
  };
};
