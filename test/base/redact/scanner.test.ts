import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { scanner, scanSecrets } from '../../../src/base/redact/scanner.ts';
import { seeded } from '../../corpus/secrets.ts';

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const random = seeded(20261127);
const body = (count: number): string => Array.from({ length: count }, () => base62[Math.floor(random() * 62)]).join('');
const inBase62 = (value: number): string => {
  let out = '';
  for (let rest = value, place = 0; place < 6; place++, rest = Math.floor(rest / 62))
    out = (base62[rest % 62] ?? '') + out;
  return out;
};

const coveredBy = (text: string, values: readonly string[] = []): string[] =>
  scanner(values)
    .find(text)
    .map(({ start, end }) => text.slice(start, end));

describe('tokens', () => {
  test('a checksum that is right makes it certain, a wrong one leaves it probable', () => {
    const head = body(30);
    const good = `ghp_${head}${inBase62(crc32(head))}`;
    const bad = `ghp_${head}${inBase62((crc32(head) + 1) >>> 0)}`;
    expect(scanSecrets(`a\n  x ${good}`)).toEqual([
      { rule: 'github-token', line: 2, column: 5, length: 40, redacted: 'ghp_…(40)', confidence: 'high' },
    ]);
    expect(scanSecrets(bad)).toMatchObject([{ rule: 'github-token', confidence: 'medium' }]);
  });

  test('a header that is no JSON with an algorithm makes no JWT', () => {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const of = (head: unknown): string => `${part(head)}.${part({ sub: '1', name: 'x' })}.${body(43)}`;
    expect(coveredBy(`x ${of({ alg: 'none' })}`)).toHaveLength(1);
    expect(coveredBy(`x ${of({ kid: 'no algorithm' })}`)).toEqual([]);
  });

  test('what only stands on the next line is no part of a whole token', () => {
    const token = `sk-ant-api03-${body(90)}`;
    expect(coveredBy(`${token}\nwhatever\n`)).toEqual([token]);
  });
});

describe('several tokens', () => {
  const tokens = [0, 1, 2].map(() => {
    const head = body(30);
    return `ghp_${head}${inBase62(crc32(head))}`;
  });

  test.each([', ', ' ', '\n', ' +\n'])('stay several with %j between their quotes', (between) => {
    expect(coveredBy(tokens.map((token) => `"${token}"`).join(between))).toEqual(tokens);
  });

  test('each keeps its own checksum when they stand on lines of their own', () => {
    expect(coveredBy(tokens.join('\n'))).toEqual(tokens);
    const others = [1, 2].map(() => `sk-ant-api03-${body(60)}`);
    expect(coveredBy(others.join('\n'))).toEqual(others);
  });
});

describe('known values', () => {
  const value = 'cat "sat"/mat\nünd';
  const found = (text: string): boolean => coveredBy(text, [value]).length === 1;

  test('are found as they are, in JSON, in JSON in JSON, and encoded for a URL', () => {
    expect(coveredBy(`<${value}>`, [value])).toEqual([value]);
    expect(found(JSON.stringify({ a: value }))).toBe(true);
    expect(found(JSON.stringify(JSON.stringify({ a: value })))).toBe(true);
    expect(found(`?a=${encodeURIComponent(value)}&b`)).toBe(true);
  });

  test('are found in base64 wherever they lie in it, and the whole word is covered', () => {
    for (const before of ['', 'u:', 'user:', 'abc']) {
      const word = Buffer.from(`${before}${value}!`).toString('base64');
      expect(coveredBy(`x ${word} y`, [value])).toEqual([word]);
      expect(coveredBy(`x ${Buffer.from(`${before}${value}!`).toString('base64url')} y`, [value])).toHaveLength(1);
    }
  });

  test('many of them, one within another, are found as the longest', () => {
    const values = Array.from({ length: 50 }, (_, index) => `value-number-${index}`);
    expect(coveredBy('a value-number-49b value-number-4', values)).toEqual(['value-number-49', 'value-number-4']);
  });
});

describe('time', () => {
  // What is quadratic takes minutes at these sizes.
  test.each([
    ['a', 5_000_000],
    ['=', 5_000_000],
    ['"', 5_000_000],
    ['aB3xK9', 1_000_000],
    ["'", 1_000_000],
    ['\\', 1_000_000],
    ['password=', 1_000_000],
    ['password: "', 1_000_000],
    ['password=\\"', 1_000_000],
    ['token ', 1_000_000],
    ['-----BEGIN PRIVATE KEY-----', 1_000_000],
    ["ghp_'+'", 1_000_000],
    ['eyJhbGciOiJIUzI1NiJ9.', 1_000_000],
    ['Cookie: a=b;', 1_000_000],
    ['Authorization: Bearer ', 1_000_000],
    ['http://a:', 1_000_000],
    ['QUJDREVGR0hJSktM/', 1_000_000],
    ['QUJDREVGR0hJSktMQUJDREVGR0hJSktMQUJDREVGR0hJSktMQUJDREVGR0hJSktM\n', 1_000_000],
    ['name="password" value="', 1_000_000],
    ['curl -u ', 1_000_000],
    ['[redacted', 1_000_000],
  ])('%j over and over is read in linear time', (unit, size) => {
    const text = unit.repeat(Math.ceil(size / unit.length));
    const startedAt = performance.now();
    scanner(['hunter2-hunter2']).find(text);
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });
});
