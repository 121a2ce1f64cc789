import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { configError, messageOf } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import { configKeys, configSchema, defaults, type Config } from '../core/config.ts';
import { configDir, type Env } from './paths.ts';

/** Where a value came from, weakest first. */
export type Layer = 'default' | 'user' | 'project' | 'env' | 'flag';

/** One configured value. */
export interface Setting {
  /** Path such as `permissions.mode`. */
  key: string;
  value: unknown;
  layer: Layer;
  /** File, variable or flag. */
  source: string;
}

/** A permission rule as written, with where it was written. */
export interface SourcedRule {
  line: string;
  layer: Layer;
  source: string;
}

/** The layers put together. */
export interface LoadedConfig {
  value: Config;
  settings: Setting[];
  rules: SourcedRule[];
  /** What was left out of an untrusted project's file, one line each. */
  notices: string[];
}

/** Paths of the two files. */
export const configPaths = (env: Env, root: string): { user: string; project: string } => ({
  user: join(configDir(env), 'config.yaml'),
  project: join(root, '.llm-copilot', 'config.yaml'),
});

interface Flat {
  key: string;
  value: unknown;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A key's values, one level deep: every nested section but the `models` table is spread. */
const flatten = (config: Config): Flat[] =>
  Object.entries(config).flatMap(([key, value]) =>
    isRecord(value) && key !== 'models'
      ? Object.entries(value).map(([inner, innerValue]) => ({ key: `${key}.${inner}`, value: innerValue as unknown }))
      : value === undefined
        ? []
        : [{ key, value: value }],
  );

type Issue = NonNullable<ReturnType<typeof configSchema.safeParse>['error']>['issues'][number];

/** What is wrong, in words: zod's own are left out of the small build. */
const told = (issue: Issue): string => {
  switch (issue.code) {
    case 'invalid_type':
      return `must be of type ${issue.expected}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`;
    default:
      return issue.message;
  }
};

const validate = (
  raw: unknown,
  source: string,
  lineOf: (path: readonly PropertyKey[]) => number | undefined,
): Config => {
  const parsed = configSchema.safeParse(raw ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String) ?? [];
  const place = (extra: readonly PropertyKey[] = []): string => {
    const line = lineOf([...(issue?.path ?? []), ...extra]);
    return line === undefined ? source : `${source}:${line}`;
  };
  if (issue?.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const prefix = path.length > 0 ? `${path.join('.')}.` : '';
    const siblings = configKeys
      .filter((known) => known.startsWith(prefix))
      .map((known) => known.slice(prefix.length).split('.', 1)[0] ?? '');
    const guess = nearest(key, siblings);
    throw configError(
      `${place([key])}: unknown key "${prefix}${key}"${guess === undefined ? '' : ` – did you mean "${prefix}${guess}"?`}`,
      'Keys are listed by "llm-copilot config show".',
    );
  }
  throw configError(`${place()}: ${path.join('.') || 'the file'}: ${issue === undefined ? 'invalid' : told(issue)}`);
};

/** @throws CopilotError exit 3. A pipe by that name would be waited for without end. */
const readLayerText = (path: string): string => {
  if (!statSync(path).isFile()) throw configError(`${path} is not a regular file.`);
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw configError(`${path} cannot be read: ${messageOf(error)}`, undefined, error);
  }
};

/** @throws CopilotError exit 3 when aliases would make it larger than anybody means it to be. */
const valueOf = (document: { toJS(): unknown }, path: string): unknown => {
  try {
    return document.toJS();
  } catch (error) {
    throw configError(`${path}: ${messageOf(error)}`, 'Mend the YAML.', error);
  }
};

const readLayer = async (path: string): Promise<Config | undefined> => {
  if (!existsSync(path)) return undefined;
  const { LineCounter, parseDocument } = await import('./yaml.ts');
  const lines = new LineCounter();
  const document = parseDocument(readLayerText(path), { lineCounter: lines });
  const [problem] = document.errors;
  if (problem) {
    const line = problem.linePos?.[0].line;
    throw configError(
      `${path}${line === undefined ? '' : `:${line}`}: ${problem.message.split('\n', 1)[0] ?? ''}`,
      'Mend the YAML.',
    );
  }
  return validate(valueOf(document, path), path, (keys) => {
    const node: unknown = document.getIn(keys, true);
    const range = isRecord(node) && Array.isArray(node.range) ? (node.range as number[]) : undefined;
    return range?.[0] === undefined ? undefined : lines.linePos(range[0]).line;
  });
};

const setIn = (config: Record<string, unknown>, key: string, value: unknown): void => {
  const [head = '', inner] = key.split('.');
  if (inner === undefined) config[head] = value;
  else config[head] = { ...(isRecord(config[head]) ? config[head] : {}), [inner]: value };
};

/** A typed value from a word on the command line or in a variable: numbers and booleans as such, else text. */
const fromWord = (word: string): unknown => {
  if (word === 'true' || word === 'false') return word === 'true';
  return word.trim() !== '' && !Number.isNaN(Number(word)) ? Number(word) : word;
};

/** Names and commands stay text, also one called `true`; `false` switches a check off. */
const fromVariable = (key: string, value: string): unknown => {
  const isCommand = key.startsWith('checks.') && key !== 'checks.timeoutSeconds';
  if (isCommand) return value === 'false' ? false : value;
  return key === 'model' || key === 'fallbackModel' ? value : fromWord(value);
};

