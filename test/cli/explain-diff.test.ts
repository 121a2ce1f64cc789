import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tempProject, type TempProject } from '../../src/testing.ts';
import type { Explained } from '../../src/engine/explain/explained.ts';
import { cliHarness, type Ran } from '../support/cli.ts';
import { wireServer, type WireServer } from '../support/wire/wire-server.ts';

const claude = 'anthropic/claude-sonnet-5-5';
let harness: ReturnType<typeof cliHarness>;
let project: TempProject;
let server: WireServer | undefined;
beforeEach(() => {
  harness = cliHarness();
  project = tempProject({
    'package.json': JSON.stringify({ name: 'x', dependencies: { left: '^1.0.0', gone: '1.0.0' } }, null, 2),
    'src/price.ts':
      'export const total = (prices: number[]): number => prices.length;\nexport const old = (): number => 1;\n',
    'src/shop.ts': "import { total } from './price.ts';\nexport const shop = (): number => total([]);\n",
    'test/price.test.ts': "import { total } from '../src/price.ts';\ntotal([]);\n",
  });
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  project.close();
  harness.close();
});
const run = (args: readonly string[], env: Record<string, string> = {}): Promise<Ran> =>
  harness.cli(['explain-diff', ...args], { cwd: project.root, env });
const facts = async (...args: string[]): Promise<Explained> =>
  JSON.parse((await run([...args, '--no-model', '--json'])).stdout) as Explained;
const change = (): void => {
  project.write(
    'package.json',
    JSON.stringify({ name: 'x', dependencies: { left: '^2.0.0', fresh: '1.2.3' } }, null, 2),
  );
  project.write(
    'src/price.ts',
    'export const total = (prices: number[], rate: number): number => prices.length * rate;\nexport const tax = (): number => 2;\n',
  );
  project.write(
    'src/shop.ts',
    "import { tax, total } from './price.ts';\nexport const shop = (): number => total([], tax());\n",
  );
  project.write('.github/workflows/ci.yml', 'on: push\n');
};

describe('explain-diff', () => {
  it('tells areas, names, interfaces, dependencies, risk and a reading order', async () => {
    change();
    project.git('add', '--all');
    project.git('commit', '-q', '-m', 'feat: a rate');
    const explained = await facts('HEAD~1..HEAD');
    expect(explained).toMatchObject({ files: 4, commits: [{ subject: 'feat: a rate' }] });
    expect(explained.areas.map(({ name }) => name)).toEqual(['src', 'dependencies', 'CI']);
    const named = (kind: string) =>
      explained.areas[0]?.symbols.filter(({ change: one }) => one === kind).map(({ name }) => name);
    expect(named('added')).toEqual(['tax']);
    expect(named('removed')).toEqual(['old']);
    expect(named('changed')).toEqual(['total', 'shop']);
    expect(explained.api).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ change: 'removed', name: 'old' }),
        expect.objectContaining({
          change: 'changed',
          name: 'total',
          after: expect.stringContaining('rate: number') as string,
        }),
      ]),
    );
    expect(explained.dependencies).toEqual([
      { manifest: 'package.json', name: 'fresh', to: '1.2.3' },
      { manifest: 'package.json', name: 'gone', from: '1.0.0' },
      { manifest: 'package.json', name: 'left', from: '^1.0.0', to: '^2.0.0' },
    ]);
    const reasons = explained.risk.reasons.map(({ reason }) => reason).join('\n');
    expect(reasons).toMatch(/CI changed: \.github\/workflows\/ci\.yml/);
    expect(reasons).toMatch(/exported names that are gone: old/);
    expect(reasons).toMatch(/3 dependencies changed, new: fresh/);
    expect(explained.risk.level).toBe('medium');
    expect(explained.readingOrder.map(({ path }) => path)).toEqual([
      'package.json',
      'src/price.ts',
      'src/shop.ts',
      '.github/workflows/ci.yml',
    ]);
  });

  it('tells the same of what is staged and of the work tree', async () => {
    change();
    expect((await facts('--worktree')).areas[0]?.symbols.map(({ name }) => name)).toContain('tax');
    project.git('add', '--all');
    expect((await facts('--staged')).areas[0]?.symbols.map(({ name }) => name)).toContain('tax');
    expect((await facts()).files).toBe(4);
  });

  it('misses tests where only code changed, and not where they changed too', async () => {
    const code = Array.from({ length: 40 }, (_, at) => `export const n${at} = ${at};\n`).join('');
    project.write('src/many.ts', code);
    const without = await facts('--worktree');
    expect(without.risk.reasons.map(({ reason }) => reason)).toContain('code changed and no test did');
    project.write('test/many.test.ts', 'x();\n');
    const beside = await facts('--worktree');
    expect(beside.risk.reasons.map(({ reason }) => reason)).not.toContain('code changed and no test did');
    expect(beside.risk.score).toBeLessThan(without.risk.score);
  });

  it('knows what is much used when there is an index', async () => {
    for (let at = 0; at < 8; at += 1)
      project.write(`src/user${at}.ts`, "import { total } from './price.ts';\ntotal([]);\n");
    project.git('add', '--all');
    project.git('commit', '-q', '-m', 'users');
    expect((await harness.cli(['index'], { cwd: project.root })).code).toBe(0);
    project.write(
      'src/price.ts',
      'export const total = (prices: number[]): number => prices.length + 1;\nexport const old = (): number => 1;\n',
    );
    const { risk } = await facts('--worktree');
    expect(risk.reasons.map(({ reason }) => reason).join('\n')).toMatch(/much used: src\/price\.ts \(\d+ files\)/);
  });

  it('shows names of files harmlessly, in text and in Markdown', async () => {
    project.write('src/a\u001b[31m`@you` [x](y).ts', 'export const a = 1;\n');
    for (const format of ['text', 'markdown']) {
      const { stdout } = await run(['--worktree', '--no-model', '--format', format]);
      expect(stdout).toContain('@you');
      expect(stdout).not.toContain('\u001b');
    }
    const { stdout } = await run(['--worktree', '--no-model', '--format', 'markdown']);
    expect(stdout.replace(/`` [^\n]*? ``/g, '')).not.toContain('@you');
  });

  it('says so when nothing changed', async () => {
    const ran = await run(['HEAD..HEAD', '--no-model']);
    expect(ran).toMatchObject({ code: 0, stdout: '' });
    expect(ran.stderr).toContain('Nothing changed');
  });

  it.each([
    ['a revision that is not there', ['nowhere..HEAD']],
    ['two changes at once', ['HEAD..HEAD', '--staged']],
  ])('refuses %s', async (_what, args) => {
    expect((await run(args)).code).toBe(2);
  });

  it('lets a model say only what the facts name', async () => {
    change();
    project.git('add', '--all');
    server = await wireServer(
      [
        {
          text: JSON.stringify({
            areas: [
              {
                area: 'src',
                text: 'The function `total` takes a rate now. It calls `chargeCard` for that. Prices come from src/bank.ts.',
              },
              { area: 'nowhere', text: 'Nothing is there.' },
            ],
          }),
        },
      ],
      { validate: true },
    );
    const ran = await run(['--staged', '-m', claude], { ANTHROPIC_API_KEY: 'a-key', ANTHROPIC_BASE_URL: server.url });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('The function `total` takes a rate now.');
    expect(ran.stdout).not.toMatch(/chargeCard|bank\.ts|Nothing is there/);
    expect(ran.stderr).toContain('2 of the model');
  });
});
