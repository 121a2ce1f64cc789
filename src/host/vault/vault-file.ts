import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod/mini';
import { isCopilotError, messageOf } from '../../base/errors.ts';
import { isSecretName } from '../../core/secret.ts';
import { damagedError, placeError, unwritable } from './vault-error.ts';
import { seal, unseal } from './vault-seal.ts';

const version = 1;
const sealed = z.strictObject({ iv: z.string(), data: z.string(), tag: z.string() });
const time = z.int().check(z.minimum(0));

const keyHeader = z.union([
  z.strictObject({ source: z.literal('env') }),
  z.strictObject({ source: z.literal('keychain') }),
  z.strictObject({
    source: z.literal('passphrase'),
    salt: z.string(),
    // More would let a file take all the memory there is.
    cost: z.int().check(z.minimum(1024), z.maximum(2 ** 20)),
  }),
]);

const entry = z.strictObject({
  name: z.string().check(z.refine(isSecretName)),
  setAt: time,
  scopes: z.array(z.string()),
  value: sealed,
});

const schema = z.strictObject({
  version: z.literal(version),
  keyId: z.string().check(z.regex(/^k-[0-9a-f]{8}$/)),
  key: keyHeader,
  check: sealed,
  writtenAt: time,
  entries: z.array(entry),
  seal: sealed,
});

/** Where a vault's key comes from, and what is needed to make it again. */
export type KeyHeader = z.infer<typeof keyHeader>;

/** A secret as it is kept. */
export type VaultEntry = z.infer<typeof entry>;

/** What a vault holds, before it is sealed. */
export type VaultContent = Omit<z.infer<typeof schema>, 'version' | 'check' | 'seal'>;

/** The vault as it is written. */
export type VaultFile = z.infer<typeof schema>;

const orderedSeal = ({ iv, data, tag }: VaultFile['seal']): VaultFile['seal'] => ({ iv, data, tag });

const orderedKey = (key: KeyHeader): KeyHeader =>
  key.source === 'passphrase' ? { source: key.source, salt: key.salt, cost: key.cost } : { source: key.source };

const orderedEntries = (entries: readonly VaultEntry[]): VaultEntry[] =>
  entries
    .map(({ name, setAt, scopes, value }) => ({ name, setAt, scopes, value: orderedSeal(value) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));

/** Everything but the seal, in the one order it is authenticated in. */
const unsealed = (file: Omit<VaultFile, 'seal'>): Omit<VaultFile, 'seal'> => ({
  version,
  keyId: file.keyId,
  key: orderedKey(file.key),
  check: orderedSeal(file.check),
  writtenAt: file.writtenAt,
  entries: orderedEntries(file.entries),
});

const serialised = (file: VaultFile): string =>
  `${JSON.stringify({ ...unsealed(file), seal: orderedSeal(file.seal) }, undefined, 2)}\n`;

const contextOf = (what: 'check' | 'value' | 'seal', ...parts: unknown[]): string =>
  JSON.stringify([`llm-copilot vault ${what}`, version, ...parts]);

/** What a value is bound to: it opens under no other name, time or scopes. */
export const valueContext = (keyId: string, { name, setAt, scopes }: Omit<VaultEntry, 'value'>): string =>
  contextOf('value', keyId, name, setAt, scopes);

/** Seals the whole content with a key. */
export const sealFile = (content: VaultContent, key: Buffer): VaultFile => {
  const inner = unsealed({ ...content, version, check: seal(key, contextOf('check', content.keyId)) });
  return { ...inner, seal: seal(key, contextOf('seal', inner)) };
};

/** Whether a key opens the file, and the file is as it was written. */
export const fitOf = (file: VaultFile, key: Buffer): 'whole' | 'damaged' | 'wrong-key' => {
  const checked = unseal(key, contextOf('check', file.keyId), file.check) === '';
  const whole = unseal(key, contextOf('seal', unsealed(file)), file.seal) === '';
  if (checked && whole) return 'whole';
  return checked || whole ? 'damaged' : 'wrong-key';
};

const parsed = (text: string, path: string): VaultFile => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damagedError(path, text === '' ? 'it is empty' : 'it is cut off or no JSON', error);
  }
  const found = typeof value === 'object' && value !== null && 'version' in value ? value.version : undefined;
  if (typeof found === 'number' && found !== version)
    throw placeError(
      `The vault ${path} has format ${found}; this llm-copilot knows format ${version}.`,
      'Use the version of llm-copilot that wrote it.',
    );
  const result = schema.safeParse(value);
  if (!result.success)
    throw damagedError(
      path,
      `its ${['content', ...(result.error.issues[0]?.path ?? [])].join('.')} is not as it must be`,
    );
  // One value has one text: a change that reads the same is a change all the same.
  if (serialised(result.data) !== text) throw damagedError(path, 'it was not written by llm-copilot as it stands');
  const names = result.data.entries.map(({ name }) => name);
  if (new Set(names).size !== names.length) throw damagedError(path, 'it holds a name twice');
  return result.data;
};

/** Reads the vault without opening it; undefined when there is none. @throws CopilotError exit 3 */
export const readVaultFile = (path: string, notice: (text: string) => void): VaultFile | undefined => {
  if (!existsSync(path)) return undefined;
  let bytes: Buffer;
  try {
    const info = statSync(path);
    if (!info.isFile()) throw new Error('it is not a regular file');
    if (process.platform !== 'win32' && (info.mode & 0o077) !== 0) {
      chmodSync(path, 0o600);
      notice(
        `${path} could be read by others (mode ${(info.mode & 0o777).toString(8)}); now only by you. If others use this machine: llm-copilot secrets rotate`,
      );
    }
    bytes = readFileSync(path);
  } catch (error) {
    throw placeError(`The vault ${path} cannot be read: ${messageOf(error)}`, undefined, error);
  }
  const text = bytes.toString('utf8');
  if (!Buffer.from(text).equals(bytes)) throw damagedError(path, 'it is not UTF-8 text');
  return parsed(text, path);
};

/** Makes a rename last through a power cut, where the file system can (Windows cannot). */
const flushFolder = (path: string): void => {
  try {
    const descriptor = openSync(path, 'r');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // The new vault is in place all the same.
  }
};

/**
 * Puts a new vault in the place of the old one: whole, or not at all. Only who holds the lock may.
 * @throws CopilotError exit 3
 */
export const writeVaultFile = (path: string, file: VaultFile, check: () => void): void => {
  try {
    const target = existsSync(path) ? realpathSync(path) : path;
    const [folder, name] = [dirname(target), basename(target)];
    const isHalf = (one: string): boolean => one.startsWith(`${name}.`) && one.endsWith('.half');
    for (const left of readdirSync(folder).filter(isHalf)) rmSync(join(folder, left), { force: true });
    const half = join(folder, `${name}.${process.pid}-${randomBytes(4).toString('hex')}.half`);
    try {
      writeFileSync(half, serialised(file), { mode: 0o600, flag: 'wx', flush: true });
      check();
      renameSync(half, target);
    } finally {
      rmSync(half, { force: true });
    }
    flushFolder(folder);
  } catch (error) {
    if (isCopilotError(error)) throw error;
    throw unwritable(path, error);
  }
};
