import type { JudgedClaim } from '../../core/evidence.ts';
import type { WorkflowContext } from '../../core/workflow.ts';
import type { Proof, Proven } from '../patterns/proof.ts';
import { runnerFilesIn } from '../patterns/weakened.ts';
import { changedFiles } from './changed-files.ts';
import { goodEnds } from './good-ends.ts';
import { listed, proven } from './trying.ts';

/** Claims that rest on the exit codes of commands, and those of them that rest on how tests are run. */
const byExitCode: ReadonlySet<string> = new Set(['fixed', 'behaviour_kept', 'faster', 'tests_catch']);
const byRunner: ReadonlySet<string> = new Set(['fixed', 'behaviour_kept']);

/** Why claims of some kinds are shown by nothing, although commands ended well. */
const doubts = async (
  context: WorkflowContext,
  mayChangeTests: boolean,
): Promise<{ kinds: ReadonlySet<string>; why: string }[]> => {
  const [from, to] = [await context.sandbox.origin(), await context.sandbox.digest()];
  if (from === undefined || from === to) return [];
  const diff = await context.sandbox.diff(from, to);
  const ends = goodEnds(diff);
  const runners = mayChangeTests ? [] : runnerFilesIn(await context.sandbox.changes(from, to), diff);
  return [
    ...(ends.length > 0
      ? [{ kinds: byExitCode, why: `this run added code that ends the process with success (${listed(ends)})` }]
      : []),
    ...(runners.length > 0
      ? [{ kinds: byRunner, why: `this run changed how tests are run (${listed(runners)})` }]
      : []),
  ];
};

/**
 * Several proofs as one, in their order. The first one that is contradicted ends it: what does not parse is not measured.
 * @param mustChange a run that changed nothing did not do what it was asked for
 * @param mayChangeTests how tests are run may change too
 */
export const allProofs = (proofs: readonly Proof[], mustChange: boolean, mayChangeTests = false): Proof => ({
  async *before(context) {
    const shown: string[] = [];
    for (const proof of proofs) {
      const text = proof.before === undefined ? undefined : yield* proof.before(context);
      if (text !== undefined && text !== '') shown.push(text);
    }
    return shown.length > 0 ? shown.join('\n\n') : undefined;
  },
  async *after(work, context) {
    if (mustChange && (await changedFiles(context)) === undefined)
      return proven('changed', 'contradicted', 'the work was done', 'Nothing was changed.');
    const all: Proven = { claims: [], notes: [], problems: [] };
    for (const proof of proofs) {
      const one = yield* proof.after(work, context);
      all.claims.push(...one.claims);
      all.notes.push(...one.notes);
      all.problems.push(...one.problems);
      if (one.answer !== undefined) all.answer = one.answer;
      if (one.claims.some(({ verdict }) => verdict === 'contradicted')) break;
    }
    if (!all.claims.some(({ kind, verdict }) => verdict === 'verified' && byExitCode.has(kind))) return all;
    const found = await doubts(context, mayChangeTests);
    const doubted = (claim: JudgedClaim): JudgedClaim => {
      const doubt = claim.verdict === 'verified' ? found.find(({ kinds }) => kinds.has(claim.kind)) : undefined;
      return doubt ? { ...claim, verdict: 'unverified', evidence: `${claim.evidence} But ${doubt.why}.` } : claim;
    };
    return { ...all, claims: all.claims.map(doubted) };
  },
});
