// A process that works with the vectors of a database: vector-process <what> <folder> <worker> <first> <count>
import { join } from 'node:path';
import { openDatabase } from '../../src/host/log/database.ts';
import { vectorTables } from '../../src/host/vectors/vector-tables.ts';
import { openVectors } from '../../src/host/vectors/vectors.ts';
import { vectorOf } from './vectors.ts';

const [what = '', folder = '', worker = '', first = '0', count = '0'] = process.argv.slice(2);
const databasePath = join(folder, 'rows.db');
const dimensions = 32;
const database = openDatabase(databasePath, 5000, [vectorTables]);
const vectors = openVectors(database, {
  ...{ databasePath, folder: join(folder, 'cache'), space: 'test', dimensions, kind: 'hnsw' },
  worker: worker === '' ? false : worker,
});
const say = (text: string): void => void process.stdout.write(`${text}\n`);

// Writes one vector after the other, each durable before its id is said, and asks and saves in between.
if (what === 'add') {
  for (let id = Number(first); id < Number(first) + Number(count); id++) {
    vectors.put(id, vectorOf(id, dimensions));
    say(String(id));
    if (id % 10 === 0) await vectors.nearest(vectorOf(id, dimensions), { limit: 3 });
    if (id % 50 === 0) await new Promise(setImmediate);
  }
  await vectors.close();
}
// The same, and again and again opened and closed with an index that is saved.
if (what === 'save') {
  for (let id = Number(first); id < Number(first) + Number(count); id += 40) {
    const again = openVectors(database, {
      ...{ databasePath, folder: join(folder, 'cache'), space: 'test', dimensions, kind: 'hnsw' as const },
      worker: worker === '' ? false : worker,
    });
    for (let one = id; one < id + 40; one++) {
      again.put(one, vectorOf(one, dimensions));
      say(String(one));
    }
    await again.settled();
    await again.close();
  }
}
// Asks until an index answers, and ends without closing anything.
if (what === 'leave') {
  await vectors.nearest(vectorOf(1, dimensions), { limit: 3 });
  await vectors.settled();
  say(JSON.stringify(vectors.state()));
}
// Begins to make an index and ends.
if (what === 'begin') {
  const [found] = await vectors.nearest(vectorOf(1, dimensions), { limit: 1 });
  say(`${found?.id} ${vectors.state().kind}`);
}
