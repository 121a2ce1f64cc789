import { resolve } from 'node:path';
import { matchesText } from '../base/glob.ts';
import { describeEffect, type Decision, type Effect, type Policy } from '../core/policy.ts';
import type { Enforcement } from '../core/sandbox.ts';
import { builtinDenial, type DenialPlace } from './builtin-denials.ts';
import { matchesHost } from './hosts.ts';
import { byMode, hintFor, type PermissionMode } from './modes.ts';
import { coversFolder, ignoreRules, matchesFile, mayMatchBelow } from './path-patterns.ts';
import type { Rule } from './rule.ts';
import { foreignSource, freshYes, needsFreshYes } from './taint.ts';

/** Where the policy stands. */
export interface PolicyOptions extends DenialPlace {
  mode: PermissionMode;
  /** What changes or takes something needs a one-time code, whatever the mode. */
  production?: boolean;
  /** Read at every decision: rules may be added while it is in use. */
  rules: readonly Rule[];
  /** Absolute real paths that may be read besides the roots. */
  readable: readonly string[];
  /** Takes a command line apart; without it a command stays one effect nobody looked into. */
  expand?: (command: string) => Promise<readonly Effect[]> | readonly Effect[];
  /** What the sandbox holds up by itself; nothing when left out. */
  enforces?: Enforcement;
  /** An existing path in or below a folder that fits, to decide what reads or writes folders whole. */
  findBelow?: (folder: string, fits: (path: string) => boolean) => string | undefined;
}

type Exec = Extract<Effect, { kind: 'exec' }>;

// One command can hide others behind these; a pattern that allows must not be talked into them.
const compound = /[;&|`\n<>]|\$\(|\$\{/;

/** Parts of a command line nobody took apart: each may be the one a rule forbids. */
const partsOf = (command: string): string[] => [
  command,
  ...command.split(/[;&|`\n()]|\$\(/).map((part) => part.trim()),
];

const matchesCommand = (rule: Rule, effect: Exec, exact: boolean): boolean => {
  if (rule.pattern === '*') return true;
  const command = effect.command.trim();
  const whole = effect.reach === undefined || effect.reach === 'opaque';
  if (rule.verdict !== 'allow')
    return (whole ? partsOf(command) : [command]).some((part) => matchesText(rule.pattern, part));
  if (exact || command === rule.pattern) return true;
  return !(whole && compound.test(command)) && matchesText(rule.pattern, command);
};

const matchesPaths = (rule: Rule, effect: Extract<Effect, { path: string }>, options: PolicyOptions): boolean => {
  const { path, recursive } = effect;
  if (!recursive) return matchesFile(rule.pattern, path, options);
  if (rule.verdict === 'allow') return coversFolder(rule.pattern, path, options);
  if (matchesFile(rule.pattern, path, options)) return true;
  // What the sandbox masks or keeps from being written is left out of the folder; nothing has to be asked.
  if (options.enforces?.fs === true && rule.verdict === 'deny') return false;
  if (!mayMatchBelow(rule.pattern, path, options)) return false;
  return (
    options.findBelow?.(path, (one) => matchesFile(rule.pattern, one, options)) !== undefined || !options.findBelow
  );
};

const matches = (rule: Rule, tool: string, effect: Effect, options: PolicyOptions, exact: boolean): boolean => {
  if (rule.kind === 'tool') return matchesText(rule.pattern, tool);
  if (rule.kind !== effect.kind) return false;
  switch (effect.kind) {
    case 'read':
    case 'write':
      return matchesPaths(rule, effect, options);
    case 'exec':
      return matchesCommand(rule, effect, exact);
    case 'net':
      return matchesHost(rule.pattern, effect.host, rule.verdict === 'allow');
    case 'env':
    case 'secret':
      return effect.name === '*'
        ? rule.verdict !== 'allow' || rule.pattern === '*'
        : matchesText(rule.pattern, effect.name);
  }
};

