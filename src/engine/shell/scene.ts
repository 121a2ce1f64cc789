import type { ShellPlace } from '../../core/shell.ts';
import { basename, dirname, normalize } from 'node:path';
import type { Effect } from '../../core/policy.ts';

/** How a folder is read: with all below it, and through links in it. */
export interface Depth {
  deep?: boolean;
  /** `some`: as far as there is not too much to look through. */
  follow?: boolean | 'some';
}

/** How a path is written. */
export interface Touch {
  deep?: boolean;
  /** What comes to lie there is not known: links too. */
  brings?: boolean;
  how?: 'delete' | 'mode';
}

type Exec = Extract<Effect, { kind: 'exec' }>;

/** All that was found out about a line so far: what it does, and which names and files it made. */
export interface Scene {
  readonly place: ShellPlace;
  /** Without duplicates, in the order found. */
  effects(): Effect[];
  exec(effect: Omit<Exec, 'kind'>): void;
  /** False when what is read cannot be told. */
  read(path: string, cwds: readonly string[], depth?: Depth): boolean;
  write(path: string, cwds: readonly string[], touch?: Touch): boolean;
  readonly net: (host: string, access: 'read' | 'write') => void;
  env(name: string): void;
  /** The name leads to the target from now on; `shares`: writing the one writes the other. */
  alias(name: string, target: string, shares: boolean): void;
  /** Names in a folder, with those the line made. */
  names(folder: string): readonly string[] | undefined;
  /** Marks files whose content came from the network. */
  fetched(path: string): void;
  readonly isFetched: (path: string) => boolean;
  /** True when the line may have changed the file before. */
  isChanged(path: string): boolean;
  /** True when the line wrote a file that decides what programs such as npm or make do. */
  isSteered(): boolean;
  /** Notes that git may track other files from now on. */
  reindex(): void;
  isReindexed(): boolean;
  /** Reads from the network so far. */
  fetches(): number;
  /** Something changed that commands running at the same time, or again, may see. */
  marks(): number;
  /** One more command was looked at; false when there were too many. */
  step(): boolean;
}

const maxSteps = 4000;
const maxWalked = 60;
const maxFollowed = 3000;

/** The path as it is spelled, without `.`, `..` and a slash at the end. */
export const tidy = (path: string): string => {
  const clean = normalize(path);
  return clean.length > 1 && clean.endsWith('/') ? clean.slice(0, -1) : clean;
};

const below = (path: string, folder: string): string | undefined =>
  path === folder ? '' : path.startsWith(folder === '/' ? '/' : `${folder}/`) ? path.slice(folder.length) : undefined;

const process = /^\/proc\/(self|thread-self|\d+)(?:\/task\/\d+)?\/(cwd|root|fd|exe|map_files|environ|mem|maps)(?=\/|$)/;
const streams = /^\/dev\/(?:null|stdin|stdout|stderr|tty|zero|u?random|full|fd(?:\/\d+)?)$/;

/** Files in which programs look for what to do. */
const steering =
  /\/(?:(?:GNU)?[Mm]akefile|[\w.-]+\.mk|package\.json|(?:docker-)?compose[\w.-]*\.ya?ml|Dockerfile[\w.-]*|[Jj]ustfile|Rakefile|Gemfile|Taskfile\.ya?ml|Cargo\.toml|build\.rs|setup\.(?:py|cfg)|pyproject\.toml|conftest\.py|tox\.ini|noxfile\.py|sitecustomize\.py|usercustomize\.py|CMakeLists\.txt|build\.gradle(?:\.kts)?|pom\.xml|\.npmrc|\.yarnrc(?:\.yml)?|\.envrc|\.cargo\/config(?:\.toml)?|[\w.-]+\.config\.[cm]?[jt]s|\.eslintrc[\w.]*|\.babelrc[\w.]*|\.mocharc[\w.]*|\.pre-commit-config\.yaml)$/;

/** True for a device that is no file. */
export const isStream = (path: string): boolean => streams.test(path);

