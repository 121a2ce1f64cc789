import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SecretInfo } from '../../core/secret.ts';
import { vaultPath, type Env } from '../paths.ts';
import { damagedError, keyError, placeError, unwritable } from './vault-error.ts';
import {
  fitOf,
  readVaultFile,
  sealFile,
  valueContext,
  writeVaultFile,
  type KeyHeader,
  type VaultContent,
  type VaultEntry,
  type VaultFile,
} from './vault-file.ts';
import { keySource, type KeyPlace, type NewKey } from './vault-key.ts';
import { locked } from './vault-lock.ts';
import { seal, unseal } from './vault-seal.ts';

/** Where a vault is and what opens it. */
export interface VaultOptions extends KeyPlace {
  now?: () => number;
}

/** An opened vault: checked as a whole, values are deciphered one by one. */
export interface OpenVault {
  list(): SecretInfo[];
  get(name: string): string | undefined;
}

/** An opened vault that is written when the change is done. */
export interface VaultDraft extends OpenVault {
  /** `setAt` is now unless it is said. */
  put(name: string, value: string, scopes: readonly string[], setAt?: number): void;
  remove(name: string): void;
}

/** How a vault's key is named and where it comes from. */
export interface KeyFacts {
  keyId: string;
  keySource: KeyHeader['source'];
}

/**
 * Told of a change right before it is written, with the facts of the key when the vault is made; when it throws, nothing
 * is written. What it returns is called should writing fail.
 */
export type Announce<T> = (result: T, created?: KeyFacts) => () => void;

/** The user's secrets on disk, each encrypted. */
export interface Vault {
  readonly path: string;
  /** Names, times and scopes; needs no key, and is therefore only as true as the file. @throws CopilotError exit 3 */
  list(): SecretInfo[];
  /** Now – or the time of the vault's last change, should the clock stand before it. */
  nowMs(): number;
  /** Opens the vault to read. @throws CopilotError exit 3 when there is none, the key does not fit or it was tampered with */
  open(): Promise<OpenVault>;
  /**
   * Changes the vault in one step that other processes wait for; makes it when there is none.
   * @throws CopilotError exit 3
   */
  change<T>(
    edit: (draft: VaultDraft) => Promise<T> | T,
    announce?: Announce<T>,
  ): Promise<{ result: T; created?: KeyFacts }>;
  /** Encrypts everything anew under another key. @throws CopilotError exit 3; then the old one still opens it. */
  rekey(announce?: Announce<KeyFacts>): Promise<KeyFacts>;
  /** What a person should know, one line each. */
  readonly notices: string[];
}

const maxTries = 3;
/** Clocks of one machine are set by less than this all the time. */
const clockSlackMs = 60_000;

const nothing = (): void => undefined;
const factsOf = ({ id, header }: NewKey): KeyFacts => ({ keyId: id, keySource: header.source });
const infoOf = ({ name, setAt, scopes }: VaultEntry): SecretInfo => ({ name, setAt, scopes });

