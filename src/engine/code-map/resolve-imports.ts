import { posix } from 'node:path';

const dirname = (path: string): string => posix.dirname(path);
const extname = (path: string): string => posix.extname(path);
const join = (...paths: string[]): string => posix.join(...paths);

const folderStem = /(?:^|\/)(?:index|__init__|mod|lib|main)$/;

/** True for a file that is meant when its folder is imported. */
export const standsForFolder = (path: string): boolean => folderStem.test(stemOf(path));

/** More files than this fit a name by chance. */
const maxFiles = 4;
const maxFilesOfFolder = 50;

const stemOf = (path: string): string => path.slice(0, path.length - extname(path).length);

const addTo = (map: Map<string, number[]>, key: string, file: number): void => {
  const files = map.get(key);
  if (files) files.push(file);
  else map.set(key, [file]);
};

/** The ways a file can be named: with and without ending, as a folder. */
const namesOf = (path: string): string[] => {
  const stem = stemOf(path);
  const names = stem === path ? [path] : [path, stem];
  return folderStem.test(stem) && stem.includes('/') ? [...names, dirname(stem)] : names;
};

/** Ends of a path, longest first: at most its last three names. */
const endsOf = (path: string): string[] => {
  const ends: string[] = [];
  for (let at = path.length; at >= 0 && ends.length < 3;) {
    at = at === 0 ? -1 : path.lastIndexOf('/', at - 1);
    ends.unshift(path.slice(at + 1));
  }
  return ends;
};

const separators: Partial<Record<string, RegExp>> = {
  '.py': /\./g,
  '.pyi': /\./g,
  '.java': /\./g,
  '.cs': /\./g,
  '.rs': /::/g,
  '.php': /\\/g,
};
/** Endings of files whose imports name a folder. */
const namesFolders = new Set(['.go', '.cs', '.java']);
/** Endings of files whose imports name packages when they are not relative. */
const namesPackages = /^\.[mc]?[jt]sx?$|^\.(?:vue|svelte)$/;

/** What an import names, as a path: relative ones from the root, others as far as they go. */
const pathOf = (from: string, target: string): { path: string; isRelative: boolean } => {
  const ending = extname(from);
  const bare = target.trim().replace(/^["'<`]|["'>`;]+$/g, '');
  if (bare.startsWith('./') || bare.startsWith('../') || bare === '.' || bare === '..')
    return { path: join(dirname(from), bare), isRelative: true };
  const dots = /^\.+/.exec(bare)?.[0].length ?? 0;
  if (ending.startsWith('.py') && dots > 0) {
    const up = '../'.repeat(dots - 1);
    return { path: join(dirname(from), up, bare.slice(dots).replaceAll('.', '/')), isRelative: true };
  }
  const separator = separators[ending];
  const path = separator ? bare.replaceAll(separator, '/') : bare;
  return { path: path.replace(/^(?:[@~#]?\/|crate\/|super\/|self\/)+/, '').replace(/\/\*$/, ''), isRelative: false };
};

/**
 * Finds the files that imports mean, by their names alone: no configuration of a language is read, so names that fit
 * many files mean none.
 * @param paths relative to the root, with `/`.
 * @returns from a file's path and an import as written, the places of files in `paths`.
 */
export const importResolver = (paths: readonly string[]): ((from: string, target: string) => readonly number[]) => {
  const whole = new Map<string, number[]>();
  const ends = new Map<string, number[]>();
  const folders = new Map<string, number[]>();
  for (const [file, path] of paths.entries()) {
    for (const name of namesOf(path)) {
      addTo(whole, name, file);
      for (const end of endsOf(name)) addTo(ends, end, file);
    }
    const ending = extname(path);
    if (namesFolders.has(ending)) for (const end of endsOf(dirname(path))) addTo(folders, `${end} ${ending}`, file);
  }
  const none: number[] = [];
  const few = (files: readonly number[] | undefined, most: number): readonly number[] | undefined =>
    files && files.length <= most ? files : undefined;
  const find = (from: string, target: string): readonly number[] => {
    const { path, isRelative } = pathOf(from, target);
    const exactly = (name: string) => few(whole.get(name) ?? whole.get(stemOf(name)), maxFiles);
    const ending = extname(from);
    if (isRelative) return exactly(path) ?? exactly(dirname(path)) ?? none;
    if (path === '') return none;
    if (namesPackages.test(ending)) {
      // `@/views/start` is a place in this project, `react` is not.
      if (!path.includes('/') || path.startsWith('@')) return none;
      return (
        exactly(path) ??
        few(ends.get(endsOf(path)[0] ?? '') ?? ends.get(stemOf(endsOf(path)[0] ?? '')), maxFiles) ??
        none
      );
    }
    const beside = exactly(join(dirname(from), path)) ?? exactly(path);
    if (beside) return beside;
    if (namesFolders.has(ending)) {
      for (const end of endsOf(path)) {
        const files = few(folders.get(`${end} ${ending}`), maxFilesOfFolder);
        if (files) return files;
      }
    }
    // The last names may be of something within the file.
    for (let named = path, cut = 0; cut < 3 && named !== '.'; named = dirname(named), cut += 1) {
      const isShort = !named.includes('/') && cut > 0;
      for (const end of endsOf(named)) {
        if (isShort || (end !== named && !end.includes('/'))) break;
        const files = few(ends.get(end) ?? ends.get(stemOf(end)), maxFiles);
        if (files) return files;
      }
    }
    return none;
  };
  // Neighbours import alike.
  const known = new Map<string, readonly number[]>();
  return (from, target) => {
    const key = `${dirname(from)} ${extname(from)} ${target}`;
    const before = known.get(key);
    if (before) return before;
    const found = find(from, target);
    known.set(key, found);
    return found;
  };
};
