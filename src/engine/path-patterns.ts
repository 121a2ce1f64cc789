import { matchesPath } from '../base/glob.ts';
import { isWithin } from '../base/within.ts';

/** Where path patterns are seen from. */
export interface PatternPlace {
  /** Absolute real paths that count as the workspace: the root first, then added folders. */
  roots: readonly string[];
  home: string;
  /** Folders for temporary files; `$TMPDIR` in a pattern stands for each. */
  temp?: readonly string[];
}

/** True below a folder for temporary files; a home folder below one is still a home folder. */
export const isTemp = (path: string, { temp = [], home }: PatternPlace): boolean =>
  temp.some((folder) => isWithin(path, folder)) && !isWithin(path, home);

/** `~/` and `$TMPDIR/` as absolute patterns. */
const spelled = (pattern: string, { home, temp = [] }: PatternPlace): string[] => {
  if (pattern.startsWith('~/')) return [home + pattern.slice(1)];
  if (pattern.startsWith('$TMPDIR')) return temp.map((folder) => folder + pattern.slice('$TMPDIR'.length));
  return [pattern];
};

/** True when the pattern names the absolute path, or a folder it lies in. Relative patterns count from each root. */
export const matchesFile = (pattern: string, path: string, place: PatternPlace): boolean => {
  if (pattern === '*' || pattern === '**') return true;
  return spelled(pattern, place).some((one) =>
    one.startsWith('/')
      ? matchesPath(one, path)
      : place.roots.some((root) => isWithin(path, root) && matchesPath(one, path.slice(root.length + 1))),
  );
};

/** True when the pattern names everything that can lie below a folder. */
export const coversFolder = (pattern: string, folder: string, place: PatternPlace): boolean =>
  // Names no real file has: what matches them, matches any.
  matchesFile(pattern, `${folder}/\u0001`, place) && matchesFile(pattern, `${folder}/\u0001/\u0002`, place);

const withoutBraces = (pattern: string): string[] => {
  const [whole, head = '', choices = '', tail = ''] = /^(.*?)\{([^}]*)\}(.*)$/s.exec(pattern) ?? [];
  return whole === undefined ? [pattern] : choices.split(',').flatMap((one) => withoutBraces(head + one + tail));
};

/** What is left of an absolute pattern below a folder it may lie above; undefined when it leads elsewhere. */
const belowFolder = (pattern: string, folder: string): string | undefined => {
  const steps = pattern.split('/').slice(1);
  for (const name of folder.split('/').slice(1)) {
    const [step] = steps;
    if (step === undefined) return '*';
    if (step === '**') break;
    if (!matchesPath(step, name)) return undefined;
    steps.shift();
  }
  return steps.length === 0 ? '*' : `/${steps.join('/')}`;
};

/** True when the pattern may name something in or below the folder, whatever lies there. */
export const mayMatchBelow = (pattern: string, folder: string, place: PatternPlace): boolean =>
  withoutBraces(pattern)
    .flatMap((one) => spelled(one, place))
    .some((one) => {
      if (one === '*' || one === '**') return true;
      const trimmed = one.replace(/\/+$/, '').replace(/^\.\//, '');
      const absolute = trimmed.startsWith('/')
        ? [trimmed]
        : place.roots.map((root) => `${root}/${trimmed.includes('/') ? '' : '**/'}${trimmed}`);
      return absolute.some((path) => belowFolder(path, folder) !== undefined);
    });

/** A path pattern in gitignore's form, seen from the first root: no braces, no `~`, nothing absolute below that root. */
export const ignoreRules = (pattern: string, place: PatternPlace): string[] =>
  withoutBraces(pattern.replace(/(?<=.)\/+$/, ''))
    .flatMap((one) => spelled(one, place))
    .flatMap((path) => {
      const [root = '/', ...added] = place.roots;
      if (path.startsWith('/')) return [path, belowFolder(path, root) ?? []].flat();
      if (!path.includes('/')) return [path.replace(/^(?=[!#])/, '\\')];
      const anchored = path.replace(/^\.\//, '');
      return [`/${anchored}`, ...added.map((folder) => `${folder}/${anchored}`)];
    });

/** The folder of a pattern before its first wildcard, absolute; undefined for a relative pattern. */
export const baseOf = (pattern: string, place: PatternPlace): string[] =>
  spelled(pattern, place).flatMap((one) => {
    if (!one.startsWith('/')) return [];
    const steps = one.split('/');
    const wild = steps.findIndex((step) => /[*?[{]/.test(step));
    return [(wild < 0 ? steps : steps.slice(0, wild)).join('/') || '/'];
  });
