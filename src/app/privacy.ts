import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { usageError } from '../base/errors.ts';
import { isWithin } from '../base/within.ts';
import type { MemoryItem } from '../core/memory.ts';
import type { SessionInfo } from '../core/session.ts';
import type { AuditLog } from '../host/log/audit.ts';
import { allFolders, foldersOf, keptWorkspaces, removeKept, type KeptFolder } from '../host/log/audit-folders.ts';
import { writeWhole } from '../host/log/audit-file.ts';
import { configPaths } from '../host/config/config.ts';
import { toRecorded } from '../host/log/event-log.ts';
import { dataDir, type Env } from '../host/paths.ts';
import { revokeTrust, trustedFolders, type TrustEntry } from '../host/config/trust.ts';
import { withAuditLog } from './audit.ts';
import { journal } from './journal.ts';
import { forgetMemory, memoryOf } from './memory/memory-traces.ts';
import { openSessions } from './sessions.ts';
import { projectFolder } from './settings.ts';

/** Of what: a repository (its folder, and workspaces in it), one session, or everything. */
export type PrivacyScope = { repo: string } | { session: string } | { all: true };

/** What is kept. */
export interface Traces {
  scope: 'repo' | 'session' | 'all';
  /** With those forked from them, journals included. */
  sessions: SessionInfo[];
  events: number;
  trust: TrustEntry[];
  /** Files with what is always allowed in a folder. */
  ruleFiles: string[];
  /** Snapshots for undo and the like. */
  folders: KeptFolder[];
  /** What is remembered of the repository and those in its folder; with everything, memory is among the folders. */
  memory?: MemoryItem[];
  /** The folder of the repository is gone: only what was remembered by its path is known to be its own. */
  isGone?: boolean;
  /** Folders whose monthly spending is kept; null: all that is kept of spending. */
  spending: string[] | null;
}

/** What was erased. */
export interface Erased {
  sessions: number;
  events: number;
  /** Folder rules, snapshots for undo and the like. */
  files: number;
  trust: number;
  spending: number;
  /** Remembered items; those of everything are files. */
  memory: number;
  /** False: another process reads the database, so that bytes may stay in it until that ends. */
  scrubbed: boolean;
}

/** What an erase leaves alone. */
export const sparedBy = ({ scope, isGone }: Pick<Traces, 'scope' | 'isGone'>): string[] => [
  'tombstones and heads: ids and hashes only',
  ...(scope === 'all' ? [] : ['what other sessions say of it', 'what is remembered for everywhere (memory forget)']),
  ...(scope === 'repo'
    ? [
        'copies of git objects that all repositories share, and temporary folders of killed runs: they go when they are a day old, or with --all',
      ]
    : []),
  ...(isGone
    ? ['what is remembered of a repository by its remote or first commit, for the folder is gone (memory list --all)']
    : []),
  ...(scope === 'session'
    ? ['snapshots for undo, trust and rules of its folder: --repo erases them']
    : ['the configuration, the vault of secrets and the key of signed exports']),
];

const realOrGiven = (path: string): string => (existsSync(path) ? realpathSync(path) : resolve(path));

const ruleFilesOf = (env: Env, roots: readonly string[]): string[] => [
  ...new Set(roots.map((root) => configPaths(env, root).folder).filter((path) => existsSync(path))),
];

const allRuleFiles = (env: Env): string[] => {
  const folder = dirname(configPaths(env, '/').folder);
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
};

/** Looks up what is kept. @throws CopilotError exit 2 when there is no such session, exit 3 when it cannot be read. */
export const findTraces = (env: Env, scope: PrivacyScope): Promise<Traces> =>
  withAuditLog(env, async (log) => {
    const store = openSessions(env);
    try {
      const found = look(env, scope, log, store.list({ kind: 'any' }), (id) => store.find(id));
      if (!('repo' in scope)) return found;
      const path = realOrGiven(scope.repo);
      const roots = [...found.sessions.map(({ root }) => root), ...found.trust.map(({ folder }) => folder)];
      const memory = await memoryOf(env, [path, ...new Set(roots.filter((root) => isWithin(root, path)))]);
      return { ...found, ...(memory.length > 0 ? { memory } : {}), isGone: !existsSync(path) };
    } finally {
      store.close();
    }
  });

