import { homedir } from 'node:os';
import type { Sandbox } from '../core/sandbox.ts';
import { childEnv } from '../host/sandbox/child-env.ts';
import type { LoadedConfig } from '../host/config/config.ts';
import { openSandbox } from '../host/sandbox/open-sandbox.ts';
import { configDir, dataDir, type Env } from '../host/paths.ts';
import { permissionsFor, rulesFor, tempFolders, type Permissions, type RuleSet } from './permissions.ts';
import { sandboxWish } from './sandbox-settings.ts';

/** What is to be confined. */
export interface ConfineOptions {
  /** The workspace: an absolute real path. */
  root: string;
  /** More folders that count as the workspace. */
  addedFolders?: readonly string[];
  env: Env;
  config: LoadedConfig;
  allowedTools?: readonly string[];
  disallowedTools?: readonly string[];
  /** Names of the tools there are; flags that name others are refused. */
  toolNames?: readonly string[];
  /** Environment variables that hold credentials: no command gets them. */
  secretEnv?: readonly string[];
}

/** A sandbox, and the policy over what happens in it. */
export interface Confined {
  sandbox: Sandbox;
  permissions: Permissions;
  rules: RuleSet;
  /** What the human should know of the sandbox, one line each. */
  notices: string[];
  /** The same, known only once commands ran. */
  laterNotices: () => string[];
}

/**
 * Compiles rules and settings into a policy and a sandbox that fit each other. The caller closes the sandbox.
 * @throws CopilotError exit 3 for rules that are wrong, exit 7 for a sandbox that cannot be had.
 */
export const confine = async (options: ConfineOptions): Promise<Confined> => {
  const { root, addedFolders = [], env, config } = options;
  const rules = rulesFor(config, options, options.toolNames);
  const place = { roots: [root, ...addedFolders], home: env.HOME ?? homedir(), temp: tempFolders() };
  const patterns = (verdict: 'allow' | 'deny'): string[] =>
    rules.rules.filter((rule) => rule.kind === 'env' && rule.verdict === verdict).map((rule) => rule.pattern);
  const commandEnv = childEnv(env, {
    allowed: patterns('allow'),
    denied: [...patterns('deny'), ...(options.secretEnv ?? [])],
  });
  const opened = await openSandbox({
    ...sandboxWish(config, rules, place),
    root,
    addedFolders,
    dataDir: dataDir(env),
    env: commandEnv,
  });
  const { sandbox, notices } = opened;
  try {
    const permissions = permissionsFor(rules, {
      ...place,
      readable: [sandbox.scratch],
      own: [configDir(env), dataDir(env)],
      env: commandEnv,
      enforces: sandbox.enforces(),
    });
    return { sandbox, permissions, rules, notices, laterNotices: () => opened.laterNotices() };
  } catch (error) {
    await sandbox.close();
    throw error;
  }
};