const prefix = 'LLM_COPILOT_';
/** Variables of ours that are no configuration. */
const reserved: ReadonlySet<string> = new Set(['DATA_DIR']);

const variableOf = (key: string): string =>
  key
    .replace(/\./g, '_')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toUpperCase();

const readEnv = (env: Env): { config: Config; sources: Map<string, string> } => {
  const byName = new Map(
    configKeys.filter((key) => key !== 'models' && key !== 'permissions.rules').map((key) => [variableOf(key), key]),
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

const strictness = ['plan', 'ask', 'accept-edits', 'auto', 'bypass'];

/** A project's file may only narrow: until the folder is trusted, what would widen is left out and said so. */
const narrowed = (flat: readonly Flat[], below: Config, path: string): { kept: Flat[]; notices: string[] } => {
  const notices: string[] = [];
  const ignore = (what: string): false => {
    notices.push(`${path}: ${what} is ignored: a project may only narrow permissions.`);
    return false;
  };
  const kept = flat.filter(({ key, value }) => {
    if (key === 'permissions.mode') {
      const current = below.permissions?.mode ?? defaults.permissions.mode;
      return (
        strictness.indexOf(String(value)) <= strictness.indexOf(current) ||
        ignore(`permissions.mode "${String(value)}"`)
      );
    }
    if (key === 'models') return ignore('models');
    if (key === 'maxCostUsd' || key === 'maxTokens' || key === 'timeoutSeconds') {
      const limit = below[key];
      return limit === undefined || Number(value) <= limit || ignore(key);
    }
    if (key === 'verify') return value === 'auto' || ignore('verify');
    if (key === 'requireVerified') return value === true || ignore('requireVerified');
    return true;
  });
  return { kept, notices };
};

/** A rule as one line; `{ allow: "exec(npm test *)" }` is what YAML makes of `- allow: exec(npm test *)`. */
const lineOf = (rule: string | Record<string, string>): string =>
  (typeof rule === 'string'
    ? rule
    : Object.entries(rule)
        .map(([verdict, subject]) => `${verdict}: ${subject}`)
        .join(', ')
  ).trim();

/**
 * Reads and validates every layer: defaults < user < project < environment < flags.
 * @throws CopilotError exit 3 with file, line and the nearest known key.
 */
export const loadConfig = async (env: Env, root: string, flags: Config = {}): Promise<LoadedConfig> => {
  const paths = configPaths(env, root);
  const [user, project] = [await readLayer(paths.user), await readLayer(paths.project)];
  const fromEnv = readEnv(env);
  const value: Record<string, unknown> = {};
  const byKey = new Map<string, Setting>();
  const rules: SourcedRule[] = [];
  const notices: string[] = [];
  const apply = (flat: readonly Flat[], layer: Layer, sourceOf: (key: string) => string): void => {
    for (const { key, value: one } of flat) {
      if (one === undefined) continue;
      if (key === 'permissions.rules') {
        for (const rule of one as (string | Record<string, string>)[]) {
          const line = lineOf(rule);
          if (layer === 'project' && line.startsWith('allow'))
            notices.push(`${sourceOf(key)}: rule "${line}" is ignored: a project may only narrow permissions.`);
          else rules.push({ line, layer, source: sourceOf(key) });
        }
        continue;
      }
      const before = byKey.get(key)?.value;
      const merged = key === 'models' && isRecord(before) && isRecord(one) ? { ...before, ...one } : one;
      setIn(value, key, merged);
      byKey.set(key, { key, value: merged, layer, source: sourceOf(key) });
    }
  };
  apply(flatten(defaults), 'default', () => 'default');
  if (user) apply(flatten(user), 'user', () => paths.user);
  if (project) {
    const { kept, notices: said } = narrowed(flatten(project), value, paths.project);
    notices.push(...said);
    apply(kept, 'project', () => paths.project);
  }
  apply(flatten(fromEnv.config), 'env', (key) => fromEnv.sources.get(key) ?? 'environment');
  apply(flatten(flags), 'flag', (key) => `--${(key.split('.').pop() ?? key).replace(/([A-Z])/g, '-$1').toLowerCase()}`);
  return { value, settings: [...byKey.values()], rules, notices };
};

/**
 * Sets one key in a file, keeping its comments; the file is replaced whole.
 * @throws CopilotError exit 3 when the key is unknown or the value does not fit.
 */
export const setConfig = async (path: string, key: string, word: string): Promise<void> => {
  if (!configKeys.includes(key)) {
    const guess = nearest(key, configKeys);
    throw configError(
      `Unknown key "${key}"${guess === undefined ? '' : ` – did you mean "${guess}"?`}`,
      `Keys: ${configKeys.join(', ')}.`,
    );
  }
  const { parse, parseDocument } = await import('./yaml.ts');
  const document = parseDocument(existsSync(path) ? readLayerText(path) : '');
  if (document.errors.length > 0)
    throw configError(`${path}: ${messageOf(document.errors[0])}`, 'Mend the YAML first.');
  document.setIn(key.split('.'), parse(word));
  validate(valueOf(document, path), path, () => undefined);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(`${path}.tmp`, document.toString());
  await rename(`${path}.tmp`, path);
};
