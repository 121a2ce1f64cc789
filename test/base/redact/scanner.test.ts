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
  const size = 5_000_000;
  test.each([
    'a',
    'aB3xK9',
    '=',
    '"',
    "'",
    '\\',
    'password=',
    'password: "',
    'password=\\"',
    'token ',
    '-----BEGIN PRIVATE KEY-----',
    "ghp_'+'",
    'eyJhbGciOiJIUzI1NiJ9.',
    'Cookie: a=b;',
    'Authorization: Bearer ',
    'http://a:',
    'QUJDREVGR0hJSktM/',
    'QUJDREVGR0hJSktMQUJDREVGR0hJSktMQUJDREVGR0hJSktMQUJDREVGR0hJSktM\n',
    'name="password" value="',
    'curl -u ',
    '[redacted',
  ])('five megabytes of %j take no longer than ten times half a megabyte', (unit) => {
    const { find } = scanner(['hunter2-hunter2']);
    const of = (chars: number): number => {
      const text = unit.repeat(Math.ceil(chars / unit.length));
      const startedAt = performance.now();
      find(text);
      return performance.now() - startedAt;
    };
    of(size / 50);
    // What is quadratic takes a hundred times as long, and minutes at this size.
    expect(of(size)).toBeLessThan(20 * of(size / 10) + 2000);
  });
});
