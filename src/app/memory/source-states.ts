import type { MemorySource } from '../../core/memory.ts';
import { linesOf, standingOf, type FileSource, type Standing } from '../../engine/memory/cited-lines.ts';
import { citedFile, type CitedFile } from '../../host/memory/cited-file.ts';
import type { StoredItem } from '../../host/memory/item-row.ts';
import type { MemoryBank } from '../../host/memory/memory-bank.ts';
import type { RepoIdentity } from '../../host/memory/repo-identity.ts';

/** How a source stands now; `elsewhere` when it lies in another repository. */
export type SourceState = Standing | { state: 'said' } | { state: 'elsewhere' };

/** An item looked at: as it is now, and whether it may be served. */
export interface Checked {
  item: StoredItem;
  /** Why it may not. */
  stale?: string;
  /** Where cited lines stand now that stood elsewhere before. */
  moved: { path: string; startLine: number; endLine: number }[];
}

/** Looks at files that items cite. */
export interface SourceStates {
  stateOf(item: StoredItem, source: MemorySource): SourceState;
  /**
   * Looks at everything an item cites, and writes down what it found: lines that moved get their new place, lines that
   * changed or went make the item stale since now, and lines that came back make it hold again.
   */
  settle(item: StoredItem): Checked;
}

const rememberedStandings = 5000;
/** Files that are not read again for every item that cites them, the ones last looked at. */
const keptFiles = 8;

/** @param now milliseconds since the epoch */
export const sourceStates = (bank: MemoryBank, place: RepoIdentity, now: () => number): SourceStates => {
  const standings = new Map<string, Standing>();
  const files = new Map<string, { file: CitedFile; lines?: readonly string[] }>();
  const standing = (source: FileSource): Standing => {
    const before = files.get(source.path);
    const file = citedFile(place.top, source.path, before?.file);
    const read = before?.file === file ? before : { file };
    files.delete(source.path);
    files.set(source.path, read);
    for (const path of files.keys()) if (files.size > keptFiles) files.delete(path);
    if ('gone' in file) return { state: 'changed', why: file.gone };
    const key = `${source.path}\0${file.stamp}\0${source.startLine}-${source.endLine}\0${source.hash}`;
    const known = standings.get(key);
    if (known) return known;
    const found = standingOf(source, (read.lines ??= linesOf(file.text)));
    if (standings.size >= rememberedStandings) standings.clear();
    standings.set(key, found);
    return found;
  };
  const isHere = (item: StoredItem): boolean => item.scope.type !== 'user' && item.scope.repo === place.repo;
  // A store that cannot be written now still answers.
  const note = (work: () => void): void => {
    bank.note(work);
  };
  return {
    stateOf: (item, source) => {
      if (source.type !== 'file') return { state: 'said' };
      return isHere(item) ? standing(source) : { state: 'elsewhere' };
    },
    settle: (item) => {
      if (!isHere(item)) return { item, moved: [] };
      const moved: Checked['moved'] = [];
      let stale: string | undefined;
      const sources = item.sources.map((source): MemorySource => {
        if (source.type !== 'file') return source;
        const found = standing(source);
        if (found.state === 'changed') stale ??= `${source.path}:${source.startLine}: ${found.why}`;
        if (found.state !== 'moved') return source;
        const { startLine, endLine } = found;
        moved.push({ path: source.path, startLine, endLine });
        return { ...source, startLine, endLine };
      });
      if (stale !== undefined) {
        const why = stale;
        const since = item.staleSince ?? now();
        if (item.staleSince === null || item.staleWhy !== why)
          note(() => {
            bank.items.setStale(item.n, { since, why });
          });
        return { item: { ...item, staleSince: since, staleWhy: why }, stale: why, moved: [] };
      }
      const settled = { ...item, sources, staleSince: null, staleWhy: null };
      if (moved.length > 0)
        note(() => {
          const before = bank.items.byNumber(item.n);
          if (before && JSON.stringify(before.sources) === JSON.stringify(item.sources))
            bank.items.update({ ...before, sources, staleSince: null, staleWhy: null });
        });
      else if (item.staleSince !== null)
        note(() => {
          bank.items.setStale(item.n, null);
        });
      return { item: settled, moved };
    },
  };
};
