import { usageError } from '../../base/errors.ts';
import type { MemoryItem, MemoryScope } from '../../core/memory.ts';
import { sameScope } from '../../engine/memory/scope.ts';
import { textHash, type StoredItem } from '../../host/memory/item-row.ts';
import { isToolError } from '../../core/tool.ts';
import type { MemoryParts } from './memory-parts.ts';
import { readExport } from './read-export.ts';
import { freshId } from './remember.ts';
import { keptText } from './resolve-draft.ts';

/** How an export is taken in. */
export interface ImportOptions {
  /** Lines that are wrong are left out; else one of them stops everything. */
  skipInvalid?: boolean | undefined;
  /** Its author is the user: status, confidence and counts are taken over. Else everything is only proposed. */
  trust?: boolean | undefined;
  /** What belongs to a repository there belongs to this one here. */
  intoRepo?: boolean | undefined;
  /** Also what was forgotten here. */
  alsoForgotten?: boolean | undefined;
}

/** What became of an import. */
export interface ImportReport {
  imported: number;
  /** Of these: the id was taken by another item, so it is a proposal with an id of its own. */
  differing: number;
  /** Known already, word for word. */
  known: number;
  /** Forgotten here, and not brought back. */
  forgotten: number;
  invalid: { line: number; problem: string }[];
}

const shownProblems = 5;
/** What nobody vouches for is no surer than a guess. */
const mostUntrusted = 0.5;

const isSame = (a: StoredItem, b: Pick<MemoryItem, 'text' | 'scope' | 'kind'>): boolean =>
  a.text === b.text && a.kind === b.kind && sameScope(a.scope, b.scope);

/**
 * Takes an export in, all of it or – when a line is wrong – nothing. Vectors are made afterwards.
 * @throws CopilotError exit 2 that names the lines that are wrong.
 */
export const importMemory = async (
  path: string,
  options: ImportOptions,
  parts: MemoryParts,
  signal: AbortSignal,
): Promise<ImportReport> => {
  const { bank, place, now } = parts;
  const read = await readExport(path);
  signal.throwIfAborted();
  const ready: MemoryItem[] = [];
  for (const { line, item } of read.items) {
    try {
      ready.push({ ...item, text: keptText(item.text, parts) });
    } catch (error) {
      if (!isToolError(error)) throw error;
      read.invalid.push({ line, problem: error.message });
    }
  }
  read.invalid.sort((a, b) => a.line - b.line);
  if (read.invalid.length > 0 && !options.skipInvalid) {
    const shown = read.invalid.slice(0, shownProblems).map(({ line, problem }) => `line ${line}: ${problem}`);
    const more = read.invalid.length - shown.length;
    throw usageError(
      `${path} was not imported. ${shown.join('; ')}${more > 0 ? `; and ${more} more lines` : ''}.`,
      'Mend these lines, or leave them out with --skip-invalid.',
    );
  }
  const scopeHere = (scope: MemoryScope): MemoryScope =>
    options.intoRepo && scope.type !== 'user' ? { ...scope, repo: place.repo } : scope;
  const report: ImportReport = { imported: 0, differing: 0, known: 0, forgotten: 0, invalid: read.invalid };
  const here = new Map<string, number>();
  const links: { n: number; ids: string[] }[] = [];
  bank.change(() => {
    const at = now();
    for (const raw of ready) {
      const item = { ...raw, scope: scopeHere(raw.scope) };
      if (bank.isForgotten(item.id)) {
        if (!options.alsoForgotten) {
          report.forgotten += 1;
          continue;
        }
        bank.unforget(item.id);
      }
      const own = bank.items.byId(item.id);
      if ((own && isSame(own, item)) || bank.items.byHash(textHash(item.text)).some((one) => isSame(one, item))) {
        report.known += 1;
        continue;
      }
      const isTrusted = options.trust === true && own === undefined;
      const { contradicts, origin, ...rest } = item;
      const foreign = origin ?? 'file';
      const made = bank.items.insert(
        isTrusted
          ? { ...rest, ...(origin === undefined ? {} : { origin }) }
          : {
              ...rest,
              id: own ? freshId(bank, at) : item.id,
              // Somebody else's "the user said so" is not this user's.
              sources: item.sources.filter(({ type }) => type !== 'user'),
              confidence: Math.min(item.confidence, mostUntrusted),
              uses: 0,
              helped: 0,
              harmed: 0,
              usedAt: null,
              createdAt: Math.min(item.createdAt, at),
              updatedAt: Math.min(item.updatedAt, at),
              status: 'proposed',
              reason: own ? `imported; it says something else than ${own.id}, which was here` : 'imported',
              origin: foreign === 'user' ? 'file' : foreign,
            },
      );
      report.imported += 1;
      if (own) {
        report.differing += 1;
        bank.link(made.n, own.n, 'an import says it otherwise');
      }
      here.set(item.id, made.n);
      links.push({ n: made.n, ids: contradicts });
    }
    for (const { n, ids } of links)
      for (const id of ids) {
        const other = here.get(id);
        if (other !== undefined && other !== n) bank.link(n, other, 'as it was imported');
      }
  });
  return report;
};
