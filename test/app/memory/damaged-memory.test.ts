import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { redactor } from '../../../src/base/redact/redactor.ts';
import { openMemory, verifyAnyMemory } from '../../../src/app/memory/open-memory.ts';
import { localEmbedder } from '../../../src/engine/embedding/local-embedder.ts';
import { memorySetup, type MemorySetup } from '../../support/memory-setup.ts';
import { rawDatabase } from '../../support/raw-database.ts';

const signal = new AbortController().signal;
let at: MemorySetup;
beforeEach(() => {
  at = memorySetup();
});
afterEach(() => at.remove());

const options = () => ({
  ...{ env: at.env, root: at.root, redact: redactor([]), embedder: localEmbedder() },
  speaker: { by: 'user' as const },
});
const letters = (value: number): string =>
  value.toString(26).replace(/./g, (digit) => 'abcdefghijklmnopqrstuvwxyz'[parseInt(digit, 26)] ?? '');
const textOf = (index: number): string => `Topic z${letters(index * 31)} of ${letters(index * 7919)}k`;
const fill = async (count: number): Promise<string> => {
  const memory = await openMemory(options());
  for (let index = 0; index < count; index += 1)
    await memory.remember({ kind: 'fact', text: textOf(index), sources: [] }, signal);
  const { path } = memory;
  await memory.close();
  return path;
};

