import { join, dirname } from 'node:path';
import { isCopilotError, messageOf } from '../../base/errors.ts';
import type { Embedder } from '../../core/embedder.ts';
import type { Neighbour, NearestOptions } from '../../core/vector-index.ts';
import { fillSpace } from '../../engine/embedding/fill.ts';
import type { Database } from '../../host/log/database.ts';
import type { MemoryBank } from '../../host/memory/memory-bank.ts';

/** The vectors of a space, as much of them as memory needs. */
export interface SpaceVectors {
  put(id: number, vector: ArrayLike<number>): void;
  remove(id: number): void;
  get(id: number): Float32Array | undefined;
  nearest(vector: ArrayLike<number>, options: NearestOptions): Promise<Neighbour[]>;
  notices(): string[];
  close(): Promise<void>;
}

/** What opens vectors and knows the spaces of a database. */
export interface VectorStore {
  open(
    database: Database,
    options: { databasePath: string; folder: string; space: string; dimensions: number },
  ): SpaceVectors;
  spaces(database: Database): { name: string; dimensions: number; vectors: number }[];
  drop(database: Database, name: string): void;
}

/** The vectors of the embedder in use; without them everything is found by its words. */
export interface VectorSpace {
  readonly name: string;
  /** A text's vector, of length 1; undefined when it cannot be had now (said once). @throws signal.reason */
  embed(text: string, signal: AbortSignal): Promise<Float32Array | undefined>;
  /** For the owner's transaction. What does not fit the space is left for later. */
  put(n: number, vector: Float32Array): void;
  get(n: number): Float32Array | undefined;
  nearest(vector: Float32Array, options: NearestOptions): Promise<Neighbour[]>;
  /** Takes an item's vectors out of every space; for the owner's transaction. */
  removeEverywhere(n: number): void;
  /** Gives every item its vector, batch by batch, and says how many. What was done stays when it is stopped. */
  fill(signal: AbortSignal): Promise<number>;
  missing(): number;
  spaces(): { name: string; dimensions: number; vectors: number }[];
  /** Drops the spaces of other embedders: they are made anew when one of them is used again. */
  dropOthers(): string[];
  /** Says once why texts get no vectors. */
  unusable(error: unknown): void;
  /** What somebody should know, each once. */
  notices(): string[];
  close(): Promise<void>;
}

/** How long a question waits for a model elsewhere: words alone are better than a late answer. */
const questionWaitMs = 10_000;

const unit = (vector: readonly number[]): Float32Array | undefined => {
  const length = Math.hypot(...vector);
  return length > 0 && Number.isFinite(length) ? Float32Array.from(vector, (one) => one / length) : undefined;
};

/** The space of an embedder in a bank; it is opened when its length of vectors is known. */
export const vectorSpace = (bank: MemoryBank, embedder: Embedder, store: VectorStore): VectorSpace => {
  const { database } = bank;
  const told = new Set<string>();
  let untold: string[] = [];
  const notice = (text: string): void => {
    if (told.has(text)) return;
    told.add(text);
    untold.push(text);
  };
  const folder = join(dirname(bank.path), 'vectors');
  const others = new Map<string, SpaceVectors>();
  let opened: { dimensions: number; vectors: SpaceVectors } | undefined;
  const openSpace = (space: string, dimensions: number): SpaceVectors =>
    store.open(database, { databasePath: bank.path, folder, space, dimensions });
  const known = (): SpaceVectors | undefined => {
    if (opened) return opened.vectors;
    const space = bank.reading(() => store.spaces(database)).find(({ name }) => name === embedder.name);
    if (!space) return undefined;
    opened = { dimensions: space.dimensions, vectors: openSpace(space.name, space.dimensions) };
    return opened.vectors;
  };
  // The same name with vectors of another length: another model answers to it now.
  const fitting = (dimensions: number): SpaceVectors => {
    const vectors = known();
    if (vectors && opened?.dimensions === dimensions) return vectors;
    if (opened) {
      void opened.vectors.close();
      bank.reading(() => {
        store.drop(database, embedder.name);
      });
      notice(`${embedder.name} gives vectors of another length than before; all items are embedded anew.`);
    }
    opened = { dimensions, vectors: openSpace(embedder.name, dimensions) };
    return opened.vectors;
  };
  const unusable = (error: unknown): void => {
    notice(
      isCopilotError(error) && error.code === 'E_MEMORY'
        ? `${error.message}. Items without vectors are found by their words. ${error.hint ?? ''}`.trim()
        : `${embedder.name} cannot be used (${messageOf(error)}); what is remembered is found by its words.`,
    );
  };
  return {
    name: embedder.name,
    embed: async (text, signal) => {
      try {
        const bounded = AbortSignal.any([signal, AbortSignal.timeout(questionWaitMs)]);
        const { vectors } = await embedder.embed([text], bounded);
        const vector = unit(vectors[0] ?? []);
        if (vector) fitting(vector.length);
        return vector;
      } catch (error) {
        signal.throwIfAborted();
        unusable(error);
        return undefined;
      }
    },
    put: (n, vector) => {
      try {
        fitting(vector.length).put(n, vector);
      } catch (error) {
        // Somebody else made the space anew meanwhile. The item counts; its vector is made later.
        if (!(error instanceof RangeError)) throw error;
        unusable(error);
      }
    },
    get: (n) => known()?.get(n),
    nearest: async (vector, options) => {
      try {
        return await fitting(vector.length).nearest(vector, options);
      } catch (error) {
        notice(`The vectors of the memory cannot be searched (${messageOf(error)}); words are.`);
        return [];
      }
    },
    removeEverywhere: (n) => {
      known()?.remove(n);
      for (const { name, dimensions } of store.spaces(database)) {
        if (name === embedder.name) continue;
        const vectors = others.get(name) ?? openSpace(name, dimensions);
        others.set(name, vectors);
        vectors.remove(n);
      }
    },
    fill: async (signal) => {
      let texts = new Map<number, string>();
      const { filled } = await fillSpace(
        {
          embedder,
          pending: (limit) => {
            const rows = bank.reading(() => bank.withoutVector(embedder.name, limit));
            texts = new Map(rows.map(({ id, text }) => [id, text]));
            return rows;
          },
          put: (rows) =>
            bank.change(() => {
              for (const { id, vector } of rows) {
                // It may have been edited or forgotten meanwhile.
                if (bank.items.byNumber(id)?.text !== texts.get(id)) continue;
                // Zeros stand for a text without a word: it has its vector, and is near to nothing.
                fitting(vector.length).put(id, vector);
              }
            }),
        },
        signal,
      );
      return filled;
    },
    unusable,
    missing: () => bank.reading(() => bank.countWithoutVector(embedder.name)),
    spaces: () => bank.reading(() => store.spaces(database)),
    dropOthers: () => {
      const names = store
        .spaces(database)
        .map(({ name }) => name)
        .filter((name) => name !== embedder.name);
      for (const name of names) store.drop(database, name);
      return names;
    },
    notices: () => {
      for (const one of opened?.vectors.notices() ?? []) notice(one);
      const now = untold;
      untold = [];
      return now;
    },
    close: async () => {
      const all = [...(opened ? [opened.vectors] : []), ...others.values()];
      await Promise.all(all.map((one) => one.close()));
    },
  };
};
