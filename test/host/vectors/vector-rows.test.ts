import { expect, it } from 'vitest';
import { openDatabase } from '../../../src/host/log/database.ts';
import { hasSave, noteSave } from '../../../src/host/vectors/vector-rows.ts';
import { vectorTables } from '../../../src/host/vectors/vector-tables.ts';
import { vectorWriter } from '../../../src/host/vectors/write-vector.ts';

it('knows the newest saves of an index, however many are made of one state', () => {
  const database = openDatabase(':memory:', 5000, [vectorTables]);
  vectorWriter(database, { name: 'test', dimensions: 2, storage: 'float32' })(1, () => Buffer.alloc(8));
  const tokens = Array.from({ length: 30 }, (_, save) => `token ${(save * 7) % 30}`);
  for (const [save, token] of tokens.entries()) {
    noteSave(database, 1, token);
    expect(hasSave(database, 1, token), `save ${save}`).toBe(true);
  }
  expect(tokens.filter((token) => hasSave(database, 1, token))).toEqual(tokens.slice(-8));
  database.close();
});
