import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configError, messageOf, usageError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import type { Effect, Policy } from '../core/policy.ts';
import { matchesFile } from '../engine/path-patterns.ts';
import { permissionModes, type PermissionMode } from '../engine/modes.ts';
import { parseRule, parseSubject, type LimitRule, type Rule } from '../engine/rule.ts';
import { matchesExample, rulePolicy, type PolicyOptions } from '../engine/rules.ts';
import type { LoadedConfig } from '../host/config/config.ts';
import type { Layer, SourcedRule } from '../host/config/config-rules.ts';
import { findBelow, lookups, realPath } from '../host/shell-place.ts';

const subject = /[\w-]+(?:\([^)]*\))?/g;

/** `edit,exec(npm test *)`, split at commas outside parentheses. @throws CopilotError exit 2: a rule must not get lost. */
const splitSubjects = (
  lists: readonly string[],
  verdict: Rule['verdict'],
  toolNames: readonly string[] | undefined,
): Rule[] =>
  lists.flatMap((list) => {
    const flag = verdict === 'allow' ? '--allowed-tools' : '--disallowed-tools';
    const odd = list.replace(subject, '').replace(/[\s,]+/g, '');
    if (odd !== '')
      throw usageError(`${flag} "${list}" cannot be read at "${odd}".`, 'It looks like: edit,exec(npm test *)');
    const rules = (list.match(subject) ?? []).map((one) => ({ ...parseSubject(verdict, one), origin: flag }));
    for (const { kind, pattern } of toolNames === undefined ? [] : rules) {
      if (kind !== 'tool' || toolNames?.includes(pattern)) continue;
      const guess = nearest(pattern, toolNames ?? []);
      throw usageError(
        `${flag}: there is no tool "${pattern}"${guess === undefined ? '' : ` – did you mean "${guess}"?`}`,
        `Tools: ${toolNames?.join(', ')}.`,
      );
    }
    return rules;
  });

/** Roles everybody has; configured ones of the same name replace them. */
const builtinRoles: Readonly<Record<string, { mode: PermissionMode; rules: readonly string[] }>> = {
  viewer: { mode: 'plan', rules: ['deny: write(*)', 'deny: secret(*)', 'deny: net(*)'] },
  reviewer: { mode: 'plan', rules: ['deny: write(*)', 'deny: secret(*)'] },
  developer: { mode: 'accept-edits', rules: [] },
  operator: { mode: 'auto', rules: ['ask: write(*)', 'ask: secret(*)'] },
  admin: { mode: 'auto', rules: [] },
};

const stricter = (one: PermissionMode, other: PermissionMode): PermissionMode =>
  permissionModes.indexOf(one) <= permissionModes.indexOf(other) ? one : other;

/** The rules in force, and what they were written with. */
export interface RuleSet {
  mode: PermissionMode;
  /** The profile in use is one of production. */
  production: boolean;
  rules: Rule[];
  limits: LimitRule[];
  /** Rules with examples, which are checked as soon as there is a policy to check them with. */
  examples: { rule: Rule; source: SourcedRule }[];
}

const parsed = (source: SourcedRule): Rule | LimitRule => {
  try {
    const rule = parseRule(source.line);
    return { ...rule, origin: source.source, ...(source.reason === undefined ? {} : { reason: source.reason }) };
  } catch (error) {
    throw error instanceof Error
      ? configError(`${source.source}: ${error.message}`, 'hint' in error ? String(error.hint) : undefined, error)
      : error;
  }
};

/**
 * Puts the rules of configuration, role and flags together.
 * @throws CopilotError exit 3 for a malformed rule or an unknown role, exit 2 for an unknown tool in a flag.
 */
