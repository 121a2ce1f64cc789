import { readFileSync, statSync } from 'node:fs';
import { extname, isAbsolute, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { configError, messageOf, usageError } from '../base/errors.ts';
import type { Config } from '../core/config.ts';
import type { ImageBlock } from '../core/message.ts';

/** Flags of `run` as commander gives them. */
export interface RunFlags {
  print?: boolean;
  outputFormat?: 'text' | 'json' | 'stream-json';
  includePartialMessages?: boolean;
  continue?: boolean;
  resume?: string | true;
  forkSession?: boolean;
  sessionId?: string;
  model?: string;
  fallbackModel?: string;
  permissionMode?: NonNullable<Config['permissions']>['mode'];
  sandbox?: NonNullable<Config['sandbox']>['kind'];
  trust?: boolean;
  profile?: string;
  otp?: string;
  allowedTools?: string[];
  disallowedTools?: string[];
  addDir?: string[];
  maxTurns?: number;
  maxCostUsd?: number;
  maxTokens?: number;
  maxRepairs?: number;
  timeout?: number;
  verify?: 'auto' | 'never';
  requireVerified?: boolean;
  jsonSchema?: string;
  appendSystemPrompt?: string;
  image?: string[];
  cd?: string;
  quiet?: boolean;
  debug?: boolean;
}

const collect = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

const positiveNumber =
  (flag: string, whole: boolean) =>
  (value: string): number => {
    const number = Number(value);
    if (value.trim() === '' || !(number > 0 && number < Infinity) || (whole && !Number.isInteger(number)))
      throw usageError(`${flag} takes a positive ${whole ? 'whole number' : 'number'}, not "${value}".`);
    return number;
  };

const unitSeconds: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600 };

/** Seconds from `90`, `90s`, `10m` or `1h`. @throws CopilotError exit 2 */
export const parseDuration = (value: string): number => {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([smh]?)$/.exec(value) ?? [];
  const seconds = Number(number) * (unitSeconds[unit] ?? 1);
  if (number === '' || !(seconds > 0))
    throw usageError(`--timeout takes a time such as 90s, 10m or 1h, not "${value}".`);
  return seconds;
};

const wholeFromZero = (value: string): number => {
  if (!/^\d+$/.test(value)) throw usageError(`--max-repairs takes a whole number, not "${value}".`);
  return Number(value);
};

/** Adds every flag of a run to a command. */
export const addRunOptions = (command: Command): Command =>
  command
    .addOption(
      new Option('--output-format <format>', 'text, json (one object) or stream-json (one event per line)').choices([
        'text',
        'json',
        'stream-json',
      ]),
    )
    .option('--include-partial-messages', 'stream-json: also print text as it streams')
    .option('-c, --continue', 'go on with the newest session of this folder')
    .option('-r, --resume [id]', 'go on with a session (id or its beginning)')
    .option('--fork-session', 'with --continue or --resume: leave that session as it is')
    .option('--session-id <uuid>', 'id for the new session')
    .option('-m, --model <provider/model>', 'model to use')
    .option('--fallback-model <list>', 'models to go over to when the first one fails: provider/model,…')
    .addOption(
      new Option('--permission-mode <mode>', 'what is allowed without asking').choices([
        'plan',
        'ask',
        'accept-edits',
        'auto',
        'bypass',
      ]),
    )
    .addOption(new Option('--sandbox <name>', 'where commands run').choices(['auto', 'local', 'docker', 'bubblewrap']))
    .option('--profile <name>', 'use a profile of the configuration')
    .option('--otp <code>', 'one-time code for a production profile')
    .option('--trust', 'let this folder’s own configuration widen permissions, this once')
    .option('--allowed-tools <list>', 'allow without asking: edit,exec(npm test *)', collect)
    .option('--disallowed-tools <list>', 'forbid: shell,write(dist/**)', collect)
    .option('--add-dir <folder>', 'another folder that counts as the workspace', collect)
    .option('--max-turns <n>', 'model calls before it is stopped', positiveNumber('--max-turns', true))
    .option('--max-cost-usd <usd>', 'hard limit on money', positiveNumber('--max-cost-usd', false))
    .option('--max-tokens <n>', 'hard limit on tokens, in and out', positiveNumber('--max-tokens', true))
    .option('--max-repairs <n>', 'how often failing checks go back to the model', wholeFromZero)
    .option('--timeout <time>', 'hard limit on time: 90s, 10m, 1h', parseDuration)
    .addOption(new Option('--verify <when>', 'run the checks when files changed').choices(['auto', 'never']))
    .option('--require-verified', 'exit 1 unless everything is verified')
    .option('--json-schema <json|@file>', 'the answer must be JSON fitting this schema')
    .option('--append-system-prompt <text>', 'added to the system prompt')
    .option('--image <file>', 'a picture for the task (png, jpg, gif, webp)', collect)
    .option('-C, --cd <folder>', 'work in this folder')
    .option('-q, --quiet', 'no progress on standard error')
    .option('--debug', 'show stack traces');

/** Flags that are configuration, as its strongest layer. */
export const configFlags = (flags: RunFlags): Config => {
  const config: Record<string, unknown> = {
    model: flags.model,
    fallbackModel: flags.fallbackModel,
    maxTurns: flags.maxTurns,
    maxCostUsd: flags.maxCostUsd,
    maxTokens: flags.maxTokens,
    maxRepairs: flags.maxRepairs,
    timeoutSeconds: flags.timeout,
    profile: flags.profile,
    verify: flags.verify,
    requireVerified: flags.requireVerified,
    sandbox: flags.sandbox === undefined ? undefined : { kind: flags.sandbox },
    permissions: flags.permissionMode === undefined ? undefined : { mode: flags.permissionMode },
  };
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
};

/** False for folders, and for pipes, which would be waited for without end. */
const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** Reads `--json-schema`, inline or from a file. @throws CopilotError exit 2 */
export const readSchema = (value: string, cwd: string): object => {
  let source = value;
  if (value.startsWith('@')) {
    const path = resolve(cwd, value.slice(1));
    if (!isFile(path)) throw usageError(`--json-schema: there is no file ${path}.`);
    source = readFileSync(path, 'utf8');
  }
  try {
    const schema: unknown = JSON.parse(source);
    if (typeof schema === 'object' && schema !== null && !Array.isArray(schema)) return schema;
  } catch (error) {
    throw usageError(`--json-schema is not JSON: ${messageOf(error)}`, 'Give the schema itself, or @file.');
  }
  throw usageError('--json-schema must be a JSON object.');
};

const mediaTypes: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
};
/** Providers refuse larger ones. */
const maxImageBytes = 5 * 1024 * 1024;

/** Reads a picture. @throws CopilotError exit 2 */
export const readImage = (file: string, cwd: string): ImageBlock => {
  const path = isAbsolute(file) ? file : resolve(cwd, file);
  const mediaType = mediaTypes[extname(path).toLowerCase()];
  if (!mediaType) throw usageError(`--image ${file}: only png, jpg, gif and webp can be shown to a model.`);
  let bytes: Buffer;
  try {
    if (!isFile(path)) throw new Error('there is no such file');
    bytes = readFileSync(path);
  } catch (error) {
    throw configError(`--image ${file} cannot be read: ${messageOf(error)}`);
  }
  if (bytes.length === 0) throw usageError(`--image ${file} is empty.`);
  if (bytes.length > maxImageBytes) throw usageError(`--image ${file} is larger than 5 MB.`);
  return { type: 'image', mediaType, base64: bytes.toString('base64') };
};
