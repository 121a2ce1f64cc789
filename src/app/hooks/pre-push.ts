import { printableName } from '../../base/printable.ts';
import { pushedRefs, type PushedRef } from '../../engine/hooks/pushed-refs.ts';
import type { HookEnd, HookRun } from './hook-run.ts';
import { endOf, keptForReviews, quickReview } from './quick-review.ts';
import { outgoingBase } from '../../host/hooks/outgoing-base.ts';

const shortName = ({ localRef, remoteRef }: PushedRef): string =>
  printableName(localRef === '(delete)' ? remoteRef : localRef).replace(/^refs\/heads\//, '');

/** Reviews what a push sends and the remote does not have yet, without a model. */
export const prePush = async (run: HookRun, signal: AbortSignal): Promise<HookEnd> => {
  const { repository, args, env } = run;
  const [remote = ''] = args;
  const kept = keptForReviews(repository.root);
  const end: HookEnd = { found: [], notices: [] };
  const seen = new Set<string>();
  for (const ref of pushedRefs(await run.input())) {
    const from = await outgoingBase(repository, env, ref, remote, signal);
    // Nothing new goes out.
    if (from === ref.localId || seen.has(`${from} ${ref.localId}`)) continue;
    seen.add(`${from} ${ref.localId}`);
    const review = await quickReview(run, { from, to: ref.localId }, kept, signal);
    const one = endOf(review, `The push of ${shortName(ref)}`, 'push');
    end.found?.push(...(one.found ?? []));
    end.notices?.push(...(one.notices ?? []));
    if (one.stops) end.stops = true;
  }
  return end;
};
