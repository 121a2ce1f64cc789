import { relative } from 'node:path';
import type { Answer, Ask, Effect, Policy, Question } from '../core/policy.ts';
import { parseSubject, type Rule } from '../engine/rule.ts';
import { isWithin } from '../base/within.ts';

/** What "always" needs: the policy to find what was asked about, and where rules are kept. */
export interface Remembering {
  policy: Policy;
  /** The workspace: paths in it are written relative to it. */
  root: string;
  /** Puts rules in force and keeps them for this folder. */
  keep(rules: readonly Rule[]): Promise<void>;
}

/** Characters that mean something in a pattern, or would break a rule's line. */
const special = /[*?[\]{}()\n]/;

/** The narrowest rule that allows one effect from now on; undefined when no rule should. */
const ruleFor = (effect: Effect, root: string): string | undefined => {
  switch (effect.kind) {
    case 'exec':
      return effect.reach === 'program' && !special.test(effect.command) ? `exec(${effect.command})` : undefined;
    case 'read':
    case 'write': {
      if (special.test(effect.path) || effect.how === 'delete') return undefined;
      const path = isWithin(effect.path, root) ? relative(root, effect.path) : effect.path;
      // Without a slash a pattern would match at any depth.
      const anchored = path.includes('/') ? path : `./${path}`;
      return `${effect.kind}(${anchored}${effect.recursive ? '/**' : ''})`;
    }
    case 'net':
      return effect.host === '*' ? undefined : `net(${effect.host})`;
    case 'env':
    case 'secret':
      return undefined;
  }
};

const nobody: Answer = { allow: false, feedback: 'Nobody is there to be asked.' };

/** Rules that allow what was asked about and nothing else; undefined when there are none that sensibly do. */
const rulesFor = async ({ tool, effects }: Question, { policy, root }: Remembering): Promise<Rule[] | undefined> => {
  const rules: Rule[] = [];
  for (const effect of effects) {
    const { verdict } = await policy.decide({ tool, effects: [effect] });
    if (verdict !== 'ask') continue;
    const subject = ruleFor(effect, root);
    if (subject === undefined) return undefined;
    rules.push({ ...parseSubject('allow', subject), origin: 'your answer' });
  }
  return rules;
};

/**
 * Yes for the same effects again once the human said so: for this session, or always, which writes the narrowest rules
 * that do. What no rule should allow is remembered for the session only. Questions wait for each other.
 */
export const remembering = (ask: Ask | undefined, where: Remembering): Ask => {
  const known = new Set<string>();
  let queue: Promise<unknown> = Promise.resolve();
  return (question, signal) => {
    const answer = queue.then(async () => {
      const { tool, effects, tainted = false } = question;
      // A yes from before text from outside came in is no yes to what it may ask for.
      const key = JSON.stringify([effects, tainted]);
      if (question.wantsCode) return (await ask?.(question, signal)) ?? nobody;
      if (known.has(key)) return { allow: true };
      // An answer to the question before may have settled this one.
      const again = await where.policy.decide({ tool, effects, tainted });
      if (again.verdict === 'allow') return { allow: true };
      if (!ask) return nobody;
      const given = await ask(question, signal);
      if (!given.allow || given.remember === undefined) return given;
      known.add(key);
      if (given.remember === 'session') return given;
      if (tainted)
        return { ...given, feedback: 'The user said yes for this session: no rule holds in a run like this.' };
      const rules = await rulesFor(question, where);
      if (!rules || rules.length === 0)
        return { ...given, feedback: 'The user said yes for this session: no narrow rule could say it.' };
      await where.keep(rules);
      return { ...given, feedback: `The user said always: ${rules.map((rule) => rule.text).join('; ')}` };
    });
    queue = answer.catch(() => undefined);
    return answer;
  };
};
