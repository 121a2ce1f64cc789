import type { FileDiff } from '../../core/diff.ts';
import type { ParsedFile } from '../../core/parsed-file.ts';
import { changedSymbols, noSymbols, type ChangedSymbols, type ReadFile } from '../../engine/commit/symbols.ts';
import { languageOf } from '../../host/code-index/languages.ts';
import type { Repository } from '../../host/git/repository.ts';

/** More files than this are told by their names and lines alone. */
const mostFiles = 40;
const mostBytes = 300_000;

const isReadable = ({ content, made, omitted, hunks, path }: FileDiff): boolean =>
  content === 'text' &&
  made === undefined &&
  omitted === undefined &&
  hunks.length > 0 &&
  languageOf(path, '')?.grammar !== undefined;

/** What a change does to definitions, as far as its files are in git and can be parsed. */
export const readDefinitions = async (
  repository: Pick<Repository, 'contents'>,
  files: readonly FileDiff[],
  signal?: AbortSignal,
): Promise<ChangedSymbols> => {
  const wanted = files.filter(isReadable).slice(0, mostFiles);
  if (wanted.length === 0) return noSymbols;
  const ids = wanted.flatMap(({ oldId, newId }) => [oldId, newId].filter((id) => id !== undefined));
  const [texts, { parseFile }] = await Promise.all([
    repository.contents([...new Set(ids)], mostBytes, signal),
    import('../../host/code-index/parse-file.ts'),
  ]);
  const read = async (
    path: string,
    id: string | undefined,
  ): Promise<{ text: string; parsed: ParsedFile } | undefined> => {
    const text = id === undefined ? undefined : texts.get(id);
    return text === undefined ? undefined : { text, parsed: await parseFile(path, text) };
  };
  const sides: ReadFile[] = [];
  for (const diff of wanted) {
    signal?.throwIfAborted();
    const before = await read(diff.oldPath ?? diff.path, diff.oldId);
    const after = await read(diff.path, diff.newId);
    // Of a file that is there but could not be read, one side alone would look like an addition.
    if ((diff.oldId !== undefined && !before && diff.status !== 'added') || (!after && diff.status !== 'deleted'))
      continue;
    sides.push({ diff, ...(before ? { before } : {}), ...(after ? { after } : {}) });
  }
  return changedSymbols(sides);
};
