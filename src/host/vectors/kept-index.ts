import { randomBytes } from 'node:crypto';
import { messageOf } from '../../base/errors.ts';
import type { IndexView, ViewState } from './index-view.ts';
import { removeStrayIndexes } from './index-path.ts';
import { openThread, openView, type ViewTask } from './open-view.ts';
import { noteSave, saveTokens, spaceRow, type SpaceRow } from './vector-rows.ts';
import { vectorSpaces } from './vector-spaces.ts';

/** Above, an index is made in a thread of its own: 5,000 are added in about 2 s. */
const threadAbove = 5000;
/** So many changes are taken in here, in pieces; more by a thread. */
const lagFollowed = 1000;
/** An index so many changes behind takes them in before it answers (about 0.5 ms each); else it is not asked. */
const lagTaken = 64;
const saveDelayMs = 2000;
/** While an index is made, so much of it is kept in case the process is killed. */
const manyUnsaved = 50_000;

/** An index that is opened, made, followed and saved beside other work. Nothing ever waits for it. */
export interface KeptIndex {
  /** Opens it, in the background. */
  start(row: SpaceRow): void;
  /** The index when it can answer as of this row; else it catches up in the background. */
  ready(row: SpaceRow): IndexView | undefined;
  state(): ViewState | undefined;
  /** False when no index can be had. */
  usable(): boolean;
  giveUp(error: unknown): void;
  /** Saves it in a while, if that is worth its time. */
  saveSoon(): void;
  /** Opens it and resolves when it holds every row as of this one. */
  caughtUp(row: SpaceRow): Promise<void>;
  close(): Promise<void>;
}

const worthSaving = ({ unsaved, size }: ViewState): boolean => unsaved > 0 && unsaved >= Math.min(1000, size / 10);

/**
 * Makes one that is not open yet; `folder` is where it is saved. A thread makes what takes long and saves it; then it
 * is read, by a thread of the library, and searched here: a search takes less time than asking a thread for it.
 */
export const keptIndex = (given: Omit<ViewTask, 'onProgress'>, folder: string): KeptIndex => {
  const { database, databasePath, space, notice } = given;
  /** What answers. */
  let view: IndexView | undefined;
  /** What is being made by a thread. */
  let builder: IndexView | undefined;
  let starting: Promise<void> | undefined;
  let building: Promise<void> | undefined;
  let saving: Promise<boolean> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let noThread = false;
  let failed = false;
  let closed = false;
  const closing = new AbortController();
  /** Saves that are our own or were there before. */
  const known = new Set<string>();

  const giveUp = (error: unknown): void => {
    if (closed) return;
    failed = true;
    for (const one of [view, builder]) void one?.close().catch(() => undefined);
    view = builder = undefined;
    notice(`The vector index cannot be used (${messageOf(error)}): vectors are compared one by one, which is slower.`);
  };
  const write = async (from: IndexView): Promise<boolean> => {
    const row = spaceRow(database, space);
    const { space: of, building: half } = from.state();
    if (row?.id !== of) return false;
    // What another process saved since may be whole.
    if (half && saveTokens(database, of).some((token) => !known.has(token))) return false;
    // The row before the file: what names no row is not believed.
    const token = randomBytes(12).toString('hex');
    known.add(token);
    noteSave(database, row.id, token);
    await from.save(token);
    const names = vectorSpaces(database).map(({ name }) => name);
    await removeStrayIndexes(folder, databasePath, names).catch(() => undefined);
    return true;
  };
  const save = (from: IndexView): Promise<boolean> => {
    // A full disk or a busy database costs the next process time, nothing else.
    saving ??= write(from)
      .catch(() => false)
      .finally(() => (saving = undefined));
    return saving;
  };
  const saveSoon = (): void => {
    const from = view ?? builder;
    const state = from?.state();
    const due = state && worthSaving(state) && (!state.building || state.unsaved >= manyUnsaved);
    if (!due || timer || closed) return;
    timer = setTimeout(() => {
      timer = undefined;
      const now = view ?? builder;
      if (now && !closed) void save(now);
    }, saveDelayMs).unref();
  };
  const task: ViewTask = { ...given, onProgress: saveSoon };
  const follow = async (row: SpaceRow): Promise<void> => {
    try {
      await view?.catchUp(row.rev);
      saveSoon();
    } catch (error) {
      giveUp(error);
    }
  };
  const farBehind = (state: ViewState, row: SpaceRow): boolean =>
    row.live > threadAbove &&
    (state.building || state.space !== row.id || row.rev - state.rev > lagFollowed || state.deleted > state.size / 2);

  const build = async (thread: IndexView): Promise<void> => {
    for (let row = spaceRow(database, space); row && farBehind(thread.state(), row); row = spaceRow(database, space)) {
      await thread.catchUp(row.rev);
      if (closed) return;
    }
    await saving;
    const saved = await save(thread);
    if (closed) return;
    builder = undefined;
    if (!saved) {
      // Where no file can be written, the thread is asked.
      noThread = true;
      view = thread;
      return;
    }
    await thread.close();
    const opened = await openView(task);
    if (closing.signal.aborted) {
      await opened.close();
      return;
    }
    // Another process may have put its own file there, which is not far behind; else this would go on for ever.
    if (opened.state().building) throw new Error('what was saved cannot be read');
    view = opened;
  };
  /** Hands what is far behind to a thread; where there is none, it catches up here. */
  const handOver = async (here: IndexView, row: SpaceRow): Promise<void> => {
    view = undefined;
    if (worthSaving(here.state())) await save(here);
    const thread = noThread ? undefined : await openThread(task, closing.signal);
    if (closing.signal.aborted) {
      await Promise.all([here.close(), thread?.close()]);
    } else if (thread) {
      await here.close();
      builder = thread;
      building = build(thread)
        .catch(giveUp)
        .finally(() => (building = undefined));
    } else {
      noThread = true;
      view = here;
      void follow(row);
    }
  };
  const open = async (row: SpaceRow): Promise<void> => {
    for (const token of saveTokens(database, row.id)) known.add(token);
    const opened = await openView(task);
    if (closed) await opened.close();
    else if (farBehind(opened.state(), row)) await handOver(opened, row);
    else {
      view = opened;
      void follow(row);
    }
  };
  const inBackground = (work: Promise<void>): void => {
    starting = work.catch(giveUp).finally(() => (starting = undefined));
  };
  const start = (row: SpaceRow): void => {
    if (starting || building || failed || closed) return;
    if (!view) inBackground(open(row));
    else if (!noThread && farBehind(view.state(), row)) inBackground(handOver(view, row));
  };
  return {
    start,
    ready: (row) => {
      const state = view?.state();
      if (!view || !state) return undefined;
      if (state.space === row.id && !state.building && row.rev - state.rev <= lagTaken) return view;
      void follow(row);
      return undefined;
    },
    state: () => (view ?? builder)?.state(),
    usable: () => !failed && !closed,
    giveUp,
    saveSoon,
    caughtUp: async (row) => {
      start(row);
      await starting;
      await building;
      await follow(row);
    },
    close: async () => {
      closed = true;
      clearTimeout(timer);
      closing.abort();
      await starting;
      await saving;
      const last = view ?? builder;
      if (last && worthSaving(last.state())) await save(last);
      await last?.close();
      await building;
      view = builder = undefined;
    },
  };
};
