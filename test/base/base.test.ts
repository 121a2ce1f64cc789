import { describe, expect, test } from 'vitest';
import { CopilotError, configError, interruptedError, isCopilotError, messageOf } from '../../src/base/errors.ts';
import { matchesPath, matchesText } from '../../src/base/glob.ts';
import { nearest } from '../../src/base/nearest.ts';
import { printable } from '../../src/base/printable.ts';
import { redacted, redactor, secretValues } from '../../src/base/redact/redactor.ts';
import { drain, merge } from '../../src/base/streams.ts';

describe('path patterns', () => {
  test.each([
    ['.env*', '.env', true],
    ['.env*', 'packages/a/.env.local', true],
    ['.env*', 'src/env.ts', false],
    ['src/**', 'src/a/b.ts', true],
    ['src/**', 'lib/src/a.ts', false],
    ['/src', 'src/a.ts', false],
    ['**/*.pem', 'keys/a/b.pem', true],
    ['**/*.pem', 'b.pem', true],
    ['secrets/', 'secrets/deep/x', true],
    ['*.{key,pem}', 'x/y.key', true],
    ['*.{key,pem}', 'x/y.kex', false],
    ['a?c', 'abc', true],
    ['a?c', 'a/c', false],
    ['[ab].ts', 'a.ts', true],
    ['[!ab].ts', 'a.ts', false],
    ['a+b(c).ts', 'a+b(c).ts', true],
    ['a{b', 'a{b', true],
    ['a[b', 'a[b', true],
    ['/etc/*', '/etc/passwd', true],
    ['/etc/*', '/etc', false],
    ['./src/*.ts', 'src/a.ts', true],
    ['line\nbreak', 'line\nbreak', true],
    ['[z-a].ts', 'b.ts', false],
    ['[a-c].ts', 'b.ts', true],
    ['[]a].ts', ']a].ts', false],
    ['[]a].ts', '].ts', true],
    ['*.{js,[tm]s}', 'a.ts', true],
    ['**/a/**/b', 'x/a/y/z/b/c', true],
    ['a**c', 'a/b/c', true],
  ])('%s against %s is %s', (pattern, path, expected) => {
    expect(matchesPath(pattern, path)).toBe(expected);
  });

  test('answers at once where a pattern says any folder again and again, and the path is deep', () => {
    const deep = `deep/${'a/'.repeat(1500)}x.ts`;
    const startedAt = performance.now();
    expect(matchesPath(`deep/${'**/'.repeat(30)}*.md`, deep)).toBe(false);
    expect(matchesPath(`deep/${'**/'.repeat(30)}*.ts`, deep)).toBe(true);
    expect(matchesPath('a*****b', 'axxb')).toBe(true);
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });
});

describe('patterns that say little in many ways', () => {
  test('are answered at once, however long the text', () => {
    const startedAt = performance.now();
    expect(matchesPath(`${'*a'.repeat(12)}*b`, `src/${'a'.repeat(4000)}`)).toBe(false);
    expect(matchesPath(`**${'/*a*/**'.repeat(8)}/b`, 'aaa/'.repeat(900))).toBe(false);
    expect(matchesText(`git ${'* '.repeat(10)}x`, `git ${'a '.repeat(10_000)}`)).toBe(false);
    expect(matchesText(`git ${'* '.repeat(10)}x`, `git ${'a '.repeat(10_000)}x`)).toBe(true);
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });
});

describe('command patterns', () => {
  test.each([
    ['npm test *', 'npm test', true],
    ['npm test *', 'npm test -- --watch', true],
    ['npm test *', 'npm tests', false],
    ['git * --force', 'git push --force', true],
    ['foo.*', 'foo.bar', true],
    ['foo.*', 'fooxbar', false],
    ['a?', 'ab', false],
    ['*', 'anything\nat all', true],
  ])('%s against %s is %s', (pattern, command, expected) => {
    expect(matchesText(pattern, command)).toBe(expected);
  });
});

describe('nearest', () => {
  test('finds a mistyped word', () => expect(nearest('sesions', ['sessions', 'config'])).toBe('sessions'));
  test('finds a word by its beginning', () => expect(nearest('perm', ['permissions', 'model'])).toBe('permissions'));
  test('finds nothing for something else', () => expect(nearest('zebra', ['sessions', 'config'])).toBeUndefined());
});

