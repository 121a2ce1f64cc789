import { existsSync, readFileSync, statSync } from 'node:fs';
import { configError, messageOf } from '../../base/errors.ts';
import { nearest } from '../../base/nearest.ts';
import { configSchema, keysAt, type Config } from '../../core/config.ts';

/** True for an object with keys. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Short forms: `sandbox: docker` means `sandbox: { kind: docker }`. */
const spelledOut = (raw: unknown): unknown =>
  isRecord(raw) && typeof raw.sandbox === 'string' ? { ...raw, sandbox: { kind: raw.sandbox } } : raw;

/** The key a short form stands for. */
export const fullKey = (key: string): string => (key === 'sandbox' ? 'sandbox.kind' : key);

type Issue = NonNullable<ReturnType<typeof configSchema.safeParse>['error']>['issues'][number];

/** What is wrong, in words: zod's own are left out of the small build. */
const told = (issue: Issue): string => {
  switch (issue.code) {
    case 'invalid_type':
      return `must be of type ${issue.expected}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`;
    case 'too_big':
      return `must be at most ${issue.maximum}`;
    case 'unrecognized_keys':
      return `has no key "${issue.keys[0] ?? ''}"`;
    case 'invalid_key':
      return issue.issues[0]?.message ?? issue.message;
    case 'invalid_union': {
      const ways = issue.errors.flatMap(([first]) =>
        first ? [[...first.path.map(String), told(first)].join(' ')] : [],
      );
      return [...new Set(ways)].join(', or ') || issue.message;
    }
    default:
      return issue.message;
  }
};

/** Checks one layer. @throws CopilotError exit 3 with line and nearest key where they are known. */
export const validate = (
  raw: unknown,
  source: string,
  lineOf: (path: readonly PropertyKey[]) => number | undefined,
): Config => {
  const parsed = configSchema.safeParse(spelledOut(raw ?? {}));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String) ?? [];
  const place = (extra: readonly PropertyKey[] = []): string => {
    const line = lineOf([...(issue?.path ?? []), ...extra]);
    return line === undefined ? source : `${source}:${line}`;
  };
  if (issue?.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const prefix = path.length > 0 ? `${path.join('.')}.` : '';
    const guess = nearest(key, keysAt(issue.path));
    throw configError(
      `${place([key])}: unknown key "${prefix}${key}"${guess === undefined ? '' : ` – did you mean "${prefix}${guess}"?`}`,
      'Keys are listed by "llm-copilot config show".',
    );
  }
  throw configError(`${place()}: ${path.join('.') || 'the file'}: ${issue === undefined ? 'invalid' : told(issue)}`);
};

/** The text of a file. @throws CopilotError exit 3. A pipe by that name would be waited for without end. */
export const readLayerText = (path: string): string => {
  if (!statSync(path).isFile()) throw configError(`${path} is not a regular file.`);
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw configError(`${path} cannot be read: ${messageOf(error)}`, undefined, error);
  }
};

/** A parsed document as a value. @throws CopilotError exit 3 when aliases would make it larger than anybody means it to be. */
export const valueOf = (document: { toJS(): unknown }, path: string): unknown => {
  try {
    return document.toJS();
  } catch (error) {
    throw configError(`${path}: ${messageOf(error)}`, 'Mend the YAML.', error);
  }
};

/** One file of configuration. */
export interface LayerFile {
  config: Config;
  lineOf(keys: readonly PropertyKey[]): number | undefined;
}

/** Reads a file of configuration; undefined when there is none. @throws CopilotError exit 3 */
export const readLayer = async (path: string): Promise<LayerFile | undefined> => {
  if (!existsSync(path)) return undefined;
  const { LineCounter, parseDocument } = await import('../yaml.ts');
  const lines = new LineCounter();
  const document = parseDocument(readLayerText(path), { lineCounter: lines });
  const [problem] = document.errors;
  if (problem) {
    const line = problem.linePos?.[0].line;
    throw configError(
      `${path}${line === undefined ? '' : `:${line}`}: ${problem.message.split('\n', 1)[0] ?? ''}`,
      'Mend the YAML.',
    );
  }
  const lineOf: LayerFile['lineOf'] = (keys) => {
    const node: unknown = document.getIn(keys, true);
    const range = isRecord(node) && Array.isArray(node.range) ? (node.range as number[]) : undefined;
    return range?.[0] === undefined ? undefined : lines.linePos(range[0]).line;
  };
  return { config: validate(valueOf(document, path), path, lineOf), lineOf };
};
