import { describe, expect, it } from 'vitest';
import { pathFilter } from '../../../src/host/code-index/path-filter.ts';

describe('the choice of files to search', () => {
  it('takes every file where nothing is said', () => {
    expect(pathFilter({})('src/a.ts')).toBe(true);
  });

  it('takes files a pattern names and files in folders it names', () => {
    const fits = pathFilter({ paths: ['./src/core/', '*.md'] });
    expect(['src/core/a.ts', 'src/core/x/b.ts', 'docs/a.md'].map(fits)).toEqual([true, true, true]);
    expect(['src/corer.ts', 'lib/src/core/a.ts', 'a.mdx'].map(fits)).toEqual([false, false, false]);
  });

  it('leaves hidden files out, whatever else names them', () => {
    const fits = pathFilter({ paths: ['src'], hidden: ['*.secret', '!src/shown.secret', 'src/private/'] });
    expect(fits('src/a.secret')).toBe(false);
    expect(fits('src/shown.secret')).toBe(true);
    expect(fits('src/private/a.ts')).toBe(false);
    expect(fits('src/a.ts')).toBe(true);
  });

  it('sees patterns from the folder that is searched', () => {
    const fits = pathFilter({ below: 'packages/a', paths: ['src'], hidden: ['/src/x.ts'] });
    expect(fits('packages/a/src/y.ts')).toBe(true);
    expect(fits('packages/a/src/x.ts')).toBe(false);
    expect(fits('packages/ab/src/y.ts')).toBe(false);
    expect(fits('src/y.ts')).toBe(false);
  });

  it('takes a name with a leading slash or dot for that very file', () => {
    for (const pattern of ['./a.md', '/a.md', '././a.md'])
      expect(['a.md', 'docs/a.md'].map(pathFilter({ paths: [pattern] }))).toEqual([true, false]);
    expect(pathFilter({ paths: ['./'] })('src/a.ts')).toBe(true);
  });

  it('takes a dot for the whole folder', () => {
    expect(pathFilter({ paths: ['.'] })('src/a.ts')).toBe(true);
  });
});
