import { configError, type CopilotError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import type { Effect } from '../core/policy.ts';

/** One line of `permissions.rules`, parsed. */
export interface Rule {
  verdict: 'allow' | 'ask' | 'deny';
  kind: 'tool' | Effect['kind'];
  pattern: string;
  /** As it was written. */
  text: string;
  /** The file (with line), flag or role it was written in. */
  origin?: string;
  reason?: string;
}

/** A rule such as `limit: memory(2GB)`: a quota on commands. */
export interface LimitRule {
  verdict: 'limit';
  resource: Resource;
  /** Bytes for memory, seconds for cpu, else a count. */
  amount: number;
  text: string;
  origin?: string;
}

/** What a `limit` rule may name. */
export type Resource = (typeof resources)[number];

const verdicts = ['allow', 'ask', 'deny', 'limit'] as const;
const kinds = ['tool', 'read', 'write', 'exec', 'net', 'env', 'secret'] as const;
const resources = ['memory', 'cpu', 'pids', 'connections'] as const;

const oneOf = <T extends string>(word: string, known: readonly T[]): T | undefined =>
  known.find((item) => item === word);

const forms = 'Rules look like "allow: exec(npm test *)", "deny: read(**/.env*)", "ask: net(*)", "limit: memory(2GB)".';

const unknownWord = (what: string, word: string, known: readonly string[], line: string): CopilotError => {
  const guess = nearest(word, known);
  return configError(
    `Permission rule "${line}": unknown ${what} "${word}"${guess === undefined ? '' : ` – did you mean "${guess}"?`}`,
    forms,
  );
};

/** Parses what a rule is about: `exec(npm test *)`, `read(src/**)`, or a bare tool name. @throws CopilotError exit 3 */
export const parseSubject = (verdict: Rule['verdict'], subject: string): Rule => {
  const line = `${verdict}: ${subject}`;
  const parts = /^([\w-]+)(?:\((.*)\))?$/s.exec(subject.trim());
  const [, word = '', pattern] = parts ?? [];
  if (!parts) throw unknownWord('form', subject, kinds, line);
  if (pattern === undefined) return { verdict, kind: 'tool', pattern: word, text: line };
  const kind = oneOf(word, kinds);
  if (!kind) throw unknownWord('kind', word, kinds, line);
  if (pattern.trim() === '')
    throw configError(`Permission rule "${line}": the pattern is empty.`, 'Use * for anything.');
  return { verdict, kind, pattern: pattern.trim(), text: line };
};

const unitFactors: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** Bytes from `2GB`, `512m` or a plain number of bytes; undefined when it is none. */
export const parseBytes = (text: string | number): number | undefined => {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?$/i.exec(String(text).trim()) ?? [];
  return number === undefined ? undefined : Math.round(Number(number) * (unitFactors[unit.toLowerCase()] ?? 1));
};

const parseSeconds = (text: string): number | undefined => {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([smh]?)$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * (unit === 'h' ? 3600 : unit === 'm' ? 60 : 1);
};

const parseLimit = (subject: string, line: string): LimitRule => {
  const [, word = '', value = ''] = /^([\w-]+)\((.*)\)$/s.exec(subject.trim()) ?? [];
  const resource = oneOf(word, resources);
  if (!resource) throw unknownWord('resource', word || subject, resources, line);
  const text = value.trim();
  const count = /^\d+$/.test(text) ? Number(text) : undefined;
  const amount = resource === 'memory' ? parseBytes(text) : resource === 'cpu' ? parseSeconds(text) : count;
  if (amount === undefined || !(amount > 0))
    throw configError(
      `Permission rule "${line}": "${text}" is no amount of ${resource}.`,
      'It looks like limit: memory(2GB), limit: cpu(10m), limit: pids(200), limit: connections(20).',
    );
  return { verdict: 'limit', resource, amount, text: line };
};

/** Parses `allow: exec(npm test *)`. @throws CopilotError exit 3 with the nearest form. */
export const parseRule = (line: string): Rule | LimitRule => {
  const [, word = '', subject = ''] = /^\s*([\w-]+)\s*:\s*(.*)$/s.exec(line) ?? [];
  const verdict = oneOf(word, verdicts);
  if (!verdict) throw unknownWord('verdict', word || line, verdicts, line);
  return verdict === 'limit' ? parseLimit(subject, `limit: ${subject}`) : parseSubject(verdict, subject);
};
