import { CopilotError, exitCodes, usageError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import { isOrdinary } from '../base/redact/redactor.ts';
import type { Config } from '../core/config.ts';
import type { AdminEvent } from '../core/event.ts';
import { keyNamesOf, type Plugin } from '../core/plugin.ts';
import {
  isSecretName,
  ownPrefix,
  secretAge,
  valueProblem,
  type AskSecret,
  type SecretAge,
  type SecretInfo,
} from '../core/secret.ts';
import { dataDir, type Env } from '../host/paths.ts';
import { vault, type KeyFacts, type OpenVault, type Vault, type VaultOptions } from '../host/vault/vault.ts';
import { journal } from './journal.ts';
import { loadSettings } from './settings.ts';

/** Records what is about to happen, or throws: then it does not happen. What it returns takes the record back. */
export type Recording = (events: readonly AdminEvent[]) => () => void;

/** Where secrets are kept, and who is told of changes. */
export interface SecretsPlace {
  env: Env;
  settings: Config['secrets'];
  /** Absent where nobody can be asked. */
  ask?: AskSecret | undefined;
  record: Recording;
  /** Other keychains, clocks and costs, for tests. */
  host?: Partial<VaultOptions>;
}

/** What became of a change. */
export interface SecretsChange {
  /** A vault was made for it. */
  created?: KeyFacts;
  /** What a person should know, one line each. */
  notices: string[];
}

/** The place for commands: settings of the folder they run in, everything in the journal. @throws CopilotError exit 3 */
export const secretsPlace = async (
  env: Env,
  root: string,
  title: string,
  ask: AskSecret | undefined,
): Promise<SecretsPlace> => ({
  env,
  settings: (await loadSettings(env, root)).value.secrets,
  ask,
  // The vault is of all folders.
  record: (events) => journal(env, dataDir(env), title, events),
});

/** The vault of a place, not opened yet. */
export const vaultOf = ({ env, settings, ask, host }: SecretsPlace): Vault =>
  vault({ env, keychain: settings?.keychain, ask, ...host });

const checkName = (name: string): void => {
  // What was typed is not repeated: it may be the secret.
  if (!isSecretName(name))
    throw usageError(
      'That is no name for a secret: letters, digits, "_", "." and "-", at most 128, beginning with a letter or "_".',
      'The value is never an argument; it is asked for, or read from standard input.',
    );
  if (name.startsWith(ownPrefix))
    throw usageError(`Names that begin with "${ownPrefix}" are kept for llm-copilot itself.`, 'See llm-copilot mfa.');
};

const checkValue = (name: string, value: string): void => {
  const problem = valueProblem(value);
  if (problem !== undefined) throw usageError(`The value for ${name} cannot be kept: ${problem}.`);
};

const missing = (name: string, known: readonly SecretInfo[]): CopilotError => {
  const guess = nearest(
    name,
    known.map((one) => one.name).filter((one) => !one.startsWith(ownPrefix)),
  );
  return new CopilotError(
    `There is no secret ${name} in the vault${guess === undefined ? '' : ` – did you mean ${guess}?`}`,
    { code: 'E_SECRET_MISSING', exitCode: exitCodes.config, hint: 'llm-copilot secrets list' },
  );
};

/** A secret is too old to be used: exit 3. */
export const expiredError = (name: string, days: number): CopilotError =>
  new CopilotError(`The secret ${name} is ${days} days old: too old to be used.`, {
    code: 'E_SECRET_EXPIRED',
    exitCode: exitCodes.config,
    hint: `llm-copilot secrets rotate ${name}`,
  });

/** One line about a secret that should be changed soon. */
export const oldNotice = (name: string, days: number): string =>
  `The secret ${name} is ${days} days old. Change it soon: llm-copilot secrets rotate ${name}`;

const defaultScopes = (name: string, plugins: readonly Plugin[]): string[] =>
  plugins
    .filter((one) => one.providers?.some((provider) => keyNamesOf(provider).includes(name)))
    .map((one) => one.name);

const strangers = (scopes: readonly string[], plugins: readonly Plugin[]): string[] =>
  scopes
    .filter((scope) => scope !== '*' && !plugins.some((one) => one.name === scope))
    .map((scope) => `No plugin is called ${scope} here; only one by that name will be able to read it.`);

const remarks = (name: string, value: string, scopes: readonly string[], plugins: readonly Plugin[]): string[] => [
  ...(isOrdinary(value)
    ? [`The value of ${name} is short or a common word: it cannot be taken out of output without damage to other text.`]
    : []),
  ...(scopes.length === 0
    ? [`No plugin may read ${name} yet. To allow it: llm-copilot secrets set ${name} --scope <plugin,…>`]
    : []),
  ...strangers(scopes, plugins),
];

/** The event of a vault that is made, when it is. */
export const creation = (created: KeyFacts | undefined): AdminEvent[] =>
  created ? [{ type: 'vault.changed', change: 'created', ...created }] : [];

const changed = (name: string, change: 'set' | 'rotated', scopes: readonly string[]): AdminEvent => ({
  type: 'secret.changed',
  name,
  change,
  scopes: [...scopes],
});

/** Plugins a value is for; without `scopes` it stays as it is, or follows from who names the variable as its key. */
export interface SetOptions {
  scopes?: readonly string[] | undefined;
  plugins: readonly Plugin[];
}

/** A value that is the same keeps its age: writing it again makes it no younger. */
const put = (
  draft: OpenVault & { put(name: string, value: string, scopes: readonly string[], setAt?: number): void },
  name: string,
  value: string,
  { scopes: given, plugins }: SetOptions,
): { scopes: readonly string[]; same: boolean; isNew: boolean } => {
  const before = draft.list().find((one) => one.name === name);
  const scopes = given ?? before?.scopes ?? defaultScopes(name, plugins);
  const same = before !== undefined && draft.get(name) === value;
  const isNew = !same || scopes.join() !== before.scopes.join();
  if (isNew) draft.put(name, value, scopes, ...(same ? [before.setAt] : []));
  return { scopes, same, isNew };
};

/** Keeps a value under a name. @throws CopilotError exit 2 or 3 */
export const setSecret = async (
  place: SecretsPlace,
  name: string,
  value: string,
  options: SetOptions,
): Promise<SecretsChange & { scopes: readonly string[] }> => {
  checkName(name);
  checkValue(name, value);
  const store = vaultOf(place);
  const { result, created } = await store.change(
    (draft) => put(draft, name, value, options),
    ({ scopes }, made) => place.record([...creation(made), changed(name, 'set', scopes)]),
  );
  const { scopes, same } = result;
  const sameness = same ? [`The value of ${name} is the one it had; its age stays.`] : [];
  return {
    ...(created ? { created } : {}),
    scopes,
    notices: [...store.notices, ...sameness, ...remarks(name, value, scopes, options.plugins)],
  };
};

/** Gives another value to a secret; its scopes stay. @throws CopilotError exit 2 or 3 */
export const rotateSecret = async (place: SecretsPlace, name: string, value: string): Promise<SecretsChange> => {
  checkName(name);
  checkValue(name, value);
  const store = vaultOf(place);
  const known = store.list();
  if (!known.some((one) => one.name === name)) throw missing(name, known);
  const { result: scopes } = await store.change(
    (draft) => {
      const info = draft.list().find((one) => one.name === name);
      if (!info) throw missing(name, draft.list());
      if (draft.get(name) === value) throw usageError(`That is the value ${name} has already.`);
      draft.put(name, value, info.scopes);
      return info.scopes;
    },
    (kept) => place.record([changed(name, 'rotated', kept)]),
  );
  return { notices: [...store.notices, ...remarks(name, value, scopes.length > 0 ? ['*'] : [], [])] };
};

/** Checks a name before its value is asked for. @throws CopilotError exit 2 or 3 */
export const checkSecret = (place: SecretsPlace, name: string, mustExist: boolean): void => {
  checkName(name);
  if (!mustExist) return;
  const known = vaultOf(place).list();
  if (!known.some((one) => one.name === name)) throw missing(name, known);
};

/** A value, for the person who asks; recorded before it is given. @throws CopilotError exit 2 or 3 */
export const getSecret = async (
  place: SecretsPlace,
  name: string,
): Promise<{ value: string; notices: readonly string[] }> => {
  checkName(name);
  const store = vaultOf(place);
  const opened = await store.open();
  const info = opened.list().find((one) => one.name === name);
  const value = opened.get(name);
  if (!info || value === undefined) throw missing(name, opened.list());
  const { days, state } = secretAge(info, store.nowMs(), place.settings);
  if (state === 'expired') throw expiredError(name, days);
  place.record([{ type: 'secret.changed', name, change: 'read' }]);
  return { value, notices: [...store.notices, ...(state === 'old' ? [oldNotice(name, days)] : [])] };
};

/** What is in the vault, without values; needs no key. @throws CopilotError exit 3 */
export const listSecrets = (place: SecretsPlace): { secrets: (SecretInfo & SecretAge)[]; notices: string[] } => {
  const store = vaultOf(place);
  const own = ({ name }: SecretInfo): boolean => name.startsWith(ownPrefix);
  const at = store.nowMs();
  const secrets = store
    .list()
    .filter((one) => !own(one))
    .map((one) => ({ ...one, ...secretAge(one, at, place.settings) }));
  return { secrets, notices: store.notices };
};

/** Removes secrets: all of them, or none. @throws CopilotError exit 2 or 3 */
export const removeSecrets = async (place: SecretsPlace, names: readonly string[]): Promise<SecretsChange> => {
  for (const name of names) checkSecret(place, name, true);
  const store = vaultOf(place);
  const all = [...new Set(names)];
  await store.change(
    (draft) => {
      for (const name of all) {
        if (!draft.list().some((one) => one.name === name)) throw missing(name, draft.list());
        draft.remove(name);
      }
    },
    () => place.record(all.map((name) => ({ type: 'secret.changed', name, change: 'removed' }))),
  );
  return { notices: store.notices };
};

/** Encrypts everything anew under another key. @throws CopilotError exit 3 */
export const rekeyVault = async (place: SecretsPlace): Promise<KeyFacts & SecretsChange> => {
  const store = vaultOf(place);
  const facts = await store.rekey((made) => place.record([{ type: 'vault.changed', change: 'rekeyed', ...made }]));
  return { ...facts, notices: store.notices };
};

/** What became of each name of an import. */
export interface Imported extends SecretsChange {
  taken: string[];
  skipped: { name: string; why: string }[];
}

const isText = (pair: [string, unknown]): pair is [string, string] => typeof pair[1] === 'string';

/** Names and values of a `.env` file or a JSON object of texts. @throws CopilotError exit 2 */
export const parseImport = async (text: string): Promise<[name: string, value: string][]> => {
  if (!/^\s*[{[]/.test(text)) {
    const { parseEnv } = await import('node:util');
    return Object.entries(parseEnv(text)).map(([name, value]) => [name, value ?? '']);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message would quote the text.
    throw usageError('What begins like JSON is none.', 'Give lines of NAME=value, or one JSON object of texts.');
  }
  const pairs = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  if (pairs.length > 0 && pairs.every(isText)) return pairs;
  throw usageError('The JSON is no object of texts, or an empty one.', 'It looks like { "NAME": "value" }.');
};

/** Takes many secrets at once: all that can be kept in one step, or none. @throws CopilotError exit 2 or 3 */
export const importSecrets = async (place: SecretsPlace, text: string, options: SetOptions): Promise<Imported> => {
  const pairs = await parseImport(text);
  const why = (name: string, value: string): string | undefined => {
    if (!isSecretName(name)) return 'it is no name for a secret';
    if (name.startsWith(ownPrefix)) return 'that name is kept for llm-copilot itself';
    return value === '' ? 'it is empty' : undefined;
  };
  const skipped: Imported['skipped'] = [];
  const good = pairs.filter(([name, value]) => {
    const reason = why(name, value);
    if (reason !== undefined) skipped.push({ name, why: reason });
    return reason === undefined;
  });
  for (const [name, value] of good) checkValue(name, value);
  if (good.length === 0) return { taken: [], skipped, notices: [] };
  const store = vaultOf(place);
  const { result, created } = await store.change(
    (draft) => good.map(([name, value]) => ({ name, value, ...put(draft, name, value, options) })),
    (all, made) => {
      const events = all.flatMap((one) => (one.isNew ? [changed(one.name, 'set', one.scopes)] : []));
      return events.length > 0 ? place.record([...creation(made), ...events]) : () => undefined;
    },
  );
  const taken = result.filter(({ isNew }) => isNew);
  for (const { name } of result.filter(({ isNew }) => !isNew))
    skipped.push({ name, why: 'it is in the vault with this value' });
  const notices = taken.flatMap(({ name, value, scopes }) => remarks(name, value, scopes, options.plugins));
  return {
    ...(created ? { created } : {}),
    taken: taken.map(({ name }) => name),
    skipped,
    notices: [...new Set([...store.notices, ...notices])],
  };
};
