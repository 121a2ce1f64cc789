import type { Place } from './place.ts';
import { quietFilters } from './quiet-filters.ts';

/** Why a patch does not fit the index or the work tree; undefined when it does. Nothing is changed. */
export const patchProblem = async (
  place: Place,
  patch: string,
  where: 'index' | 'worktree',
  signal?: AbortSignal,
): Promise<string | undefined> => {
  const args = [
    ...['-c', 'apply.whitespace=nowarn', '-c', 'apply.ignoreWhitespace=no', 'apply', '--check'],
    ...(where === 'index' ? ['--cached'] : []),
    '-',
  ];
  const env = where === 'index' ? place.env : await quietFilters(place);
  const { code, stderr } = await place.git(args, { input: patch, env, signal });
  if (code === 0) return undefined;
  return (
    stderr
      .trim()
      .split('\n')[0]
      ?.replace(/^(?:fatal|error): /, '') ?? 'it does not apply'
  );
};
