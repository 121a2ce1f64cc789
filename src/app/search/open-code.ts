import { posix, relative } from 'node:path';
import { isWithin } from '../../base/within.ts';
import type { CodeIndex, CodeSearch, IndexProgress, IndexReport } from '../../core/code-index.ts';
import type { Config } from '../../core/config.ts';
import type { Found } from '../../core/found.ts';
import type { Plugin } from '../../core/plugin.ts';
import { codeMap } from '../../engine/code-map/code-map.ts';
import { questionOf } from '../../engine/retrieval/question.ts';
import { chunkHits, commitHits, fileHits, rankFiles, type Hit } from '../../engine/retrieval/rank.ts';
import { lineReader } from '../../host/code-index/chunk-text.ts';
import { pathFilter } from '../../host/code-index/path-filter.ts';
import { codeReferences, signatures } from '../../host/code-index/reference-graph.ts';
import { codeSignals } from '../../host/code-index/signals.ts';
import { openCodeStore } from '../../host/code-index/store.ts';
import { updateIndex } from '../../host/code-index/update.ts';
import type { Database } from '../../host/log/database.ts';
import type { Env } from '../../host/paths.ts';
import { upToRepository } from '../../host/surroundings.ts';
import { openEmbedder } from '../embedding/open-embedder.ts';
import type { RemoteParts } from '../embedding/remote-parts.ts';
import { codeVectors } from './code-vectors.ts';
import { indexFolderOf, makeIndexFolder } from './index-folder.ts';

/** What an index is opened from. */
export interface CodePlace {
  env: Env;
  /** The folder that is searched; the whole repository it lies in is indexed. */
  root: string;
  settings: Config;
  plugins: readonly Plugin[];
  /** Asked for only when texts go to a model elsewhere. */
  remote: () => Promise<RemoteParts>;
  /** Vectors that take a model elsewhere are made while the process goes on. */
  background?: boolean;
  onProgress?: (progress: IndexProgress) => void;
}

/** An open index. */
export interface OpenCode extends CodeIndex {
  /** The file of the database. */
  readonly path: string;
  /** Who makes its vectors. */
  embedder(): string;
  /** Brings it up to date, vectors of a model elsewhere and their index included. */
  refreshAll(signal: AbortSignal): Promise<IndexReport>;
  /** What the human should know, each once. */
  notices(): string[];
}

const defaultLimit = 10;
/** For one answer, where others make the index anew again and again. */
const mostRefreshes = 5;

const topOf = (root: string): string => upToRepository(root).at(-1) ?? root;

/** Where the index of the repository that a folder lies in is kept; it need not be there. */
export const codeStorePath = (env: Env, root: string): string => `${indexFolderOf(env, topOf(root))}/code.db`;

/**
 * Opens the index of the repository a folder lies in. Paths are told relative to that folder.
 * @throws CopilotError `E_INDEX`, exit 3
 */
