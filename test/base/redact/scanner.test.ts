import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { redactor } from '../../../src/base/redact/redactor.ts';
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

describe('a private key', () => {
  const lines = [0, 1, 2, 3].map(() => body(64));
  const key = ['-----BEGIN PRIVATE KEY-----', ...lines, `${body(20)}==`, '-----END PRIVATE KEY-----'];
  const labelled = (text: string): { shown: string; values: string[] } => {
    const values: string[] = [];
    return { shown: redactor([], (_rule, value) => (values.push(value), '[key]'))(text), values };
  };
  const written = (prefix: (index: number) => string): string =>
    key.map((line, index) => `${prefix(index)}${line}\n`).join('');

  test.each<[string, (index: number) => string]>([
    ['read', (index) => `${index + 8}\t`],
    ['cat -n', (index) => `${String(index + 8).padStart(6)}\t`],
    ['grep -n', (index) => `${index + 1}:`],
    ['grep -n with lines around', (index) => `${index + 1}${index === 0 ? ':' : '-'}`],
    ['grep -r', () => 'certs/key.pem:'],
    ['grep -r with lines around', (index) => (index === 0 ? 'certs/key.pem:' : 'certs/key.pem-')],
    ['grep -rn', (index) => `certs/key.pem:${index + 9}:`],
    ['a diff that removes it', () => '-'],
    ['a diff that adds it', () => '+'],
    ['git blame', (index) => `^1a2b3c4 (Jo Doe 2026-11-01 10:00:00 +0000 ${String(index + 8).padStart(2)}) `],
  ])('is found as %s shows it, and is itself what its name stands for', (_what, prefix) => {
    expect(labelled(`x\n${written(prefix)}y\n`)).toEqual({
      shown: `x\n${prefix(0)}[key]\ny\n`,
      values: [key.join('\n')],
    });
  });

  test.each(['# ', '// ', ' * ', '> '])('in a comment that begins with %j is found, and keeps it', (prefix) => {
    const { shown, values } = labelled(written(() => prefix));
    expect(shown).toBe(`${prefix}[key]\n`);
    expect(`${prefix}${values[0] ?? ''}\n`).toBe(written(() => prefix));
  });

  test('is found by its end alone, numbered or not, and mentions of its end are none', () => {
    const rest = key.slice(3);
    expect(labelled(`${rest.join('\n')}\n`)).toEqual({ shown: '[key]\n', values: [rest.join('\n')] });
    expect(labelled(rest.map((line, index) => `${index + 4}\t${line}`).join('\n'))).toEqual({
      shown: '4\t[key]',
      values: [rest.join('\n')],
    });
    expect(labelled("until(line ===\n  '-----END PRIVATE KEY-----')").values).toEqual([]);
  });
});

describe('numbered lines', () => {
  const secret = body(24);
  test.each([
    `password: |\n  ${secret}\nport: 1`,
    `password:\n  "${secret}"\nport: 1`,
    `const apiKey =\n  '${secret.slice(0, 12)}' +\n  '${secret.slice(12)}';\nx();`,
  ])('hide no more than the lines alone: %j', (text) => {
    const numbered = text
      .split('\n')
      .map((line, index) => `${index + 9}\t${line}`)
      .join('\n');
    const values = (shown: string): string[] => {
      const all: string[] = [];
      redactor([], (_rule, value) => (all.push(value), ''))(shown);
      return all;
    };
    expect(values(text)).toHaveLength(1);
    expect(values(numbered)).toEqual(values(text));
  });
});

test('a known value that begins like a number of a line is found whole', () => {
  expect(coveredBy('40-ships\n41-horses-in-rain\n42', ['41-horses-in-rain'])).toEqual(['41-horses-in-rain']);
});

describe('wrapped base64', () => {
  test('ends with its line when the next is another of the file', () => {
    const wrapped = Buffer.from(`password=${body(24)} token=${body(30)}`)
      .toString('base64')
      .replace(/=+$/, '');
    expect(coveredBy(`data: ${wrapped}\nb: 2\n`)).toEqual([wrapped]);
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
    ['-----END PRIVATE KEY-----', 1_000_000],
    ['# -----END PRIVATE KEY-----\n', 1_000_000],
    [`${'QUJD'.repeat(16)}\n-----END PRIVATE KEY-----\n`, 1_000_000],
    ['1\tx\n2\t-----BEGIN PRIVATE KEY-----\n', 1_000_000],
  ])('%j over and over is read in linear time', (unit, size) => {
    const text = unit.repeat(Math.ceil(size / unit.length));
    const startedAt = performance.now();
    scanner(['hunter2-hunter2']).find(text);
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });
});

describe('a known value that was cut', () => {
  const value = 'Tr0ub4dor-and-3-horses-in-a-row';
  const redact = redactor([value]);
  test.each([
    ['at the end of a line that was too long', `x = ${value.slice(0, 14)}… [91 more bytes in this line]`],
    ['by a search', `a.ts:1: key ${value.slice(0, 9)} [… cut]`],
    ['in the middle of an output', `log ${value.slice(0, 8)}\n… 90,000 bytes left out …\n${value.slice(20)} end`],
    ['on both sides', `${value.slice(0, 10)}…${value.slice(12)}`],
  ])('is found %s', (_name, text) => {
    const out = redact(text);
    for (let at = 0; at + 8 <= value.length; at++) expect(out).not.toContain(value.slice(at, at + 8));
    expect(out).toContain('…');
  });

  test('is not guessed from less than six characters, nor where nothing was cut', () => {
    for (const text of [`x ${value.slice(0, 5)}… y`, `and ${value.slice(0, 12)} so on`, `… words in a row`])
      expect(redact(text)).toBe(text);
  });
});
