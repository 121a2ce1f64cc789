import { Worker } from 'node:worker_threads';
import type { Neighbour } from '../../core/vector-index.ts';
import type { IndexView, ViewState } from './index-view.ts';
import type { FromWorker, ToWorker, WorkerTask } from './vector-worker-protocol.ts';

/** `Omit` of each member of a union. */
type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

interface Waiting {
  resolve: (found: Neighbour[]) => void;
  reject: (error: Error) => void;
  /** Whether the process waits for the answer. */
  patient: boolean;
}

const closeMs = 10_000;

/**
 * An index in a thread of its own. The process ends without waiting for it unless something was asked.
 * @throws Error when the thread cannot be started, or can do nothing.
 */
export const remoteView = (
  file: string,
  task: WorkerTask,
  notice: (text: string) => void,
  onProgress: (state: ViewState) => void,
  signal: AbortSignal,
): Promise<IndexView> =>
  new Promise((resolve, reject) => {
    // Its environment and arguments are none of its business.
    const worker = new Worker(file, { workerData: task, env: {}, argv: [], execArgv: [] });
    worker.unref();
    signal.addEventListener('abort', () => state ?? void worker.terminate(), { once: true });
    let state: ViewState | undefined;
    let ended: Error | undefined;
    let calls = 0;
    const waiting = new Map<number, Waiting>();

    const settle = (call: number): Waiting | undefined => {
      const one = waiting.get(call);
      waiting.delete(call);
      if (![...waiting.values()].some(({ patient }) => patient)) worker.unref();
      return one;
    };
    const end = (error: Error): void => {
      ended ??= error;
      reject(error);
      for (const call of [...waiting.keys()]) settle(call)?.reject(error);
    };
    const ask = (message: Without<ToWorker, 'call'>, patient = true): Promise<Neighbour[]> =>
      new Promise((found, failed) => {
        if (ended) {
          failed(ended);
          return;
        }
        const call = ++calls;
        waiting.set(call, { resolve: found, reject: failed, patient });
        if (patient) worker.ref();
        worker.postMessage({ ...message, call });
      });
    const view: IndexView = {
      state: () => state ?? { kind: 'hnsw', size: 0, deleted: 0, space: 0, rev: 0, building: true, unsaved: 0 },
      catchUp: async (rev) => {
        await ask({ type: 'catchUp', rev }, false);
      },
      nearest: (vector, { limit, among }, rev) =>
        ask({ type: 'nearest', rev, vector, limit, among: among && Uint32Array.from(among) }),
      save: async (token) => {
        await ask({ type: 'save', token });
      },
      close: async () => {
        const slow = new Promise<void>((done) => setTimeout(done, closeMs).unref());
        await Promise.race([ask({ type: 'close' }).catch(() => undefined), slow]);
        await worker.terminate();
      },
    };
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'notice') {
        notice(message.text);
        return;
      }
      state = message.state;
      if (message.type === 'state') {
        resolve(view);
        onProgress(message.state);
        return;
      }
      const one = settle(message.call);
      if (message.error === undefined) one?.resolve(message.neighbours ?? []);
      else one?.reject(new Error(message.error));
    });
    worker.on('error', (error) => end(error instanceof Error ? error : new Error(String(error))));
    worker.on('exit', (code) => end(new Error(`its thread ended (${code})`)));
  });