export const rulesFor = (
  config: LoadedConfig,
  flags: { allowedTools?: readonly string[]; disallowedTools?: readonly string[] } = {},
  toolNames?: readonly string[],
): RuleSet => {
  const { permissions, sandbox, profiles = {}, profile } = config.value;
  const chosen = profile === undefined ? undefined : profiles[profile];
  if (profile !== undefined && chosen === undefined) {
    const guess = nearest(profile, Object.keys(profiles));
    throw configError(
      `profile: there is no profile "${profile}"${guess === undefined ? '' : ` – did you mean "${guess}"?`}`,
      `Profiles: ${Object.keys(profiles).join(', ') || 'none'}. They go under profiles.`,
    );
  }
  const layerOf = (key: string): Layer | undefined => config.settings.find((one) => one.key === key)?.layer;
  const isManaged = layerOf('permissions.role') === 'managed';
  const role = isManaged ? permissions?.role : (chosen?.role ?? permissions?.role);
  // A role the administrator gave means what the administrator or we say it means.
  const counts = (name: string): boolean => !isManaged || config.managedRoles.has(name);
  const ownRoles = Object.fromEntries(Object.entries(permissions?.roles ?? {}).filter(([name]) => counts(name)));
  const named = role === undefined ? undefined : (ownRoles[role] ?? builtinRoles[role]);
  if (role !== undefined && named === undefined) {
    const known = [...Object.keys(builtinRoles), ...Object.keys(ownRoles)];
    const guess = nearest(role, known);
    throw configError(
      `permissions.role: there is no role "${role}"${guess === undefined ? '' : ` – did you mean "${guess}"?`}`,
      `Roles: ${known.join(', ')}. More go under permissions.roles.`,
    );
  }
  const builtinLines = role !== undefined && ownRoles[role] === undefined ? builtinRoles[role]?.rules : [];
  const sources: SourcedRule[] = [
    ...config.rules,
    ...(role === undefined || ownRoles[role] === undefined ? [] : (config.roleRules.get(role) ?? [])),
    ...(builtinLines ?? []).map((line): SourcedRule => ({ line, layer: 'default', source: `role ${role ?? ''}` })),
    ...Object.entries(sandbox?.permissions ?? {}).flatMap(([verdict, subjects]) =>
      (subjects ?? []).map((one): SourcedRule => ({
        line: `${verdict}: ${one}`,
        layer: 'user',
        source: config.settings.find(({ key }) => key === 'sandbox.permissions')?.source ?? 'sandbox.permissions',
      })),
    ),
  ];
  const all = sources.map((source) => ({ source, rule: parsed(source) }));
  const rules = all.flatMap(({ rule }) => (rule.verdict === 'limit' ? [] : [rule]));
  const fixedMode = config.settings.find(({ key }) => key === 'permissions.mode');
  const explicit = fixedMode?.layer === 'flag' || fixedMode?.layer === 'env' || fixedMode?.layer === 'managed';
  const asked = (explicit ? undefined : (chosen?.mode ?? named?.mode)) ?? permissions?.mode ?? 'ask';
  return {
    // Nobody gives himself more than the administrator gave him.
    mode: isManaged ? stricter(asked, named?.mode ?? (fixedMode?.layer === 'managed' ? asked : 'ask')) : asked,
    production: chosen?.production === true,
    rules: [
      ...rules,
      ...splitSubjects(flags.allowedTools ?? [], 'allow', toolNames),
      ...splitSubjects(flags.disallowedTools ?? [], 'deny', toolNames),
    ],
    limits: all.flatMap(({ rule }) => (rule.verdict === 'limit' ? [rule] : [])),
    examples: all.flatMap(({ rule, source }) =>
      rule.verdict !== 'limit' && (source.match || source.noMatch) ? [{ rule, source }] : [],
    ),
  };
};

/** @throws CopilotError exit 3 when a rule does not do what its own examples say. */
const checkExamples = ({ examples }: RuleSet, options: PolicyOptions): void => {
  for (const { rule, source } of examples) {
    const wrong =
      source.match?.find((one) => !matchesExample(rule, one, options)) ??
      source.noMatch?.find((one) => matchesExample(rule, one, options));
    if (wrong === undefined) continue;
    const should = source.match?.includes(wrong) ? 'match' : 'not match';
    throw configError(
      `${source.source}: rule "${rule.text}" should ${should} "${wrong}" and does${should === 'match' ? ' not' : ''}.`,
      'Mend the rule or its example: a rule that does not do what it says protects nobody.',
    );
  }
};

/** What is known of the place commands would run in. */
export interface PermissionPlace extends Pick<
  PolicyOptions,
  'roots' | 'readable' | 'home' | 'temp' | 'own' | 'enforces'
> {
  /** The environment commands get. */
  env: Readonly<Record<string, string | undefined>>;
}

/** What a run may do. */
export interface Permissions {
  policy: Policy;
  mode: PermissionMode;
  /** Tools no rule would ever let through: they are not shown to a model. */
  barredTools: ReadonlySet<string>;
  /** Rules from now on in force besides. */
  add(rules: readonly Rule[]): void;
}

/** Temporary folders, as they are spelled and as they really are. */
export const tempFolders = (): string[] => [
  ...new Set(['/tmp', '/var/tmp', tmpdir()].flatMap((path) => [path, realPath(path)])),
];

/** Makes the policy of a rule set. The shell parser is loaded at the first command. @throws CopilotError exit 3 */
export const permissionsFor = (set: RuleSet, place: PermissionPlace): Permissions => {
  const [root = '/'] = place.roots;
  const looks = lookups(root);
  let expander: Promise<(command: string) => Effect[]> | undefined;
  const load = async (): Promise<(command: string) => Effect[]> => {
    const [{ commandEffects }, { loadShellParser }] = await Promise.all([
      import('../engine/shell/command-effects.ts'),
      import('../host/shell-parser.ts'),
    ]);
    const parse = await loadShellParser();
    const env = (name: string): string | undefined => place.env[name];
    // What shows the repository's contents reads whatever rules are about in it; the rest of it is of no interest.
    const history = (): readonly string[] => {
      const about = rules.filter((rule) => rule.kind === 'read' && rule.verdict !== 'allow');
      if (about.length === 0 || place.enforces?.fs === true) return [];
      return looks
        .history()
        .filter((path) => path === '*' || about.some((rule) => matchesFile(rule.pattern, join(root, path), options)));
    };
    const scene = { ...looks, history, cwd: root, root, home: place.home, env };
    return (command) => commandEffects(command, scene, parse);
  };
  const rules = [...set.rules];
  const options: PolicyOptions = {
    ...place,
    mode: set.mode,
    production: set.production,
    rules,
    findBelow,
    expand: async (command) => {
      try {
        return (await (expander ??= load()))(command);
      } catch (error) {
        // What cannot be taken apart may do anything.
        return [{ kind: 'exec', command, reach: 'opaque', why: `It cannot be parsed (${messageOf(error)})` }];
      }
    },
  };
  checkExamples(set, options);
  const barred = rules.filter((rule) => rule.kind === 'tool' && rule.verdict === 'deny').map((rule) => rule.pattern);
  return {
    policy: rulePolicy(options),
    mode: set.mode,
    barredTools: new Set(set.mode === 'bypass' ? [] : barred),
    add: (more) => void rules.push(...more),
  };
};
