import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { codeMap, mapText, type CodeMapOptions } from '../../../src/engine/code-map/code-map.ts';
import type { CodeFacts } from '../../../src/engine/code-map/code-facts.ts';
import { codeReferences, signatures } from '../../../src/host/code-index/reference-graph.ts';
import { openCodeStore } from '../../../src/host/code-index/store.ts';
import { updateIndex } from '../../../src/host/code-index/update.ts';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'code-map-')));
afterAll(() => rmSync(base, { recursive: true, force: true }));
const { signal } = new AbortController();

let count = 0;
const factsOf = async (root: string): Promise<CodeFacts> => {
  const store = openCodeStore({ path: join(base, `d${(count += 1)}`, 'code.db'), root });
  await updateIndex(store, { signal });
  const facts = codeReferences(store.database());
  store.close();
  return facts;
};
const project = (files: Record<string, string>): Promise<CodeFacts> => {
  const root = join(base, `p${count}`);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return factsOf(root);
};
let own: Promise<CodeFacts> | undefined;
/** Of two folders of this project's own sources. */
const ownFacts = (): Promise<CodeFacts> => {
  const root = join(base, 'own');
  for (const folder of ['base', 'core'])
    cpSync(join(import.meta.dirname, '../../../src', folder), join(root, folder), { recursive: true });
  return (own ??= factsOf(root));
};
const pathsOf = (facts: CodeFacts, options: CodeMapOptions = { tokens: 1000 }): string[] =>
  codeMap(facts, options).map(({ path }) => path);

const shop = {
  'src/money.ts': 'export const addPrices = (a: number, b: number) => a + b;\nexport const neverUsed = 1;\n',
  'src/cart.ts': "import { addPrices } from './money.ts';\nexport const cartTotal = () => addPrices(1, 2);\n",
  'src/order.ts':
    "import { addPrices } from './money.ts';\nimport { cartTotal } from './cart.ts';\nexport const placeOrder = () => addPrices(cartTotal(), 2);\n",
  'src/report.ts': "import { addPrices } from './money.ts';\nexport const report = () => addPrices(3, 2);\n",
  'test/report.test.ts':
    "import { report } from '../src/report.ts';\nreport();\nexport const helper = () => report();\n",
  'docs/guide.md': '# addPrices\n\nCall `placeOrder`.\n',
};

