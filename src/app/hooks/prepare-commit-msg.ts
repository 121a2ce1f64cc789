import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { mayDraft } from '../../engine/hooks/message-file.ts';
import { commentMark } from '../../host/hooks/comment-mark.ts';
import { isReplaying } from './commit-msg.ts';
import type { Diff } from '../../core/diff.ts';
import type { Consultant } from '../consult.ts';
import type { HookEnd, HookRun } from './hook-run.ts';

/** A model to ask, where the user switched that on and no secret would be sent to it. */
const consultantFor = async (
  { repository, settings, env, plugins }: HookRun,
  { files }: Diff,
  signal: AbortSignal,
): Promise<Consultant | undefined> => {
  if (settings.hooks?.model !== true) return undefined;
  const { findSecrets } = await import('../commit/find-secrets.ts');
  const { secrets, unread } = await findSecrets(repository, files, signal);
  if (secrets.length + unread.length > 0) return undefined;
  const { openConsultant } = await import('../consult.ts');
  const place = { env, cwd: repository.root, plugins: await plugins(), title: 'a draft for git' };
  return openConsultant(place, signal);
};

/** Puts a draft into the editor of a commit nobody has written a word for yet. */
export const prepareCommitMsg = async (run: HookRun, signal: AbortSignal): Promise<HookEnd> => {
  const { repository, args, cwd } = run;
  const [file, source] = args;
  if (file === undefined) return {};
  const path = resolve(cwd, file);
  const text = readFileSync(path, 'utf8');
  if (!mayDraft(text, source)) return {};
  const [{ branch, operation }, mark] = await Promise.all([repository.state(signal), commentMark(repository, signal)]);
  if (operation === 'merge' || isReplaying(operation) || !mayDraft(text, source, mark)) return {};
  const diff = await repository.diff({ staged: true }, {}, signal);
  if (diff.files.length === 0) return {};
  const { draftMessage } = await import('../commit/draft.ts');
  const consultant = await consultantFor(run, diff, signal);
  const draft = await draftMessage({ repository, diff, branch, signal, consultant }).finally(() => consultant?.close());
  signal.throwIfAborted();
  writeFileSync(path, `${draft.message.trimEnd()}\n${text.startsWith('\n') ? '' : '\n'}${text}`);
  return {};
};
