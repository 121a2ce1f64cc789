import { configError } from '../../base/errors.ts';
import { nearest } from '../../base/nearest.ts';
import { configKeys, type Config } from '../../core/config.ts';
import { fullKey, isRecord, validate } from './config-file.ts';
import type { Env } from '../paths.ts';

/** Values that are lists or tables: they are written in files only. */
const structured: ReadonlySet<string> = new Set([
  'models',
  'rateLimits',
  'route.models',
  'network.minTlsVersions',
  'permissions.rules',
  'permissions.roles',
  'permissions.users',
  'sandbox.permissions',
  'sandbox.resources',
  'sandbox.isolation',
  'undo.exclude',
  'index.exclude',
  'review.rules',
  'review.exclude',
  'web.privateHosts',
  'profiles',
]);

/** Sets a key such as `permissions.mode`. */
export const setIn = (config: Record<string, unknown>, key: string, value: unknown): void => {
  const [head = '', inner] = key.split('.');
  if (inner === undefined) config[head] = value;
  else config[head] = { ...(isRecord(config[head]) ? config[head] : {}), [inner]: value };
};

/** A typed value from a word on the command line or in a variable: numbers and booleans as such, else text. */
const fromWord = (word: string): unknown => {
  if (word === 'true' || word === 'false') return word === 'true';
  return word.trim() !== '' && !Number.isNaN(Number(word)) ? Number(word) : word;
};

const names: ReadonlySet<string> = new Set([
  ...['model', 'fallbackModel', 'smallModel', 'route.strategy'],
  ...['profile', 'permissions.role', 'sandbox.image', 'network.caFile', 'embedding.model'],
]);

/** Names and commands stay text, also one called `true`; `false` switches a check off. */
const fromVariable = (key: string, value: string): unknown => {
  const isCommand = key.startsWith('checks.') && key !== 'checks.timeoutSeconds';
  if (isCommand) return value === 'false' ? false : value;
  return names.has(key) ? value : fromWord(value);
};

const prefix = 'LLM_COPILOT_';
/** Variables of ours that are no configuration: where data lies, keys of the vault, what hooks and our own tests are told. */
const reserved: ReadonlySet<string> = new Set([
  'DATA_DIR',
  'HOOK_LIMIT',
  'HOOK_WITHIN',
  'SKIP_HOOKS',
  'TEST_LEFTHOOK',
  'TEST_SANDBOXES',
  'VAULT_KEY',
  'VAULT_PASSPHRASE',
  'VAULT_NEW_KEY',
  'VAULT_NEW_PASSPHRASE',
]);

const variableOf = (key: string): string =>
  key
    .replace(/\./g, '_')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toUpperCase();

/** The layer of `LLM_COPILOT_*` variables. @throws CopilotError exit 3 for one nobody knows. */
export const readEnv = (env: Env): { config: Config; sources: Map<string, string> } => {
  const byName = new Map(
    [...configKeys.filter((key) => !structured.has(key)), 'sandbox'].map((key) => [variableOf(key), fullKey(key)]),
  );
  const raw: Record<string, unknown> = {};
  const sources = new Map<string, string>();
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(prefix) || value === undefined || value === '' || reserved.has(name.slice(prefix.length)))
      continue;
    const key = byName.get(name.slice(prefix.length));
    if (key === undefined) {
      const guess = nearest(name.slice(prefix.length), byName.keys());
      throw configError(
        `Unknown environment variable ${name}${guess === undefined ? '' : ` – did you mean ${prefix}${guess}?`}`,
      );
    }
    setIn(raw, key, fromVariable(key, value));
    sources.set(key, name);
  }
  return { config: validate(raw, 'environment', () => undefined), sources };
};