const look = (
  env: Env,
  scope: PrivacyScope,
  log: AuditLog,
  everything: readonly SessionInfo[],
  find: (id: string) => SessionInfo,
): Traces => {
  const chosen = (list: readonly SessionInfo[]) => {
    const sessions = log.withForks(list.map(({ id }) => id));
    return { sessions, events: sessions.reduce((sum, session) => sum + session.events, 0) };
  };
  if ('session' in scope)
    return { scope: 'session', ...chosen([find(scope.session)]), trust: [], ruleFiles: [], folders: [], spending: [] };
  if ('all' in scope)
    return {
      scope: 'all',
      ...chosen(everything),
      trust: trustedFolders(env),
      ruleFiles: allRuleFiles(env),
      folders: allFolders(dataDir(env)),
      spending: null,
    };
  const repo = realOrGiven(scope.repo);
  const here = (path: string): boolean => isWithin(path, repo);
  const own = everything.filter(({ root }) => here(root));
  const trust = trustedFolders(env).filter(({ folder }) => here(folder));
  const named = [
    repo,
    ...own.map(({ root }) => root),
    ...trust.map(({ folder }) => folder),
    ...keptWorkspaces(dataDir(env)),
  ].filter(here);
  // Rules are kept for the folder that holds the project's configuration, which may lie above a workspace.
  const roots = [...new Set(named.flatMap((root) => [root, projectFolder(env, root)]))].filter(here);
  return {
    scope: 'repo',
    ...chosen(own),
    trust,
    ruleFiles: ruleFilesOf(env, roots),
    folders: foldersOf(dataDir(env), roots),
    spending: [...new Set(log.spendingFolders().filter(here))],
  };
};

/**
 * Hands to `put` what is kept, one JSON document per line, and records that. Of a repository's deleted sessions nothing
 * says that they were its own, so tombstones come with everything only.
 */
export const exportTraces = (
  env: Env,
  traces: Traces,
  put: (text: string) => void | Promise<void>,
): Promise<{ sessions: number; events: number }> =>
  withAuditLog(env, async (log) => {
    const { sessions, trust, ruleFiles, folders, scope, spending, memory } = traces;
    const { count, rows } = log.select(scope === 'all' ? {} : { sessions: sessions.map(({ id }) => id) });
    journal(env, dataDir(env), 'privacy export', [{ type: 'data.exported', what: 'what is kept', events: count }]);
    const line = (kind: string, value: object | string): void | Promise<void> =>
      put(`${JSON.stringify({ kind, value })}\n`);
    for (const session of sessions) await line('session', session);
    for (const row of rows()) await line('event', toRecorded(row));
    if (scope === 'all') for (const tombstone of log.tombstones()) await line('tombstone', tombstone);
    for (const entry of trust) await line('trust', entry);
    for (const path of ruleFiles) await line('rules', { path, text: readFileSync(path, 'utf8') });
    for (const folder of folders) await line('folder', folder);
    for (const item of memory ?? []) await line('memory', item);
    for (const folder of spending ?? log.spendingFolders()) await line('spending', { folder });
    return { sessions: sessions.length, events: count };
  });

/** The same into a file, which is there only when it is whole. @throws CopilotError exit 3 */
export const exportTracesTo = (env: Env, traces: Traces, path: string): Promise<{ sessions: number; events: number }> =>
  writeWhole(path, (put) => exportTraces(env, traces, put));

/**
 * Erases what was found: the sessions at once or not at all, then the files; records it with numbers only; then writes
 * the database anew, so that no byte of it stays there. What the disk itself keeps of files that are gone, backups and
 * copies elsewhere are out of reach.
 * @throws CopilotError exit 3 when something cannot be removed; what is left can be erased again.
 */
export const eraseTraces = async (env: Env, traces: Traces): Promise<Erased> => {
  const { sessions, events, trust, ruleFiles, folders, spending, memory } = traces;
  const store = openSessions(env);
  try {
    store.deleteAll(
      sessions.map(({ id }) => id),
      'privacy',
    );
  } finally {
    store.close();
  }
  journal(env, dataDir(env), 'privacy erase', [
    { type: 'data.erased', what: `${traces.scope}: ${events} events`, sessions: sessions.length, why: 'privacy' },
  ]);
  if (memory) await forgetMemory(env, memory);
  for (const { path } of folders) await removeKept(path);
  for (const path of ruleFiles) await removeKept(path);
  for (const { folder } of trust) revokeTrust(env, folder);
  return withAuditLog(env, (log) => {
    const forgotten = spending?.length === 0 ? 0 : log.forgetSpending(spending ?? undefined);
    return {
      sessions: sessions.length,
      events,
      files: folders.length + ruleFiles.length,
      trust: trust.length,
      spending: forgotten,
      memory: memory?.length ?? 0,
      scrubbed: log.scrub(),
    };
  });
};

/** The scope the flags name. @throws CopilotError exit 2 unless it is exactly one. */
export const scopeOf = (flags: { repo?: string; session?: string; all?: boolean }, cwd: string): PrivacyScope => {
  const { repo, session, all } = flags;
  if ([repo, session, all].filter((flag) => flag !== undefined).length > 1)
    throw usageError('--repo, --session and --all exclude each other.');
  if (session !== undefined) return { session };
  if (all) return { all };
  if (repo === undefined) throw usageError('Say of what: --repo <dir>, --session <id> or --all.');
  // An empty variable in a script must not stand for the folder it happens to be in.
  if (repo === '') throw usageError('The folder after --repo is empty.', 'The folder one is in is --repo .');
  return { repo: resolve(cwd, repo) };
};
