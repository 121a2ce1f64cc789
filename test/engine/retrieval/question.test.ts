import { describe, expect, it } from 'vitest';
import { questionOf } from '../../../src/engine/retrieval/question.ts';

describe('a question', () => {
  it('is its words without those that stand in every text, identifiers also as their parts', () => {
    const { words, isIdentifier } = questionOf('How do we parseArgs of the command line?');
    expect(words).toEqual(['parseargs', 'parse', 'args', 'command', 'line']);
    expect(isIdentifier).toBe(false);
  });

  it.each([
    ['parseArgs', ['parseArgs'], []],
    ['E_USAGE', ['E_USAGE'], []],
    ['snake_case', ['snake_case'], []],
    ['Server.listen()', ['listen'], []],
    ['std::io::Error', ['Error'], []],
    ['fuse', ['fuse'], []],
    ['sha256', ['sha256'], []],
    ['Backoff', ['Backoff'], []],
    ['where is the rate-limit?', ['rate-limit'], []],
    ['src/cli/main.ts', [], ['src/cli/main.ts']],
    ['./main.ts', [], ['main.ts']],
    ['main.ts parseArgs', ['parseArgs'], ['main.ts']],
  ])('%s asks for a place', (query, names, paths) => {
    expect(questionOf(query)).toMatchObject({ names, paths, isIdentifier: true });
  });

  it('in words may name things, quoted or not', () => {
    expect(questionOf('refactor `kill()` and parseArgs')).toMatchObject({
      names: ['kill', 'parseArgs'],
      isIdentifier: false,
    });
  });

  it('says whether it is about tests or documents', () => {
    expect(questionOf('add tests for flags')).toMatchObject({ wantsTests: true, wantsDocs: false });
    expect(questionOf('fix README')).toMatchObject({ wantsTests: false, wantsDocs: true });
    expect(questionOf('latest contest')).toMatchObject({ wantsTests: false, wantsDocs: false });
  });

  it('of common words only keeps them, of nothing is nothing', () => {
    expect(questionOf('what is it').words).toEqual(['what', 'is', 'it']);
    expect(questionOf(' \n\t…!?🙂').words).toEqual([]);
    expect(questionOf('').isIdentifier).toBe(false);
  });

  it('of five megabytes is looked at as far as it tells something', () => {
    for (const text of [
      'someName '.repeat(600_000),
      'a/'.repeat(2_600_000),
      '_'.repeat(5_200_000),
      'aB'.repeat(2_600_000),
    ]) {
      const started = performance.now();
      const { words, names, paths } = questionOf(text);
      expect(words.length + names.length + paths.length).toBeLessThan(60);
      expect(performance.now() - started).toBeLessThan(1000);
    }
  });
});