describe('the map of a repository', () => {
  it('puts what most others use first, and shows its definitions by line', async () => {
    const [first, second] = codeMap(await project(shop), { tokens: 1000 });
    expect(first).toMatchObject({
      path: 'src/money.ts',
      definitions: [
        { line: 1, signature: 'addPrices' },
        { line: 2, signature: 'neverUsed' },
      ],
    });
    expect(second?.path).toBe('src/cart.ts');
    expect(first?.rank).toBeGreaterThan(second?.rank ?? 1);
  });

  it('takes the most used definition where there is room for one', async () => {
    expect(codeMap(await project(shop), { tokens: 8 })).toEqual([
      expect.objectContaining({ path: 'src/money.ts', definitions: [{ line: 1, signature: 'addPrices' }] }),
    ]);
  });

  it('shows neither tests nor documents', async () => {
    const paths = pathsOf(await project(shop));
    expect(paths).toContain('src/report.ts');
    expect(paths.filter((path) => /^(?:test|docs)\//.test(path))).toEqual([]);
  });

  it('shows what is central to the files in focus', async () => {
    const files = {
      'a/core.ts': 'export const alphaCore = 1;\n',
      'a/one.ts': "import { alphaCore } from './core.ts';\nexport const one = alphaCore;\n",
      'a/two.ts': "import { alphaCore } from './core.ts';\nexport const two = alphaCore;\n",
      'b/core.ts': 'export const betaCore = 1;\n',
      'b/one.ts': "import { betaCore } from './core.ts';\nexport const three = betaCore;\n",
    };
    const facts = await project(files);
    expect(pathsOf(facts)[0]).toBe('a/core.ts');
    expect(
      pathsOf(facts, { tokens: 1000, focus: ['b/one.ts'] })
        .slice(0, 2)
        .toSorted(),
    ).toEqual(['b/core.ts', 'b/one.ts']);
    expect(pathsOf(facts, { tokens: 1000, focus: ['no/such.ts'] })[0]).toBe('a/core.ts');
  });

  it('believes an import more than a name', async () => {
    const facts = await project({
      'src/real.ts': 'export const value = 1;\n',
      'src/alike.ts': 'export const value = 2;\n',
      ...Object.fromEntries(
        [1, 2, 3, 4].map((at) => [
          `src/u${at}.ts`,
          `import { value } from './real.ts';\nexport const u${at} = value;\n`,
        ]),
      ),
    });
    const map = codeMap(facts, { tokens: 1000 });
    expect(map[0]?.path).toBe('src/real.ts');
    expect(map.find(({ path }) => path === 'src/alike.ts')?.rank).toBeLessThan((map[0]?.rank ?? 0) / 3);
  });

  it('looks through files that pass on what they import', async () => {
    const facts = await project({
      'lib/index.ts': "export * from './inner/index.ts';\n",
      'lib/inner/index.ts': "export * from './deep.ts';\nexport * from './other.ts';\n",
      'lib/inner/other.ts': 'export const other = 1;\n',
      'lib/inner/deep.ts': 'export const deep = 1;\n',
      ...Object.fromEntries(
        [1, 2, 3].map((at) => [
          `src/u${at}.ts`,
          `import { deep } from '../lib/index.ts';\nexport const u${at} = deep;\n`,
        ]),
      ),
    });
    const ranks = new Map(codeMap(facts, { tokens: 1000 }).map(({ path, rank }) => [path, rank]));
    expect(ranks.get('lib/inner/deep.ts')).toBeGreaterThan(1.5 * (ranks.get('lib/inner/other.ts') ?? 1));
  });

  it('stays within its budget, for every way to count, and is the same each time', async () => {
    const facts = await ownFacts();
    const countWords = (text: string): number => text.split(/\s+/).length;
    const signatureOf: CodeMapOptions['signatureOf'] = ({ name, line }) => name.repeat(1 + (line % 7));
    for (const tokens of [0, 1, 7, 40, 333, 2000]) {
      const map = codeMap(facts, { tokens, signatureOf });
      expect(Math.ceil(Buffer.byteLength(mapText(map)) / 4)).toBeLessThanOrEqual(tokens);
      if (tokens >= 333) expect(Buffer.byteLength(mapText(map)) / 4).toBeGreaterThan(tokens * 0.6);
      expect(codeMap(facts, { tokens, signatureOf })).toEqual(map);
      const counted = codeMap(facts, { tokens, countTokens: countWords });
      expect(mapText(counted).split(/\s+/).filter(Boolean).length).toBeLessThanOrEqual(tokens);
    }
    expect(codeMap(facts, { tokens: Infinity }).reduce((sum, { rank }) => sum + rank, 0)).toBeLessThanOrEqual(1 + 1e-9);
  });

  it('finds the centre of this very project', async () => {
    const facts = await ownFacts();
    const top = pathsOf(facts, { tokens: 2000 }).slice(0, 10);
    expect(top).toContain('core/message.ts');
    expect(top).toContain('base/errors.ts');
  });

  it('shows definitions by their signatures', async () => {
    const root = join(base, 'signatures');
    mkdirSync(root);
    const text = '/** Adds. */\nexport function addPrices(a: number, b = 2): number {\n  return a + b;\n}\n';
    writeFileSync(join(root, 'money.ts'), text);
    const store = openCodeStore({ path: join(base, 'signatures-index', 'code.db'), root });
    await updateIndex(store, { signal });
    const signatureOf = signatures(store.database());
    expect(mapText(codeMap(codeReferences(store.database()), { tokens: 100, signatureOf }))).toBe(
      'money.ts\n  2: export function addPrices(a: number, b = 2): number\n',
    );
    expect(signatureOf({ path: 'money.ts', name: 'other', line: 3 })).toBe('other');
    store.close();
  });

  it('has nothing to show of nothing', async () => {
    expect(codeMap(await project({ 'README.md': '# Nothing\n' }), { tokens: 100 })).toEqual([]);
  });
});
