import { parentPort, workerData } from 'node:worker_threads';
import { isCopilotError } from '../../base/errors.ts';
import { isParserBroken, parseFile } from './parse-file.ts';
import { parsePath, type ParsedPath, type SkippedPath } from './parse-path.ts';

/** What a worker is started with. */
export interface WorkerStart {
  root: string;
  /** Shared: how many files of the batch are done, and whether the current one is read. */
  state: Int32Array<SharedArrayBuffer>;
}

/** What a worker is at, in the second place of its state. */
export const stages = { idle: 0, reading: 1, parsing: 2 } as const;

/** What one batch of paths became, in its order; or why nothing can be parsed at all. */
export type WorkerAnswer = (ParsedPath | SkippedPath)[] | { failure: { message: string; hint: string | undefined } };

/** Works on batches of paths until its thread is ended. To be called in a worker. */
export const serveParser = (): void => {
  const { root, state } = workerData as WorkerStart;
  const send = (answer: WorkerAnswer): void => {
    Atomics.store(state, 1, stages.idle);
    parentPort?.postMessage(answer);
  };
  const parseAll = async (paths: readonly string[]): Promise<void> => {
    const answer: (ParsedPath | SkippedPath)[] = [];
    Atomics.store(state, 0, 0);
    try {
      for (const path of paths) {
        Atomics.store(state, 1, stages.reading);
        answer.push(await parsePath(root, path, parseFile, () => Atomics.store(state, 1, stages.parsing)));
        Atomics.add(state, 0, 1);
      }
      send(answer);
    } catch (error) {
      if (!isCopilotError(error)) throw error;
      send({ failure: { message: error.message, hint: error.hint } });
    }
    // Ends this thread; the next one starts with a parser of its own.
    if (isParserBroken()) throw new Error('The parser broke.');
  };
  // One after the other: the state is about one batch.
  let last = Promise.resolve();
  parentPort?.on('message', (paths: readonly string[]) => {
    last = last.then(() => parseAll(paths));
  });
};