/** The vault of the user's data folder. Costs nothing until it is used. */
export const vault = (options: VaultOptions): Vault => {
  const path = vaultPath(options.env);
  const clock = options.now ?? Date.now;
  const keys = keySource(options);
  const notices: string[] = [];
  const notice = (text: string): void => {
    if (!notices.includes(text)) notices.push(text);
  };
  const load = (): VaultFile | undefined => readVaultFile(path, notice);

  const timeAfter = (writtenAt: number): number => {
    const now = clock();
    if (now < writtenAt - clockSlackMs)
      notice(
        `The clock stands before the vault's last change (${new Date(writtenAt).toISOString()}); ages count from there. If that time is wrong: llm-copilot secrets rotate`,
      );
    return Math.max(now, writtenAt);
  };

  const verify = (file: VaultFile, key: Buffer): void => {
    const fit = fitOf(file, key);
    if (fit === 'damaged') throw damagedError(path, 'its seal is broken');
    if (fit === 'whole') return;
    const what = { env: 'key', keychain: 'key in the keychain', passphrase: 'passphrase' }[file.key.source];
    throw keyError(
      `The ${what} does not open the vault ${path} (its key is ${file.keyId}), or the head of the file was changed.`,
      `Give the ${what} it was made with. Without it nobody can read the vault; move it away to begin anew.`,
    );
  };

  const unlock = async (file: VaultFile): Promise<Buffer> => {
    for (let tried = 1; ; tried += 1) {
      const { bytes, asked } = await keys.open(file.keyId, file.key, tried > 1);
      const isTyping = asked && tried < maxTries && fitOf(file, bytes) === 'wrong-key';
      if (isTyping) continue;
      verify(file, bytes);
      return bytes;
    }
  };

  const valueIn = (content: VaultContent, key: Buffer, name: string): string | undefined => {
    const entry = content.entries.find((one) => one.name === name);
    if (!entry) return undefined;
    const value = unseal(key, valueContext(content.keyId, entry), entry.value);
    if (value === undefined) throw damagedError(path, `${name} does not open`);
    return value;
  };

  const draftOf = (content: VaultContent, key: Buffer): VaultDraft & { changed: () => boolean } => {
    const at = Math.max(clock(), content.writtenAt);
    let changed = false;
    const remove = (name: string): void => {
      content.entries = content.entries.filter((one) => one.name !== name);
      content.writtenAt = at;
      changed = true;
    };
    return {
      list: () => content.entries.map(infoOf),
      get: (name) => valueIn(content, key, name),
      put: (name, value, scopes, setAt = at) => {
        remove(name);
        const info = { name, setAt, scopes: [...scopes] };
        content.entries.push({ ...info, value: seal(key, valueContext(content.keyId, info), value) });
      },
      remove,
      changed: () => changed,
    };
  };

  const makeFolder = (): void => {
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    } catch (error) {
      throw unwritable(path, error);
    }
  };

  const write = (content: VaultContent, key: Buffer, check: () => void, takeBack: () => void): void => {
    try {
      writeVaultFile(path, sealFile(content, key), check);
    } catch (error) {
      takeBack();
      throw error;
    }
  };

  /** One attempt of a change; undefined when the vault got another key meanwhile. */
  const attempt = async <T>(
    edit: (draft: VaultDraft) => Promise<T> | T,
    announce: Announce<T>,
    before: VaultFile | undefined,
    key: Buffer,
    fresh: NewKey | undefined,
  ): Promise<{ result: T; created?: KeyFacts } | undefined> =>
    locked(path, async (check) => {
      const now = load();
      if (now?.keyId !== before?.keyId) return undefined;
      if (now) verify(now, key);
      const empty = fresh && { keyId: fresh.id, key: fresh.header, writtenAt: clock(), entries: [] };
      const content: VaultContent | undefined = now ?? empty;
      if (!content) return undefined;
      const draft = draftOf(content, key);
      const result = await edit(draft);
      const created = fresh && draft.changed() ? factsOf(fresh) : undefined;
      const takeBack = announce(result, created);
      if (draft.changed()) write(content, key, check, takeBack);
      return created ? { result, created } : { result };
    });

  /** Forgets a new key unless the vault needs it; in doubt it is kept. */
  const discardUnused = async (fresh: NewKey | undefined): Promise<void> => {
    if (!fresh) return;
    try {
      if (load()?.keyId === fresh.id) return;
    } catch {
      // What cannot be read may well be sealed with it.
      return;
    }
    await fresh.discard();
  };

  return {
    path,
    notices,
    list: () => load()?.entries.map(infoOf) ?? [],
    nowMs: () => timeAfter(load()?.writtenAt ?? 0),
    open: async () => {
      const file = load();
      if (!file) throw placeError(`There is no vault at ${path}.`, 'Make one: llm-copilot secrets set NAME');
      const key = await unlock(file);
      return { list: () => file.entries.map(infoOf), get: (name) => valueIn(file, key, name) };
    },
    change: async (edit, announce = () => nothing) => {
      makeFolder();
      for (let round = 1; ; round += 1) {
        const before = load();
        const fresh = before ? undefined : await keys.create();
        try {
          const key = before ? await unlock(before) : fresh?.bytes;
          const done = key && (await attempt(edit, announce, before, key, fresh));
          if (done) return done;
        } finally {
          await discardUnused(fresh);
        }
        if (round === maxTries) throw placeError(`Other processes keep changing the vault ${path}.`, 'Try again.');
      }
    },
    rekey: async (announce = () => nothing) => {
      const before = load();
      if (!before) throw placeError(`There is no vault at ${path}.`, 'Make one: llm-copilot secrets set NAME');
      const old = await unlock(before);
      const fresh = await keys.replace(old, before.key);
      try {
        await locked(path, async (check) => {
          const now = load();
          if (now?.keyId !== before.keyId)
            throw placeError(`The vault ${path} got another key meanwhile.`, 'Try again, if it should get one more.');
          verify(now, old);
          // The one place where time may go back: else a clock that was wrong once would be right for ever.
          const writtenAt = clock();
          const content: VaultContent = { keyId: fresh.id, key: fresh.header, writtenAt, entries: [] };
          const draft = draftOf(content, fresh.bytes);
          for (const { name, setAt, scopes } of now.entries)
            draft.put(name, valueIn(now, old, name) ?? '', scopes, Math.min(setAt, writtenAt));
          write(content, fresh.bytes, check, announce(factsOf(fresh)));
        });
      } finally {
        await discardUnused(fresh);
      }
      const problem = await keys.retire(before.keyId, before.key);
      if (problem !== undefined) notice(`The old key ${before.keyId} is still in the keychain: ${problem}`);
      return factsOf(fresh);
    },
  };
};

/** True when there may be secrets: one look at the file system. */
export const hasVault = (env: Env): boolean => existsSync(vaultPath(env));