/** True when the rule is about the example: a path, command, host, name or tool, as its kind says. */
export const matchesExample = (rule: Rule, example: string, options: PolicyOptions): boolean => {
  const effectOf = (): Effect => {
    switch (rule.kind) {
      case 'read':
      case 'write':
        return { kind: rule.kind, path: resolve(options.roots[0] ?? '/', example.replace(/^~(?=\/)/, options.home)) };
      case 'net':
        return { kind: 'net', host: example, access: 'read' };
      case 'env':
      case 'secret':
        return { kind: rule.kind, name: example };
      case 'exec':
      case 'tool':
        return { kind: 'exec', command: example };
    }
  };
  return matches(rule, example, effectOf(), options, false);
};

type Verdict = Decision['verdict'];
type Judged = Pick<Decision, 'verdict' | 'by' | 'why' | 'rule' | 'origin' | 'hint' | 'stepUp'>;

const order: readonly Verdict[] = ['deny', 'ask', 'allow'];

const byRule = (rule: Rule, effect: Effect): Judged => ({
  verdict: rule.verdict,
  by: 'rule',
  rule: rule.text,
  ...(rule.origin === undefined ? {} : { origin: rule.origin }),
  why: `Rule "${rule.text}" decides: ${describeEffect(effect)}.${rule.reason === undefined ? '' : ` ${rule.reason}`}`,
});

/** A deny rule that a command of unknown doings could break, because no sandbox holds it up. */
const unheld = ({ rules, enforces }: PolicyOptions): Rule | undefined =>
  rules.find((rule) => {
    if (rule.verdict !== 'deny') return false;
    if (rule.kind === 'read' || rule.kind === 'write') return enforces?.fs !== true;
    if (rule.kind === 'net') return enforces?.net !== true;
    return rule.kind === 'exec';
  });

const judgeEffect = (tool: string, effect: Effect, options: PolicyOptions, exact: boolean): Judged => {
  const { mode, rules } = options;
  const fallback = byMode(effect, options);
  if (mode === 'bypass') return { verdict: 'allow', by: 'mode', why: `Mode bypass allows: ${describeEffect(effect)}.` };
  const denial = builtinDenial(effect, options);
  if (denial !== undefined)
    return {
      verdict: 'deny',
      by: 'builtin',
      why: `Always forbidden: ${describeEffect(effect)} – ${denial}.`,
      hint: 'do it yourself, or --permission-mode bypass',
    };
  const hits = rules.filter((rule) => matches(rule, tool, effect, options, exact));
  const rule = order.map((verdict) => hits.find((hit) => hit.verdict === verdict)).find((hit) => hit !== undefined);
  // Plan is a promise to change nothing; no allow rule breaks it.
  const decided = rule && !(mode === 'plan' && fallback === 'deny') ? byRule(rule, effect) : undefined;
  const toTheLetter = exact || (effect.kind === 'exec' && rule?.pattern === effect.command);
  if (
    effect.kind === 'exec' &&
    effect.reach === 'opaque' &&
    (decided?.verdict ?? fallback) === 'allow' &&
    !toTheLetter
  ) {
    const broken = unheld(options);
    if (broken)
      return {
        verdict: 'ask',
        by: 'mode',
        why: `${effect.why ?? 'It may do anything'}, and this sandbox does not hold up "${broken.text}": ${effect.command}.`,
        hint:
          broken.kind === 'exec'
            ? `the rule "allow: exec(${effect.command.split('\n', 1)[0] ?? ''})": no sandbox knows which programs run`
            : '--sandbox bubblewrap or docker, which do',
      };
  }
  if (decided) return decided;
  const why = `Mode ${mode} ${fallback === 'allow' ? 'allows' : fallback === 'ask' ? 'asks before' : 'forbids'}: ${describeEffect(effect)}.`;
  return { verdict: fallback, by: 'mode', why, ...(fallback === 'allow' ? {} : { hint: hintFor(effect, options) }) };
};

