import type { Hit } from './hits.ts';
import { makeOf } from './randomness.ts';

/** Finds given values in text, in the forms they take. */
export interface KnownValues {
  readonly find: (text: string) => Hit[];
  /** Where the end of the text could be the beginning of a value; the length of the text when it is none. */
  readonly partial: (text: string) => number;
}

const ordinaryWords = new Set(
  'password passwords passphrase changeme changeit undefined localhost production development staging disabled enabled required optional username anonymous administrator postgres postgresql rabbitmq mongodb example placeholder username default standard function continue internal external security credentials authorization application database container kubernetes version0 testtest secretsecret passw0rd password1 password123 letmein1 iloveyou welcome1 trustno1'.split(
    ' ',
  ),
);

/** Whether a value is short, or a word that stands everywhere: to redact it wherever it occurs would garble text. */
export const isOrdinary = (value: string): boolean =>
  value.trim().length < 8 || ordinaryWords.has(value.trim().toLowerCase()) || makeOf(value.trim()).distinct < 2;

const base64Cores = (value: string): string[] =>
  [0, 1, 2].flatMap((shift) => {
    const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(value)]);
    const whole = bytes.toString('base64').replace(/=+$/, '');
    // The first characters also hold bits of what stands before, the last of what stands behind.
    const core = whole.slice([0, 2, 3][shift], Math.floor((bytes.length * 8) / 6));
    return core.length < 8 ? [] : [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  });

const formsOf = (value: string): { text: string; base64: boolean }[] => {
  const json = JSON.stringify(value).slice(1, -1);
  const url = encodeURIComponent(value);
  const plain = [
    value,
    value.trim(),
    json,
    JSON.stringify(json).slice(1, -1),
    url,
    url.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    url.replace(/%20/g, '+'),
    value.replace(/\r?\n/g, '\r\n'),
  ];
  return [
    ...plain.map((text) => ({ text, base64: false })),
    ...base64Cores(value.trim()).map((text) => ({ text, base64: true })),
  ];
};

const isBase64 = (code: number): boolean =>
  (code > 47 && code < 58) ||
  (code > 64 && code < 91) ||
  (code > 96 && code < 123) ||
  code === 43 ||
  code === 47 ||
  code === 45 ||
  code === 95 ||
  code === 61;
const furthest = 4096;
/** What tools put where they leave something out. */
const cutMark = '…';
/** A shorter part of a value may be anything. */
const leastCut = 6;
const mostCuts = 1000;

/**
 * Looks for all values at once and passes over most of the text (Wu and Manber 1994: two characters say how far the next
 * occurrence is at least away).
 */
export const knownValues = (values: readonly string[]): KnownValues => {
  const forms = new Map<string, boolean>();
  for (const value of values)
    for (const { text, base64 } of formsOf(value)) if (text !== '' && !forms.has(text)) forms.set(text, base64);
  const texts = [...forms.keys()];
  const least = Math.min(...texts.map((text) => text.length));
  const slot = (a: number, b: number): number => ((a * 31) ^ b) & 4095;
  const shifts = new Uint8Array(4096).fill(Math.min(255, Math.max(1, least - 1)));
  const ends = new Map<number, string[]>();
  for (const text of texts)
    for (let at = 0; at + 1 < least; at++) {
      const key = slot(text.charCodeAt(at), text.charCodeAt(at + 1));
      const distance = least - 2 - at;
      if (distance < (shifts[key] ?? 0)) shifts[key] = distance;
      if (distance === 0)
        ends.set(
          key,
          [...(ends.get(key) ?? []), text].sort((a, b) => b.length - a.length),
        );
    }
  const starts = new Map<number, string[]>();
  for (const text of texts) starts.set(text.charCodeAt(0), [...(starts.get(text.charCodeAt(0)) ?? []), text]);
  const longest = Math.max(...texts.map((text) => text.length));

  /** Parts of values on either side of a mark that says something was cut there. */
  const findCut = (text: string): Hit[] => {
    const hits: Hit[] = [];
    const add = (start: number, end: number): unknown =>
      hits.push({ rule: 'known-value', start, end, confidence: 'high' });
    let at = text.indexOf(cutMark);
    for (let seen = 0; at >= 0 && seen < mostCuts; seen++, at = text.indexOf(cutMark, at + 1)) {
      const from = Math.max(0, at - longest - 2);
      const before = text.slice(from, at).replace(/\s\[?$/, '');
      const after = at + 1 + (/^\s?/.exec(text.slice(at + 1, at + 2))?.[0].length ?? 0);
      const [head, tail] = [before.slice(-leastCut), text.slice(after, after + leastCut)];
      for (const one of texts) {
        for (
          let inside = one.indexOf(head);
          head.length === leastCut && inside >= 0;
          inside = one.indexOf(head, inside + 1)
        ) {
          const part = one.slice(0, inside + leastCut);
          if (before.endsWith(part)) add(from + before.length - part.length, from + before.length);
        }
        for (
          let inside = one.indexOf(tail);
          tail.length === leastCut && inside >= 0;
          inside = one.indexOf(tail, inside + 1)
        )
          if (text.startsWith(one.slice(inside), after)) add(after, after + one.length - inside);
      }
    }
    return hits;
  };

  const find = (text: string): Hit[] => {
    const hits = findCut(text);
    let at = least - 2;
    while (at + 1 < text.length) {
      const key = slot(text.charCodeAt(at), text.charCodeAt(at + 1));
      const shift = shifts[key] ?? 1;
      if (shift > 0) {
        at += shift;
        continue;
      }
      const start = at - least + 2;
      const hit = (ends.get(key) ?? []).find((one) => text.startsWith(one, start));
      if (hit === undefined) {
        at++;
        continue;
      }
      let from = start;
      let to = start + hit.length;
      if (forms.get(hit) === true) {
        while (from > 0 && start - from < furthest && isBase64(text.charCodeAt(from - 1))) from--;
        while (to < text.length && to - start < furthest && isBase64(text.charCodeAt(to))) to++;
      }
      hits.push({ rule: 'known-value', start: from, end: to, confidence: 'high' });
      at = to + least - 2;
    }
    return hits;
  };

  const partial = (text: string): number => {
    for (let at = Math.max(0, text.length - longest + 1); at < text.length; at++)
      for (const one of starts.get(text.charCodeAt(at)) ?? [])
        if (one.length > text.length - at && one.startsWith(text.slice(at))) return at;
    return text.length;
  };

  return { find, partial };
};
