import { isOrdinary } from './known-values.ts';
import { nameKind } from './secret-names.ts';
import { scanner, type OpenScanner } from './scanner.ts';

export { isOrdinary } from './known-values.ts';

/** What stands in place of a secret. */
export type Label = (rule: string, value: string) => string;

/** What a redactor is made of, for readers that need more than whole texts. */
export interface RedactorParts {
  scanner: OpenScanner;
  label: Label;
}

/** Replaces secrets in text. */
export type Redact = ((text: string) => string) & { readonly parts?: RedactorParts };

const mark: Label = () => '[redacted]';
const remembered = 64;
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
  hits: readonly { rule: string; start: number; end: number }[],
  label: Label,
): string => {
  let out = '';
  let at = 0;
  for (const { rule, start, end } of hits) {
    out += text.slice(at, start) + label(rule, text.slice(start, end));
    at = end;
  }
  return out + text.slice(at);
};

/**
 * A redactor for the given values, in every form they take, and for everything the scanner knows. Ordinary values are left
 * alone. Long texts are read by several readers: the last few answers are kept.
 */
export const redactor = (values: readonly string[], label: Label = mark): Redact => {
  const scan = scanner([...new Set(values)].filter((value) => !isOrdinary(value)));
  const answers = new Map<string, string>();
  const redact = (text: string): string => {
    if (text.length < 8) return text;
    const long = text.length > leastRemembered;
    const known = long ? answers.get(text) : undefined;
    if (known !== undefined) {
      answers.delete(text);
      answers.set(text, known);
      return known;
    }
    const { hits } = scan.search(text);
    const out = hits.length === 0 ? text : relabelled(text, hits, label);
    if (!long) return out;
    answers.set(text, out);
    if (answers.size > remembered) for (const oldest of answers.keys()) return (answers.delete(oldest), out);
    return out;
  };
  return Object.assign(redact, { parts: { scanner: scan, label } });
};

/** What stands under a name that means a secret is read together with it: alone it says nothing. */
const underName = (name: string, text: string, redact: Redact): string => {
  const out = redact(text);
  if (out !== text || text.length > 4096 || nameKind(name) === undefined) return out;
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

/** A value with every text in it redacted; numbers, names of properties and the shape stay as they are. */
export const redacted = <T>(value: T, redact: Redact): T => {
  const clean = (one: unknown): unknown => {
    if (typeof one === 'string') return redact(one);
    if (Array.isArray(one)) return one.map(clean);
    if (typeof one !== 'object' || one === null) return one;
    return Object.fromEntries(
      Object.entries(one).map(([name, inner]) => [
        name,
        typeof inner === 'string' ? underName(name, inner, redact) : clean(inner),
      ]),
    );
  };
  return clean(value) as T;
};
