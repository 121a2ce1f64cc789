import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { capabilitiesFrom } from '../../src/core/capabilities.ts';
import type { Tool } from 'llm-copilot-agent';
import files from '../../plugins/files/index.ts';
import { list } from '../../plugins/files/list.ts';
import { read } from '../../plugins/files/read.ts';
import { write } from '../../plugins/files/write.ts';
import { toolBench, withoutPrograms } from '../support/tool-bench.ts';

const bench = toolBench();
afterAll(() => bench.close());
const at = (path: string): string => join(bench.root, path);
const textOfCall = async (tool: Tool, input: unknown): Promise<string> => (await bench.call(tool, input)).text;

it('the plugin brings the tools its manifest names', async () => {
  const { tools } = (await files.load()).setup({
    secret: () => undefined,
    env: () => undefined,
    model: () => capabilitiesFrom(),
    fetch,
    stallTimeoutMs: 1,
  });
  expect(tools?.map((tool) => tool.name)).toEqual(files.tools);
});

describe('read', () => {
  it('numbers the lines', async () => {
    bench.put('a.txt', 'one\ntwo\n\nfour');
    const output = await bench.call(read, { path: 'a.txt' });
    expect(output.text).toBe('1\tone\n2\ttwo\n3\t\n4\tfour');
    expect(output.data).toEqual({ path: 'a.txt', firstLine: 1, lastLine: 4, totalLines: 4 });
  });

  it('reads a part and says how to go on', async () => {
    bench.put('b.txt', 'a\nb\nc\nd\n');
    expect(await textOfCall(read, { path: 'b.txt', offset: 2, limit: 2 })).toBe(
      '2\tb\n3\tc\n[lines 2-3 of 4; go on with offset 4]',
    );
    expect(await textOfCall(read, { path: 'b.txt', offset: 4 })).toBe('4\td');
    await expect(bench.call(read, { path: 'b.txt', offset: 5 })).rejects.toThrow(
      'offset 5 is past the end: b.txt has 4 lines',
    );
  });

  it('stops after 2000 lines by default', async () => {
    bench.put('many.txt', 'x\n'.repeat(2001));
    expect(await textOfCall(read, { path: 'many.txt' })).toMatch(
      /\n2000\tx\n\[lines 1-2000 of 2001; go on with offset 2001\]$/,
    );
  });

  it('stops after 64 kB of text', async () => {
    bench.put('wide.txt', `${'y'.repeat(999)}\n`.repeat(500));
    const text = await textOfCall(read, { path: 'wide.txt' });
    expect(text).toMatch(/\[lines 1-64 of 500; go on with offset 65\]$/);
    expect(text.length).toBeLessThan(65_000);
  });

  it('cuts a line of 10 MB and says so, between characters', async () => {
    bench.put('long.txt', `first\n${'€'.repeat(3_500_000)}\nlast`);
    const text = await textOfCall(read, { path: 'long.txt' });
    expect(text).toMatch(/^1\tfirst\n2\t€{1333}… \[10496001 more bytes in this line\]\n3\tlast$/);
  });

  it('reads the end of a huge file without holding it', async () => {
    writeFileSync(at('huge.txt'), `${'z'.repeat(99)}\n`.repeat(600_000));
    const before = process.memoryUsage().rss;
    expect(await textOfCall(read, { path: 'huge.txt', offset: 599_999 })).toMatch(/^599999\tz{99}\n600000\tz{99}$/);
    expect(await textOfCall(read, { path: 'huge.txt', limit: 1 })).toMatch(
      /^1\tz{99}\n\[lines 1-1 of many; go on with offset 2\]$/,
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(60_000_000);
  });

  it('shows CRLF lines and a BOM as notes, not as letters', async () => {
    bench.put('crlf.txt', '\uFEFFa\r\nb\r\n');
    expect(await textOfCall(read, { path: 'crlf.txt' })).toBe('1\ta\n2\tb\n[lines end in CRLF; starts with a BOM]');
  });

  it('says that a file is empty', async () => {
    bench.put('empty.txt', '');
    expect(await textOfCall(read, { path: 'empty.txt' })).toBe('(empty file)');
  });

  it.each([
    ['png', Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(20)]), 'image/png'],
    ['jpg', Buffer.from('ffd8ffe000104a464946', 'hex'), 'image/jpeg'],
    ['gif', Buffer.from('GIF89a........'), 'image/gif'],
    ['webp', Buffer.from('RIFF....WEBPVP8 '), 'image/webp'],
  ])('gives a %s as a picture', async (ending, bytes, mediaType) => {
    bench.put(`picture.${ending}`, bytes);
    const { content } = await bench.call(read, { path: `picture.${ending}` });
    expect(content).toEqual([{ type: 'image', mediaType, base64: bytes.toString('base64') }]);
  });

  it('refuses what is no text, with the reason', async () => {
    bench.put('big.png', Buffer.from('89504e470d0a1a0a', 'hex'));
    truncateSync(at('big.png'), 4_000_000);
    bench.put('binary', Buffer.from([1, 0, 2]));
    bench.put('utf16', Buffer.from('\uFEFFabc', 'utf16le'));
    execFileSync('mkfifo', [at('pipe')]);
    const refusals: [string, RegExp][] = [
      ['big.png', /too large for a picture: 4000000 bytes, at most 3750000/],
      ['binary', /binary is a binary file of 3 bytes/],
      ['utf16', /UTF-16 text; convert it first/],
      ['pipe', /not a regular file/],
      ['nowhere', /nowhere: no such file/],
      ['.', /is a directory; use list/],
    ];
    for (const [path, reason] of refusals) await expect(bench.call(read, { path })).rejects.toThrow(reason);
  });

  it('declares that it reads the path', () => {
    expect(read.prepare({ path: 'x' }).effects).toEqual([{ kind: 'read', path: 'x' }]);
  });
});

