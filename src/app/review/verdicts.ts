import { CopilotError, exitCodes, usageError } from '../../base/errors.ts';
import { openRepository } from '../../host/git/repository.ts';
import type { Env } from '../../host/paths.ts';
import type { RuleStats, StoredFinding } from '../../host/review/review-store.ts';
import { openReviews } from './remembered.ts';

/** Where somebody says what to think of findings. */
export interface VerdictPlace {
  env: Env;
  cwd: string;
  notice: (line: string) => void;
}

const inStore = async <T>(
  { env, cwd, notice }: VerdictPlace,
  signal: AbortSignal,
  work: (store: Awaited<ReturnType<typeof openReviews>>['store']) => T,
): Promise<T> => {
  const { root } = await openRepository(cwd, env, signal);
  const { store } = await openReviews(env, root, notice);
  try {
    return work(store);
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_'))
      throw new CopilotError(`What reviews said before cannot be used: ${error.message}`, {
        ...{ code: 'E_DATABASE', exitCode: exitCodes.config, cause: error },
        hint: 'Check that the data folder is writable and has room (llm-copilot doctor).',
      });
    throw error;
  } finally {
    store.close();
  }
};

/**
 * Dismisses findings that were raised, or takes that back. All of them, or none when one is not known.
 * @param reason why they are dismissed; null opens them again.
 * @throws CopilotError exit 2 for a fingerprint nothing has, or several have
 */
export const judgeFindings = (
  place: VerdictPlace,
  prefixes: readonly string[],
  reason: string | null,
  signal: AbortSignal,
): Promise<StoredFinding[]> =>
  inStore(place, signal, (store) => {
    const chosen = prefixes.map((prefix) => {
      const found = /^[0-9a-f]{4,20}$/.test(prefix) ? store.withPrefix(prefix) : [];
      const [first] = found;
      if (first === undefined)
        throw usageError(
          `No finding of this repository has the fingerprint ${prefix}.`,
          'It is the last line of each finding; 4 digits or more are enough.',
        );
      if (found.length > 1) throw usageError(`Several findings begin with ${prefix}.`, 'Give more of its digits.');
      return first;
    });
    const fingerprints = chosen.map(({ fingerprint }) => fingerprint);
    store.setStatus(fingerprints, reason === null ? 'open' : 'dismissed', reason, Date.now());
    return chosen;
  });

/** How rules are taken in this repository, those of models apart. */
export const reviewStats = (
  place: VerdictPlace,
  signal: AbortSignal,
): Promise<{ rules: RuleStats[]; models: RuleStats[] }> =>
  inStore(place, signal, (store) => {
    const all = store.stats();
    const isOfModel = ({ rule }: RuleStats): boolean => rule.startsWith('model/');
    return { rules: all.filter((one) => !isOfModel(one)), models: all.filter(isOfModel) };
  });
