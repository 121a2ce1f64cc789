import type { Proof, Proven } from '../patterns/proof.ts';
import { changedFiles } from './changed-files.ts';
import { proven } from './trying.ts';

/**
 * Several proofs as one, in their order. The first one that is contradicted ends it: what does not parse is not measured.
 * @param mustChange a run that changed nothing did not do what it was asked for
 */
export const allProofs = (proofs: readonly Proof[], mustChange: boolean): Proof => ({
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
    return all;
  },
});
