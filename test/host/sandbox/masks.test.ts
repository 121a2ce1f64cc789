import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { PathRules } from '../../../src/host/sandbox/launcher.ts';
import { maskFinder } from '../../../src/host/sandbox/masks.ts';

const findMasked = (...given: Parameters<typeof maskFinder>): string[] => {
  const { files, folders } = maskFinder(...given)();
  return [...folders, ...files];
};
const base = realpathSync(mkdtempSync(join(tmpdir(), 'masks-')));
afterAll(() => rmSync(base, { recursive: true, force: true }));
let count = 0;
const tree = (...paths: string[]): string => {
  const root = join(base, `t${(count += 1)}`);
  mkdirSync(root);
  for (const path of paths) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), path);
  }
  return root;
};
const rules = (root: string, pattern: RegExp): PathRules => ({
  bases: [root],
  matches: (path) => path.startsWith(`${root}/`) && pattern.test(path.slice(root.length + 1)),
});
const found = (root: string, paths: readonly string[]): string[] =>
  paths.map((path) => path.slice(root.length + 1)).sort();

describe('masked paths', () => {
  it('are those a rule names, folders as a whole', () => {
    const root = tree('.env', 'a/b/.env', 'keys/x/y', 'keys/z', 'other', '.git/objects/.env', '.git/.env');
    expect(found(root, findMasked(rules(root, /(?:^|\/)\.env$|^keys(?:\/|$)/)))).toEqual([
      '.env',
      '.git/.env',
      'a/b/.env',
      'keys',
    ]);
  });

  it('are nothing where a base does not exist or nothing matches', () => {
    expect(findMasked(rules(join(base, 'nowhere'), /x/))).toEqual([]);
    expect(findMasked(rules(tree('a'), /x/))).toEqual([]);
  });

  it('are a base itself when the rule names it', () => {
    const root = tree('id');
    expect(findMasked({ bases: [root, join(root, 'id')], matches: (path) => path === join(root, 'id') })).toEqual([
      join(root, 'id'),
    ]);
  });

  it('are the real files and folders behind links, and dangling links are left alone', () => {
    const root = tree('real/file', 'folder/x');
    symlinkSync('real/file', join(root, 'a.pem'));
    symlinkSync('folder', join(root, 'b.pem'));
    symlinkSync('nowhere', join(root, 'c.pem'));
    expect(found(root, findMasked(rules(root, /\.pem$/)))).toEqual(['folder', 'real/file']);
  });

  it('are the other names of a file too', () => {
    const root = tree('.env', 'deep/x');
    linkSync(join(root, '.env'), join(root, 'deep/copy'));
    const find = maskFinder(rules(root, /^\.env$/));
    expect(found(root, find().files)).toEqual(['.env', 'deep/copy']);
    linkSync(join(root, '.env'), join(root, 'later'));
    expect(found(root, find().files)).toEqual(['.env', 'deep/copy', 'later']);
  });

  it('follow files, folders and names that come and go', async () => {
    const root = tree('a/x');
    const find = maskFinder(rules(root, /(?:^|\/)\.env$/));
    expect(find().files).toEqual([]);
    // Longer than the clock's step: what was read then is taken from memory.
    await new Promise((resolve) => setTimeout(resolve, 50));
    find();
    writeFileSync(join(root, 'a/.env'), '');
    expect(found(root, find().files)).toEqual(['a/.env']);
    mkdirSync(join(root, 'b'));
    writeFileSync(join(root, 'b/.env'), '');
    expect(found(root, find().files)).toEqual(['a/.env', 'b/.env']);
    rmSync(join(root, 'a'), { recursive: true });
    expect(found(root, find().files)).toEqual(['b/.env']);
  });

  it('stay masked when a folder above them is renamed away from the rule', () => {
    const root = tree('config/.env', 'config/keys/x', 'x');
    const find = maskFinder(rules(root, /^config\/(?:\.env|keys)$/));
    expect(found(root, find().files)).toEqual(['config/.env']);
    renameSync(join(root, 'config'), join(root, 'other'));
    const moved = find();
    expect(found(root, [...moved.files, ...moved.folders])).toEqual(['other/.env', 'other/keys']);
    renameSync(join(root, 'other'), join(root, 'third'));
    expect(found(root, find().files)).toEqual(['third/.env']);
  });

  it('say when there was too much to look at', () => {
    const root = tree('a/1', 'a/2', 'b/3', '.env');
    expect(maskFinder(rules(root, /\.env$/), { maxEntries: 3 })().complete).toBe(false);
    expect(maskFinder(rules(root, /\.env$/))().complete).toBe(true);
  });
});
