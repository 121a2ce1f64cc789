import type { Policy } from '../core/policy.ts';
import { parseRule, parseSubject, rulePolicy, type PolicyOptions, type Rule } from '../engine/rules.ts';
import type { LoadedConfig } from '../host/config.ts';

/** `edit,exec(npm test *)`, split at commas outside parentheses. */
const splitSubjects = (lists: readonly string[]): string[] =>
  lists.flatMap((list) => list.match(/[\w-]+(?:\([^)]*\))?/g) ?? []);

/** What a run may do. */
export interface Permissions {
  policy: Policy;
  /** Tools no rule would ever let through: they are not shown to a model. */
  barredTools: ReadonlySet<string>;
}

/** Puts the rules of the configuration and of the flags together. @throws CopilotError exit 3 for a malformed rule. */
export const permissionsFor = (
  config: LoadedConfig,
  flags: { allowedTools: readonly string[]; disallowedTools: readonly string[] },
  place: Pick<PolicyOptions, 'roots' | 'readable' | 'home'>,
): Permissions => {
  const rules: Rule[] = [
    ...config.rules.map((rule) => parseRule(rule.line)),
    ...splitSubjects(flags.allowedTools).map((subject) => parseSubject('allow', subject)),
    ...splitSubjects(flags.disallowedTools).map((subject) => parseSubject('deny', subject)),
  ];
  const barred = rules.filter((rule) => rule.kind === 'tool' && rule.verdict === 'deny').map((rule) => rule.pattern);
  const mode = config.value.permissions?.mode ?? 'ask';
  return { policy: rulePolicy({ mode, rules, ...place }), barredTools: new Set(barred) };
};
