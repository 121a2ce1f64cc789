import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { redactor } from '../../../src/base/redact/redactor.ts';
import { memorySetup, type MemorySetup } from '../../support/memory-setup.ts';

const signal = new AbortController().signal;
let at: MemorySetup;
let other: MemorySetup;
beforeEach(() => {
  at = memorySetup();
  other = memorySetup();
});
afterEach(() => Promise.all([at.remove(), other.remove()]));

const header = '{"type":"llm-copilot-memory","version":1,"exportedAt":0}';
const good = {
  id: 'm_01h455vb4pe',
  kind: 'fact',
  text: 'Use pnpm to install packages.',
  scope: { type: 'repo', repo: 'example.org/a' },
  sources: [{ type: 'user' }, { type: 'session', session: 's', seq: 3 }],
  confidence: 0.9,
  uses: 4,
  helped: 3,
  harmed: 0,
  createdAt: 1000,
  updatedAt: 2000,
  usedAt: null,
  expiresAt: null,
  status: 'accepted',
  contradicts: [],
};

const file = (...lines: (object | string | Uint8Array)[]): string => {
  const path = join(at.root, 'import.jsonl');
  const parts = lines.map((line) =>
    typeof line === 'string' || line instanceof Uint8Array ? line : JSON.stringify(line),
  );
  writeFileSync(path, Buffer.concat(parts.flatMap((part) => [Buffer.from(part), Buffer.from('\n')])));
  return path;
};

describe('an export', () => {
  it('comes back the same where it is trusted', async () => {
    at.write('a.ts', 'one line of it\n');
    const from = await at.open();
    const sources = [{ type: 'file' as const, path: 'a.ts', startLine: 1, endLine: 1 }];
    await from.remember({ kind: 'fact', text: 'Use pnpm to install packages.', sources }, signal);
    await from.remember({ kind: 'fact', text: 'Do not use pnpm to install packages.', sources: [] }, signal);
    await from.remember({ kind: 'skill', text: 'First\nthen second', sources: [], scope: { type: 'user' } }, signal);
    from.judge([from.list()[0]!.id], 'helped');
    const lines = [...from.exportLines()];
    const to = await other.open();
    expect(await to.import(file(...lines), { trust: true }, signal)).toEqual({
      ...{ imported: 3, differing: 0, known: 0, forgotten: 0, invalid: [] },
    });
    expect([...to.exportLines({ everywhere: true })].slice(1).sort()).toEqual(lines.slice(1).sort());
    expect(await to.import(file(...lines), { trust: true }, signal)).toMatchObject({ imported: 0, known: 3 });
    expect(from.exportMarkdown()).toContain('## Skills\n\n- First\n  then second\n');
  });

  it('is only proposed where nobody vouches for it, with nothing believed of it', async () => {
    const memory = await at.open();
    await memory.import(file(header, good), {}, signal);
    expect(memory.inbox()).toEqual([]);
    expect(memory.inbox({ everywhere: true })).toMatchObject([
      {
        ...{ id: good.id, status: 'proposed', reason: 'imported', confidence: 0.5, uses: 0, helped: 0, origin: 'file' },
        sources: [{ type: 'session' }],
      },
    ]);
  });

  it('belongs to this repository when asked for', async () => {
    const memory = await at.open();
    await memory.import(file(header, good), { intoRepo: true, trust: true }, signal);
    await memory.fill(signal);
    expect(await memory.recall({ text: 'install packages' }, signal)).toMatchObject([{ item: { id: good.id } }]);
  });

  it('does not overwrite an item of the same id, and does not bring back what was forgotten', async () => {
    const memory = await at.open();
    await memory.import(file(header, good), { trust: true }, signal);
    const differing = file(header, { ...good, text: 'Use yarn to install packages.' });
    expect(await memory.import(differing, { trust: true }, signal)).toMatchObject({ imported: 1, differing: 1 });
    const [mine, theirs] = memory.list({ everywhere: true }).sort((a, b) => a.n - b.n);
    expect(mine).toMatchObject({ id: good.id, text: good.text, contradicts: [theirs?.id] });
    expect(theirs).toMatchObject({ status: 'proposed', reason: expect.stringContaining(good.id) as string });
    memory.forget([good.id]);
    expect(await memory.import(file(header, good), { trust: true }, signal)).toMatchObject({
      imported: 0,
      forgotten: 1,
    });
    const again = { trust: true, alsoForgotten: true };
    expect(await memory.import(file(header, good), again, signal)).toMatchObject({ imported: 1, forgotten: 0 });
  });

  it('leaves secrets behind', async () => {
    const memory = await at.open({ redact: redactor(['hunter2-hunter2-x9']) });
    await memory.import(file(header, { ...good, text: 'The password is hunter2-hunter2-x9 today' }), {}, signal);
    expect([...memory.exportLines({ everywhere: true })].join()).not.toContain('hunter2');
  });
});

