import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { historyGuard, type HiddenHistory } from '../../../src/host/sandbox/git-history.ts';
import type { PathRules } from '../../../src/host/sandbox/launcher.ts';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'history-')));
afterAll(() => rmSync(base, { recursive: true, force: true }));
let count = 0;
const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', ['-c', 'user.email=a@b.c', '-c', 'user.name=n', '-c', 'gc.auto=0', ...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
const commit = (root: string, files: Record<string, string>): void => {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  git(root, 'add', '-A');
  git(root, 'commit', '-qm', 'x');
};
const repository = (files: Record<string, string>): string => {
  const root = join(base, `r${(count += 1)}`);
  mkdirSync(root);
  git(root, 'init', '-q');
  commit(root, files);
  return root;
};
const rules: PathRules = { bases: [base], matches: (path) => /\/(?:\.env|keys)$/.test(path) };
const guard = (): ((root: string) => Promise<HiddenHistory>) => {
  const look = historyGuard(rules, join(base, `data${(count += 1)}`));
  return (root) => look({ common: join(root, '.git'), top: root });
};
const looseOf = (root: string, id: string): string => join(root, '.git/objects', id.slice(0, 2), id.slice(2));
const maskedFiles = ({ mounts }: HiddenHistory): string[] =>
  mounts.filter(({ kind }) => kind === 'file').map(({ path }) => path);

describe('the history of hidden files', () => {
  it('is nothing where no rule names a file git ever had', async () => {
    expect(await guard()(repository({ a: '1' }))).toEqual({ mounts: [] });
  });

  it('is masked object by object: index, other branches, stashes, and what was removed since', async () => {
    const root = repository({ '.env': 'one', 'sub/keys/deep': 'two', a: 'x' });
    git(root, 'rm', '-q', '--cached', '.env');
    git(root, 'commit', '-qm', 'gone');
    git(root, 'checkout', '-q', '-b', 'other');
    commit(root, { '.env': 'three' });
    git(root, 'checkout', '-q', '-f', '-');
    writeFileSync(join(root, '.env'), 'four');
    git(root, 'add', '.env');
    const ids = ['one', 'two', 'three', 'four'].map((text) =>
      execFileSync('git', ['hash-object', '--stdin'], { input: text, encoding: 'utf8' }).trim(),
    );
    const look = guard();
    expect(maskedFiles(await look(root)).sort()).toEqual(ids.map((id) => looseOf(root, id)).sort());
    git(root, 'stash', '-q');
    expect(maskedFiles(await look(root)).sort()).toEqual(ids.map((id) => looseOf(root, id)).sort());
    writeFileSync(join(root, '.env'), 'five');
    git(root, 'add', '-f', '.env');
    expect(maskedFiles(await look(root))).toHaveLength(5);
  });

  it('is left out of a copy of the packs, which holds everything else', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 50 }, (_, index) => [`f${index}`, `${'same '.repeat(200)}${index}`]),
    );
    const root = repository({ ...files, '.env': 'one' });
    git(root, 'gc', '-q');
    const look = guard();
    const { mounts } = await look(root);
    const [pack] = mounts;
    expect(pack).toMatchObject({ path: join(root, '.git/objects/pack'), kind: 'read' });
    const without = repository({ z: '' });
    const packs = join(without, '.git/objects/pack');
    for (const name of readdirSync(pack?.from ?? '')) execFileSync('cp', ['-r', join(pack?.from ?? '', name), packs]);
    const id = git(root, 'rev-parse', 'HEAD:.env');
    expect(() => git(without, 'cat-file', '-e', id)).toThrow();
    expect(git(without, 'cat-file', '-p', git(root, 'rev-parse', 'HEAD:f7'))).toBe(files.f7);
    expect(git(without, 'cat-file', '-t', git(root, 'rev-parse', 'HEAD'))).toBe('commit');
    // The second look builds nothing.
    expect((await look(root)).mounts[0]?.from).toBe(pack?.from);
  });

  it('is looked for again when packs change', async () => {
    const root = repository({ '.env': 'one', a: '1' });
    const look = guard();
    expect((await look(root)).mounts.map(({ kind }) => kind)).toEqual(['file']);
    git(root, 'gc', '-q');
    expect((await look(root)).mounts.map(({ kind }) => kind)).toEqual(['read']);
  });

  it('refuses every command where it cannot be hidden, and does not look again until something changes', async () => {
    const shared = repository({ '.env': 'one' });
    const root = join(base, `r${(count += 1)}`);
    execFileSync('git', ['clone', '-q', '--shared', shared, root]);
    const look = guard();
    const refused = { code: 'E_SANDBOX', exitCode: 7, message: expect.stringContaining('shares objects') as string };
    await expect(look(root)).rejects.toMatchObject(refused);
    await expect(look(root)).rejects.toMatchObject(refused);
    writeFileSync(join(root, '.git/index'), 'broken');
    await expect(look(root)).rejects.toMatchObject({ code: 'E_SANDBOX' });
  });
});
