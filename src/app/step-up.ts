import type { Ask, Answer, Question } from '../core/policy.ts';

/** How long a one-time code counts. */
const freshMs = 5 * 60 * 1000;

/** One-time codes given in a run. */
export interface StepUp {
  isFresh(): boolean;
  /** Looks at a code; a right one counts for five minutes. */
  give(code: string): Promise<{ passed: boolean; why: string }>;
}

/** @param check says whether a code is right, now and for the first time. */
export const stepUp = (
  check: (code: string) => Promise<{ passed: boolean; why: string }>,
  now: () => number = Date.now,
): StepUp => {
  let passedAt = -Infinity;
  return {
    // A clock that went back makes no old code count again.
    isFresh: () => now() >= passedAt && now() - passedAt < freshMs,
    give: async (code) => {
      const checked = await check(code);
      if (checked.passed) passedAt = now();
      return checked;
    },
  };
};

/** Asks for a one-time code where a question needs one, then for whatever else is asked. */
export const askingForCodes =
  (ask: Ask, codes: StepUp): Ask =>
  async (question, signal) => {
    const { stepUp: then } = question;
    if (then === undefined) return ask(question, signal);
    if (!codes.isFresh()) {
      const { code, allow, feedback } = await ask({ ...question, wantsCode: true } satisfies Question, signal);
      if (code === undefined)
        return { allow: false, feedback: feedback ?? (allow ? 'No code was given.' : 'The user said no.') };
      const { passed, why } = await codes.give(code);
      if (!passed) return { allow: false, feedback: `The one-time code was not accepted: ${why}` };
    }
    return then === 'allow'
      ? ({ allow: true, feedback: 'A one-time code was given.' } satisfies Answer)
      : ask(question, signal);
  };