/** In a tainted run nothing but a person's fresh yes allows what could carry something away. */
const judgeTainted = (judged: Judged, effect: Effect, options: PolicyOptions): Judged => {
  if (judged.verdict !== 'allow' || options.mode === 'bypass') return judged;
  const because = needsFreshYes(effect, options);
  if (because === undefined) return judged;
  return {
    verdict: 'ask',
    by: 'taint',
    why: freshYes(effect, because),
    hint:
      effect.kind === 'exec'
        ? '--sandbox bubblewrap or docker, which keep programs from the network and your files'
        : 'a yes at a terminal: once text from outside is in a run, no rule does',
  };
};

/** In production, commands that change something, pushes and secrets need a one-time code. */
const judgeProduction = (judged: Judged, effect: Effect, effects: readonly Effect[]): Judged => {
  if (judged.verdict === 'deny') return judged;
  const matters =
    effect.kind === 'secret' ||
    (effect.kind === 'net' && effect.access === 'write') ||
    (effect.kind === 'exec' && effect.reach !== 'listed') ||
    (effect.kind === 'write' && effects.some(isExec));
  if (!matters) return judged;
  return {
    verdict: 'ask',
    by: 'profile',
    why: `This is production, and a one-time code is needed to ${describeEffect(effect)}.`,
    hint: '--otp with a code of your authenticator (llm-copilot mfa enroll)',
    stepUp: judged.verdict,
  };
};

const isExec = (effect: Effect): effect is Exec => effect.kind === 'exec';

/** Rules over effects: built-in denials, then deny beats ask beats allow beats the mode; the strictest effect decides. */
export const rulePolicy = (options: PolicyOptions): Policy => {
  const { mode, rules, enforces, expand } = options;
  const heldUp = (effects: readonly Effect[], rule?: string): Pick<Decision, 'enforced'> => {
    if (!effects.some(isExec)) return {};
    const kind = rules.find((one) => one.text === rule)?.kind;
    const fs = enforces?.fs === true;
    const net = enforces?.net === true;
    const held = kind === 'net' ? net : kind === 'read' || kind === 'write' ? fs : kind === undefined && fs && net;
    return { enforced: held ? 'sandbox' : 'parse-only' };
  };
  return {
    get hidden() {
      return mode === 'bypass'
        ? []
        : rules.flatMap((rule) =>
            rule.verdict === 'deny' && rule.kind === 'read' ? ignoreRules(rule.pattern, options) : [],
          );
    },
    foreign: (effects) => foreignSource(effects, options),
    decide: async ({ tool, effects: declared, tainted = false }) => {
      const effects: Effect[] = [];
      const judged: Judged[] = [];
      for (const effect of declared) {
        const parts = expand && isExec(effect) && effect.reach === undefined ? await expand(effect.command) : [effect];
        const exact =
          isExec(effect) &&
          rules.some(
            (rule) => rule.verdict === 'allow' && rule.kind === 'exec' && rule.pattern === effect.command.trim(),
          );
        effects.push(...parts);
        for (const part of parts) {
          const one = judgeEffect(tool, part, options, exact);
          const fresh = tainted ? judgeTainted(one, part, options) : one;
          judged.push(options.production ? judgeProduction(fresh, part, parts) : fresh);
        }
      }
      const barred =
        mode === 'bypass'
          ? undefined
          : rules.find((rule) => rule.kind === 'tool' && rule.verdict === 'deny' && matchesText(rule.pattern, tool));
      if (barred) {
        const why = `Rule "${barred.text}" forbids the tool ${tool}.`;
        return { verdict: 'deny', by: 'rule', rule: barred.text, why, effects };
      }
      const steps = judged.flatMap((one) => one.stepUp ?? []);
      const strictest = order
        .map((verdict) => judged.find((one) => one.verdict === verdict))
        .find((one) => one !== undefined);
      const decision: Judged = strictest ?? { verdict: 'allow', by: 'mode', why: 'It touches nothing.' };
      const stepUp = decision.verdict === 'ask' && steps.length > 0;
      // Something else may have to be asked besides the code.
      const asks = judged.some((one) => one.verdict === 'ask' && one.stepUp !== 'allow');
      return {
        ...decision,
        ...(stepUp ? { stepUp: asks ? 'ask' : 'allow' } : {}),
        ...heldUp(effects, decision.rule),
        effects,
      };
    },
  };
};