describe('an import with lines that are wrong', () => {
  const fileSource = (more: object) => ({
    ...good,
    sources: [{ type: 'file', path: 'a.ts', startLine: 1, endLine: 2, hash: 'a'.repeat(64), ...more }],
  });
  it.each([
    ['no JSON', '{"id":', 'it is no JSON'],
    ['an unknown property', { ...good, admin: true }, 'unknown property "admin"'],
    ['a foreign id', { ...good, id: "m_1'; DROP" }, 'id must be an id'],
    ['an unknown kind', { ...good, kind: 'rule' }, 'kind must be fact, strategy, episode, skill'],
    ['an empty text', { ...good, text: ' ' }, 'text must not be empty'],
    ['a text without end', { ...good, text: 'x'.repeat(5000) }, 'at most 4000 characters'],
    ['too much confidence', { ...good, confidence: 2 }, 'from 0 to 1'],
    ['a count below zero', { ...good, helped: -1 }, 'helped must be a whole number'],
    ['a time beyond all dates', { ...good, updatedAt: 1e17 }, 'updatedAt must be'],
    ['a path upwards', fileSource({ path: '../../etc/passwd' }), 'must lie within the repository'],
    ['a path from the top', fileSource({ path: '/etc/passwd' }), 'must lie within the repository'],
    ['a path of another system', fileSource({ path: 'C:\\x' }), 'must lie within the repository'],
    ['a path into .git', fileSource({ path: 'a/.GIT/config' }), 'must lie within the repository'],
    ['a path with line breaks', fileSource({ path: 'a\nb' }), 'must be a plain text'],
    ['lines backwards', fileSource({ endLine: 0 }), 'endLine must be'],
    ['a hash that is none', fileSource({ hash: 'zz' }), 'is no SHA-256'],
    ['no scope', { ...good, scope: null }, 'scope is not an object'],
    ['files for everywhere', { ...fileSource({}), scope: { type: 'user' } }, 'cannot rest on a file'],
    ['a list for an item', '[1]', 'the item is not an object'],
  ])('takes nothing of it and names the line: %s', async (_, line, problem) => {
    const memory = await at.open();
    const path = file(header, good, '', line);
    const importing = memory.import(path, {}, signal);
    await expect(importing).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining(problem) as string });
    await expect(importing).rejects.toThrow('line 4: ');
    expect(memory.list({ everywhere: true })).toEqual([]);
    expect(await memory.import(path, { skipInvalid: true }, signal)).toMatchObject({
      imported: 1,
      invalid: [{ line: 4 }],
    });
  });

  it.each([
    ['another file', '# Notes', 'it is no JSON'],
    ['another header', '{"type":"x"}', 'it is not an export'],
    ['a newer version', '{"type":"llm-copilot-memory","version":2}', 'another version'],
    ['nothing', '', 'is empty'],
  ])('is no export at all: %s', async (_, line, problem) => {
    const memory = await at.open();
    await expect(memory.import(file(line), { skipInvalid: true }, signal)).rejects.toThrow(problem);
    await expect(memory.import(at.root, {}, signal)).rejects.toThrow('is no file');
    await expect(memory.import(join(at.root, 'none'), {}, signal)).rejects.toMatchObject({ exitCode: 2 });
  });

  it('reads marks of byte order and UTF-16, and says where bytes are none of them', async () => {
    const memory = await at.open();
    const text = `${header}\n${JSON.stringify({ ...good, text: 'Größe zählt' })}\n`;
    expect(await memory.import(file(`\ufeff${text}`), {}, signal)).toMatchObject({ imported: 1 });
    memory.reject([good.id]);
    const wide = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);
    const path = join(at.root, 'wide.jsonl');
    writeFileSync(path, wide);
    expect(await memory.import(path, { alsoForgotten: true }, signal)).toMatchObject({ imported: 1 });
    await expect(memory.import(file(header, Buffer.from([0x7b, 0xff, 0xfe])), {}, signal)).rejects.toThrow(
      'is no UTF-8',
    );
  });

  it('refuses a line that never ends and a file that is too large', async () => {
    const memory = await at.open();
    await expect(memory.import(file(header, 'x'.repeat(300_000)), {}, signal)).rejects.toThrow('longer than any item');
    const huge = file(header, Buffer.alloc((64 << 20) + 1, 10));
    await expect(memory.import(huge, {}, signal)).rejects.toThrow('larger than 64 MB');
  });
});
