import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Sandbox } from 'llm-copilot-agent';
import { grep } from '../../plugins/search/grep.ts';
import { toolBench, withoutPrograms } from '../support/tool-bench.ts';

const bench = toolBench();
afterAll(() => bench.close());
bench.put('src/a.ts', 'alpha\nneedle one\nbeta\ngamma\nNEEDLE two\n');
bench.put('src/deep/b.js', 'x needle(y)\r\n');
bench.put('lib/c.ts', 'needle three\n');
bench.put('.gitignore', '*.log\nnode_modules\n');
bench.put('out.log', 'needle ignored\n');
bench.put('node_modules/m/i.ts', 'needle module\n');
bench.put('.github/ci.yml', 'run: needle\n');
bench.put('.git/needle', 'needle\n');
bench.put('.env', 'SECRET=needle\n');
bench.put('binary', Buffer.from('needle\0needle'));
bench.put('latin', Buffer.from('caf\xe9 needle\n', 'latin1'));
bench.put('minified.js', `${'a'.repeat(10_000_000)}needle\n`);
symlinkSync('nowhere', join(bench.root, 'dangling'));

type Input = Parameters<typeof grep.prepare>[0];
describe.each<[string, Sandbox]>([
  ['ripgrep', bench.sandbox],
  ['no ripgrep', withoutPrograms(bench.sandbox)],
])('grep with %s', (how, sandbox) => {
  const search = (input: Input, hidden: string[] = []) => bench.call(grep, input, { sandbox, hidden });
  const textOf = async (input: Input, hidden?: string[]): Promise<string> => (await search(input, hidden)).text;

  it('groups matching lines under their file, in the order of names', async () => {
    expect(await textOf({ pattern: 'needle', path: 'src' })).toBe(
      'src/a.ts\n2:needle one\n\nsrc/deep/b.js\n1:x needle(y)',
    );
    expect(await textOf({ pattern: 'needle', glob: '*.ts' })).toBe(
      'lib/c.ts\n1:needle three\n\nsrc/a.ts\n2:needle one',
    );
  });

  it('names a file whose name holds a line feed', async () => {
    bench.put('odd/two\nlines', 'odd nadel\n');
    expect((await search({ pattern: 'odd nadel', path: 'odd' })).data).toMatchObject({ files: ['odd/two\nlines'] });
  });

  it('gives the matches as data too', async () => {
    expect((await search({ pattern: 'needle', path: 'src/a.ts' })).data).toEqual({
      files: ['src/a.ts'],
      matches: [{ path: 'src/a.ts', line: 2, text: 'needle one' }],
      leftOut: 0,
    });
  });

  it('searches hidden files, not ignored or binary ones, nor .git', async () => {
    const { data } = await search({ pattern: 'needle', filesOnly: true, glob: '!minified.js' });
    if (how === 'ripgrep') {
      expect(data).toMatchObject({
        files: ['.env', '.github/ci.yml', 'latin', 'lib/c.ts', 'src/a.ts', 'src/deep/b.js'],
      });
    } else {
      expect((data as { files: string[] }).files).toEqual(expect.arrayContaining(['.env', 'src/deep/b.js']));
      expect((data as { files: string[] }).files.join()).not.toMatch(/log|node_modules|binary|\.git\//);
    }
  });

  it('says where text is from when it is somebody else’s', async () => {
    bench.put('packed/venv/theirs.md', 'beside nadel\n');
    const found = await search({ pattern: 'beside nadel', path: 'packed' });
    expect(found).toMatchObject({ origin: 'file', source: join(bench.root, 'packed/venv/theirs.md') });
    expect((await search({ pattern: 'needle one', path: 'src' })).origin).toBeUndefined();
  });

  it('does not follow links, which may lead out', async () => {
    await bench.sandbox.writeFile(join(bench.root, '..', 'private', 'p.txt'), 'private needle\n');
    symlinkSync('../private/p.txt', join(bench.root, `link-${how === 'ripgrep' ? 1 : 2}`));
    symlinkSync('../private', join(bench.root, `folder-${how === 'ripgrep' ? 1 : 2}`));
    expect(await textOf({ pattern: 'private needle' })).toBe('no matches');
  });

  it('leaves out what the policy hides', async () => {
    expect(await textOf({ pattern: 'SECRET' }, ['.env'])).toBe('no matches');
    expect(await textOf({ pattern: 'SECRET', path: '.env' }, ['.env*', '!.env.example'])).toBe('no matches');
    expect(await textOf({ pattern: 'SECRET' }, ['!.env', ''])).toBe('.env\n1:SECRET=needle');
  });

  it('takes globs with folders, relative to the path or to the root', async () => {
    expect(await textOf({ pattern: 'needle', glob: 'src/**/*.js' })).toBe('src/deep/b.js\n1:x needle(y)');
    expect(await textOf({ pattern: 'needle', path: 'src', glob: 'deep/*' })).toBe('src/deep/b.js\n1:x needle(y)');
    expect(await textOf({ pattern: 'needle', path: 'src', glob: 'src/deep/*' })).toBe('src/deep/b.js\n1:x needle(y)');
    expect(await textOf({ pattern: 'needle', glob: '**/i.ts' })).toBe('no matches');
  });

  it('ignores case on request, and shows lines around with marks between places', async () => {
    expect(await textOf({ pattern: 'needle', path: 'src/a.ts', ignoreCase: true, context: 1 })).toBe(
      'src/a.ts\n1-alpha\n2:needle one\n3-beta\n4-gamma\n5:NEEDLE two',
    );
    bench.put('far.txt', 'needle\n1\n2\n3\nneedle\n');
    expect(await textOf({ pattern: 'needle', path: 'far.txt', context: 1 })).toBe(
      'far.txt\n1:needle\n2-1\n--\n4-3\n5:needle',
    );
  });

  it('cuts long lines', async () => {
    const text = await textOf({ pattern: 'aaa', path: 'minified.js' });
    expect(text).toMatch(/^minified\.js\n1:a{300} \[/);
    expect(text.length).toBeLessThan(400);
  });

  it('cuts long results and says what was left out', async () => {
    bench.put('many/a.txt', 'hit\n'.repeat(240));
    bench.put('many/b.txt', 'hit\n'.repeat(240));
    const output = await search({ pattern: 'hit', path: 'many' });
    expect(output.text).toMatch(/10:hit\n\[230 more matching lines in 1 files left out; narrow the search\]$/);
    expect(output.data).toMatchObject({ leftOut: 230 });
    for (let index = 0; index < 502; index += 1) bench.put(`names/f${index}`, 'name');
    expect(await textOf({ pattern: 'name', path: 'names', filesOnly: true })).toMatch(/\n\[2 more files left out\]$/);
    rmSync(join(bench.root, 'names'), { recursive: true });
  });

  it('says why a pattern is not valid', async () => {
    await expect(search({ pattern: 'a(' })).rejects.toThrow(/missing closing parenthesis|Unterminated group/);
  });

  it('understands look-around', async () => {
    expect(await textOf({ pattern: '(?<=x )needle', path: 'src' })).toBe('src/deep/b.js\n1:x needle(y)');
  });

  it('refuses a path that does not exist', async () => {
    await expect(search({ pattern: 'a', path: 'nowhere' })).rejects.toThrow('nowhere: no such file or directory');
  });

  it('says when nothing matches', async () => {
    expect(await textOf({ pattern: 'no such thing', path: 'src' })).toBe('no matches');
    expect(await textOf({ pattern: 'no such thing', path: 'src', filesOnly: true })).toBe('no matches');
  });

  it('names files outside the root absolutely', async () => {
    await bench.sandbox.writeFile(join(bench.root, '..', 'outside', 'o.txt'), 'needle\n');
    const path = join(bench.root, '..', 'outside');
    expect(await textOf({ pattern: 'needle', path })).toBe(`${join(path, 'o.txt')}\n1:needle`);
    expect(await textOf({ pattern: 'needle', path }, ['o.txt'])).toBe('no matches');
  });

  it('ends with the abort of the run', async () => {
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(bench.call(grep, { pattern: 'a' }, { sandbox, signal })).rejects.toThrow('stopped');
  });
});

it('grep with ripgrep finds patterns over several lines', async () => {
  expect((await bench.call(grep, { pattern: 'one\\nbeta', path: 'src' })).text).toBe('src/a.ts\n2:needle one\n3:beta');
});

it('grep falls back when a sandbox has no such program, and says when ripgrep was stopped or wrote too much', async () => {
  const ends = (result: object): Sandbox => ({
    ...bench.sandbox,
    exec: async () => ({
      exitCode: 0,
      signal: null,
      timedOut: false,
      output: '',
      outputBytes: 0,
      durationMs: 1,
      ...result,
    }),
  });
  const call = async (result: object) =>
    (await bench.call(grep, { pattern: 'needle', path: 'lib' }, { sandbox: ends(result) })).text;
  expect(await call({ exitCode: 127, output: 'rg: not found' })).toBe('lib/c.ts\n1:needle three');
  expect(await call({ timedOut: true, exitCode: null })).toBe('no matches\n[stopped after 60 s; this is not all]');
  const output = `${join(bench.root, 'lib/c.ts')}\0` + '1:needle\n… 9 bytes left out …\n';
  expect(await call({ output, outputBytes: 5e6 })).toBe('lib/c.ts\n1:needle\n[too many matches; this is not all]');
});
