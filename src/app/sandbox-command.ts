import { realpathSync } from 'node:fs';
import { limitError, usageError } from '../base/errors.ts';
import type { Config } from '../core/config.ts';
import type { ExecResult } from '../core/sandbox.ts';
import { buildImage, type BuiltImage } from '../host/sandbox/docker-image.ts';
import { pruneContainers, type PrunedContainer } from '../host/sandbox/docker-prune.ts';
import type { Env } from '../host/paths.ts';
import { readTemplates } from '../host/templates.ts';
import { confine } from './confine.ts';
import { loadSettings } from './settings.ts';

/** A command to run in the sandbox the project is configured for. */
export interface SandboxRun {
  env: Env;
  cwd: string;
  /** One word is a command line for the shell, several are a program and its arguments. */
  words: readonly string[];
  kind?: NonNullable<Config['sandbox']>['kind'] | undefined;
  image?: string | undefined;
  allowHosts: readonly string[];
  trust: boolean;
  /** Environment variables that hold credentials: the command does not get them. */
  secretEnv: readonly string[];
  timeoutMs?: number | undefined;
  onOutput: (chunk: string) => void;
  /** What the human should know before it runs. */
  onNotice: (notice: string) => void;
}

/** The longest time a timer can wait: about 24 days. */
const longestMs = 2 ** 31 - 1;
/** What is shown need not be kept. */
const keptBytes = 1000;

/**
 * Runs one command where the agent's commands would run, with the same masks and limits, and gives how it ended.
 * @throws CopilotError exit 7 when the sandbox cannot start, exit 5 when the time is over.
 */
export const runInSandbox = async (options: SandboxRun, signal: AbortSignal): Promise<ExecResult> => {
  const { env, words, kind, image, timeoutMs = longestMs } = options;
  const [first] = words;
  if (first === undefined) throw usageError('There is no command.', 'llm-copilot sandbox run -- npm test');
  const root = realpathSync(options.cwd);
  const flags: Config =
    kind === undefined && image === undefined
      ? {}
      : {
          sandbox: {
            // Who names an image wants a container.
            kind: kind ?? 'docker',
            ...(image === undefined ? {} : { image }),
          },
        };
  const config = await loadSettings(env, root, { flags, trust: options.trust });
  const { sandbox, notices, laterNotices } = await confine({ root, env, config, secretEnv: options.secretEnv });
  try {
    for (const notice of [...config.notices, ...notices]) options.onNotice(notice);
    if (options.allowHosts.length > 0) sandbox.allowHosts(options.allowHosts);
    const command = words.length === 1 ? first : words;
    const exec = { timeoutMs, maxOutputBytes: keptBytes, onOutput: options.onOutput };
    const result = await sandbox.exec(command, exec, signal);
    for (const notice of laterNotices()) options.onNotice(notice);
    if (result.timedOut) throw limitError(`The command was ended after ${timeoutMs / 1000} seconds.`);
    return result;
  } finally {
    await sandbox.close();
  }
};

/** Names of the images that can be built here. */
export const imageNames = (): string[] => [...readTemplates('sandbox', '.Dockerfile').keys()].sort();

/** Builds one of our images. @throws CopilotError exit 2 for an unknown name, exit 7 when docker fails. */
export const buildSandboxImage = (
  options: { name: string; tag?: string | undefined; env: Env; onOutput: (chunk: string) => void },
  signal: AbortSignal,
): Promise<BuiltImage> => {
  const { name, tag = `llm-copilot/${name}`, env, onOutput } = options;
  const dockerfile = readTemplates('sandbox', '.Dockerfile').get(name);
  if (dockerfile === undefined)
    throw usageError(`There is no image "${name}".`, `Images: ${imageNames().join(', ')}. Any other image works too.`);
  return buildImage({ dockerfile, tag, env, onOutput }, signal);
};

/** Removes containers whose llm-copilot is gone. @throws CopilotError exit 7 when there is no engine. */
export const pruneSandboxes = (env: Env): Promise<PrunedContainer[]> => pruneContainers(env);
