import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '../../src/host/log/database.ts';
import { vectorTables } from '../../src/host/vectors/vector-tables.ts';
import { openVectors } from '../../src/host/vectors/vectors.ts';
import { builtProgram } from '../support/built-program.ts';
import { vectorOf } from '../support/vectors.ts';

const rounds = Number(process.env.KILL_ROUNDS ?? 100);
const dimensions = 32;
/** Stores are taken over from round to round, so that what a kill left is what the next one works with. */
const roundsPerStore = 10;

let worker: Awaited<ReturnType<typeof builtProgram>>;
let program: Awaited<ReturnType<typeof builtProgram>>;
beforeAll(async () => {
  [worker, program] = await Promise.all([
    builtProgram('bin/vector-worker.ts'),
    builtProgram('test/support/vector-process.ts'),
  ]);
});
afterAll(() => {
  worker.remove();
  program.remove();
});

/** Runs until it is killed: some time after its first vector, or while a file of the index is being written. */
const killed = (what: string, folder: string, first: number, whileSaving: boolean): Promise<number[]> =>
  new Promise((resolve, reject) => {
    const cache = join(folder, 'cache');
    mkdirSync(cache, { recursive: true });
    const child = spawn(process.execPath, [program.path, what, folder, worker.path, String(first), '100000'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    let strike: NodeJS.Timeout | undefined;
    const kill = (): void => void child.kill('SIGKILL');
    let files = Math.floor(Math.random() * 5);
    const watcher = watch(cache, (_event, name) => {
      if (!whileSaving || !/\.(?:data|new)$/.test(name ?? '') || files-- > 0) return;
      if (Math.random() < 0.5) kill();
      else setTimeout(kill, Math.random() * 3);
    });
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      strike ??= setTimeout(kill, whileSaving ? 5000 : Math.random() * 400);
    });
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('close', (code, signal) => {
      watcher.close();
      clearTimeout(strike);
      if (signal !== 'SIGKILL') reject(new Error(`it ended by itself (${code}): ${stderr}`));
      // The last line may have been cut off.
      else resolve(stdout.split('\n').slice(0, -1).map(Number));
    });
  });

test(`${rounds} kills at random points, also while an index is saved: no acknowledged vector is lost and no index is damaged`, async () => {
  let folder = '';
  let acknowledged: number[] = [];
  let [total, cutOff] = [0, 0];
  let seen = new Set<string>();
  try {
    for (let round = 0; round < rounds; round++) {
      if (round % roundsPerStore === 0) {
        if (folder !== '') rmSync(folder, { recursive: true, force: true });
        folder = mkdtempSync(join(tmpdir(), 'vectors-kill-'));
        acknowledged = [];
        seen = new Set();
      }
      const said = await killed(round % 4 === 3 ? 'add' : 'save', folder, round * 100_000, round % 2 === 0);
      acknowledged.push(...said);
      total += said.length;
      const files = readdirSync(join(folder, 'cache'));
      const fresh = files.filter((name) => !seen.has(name));
      const datas = fresh.filter((name) => name.endsWith('.data')).length;
      const whole = files.some((name) => name.endsWith('.hnsw'));
      if (fresh.some((name) => name.endsWith('.new')) || datas > (whole ? 1 : 0)) cutOff += 1;
      seen = new Set(files);
      const databasePath = join(folder, 'rows.db');
      const database = openDatabase(databasePath, 5000, [vectorTables]);
      const vectors = openVectors(database, {
        ...{
          databasePath,
          folder: join(folder, 'cache'),
          space: 'test',
          dimensions,
          kind: 'hnsw',
          worker: worker.path,
        },
      });
      await vectors.settled();
      expect(vectors.notices(), `round ${round}`).toEqual([]);
      expect(vectors.state().indexed).toBe(vectors.count());
      const lost: number[] = [];
      for (const id of acknowledged) {
        const [found] = await vectors.nearest(vectorOf(id, dimensions), { limit: 1 });
        if (found?.id !== id) lost.push(id);
      }
      expect(lost, `round ${round}`).toEqual([]);
      await vectors.close();
      database.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`${total} acknowledged vectors, ${cutOff} kills left a file of a save that was cut off`);
  expect(total).toBeGreaterThan(rounds);
  if (rounds >= 100) expect(cutOff).toBeGreaterThan(5);
});
