/** Replaces secrets in text. */
export type Redact = (text: string) => string;

/** Names of environment variables whose values are taken for secrets. `PWD` alone is the folder every shell tells. */
const secretName = /^(?!pwd$)(?:.*_)?(?:key|token|secret|password|passwd|pwd|credentials?|auth)(?:$|_)/i;

/** Formats no ordinary text has: the prefixes are documented by their issuers (read 2026-11-21). */
const formats = [
  /sk-ant-[A-Za-z0-9_-]{20,}/, // Anthropic
  /sk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,}/, // OpenAI
  /gh[pousr]_[A-Za-z0-9]{36,}/, // GitHub
  /github_pat_[A-Za-z0-9_]{22,}/, // GitHub, fine-grained
  /glpat-[A-Za-z0-9_-]{20,}/, // GitLab
  /(?:AKIA|ASIA)[A-Z0-9]{16}\b/, // AWS access key id
  /xox[abprs]-[A-Za-z0-9-]{10,}/, // Slack
  /npm_[A-Za-z0-9]{36}\b/, // npm
];
// A token begins a word, or in JSON stands right behind the letter of an escaped line feed or tab. Looked at only after its
// first letters: a pattern that begins with anything else is eight times slower.
const whole = ({ source }: RegExp): string =>
  source.replace(/^(?:\(\?:[^)]*\)|[a-zA-Z_-]+)/, (head) => `${head}(?<=(?:\\b|\\\\(?:[bfnrt]|u[0-9a-f]{4}))${head})`);
const privateKey = '-----BEGIN [A-Z ]*PRIVATE KEY-----[\\s\\S]*?-----END [A-Z ]*PRIVATE KEY-----';

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** Values of variables whose name looks secret; short ones (under 8 characters) would hit ordinary words. */
export const secretValues = (env: Readonly<Record<string, string | undefined>>): string[] =>
  Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && value.length >= 8 && secretName.test(name) ? [value] : [],
  );

/** A redactor for the given values and the well-known token formats. Also finds values inside JSON strings. */
export const redactor = (values: readonly string[]): Redact => {
  const inJson = values.map((value) => JSON.stringify(value).slice(1, -1));
  const known = [...new Set([...values, ...inJson])].sort((a, b) => b.length - a.length).map(escapeRegExp);
  const pattern = new RegExp([...known, ...formats.map(whole), privateKey].join('|'), 'g');
  return (text) => text.replace(pattern, '[redacted]');
};

/** A value with every text in it redacted; numbers, names of properties and the shape stay as they are. */
export const redacted = <T>(value: T, redact: Redact): T => {
  const clean = (one: unknown): unknown => {
    if (typeof one === 'string') return redact(one);
    if (Array.isArray(one)) return one.map(clean);
    if (typeof one !== 'object' || one === null) return one;
    return Object.fromEntries(Object.entries(one).map(([name, inner]) => [name, clean(inner)]));
  };
  return clean(value) as T;
};
