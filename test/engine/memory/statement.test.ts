import { describe, expect, it } from 'vitest';
import { contradictionOf, saysTheSame } from '../../../src/engine/memory/statement.ts';

describe('two texts with near vectors', () => {
  it.each([
    ['Use ESM imports', 'use esm  imports.'],
    [
      'The tests need PostgreSQL on port 5432, started with docker',
      'Tests need PostgreSQL on port 5432 (started with docker)',
    ],
    ['Use pnpm to install packages.', 'Packages are installed by pnpm'],
  ])('say the same: %s | %s', (a, b) => {
    expect(saysTheSame(a, b, 0.9)).toBe(true);
    expect(contradictionOf(a, b, 0.9)).toBeUndefined();
  });

  it.each([
    ['a number differs', 'The timeout of the worker is 30 seconds', 'The timeout of the worker is 60 seconds'],
    ['a version differs', 'Node v20.1 is required here', 'Node v20.2 is required here'],
    ['one says not', 'Mock modules in tests', "Don't mock modules in tests"],
    ['an opposite', 'Caching is enabled in production', 'Caching is disabled in production'],
    [
      'a name differs',
      'Tests need PostgreSQL, started with docker compose',
      'Tests need MySQL, started with docker compose',
    ],
    ['an identifier differs', 'parseHeader must not allocate memory', 'parseBody must not allocate memory'],
    ['a flag differs', 'Build with --release for the benchmark', 'Build with --debug for the benchmark'],
    [
      'another word in the same place',
      'Send the report to the team on Monday',
      'Send the invoice to the team on Monday',
    ],
    ['a number is only in one', 'Retry the upload of the report', 'Retry the upload of the report 3 times'],
    ['one has an exception', 'The cache is cleared at start', 'The cache is cleared at start unless asked'],
    ['one is narrower', 'The cache is cleared at start', 'The cache is cleared at start only in CI'],
  ])('do not say the same when %s', (_, a, b) => {
    expect(saysTheSame(a, b, 0.98)).toBe(false);
  });

  it('are two when the vectors are not that near, and go by words where there is no vector', () => {
    expect(saysTheSame('Use pnpm to install packages.', 'Packages are installed by pnpm', 0.8)).toBe(false);
    expect(saysTheSame('Install packages with pnpm', 'Packages install with pnpm', undefined)).toBe(true);
    expect(saysTheSame('Install packages with pnpm', 'Packages come from the mirror', undefined)).toBe(false);
  });
});

describe('two texts', () => {
  it.each([
    ['one says not', 'Use pnpm to install packages.', 'Do not use pnpm to install packages.'],
    ['one says not', 'Always run the linter before committing', 'Never run the linter before committing'],
    ['the values differ', 'Use pnpm for installs', 'Use yarn for installs'],
    ['the values differ', 'The default branch is main', 'The default branch is master'],
    ['the numbers differ', 'The server listens on port 3000', 'The server listens on port 4000'],
    ['they say the opposite', 'Indent with tabs', 'Indent with spaces'],
  ])('contradict each other: %s', (why, a, b) => {
    expect(contradictionOf(a, b, 0.7)).toBe(why);
    expect(contradictionOf(b, a, undefined)).toBe(why);
  });

  it.each([
    ['about different things', 'Tests for the parser live in test/parser', 'Tests for the lexer live in test/lexer'],
    ['with more said', 'The timeout is 30 seconds', 'The timeout is 30 seconds in CI'],
    ['with numbers of different things', 'The parser takes 3 seconds', 'The whole build takes 40 seconds on CI'],
    ['with nothing in common', 'Never push to main', 'Use tabs'],
    [
      'with different things said of one',
      'The function add lives in src/add.js',
      'The function add is called by nobody',
    ],
    ['negated twice', 'Never commit without tests', 'Commit with tests'],
  ])('do not contradict each other: %s', (_, a, b) => {
    expect(contradictionOf(a, b, 0.7)).toBeUndefined();
  });
});
