import type { FileDiff } from '../../../core/diff.ts';
import type { Detected } from '../../../core/finding.ts';
import type { ReviewRule } from '../rule.ts';
import { nameOf } from './code-language.ts';
import { detected, evidenceOf } from './detected.ts';
import { locksOf, manifestKind, readManifest, type ManifestKind } from './manifest.ts';

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** The nearest lockfile at or above a manifest. */
const lockFor = (path: string, kind: ManifestKind, paths: ReadonlySet<string>): string | undefined => {
  for (let folder = folderOf(path); ; folder = folderOf(folder)) {
    for (const name of locksOf[kind]) {
      const lock = folder === '' ? name : `${folder}/${name}`;
      if (paths.has(lock)) return lock;
    }
    if (folder === '' || kind === 'go') return undefined;
  }
};

const isLock = (path: string): boolean =>
  Object.values(locksOf).some((names) => names.includes(nameOf(path))) || nameOf(path) === 'deno.lock';

const host =
  /(?:(?<![\w-])(?:resolved|tarball|source|registry|remote|index-url)["']?\s*[:=]?\s*[{(]?\s*["']?|^\s*(?:\{\s*)?url\s*=\s*"|\burl = ")(?:registry\+|git\+|sparse\+)?(https?|ssh|git):\/\/(?:[^@/\s"']*@)?([\w.-]+)/g;
const usual =
  /^(?:registry\.npmjs\.org|registry\.yarnpkg\.com|registry\.npmmirror\.com|codeload\.github\.com|github\.com|gitlab\.com|bitbucket\.org|pypi\.org|files\.pythonhosted\.org|crates\.io|index\.crates\.io|static\.crates\.io|rubygems\.org|index\.rubygems\.org|packagist\.org|api\.github\.com|npm\.jsr\.io|jsr\.io|repo\.packagist\.org)$/;

interface Side {
  hosts: Set<string>;
  integrity: number;
  entries: number;
}

