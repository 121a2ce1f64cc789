import { expect, it } from 'vitest';
import { reachOf } from '../../src/engine/act.ts';
import { commandEffects } from '../../src/engine/shell/command-effects.ts';
import { loadShellParser } from '../../src/host/shell-parser.ts';
import { lookups } from '../../src/host/shell-place.ts';
import { openUndoStore } from '../../src/host/undo/undo-store.ts';
import { picture, random, scene, type Scene } from '../host/undo/undo-random.ts';

const cases = Number(process.env.UNDO_CASES ?? 150);
const start = Number(process.env.UNDO_SEED ?? 1);

const asText = (bytes: string): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return undefined;
  }
};

/** Runs a program with only those paths recorded that its effects name, and takes it back. */
const takeBack = async (stage: Scene, program: string, paths: readonly string[]): Promise<string[]> => {
  const was = picture(stage.root);
  const store = openUndoStore({ root: stage.root, dataDir: stage.dataDir });
  const before = await store.snapshot(paths);
  stage.run(program);
  const range = { before, after: await store.snapshot(paths), paths };
  const plan = await store.plan([range], (await store.now([range])).snapshot);
  await store.restore(plan);
  await store.close();
  const is = new Set(picture(stage.root));
  return [
    ...plan.conflicts.map(({ path, why }) => `${path} ${why}`),
    ...was.filter((line) => !is.delete(line)),
    ...[...is].map((line) => `too much: ${line}`),
  ];
};

it('takes commands back by the paths alone that the shell parser says they write', async () => {
  console.log(`UNDO_SEED=${start} UNDO_CASES=${cases}`);
  const parse = await loadShellParser();
  let partial = 0;
  for (let seed = start; seed < start + cases; seed += 1) {
    const stage = scene(random(seed));
    try {
      const { root } = stage;
      const program = stage.program(3);
      const text = asText(program);
      if (text === undefined) continue;
      const place = { ...lookups(root), history: () => [], cwd: root, root, home: '/nowhere', env: () => undefined };
      const reach = reachOf(commandEffects(text, place, parse));
      if (reach === 'anything' || reach === 'nothing') continue;
      partial += 1;
      const problems = await takeBack(stage, program, reach);
      expect(problems, `again with UNDO_SEED=${seed} UNDO_CASES=1: ${text}`).toEqual([]);
    } finally {
      stage.close();
    }
  }
  expect(partial).toBeGreaterThan(cases / 10);
});