describe('a memory that is damaged', () => {
  it('is said to be, with what to do, and left as it is', async () => {
    const path = await fill(1);
    writeFileSync(path, 'this is no database, but it may be all there is left'.repeat(100));
    const before = readFileSync(path);
    await expect(openMemory(options())).rejects.toMatchObject({
      ...{ code: 'E_MEMORY', exitCode: 3, hint: expect.stringContaining('llm-copilot memory verify') as string },
    });
    await expect(openMemory(options())).rejects.toMatchObject({ hint: expect.stringContaining(path) as string });
    const report = await verifyAnyMemory(options(), signal);
    expect(report).toMatchObject({ ok: false, items: 0 });
    expect(report.problems.join(' ')).toContain(path);
    expect(readFileSync(path)).toEqual(before);
  });

  it('of a newer version is not touched', async () => {
    const path = await fill(1);
    const raw = rawDatabase(path);
    raw.pragma('user_version = 99');
    raw.close();
    await expect(openMemory(options())).rejects.toThrow('newer version');
  });

  it('still gives every item whose page can be read', async () => {
    const path = await fill(400);
    const raw = rawDatabase(path);
    raw.pragma('wal_checkpoint(TRUNCATE)');
    const page = raw
      .prepare("SELECT pageno FROM dbstat WHERE name = 'items' AND pagetype = 'leaf' ORDER BY pageno LIMIT 1 OFFSET 3")
      .get() as { pageno: number } | undefined;
    const size = raw.pragma('page_size', { simple: true }) as number;
    raw.close();
    if (!page) throw new Error('there is no such page');
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(size, 0x5a), 0, size, (page.pageno - 1) * size);
    closeSync(file);
    const report = await verifyAnyMemory(options(), signal);
    expect(report.ok).toBe(false);
    expect(report.unreadable.length).toBeGreaterThan(0);
    expect(report.items).toBeGreaterThan(350);
    expect(report.items + report.unreadable.length).toBe(400);
    expect(report.problems.join(' ')).toContain('llm-copilot memory export');
    const memory = await at.open();
    expect([...memory.exportLines()]).toHaveLength(1 + report.items);
    expect(() => memory.list()).toThrow(expect.objectContaining({ code: 'E_MEMORY', exitCode: 3 }) as Error);
    const copy = join(at.root, 'saved.jsonl');
    writeFileSync(copy, [...memory.exportLines()].join('\n'));
    await memory.close();
    for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
    const fresh = await at.open();
    expect(await fresh.import(copy, { trust: true }, signal)).toMatchObject({ imported: report.items });
  });

  it('opens, and gives its items, where only vectors or words cannot be read', async () => {
    const path = await fill(60);
    for (const table of ['vectors', 'item_words_data']) {
      const before = readFileSync(path);
      const raw = rawDatabase(path);
      raw.pragma('wal_checkpoint(TRUNCATE)');
      const pages = raw.prepare('SELECT pageno FROM dbstat WHERE name = ?').all(table) as { pageno: number }[];
      const size = raw.pragma('page_size', { simple: true }) as number;
      raw.close();
      const file = openSync(path, 'r+');
      for (const { pageno } of pages) writeSync(file, Buffer.alloc(size, 0x5a), 0, size, (pageno - 1) * size);
      closeSync(file);
      const memory = await at.open();
      expect([...memory.exportLines()], table).toHaveLength(61);
      expect(memory.lacking()).toContain('damaged');
      await expect(memory.recall({ text: 'topic' }, signal)).rejects.toMatchObject({ code: 'E_MEMORY', exitCode: 3 });
      await memory.close();
      const report = await verifyAnyMemory(options(), signal);
      expect(report).toMatchObject({ ok: false, items: 60, unreadable: [] });
      writeFileSync(path, before);
    }
  });

  it('passes over a row that is not as it was written, and says which', async () => {
    const path = await fill(3);
    const raw = rawDatabase(path);
    raw.prepare("UPDATE items SET sources = '{oops' WHERE n = 1").run();
    raw.prepare("UPDATE items SET text = 'changed behind our back' WHERE n = 2").run();
    raw.close();
    const memory = await at.open();
    expect(memory.list().map(({ n }) => n)).toEqual([3]);
    expect(await memory.recall({ text: 'topic' }, signal)).toHaveLength(1);
    expect(await memory.verify(signal)).toMatchObject({ ok: false, items: 1, unreadable: [1, 2] });
  });

  it('is mended where words or vectors are missing', async () => {
    const path = await fill(3);
    const raw = rawDatabase(path);
    raw.prepare("INSERT INTO item_words (item_words) VALUES ('delete-all')").run();
    raw.prepare('DELETE FROM vectors').run();
    raw.close();
    const memory = await at.open();
    const report = await memory.verify(signal);
    expect(report).toMatchObject({ ok: true, items: 3, wordsMended: true, vectorsMissing: 0 });
    expect(await memory.verify(signal)).toMatchObject({ ok: true, wordsMended: false, vectorsMade: 0 });
    expect(await memory.recall({ text: 'topic' }, signal)).not.toEqual([]);
  });

  it('says what is expired and what is stale', async () => {
    at.write('a.ts', 'a line to cite here\n');
    let now = 1000;
    const memory = await at.open({ now: () => now });
    const sources = [{ type: 'file' as const, path: 'a.ts', startLine: 1, endLine: 1 }];
    const cited = await memory.remember({ kind: 'fact', text: 'It cites a line', sources }, signal);
    const brief = await memory.remember({ kind: 'fact', text: 'Gone tomorrow', sources: [], expiresAt: 2000 }, signal);
    now = 3000;
    at.write('a.ts', 'another line\n');
    expect(await memory.verify(signal)).toMatchObject({
      ...{ ok: true, expired: [{ id: brief.item.id }], stale: [{ id: cited.item.id, staleSince: 3000 }], elsewhere: 0 },
    });
  });

  it('waits for another process and says so when it waits too long', async () => {
    const path = await fill(1);
    const memory = await at.open();
    const raw = rawDatabase(path);
    raw.exec('BEGIN IMMEDIATE');
    await expect(memory.remember({ kind: 'fact', text: 'Later', sources: [] }, signal)).rejects.toMatchObject({
      ...{ code: 'E_MEMORY', exitCode: 3, hint: expect.stringContaining('Another program') as string },
    });
    // Answers do not wait for anybody.
    expect(await memory.recall({ text: 'topic' }, signal)).toHaveLength(1);
    raw.exec('ROLLBACK');
    raw.close();
    expect((await memory.remember({ kind: 'fact', text: 'Later', sources: [] }, signal)).outcome).toBe('added');
  });

  it('says so when the disk is full', async () => {
    const path = await fill(1);
    const memory = await at.open();
    const raw = rawDatabase(path);
    raw.exec("CREATE TRIGGER full BEFORE INSERT ON items BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    raw.close();
    await expect(memory.remember({ kind: 'fact', text: 'Later', sources: [] }, signal)).rejects.toMatchObject({
      ...{ code: 'E_MEMORY', exitCode: 3 },
    });
    expect(memory.list()).toHaveLength(1);
  });
});
