import { describe, expect, test } from 'vitest';
import { isOrdinary, redacted, redactor, secretValues } from '../../../src/base/redact/redactor.ts';
import { seeded } from '../../corpus/secrets.ts';

const random = seeded(7);
const word = (count: number): string =>
  Array.from({ length: count }, () => 'abcdefghijkmnpqrstuvwxyzABCDEFGH23456789'[Math.floor(random() * 40)]).join('');

describe('a redactor', () => {
  test('puts the label of its rule where the secret was', () => {
    const token = `glpat-${word(20)}`;
    const redact = redactor(['swordfish-9'], (rule, value) => `[redacted:${rule}:${value.length}]`);
    expect(redact(`a ${token} b swordfish-9`)).toBe(`a [redacted:gitlab-token:26] b [redacted:known-value:11]`);
  });

  test('leaves ordinary known values alone', () => {
    const redact = redactor(['password', 'changeme', 'short', 'xxxxxxxxxx', 'production', 'not-so-ordinary-1']);
    const text = 'password changeme short xxxxxxxxxx production';
    expect(redact(text)).toBe(text);
    expect(redact('is not-so-ordinary-1.')).toBe('is [redacted].');
    expect(['localhost', 'Password', '        ', 'x1y2z3'].every(isOrdinary)).toBe(true);
    expect(['12345678', 'hunter2-hunter2'].some(isOrdinary)).toBe(false);
  });

  test('answers the same for a long text asked again', () => {
    const redact = redactor([]);
    const texts = Array.from({ length: 100 }, (_, index) => `${index} ${'x y '.repeat(100)}glpat-${word(20)}`);
    const first = texts.map(redact);
    expect(texts.map(redact)).toEqual(first);
    expect(first.every((text) => text.endsWith('[redacted]'))).toBe(true);
  });

  test('names of variables decide about their values; a passphrase counts', () => {
    expect(secretValues({ VAULT_PASSPHRASE: 'tea for two', EDITOR: 'some editor', TOKENIZER: 'o200k_base' })).toEqual([
      'tea for two',
    ]);
  });
});

describe('a redactor that learns', () => {
  test('knows the value from then on, wherever it stands, and in texts it answered before', () => {
    const redact = redactor([]);
    const text = `${'x y '.repeat(100)} plain-words-7`;
    expect(redact(text)).toBe(text);
    redact.learn?.('plain-words-7', 'short');
    expect(redact(text)).toBe(text.replace('plain-words-7', '[redacted]'));
    expect(redact('a short one')).toBe('a short one');
  });
});

describe('a redacted value', () => {
  test('is found when it goes over the lines of a list', () => {
    const key = ['-----BEGIN PRIVATE KEY-----', word(64), word(40), '-----END PRIVATE KEY-----'];
    const redact = redactor([], (rule) => `[${rule}]`);
    expect(redacted(['a', ...key, 'b'], redact)).toEqual(['a', '[private-key]', '', '', '', 'b']);
    const matches = key.map((text, index) => ({ path: 'key.pem', line: index + 1, text: `  ${text}` }));
    expect(redacted({ matches }, redact).matches.map(({ text }) => text)).toEqual(['  [private-key]', '', '', '']);
  });

  test('loses what stands under the name of a secret and keeps the name', () => {
    const password = `Ab1!${word(8)}`;
    const value = { env: { DB_PASSWORD: password, USER: 'jo' }, list: [{ api_key: word(32), tokens: 12 }], note: 'x' };
    expect(redacted(value, redactor([]))).toEqual({
      env: { DB_PASSWORD: '[redacted]', USER: 'jo' },
      list: [{ api_key: '[redacted]', tokens: 12 }],
      note: 'x',
    });
  });

  test('is the same when read again', () => {
    const redact = redactor([], (rule) => `[redacted:${rule}:1a2b3c4d]`);
    const once = redacted({ password: `Xy7#${word(9)}`, text: `token=${word(40)}` }, redact);
    expect(redacted(once, redact)).toEqual(once);
  });
});
