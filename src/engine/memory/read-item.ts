import type { MemoryItem, MemoryScope, MemorySource } from '../../core/memory.ts';
import { itemIdPattern } from './item-id.ts';
import { isRelativePath, limits } from './limits.ts';

// What is imported was written by anybody: every property is looked at, and unknown ones are refused, so that a typing
// error or a newer version does not lose something silently.

type Fields = Readonly<Record<string, unknown>>;

const fail = (what: string): never => {
  throw new Error(what);
};

const fieldsOf = (value: unknown, what: string, allowed: readonly string[]): Fields => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail(`${what} is not an object`);
  for (const name of Object.keys(value))
    if (!allowed.includes(name)) fail(`${what} has an unknown property "${name.slice(0, 40)}"`);
  return value as Fields;
};

const oneOf = <const T extends string>(value: unknown, allowed: readonly T[], what: string): T => {
  const found = allowed.find((one) => one === value);
  return found ?? fail(`${what} must be ${allowed.join(', ')}`);
};

// No line breaks and nothing that hides: these are shown within lines.
const plain = /^[^\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]+$/u;

const shortText = (value: unknown, what: string, maxChars: number): string =>
  typeof value === 'string' && value.length <= maxChars && plain.test(value)
    ? value
    : fail(`${what} must be a plain text of at most ${maxChars} characters`);

const whole = (value: unknown, what: string, low: number, high: number): number =>
  typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high
    ? value
    : fail(`${what} must be a whole number from ${low} to ${high}`);

/** The last time a date can hold, ms since the epoch. */
const lastTime = 8.64e15;

const timeOf = (value: unknown, what: string): number => whole(value, what, 0, lastTime);
const timeOrNull = (value: unknown, what: string): number | null => (value === null ? null : timeOf(value, what));

const scopeFrom = (value: unknown): MemoryScope => {
  const fields = fieldsOf(value, 'scope', ['type', 'repo', 'branch']);
  const type = oneOf(fields.type, ['user', 'repo', 'branch'], 'scope.type');
  if (type === 'user') return { type };
  const repo = shortText(fields.repo, 'scope.repo', limits.nameChars);
  return type === 'repo' ? { type, repo } : { type, repo, branch: shortText(fields.branch, 'scope.branch', 300) };
};

const sourceFrom = (value: unknown, what: string): MemorySource => {
  const names = ['type', 'session', 'seq', 'commit', 'path', 'startLine', 'endLine', 'hash', 'copies'];
  const fields = fieldsOf(value, what, names);
  const type = oneOf(fields.type, ['user', 'session', 'commit', 'file'], `${what}.type`);
  switch (type) {
    case 'user':
      return { type };
    case 'session': {
      const session = shortText(fields.session, `${what}.session`, 100);
      return { type, session, seq: whole(fields.seq, `${what}.seq`, 0, 1e12) };
    }
    case 'commit': {
      const commit = shortText(fields.commit, `${what}.commit`, 64);
      return /^[0-9a-f]{7,64}$/.test(commit) ? { type, commit } : fail(`${what}.commit is no commit id`);
    }
    case 'file': {
      const path = shortText(fields.path, `${what}.path`, 1000);
      if (!isRelativePath(path)) fail(`${what}.path must lie within the repository`);
      const startLine = whole(fields.startLine, `${what}.startLine`, 1, 1e7);
      const endLine = whole(fields.endLine, `${what}.endLine`, startLine, startLine + limits.citedLines - 1);
      const hash = shortText(fields.hash, `${what}.hash`, 64);
      return /^[0-9a-f]{64}$/.test(hash)
        ? {
            ...{ type, path, startLine, endLine, hash },
            ...(fields.copies === undefined ? {} : { copies: whole(fields.copies, `${what}.copies`, 2, 1e7) }),
          }
        : fail(`${what}.hash is no SHA-256`);
    }
  }
};

const listOf = (value: unknown, what: string, most: number): readonly unknown[] =>
  Array.isArray(value) && value.length <= most ? value : fail(`${what} must be a list of at most ${most}`);

const idFrom = (value: unknown, what: string): string =>
  typeof value === 'string' && itemIdPattern.test(value) ? value : fail(`${what} must be an id such as m_01k9x2f3a4b`);

const names = [
  'id',
  'kind',
  'text',
  'scope',
  'sources',
  'confidence',
  'uses',
  'helped',
  'harmed',
  'createdAt',
  'updatedAt',
  'usedAt',
  'expiresAt',
  'status',
  'contradicts',
  'origin',
];

/** An item from a value nobody vouches for. @throws Error that says what is wrong, beginning in small letters. */
export const readItem = (value: unknown): MemoryItem => {
  const fields = fieldsOf(value, 'the item', names);
  const { text, confidence } = fields;
  if (typeof text !== 'string' || text.trim() === '') return fail('text must not be empty');
  if (text.length > limits.textChars) return fail(`text must have at most ${limits.textChars} characters`);
  if (typeof confidence !== 'number' || !(confidence >= 0 && confidence <= 1))
    return fail('confidence must be from 0 to 1');
  const count = (name: string): number => whole(fields[name], name, 0, 1e9);
  const sources = listOf(fields.sources, 'sources', limits.sources).map((one, index) =>
    sourceFrom(one, `sources[${index}]`),
  );
  const scope = scopeFrom(fields.scope);
  if (scope.type === 'user' && sources.some(({ type }) => type === 'file'))
    return fail('what holds everywhere cannot rest on a file');
  return {
    id: idFrom(fields.id, 'id'),
    kind: oneOf(fields.kind, ['fact', 'strategy', 'episode', 'skill'], 'kind'),
    text,
    scope,
    sources,
    confidence,
    uses: count('uses'),
    helped: count('helped'),
    harmed: count('harmed'),
    createdAt: timeOf(fields.createdAt, 'createdAt'),
    updatedAt: timeOf(fields.updatedAt, 'updatedAt'),
    usedAt: timeOrNull(fields.usedAt, 'usedAt'),
    expiresAt: timeOrNull(fields.expiresAt, 'expiresAt'),
    status: oneOf(fields.status, ['accepted', 'proposed'], 'status'),
    contradicts: listOf(fields.contradicts, 'contradicts', 1000).map((one, index) =>
      idFrom(one, `contradicts[${index}]`),
    ),
    ...(fields.origin === undefined
      ? {}
      : { origin: oneOf(fields.origin, ['user', 'file', 'web', 'github', 'mcp'], 'origin') }),
  };
};

/** Checks the first line of an export. @throws Error that says what is wrong. */
export const readHeader = (value: unknown): void => {
  if (typeof value !== 'object' || value === null || !('type' in value) || value.type !== 'llm-copilot-memory')
    fail('it is not an export of llm-copilot: the first line must be {"type":"llm-copilot-memory","version":1,…}');
  const { version } = value as { version?: unknown };
  if (version !== 1) fail(`it has another version than 1; this one reads version 1`);
};
