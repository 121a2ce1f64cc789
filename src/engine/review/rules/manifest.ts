import { nameOf } from './code-language.ts';

/** Something a project needs. */
export interface Dependency {
  /** The version or place it asks for, as written. */
  spec: string;
  isRuntime: boolean;
}

/** What a manifest says. */
export interface Manifest {
  dependencies: Map<string, Dependency>;
  licence?: string;
}

/** Kinds of manifests, and the lockfiles that belong to them. */
export type ManifestKind = 'npm' | 'python' | 'requirements' | 'go' | 'cargo' | 'gem' | 'composer';

const kinds: readonly [RegExp, ManifestKind][] = [
  [/^package\.json$/, 'npm'],
  [/^pyproject\.toml$|^Pipfile$/, 'python'],
  [/^(?:[\w.-]*[-_.])?requirements(?:[-_.][\w.-]*)?\.(?:txt|in)$/, 'requirements'],
  [/^go\.mod$/, 'go'],
  [/^Cargo\.toml$/, 'cargo'],
  [/^Gemfile$|\.gemspec$/, 'gem'],
  [/^composer\.json$/, 'composer'],
];

/** The kind of a manifest by its path. */
export const manifestKind = (path: string): ManifestKind | undefined => {
  const name = nameOf(path);
  if (/(?:^|\/)requirements\/[^/]+\.(?:txt|in)$/.test(path)) return 'requirements';
  return kinds.find(([pattern]) => pattern.test(name))?.[1];
};

