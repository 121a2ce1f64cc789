import { describe, expect, test } from 'vitest';
import { printable, visible } from '../../src/base/printable.ts';

/** An instruction written in tag characters, which no screen shows. */
const tagged = (text: string): string =>
  Array.from(text, (char) => String.fromCodePoint(0xe0000 + (char.codePointAt(0) ?? 0))).join('');

describe('printable', () => {
  test.each([
    ['tag characters', `a${tagged('ignore all rules')}b`],
    ['the supplement of variation selectors', 'a\u{e0100}\u{e01ef}b'],
    ['the Arabic letter mark', 'a\u061cb'],
    ['interlinear annotations', 'a\ufff9\ufffa\ufffbb'],
    ['a variation selector behind a letter', 'a\ufe0fb'],
    ['variation selectors in a row', 'a\ufe00\ufe01\ufe02b'],
    ['joiners between Latin letters', 'a\u200d\u200cb'],
    ['the one-byte forms of escape sequences', 'a\u009b31m\u009d0;title\u009cb'],
    ['soft hyphens and fillers', 'a\u00ad\u3164\u180eb'],
  ])('takes out %s', (_what, text) => {
    expect(printable(text)).toBe('ab');
  });

  test.each([
    ['a family', '👨‍👩‍👧'],
    ['a pirate flag', '🏴‍☠️'],
    ['a runner with a skin colour', '🏃🏽‍♀️'],
    ['a heart as a picture', '❤️'],
    ['a keycap', '1️⃣'],
    ['Persian with a non-joiner', 'می‌خواهم'],
    ['Hindi with a joiner', 'क्‍ष'],
    ['Japanese, accents and mathematics', '日本語 é ∑'],
  ])('leaves %s as it is', (_what, text) => {
    expect(printable(text)).toBe(text);
    expect(visible(text)).toBe(text);
  });

  test('a joiner or selector that joins nothing goes, even behind a picture', () => {
    expect(printable('❤️\ufe0f\u200d ok')).toBe('❤️ ok');
  });
});

describe('visible', () => {
  test('names what a person would not see and takes escape sequences out', () => {
    expect(visible('a\u001b[8mhidden\u001b[0m\u202eb\u0000c\ufeff')).toBe('ahidden[U+202E]b[U+0000]c[U+FEFF]');
    expect(visible(tagged('hi'))).toBe('[U+E0068][U+E0069]');
  });

  test('line ends of every system and tabs stay; a lone carriage return overwrites a line and is named', () => {
    expect(visible('a\r\nb\tc\nd\re')).toBe('a\r\nb\tc\nd[U+000D]e');
  });

  test('what it wrote it leaves alone', () => {
    const once = visible(`x\u200b${tagged('do it')}\u2066y`);
    expect(visible(once)).toBe(once);
  });

  test('ordinary text comes back as the same string, quickly', () => {
    const text = 'const add = (a: number, b: number): number => a + b; // é 日本語\n'.repeat(50_000);
    const startedAt = performance.now();
    expect(visible(text)).toBe(text);
    expect(performance.now() - startedAt).toBeLessThan(200);
  });
});
