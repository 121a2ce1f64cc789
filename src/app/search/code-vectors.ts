import type { Embedder } from '../../core/embedder.ts';
import type { Neighbour } from '../../core/vector-index.ts';
import { fillSpace } from '../../engine/embedding/fill.ts';
import { isIdf, learnIdf, type Idf } from '../../engine/embedding/idf.ts';
import { localEmbedder, withLead } from '../../engine/embedding/local-embedder.ts';
import { chooseSpace } from '../../engine/embedding/spaces.ts';
import { tryEmbed, type Tried } from '../../engine/embedding/try-embed.ts';
import {
  chunksWithoutVector,
  countChunks,
  countWithoutVector,
  lineReader,
  sampleOfChunks,
  type ChunkPlace,
} from '../../host/code-index/chunk-text.ts';
import type { CodeStore } from '../../host/code-index/store.ts';
import type { Database } from '../../host/log/database.ts';
import { dropVectorSpace, openVectors, vectorSpaces, type Vectors } from '../../host/vectors/vectors.ts';
import type { OpenEmbedder } from '../embedding/open-embedder.ts';

/** Chunks near to a text. @param found those with words of it */
export type NearChunks = (limit: number, found: ReadonlySet<number>) => Promise<Neighbour[]>;

/** The vectors of a repository's chunks, in the space of the embedder that is wanted, or of the one that was. */
export interface CodeVectors {
  /** Of the embedder that is wanted. */
  name(): string;
  /** Chunks whose vector is not there yet. */
  missing(): number;
  /** Gives every chunk its vector; what was done stays when it is stopped. */
  fill(signal: AbortSignal, onProgress: (done: number, total: number) => void): Promise<void>;
  /** Looks for chunks near to a text; undefined where no vectors can answer. */
  near(text: string, signal: AbortSignal): Promise<NearChunks | undefined>;
  /** How alike two chunks are, −1 to 1, where both have a vector in the space that answered last. */
  likeness(): (one: number, other: number) => number | undefined;
  /** Waits until an index of them is made, where so many want one. */
  settled(): Promise<void>;
  notices(): string[];
  close(): Promise<void>;
}

/** Chunks the local embedder learns from which words are rare. */
const corpusSample = 4000;
/** Hashed features of unrelated texts meet by chance: what is no nearer than this says nothing. */
const leastLocalSimilarity = 0.2;
/** How long an answer, or that there was none, is taken for that of the same question. */
const lastMs = 10_000;
/** Of a chunk; more would say little more, and models take only so much. */
const maxChars = 6000;
/** Batches under way when a model changed give old vectors once more; one that gives others each time is none. */
const mostDrops = 20;

const isLocalSpace = (name: string): boolean => name.startsWith('local/');