export const openCode = async (place: CodePlace): Promise<OpenCode> => {
  const { env, root, settings, onProgress = () => undefined } = place;
  const top = topOf(root);
  const below = relative(top, root);
  const exclude = settings.index?.exclude ?? [];
  const told = new Set<string>();
  const opened = await openEmbedder(place);
  const store = openCodeStore({ path: `${makeIndexFolder(env, top)}/code.db`, root: top });
  const vectors = codeVectors(store, opened);
  const closing = new AbortController();
  let filling: Promise<void> | undefined;
  /** The one that was brought up to date last; another process may have thrown it away since. */
  let refreshed: Database | undefined;

  const shownPath = (path: string): string => (below === '' ? path : path.slice(below.length + 1));
  const fill = (signal: AbortSignal): Promise<void> =>
    vectors.fill(signal, (done, total) => onProgress({ stage: 'vectors', done, total }));
  const fillInBackground = (): void => {
    filling ??= fill(closing.signal).catch((error: unknown) => {
      if (!closing.signal.aborted)
        told.add(`Vectors could not be made: ${error instanceof Error ? error.message : String(error)}`);
    });
  };

  const refresh: CodeIndex['refresh'] = async (signal, show = onProgress) => {
    const report = await updateIndex(store, { signal, onProgress: show });
    refreshed = store.database();
    // What this machine makes is there at once; a model elsewhere may take its time.
    if (opened.local) await store.mending(() => fill(signal));
    else if (place.background) fillInBackground();
    // What stays as it is (no history here, a shallow clone) is said once.
    const said = JSON.stringify(report.notices);
    if (store.fact('said') !== said) {
      store.setFact('said', said);
      for (const notice of report.notices) told.add(notice);
    }
    return { ...report, withoutVector: vectors.missing() };
  };

  const withText = (hits: readonly Hit[]): Found[] => {
    const lines = lineReader(top);
    return hits.flatMap((hit): Found[] => {
      const text = lines(hit.path, hit.startLine, hit.endLine);
      // A file that went since a moment ago is not there to be found.
      return text === undefined ? [] : [{ ...hit, path: shownPath(hit.path), text }];
    });
  };

  const look = async (wanted: CodeSearch, signal: AbortSignal): Promise<Found[]> => {
    const { query, limit = defaultLimit, files = false, kinds = ['code', 'doc'], paths = [], hidden = [] } = wanted;
    const question = questionOf(query);
    const accepts = pathFilter({ paths, hidden, exclude, below });
    const inFiles = kinds.filter((kind) => kind !== 'commit');
    const nearest = inFiles.length > 0 ? await vectors.near(query, signal) : undefined;
    const signals = codeSignals(store.database());
    const candidates = await signals.candidates(question, {
      ...(inFiles.length > 0 && { kinds: inFiles }),
      ...{ accepts, ...(nearest && { nearest }) },
    });
    const hits: Hit[] = [];
    if (files && inFiles.length > 0) {
      const ranked = rankFiles(candidates, question).slice(0, limit);
      hits.push(...fileHits(ranked, candidates, (ids) => signals.bestChunks(ids, question)));
    } else if (inFiles.length > 0) hits.push(...chunkHits(candidates, question, limit, vectors.likeness()));
    const touching = paths.length > 0 || hidden.length > 0 || exclude.length > 0 || below !== '';
    const commits = kinds.includes('commit') ? commitHits(candidates, question, { limit, touching }) : [];
    return [...withText(hits), ...commits].sort((a, b) => b.score - a.score).slice(0, limit);
  };

  /** Where the index was thrown away meanwhile, what is there now is brought up to date before it is believed. */
  const lookAt = async <T>(signal: AbortSignal, work: () => T | Promise<T>): Promise<T> => {
    for (let times = 0; ; times += 1) {
      const answer = await store.mending(work);
      if (store.database() === refreshed || times === mostRefreshes) return answer;
      await refresh(signal);
    }
  };

  return {
    path: store.path,
    embedder: () => vectors.name(),
    refresh,
    refreshAll: async (signal) => {
      const report = await refresh(signal);
      if (!opened.local) await store.mending(() => fill(signal));
      await vectors.settled();
      return { ...report, withoutVector: vectors.missing() };
    },
    search: async (wanted, signal) => {
      if (wanted.query.trim() === '') return [];
      // While git looks for files nobody has anything to do: the answer of the index as it is, which counts when that is
      // how it stays.
      const before = store.stamp();
      const refreshing = refresh(signal);
      const early = look(wanted, signal).catch(() => undefined);
      await refreshing;
      const found = await early;
      if (!opened.local && place.background !== true) {
        const missing = vectors.missing();
        if (missing > 0)
          told.add(`${missing} pieces have no vector by ${opened.name} yet; llm-copilot index makes them.`);
      }
      if (found && store.stamp() === before) return found;
      return lookAt(signal, () => look(wanted, signal));
    },
    map: async ({ tokens, focus = [] }, signal) => {
      await refresh(signal);
      return lookAt(signal, () => {
        const database = store.database();
        const references = codeReferences(database);
        const inFocus = focus.map((path) => posix.join(below, path));
        for (const [at, path] of inFocus.entries())
          if (!references.paths.some((one) => path === '.' || isWithin(one, path)))
            told.add(`Nothing of ${focus[at]} is in the index, so that it changes nothing.`);
        const entries = codeMap(references, {
          tokens,
          focus: inFocus,
          accepts: pathFilter({ exclude, below }),
          signatureOf: signatures(database),
        });
        return entries.map((entry) => ({ ...entry, path: shownPath(entry.path) }));
      });
    },
    notices: () => {
      const now = [...told, ...vectors.notices()];
      told.clear();
      return now;
    },
    close: async () => {
      closing.abort();
      await filling;
      await vectors.close();
      opened.close();
      store.close();
    },
  };
};
