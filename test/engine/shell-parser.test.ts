import { describe, expect, it } from 'vitest';
import { loadShellParser } from '../../src/host/shell-parser.ts';
import { effectsOf } from './shell-world.ts';

const everyday = ['npm test', 'git status', 'cat package.json | jq .version', 'cd src && npm test', 'rm -rf dist'];

describe('the shell parser', () => {
  it('is loaded once', async () => {
    expect(await loadShellParser()).toBe(await loadShellParser());
  });

  it('gives trees that outlive the next parse', async () => {
    const parse = await loadShellParser();
    const first = parse('echo one');
    parse('echo two');
    expect(first?.text).toBe('echo one');
    expect(first?.children[0]?.childForFieldName('name')?.text).toBe('echo');
  });

  it('says where it could not read on', async () => {
    const parse = await loadShellParser();
    expect(parse('if true')?.hasError).toBe(true);
    expect(parse('true')?.hasError).toBe(false);
  });

  it('counts offsets in UTF-16 units', async () => {
    const parse = await loadShellParser();
    const source = 'echo "ä😀" x';
    const last = parse(source)?.children[0]?.children.at(-1);
    expect(source.slice(last?.startIndex, last?.endIndex)).toBe('x');
    expect(await effectsOf('cat "ä😀" ü')).toContainEqual({ kind: 'read', path: '/w/ä😀' });
  });

  it('takes everyday commands apart in about a millisecond', async () => {
    for (let round = 0; round < 20; round += 1) for (const command of everyday) await effectsOf(command);
    const times: number[] = [];
    for (let round = 0; round < 40; round += 1)
      for (const command of everyday) {
        const startedAt = performance.now();
        await effectsOf(command);
        times.push(performance.now() - startedAt);
      }
    times.sort((one, other) => one - other);
    expect(times[Math.floor(times.length / 2)]).toBeLessThan(2);
  });
});
