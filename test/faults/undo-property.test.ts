import { expect, it } from 'vitest';
import { tryCase } from '../host/undo/undo-random.ts';

/** Cases of one run; another place to start than the clock is named by `UNDO_SEED`. */
const cases = Number(process.env.UNDO_CASES ?? 500);
const start = Number(process.env.UNDO_SEED ?? 1);

it(`brings ${cases} random trees back to the byte after random shell programs`, async () => {
  console.log(`UNDO_SEED=${start} UNDO_CASES=${cases}`);
  for (let seed = start; seed < start + cases; seed += 1)
    expect(await tryCase(seed), `again with UNDO_SEED=${seed} UNDO_CASES=1`).toEqual([]);
});