/** Vectors over the chunks of a store. Databases are looked up anew each time: the store may make its own anew. */
export const codeVectors = (store: CodeStore, opened: OpenEmbedder): CodeVectors => {
  const spaces = new Map<string, Vectors>();
  const told = new Set<string>();
  let ofDatabase: Database | undefined;
  let answered: Vectors | undefined;

  const database = (): Database => {
    const now = store.database();
    if (ofDatabase !== now) {
      for (const vectors of spaces.values()) void vectors.close();
      spaces.clear();
      answered = undefined;
      ofDatabase = now;
    }
    return now;
  };
  const open = (space: string, dimensions: number): Vectors => {
    const known = spaces.get(space);
    if (known) return known;
    const { path: databasePath, vectorFolder: folder } = store;
    // A code index is large, and can be made again: a quarter of the bytes finds the same.
    const vectors = openVectors(database(), {
      ...{ databasePath, folder, space, dimensions, storage: 'int8' },
      kind: isLocalSpace(space) ? 'scan' : 'auto',
    });
    spaces.set(space, vectors);
    return vectors;
  };
  const drop = (space: string): void => {
    void spaces.get(space)?.close();
    spaces.delete(space);
    dropVectorSpace(database(), space);
  };
  const learnt = (name: string): Idf | undefined => {
    try {
      const fact: unknown = JSON.parse(store.fact(`idf ${name}`) ?? 'null');
      return isIdf(fact) ? fact : undefined;
    } catch {
      // Damage that SQLite did not notice.
      return undefined;
    }
  };
  /** The embedder of a space; undefined when it is not at hand any more. */
  const embedderOf = (space: string): Embedder | undefined => {
    if (!isLocalSpace(space)) return space === opened.name ? opened.embedder() : undefined;
    // It needs nobody, so it answers until another one's vectors are there.
    const embedder = localEmbedder(learnt(space));
    return embedder.name === space ? embedder : undefined;
  };
  const wanted = (): Embedder =>
    (opened.local ? embedderOf(store.fact('embedder') ?? opened.name) : undefined) ?? opened.embedder();
  const read = (): ((chunk: ChunkPlace) => string) => {
    const lines = lineReader(store.root);
    return ({ path, startLine, endLine, symbol }) =>
      withLead(`${path} ${symbol ?? ''}`, (lines(path, startLine, endLine) ?? '').slice(0, maxChars));
  };

  /** Of the question that was asked last: one that got no answer is not waited for twice. */
  let last: { key: string; at: number; tried: Promise<Tried> } | undefined;
  const embedded = (embedder: Embedder, text: string, signal: AbortSignal): Promise<Tried> => {
    const key = `${embedder.name} ${text}`;
    if (last?.key === key && performance.now() - last.at < lastMs) return last.tried;
    const tried = tryEmbed(embedder, [text], signal);
    last = { key, at: performance.now(), tried };
    tried.catch(() => (last = undefined));
    return tried;
  };

  /** Learns which words are rare here, once, and again when the repository became another. */
  const learn = (): void => {
    if (!opened.local) return;
    const count = countChunks(database());
    const before = Number(store.fact('idf chunks') ?? 0);
    const isFitting = before > 0 && count < 3 * before + 100 && 3 * count + 100 > before;
    if (isFitting && learnt(store.fact('embedder') ?? '') !== undefined) return;
    if (count === 0) return;
    const idf = learnIdf(sampleOfChunks(database(), corpusSample).map(read()));
    const { name } = opened.embedder(idf);
    store.setFact(`idf ${name}`, JSON.stringify(idf));
    store.setFact('embedder', name);
    store.setFact('idf chunks', String(count));
  };

  return {
    name: () => wanted().name,
    missing: () => countWithoutVector(database(), wanted().name),
    fill: async (signal, onProgress) => {
      learn();
      const embedder = wanted();
      const total = countWithoutVector(database(), embedder.name);
      if (total > 0) {
        const textOf = read();
        // All before it have theirs.
        let from = 0;
        let drops = 0;
        /** Behind the name is another model now: what there is of the old one is of no use. */
        const renewIfOther = (length: number): void => {
          const known = vectorSpaces(database()).find(({ name }) => name === embedder.name);
          if (!known || known.dimensions === length || ++drops > mostDrops) return;
          drop(embedder.name);
          from = 0;
        };
        const { leftOut } = await fillSpace(
          {
            embedder,
            parallel: opened.parallel,
            pending: (limit) => {
              const chunks = chunksWithoutVector(database(), embedder.name, from, limit);
              from = chunks[0]?.id ?? from;
              return chunks.map((chunk) => ({ id: chunk.id, text: textOf(chunk) }));
            },
            put: (rows) => {
              const here = database();
              const exists = here.prepare<[number], { id: number }>('SELECT id FROM chunks WHERE id = ?');
              here
                .transaction(() => {
                  renewIfOther(rows[0]?.vector.length ?? 0);
                  for (const { id, vector } of rows)
                    // It may have gone meanwhile.
                    if (exists.get(id)) open(embedder.name, vector.length).put(id, vector);
                })
                .immediate();
            },
            onProgress: (done) => onProgress(done, total),
          },
          signal,
        );
        if (leftOut.length > 0)
          told.add(
            `${leftOut.length} pieces have no vector: ${embedder.name} does not take them (${leftOut[0]?.why}).`,
          );
      }
      // Another process may have learnt other words meanwhile: then its vectors are the ones that are wanted.
      if (wanted().name !== embedder.name) return;
      for (const { name } of vectorSpaces(database())) if (name !== embedder.name) drop(name);
    },
    near: async (text, signal) => {
      const here = database();
      const all = vectorSpaces(here);
      const { serves } = chooseSpace(all, wanted().name, countChunks(here), (name) => embedderOf(name) !== undefined);
      const space = all.find(({ name }) => name === serves);
      const embedder = space && embedderOf(space.name);
      if (!space || !embedder) return undefined;
      const { vectors, notice } = await embedded(embedder, text, signal);
      if (notice !== undefined) told.add(notice);
      const vector = vectors?.[0];
      if (!vector) return undefined;
      if (vector.length !== space.dimensions) {
        told.add(`${space.name} gives other vectors than before; they are made anew (llm-copilot index does it now).`);
        drop(space.name);
        return undefined;
      }
      answered = open(space.name, space.dimensions);
      const near = open(space.name, space.dimensions);
      if (!isLocalSpace(space.name)) return (limit) => near.nearest(vector, { limit });
      return async (limit, found) => {
        // The local embedder knows words and their parts only: what shares no word is seldom near, and comparing with
        // all would take most of the time of a search.
        const among = found.size > 0 ? { among: found } : {};
        const neighbours = await near.nearest(vector, { limit, ...among });
        return neighbours.filter(({ similarity }) => similarity >= leastLocalSimilarity);
      };
    },
    likeness: () => {
      const known = new Map<number, Float32Array | undefined>();
      const vectorOf = (id: number): Float32Array | undefined => {
        if (!known.has(id)) known.set(id, answered?.get(id));
        return known.get(id);
      };
      return (one, other) => {
        const [a, b] = [vectorOf(one), vectorOf(other)];
        if (!a || !b) return undefined;
        let sum = 0;
        for (let index = 0; index < a.length; index++) sum += (a[index] ?? 0) * (b[index] ?? 0);
        return sum;
      };
    },
    settled: async () => {
      for (const vectors of spaces.values()) await vectors.settled();
    },
    notices: () => {
      const now = [...told, ...[...spaces.values()].flatMap((vectors) => vectors.notices())];
      told.clear();
      return now;
    },
    close: async () => {
      await Promise.all([...spaces.values()].map((vectors) => vectors.close()));
    },
  };
};
