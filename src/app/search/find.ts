import { normalize } from 'node:path';
import { usageError } from '../../base/errors.ts';
import type { CodeSearch } from '../../core/code-index.ts';
import type { Found } from '../../core/found.ts';
import { openCode, type OpenCode } from './open-code.ts';
import { codePlace, type CommandPlace } from './place.ts';

/** What can be found. */
export type FoundKind = Found['kind'];

/** What a person looks for. */
export interface Wanted {
  query: string;
  limit: number;
  files: boolean;
  /** Code and docs when left out. */
  kinds?: readonly FoundKind[] | undefined;
  paths?: readonly string[] | undefined;
}

/** The best of lists whose scores are not comparable: firsts before seconds. */
const interleaved = (lists: readonly (readonly Found[])[], limit: number): Found[] =>
  lists
    .flatMap((list) => list.map((found, rank) => ({ found, rank })))
    .sort((a, b) => a.rank - b.rank)
    .slice(0, limit)
    .map(({ found }) => found);

/** Patterns of paths as somebody types them: from the top of the file system too. @throws CopilotError exit 2 */
const patternBelow = (cwd: string, root: string, pattern: string): string => {
  if (pattern.trim() === '')
    throw usageError('--path is empty.', 'Name a file, a folder or a pattern: --path "src/**"');
  const folder = [root, cwd].find((one) => pattern === one || pattern.startsWith(`${one}/`));
  if (folder !== undefined) return `.${pattern.slice(folder.length)}`;
  if (normalize(pattern).split('/')[0] === '..')
    throw usageError(`--path ${pattern} lies outside of ${root}.`, 'Go to the folder that holds it.');
  return pattern;
};

/** Brings the index up to date, then searches it and, when asked, what is remembered. @throws CopilotError exit 3 */
export const find = async (
  command: CommandPlace,
  { query, limit, files, kinds = ['code', 'doc'], paths = [] }: Wanted,
  signal: AbortSignal,
): Promise<{ results: Found[]; notices: string[] }> => {
  const place = await codePlace(command);
  const notices = [...place.configNotices];
  const below = paths.map((path) => patternBelow(command.cwd, place.root, path));
  const inCode = kinds.filter((kind) => kind !== 'memory');
  const lists: Found[][] = [];
  let code: OpenCode | undefined;
  try {
    if (inCode.length > 0) {
      code = await openCode(place);
      const wanted: CodeSearch = { query, limit, files, paths: below, kinds: inCode };
      lists.push(await code.search(wanted, signal));
      notices.push(...code.notices());
    }
    if (kinds.includes('memory')) {
      const { findInMemory } = await import('../memory/find-in-memory.ts');
      const found = await findInMemory(command, query, limit, signal);
      lists.push(found.results);
      notices.push(...found.notices);
    }
  } finally {
    await code?.close();
  }
  return { results: interleaved(lists, limit), notices };
};