describe('printable', () => {
  test('takes out escape sequences, control and invisible characters', () => {
    expect(printable('a\u001b[31mred\u001b[0m\u001b]8;;http://x\u0007b\u202ec\u200bd\te\r\nf\rg')).toBe(
      'aredbcd\te\nfg',
    );
  });
});

describe('redaction', () => {
  const redact = redactor(
    secretValues({ MY_API_KEY: 'abc"def\nghi', PATH: '/usr/local/bin', SHORT_TOKEN: 'abc', AUTHOR: 'somebody long' }),
  );

  test('replaces values of secret-looking variables, also inside JSON', () => {
    expect(redact('x abc"def\nghi y')).toBe('x [redacted] y');
    expect(redact(JSON.stringify({ a: 'abc"def\nghi' }))).toBe('{"a":"[redacted]"}');
  });

  test('finds a token behind a tab or a line feed that JSON wrote as a letter', () => {
    const token = `ghp_${'c3'.repeat(18)}`;
    for (const before of ['\t', '\n', '\r', '\u001b', ' '])
      expect(redact(JSON.stringify({ text: `1${before}${token}` }))).not.toContain(token);
  });

  test('the current folder is no secret, a variable that ends in _PWD is', () => {
    expect(secretValues({ PWD: '/srv/project', OLDPWD: '/srv/other', DB_PWD: 'hunter2hunter2' })).toEqual([
      'hunter2hunter2',
    ]);
  });

  test('a value keeps its shape and its numbers when its texts are redacted', () => {
    const clean = redactor(['12345678']);
    expect(redacted({ tokens: 12345678, list: ['a 12345678', null, true], 12345678: 'x' }, clean)).toEqual({
      tokens: 12345678,
      list: ['a [redacted]', null, true],
      12345678: 'x',
    });
  });

  test('leaves ordinary variables and short values alone', () => {
    expect(redact('/usr/local/bin abc somebody long')).toBe('/usr/local/bin abc somebody long');
  });

  test.each([
    `sk-ant-${'a1'.repeat(15)}`,
    `sk-proj-${'b2'.repeat(15)}`,
    `ghp_${'c3'.repeat(18)}`,
    `AKIA${'ABCD'.repeat(4)}`,
    '-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----',
  ])('replaces the token format of %s', (secret) => {
    expect(redact(`before ${secret} after`)).toBe('before [redacted] after');
  });
});

describe('errors', () => {
  test('are known by their brand, not by their class', () => {
    expect(isCopilotError(configError('x'))).toBe(true);
    expect(isCopilotError(new Error('x'))).toBe(false);
    expect(isCopilotError(null)).toBe(false);
    expect(isCopilotError('text')).toBe(false);
  });

  test('keep their cause and exit code', () => {
    const cause = new Error('inner');
    const error = new CopilotError('outer', { code: 'E_X', exitCode: 3, cause });
    expect(error.cause).toBe(cause);
    expect(interruptedError().exitCode).toBe(130);
    expect(messageOf('plain')).toBe('plain');
  });
});

describe('merge', () => {
  async function* count(name: string, until: number, closed: string[] = []): AsyncGenerator<string, string> {
    try {
      for (let i = 1; i <= until; i++) {
        await Promise.resolve();
        yield `${name}${i}`;
      }
      return name;
    } finally {
      closed.push(name);
    }
  }

  test('yields everything and returns the results in the given order', async () => {
    const seen: string[] = [];
    const results = await drain(merge([count('a', 3), count('b', 1)]), (item) => seen.push(item));
    expect(results).toEqual(['a', 'b']);
    expect(seen.sort()).toEqual(['a1', 'a2', 'a3', 'b1']);
  });

  test('closes the others when one throws', async () => {
    const closed: string[] = [];
    async function* bad(): AsyncGenerator<string, string> {
      yield 'x';
      throw new Error('broken');
    }
    await expect(drain(merge([count('a', 100, closed), bad()]))).rejects.toThrow('broken');
    expect(closed).toEqual(['a']);
  });

  test('closes all when the consumer stops', async () => {
    const closed: string[] = [];
    for await (const _item of merge([count('a', 100, closed), count('b', 100, closed)])) break;
    expect(closed.sort()).toEqual(['a', 'b']);
  });
});
