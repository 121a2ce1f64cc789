import { CopilotError, exitCodes } from '../../base/errors.ts';
import { nearest } from '../../base/nearest.ts';
import { printableName } from '../../base/printable.ts';
import type { Place } from './place.ts';
import { gitFailure } from './run-git.ts';

const revisionError = (message: string, hint: string): CopilotError =>
  new CopilotError(message, { code: 'E_REVISION', exitCode: exitCodes.usage, hint });

const deepen = 'git fetch --unshallow fetches the rest.';

/** Names of branches and tags, short ones, at most a few thousand. */
const refNames = async ({ git }: Place, signal?: AbortSignal): Promise<string[]> => {
  const args = [
    'for-each-ref',
    '--count=5000',
    '--format=%(refname:lstrip=2)',
    'refs/heads',
    'refs/tags',
    'refs/remotes',
  ];
  const { stdout } = await git(args, { signal });
  return stdout.toString().split('\n').slice(0, -1);
};

/** A revision's name, as it can be handed to git. @throws CopilotError exit 2 `E_REVISION` when it would be taken for an option */
export const revisionName = (revision: string): string => {
  // Git would take it for an option, or not get it whole.
  if (revision === '' || revision.startsWith('-') || /[\0\n]/.test(revision))
    throw revisionError(
      revision === '' ? 'A revision is empty.' : `${printableName(revision)} is no revision.`,
      'A revision is a branch, a tag, a commit, or such as HEAD~1.',
    );
  return revision;
};

/** Why there is no such revision, and what there is instead. */
const noRevision = async (place: Place, revision: string, signal?: AbortSignal): Promise<CopilotError> => {
  const shown = printableName(revision);
  if ((await headHash(place, signal)) === undefined)
    return revisionError(`There is no ${shown}: the repository has no commits yet.`, 'Commit something first.');
  if (place.isShallow)
    return revisionError(`There is no ${shown} here: the clone is shallow, older commits were left out.`, deepen);
  const near = nearest(revision.replace(/[~^@].*$/, ''), await refNames(place, signal));
  return revisionError(
    `There is no revision ${shown}.`,
    near === undefined
      ? 'git branch --all lists branches, git tag lists tags.'
      : `Did you mean ${printableName(near)}?`,
  );
};

/** Full hash of a commit. @throws CopilotError exit 2 `E_REVISION` */
export const resolveRevision = async (place: Place, revision: string, signal?: AbortSignal): Promise<string> => {
  const args = ['rev-parse', '--verify', '--quiet', `${revisionName(revision)}^{commit}`];
  const { code, stdout } = await place.git(args, { signal });
  if (code !== 0) throw await noRevision(place, revision, signal);
  return stdout.toString().trim();
};

/** The commit HEAD is at; undefined before the first one. */
export const headHash = async ({ git }: Place, signal?: AbortSignal): Promise<string | undefined> => {
  const { code, stdout } = await git(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], { signal });
  return code === 0 ? stdout.toString().trim() : undefined;
};

/** What a diff is from when nothing was before: the empty tree's id, also said for it in repositories of SHA-256. */
export const nothing = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

/** The tree without files, by its id. */
export const emptyTree = async ({ git }: Place, signal?: AbortSignal): Promise<string> => {
  const { code, stdout, stderr } = await git(['hash-object', '-t', 'tree', '--stdin'], { input: '', signal });
  if (code !== 0) throw gitFailure('name the empty tree', stderr);
  return stdout.toString().trim();
};

/** What an amended commit is compared with: the last one's first parent, or nothing. @throws CopilotError exit 2 */
export const amendedBase = async (place: Place, signal?: AbortSignal): Promise<string> => {
  const { code, stdout } = await place.git(['rev-parse', '--verify', '--quiet', 'HEAD~1^{commit}'], { signal });
  if (code === 0) return stdout.toString().trim();
  if (place.isShallow && (await headHash(place, signal)) !== undefined)
    throw revisionError('The last commit cannot be compared: the clone is shallow, its parent was left out.', deepen);
  return emptyTree(place, signal);
};

/** The newest commit both come from; undefined when there is none. @throws CopilotError exit 2 `E_REVISION` */
export const mergeBase = async (
  place: Place,
  a: string,
  b: string,
  signal?: AbortSignal,
): Promise<string | undefined> => {
  const { code, stdout } = await place.git(['merge-base', revisionName(a), revisionName(b)], { signal });
  if (code === 0) return stdout.toString().split('\n', 1)[0];
  // It says 1 of two that have nothing in common, 128 of what it does not know.
  if (code !== 1) for (const one of [a, b]) await resolveRevision(place, one, signal);
  return undefined;
};

/** That two commits have nothing in common, and why that may be. */
export const noMergeBase = ({ isShallow }: Place, from: string, to: string): CopilotError =>
  revisionError(
    `${printableName(from)} and ${printableName(to)} have no commit in common${isShallow ? ' here: the clone is shallow' : ''}.`,
    isShallow ? deepen : `Two dots compare them as they are: ${printableName(from)}..${printableName(to)}`,
  );
