import { configError } from '../../base/errors.ts';
import { nearest } from '../../base/nearest.ts';
import type { WrittenRule } from '../../core/config.ts';

/** Where a value came from, weakest first. */
export type Layer = 'default' | 'user' | 'project' | 'folder' | 'env' | 'flag' | 'managed';

/** A permission rule as written, with where it was written. */
export interface SourcedRule {
  /** `deny: read(.env)` */
  line: string;
  layer: Layer;
  /** File and line, or where else it is from. */
  source: string;
  reason?: string;
  /** Paths, commands, hosts or names it must match, and must not: checked whenever rules load. */
  match?: string[];
  noMatch?: string[];
}

/** Where `lineOf` finds rules, by the key they stand under. */
export type Place = (keys: readonly PropertyKey[]) => string;

const verdictWords = ['allow', 'ask', 'deny', 'limit'];
const textsOf = (value: string | string[] | undefined): string[] | undefined =>
  value === undefined ? undefined : typeof value === 'string' ? [value] : value;

/** A rule in full. `- allow: exec(npm test *)` is a mapping for YAML, and may carry a reason and examples. */
const sourced = (rule: WrittenRule, layer: Layer, source: string): SourcedRule => {
  if (typeof rule === 'string') return { line: rule.trim(), layer, source };
  const { reason, match, noMatch, ...rest } = rule;
  const entries = Object.entries(rest);
  const [[verdict, subject] = ['', '']] = entries;
  const known = ['reason', 'match', 'noMatch', ...verdictWords];
  const odd = entries.find(([key]) => !known.includes(key))?.[0];
  if (entries.length !== 1 || typeof subject !== 'string') {
    const guess = odd === undefined ? undefined : nearest(odd, known);
    throw configError(
      `${source}: a rule has exactly one of ${verdictWords.join(', ')}${odd === undefined ? '' : `; "${odd}" is none${guess === undefined ? '' : ` – did you mean "${guess}"?`}`}.`,
      'It looks like "- deny: read(**/.env*)", with reason, match and noMatch below it where wanted.',
    );
  }
  const [because] = textsOf(reason) ?? [];
  const examples = { match: textsOf(match), noMatch: textsOf(noMatch) };
  return {
    line: `${verdict}: ${subject}`.trim(),
    layer,
    source,
    ...(because === undefined ? {} : { reason: because }),
    ...(examples.match === undefined ? {} : { match: examples.match }),
    ...(examples.noMatch === undefined ? {} : { noMatch: examples.noMatch }),
  };
};

/** The rules of one layer, with the role it knows by that name; lines as in the file. */
export const rulesIn = (
  rules: readonly WrittenRule[] | undefined,
  layer: Layer,
  at: Place,
  under: string,
): SourcedRule[] => (rules ?? []).map((rule, index) => sourced(rule, layer, at([...under.split('.'), index])));
