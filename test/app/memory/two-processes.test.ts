import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { buildProgram, memorySetup, type MemorySetup } from '../../support/memory-setup.ts';

const signal = new AbortController().signal;
let at: MemorySetup;
beforeEach(() => {
  at = memorySetup();
});
afterEach(() => at.remove());

it('lets two processes remember at once: everything of both lands, what both say is one item', async () => {
  const program = await buildProgram('memory-writer', at.root);
  const line = mkdtempSync(join(at.root, 'line-'));
  const names = ['one', 'three'];
  const ends = await Promise.all(
    names.map((name) =>
      promisify(execFile)(process.execPath, [program, at.root, line, '2', name, '40'], { env: at.env }),
    ),
  );
  const said = ends.flatMap(({ stdout }) => stdout.trim().split('\n'));
  const memory = await at.open();
  const items = memory.list();
  const shared = items.filter(({ text }) => text.startsWith('shared'));
  expect(said).toHaveLength(2 * 48);
  expect(items.filter(({ text }) => !text.startsWith('shared'))).toHaveLength(2 * 40);
  expect(shared).toHaveLength(8);
  // Each is known from both, whoever was first.
  for (const { sources } of shared) expect(sources).toHaveLength(2);
  const ids = new Set(items.map(({ id }) => id));
  for (const row of said) expect(ids).toContain(row.split(' ')[0]);
  expect(await memory.verify(signal)).toMatchObject({ ok: true, vectorsMissing: 0, wordsMended: false });
});

it('sees at once what another process wrote', async () => {
  const [one, other] = [await at.open(), await at.open()];
  expect(await one.recall({ text: 'kettle' }, signal)).toEqual([]);
  const { item } = await other.remember({ kind: 'fact', text: 'The kettle whistles', sources: [] }, signal);
  expect(await one.recall({ text: 'kettle' }, signal)).toHaveLength(1);
  other.forget([item.id]);
  expect(await one.recall({ text: 'kettle' }, signal)).toEqual([]);
});
