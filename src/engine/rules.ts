import { configError } from '../base/errors.ts';
import { matchesPath, matchesText } from '../base/glob.ts';
import { nearest } from '../base/nearest.ts';
import { describeEffect, type Decision, type Effect, type Policy } from '../core/policy.ts';

/** How much is allowed without asking. */
export const permissionModes = ['plan', 'ask', 'accept-edits', 'auto', 'bypass'] as const;

/** One of {@link permissionModes}. */
export type PermissionMode = (typeof permissionModes)[number];

/** One line of `permissions.rules`, parsed. */
export interface Rule {
  verdict: 'allow' | 'ask' | 'deny';
  kind: 'tool' | Effect['kind'];
  pattern: string;
  /** As it was written. */
  text: string;
}

const verdicts = ['allow', 'ask', 'deny'] as const;
const kinds = ['tool', 'read', 'write', 'exec', 'net', 'env', 'secret'] as const;

const oneOf = <T extends string>(word: string, known: readonly T[]): T | undefined =>
  known.find((item) => item === word);

const unknownWord = (what: string, word: string, known: readonly string[], line: string): Error => {
  const guess = nearest(word, known);
  return configError(
    `Permission rule "${line}": unknown ${what} "${word}"${guess === undefined ? '' : ` – did you mean "${guess}"?`}`,
    'Rules look like "allow: exec(npm test *)", "deny: read(**/.env*)", "ask: net(*)", "deny: tool(shell)".',
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

/** Parses `allow: exec(npm test *)`. @throws CopilotError exit 3 with the nearest form. */
export const parseRule = (line: string): Rule => {
  const [, word = '', subject = ''] = /^\s*([\w-]+)\s*:\s*(.*)$/s.exec(line) ?? [];
  const verdict = oneOf(word, verdicts);
  if (!verdict) throw unknownWord('verdict', word || line, verdicts, line);
  return parseSubject(verdict, subject);
};

/** Where the policy stands. */
export interface PolicyOptions {
  mode: PermissionMode;
  rules: readonly Rule[];
  /** Absolute real paths that count as the workspace: the root first, then added folders. */
  roots: readonly string[];
  /** Absolute real paths that may be read besides. */
  readable: readonly string[];
  home: string;
}

const inside = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);

// One command can hide others behind these; a pattern that allows must not be talked into them.
const compound = /[;&|`\n<>]|\$\(|\$\{/;

const matchesCommand = (rule: Rule, command: string): boolean => {
  if (rule.pattern === '*') return true;
  const trimmed = command.trim();
  if (rule.verdict === 'allow')
    return trimmed === rule.pattern || (!compound.test(trimmed) && matchesText(rule.pattern, trimmed));
  const parts = trimmed.split(/[;&|`\n()]|\$\(/).map((part) => part.trim());
  return [trimmed, ...parts].some((part) => matchesText(rule.pattern, part));
};

const matchesFile = (pattern: string, path: string, options: PolicyOptions): boolean => {
  if (pattern === '*' || pattern === '**') return true;
  const expanded = pattern.startsWith('~/') ? options.home + pattern.slice(1) : pattern;
  if (expanded.startsWith('/')) return matchesPath(expanded, path);
  return options.roots.some((root) => inside(path, root) && matchesPath(expanded, path.slice(root.length + 1)));
};

const matches = (rule: Rule, tool: string, effect: Effect, options: PolicyOptions): boolean => {
  if (rule.kind === 'tool') return matchesText(rule.pattern, tool);
  if (rule.kind !== effect.kind) return false;
  switch (effect.kind) {
    case 'read':
    case 'write':
      return matchesFile(rule.pattern, effect.path, options);
    case 'exec':
      return matchesCommand(rule, effect.command);
    case 'net':
      return matchesText(rule.pattern, effect.host);
    case 'env':
    case 'secret':
      return matchesText(rule.pattern, effect.name);
  }
};

type Verdict = Decision['verdict'];
interface Judged {
  verdict: Verdict;
  by: 'rule' | 'mode';
  why: string;
  rule?: string;
  hint?: string;
}

/** Folders inside the workspace whose files make programs run or rule us: no mode but bypass writes them unasked. */
const guarded = ['.git', '.llm-copilot'];

/** True inside the workspace, but for guarded folders: also those of repositories within, and whatever their case. */
const isEditable = (path: string, roots: readonly string[]): boolean => {
  const root = roots.find((folder) => inside(path, folder));
  const names = path.slice(root?.length).toLowerCase().split('/');
  return root !== undefined && !names.some((name) => guarded.includes(name));
};

const byMode = (effect: Effect, { mode, roots, readable }: PolicyOptions): Verdict => {
  if (mode === 'bypass') return 'allow';
  switch (effect.kind) {
    case 'read':
      return [...roots, ...readable].some((folder) => inside(effect.path, folder)) ? 'allow' : 'ask';
    case 'write': {
      if (mode === 'plan') return 'deny';
      return isEditable(effect.path, roots) && mode !== 'ask' ? 'allow' : 'ask';
    }
    case 'exec':
      if (mode === 'plan') return 'deny';
      return mode === 'auto' ? 'allow' : 'ask';
    case 'net':
      return mode === 'plan' && effect.access === 'write' ? 'deny' : 'ask';
    case 'env':
    case 'secret':
      return mode === 'plan' ? 'deny' : 'ask';
  }
};

