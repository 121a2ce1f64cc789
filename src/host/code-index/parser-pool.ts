import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { CopilotError, exitCodes, interruptedError } from '../../base/errors.ts';
import { packageDir } from '../templates.ts';
import { isParserBroken, parseFile } from './parse-file.ts';
import { parseLines } from './parse-lines.ts';
import { parsePath, unreadPath, type ParsedPath, type SkippedPath } from './parse-path.ts';
import { stages, type WorkerAnswer, type WorkerStart } from './parser-worker.ts';

/** Reads, judges and parses files, by workers where they can be started. */
export interface ParserPool {
  /**
   * A file that cannot be read is `unreadable`.
   * @throws CopilotError `E_CODE_PARSER` when the package is incomplete, `E_INTERRUPTED` once it is closed.
   */
  parse: (path: string) => Promise<ParsedPath | SkippedPath>;
  close: () => Promise<void>;
}

interface Job {
  path: string;
  resolve: (result: ParsedPath | SkippedPath) => void;
  reject: (error: unknown) => void;
}

interface Thread {
  worker: Worker;
  state: WorkerStart['state'];
  /** Sent and not answered, oldest first; it works on the first one. */
  batches: Job[][];
  /** What it was at when it was last looked at, and since when (ms). */
  seen: { at: string; since: number };
  isGone: boolean;
}

/** Files of one message: few enough that two threads end together, enough that messages cost nothing. */
const batchSize = 16;
/** So many files are no work for a thread. */
const few = 4;
/** Batches a thread has at hand, so that it never waits for this one. */
const ahead = 2;
/** Milliseconds a thread may be at one file. */
const patience = 20_000;
/** Threads that may break before the work is done on this one. */
const mostLost = 20;

const parserError = (message: string, hint: string | undefined): CopilotError =>
  new CopilotError(message, { code: 'E_CODE_PARSER', exitCode: exitCodes.bug, hint });

/**
 * A pool of parsers over one folder. Threads start with the first file, and keep no process alive that waits for none.
 * @param options.workers how many threads; 0 works on this one.
 * @param options.script the worker's bundle, `dist/workers/parser-worker.js` when left out; without it this thread works.
 * @param options.patienceMs how long a thread may be at one file before it is replaced; 20,000 when left out.
 */
export const parserPool = (
  root: string,
  options: { workers: number; script?: string; patienceMs?: number },
): ParserPool => {
  const top = realpathSync(root);
  const script = options.script ?? join(packageDir(), 'dist', 'workers', 'parser-worker.js');
  let most = existsSync(script) ? options.workers : 0;
  const threads = new Set<Thread>();
  const queue: Job[] = [];
  let isClosed = false;
  let lost = 0;
  let watch: NodeJS.Timeout | undefined;
  let chain = Promise.resolve();

  const here = (job: Job, parse = parseFile): void => {
    // One after the other, with room for others between files.
    chain = chain
      .then(() => new Promise((resolve) => setImmediate(resolve)))
      .then(() => {
        if (isClosed) throw interruptedError();
        return parsePath(top, job.path, parse);
      })
      .then(job.resolve, job.reject);
  };

  const isBusy = (thread: Thread): boolean => thread.batches.length > 0;

  /** Ends a thread that broke: the file it was at is cut by lines, the others are asked for again. */
  const replace = (thread: Thread): void => {
    if (thread.isGone) return;
    thread.isGone = true;
    threads.delete(thread);
    void thread.worker.terminate();
    lost += 1;
    if (lost > mostLost) most = 0;
    const [current = [], ...others] = thread.batches;
    const stage = Atomics.load(thread.state, 1);
    const [culprit] = stage === stages.idle ? [] : current.splice(Atomics.load(thread.state, 0), 1);
    // What cannot even be read in time is not tried here.
    if (culprit && stage === stages.parsing) here(culprit, async (path, text) => parseLines(path, text));
    else culprit?.resolve(unreadPath);
    queue.unshift(...current, ...others.flat());
    pump();
  };

  const start = (): void => {
    const state = new Int32Array(new SharedArrayBuffer(8));
    const workerData: WorkerStart = { root: top, state };
    // What Node was started with is for the process; a worker refuses some of it.
    const worker = new Worker(script, { workerData, execArgv: [], stdout: false, stderr: false });
    const thread: Thread = { worker, state, batches: [], seen: { at: '', since: 0 }, isGone: false };
    worker.unref();
    threads.add(thread);
    worker.on('message', (answer: WorkerAnswer) => {
      // Nobody waits for it any more but whoever closes, and the process has to live until the thread ended.
      if (isClosed) return;
      const batch = thread.batches.shift();
      batch?.forEach((job, index) => {
        if ('failure' in answer) job.reject(parserError(answer.failure.message, answer.failure.hint));
        else job.resolve(answer[index] ?? unreadPath);
      });
      if (!isBusy(thread)) worker.unref();
      pump();
    });
    worker.on('error', () => replace(thread));
    worker.on('exit', () => {
      if (!isClosed) replace(thread);
    });
  };

  const look = (): void => {
    const now = performance.now();
    for (const thread of [...threads].filter(isBusy)) {
      const at = `${thread.batches[0]?.[0]?.path}\0${Atomics.load(thread.state, 0)}`;
      if (thread.seen.at !== at) thread.seen = { at, since: now };
      else if (now - thread.seen.since > (options.patienceMs ?? patience)) replace(thread);
    }
    if (![...threads].some(isBusy)) {
      clearInterval(watch);
      watch = undefined;
    }
  };

  const pump = (): void => {
    if (most === 0) {
      for (const job of queue.splice(0)) here(job);
      return;
    }
    // A thread takes longer to start than a few files take; but a text may have broken the parser of this one.
    if (threads.size === 0 && queue.length <= few && !isParserBroken()) {
      for (const job of queue.splice(0)) here(job);
      return;
    }
    while (threads.size < most && queue.length > threads.size * batchSize) start();
    for (let round = 0; round < ahead; round += 1) {
      for (const thread of threads) {
        if (queue.length === 0 || thread.batches.length > round) continue;
        const share = Math.ceil(queue.length / Math.max(1, threads.size));
        const batch = queue.splice(0, Math.min(batchSize, share));
        if (!isBusy(thread)) thread.worker.ref();
        thread.batches.push(batch);
        thread.worker.postMessage(batch.map(({ path }) => path));
      }
    }
    if (!watch && [...threads].some(isBusy))
      watch = setInterval(look, Math.min(1000, options.patienceMs ?? patience)).unref();
  };

  let isPumping = false;
  return {
    parse: (path) =>
      new Promise((resolve, reject) => {
        if (isClosed) {
          reject(interruptedError('The parsers are closed.'));
          return;
        }
        queue.push({ path, resolve, reject });
        if (isPumping) return;
        // Those asked for in the same turn go together.
        isPumping = true;
        setImmediate(() => {
          isPumping = false;
          if (!isClosed) pump();
        });
      }),
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      clearInterval(watch);
      const waiting = [...queue.splice(0), ...[...threads].flatMap((thread) => thread.batches.flat())];
      for (const job of waiting) job.reject(interruptedError('The parsers are closed.'));
      await Promise.all([...threads].map((thread) => thread.worker.terminate()));
      threads.clear();
      await chain;
    },
  };
};
