import { renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memorySetup, type MemorySetup } from '../../support/memory-setup.ts';

const signal = new AbortController().signal;
let at: MemorySetup;
beforeEach(() => {
  at = memorySetup();
});
afterEach(() => at.remove());

const text = 'The port of the service is read from config.ts';
const cite = (path: string, startLine: number, endLine = startLine) => ({
  ...{ kind: 'fact' as const, text },
  sources: [{ type: 'file' as const, path, startLine, endLine }],
});
const asked = { text: 'where is the port of the service read from?' };

describe('what is said again after its lines changed', () => {
  beforeEach(async () => {
    at.write('config.ts', 'export const port = env.SERVICE_PORT;\n');
    const memory = await at.open();
    await memory.remember(cite('config.ts', 1), signal);
    at.write('config.ts', 'export const port = 8080;\n');
    expect(await memory.recall(asked, signal)).toEqual([]);
  });

  it('by the user holds again, without them', async () => {
    const memory = await at.open();
    const again = await memory.remember({ kind: 'fact', text, sources: [] }, signal);
    expect(again).toMatchObject({ outcome: 'merged', item: { sources: [{ type: 'user' }], staleSince: null } });
    expect(await memory.recall(asked, signal)).toHaveLength(1);
  });

  it('by the user with other lines rests on those', async () => {
    at.write('settings.ts', 'export const port = env.SERVICE_PORT;\n');
    const memory = await at.open();
    await memory.remember(cite('settings.ts', 1), signal);
    const [found] = await memory.recall(asked, signal);
    expect(found?.item.sources).toMatchObject([{ type: 'user' }, { type: 'file', path: 'settings.ts' }]);
  });

  it('by an agent waits for a yes like everything it says', async () => {
    const memory = await at.open({ speaker: { by: 'agent', autoAccept: false } });
    const again = await memory.remember({ kind: 'fact', text, sources: [] }, signal);
    expect(again.outcome).toBe('proposed');
    expect(await memory.recall(asked, signal)).toEqual([]);
    const other = await memory.remember({ kind: 'fact', text, sources: [] }, signal);
    expect(other).toMatchObject({ outcome: 'merged', item: { id: again.item.id } });
    memory.accept([again.item.id]);
    expect(await memory.recall(asked, signal)).toHaveLength(1);
  });
});

describe('lines that are cited', () => {
  it('stay where other lines like them are when they themselves changed', async () => {
    const section = (name: string, retries: number) => `[${name}]\nretries of uploads: ${retries}\ntimeout: 5\n`;
    at.write('app.toml', section('api', 3) + section('worker', 3));
    const memory = await at.open();
    await memory.remember({ ...cite('app.toml', 2), text: 'The api tries uploads 3 times' }, signal);
    const ask = () => memory.recall({ text: 'how often are uploads tried by the api?' }, signal);
    at.write('app.toml', `# one line more\n${section('api', 3)}${section('worker', 3)}`);
    expect(await ask()).toMatchObject([{ moved: [{ startLine: 3 }] }]);
    at.write('app.toml', section('api', 7) + section('worker', 3));
    expect(await ask()).toEqual([]);
  });

  it('that were replaced by a link, renamed or saved with other line ends are looked at as they are', async () => {
    at.write('config.ts', '// the port\nexport const port = env.SERVICE_PORT;\n');
    at.write('../outside.ts', '// the port\nexport const port = env.SERVICE_PORT;\n');
    const memory = await at.open();
    await memory.remember(cite('config.ts', 1, 2), signal);
    const ask = async () => (await memory.recall(asked, signal)).length;
    at.write('config.ts', '// the port\r\nexport const port = env.SERVICE_PORT;\r\n');
    expect(await ask()).toBe(1);
    renameSync(join(at.root, 'config.ts'), join(at.root, 'renamed.ts'));
    expect(await ask()).toBe(0);
    symlinkSync(join(at.root, '../outside.ts'), join(at.root, 'config.ts'));
    expect(await ask()).toBe(0);
    unlinkSync(join(at.root, 'config.ts'));
    symlinkSync('renamed.ts', join(at.root, 'config.ts'));
    expect(await ask()).toBe(1);
  });

  it('of one large file cost little for thousands of items', async () => {
    const lines = Array.from({ length: 20_000 }, (_, n) => `export const value${n} = compute(${n}, "some words");`);
    at.write('big.ts', lines.join('\n'));
    const memory = await at.open();
    const items = Array.from({ length: 1000 }, (_, n) => ({
      ...{ id: `m_0${1_000_000_000 + n}`, kind: 'fact', text: `value${n} computes widget ${n}` },
      scope: { type: 'repo', repo: memory.place.repo },
      sources: [
        {
          ...{ type: 'file', path: 'big.ts', startLine: n * 10 + 1, endLine: n * 10 + 2 },
          hash: hash('sha256', lines.slice(n * 10, n * 10 + 2).join('\n')),
        },
      ],
      ...{ confidence: 0.8, uses: 0, helped: 0, harmed: 0, createdAt: 1, updatedAt: 1, usedAt: null, expiresAt: null },
      ...{ status: 'accepted', contradicts: [] },
    }));
    const head = { type: 'llm-copilot-memory', version: 1, exportedAt: 1 };
    const file = join(at.root, 'many.jsonl');
    writeFileSync(file, [head, ...items].map((one) => JSON.stringify(one)).join('\n'));
    await memory.import(file, { trust: true }, signal);
    at.write('big.ts', lines.join('\n').replaceAll('compute', 'calculate'));
    const started = performance.now();
    expect(memory.list({ stale: true })).toHaveLength(1000);
    // Reading and searching the file for each of them took half a minute.
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