const sideOf = (
  file: FileDiff,
  kind: 'added' | 'deleted',
): Side & { lines: Map<string, { line: number; text: string }> } => {
  const side = {
    hosts: new Set<string>(),
    integrity: 0,
    entries: 0,
    lines: new Map<string, { line: number; text: string }>(),
  };
  for (const hunk of file.hunks)
    for (const line of hunk.lines) {
      // What stands around a change is known on both sides.
      if (line.kind !== kind && !(line.kind === 'context' && kind === 'deleted')) continue;
      for (const match of line.text.matchAll(host)) {
        const name = `${match[1] === 'http' ? 'http://' : ''}${(match[2] ?? '').toLowerCase()}`;
        side.hosts.add(name);
        if (!side.lines.has(name)) side.lines.set(name, { line: line.newLine ?? 0, text: line.text });
      }
      if (line.kind === 'context') continue;
      if (/^\s*["']?(?:integrity|checksum)["']?[\s:=]|--hash=|^\s*\{file\s*=.*hash\s*=/.test(line.text))
        side.integrity++;
      if (/^\s*["']?(?:resolved|version)["']?[\s:=]/.test(line.text)) side.entries++;
    }
  return side;
};

/** Lockfiles that do not say what the manifests say, or say it of another place. */
export const lockfileDrift: ReviewRule = {
  name: 'lockfile-drift',
  severity: 'medium',
  claim: 'A lockfile does not fit its manifest any more, names a registry that is not usual, or lost its hashes.',
  cost: 'text',
  *look(input): Generator<Detected> {
    const { files, diff, paths } = input;
    const changed = new Set(diff.files.map((file) => file.path));
    for (const file of files) {
      const kind = manifestKind(file.path);
      if (
        !kind ||
        file.before === undefined ||
        file.after === undefined ||
        file.place === 'fixture' ||
        file.place === 'example'
      )
        continue;
      const before = readManifest(file.diff.oldPath ?? file.path, file.before);
      const after = readManifest(file.path, file.after);
      if (!before || !after || nameOf(file.path).endsWith('.gemspec')) continue;
      const differs = [...new Set([...before.dependencies.keys(), ...after.dependencies.keys()])].filter((name) => {
        const [was, is] = [before.dependencies.get(name), after.dependencies.get(name)];
        // These lock what is needed only, not how it is asked for.
        if (kind === 'cargo' || kind === 'go') return !was && is !== undefined && !/path|^\.{1,2}\//.test(is.spec);
        return was?.spec !== is?.spec;
      });
      const lock = lockFor(file.path, kind, paths);
      if (differs.length === 0 || lock === undefined || changed.has(lock)) continue;
      const at = file.added.find((line) => differs.some((name) => line.text.includes(name)));
      yield detected(this, file.path, at ?? { line: 0, text: differs.slice(0, 5).join(', ') }, {
        message: `${differs.slice(0, 3).join(', ')}${differs.length > 3 ? ` and ${differs.length - 3} more` : ''} changed here, but not in ${lock}: an installation from the lockfile fails or gets something else.`,
        suggestion: { text: `Install once and commit ${nameOf(lock)} with it.` },
      });
    }
    for (const file of diff.files) {
      if (!isLock(file.path) || file.status === 'deleted' || file.content !== 'text') continue;
      const added = sideOf(file, 'added');
      const removed = sideOf(file, 'deleted');
      if (file.status !== 'added')
        for (const name of added.hosts) {
          if (removed.hosts.has(name) || usual.test(name)) continue;
          const at = added.lines.get(name);
          yield detected(this, file.path, at, {
            severity: 'high',
            message: `The lockfile fetches from ${name.replace('http://', '')}${name.startsWith('http://') ? ' without encryption' : ''}, which it did not before.`,
            suggestion: { text: 'Make sure that this registry is meant; else install again with the usual one.' },
          });
        }
      const lost = removed.integrity - added.integrity;
      if (
        file.status === 'modified' &&
        !file.path.endsWith('pnpm-lock.yaml') &&
        lost > 0 &&
        added.integrity === 0 &&
        removed.entries - added.entries < lost
      )
        yield detected(this, file.path, undefined, {
          severity: 'high',
          message: `${lost === 1 ? 'A hash' : `${lost} hashes`} went from the lockfile while the packages stay: what is fetched is not compared any more.`,
          evidence: evidenceOf(
            file.hunks
              .flatMap((hunk) => hunk.lines)
              .find((line) => line.kind === 'deleted' && /integrity|checksum|hash/.test(line.text))?.text ?? '',
          ),
          suggestion: { text: 'Install again and commit what that writes.' },
        });
      if (nameOf(file.path) === 'package-lock.json') {
        const manifest = file.path.replace(/package-lock\.json$/, 'package.json');
        const problem = changed.has(manifest)
          ? undefined
          : differingRoot(input.other(file.path), input.other(manifest));
        if (problem !== undefined)
          yield detected(this, file.path, undefined, {
            message: `The lockfile asks for ${problem}, which ${manifest} does not say.`,
            evidence: problem,
            suggestion: { text: `Install once with the ${nameOf(manifest)} there is.` },
          });
      }
    }
  },
};

/** A direct dependency of a lockfile that its manifest does not have in this form. */
const differingRoot = (lock: string | undefined, manifest: string | undefined): string | undefined => {
  if (lock === undefined || manifest === undefined) return undefined;
  let root: unknown;
  try {
    root = (JSON.parse(lock) as { packages?: Record<string, unknown> }).packages?.[''];
  } catch {
    return undefined;
  }
  if (root === undefined) return undefined;
  const locked = readManifest('package.json', JSON.stringify(root));
  const asked = readManifest('package.json', manifest);
  if (!locked || !asked) return undefined;
  for (const [name, { spec }] of locked.dependencies)
    if (asked.dependencies.get(name)?.spec !== spec) return `${name} ${spec}`;
  return undefined;
};
