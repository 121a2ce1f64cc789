// What a message says without a model: from paths, definitions, versions, branches and the commits before.
import { describe, expect, test } from 'vitest';
import type { FileDiff } from '../../../src/core/diff.ts';
import { parseDiff } from '../../../src/core/parse-diff.ts';
import { branchReferences } from '../../../src/engine/commit/branch-references.ts';
import { classify } from '../../../src/engine/commit/classify.ts';
import { composeDraft } from '../../../src/engine/commit/compose.ts';
import { learnConventions, noConventions, type PastCommit } from '../../../src/engine/commit/conventions.ts';
import { unknownNames, withoutUnknown } from '../../../src/engine/commit/known-names.ts';
import { changedSymbols, noSymbols, type ChangedSymbols } from '../../../src/engine/commit/symbols.ts';
import { versionBumps } from '../../../src/engine/commit/version-bumps.ts';
import { parseFile } from '../../../src/host/code-index/parse-file.ts';

/** A diff of one file whose lines begin with `-`, `+` or a space. */
const change = (path: string, ...lines: string[]): FileDiff => {
  const [old, now] = ['+', '-'].map((mark) => lines.filter((line) => !line.startsWith(mark)).length);
  const text = `diff --git a/${path} b/${path}\n--- a/${path}\n+++ b/${path}\n@@ -1,${old ?? 0} +1,${now ?? 0} @@\n${lines.join('\n')}\n`;
  const [file] = parseDiff(text);
  if (!file) throw new Error('no file');
  return file;
};
const past = (subject: string, ...paths: string[]): PastCommit => ({
  subject,
  body: '',
  parents: ['p'],
  files: paths.map((path) => ({ path, status: 'M', added: 1, deleted: 1 })),
});
const many = (times: number, commit: PastCommit): PastCommit[] => Array.from({ length: times }, () => commit);
const symbolsOf = async (path: string, before: string, after: string): Promise<ChangedSymbols> => {
  const lines = [
    ...before
      .trimEnd()
      .split('\n')
      .map((line) => `-${line}`),
    ...after
      .trimEnd()
      .split('\n')
      .map((line) => `+${line}`),
  ];
  return changedSymbols([
    {
      diff: change(path, ...lines),
      before: { text: before, parsed: await parseFile(path, before) },
      after: { text: after, parsed: await parseFile(path, after) },
    },
  ]);
};
const header = (files: FileDiff[], symbols = noSymbols, conventions = noConventions): string =>
  composeDraft({ files }, symbols, { conventions }).message.split('\n')[0] ?? '';

describe('versions of dependencies', () => {
  test.each([
    ['package.json', '-    "hbs": "4.2.0",', '+    "hbs": "4.2.1",', 'hbs', '4.2.0', '4.2.1'],
    ['go.mod', '-\tgithub.com/a/b v1.2.3', '+\tgithub.com/a/b v1.3.0', 'github.com/a/b', 'v1.2.3', 'v1.3.0'],
    ['Cargo.toml', '-libc = "0.2.1"', '+libc = "0.2.2"', 'libc', '0.2.1', '0.2.2'],
    ['requirements.txt', '-flask==1.0', '+flask==2.0', 'flask', '1.0', '2.0'],
    [
      '.github/workflows/ci.yml',
      '-      - uses: actions/checkout@v4',
      '+      - uses: actions/checkout@v5',
      'actions/checkout',
      'v4',
      'v5',
    ],
    ['pnpm-workspace.yaml', '-  rolldown: 1.0.0', '+  rolldown: 1.0.1', 'rolldown', '1.0.0', '1.0.1'],
  ])('are read in %s', (path, deleted, added, name, from, to) => {
    expect(versionBumps([change(path, deleted, added)])).toEqual([{ name, from, to }]);
    expect(header([change(path, deleted, added)])).toBe(`build: bump ${name} from ${from} to ${to}`);
  });

  test('are not all there is when a script changes too', () => {
    expect(
      versionBumps([
        change('package.json', '-    "hbs": "4.2.0",', '+    "hbs": "4.2.1",', '+    "build": "make it",'),
      ]),
    ).toBeUndefined();
  });

  test('are called what the history calls them', () => {
    const conventions = learnConventions(many(12, past('chore(deps): bump a from 1 to 2', 'package.json')));
    expect(
      header([change('package.json', '-    "hbs": "4.2.0",', '+    "hbs": "4.2.1",')], noSymbols, conventions),
    ).toBe('chore(deps): bump hbs from 4.2.0 to 4.2.1');
  });
});

