import { isOrdinary } from './known-values.ts';
import { mayName, nameKind } from './secret-names.ts';
import { scanner, type OpenScanner } from './scanner.ts';

export { isOrdinary } from './known-values.ts';

/** What stands in place of a secret. */
export type Label = (rule: string, value: string) => string;

/** What a redactor is made of, for readers that need more than whole texts. */
export interface RedactorParts {
  scanner: OpenScanner;
  label: Label;
}

/** Replaces secrets in text. `learn` makes values secrets from then on, wherever they stand. */
export type Redact = ((text: string) => string) & {
  readonly parts?: RedactorParts;
  readonly learn?: (...values: string[]) => void;
};

const mark: Label = () => '[redacted]';
const remembered = 64;
/** Known values are no shorter (see `isOrdinary`), nor is any known form with what gives it away. */
const leastSecret = 8;
const leastRemembered = 256;

/** Names of environment variables whose values are taken for secrets. `PWD` alone is the folder every shell tells. */
const secretName = /^(?!pwd$)(?:.*_)?(?:key|token|secret|password|passwd|pwd|passphrase|credentials?|auth)(?:$|_)/i;

/** Values of variables whose name looks secret; short ones (under 8 characters) would hit ordinary words. */
export const secretValues = (env: Readonly<Record<string, string | undefined>>): string[] =>
  Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && value.length >= 8 && secretName.test(name) ? [value] : [],
  );

/** The text with a label in place of every hit. */
export const relabelled = (
  text: string,
  hits: readonly { rule: string; start: number; end: number; value?: string }[],
  label: Label,
): string => {
  let out = '';
  let at = 0;
  for (const { rule, start, end, value } of hits) {
    out += text.slice(at, start) + label(rule, value ?? text.slice(start, end));
    at = end;
  }
  return out + text.slice(at);
};

/**
 * A redactor for the given values, in every form they take, and for everything the scanner knows. Ordinary values are left
 * alone. Long texts are read by several readers: the last few answers are kept.
 */
export const redactor = (values: readonly string[], label: Label = mark): Redact => {
  const known = new Set(values.filter((value) => !isOrdinary(value)));
  const parts = { scanner: scanner([...known]), label };
  const answers = new Map<string, string>();
  const redact = (text: string): string => {
    if (text.length < 8) return text;
    if (text.length < leastSecret) return text;
    const long = text.length > leastRemembered;
    const known = long ? answers.get(text) : undefined;
    if (known !== undefined) {
      answers.delete(text);
      answers.set(text, known);
      return known;
    }
    const { hits } = parts.scanner.search(text);
    const out = hits.length === 0 ? text : relabelled(text, hits, label);
    if (!long) return out;
    answers.set(text, out);
    if (answers.size > remembered) for (const oldest of answers.keys()) return (answers.delete(oldest), out);
    return out;
  };
  const learn = (...fresh: string[]): void => {
    const before = known.size;
    for (const value of fresh) if (!isOrdinary(value)) known.add(value);
    if (known.size === before) return;
    parts.scanner = scanner([...known]);
    answers.clear();
  };
  return Object.assign(redact, { parts, learn });
};

/** What stands under a name that means a secret is read together with it: alone it says nothing. */
const underName = (name: string, text: string, redact: Redact): string => {
  const out = redact(text);
  if (out !== text || text.length > 4096 || !mayName(name, 0, name.length) || nameKind(name) === undefined) return out;
  const line = JSON.stringify({ [name]: text });
  const read = redact(line);
  if (read === line) return text;
  try {
    const again = (JSON.parse(read) as Record<string, unknown>)[name];
    return typeof again === 'string' ? again : '[redacted]';
  } catch {
    return '[redacted]';
  }
};

/** Lines in a list are read together as well: a key that goes over several of them is not recognised in one. */
const together = (lines: readonly string[], { scanner, label }: RedactorParts): readonly string[] => {
  const text = lines.join('\n');
  const { hits } = scanner.search(text);
  if (hits.length === 0) return lines;
  let at = 0;
  return lines.map((line) => {
    const from = at;
    const to = from + line.length;
    at = to + 1;
    let out = '';
    let copied = from;
    for (const { rule, start, end, value } of hits) {
      // What lies in one line is seen there, with what stands around it.
      if (start >= to || end <= from || (start >= from && end <= to)) continue;
      out += text.slice(copied, Math.max(from, start));
      if (start >= from) out += label(rule, value ?? text.slice(start, end));
      copied = Math.min(to, end);
    }
    return out + text.slice(copied, to);
  });
};

const isText = (one: unknown): one is { text: string } =>
  typeof one === 'object' && one !== null && 'text' in one && typeof one.text === 'string';

const listRedacted = (list: readonly unknown[], redact: Redact): readonly unknown[] => {
  if (redact.parts === undefined || list.length < 2) return list;
  if (list.every((one) => typeof one === 'string')) return together(list, redact.parts);
  if (!list.every(isText)) return list;
  const lines = together(
    list.map((one) => one.text),
    redact.parts,
  );
  return list.map((one, index) => (one.text === lines[index] ? one : { ...one, text: lines[index] ?? '' }));
};

/** A value with every text in it redacted; numbers, names of properties and the shape stay as they are. */
export const redacted = <T>(value: T, redact: Redact): T => {
  const clean = (one: unknown): unknown => {
    if (typeof one === 'string') return redact(one);
    if (typeof one !== 'object' || one === null) return one;
    // Most values hold no secret: they are handed on as they are, and nothing is copied.
    if (Array.isArray(one)) {
      const list: readonly unknown[] = listRedacted(one, redact);
      let copy: unknown[] | undefined;
      list.forEach((inner, index) => {
        const out = clean(inner);
        if (out !== inner) (copy ??= [...list])[index] = out;
      });
      return copy ?? list;
    }
    let copy: Record<string, unknown> | undefined;
    for (const [name, inner] of Object.entries(one)) {
      const out = typeof inner === 'string' ? underName(name, inner, redact) : clean(inner);
      if (out !== inner) (copy ??= { ...one } as Record<string, unknown>)[name] = out;
    }
    return copy ?? one;
  };
  return clean(value) as T;
};