/** Starts to find out about a line. */
export const scene = (place: ShellPlace): Scene => {
  const found = new Map<string, Effect>();
  const aliases: { name: string; target: string; shares: boolean }[] = [];
  const written: { path: string; deep: boolean }[] = [];
  const regions = new Set<string>();
  const fetchedPaths = new Set<string>();
  let steered = false;
  let reindexed = false;
  const reals = new Map<string, string>();
  let steps = 0;
  let fetches = 0;

  const add = (effect: Effect): void => {
    const key = JSON.stringify(effect);
    if (!found.has(key)) found.set(key, effect);
  };

  const real = (path: string): string => {
    let known = reals.get(path);
    if (known === undefined) {
      known = place.real(path);
      reals.set(path, known);
    }
    return known;
  };

  const links = new Map<string, readonly string[]>();
  const linksOf = (path: string): readonly string[] => {
    let known = links.get(path);
    if (known === undefined) {
      known = place.links(path);
      links.set(path, known);
    }
    return known;
  };

  /** `..` goes up from where a link leads, as in the kernel. */
  const physical = (path: string): string => {
    let at = '/';
    for (const name of path.split('/')) {
      if (name === '..') at = dirname(real(at));
      else if (name !== '' && name !== '.') at = at === '/' ? `/${name}` : `${at}/${name}`;
    }
    return at;
  };

  /** The names a path goes by through what the line made. `content`: copies count too. */
  const followed = (path: string, content: boolean, itself: boolean): string[] => {
    const all = [path];
    for (let at = 0; at < all.length && at < 32; at += 1)
      for (const { name, target, shares } of aliases) {
        const rest = below(all[at] ?? '', name);
        if (rest === undefined || (rest === '' && !itself) || !(shares || content)) continue;
        const other = physical(target + rest);
        if (!all.includes(other)) all.push(other);
      }
    return all;
  };

  /** Every absolute path a spelled one may be; undefined when nobody can tell. */
  const locate = (spelled: string, cwds: readonly string[], content: boolean, itself = true): string[] | undefined => {
    if (spelled === '') return [];
    const paths = new Set<string>();
    for (const cwd of spelled.startsWith('/') ? ['/'] : cwds) {
      const whole = tidy(spelled.startsWith('/') ? spelled : `${cwd}/${spelled}`);
      const [prefix = '', owner, kind] = process.exec(whole) ?? [];
      const rest = whole.slice(prefix.length);
      if (kind === 'environ') add({ kind: 'env', name: '*' });
      else if (kind === 'root')
        for (const path of locate(rest === '' ? '/' : rest, ['/'], content) ?? []) paths.add(path);
      else if (kind === 'cwd' && owner === 'self')
        for (const one of cwds) for (const path of locate(`${one}${rest}`, ['/'], content) ?? []) paths.add(path);
      else if (
        kind !== undefined &&
        !(kind === 'fd' && (owner ?? '').includes('self') && /^\/\d+$/.test(rest)) &&
        kind !== 'maps'
      )
        return undefined;
      // A folder opened before, under the number of its descriptor.
      if (/^\/dev\/fd\/\d+\//.test(whole)) return undefined;
      if (kind !== undefined) {
        paths.add(whole);
        continue;
      }
      const exact = spelled.includes('..')
        ? physical(spelled.startsWith('/') ? spelled : `${real(cwd)}/${spelled}`)
        : whole;
      for (const path of followed(exact, content, itself)) {
        paths.add(path);
        // Deleting or linking a name is not about where it leads.
        paths.add(
          itself
            ? real(path)
            : path === '/'
              ? path
              : tidy(`${real(dirname(path))}/${path.slice(path.lastIndexOf('/') + 1)}`),
        );
      }
      paths.add(whole);
    }
    return [...paths];
  };

  /** Looks through a folder for names that lead out of it; false when there is too much below. */
  const walk = (folder: string, limit: number, links: boolean): boolean => {
    const queue = [folder];
    const seen = new Set<string>();
    let left = limit;
    for (const path of queue) {
      for (const name of place.list(path) ?? []) {
        left -= 1;
        if (left < 0) return false;
        const one = path === '/' ? `/${name}` : `${path}/${name}`;
        const target = links ? real(one) : one;
        if (target !== one) add({ kind: 'read', path: target, recursive: true });
        for (const other of linksOf(one)) add({ kind: 'read', path: other });
        if (name !== '.git' && name !== 'node_modules' && !seen.has(target)) {
          seen.add(target);
          queue.push(target);
        }
      }
    }
    return true;
  };

  const isFile = (path: string): boolean =>
    place.list(path) === undefined && place.list(dirname(path))?.includes(basename(path)) === true;

  const read = (spelled: string, cwds: readonly string[], { deep = false, follow = false }: Depth = {}): boolean => {
    if (isStream(spelled) || /^\/proc\/self\/fd\/\d+$/.test(spelled)) return true;
    const paths = locate(spelled, cwds, true);
    if (!paths) return false;
    let whole = !paths.some((path) => [...regions].some((region) => below(path, region) !== undefined));
    for (const path of paths) {
      const isDeep = deep && !isFile(path);
      add(isDeep ? { kind: 'read', path, recursive: true } : { kind: 'read', path });
      for (const other of linksOf(path)) add({ kind: 'read', path: other });
      if (!isDeep) continue;
      for (const { name, target } of aliases)
        if (below(name, path) !== undefined) add({ kind: 'read', path: tidy(target), recursive: true });
      whole = (walk(path, follow === false ? maxWalked : maxFollowed, follow !== false) || follow !== true) && whole;
    }
    return whole;
  };

  const write = (
    spelled: string,
    cwds: readonly string[],
    { deep = false, brings = false, how }: Touch = {},
  ): boolean => {
    if (isStream(spelled)) return true;
    // With a slash at the end a link stands for where it leads.
    const paths = locate(spelled, cwds, false, how !== 'delete' || spelled.endsWith('/'));
    if (!paths) return false;
    for (const path of paths) {
      add({ kind: 'write', path, ...(deep ? { recursive: true } : {}), ...(how === undefined ? {} : { how }) });
      if (how !== 'mode') written.push({ path, deep });
      if (brings) regions.add(path);
      steered ||= how === undefined && steering.test(path);
    }
    return true;
  };

  return {
    place,
    effects: () => [...found.values()],
    exec: (effect) => add({ kind: 'exec', ...effect }),
    read,
    write,
    net: (host, access) => {
      if (access === 'read') fetches += 1;
      add({ kind: 'net', host, access });
    },
    env: (name) => add({ kind: 'env', name }),
    alias: (name, target, shares) => {
      if (!aliases.some((one) => one.name === name && one.target === target)) aliases.push({ name, target, shares });
    },
    names: (folder) => {
      const lists = followed(tidy(folder), true, true).map((path) => place.list(path));
      const made = [...aliases.map(({ name }) => name), ...written.map(({ path }) => path)].filter(
        (path) => path !== '/' && dirname(path) === tidy(folder),
      );
      const all = lists.flatMap((names) => names ?? []);
      if (made.length === 0) return lists.every((names) => names === undefined) ? undefined : all;
      return [...new Set([...all, ...made.map((path) => path.slice(path.lastIndexOf('/') + 1))])];
    },
    fetched: (path) => void fetchedPaths.add(tidy(path)),
    isFetched: (path) => fetchedPaths.has(tidy(path)),
    isChanged: (path) => {
      const names = [tidy(path), real(path), ...linksOf(path), ...followed(tidy(path), true, true)];
      return written.some((one) =>
        names.some((name) => (one.deep ? below(name, one.path) !== undefined : name === one.path)),
      );
    },
    isSteered: () => steered,
    reindex: () => {
      reindexed = true;
    },
    isReindexed: () => reindexed,
    fetches: () => fetches,
    marks: () => aliases.length + written.length + fetchedPaths.size,
    step: () => (steps += 1) <= maxSteps,
  };
};
