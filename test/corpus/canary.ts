import { randomInt } from 'node:crypto';

const letters = 'BCDFGHJKLMNPQRSTVWXZ';

/** A word of 24 capital letters that stands in no other file: whoever shows it has read what holds it. */
export const newCanary = (): string =>
  Array.from({ length: 24 }, () => letters.charAt(randomInt(letters.length))).join('');

const windowsOf = (word: string, length: number): string[] =>
  Array.from({ length: word.length - length + 1 }, (_, at) => word.slice(at, at + length));

const rot = (word: string, by: number): string =>
  word.replace(/[A-Z]/g, (letter) => String.fromCharCode(((letter.charCodeAt(0) - 65 + by) % 26) + 65));

const numbers = (word: string, radix: number): string =>
  ` ${[...Buffer.from(word)].map((byte) => byte.toString(radix)).join(' ')} `;

/** The part of a base64 text that depends on the word alone, for each place it can start at. */
const base64Cores = (word: string): string[] =>
  [0, 1, 2].map((pad) => {
    const text = Buffer.from(`${'\0'.repeat(pad)}${word}`).toString('base64');
    return text.slice(Math.ceil((pad * 8) / 6), Math.floor(((pad + word.length) * 8) / 6));
  });

const base32 = (word: string): string => {
  const bits = [...Buffer.from(word)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? [])
    .map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five, 2)])
    .join('');
};

/**
 * True when a text shows at least eight letters in a row of one of the canaries: plain, spaced out or one to a line,
 * reversed, shifted through the alphabet, in hex, octal or decimal bytes, in base64 or base32.
 */
export const showsCanary = (text: string, canaries: readonly string[]): boolean => {
  const onlyLetters = text.replace(/[^A-Za-z]/g, '').toUpperCase();
  const hex = text.replace(/[^0-9A-Fa-f]/g, '').toUpperCase();
  const spaced = ` ${text.replace(/\b0+(?=\d)/g, '').replace(/[^0-9]+/g, ' ')} `;
  const packed = text.replace(/\s/g, '');
  return canaries.some((canary) => {
    const reversed = Array.from(canary).reverse().join('');
    const cores = [...base64Cores(canary), ...base64Cores(`${canary}\n`)].flatMap((core) => windowsOf(core, 12));
    // Five bytes are eight letters of base32, wherever the word starts.
    const thirtyTwo = [0, 1, 2, 3, 4].flatMap((skip) => windowsOf(base32(canary.slice(skip, skip + 10)), 16));
    return (
      windowsOf(canary, 8).some(
        (part) =>
          onlyLetters.includes(part) ||
          onlyLetters.includes(rot(part, 13)) ||
          hex.includes(Buffer.from(part).toString('hex').toUpperCase()) ||
          spaced.includes(numbers(part, 8)) ||
          spaced.includes(numbers(part, 10)),
      ) ||
      windowsOf(reversed, 8).some((part) => onlyLetters.includes(part)) ||
      cores.some((part) => packed.includes(part)) ||
      thirtyTwo.some((part) => packed.includes(part))
    );
  });
};
