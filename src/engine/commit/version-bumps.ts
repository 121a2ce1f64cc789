import type { FileDiff } from '../../core/diff.ts';
import { kindOfPath } from './path-kind.ts';

/** A dependency whose version a change moves, adds or takes away. */
export interface VersionBump {
  name: string;
  /** Left out when it is new. */
  from?: string;
  /** Left out when it is gone. */
  to?: string;
}

/** Where versions stand: name, then version. */
const forms: readonly RegExp[] = [
  // uses: owner/action@v4, or a hash with the version in a comment
  /^\s*-?\s*uses:\s*["']?(?<name>[\w./-]+)@(?<version>[\w.-]+)(?:["']?\s*#\s*(?<told>v?\d[\w.-]*))?/,
  // package.json, composer.json
  /^\s*"(?<name>@?[\w./-]+)"\s*:\s*"(?<version>(?:npm:[^"]*@|workspace:)?[\^~<>=v\s]*\d[^"]*|\*|latest|next)",?\s*$/,
  // go.mod
  /^\s*(?:require\s+)?(?<name>[\w.-]+\.[a-z]+\/[\w./~-]+)\s+(?<version>v\d\S*)/,
  // Cargo.toml, pyproject.toml, Pipfile
  /^\s*(?<name>[\w.-]+)\s*=\s*(?:"(?<version>[\^~<>=\s]*\d[^"]*)"|\{.*?version\s*=\s*"(?<inner>[^"]+)".*)/,
  // requirements.txt, lists of pyproject.toml
  /^\s*["']?(?<name>[A-Za-z][\w.[\]-]*)\s*[=~<>!]=+\s*(?<version>\d[^"',;\s]*)/,
  // Gemfile
  /^\s*gem\s+["'](?<name>[\w-]+)["']\s*,\s*["'](?<version>[^"']+)["']/,
  // Dockerfile
  /^\s*FROM\s+(?<name>[\w./-]+):(?<version>[\w.-]+)/,
];
/** Keys of manifests that look like a dependency and are none. */
const notNames =
  /^(?:version|node|npm|engines|edition|rust-version|name|description|license|type|main|requires-python|target-version|line-length|python|since)$/;

const inYaml = /^\s*["']?(?<name>@?[\w./-]+)["']?\s*:\s*["']?(?<version>[\^~<>=\s]*\d[\w.+-]*)["']?\s*$/;
const digest = /^[0-9a-f]{40,64}$/;

const read = (line: string, path: string): { name: string; version: string; raw: string } | undefined => {
  const isYaml = /\.ya?ml$/.test(path) && kindOfPath(path) === 'manifest';
  for (const form of isYaml ? [inYaml] : forms) {
    const { name, version, told, inner } = form.exec(line)?.groups ?? {};
    const found = told ?? version ?? inner;
    if (name === undefined || found === undefined || notNames.test(name)) continue;
    const raw = digest.test(version ?? '') ? (version ?? '').slice(0, 7) : found.trim();
    return { name, version: digest.test(found) ? raw : found.trim(), raw };
  }
  return undefined;
};

const punctuation = /^[\s{}[\](),"']*$/;

interface Sides {
  from?: { version: string; raw: string };
  to?: { version: string; raw: string };
}

/** What only the lines of a manifest or a workflow say about versions; undefined when other lines changed as well. */
const bumpsOf = ({ hunks, path }: FileDiff): VersionBump[] | undefined => {
  const sides = new Map<string, Sides>();
  for (const { lines } of hunks)
    for (const { kind, text } of lines) {
      if (kind === 'context' || punctuation.test(text)) continue;
      const found = read(text.replace(/\r$/, ''), path);
      if (!found) return undefined;
      const { version, raw } = found;
      sides.set(found.name, { ...sides.get(found.name), [kind === 'added' ? 'to' : 'from']: { version, raw } });
    }
  return [...sides].flatMap(([name, { from, to }]) => {
    // Of an action pinned by its hash the version beside it may stay the same.
    const same = from !== undefined && from.version === to?.version;
    if (same && from.raw === to.raw) return [];
    const told = (side: Sides['from']): string | undefined => (same ? side?.raw : side?.version);
    const [before, after] = [told(from), told(to)];
    return [{ name, ...(before === undefined ? {} : { from: before }), ...(after === undefined ? {} : { to: after }) }];
  });
};

const changelog = /(?:^|\/)(?:changelog|history|changes)(?:\.\w+)?$/i;

/** Dependencies that move, when that is all a change does (lockfiles aside); else undefined. A lockfile alone names none. */
export const versionBumps = (files: readonly FileDiff[]): VersionBump[] | undefined => {
  const all = new Map<string, VersionBump>();
  let manifests = 0;
  for (const file of files) {
    const kind = kindOfPath(file.path);
    if (kind === 'lockfile' || file.made === 'lockfile' || changelog.test(file.path)) continue;
    if (
      kind !== 'manifest' &&
      kind !== 'ci' &&
      kind !== 'build' &&
      !/(?:^|\/)[\w.-]*requirements[\w.-]*\.(?:txt|in)$/.test(file.path)
    )
      return undefined;
    if (file.hunks.length === 0 || file.status === 'added' || file.status === 'deleted') return undefined;
    const bumps = bumpsOf(file);
    if (!bumps || bumps.length === 0) return undefined;
    manifests += 1;
    for (const bump of bumps) if (!all.has(bump.name)) all.set(bump.name, bump);
  }
  if (manifests === 0) return files.length > 0 && !files.every(({ path }) => changelog.test(path)) ? [] : undefined;
  return [...all.values()];
};
