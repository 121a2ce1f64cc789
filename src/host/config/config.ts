import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { configError, messageOf } from '../../base/errors.ts';
import { nearest } from '../../base/nearest.ts';
import { configKeys, defaults, type Config, type WrittenRule } from '../../core/config.ts';
import { readEnv, setIn } from './config-env.ts';
import { fullKey, isRecord, readLayer, readLayerText, validate, valueOf, type LayerFile } from './config-file.ts';
import { rulesIn, type Layer, type Place, type SourcedRule } from './config-rules.ts';
import { narrowed, type Flat } from './narrowing.ts';
import { configDir, type Env } from '../paths.ts';

/** One configured value. */
export interface Setting {
  /** Path such as `permissions.mode`. */
  key: string;
  value: unknown;
  layer: Layer;
  /** File, variable or flag. */
  source: string;
}

/** The layers put together. */
export interface LoadedConfig {
  value: Config;
  settings: Setting[];
  rules: SourcedRule[];
  /** Rules of the configured roles, by role. */
  roleRules: ReadonlyMap<string, readonly SourcedRule[]>;
  /** Names of the roles the machine's administrator defined. */
  managedRoles: ReadonlySet<string>;
  /** What was left out of an untrusted project's file, one line each. */
  notices: string[];
}

/** Paths of the files: the user's, the project's, and the one that holds what the user always allows in this folder. */
export const configPaths = (env: Env, root: string): { user: string; project: string; folder: string } => ({
  user: join(configDir(env), 'config.yaml'),
  project: join(root, '.llm-copilot', 'config.yaml'),
  folder: join(configDir(env), 'folders', `${createHash('sha256').update(root).digest('hex').slice(0, 20)}.yaml`),
});

/** Tables by name: their keys are the user's own. */
const tables: ReadonlySet<string> = new Set(['models', 'rateLimits', 'profiles', 'permissions.roles']);

/** A key's values, one level deep: every nested section but the tables is spread. */
const flatten = (config: Config): Flat[] =>
  Object.entries(config).flatMap(([key, value]) =>
    isRecord(value) && !tables.has(key)
      ? Object.entries(value).map(([inner, innerValue]) => ({ key: `${key}.${inner}`, value: innerValue as unknown }))
      : value === undefined
        ? []
        : [{ key, value: value }],
  );

/** What a run is told to load. */
export interface LoadOptions {
  flags?: Config;
  /** The user trusts what the project's files say: they may widen permissions. */
  trusted?: boolean;
  /** The machine's own file, which only its administrator can write. */
  managed?: string;
  /** Who is at work; the owner of this process when left out. */
  user?: string;
}

/** What the administrator of a machine sets for everybody; nothing overrides it. No variable moves it: users set variables. */
export const managedPath = '/etc/llm-copilot/managed.yaml';

