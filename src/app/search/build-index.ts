import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { IndexReport, MapEntry } from '../../core/code-index.ts';
import { removeCodeStore } from '../../host/code-index/store.ts';
import { removeKept } from '../../host/log/audit-folders.ts';
import type { Env } from '../../host/paths.ts';
import { indexedBy, indexesFolder } from './index-folder.ts';
import { codeStorePath, openCode } from './open-code.ts';
import { belowRoot, codePlace, type CommandPlace } from './place.ts';

/** What was indexed, by whom, and what it takes. */
export interface BuildReport extends IndexReport {
  /** Who makes the vectors. */
  embedder: string;
  /** On the disk. */
  bytes: number;
}

const sizeOf = (path: string): number =>
  ['', '-wal'].reduce((sum, ending) => sum + (statSync(path + ending, { throwIfNoEntry: false })?.size ?? 0), 0);

/** Brings the index of the repository at hand up to date, or makes it anew. @throws CopilotError `E_INDEX`, exit 3 */
export const buildIndex = async (
  command: CommandPlace,
  { rebuild }: { rebuild: boolean },
  signal: AbortSignal,
): Promise<BuildReport> => {
  const startedAt = performance.now();
  const place = await codePlace(command);
  if (rebuild) removeCodeStore(codeStorePath(place.env, place.root));
  const code = await openCode(place);
  try {
    const report = await code.refreshAll(signal);
    const notices = [...new Set([...place.configNotices, ...report.notices, ...code.notices()])];
    const durationMs = performance.now() - startedAt;
    return { ...report, notices, durationMs, embedder: code.embedder(), bytes: sizeOf(code.path) };
  } finally {
    await code.close();
  }
};

/**
 * The map of the repository at hand; `focus` as somebody types paths.
 * @throws CopilotError `E_INDEX`, exit 3; exit 2 for a path that is not there
 */
export const mapOf = async (
  command: CommandPlace,
  { tokens, focus }: { tokens: number; focus: readonly string[] },
  signal: AbortSignal,
): Promise<{ entries: MapEntry[]; notices: string[] }> => {
  const place = await codePlace(command);
  const options = { tokens, focus: focus.map((path) => belowRoot(command.cwd, place.root, path)) };
  const code = await openCode(place);
  try {
    const entries = await code.map(options, signal);
    return { entries, notices: [...place.configNotices, ...code.notices()] };
  } finally {
    await code.close();
  }
};

/** Removes indexes of folders that are gone, and says which. @throws CopilotError exit 3 */
export const pruneIndexes = async (env: Env): Promise<string[]> => {
  const folder = indexesFolder(env);
  if (!existsSync(folder)) return [];
  const removed: string[] = [];
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const owner = indexedBy(path);
    if (owner !== undefined && existsSync(owner)) continue;
    await removeKept(path);
    removed.push(owner ?? path);
  }
  return removed;
};
