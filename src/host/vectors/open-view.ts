import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '../log/database.ts';
import { packageDir } from '../templates.ts';
import { firstMaker, type Loaders, type NativeKind } from './index-kinds.ts';
import { indexView, type IndexView, type ViewState } from './index-view.ts';
import { remoteView } from './remote-view.ts';

/** What an index of a space is opened with. */
export interface ViewTask {
  database: Database;
  databasePath: string;
  space: string;
  dimensions: number;
  /** Of the saved index, without the ending that tells its kind. */
  path: string;
  kinds: readonly NativeKind[];
  /** Replace the packages; a thread could not be given them, so none is started. */
  loaders?: Loaders | undefined;
  /** The program of the thread; false: none. */
  worker?: string | false | undefined;
  notice: (text: string) => void;
  onProgress: (state: ViewState) => void;
}

/** The program of the thread, where one can be started. */
const workerFile = ({ worker, loaders, databasePath }: ViewTask): string | undefined => {
  if (worker === false || loaders || databasePath === ':memory:') return undefined;
  const file = worker ?? join(packageDir(), 'dist', 'workers', 'vector-worker.js');
  return existsSync(file) && existsSync(databasePath) ? file : undefined;
};

/** Opens an index here. @throws Error when no package for it can be loaded. */
export const openView = async (task: ViewTask): Promise<IndexView> => {
  const { database, space, dimensions, path, kinds, notice } = task;
  const maker = await firstMaker(kinds, task.loaders ?? {}, notice);
  const view: IndexView = await indexView({
    ...{ database, space, dimensions, path, maker, notice },
    onProgress: () => task.onProgress(view.state()),
  });
  return view;
};

/** Opens an index in a thread of its own; undefined where there is none to be had. */
export const openThread = async (task: ViewTask, signal: AbortSignal): Promise<IndexView | undefined> => {
  const { databasePath, space, dimensions, path, kinds, notice, onProgress } = task;
  const file = workerFile(task);
  if (file === undefined || signal.aborted) return undefined;
  try {
    return await remoteView(file, { databasePath, space, dimensions, path, kinds }, notice, onProgress, signal);
  } catch {
    // Threads may be few, or the package not made for them: the work is done here, in small pieces.
    return undefined;
  }
};