/** The machine's own file. One that is there and cannot be looked at is no reason to go on without what it says. */
const readManaged = async (path: string): Promise<LayerFile | undefined> => {
  try {
    statSync(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw configError(
      `${path} cannot be looked at: ${messageOf(error)}`,
      'Ask the administrator of the machine.',
      error,
    );
  }
  return readLayer(path);
};

/** Undefined for a user the system knows by number only. */
const userName = (): string | undefined => {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
};

/**
 * Reads and validates every layer: defaults < user < project < what is always allowed here < environment < flags < what the
 * machine's administrator set.
 * @throws CopilotError exit 3 with file, line and the nearest known key.
 */
export const loadConfig = async (env: Env, root: string, options: LoadOptions = {}): Promise<LoadedConfig> => {
  const { flags = {}, trusted = false, managed: managedFile = managedPath } = options;
  const paths = configPaths(env, root);
  const [user, project, folder] = [
    await readLayer(paths.user),
    await readLayer(paths.project),
    await readLayer(paths.folder),
  ];
  const fromEnv = readEnv(env);
  const value: Record<string, unknown> = {};
  const byKey = new Map<string, Setting>();
  const rules: SourcedRule[] = [];
  const roleRules = new Map<string, SourcedRule[]>();
  const notices: string[] = [];
  const apply = (flat: readonly Flat[], layer: Layer, sourceOf: (key: string) => string, at?: Place): void => {
    const place: Place = at ?? ((keys) => sourceOf(keys.join('.')));
    for (const { key, value: one } of flat) {
      if (one === undefined) continue;
      if (key === 'permissions.rules') {
        rules.push(...rulesIn(one as WrittenRule[], layer, place, key));
        continue;
      }
      if (key === 'permissions.roles')
        for (const [name, role] of Object.entries(one as Record<string, { rules?: WrittenRule[] }>))
          roleRules.set(name, rulesIn(role.rules, layer, place, `${key}.${name}.rules`));
      const before = byKey.get(key)?.value;
      const isTable = tables.has(key);
      const merged = isTable && isRecord(before) && isRecord(one) ? { ...before, ...one } : one;
      setIn(value, key, merged);
      byKey.set(key, { key, value: merged, layer, source: sourceOf(key) });
    }
  };
  const applyFile = (file: LayerFile | undefined, flat: readonly Flat[], layer: Layer, path: string): void => {
    const place: Place = (keys) => {
      const line = file?.lineOf(keys);
      return line === undefined ? path : `${path}:${line}`;
    };
    apply(flat, layer, () => path, place);
  };
  apply(flatten(defaults), 'default', () => 'default');
  if (user) applyFile(user, flatten(user.config), 'user', paths.user);
  if (project) {
    const flat = flatten(project.config);
    const { kept, notices: said } = trusted ? { kept: flat, notices: [] } : narrowed(flat, value, paths.project);
    notices.push(...said);
    applyFile(project, kept, 'project', paths.project);
  }
  if (folder) applyFile(folder, flatten(folder.config), 'folder', paths.folder);
  apply(flatten(fromEnv.config), 'env', (key) => fromEnv.sources.get(key) ?? 'environment');
  apply(flatten(flags), 'flag', flagOf);
  const managed = await readManaged(managedFile);
  const managedRoles = new Set(Object.keys(managed?.config.permissions?.roles ?? {}));
  if (managed) {
    applyFile(managed, flatten(managed.config), 'managed', managedFile);
    const { users = {} } = managed.config.permissions ?? {};
    const user = options.user ?? userName();
    const role = (user === undefined ? undefined : users[user]) ?? users['*'];
    if (role !== undefined) apply([{ key: 'permissions.role', value: role }], 'managed', () => managedFile);
  }
  return { value, settings: [...byKey.values()], rules, roleRules, managedRoles, notices };
};

const flagOf = (key: string): string => {
  const name = key === 'sandbox.kind' ? 'sandbox' : key === 'permissions.mode' ? 'permissionMode' : key;
  return `--${(name.split('.').pop() ?? name).replace(/([A-Z])/g, '-$1').toLowerCase()}`;
};

/**
 * Sets one key in a file, keeping its comments; the file is replaced whole.
 * @throws CopilotError exit 3 when the key is unknown or the value does not fit.
 */
export const setConfig = async (path: string, name: string, word: string): Promise<void> => {
  const key = fullKey(name);
  if (!configKeys.includes(key)) {
    const guess = nearest(key, configKeys);
    throw configError(
      `Unknown key "${name}"${guess === undefined ? '' : ` – did you mean "${guess}"?`}`,
      `Keys: ${configKeys.join(', ')}.`,
    );
  }
  const { parse, parseDocument } = await import('../yaml.ts');
  const document = parseDocument(existsSync(path) ? readLayerText(path) : '');
  if (document.errors.length > 0)
    throw configError(`${path}: ${messageOf(document.errors[0])}`, 'Mend the YAML first.');
  const short: unknown = document.get('sandbox');
  if (key.startsWith('sandbox.') && typeof short === 'string')
    document.set('sandbox', document.createNode({ kind: short }));
  document.setIn(key.split('.'), parse(word));
  validate(valueOf(document, path), path, () => undefined);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(`${path}.tmp`, document.toString());
  await rename(`${path}.tmp`, path);
};

/**
 * Adds rules to what is always allowed in a folder, in a file of its own beside the user's.
 * @throws CopilotError exit 3 when that file is damaged.
 */
export const addFolderRules = async (env: Env, root: string, lines: readonly string[]): Promise<string> => {
  const path = configPaths(env, root).folder;
  const before = (await readLayer(path))?.config.permissions?.rules ?? [];
  const rules = [...before, ...lines.filter((line) => !before.includes(line))];
  const { stringify } = await import('../yaml.ts');
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(`${path}.tmp`, `# Always allowed in ${root}\n${stringify({ permissions: { rules } })}`);
  await rename(`${path}.tmp`, path);
  return path;
};
