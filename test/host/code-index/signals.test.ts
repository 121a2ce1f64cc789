import { describe, expect, it } from 'vitest';
import { smallIndex } from '../../engine/retrieval/small-index.ts';

const paths = async (hits: Promise<{ path: string }[]>): Promise<string[]> => (await hits).map(({ path }) => path);

describe('signals', () => {
  it.each([
    ...[
      '"',
      '""" OR',
      'NEAR(a b)',
      'a* ^b',
      'path: x',
      '-a +b',
      'AND',
      'NOT a',
      'x" OR path:"y',
      "'; DROP TABLE files; --",
    ],
    ...[
      '\0',
      'a\0b',
      '\ud800',
      '🙂',
      '%_\\',
      'a/%/b.ts',
      '../../etc/passwd',
      '(',
      'ünïcödé',
      '中文',
      'a'.repeat(10_000),
    ],
  ])('take any query: %j', async (query) => {
    const { files, chunks } = await smallIndex({ 'a.ts': 'export const a = 1;\n' });
    expect(await files(query)).toBeInstanceOf(Array);
    expect(await chunks(query)).toBeInstanceOf(Array);
  });

  it('of an empty query are none', async () => {
    const { files, chunks } = await smallIndex({ 'a.ts': 'export const a = 1;\n' });
    expect(await files('  ')).toEqual([]);
    expect(await chunks('')).toEqual([]);
  });

  it('find words in other scripts and forms', async () => {
    const { files } = await smallIndex({ 'a.md': '# Größe der Fenster\n', 'b.md': '# resizing windows\n' });
    expect(await paths(files('grosse größe'))).toEqual(['a.md']);
    expect(await paths(files('resize window'))).toEqual(['b.md']);
  });

  it('leave out kinds that are not asked for, and paths that must not be found, whatever speaks for them', async () => {
    const texts = {
      'secret/key.ts': 'export const apiKey = 1;\n',
      'docs/key.md': '# apiKey\n',
      'src/key.ts': 'apiKey();\n',
    };
    const { files, chunks, ask } = await smallIndex(texts, [{ subject: 'apiKey', files: Object.keys(texts) }]);
    const accepts = (path: string) => !path.startsWith('secret/');
    const nearest = async () => [1, 2, 3].map((id) => ({ id, similarity: 0.5 }));
    for (const query of ['apiKey', 'secret/key.ts', 'key'])
      for (const search of [files, chunks])
        expect(await paths(search(query, { accepts, nearest }))).not.toContain('secret/key.ts');
    expect(await paths(files('apiKey', { kinds: ['doc'], nearest }))).toEqual(['docs/key.md']);
    expect((await ask('apiKey', { accepts })).candidates.commits[0]?.files).toHaveLength(2);
  });

  it('find what a narrow filter leaves, however much else fits better', async () => {
    const texts: Record<string, string> = { 'deep/one.ts': `// ${'filler '.repeat(200)} needle\n` };
    for (let n = 0; n < 700; n++) texts[`many/${String(n)}.ts`] = 'needle needle\n';
    const { files } = await smallIndex(texts);
    expect(await paths(files('needle', { accepts: (path) => path.startsWith('deep/') }))).toEqual(['deep/one.ts']);
  });

  it('show the piece of a file that fits best, also of files found by something else', async () => {
    const define = (name: string, word: string): string =>
      `export const ${name} = (): void => {\n${`  ${word}();\n`.repeat(30)}};\n\n`;
    const text = define('first', 'hay') + define('second', 'needle') + define('third', 'hay');
    const { signals, database, ask } = await smallIndex({ 'a.ts': text, 'b.ts': 'export const other = 1;\n' });
    const ids = database
      .prepare<[], { id: number }>('SELECT id FROM files ORDER BY path')
      .all()
      .map(({ id }) => id);
    const { question } = await ask('needle');
    const best = signals.bestChunks(ids, question);
    expect(ids.map((id) => best.get(id)?.symbol)).toEqual(['second', expect.anything()]);
  });
});