const hintFor = (effect: Effect, { roots }: PolicyOptions): string => {
  switch (effect.kind) {
    case 'read':
      return `--add-dir for a whole folder, or the rule "allow: read(${effect.path})"`;
    case 'write':
      return `${isEditable(effect.path, roots) ? '--permission-mode accept-edits, or ' : ''}the rule "allow: write(${effect.path})"`;
    case 'exec':
      return `--permission-mode auto, or --allowed-tools "exec(${effect.command.split('\n', 1)[0] ?? ''})"`;
    case 'net':
      return `the rule "allow: net(${effect.host})"`;
    case 'env':
    case 'secret':
      return `the rule "allow: ${effect.kind}(${effect.name})"`;
  }
};

const order: readonly Verdict[] = ['deny', 'ask', 'allow'];

const judgeEffect = (tool: string, effect: Effect, options: PolicyOptions): Judged => {
  const fallback = byMode(effect, options);
  if (options.mode !== 'bypass') {
    const hits = options.rules.filter((rule) => matches(rule, tool, effect, options));
    const rule = order.map((verdict) => hits.find((hit) => hit.verdict === verdict)).find((hit) => hit !== undefined);
    // Plan is a promise to change nothing; no allow rule breaks it.
    if (rule && !(options.mode === 'plan' && fallback === 'deny'))
      return {
        verdict: rule.verdict,
        by: 'rule',
        rule: rule.text,
        why: `Rule "${rule.text}" decides: ${describeEffect(effect)}.`,
      };
  }
  const why = `Mode ${options.mode} ${fallback === 'allow' ? 'allows' : fallback === 'ask' ? 'asks before' : 'forbids'}: ${describeEffect(effect)}.`;
  return { verdict: fallback, by: 'mode', why, ...(fallback === 'allow' ? {} : { hint: hintFor(effect, options) }) };
};

const withoutBraces = (pattern: string): string[] => {
  const [whole, head = '', choices = '', tail = ''] = /^(.*?)\{([^}]*)\}(.*)$/s.exec(pattern) ?? [];
  return whole === undefined ? [pattern] : choices.split(',').flatMap((one) => withoutBraces(head + one + tail));
};

/** What is left of an absolute pattern below a folder it may lie above; undefined when it leads elsewhere. */
const belowRoot = (pattern: string, root: string): string | undefined => {
  const steps = pattern.split('/').slice(1);
  for (const name of root.split('/').slice(1)) {
    const [step] = steps;
    if (step === undefined) return '*';
    if (step === '**') break;
    if (!matchesPath(step, name)) return undefined;
    steps.shift();
  }
  return steps.length === 0 ? '*' : `/${steps.join('/')}`;
};

/** A path rule in gitignore's form, seen from the first root: no braces, no `~`, nothing absolute below that root. */
const ignoreRules = (pattern: string, { roots, home }: PolicyOptions): string[] =>
  withoutBraces(pattern.replace(/(?<=.)\/+$/, '')).flatMap((one) => {
    const [root = '/', ...added] = roots;
    const path = one.startsWith('~/') ? home + one.slice(1) : one;
    if (path.startsWith('/')) return [path, belowRoot(path, root) ?? []].flat();
    if (!path.includes('/')) return [path.replace(/^(?=[!#])/, '\\')];
    const anchored = path.replace(/^\.\//, '');
    return [`/${anchored}`, ...added.map((folder) => `${folder}/${anchored}`)];
  });

/** Rules over effects: deny beats ask beats allow beats the mode; the strictest effect of a call decides. */
export const rulePolicy = (options: PolicyOptions): Policy => ({
  hidden:
    options.mode === 'bypass'
      ? []
      : options.rules.flatMap((rule) =>
          rule.verdict === 'deny' && rule.kind === 'read' ? ignoreRules(rule.pattern, options) : [],
        ),
  decide: ({ tool, effects }) => {
    const barred =
      options.mode === 'bypass'
        ? undefined
        : options.rules.find(
            (rule) => rule.kind === 'tool' && rule.verdict === 'deny' && matchesText(rule.pattern, tool),
          );
    if (barred)
      return {
        verdict: 'deny',
        by: 'rule',
        rule: barred.text,
        why: `Rule "${barred.text}" forbids the tool ${tool}.`,
        effects: [...effects],
      };
    const judged = effects.map((effect) => judgeEffect(tool, effect, options));
    const strictest = order
      .map((verdict) => judged.find((one) => one.verdict === verdict))
      .find((one) => one !== undefined);
    return { ...(strictest ?? { verdict: 'allow', by: 'mode', why: 'It touches nothing.' }), effects: [...effects] };
  },
});
