import type { FileDiff } from '../../core/diff.ts';
import type { ChangedSymbols } from './symbols.ts';
import type { VersionBump } from './version-bumps.ts';
import { counted, shownName } from './words.ts';

const mostLines = 8;
const fewFiles = 2;

/** What happened to a file as such; undefined when only some of its lines changed, which a diff tells better. */
const changeOf = ({
  status,
  path,
  oldPath,
  content,
  added,
  deleted,
  oldMode,
  newMode,
}: FileDiff): string | undefined => {
  const name = shownName(path, 60);
  if (content === 'submodule') return `${name}: other commit of the submodule`;
  if (status === 'renamed' && oldPath !== undefined) return `${shownName(oldPath, 40)} is now ${name}`;
  const verb = status === 'added' ? 'new' : status === 'deleted' ? 'removed' : undefined;
  if (content === 'binary') return `${name}: ${verb ?? 'other binary content'}`;
  if (content === 'lfs') return `${name}: ${verb ?? 'other content'} (Git LFS)`;
  if (verb !== undefined) return `${name}: ${verb}`;
  if (added + deleted === 0 && oldMode !== newMode) return `${name}: mode ${oldMode ?? '?'} to ${newMode ?? '?'}`;
  return undefined;
};

/** What is done to the definitions of one file; empty when nothing is known. */
const symbolsIn = (path: string, { added, removed, changed, renamed }: ChangedSymbols): string => {
  const named = (list: ChangedSymbols['added']): string => {
    const names = [
      ...new Set(list.filter((one) => one.path === path && (one.top || one.exported)).map((one) => one.name)),
    ];
    const shown = names.slice(0, 3).map((name) => shownName(name, 40));
    return names.length > 3 ? `${shown.join(', ')} and ${names.length - 3} more` : shown.join(', ');
  };
  const parts = [
    ['add', named(added)],
    ['remove', named(removed)],
    [
      'rename',
      renamed
        .filter(({ from }) => from.path === path)
        .slice(0, 2)
        .map(({ from, to }) => `${from.name} to ${to.name}`)
        .join(', '),
    ],
    ['change', named(changed)],
  ].filter(([, names]) => names !== '');
  return parts.map((part) => part.join(' ')).join('; ');
};

/**
 * What changes, one line per file or area, for changes that a subject does not say all of; empty for others. Why, nobody
 * can see in a diff. Lockfiles and what programs made take one line together.
 */
export const bodyOf = (
  files: readonly FileDiff[],
  symbols: ChangedSymbols,
  bumps: readonly VersionBump[] | undefined,
): string => {
  if (bumps) {
    if (bumps.length < 2) return '';
    const lines = bumps.slice(0, 20).map(({ name, from, to }) => {
      const shown = shownName(name, 50);
      if (from === undefined) return `- add ${shown} ${shownName(to ?? '', 30)}`;
      return to === undefined ? `- remove ${shown}` : `- ${shown} from ${shownName(from, 30)} to ${shownName(to, 30)}`;
    });
    return [...lines, ...(bumps.length > 20 ? [`- and ${bumps.length - 20} more`] : [])].join('\n');
  }
  const written = files.filter(({ made }) => made === undefined);
  const made = files.filter((file) => file.made !== undefined);
  if (written.length <= fewFiles) return '';
  const bySize = [...written].sort((a, b) => b.added + b.deleted - a.added - a.deleted);
  const told = bySize.flatMap((file) => {
    const inside = symbolsIn(file.path, symbols);
    const line = inside === '' || file.status === 'deleted' ? changeOf(file) : `${shownName(file.path, 60)}: ${inside}`;
    return line === undefined ? [] : [`- ${line}`];
  });
  if (told.length === 0) return '';
  const lines = told.slice(0, mostLines);
  if (written.length > lines.length) lines.push(`- and ${counted(written.length - lines.length, 'other file')}`);
  if (made.length > 0)
    lines.push(`- ${counted(made.length, 'lockfile or generated file', 'lockfiles and generated files')}`);
  return lines.join('\n');
};
