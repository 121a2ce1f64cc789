import { setTimeout as sleep } from 'node:timers/promises';
import type { Neighbour, NearestOptions, VectorIndex } from '../../core/vector-index.ts';
import type { Database } from '../log/database.ts';
import type { IndexMaker, MadeIndex } from './index-kinds.ts';
import { fromBytes } from './vector-data.ts';
import { changedRows, hasSave, packedRows, spaceRow, type SpaceRow } from './vector-rows.ts';

/** How far an index has come. */
export interface ViewState {
  kind: VectorIndex['kind'];
  size: number;
  /** Vectors that went and still take room in it. */
  deleted: number;
  /** The space it was made of; 0 before the first. */
  space: number;
  /** Every change up to this one is in it. */
  rev: number;
  /** Rows are still missing that are older than `rev`. */
  building: boolean;
  /** Changes since it was saved or read. */
  unsaved: number;
}

/** An index that follows the rows of a space. */
export interface IndexView {
  state(): ViewState;
  /** Until every change up to this one is in it, or it is closed. Searches come in between. */
  catchUp(rev: number): Promise<void>;
  /** With every change up to this one in it. */
  nearest(vector: Float32Array, options: NearestOptions, rev: number): Promise<Neighbour[]>;
  /** Under a token that the database knows already. */
  save(token: string): Promise<void>;
  close(): Promise<void>;
}

interface Note {
  token: string;
  rev: number;
  /** While it is being made: the last id that is in it. */
  afterId: number | null;
}

const pageRows = 64;

/**
 * Opens the saved index of a space, if it can be believed, else an empty one that is made from the rows. What is wrong
 * with a file is told once.
 */
export const indexView = async (options: {
  database: Database;
  space: string;
  dimensions: number;
  /** Of the saved index, without the ending that tells its kind. */
  path: string;
  maker: IndexMaker;
  notice: (text: string) => void;
  /** In a thread of its own: the index is put in order, too, before it counts as caught up. */
  alone?: boolean;
  /** Called after each step of a long catch-up. */
  onProgress?: () => void;
}): Promise<IndexView> => {
  const { database, maker, dimensions } = options;
  const path = `${options.path}.${maker.kind}`;
  let index: MadeIndex = maker.make(dimensions);
  let space = 0;
  let rev = 0;
  let afterId: number | undefined;
  let unsaved = 0;
  let open = true;
  let chain: Promise<void> = Promise.resolve();

  const afresh = async (row: SpaceRow | undefined): Promise<void> => {
    await index.close();
    index = maker.make(dimensions);
    [space, rev, afterId, unsaved] = [row?.id ?? 0, 0, row && -1, 0];
  };
  const read = async (row: SpaceRow): Promise<boolean> => {
    // Another process may put a new file into the place of the one that is being read.
    const loaded = await maker.load(path, dimensions).catch(() => maker.load(path, dimensions));
    if (!loaded) return true;
    const note = JSON.parse(loaded.note) as Note;
    const known = hasSave(database, row.id, note.token) && note.rev <= row.rev;
    if (!known) {
      await loaded.index.close();
      return false;
    }
    await index.close();
    index = loaded.index;
    [space, rev, afterId, unsaved] = [row.id, note.rev, note.afterId ?? undefined, 0];
    return true;
  };

  const row = spaceRow(database, options.space);
  await afresh(row);
  if (row) {
    const believed = await read(row).catch(() => false);
    if (!believed) {
      options.notice('The vector index was damaged or of another state of the database; it is made anew.');
      await afresh(row);
    }
  }

  const follow = async (wanted: number): Promise<void> => {
    let since = performance.now();
    const step = async (): Promise<void> => {
      options.onProgress?.();
      // A thread of its own stops for messages while it applies. Here others work, and nobody is kept from ending.
      if (options.alone === true || performance.now() - since < 10) return;
      await sleep(1, undefined, { ref: false });
      since = performance.now();
    };
    const now = spaceRow(database, options.space);
    // Older than what was forgotten since, it would never learn what went.
    if (now?.id !== space || rev < now.forgotten || rev > now.rev) await afresh(now);
    if (!now) return;
    const decode = (bytes: Uint8Array): Float32Array => fromBytes(bytes, dimensions, now.storage);
    // What changes while the rows are read gets a later revision, and its turn after them.
    if (afterId === -1) rev = Math.min(wanted, now.rev);
    while (open && afterId !== undefined) {
      const page = packedRows(database, now, rev, afterId, pageRows);
      if (!page) {
        afterId = undefined;
        break;
      }
      const size = page.bytes.length / page.ids.length;
      await index.apply(
        Array.from(page.ids, (id, at) => ({ id, vector: decode(page.bytes.subarray(at * size, (at + 1) * size)) })),
      );
      unsaved += page.ids.length;
      afterId = page.ids.at(-1);
      await step();
    }
    while (open && rev < wanted) {
      const changed = changedRows(database, now.id, rev, wanted, pageRows);
      await index.apply(changed.map(({ id, data }) => ({ id, vector: data && decode(data) })));
      unsaved += changed.length;
      rev = changed.length < pageRows ? wanted : (changed.at(-1)?.rev ?? wanted);
      await step();
    }
    if (open && options.alone === true) await index.tidy?.();
  };
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = chain.then(work);
    chain = done.catch(() => undefined);
    return done;
  };

  const catchUp = (wanted: number): Promise<void> =>
    inTurn(async () => {
      if (open) await follow(wanted);
    });

  return {
    state: () => ({
      kind: maker.kind,
      size: index.size(),
      deleted: index.deleted?.() ?? 0,
      space,
      rev,
      building: afterId !== undefined,
      unsaved,
    }),
    catchUp,
    nearest: async (vector, wants, wanted) => {
      if (rev < wanted) await catchUp(wanted);
      return index.nearest(vector, wants);
    },
    save: (token) => {
      // A long catch-up is not waited for: the rows so far are worth keeping.
      const note: Note = { token, rev, afterId: afterId ?? null };
      const saving = unsaved;
      return index.save(path, JSON.stringify(note)).then(() => void (unsaved -= saving));
    },
    close: async () => {
      open = false;
      await chain;
      await index.close();
    },
  };
};
