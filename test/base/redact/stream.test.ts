import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redactor } from '../../../src/base/redact/redactor.ts';
import { scanner } from '../../../src/base/redact/scanner.ts';
import { redactingStream } from '../../../src/base/redact/stream.ts';
import { ordinaryTexts, secretSamples, seeded } from '../../corpus/secrets.ts';

const random = seeded(11);
const word = (count: number): string =>
  Array.from({ length: count }, () => 'abcdefghijkmnpqrstuvwxyzABCDEFGH23456789'[Math.floor(random() * 40)]).join('');
const known = ['correct horse\nbattery staple', 'pa"ss\\word-77'];
const redact = redactor(known, (rule) => `[redacted:${rule}]`);

const chunked = (text: string, sizes: readonly number[]): string[] => {
  const chunks: string[] = [];
  for (let at = 0, turn = 0; at < text.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    chunks.push(text.slice(at, at + size));
    at += size;
  }
  return chunks;
};
const through = (chunks: readonly string[], by = redact): string => {
  const stream = redactingStream(by);
  return chunks.map(stream.push).join('') + stream.end();
};

const texts = [
  ...secretSamples.map(({ text }) => text),
  ...ordinaryTexts,
  `before ${known[0] ?? ''} between ${JSON.stringify(known[1])} after`,
  `a ${known[0]?.slice(0, 14) ?? ''} no more of it`,
  ...[(line: number) => `${line}\t`, () => '-', (line: number) => `a/b.pem:${line}:`].map((prefix) =>
    ['-----BEGIN PRIVATE KEY-----', word(64), word(64), word(30), '-----END PRIVATE KEY-----', 'x']
      .map((line, index) => `${prefix(index + 1)}${line}`)
      .join('\n'),
  ),
];

describe('a redacting stream', () => {
  test('gives what the whole text gives, however it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...texts), { minLength: 1, maxLength: 3 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 }),
        (chosen, sizes) => {
          const text = chosen.join('\n');
          expect(through(chunked(text, sizes))).toBe(redact(text));
        },
      ),
      { numRuns: 300, seed: 1127 },
    );
  });

  test('shows no eight characters of a secret on the way, letter by letter', () => {
    const { find } = scanner();
    const plain = redactor([]);
    const pieces = (secret: string): string[] =>
      Array.from({ length: Math.max(0, secret.length - 7) }, (_, at) => secret.slice(at, at + 8));
    for (const { id, text, secrets } of secretSamples) {
      const found = find(text);
      const covered = secrets.filter((secret) => {
        const at = text.indexOf(secret);
        return found.some(({ start, end }) => start <= at && end >= at + secret.length);
      });
      const out = through(chunked(text, [1]), plain);
      for (const secret of covered)
        expect(
          pieces(secret).find((piece) => out.includes(piece)),
          id,
        ).toBeUndefined();
    }
  });

  test('shows words as they come and holds only the last one back', () => {
    const stream = redactingStream(redact);
    expect(stream.push('The answer ')).toBe('The answer ');
    expect(stream.push('is fo')).toBe('is ');
    expect(stream.push('und in the file. ')).toBe('found in the file. ');
    expect(stream.push('password: ')).toBe('password: ');
    expect(stream.push('"abc9')).toBe('"');
    expect(stream.push('!defX"')).not.toContain('abc9');
    expect(stream.end()).not.toContain('abc9');
  });

  test('holds a private key back and lets go of one that never ends', () => {
    const stream = redactingStream(redact);
    let out = stream.push('key:\n-----BEGIN PRIVATE KEY-----\n');
    const startedAt = performance.now();
    for (let line = 0; line < 4000; line++) out += stream.push(`${word(64)}\n`);
    out += stream.push('-----END PRIVATE KEY-----\nand then ');
    out += stream.end();
    expect(out).toBe('key:\n[redacted:private-key]\nand then ');
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });

  test('a redactor that is only a function redacts at the end', () => {
    const stream = redactingStream((text) => text.replaceAll('cat', 'dog'));
    expect(stream.push('a ca') + stream.push('t') + stream.end()).toBe('a dog');
  });

  test('a long answer in small pieces takes time in proportion to its length', () => {
    const text = 'Some words of an answer, with `code(x)` and numbers 12, over lines.\n'.repeat(600);
    const startedAt = performance.now();
    expect(through(chunked(text, [5]))).toBe(text);
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });
});
