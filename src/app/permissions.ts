import { usageError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import type { Policy } from '../core/policy.ts';
import { parseRule, parseSubject, rulePolicy, type PolicyOptions, type Rule } from '../engine/rules.ts';
import type { LoadedConfig } from '../host/config.ts';

const subject = /[\w-]+(?:\([^)]*\))?/g;

/** `edit,exec(npm test *)`, split at commas outside parentheses. @throws CopilotError exit 2: a rule must not get lost. */
const splitSubjects = (lists: readonly string[], verdict: Rule['verdict'], toolNames: readonly string[]): Rule[] =>
  lists.flatMap((list) => {
    const flag = verdict === 'allow' ? '--allowed-tools' : '--disallowed-tools';
    const odd = list.replace(subject, '').replace(/[\s,]+/g, '');
    if (odd !== '')
      throw usageError(`${flag} "${list}" cannot be read at "${odd}".`, 'It looks like: edit,exec(npm test *)');
    const rules = (list.match(subject) ?? []).map((one) => parseSubject(verdict, one));
    for (const { kind, pattern } of rules) {
      if (kind !== 'tool' || toolNames.includes(pattern)) continue;
      const guess = nearest(pattern, toolNames);
      throw usageError(
        `${flag}: there is no tool "${pattern}"${guess === undefined ? '' : ` – did you mean "${guess}"?`}`,
        `Tools: ${toolNames.join(', ')}.`,
      );
    }
    return rules;
  });

/** What a run may do. */
export interface Permissions {
  policy: Policy;
  /** Tools no rule would ever let through: they are not shown to a model. */
  barredTools: ReadonlySet<string>;
}

/** Puts the rules of the configuration and of the flags together. @throws CopilotError exit 3 for a malformed rule, exit 2 for an unknown tool in a flag. */
export const permissionsFor = (
  config: LoadedConfig,
  flags: { allowedTools: readonly string[]; disallowedTools: readonly string[] },
  place: Pick<PolicyOptions, 'roots' | 'readable' | 'home'>,
  toolNames: readonly string[],
): Permissions => {
  const rules: Rule[] = [
    ...config.rules.map((rule) => parseRule(rule.line)),
    ...splitSubjects(flags.allowedTools, 'allow', toolNames),
    ...splitSubjects(flags.disallowedTools, 'deny', toolNames),
  ];
  const barred = rules.filter((rule) => rule.kind === 'tool' && rule.verdict === 'deny').map((rule) => rule.pattern);
  const mode = config.value.permissions?.mode ?? 'ask';
  return { policy: rulePolicy({ mode, rules, ...place }), barredTools: new Set(barred) };
};