describe('type and scope', () => {
  test.each([
    ['docs/a.md', 'docs'],
    ['test/a.test.ts', 'test'],
    ['.github/workflows/ci.yml', 'ci'],
  ])('of %s alone are certain', (path, type) => {
    expect(classify({ files: [change(path, '-a', '+b')] }, noSymbols).type).toBe(type);
  });

  test('a repository that calls CI files build is followed', () => {
    const conventions = learnConventions(many(20, past('build: update runner', '.github/workflows/ci.yml')));
    expect(classify({ files: [change('.github/workflows/x.yml', '-a', '+b')] }, noSymbols, conventions)).toMatchObject({
      type: 'build',
    });
  });

  test('the folder says the scope as it did before', () => {
    const conventions = learnConventions([
      ...many(8, past('fix(parser): a', 'src/parse/read.ts')),
      ...many(8, past('fix(printer): a', 'src/print/write.ts')),
    ]);
    expect(classify({ files: [change('src/parse/other.ts', '-a', '+b')] }, noSymbols, conventions).scope).toBe(
      'parser',
    );
    expect(classify({ files: [change('src/print/other.ts', '-a', '+b')] }, noSymbols, conventions).scope).toBe(
      'printer',
    );
  });

  test('a repository without scopes gets none', () => {
    const conventions = learnConventions(many(20, past('fix: a', 'packages/core/a.ts')));
    expect(
      classify({ files: [change('packages/core/a.ts', '-a', '+b')] }, noSymbols, conventions).scope,
    ).toBeUndefined();
  });
});

describe('definitions', () => {
  test('that came, went, were renamed or worked on are told apart', async () => {
    const symbols = await symbolsOf(
      'src/a.ts',
      'export const one = (n: number) => n;\n\nexport function two() {\n  return 2;\n}\n\nexport const gone = 1;\n',
      'export const uno = (n: number) => n;\n\nexport function two() {\n  return 3;\n}\n\nexport function added() {\n  return 4;\n}\n',
    );
    expect(symbols.renamed.map(({ from, to }) => [from.name, to.name])).toEqual([['one', 'uno']]);
    expect(symbols.removed.map(({ name }) => name)).toEqual(['gone']);
    expect(symbols.added).toMatchObject([{ name: 'added', exported: true }]);
    expect(symbols.changed.map(({ name }) => name)).toEqual(['two']);
  });

  test('that go from a package’s entrance break its users, others do not', async () => {
    const [before, after] = ['export const keep = 1;\nexport const gone = 2;\n', 'export const keep = 1;\n'];
    const files = [change('src/index.ts', ' export const keep = 1;', '-export const gone = 2;')];
    const draft = composeDraft({ files }, await symbolsOf('src/index.ts', before, after), {
      conventions: noConventions,
    });
    expect(draft.message).toMatch(/^\w+!: /);
    expect(draft.message).toContain('BREAKING CHANGE: gone is no longer exported.');
    const inner = composeDraft(
      { files: [change('src/inner.ts', '-x')] },
      await symbolsOf('src/inner.ts', before, after),
      { conventions: noConventions },
    );
    expect(inner.breaking).toBeUndefined();
  });
});

describe('issues of a branch', () => {
  test.each([
    ['feature/JIRA-123-retry', ['JIRA-123']],
    ['12-fix-login', ['#12']],
    ['user/34_add_x', ['#34']],
    ['gh-56', ['#56']],
    ['issue-7/login', ['#7']],
    ['fix/#89', ['#89']],
    ['main', []],
    ['release/1.2.3', []],
    ['2024-01-02-notes', []],
    ['dependabot/npm_and_yarn/x-12', []],
    ['node-20', []],
    [undefined, []],
  ])('%s', (branch, references) => {
    expect(branchReferences(branch)).toEqual(references);
  });
});

describe('names a model uses', () => {
  const evidence = 'src/upload.ts\nexport const retryUpload = 1; // since 2.1.0';
  test('must occur in what was seen', () => {
    expect(unknownNames('retryUpload of `src/upload.ts` since 2.1.0', evidence)).toEqual([]);
    expect(unknownNames('fix #12 in drainQueue and `other.ts`', evidence).sort()).toEqual([
      '#12',
      'drainQueue',
      'other.ts',
    ]);
  });

  test('else their sentence goes, and the rest stays', () => {
    expect(withoutUnknown('Uploads are retried. It calls drainQueue. Twice.', evidence)).toEqual({
      text: 'Uploads are retried. Twice.',
      dropped: ['drainQueue'],
    });
    expect(withoutUnknown('- uses drainQueue\n- uploads wait', evidence).text).toBe('- uploads wait');
  });
});

test('conventions say only what a history shows', () => {
  expect(noConventions).toMatchObject({ commits: 0, conventional: 0, scoped: 0, script: 'Latin', trailers: [] });
  const conventions = learnConventions([
    ...many(6, past('修复上传错误', 'a.js')),
    ...many(6, past('feat: 添加重试', 'a.js')),
  ]);
  expect(conventions).toMatchObject({ commits: 12, conventional: 0.5, script: 'Han' });
});
