import { expect, it } from 'vitest';
import { tryCase } from './undo-random.ts';

it('brings random trees back to the byte after random shell programs', async () => {
  for (let seed = 1; seed <= 30; seed += 1) expect(await tryCase(seed), `seed ${seed}`).toEqual([]);
}, 120_000);
