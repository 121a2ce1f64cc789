import { printableName } from '../../base/printable.ts';
import type { FileDiff } from '../../core/diff.ts';
import { isTag, pushedRefs, type PushedRef } from '../../engine/hooks/pushed-refs.ts';
import { outgoingBase } from '../../host/hooks/outgoing-base.ts';
import { outgoingCommits } from '../../host/hooks/outgoing-commits.ts';
import { outgoingTags } from '../../host/hooks/outgoing-tags.ts';
import type { HookEnd, HookRun } from './hook-run.ts';
import { commitsWithSecrets } from './outgoing-secrets.ts';
import { endOf, keptForReviews, quickReview, type KeptForReviews } from './quick-review.ts';

const shortName = ({ localRef, remoteRef }: PushedRef): string =>
  printableName(localRef === '(delete)' ? remoteRef : localRef).replace(/^refs\/(?:heads|tags)\//, '');

const add = (end: HookEnd, one: HookEnd): void => {
  end.found?.push(...(one.found ?? []));
  end.notices?.push(...(one.notices ?? []));
  if (one.stops) end.stops = true;
};

/** Secrets that one outgoing commit adds and a later one takes out: they are in the history that goes out. */
const lookIntoCommits = async (
  run: HookRun,
  { refs, remote, files, kept }: { refs: PushedRef[]; remote: string; files: FileDiff[]; kept: KeptForReviews },
  signal: AbortSignal,
): Promise<HookEnd> => {
  const { repository, env } = run;
  const end: HookEnd = { found: [], notices: [] };
  const { commits, isAll } = await outgoingCommits(repository, env, { refs, remote }, signal);
  if (!isAll)
    end.notices?.push(`only the newest ${commits.length} of the commits that are pushed were looked at one by one`);
  // What the only one adds is what all of them do.
  const suspects = commits.length < 2 ? [] : await commitsWithSecrets(repository, commits, files, signal);
  const told = new Set<string>();
  for (const { hash, parent } of suspects) {
    const review = await quickReview(run, { from: parent, to: hash }, kept, signal);
    const findings = review.findings.filter(({ rule, fingerprint }) => rule === 'secret' && !told.has(fingerprint));
    for (const { fingerprint } of findings) told.add(fingerprint);
    if (findings.length === 0) continue;
    const name = hash.slice(0, 10);
    end.found?.push(`In commit ${name}; a later one takes it out, but the history keeps it:`);
    add(end, endOf({ ...review, findings, notices: [] }, `The push of commit ${name}`, 'push'));
  }
  return end;
};

/** Reviews what a push sends and the remote does not have yet, without a model. */
export const prePush = async (run: HookRun, signal: AbortSignal): Promise<HookEnd> => {
  const { repository, args, env } = run;
  const [remote = ''] = args;
  const kept = keptForReviews(repository.root);
  const end: HookEnd = { found: [], notices: [] };
  const seen = new Set<string>();
  const pushed = pushedRefs(await run.input());
  const branches = pushed.filter((ref) => !isTag(ref));
  const tags = await outgoingTags(repository, env, { tags: pushed.filter(isTag), branches, remote }, signal);
  const refs: PushedRef[] = [];
  const files: FileDiff[] = [];
  for (const ref of [...branches, ...tags]) {
    const from = await outgoingBase(repository, env, ref, remote, signal);
    // Nothing new goes out.
    if (from === ref.localId || seen.has(`${from} ${ref.localId}`)) continue;
    seen.add(`${from} ${ref.localId}`);
    const review = await quickReview(run, { from, to: ref.localId }, kept, signal);
    refs.push(ref);
    files.push(...review.files);
    add(end, endOf(review, `The push of ${shortName(ref)}`, 'push'));
  }
  // What is stopped is looked at again.
  if (refs.length > 0 && !end.stops) add(end, await lookIntoCommits(run, { refs, remote, files, kept }, signal));
  return end;
};