describe('write', () => {
  it('creates a file with its folders and replaces it whole', async () => {
    expect(await textOfCall(write, { path: 'new/deep/a.txt', content: 'a\nb\n' })).toBe(
      'created new/deep/a.txt: 2 lines, 4 bytes',
    );
    const output = await bench.call(write, { path: 'new/deep/a.txt', content: 'ü' });
    expect(output).toMatchObject({
      text: 'replaced new/deep/a.txt: 1 lines, 2 bytes',
      data: { bytes: 2, created: false },
    });
    expect(readFileSync(at('new/deep/a.txt'), 'utf8')).toBe('ü');
    expect(await textOfCall(write, { path: 'none.txt', content: '' })).toContain('0 lines, 0 bytes');
  });

  it('keeps the mode and follows a link', async () => {
    bench.put('script.sh', 'old');
    chmodSync(at('script.sh'), 0o751);
    symlinkSync('script.sh', at('alias.sh'));
    await bench.call(write, { path: 'alias.sh', content: 'new' });
    expect(readFileSync(at('script.sh'), 'utf8')).toBe('new');
    expect(statSync(at('script.sh')).mode & 0o777).toBe(0o751);
  });

  it('refuses a directory', async () => {
    mkdirSync(at('folder'));
    await expect(bench.call(write, { path: 'folder', content: '' })).rejects.toThrow('folder is a directory');
  });
});

describe.each(['ripgrep', 'no ripgrep'])('list with %s', (how) => {
  const place = how.replace(' ', '-');
  const sandbox = how === 'ripgrep' ? bench.sandbox : withoutPrograms(bench.sandbox);
  const listing = async (input: { path?: string; glob?: string }, hidden: string[] = []): Promise<string> =>
    (await bench.call(list, { ...input, path: join(place, input.path ?? '.') }, { sandbox, hidden })).text;
  for (const path of [
    'src/a.ts',
    'src/deep/b.ts',
    'src/c.js',
    'top.ts',
    '.env',
    '.github/ci.yml',
    'lib/gen/x.ts',
    'lib/y.ts',
  ])
    bench.put(join(place, path), 'x');
  bench.put(join(place, '.gitignore'), 'node_modules/\n*.log\n!keep.log\n');
  bench.put(join(place, 'lib/.gitignore'), '/gen\n');
  for (const path of ['node_modules/m/i.ts', 'out.log', 'keep.log', '.git/config.ts'])
    bench.put(join(place, path), 'x');
  symlinkSync('.', at(join(place, 'loop')));

  it('names what is in a folder', async () => {
    expect(await listing({})).toBe(
      [
        '.env',
        '.git/',
        '.github/',
        '.gitignore',
        'keep.log',
        'lib/',
        'loop',
        'node_modules/',
        'out.log',
        'src/',
        'top.ts',
      ].join('\n'),
    );
  });

  it('finds files by name at any depth, and by path', async () => {
    expect(await listing({ glob: '*.ts' })).toBe('lib/y.ts\nsrc/a.ts\nsrc/deep/b.ts\ntop.ts');
    expect(await listing({ glob: 'src/**/*.{ts,js}' })).toBe('src/a.ts\nsrc/c.js\nsrc/deep/b.ts');
    expect(await listing({ glob: './src/*.ts' })).toBe('src/a.ts');
    expect(await listing({ path: 'src', glob: '**' })).toBe('a.ts\nc.js\ndeep/b.ts');
    expect(await listing({ path: 'lib', glob: '**/*.ts' })).toBe('y.ts');
  });

  it('obeys ignore files, shows hidden files and says when nothing matches', async () => {
    expect(await listing({ glob: '*.log' })).toBe('keep.log');
    expect(await listing({ glob: '*.yml' })).toBe('.github/ci.yml');
    expect(await listing({ glob: '*.py' })).toBe('(no files match)');
  });

  it('leaves out what the policy hides', async () => {
    expect(await listing({}, ['.env', `/${place}/src/`])).not.toMatch(/\.env|src/);
    expect(await listing({ glob: '*.ts' }, [`/${place}/src/`, '!nothing'])).toBe('lib/y.ts\ntop.ts');
  });

  it('refuses what is no folder', async () => {
    await expect(listing({ path: 'top.ts' })).rejects.toThrow(/is not a directory/);
    await expect(listing({ path: 'top.ts', glob: '*' })).rejects.toThrow(/is not a directory/);
    await expect(listing({ path: 'nowhere' })).rejects.toThrow(/no such file/);
  });

  it('cuts a long list and says how much is left out', async () => {
    for (let index = 0; index < 510; index += 1) bench.put(join(place, 'many', `f${index}`), '');
    expect(await listing({ path: 'many' })).toMatch(/\n\[10 more left out; narrow path or glob\]$/);
    mkdirSync(at(join(place, 'bare')), { recursive: true });
    expect(await listing({ path: 'bare' })).toBe('(empty)');
  });

  it('ends with the abort of the run', async () => {
    const aborted = AbortSignal.abort(new Error('stopped'));
    await expect(bench.call(list, { path: place, glob: '*' }, { sandbox, signal: aborted })).rejects.toThrow('stopped');
  });
});