/** Lockfiles that follow a manifest, by name. */
export const locksOf: Record<ManifestKind, readonly string[]> = {
  npm: ['package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'pnpm-lock.yaml', 'bun.lock', 'bun.lockb'],
  python: ['poetry.lock', 'uv.lock', 'pdm.lock', 'Pipfile.lock'],
  requirements: [],
  go: ['go.sum'],
  cargo: ['Cargo.lock'],
  gem: ['Gemfile.lock'],
  composer: ['composer.lock'],
};

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

const fromJson = (text: string, runtime: readonly string[], dev: readonly string[]): Manifest | undefined => {
  let data: Record<string, unknown>;
  try {
    data = record(JSON.parse(text.replace(/^\uFEFF/, '')));
  } catch {
    return undefined;
  }
  const dependencies = new Map<string, Dependency>();
  for (const [fields, isRuntime] of [
    [dev, false],
    [runtime, true],
  ] as const)
    for (const field of fields)
      for (const [name, spec] of Object.entries(record(data[field])))
        if (typeof spec === 'string' && !/^(?:php|ext-.*|hhvm)$/.test(name))
          dependencies.set(name, { spec, isRuntime });
  const { license } = data;
  const licence =
    typeof license === 'string'
      ? license
      : typeof record(license).type === 'string'
        ? String(record(license).type)
        : undefined;
  return { dependencies, ...(licence === undefined ? {} : { licence }) };
};

/** Of longer lines the beginning: nobody writes any. */
const linesOf = (text: string): string[] => text.split('\n').map((line) => line.slice(0, 5000));

/** A requirement of Python: its name, and the rest. */
const requirement = (text: string): [string, string] | undefined => {
  const match = /^\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?([^;]*)/.exec(text);
  return match ? [(match[1] ?? '').toLowerCase().replace(/[._]/g, '-'), (match[2] ?? '').trim()] : undefined;
};

const withoutRemark = (line: string): string => line.replace(/(?:^|\s)#.*$/, '').trim();

const fromRequirements = (text: string, isRuntime: boolean): Manifest => {
  const dependencies = new Map<string, Dependency>();
  for (const raw of linesOf(text)) {
    const line = withoutRemark(raw);
    if (line === '' || /^-(?!e\s|-editable)/.test(line)) continue;
    const place = /^(?:-e\s+|--editable[ =])?((?:git|hg|svn)\+\S+|https?:\S+)/.exec(line)?.[1];
    if (place !== undefined) {
      const name = /#egg=([\w.-]+)/.exec(place)?.[1] ?? place;
      dependencies.set(name.toLowerCase(), { spec: place, isRuntime });
      continue;
    }
    const found = requirement(line.replace(/\\$/, '').replace(/\s--hash=\S+/g, ''));
    if (found) dependencies.set(found[0], { spec: found[1], isRuntime });
  }
  return { dependencies };
};

const devTable = /(?:^|[.\-_])(?:dev|test|tests|testing|docs?|lint|typing|build|check)(?:[.\-_]|$)|dev-packages/i;

/** The tables of a TOML file that hold dependencies; a reader of its lines, not of its whole grammar. */
const fromToml = (text: string, kind: 'python' | 'cargo'): Manifest => {
  const dependencies = new Map<string, Dependency>();
  let licence: string | undefined;
  let table = '';
  let list: { isRuntime: boolean } | undefined;
  const add = (item: string, isRuntime: boolean): void => {
    const found = requirement(item);
    if (found) dependencies.set(found[0], { spec: found[1], isRuntime });
  };
  for (const raw of linesOf(text)) {
    const line = raw.replace(/(?:^|\s)#[^"']*$/, '').trim();
    if (list) {
      for (const match of line.matchAll(/"([^"]*)"|'([^']*)'/g)) add(match[1] ?? match[2] ?? '', list.isRuntime);
      if (/\]\s*,?$/.test(line.replace(/"[^"]*"|'[^']*'/g, ''))) list = undefined;
      continue;
    }
    const head = /^\[+([^[\]]+)\]+$/.exec(line);
    if (head) {
      table = (head[1] ?? '').trim().replace(/["']/g, '');
      const own =
        /^(?:(?:target\..+\.)?((?:dev-|build-)?dependencies)|workspace\.dependencies|tool\.poetry\.(?:group\.[\w-]+\.)?(?:dev-)?dependencies)\.([\w-]+)$/.exec(
          table,
        );
      if (own?.[2] !== undefined) dependencies.set(own[2], { spec: '', isRuntime: own[1] !== 'dev-dependencies' });
      continue;
    }
    const pair = /^["']?([\w.-]+)["']?\s*=\s*(.*)$/.exec(line);
    if (!pair) continue;
    const [, key = '', value = ''] = pair;
    if (/^(?:project|package|tool\.poetry|workspace\.package)$/.test(table) && key === 'license')
      licence = /^\{.*?text\s*=\s*"([^"]*)"/.exec(value)?.[1] ?? /^["']([^"']*)["']/.exec(value)?.[1] ?? licence;
    const isList =
      kind === 'python' &&
      ((table === 'project' && key === 'dependencies') ||
        table === 'project.optional-dependencies' ||
        table === 'dependency-groups' ||
        table === 'build-system');
    if (isList && value.startsWith('[')) {
      const isRuntime = table === 'project' || (table === 'project.optional-dependencies' && !devTable.test(key));
      if (table === 'build-system') continue;
      for (const match of value.matchAll(/"([^"]*)"|'([^']*)'/g)) add(match[1] ?? match[2] ?? '', isRuntime);
      if (!/\]\s*$/.test(value.replace(/"[^"]*"|'[^']*'/g, ''))) list = { isRuntime };
      continue;
    }
    const isTable =
      kind === 'cargo'
        ? /^(?:target\..+\.)?(?:dev-|build-)?dependencies$|^workspace\.dependencies$/.test(table)
        : /^(?:tool\.poetry\.(?:group\.[\w-]+\.)?(?:dev-)?dependencies|packages|dev-packages)$/.test(table);
    if (!isTable || (kind === 'python' && key === 'python')) continue;
    const spec =
      /\b(?:git|path|url)\s*=\s*"[^"]*"/.exec(value)?.[0] ??
      /version\s*=\s*"([^"]*)"/.exec(value)?.[1] ??
      value.replace(/["']/g, '');
    dependencies.set(key.toLowerCase(), { spec, isRuntime: !devTable.test(table) });
  }
  return { dependencies, ...(licence === undefined ? {} : { licence }) };
};

const fromGoMod = (text: string): Manifest => {
  const dependencies = new Map<string, Dependency>();
  let block = '';
  for (const line of linesOf(text)) {
    const open = /^\s*(require|replace|exclude|retract)\s*\(/.exec(line);
    if (open) block = open[1] ?? '';
    else if (/^\s*\)/.test(line)) block = '';
    const needed = /^\s*(?:require\s+)?([\w.-]+\.[\w.-]+\/\S+|[\w.-]+\.\w+)\s+(v\S+)(.*)$/.exec(line);
    if (needed && (block === 'require' || /^\s*require\s/.test(line)) && !(needed[3] ?? '').includes('indirect'))
      dependencies.set(needed[1] ?? '', { spec: needed[2] ?? '', isRuntime: true });
    const other = /^\s*(?:replace\s+)?(\S+)(?:\s+v\S+)?\s*=>\s*(.+?)\s*(?:\/\/.*)?$/.exec(line);
    if (other && (block === 'replace' || /^\s*replace\s/.test(line)))
      dependencies.set(`replace ${other[1] ?? ''}`, { spec: other[2] ?? '', isRuntime: true });
  }
  return { dependencies };
};

const fromGems = (text: string): Manifest => {
  const dependencies = new Map<string, Dependency>();
  let isDev = false;
  for (const line of linesOf(text)) {
    const group = /^\s*group\s+(.*?)\s*do\b/.exec(line);
    if (group) isDev = !/:(?:default|production)/.test(group[1] ?? '');
    else if (/^end\b/.test(line)) isDev = false;
    const gem =
      /^\s*(?:gem|\w+\.add_(runtime_|development_)?dependency)[\s(]+['"]([\w-]+)['"]\s*,?\s*([^#]*?)\)?\s*$/.exec(line);
    if (gem)
      dependencies.set(gem[2] ?? '', {
        spec: (gem[3] ?? '').replace(/['"]/g, ''),
        isRuntime: !isDev && gem[1] !== 'development_' && !/groups?:\s*\[?:(?:test|development)/.test(gem[3] ?? ''),
      });
  }
  return { dependencies };
};

/** What a manifest says; undefined when it cannot be read. */
export const readManifest = (path: string, text: string): Manifest | undefined => {
  switch (manifestKind(path)) {
    case 'npm':
      return fromJson(text, ['optionalDependencies', 'dependencies'], ['devDependencies']);
    case 'composer':
      return fromJson(text, ['require'], ['require-dev']);
    case 'python':
      return fromToml(text, 'python');
    case 'cargo':
      return fromToml(text, 'cargo');
    case 'requirements':
      // What also installs the project itself is for working on it.
      return fromRequirements(text, !devTable.test(path) && !/^\s*(?:-e\s+)?\.(?:\[[^\]]*\])?\s*$/m.test(text));
    case 'go':
      return fromGoMod(text);
    case 'gem':
      return fromGems(text);
    case undefined:
      return undefined;
  }
};

/** The first number of a version that says what may break: the major one, the minor one of 0.x; undefined of a place. */
export const breakingPart = (spec: string): string | undefined => {
  const match = /(?:^|[^\w.])v?(\d+)(?:\.(\d+|x|\*))?/.exec(` ${spec}`);
  if (!match || /[:/]/.test(spec)) return undefined;
  return match[1] === '0' && match[2] !== undefined ? `0.${match[2]}` : match[1];
};

/** True of what comes from a repository, an address or a folder instead of a registry. */
export const isFromElsewhere = (spec: string): boolean =>
  /^(?:git\b|git[+:@]|github:|gitlab:|bitbucket:|https?:|file:|link:|svn\+|hg\+|@\s*(?:git|https?|file)|\.{0,2}\/|[\w-]+\/[\w.-]+(?:#|$))|\b(?:git|path|url|github|branch)\s*[=:]\s*/i.test(
    spec.trim(),
  );
