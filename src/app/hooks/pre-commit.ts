import { hasPassed, rememberPassed, verdictKey } from '../../host/hooks/verdicts.ts';
import type { HookEnd, HookRun } from './hook-run.ts';
import { endOf, keptForReviews, quickReview } from './quick-review.ts';

/** Reviews what is staged, without a model. A tree that was let through before is not looked at again. */
export const preCommit = async (run: HookRun, signal: AbortSignal): Promise<HookEnd> => {
  const { repository, settings, env, version } = run;
  const kept = keptForReviews(repository.root);
  const [tree, { head = '' }] = await Promise.all([repository.stagedTree(signal), repository.state(signal)]);
  const key = verdictKey([version, tree, head, JSON.stringify([settings.review, settings.hooks, kept])]);
  if (hasPassed(env, key)) return {};
  const review = await quickReview(run, { staged: true }, kept, signal);
  const end = endOf(review, 'The commit', 'commit');
  if (!end.stops && review.notices.length === 0) rememberPassed(env, key);
  return end;
};
