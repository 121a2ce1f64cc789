/** Replaces secrets in text. */
export type Redact = (text: string) => string;

/** Names of environment variables whose values are taken for secrets. */
const secretName = /(?:^|_)(?:key|token|secret|password|passwd|pwd|credentials?|auth)(?:$|_)/i;

/** Formats no ordinary text has: the prefixes are documented by their issuers (read 2026-11-21). */
const formats = [
  /\bsk-ant-[A-Za-z0-9_-]{20,}/, // Anthropic
  /\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,}/, // OpenAI
  /\bgh[pousr]_[A-Za-z0-9]{36,}/, // GitHub
  /\bgithub_pat_[A-Za-z0-9_]{22,}/, // GitHub, fine-grained
  /\bglpat-[A-Za-z0-9_-]{20,}/, // GitLab
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/, // AWS access key id
  /\bxox[abprs]-[A-Za-z0-9-]{10,}/, // Slack
  /\bnpm_[A-Za-z0-9]{36}\b/, // npm
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/,
];

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
  const pattern = new RegExp([...known, ...formats.map((format) => format.source)].join('|'), 'g');
  return (text) => text.replace(pattern, '[redacted]');
};
