import { parentPort, workerData } from 'node:worker_threads';
import Sqlite from 'better-sqlite3';
import { messageOf } from '../../base/errors.ts';
import type { Neighbour } from '../../core/vector-index.ts';
import type { Database } from '../log/database.ts';
import { firstMaker } from './index-kinds.ts';
import { indexView, type IndexView } from './index-view.ts';
import type { FromWorker, ToWorker, WorkerTask } from './vector-worker-protocol.ts';

/** The database as another thread has it open: it only reads, and makes nothing. */
const readOnly = (path: string): Database => {
  const raw = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: 5000 });
  const statements = new Map<string, unknown>();
  return {
    prepare: <Parameters extends unknown[], Row>(sql: string) => {
      const statement = statements.get(sql) ?? raw.prepare(sql);
      statements.set(sql, statement);
      return statement as Sqlite.Statement<Parameters, Row>;
    },
    transaction: (procedure) => raw.transaction(procedure),
    loadExtension: (file) => void raw.loadExtension(file),
    close: () => void raw.close(),
  };
};

/** Keeps an index in a thread of its own: follows the rows of a space and answers what the parent asks. */
export const runVectorWorker = async (): Promise<void> => {
  const port = parentPort;
  if (!port) throw new Error('This file is started as a thread.');
  const task = workerData as WorkerTask;
  const say = (message: FromWorker): void => port.postMessage(message);
  const notice = (text: string): void => say({ type: 'notice', text });
  const database = readOnly(task.databasePath);
  const maker = await firstMaker(task.kinds, {}, notice);
  let told = 0;
  const view: IndexView = await indexView({
    ...{ database, maker, notice, space: task.space, dimensions: task.dimensions, path: task.path, alone: true },
    onProgress: () => {
      if (performance.now() - told < 100) return;
      told = performance.now();
      say({ type: 'state', state: view.state() });
    },
  });
  say({ type: 'state', state: view.state() });

  const answer = async (asked: ToWorker): Promise<{ neighbours?: Neighbour[] }> => {
    switch (asked.type) {
      case 'catchUp':
        await view.catchUp(asked.rev);
        return {};
      case 'nearest': {
        const { rev, vector, limit, among } = asked;
        return { neighbours: await view.nearest(vector, { limit, ...(among && { among: new Set(among) }) }, rev) };
      }
      case 'save':
        await view.save(asked.token);
        return {};
      case 'close':
        await view.close();
        return {};
    }
  };
  port.on('message', (asked: ToWorker) => {
    const { call } = asked;
    answer(asked)
      .then(
        (more) => say({ type: 'answer', call, state: view.state(), ...more }),
        (error: unknown) => say({ type: 'answer', call, state: view.state(), error: messageOf(error) }),
      )
      .finally(() => {
        if (asked.type === 'close') {
          database.close();
          port.close();
        }
      });
  });
};
