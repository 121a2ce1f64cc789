import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { findProgram } from '../find-program.ts';
import { quietGit, quietGitArgs } from '../quiet-git.ts';
import type { PathRules } from './launcher.ts';
import type { Mount } from './mounts.ts';
import { sandboxError } from './sandbox-error.ts';

/** What keeps hidden files from being read out of a repository's objects. */
export interface HiddenHistory {
  mounts: Mount[];
  /** For commands: without it git refuses to commit where a hidden file is tracked and packed. */
  env?: Readonly<Record<string, string>>;
}

/** A repository: its git folder, and the work tree paths in it are relative to (and other folders they may be). */
export interface Repository {
  common: string;
  top: string;
  also?: readonly string[];
}

/**
 * Looks anew with every call; cheap as long as the repository did not change, also when it failed.
 * @throws CopilotError `E_SANDBOX` when hidden files could be read from what the repository keeps.
 */
export type HistoryGuard = (repository: Repository) => Promise<HiddenHistory>;

const maxMs = 20_000;
const maxPackBytes = 200 * 1024 * 1024;
const staleMs = 24 * 60 * 60 * 1000;
/** A folder of objects beside the packs: those left out seem to be there, though nothing can be read of them. */
const placeholders = 'hidden';
const nothing: HiddenHistory = { mounts: [] };

/** Runs git on a repository and hands its lines on. @throws when it fails or takes too long. */
const git = (
  common: string,
  args: readonly string[],
  { stdin = '', onLine = () => undefined }: { stdin?: string; onLine?: (line: string) => void } = {},
): Promise<void> =>
  new Promise((resolve, reject) => {
    const program = findProgram('git', process.env.PATH);
    if (program === undefined) throw new Error('git is not installed');
    const child = spawn(program, [...quietGitArgs, `--git-dir=${common}`, ...args], {
      cwd: common,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...quietGit, GIT_NO_REPLACE_OBJECTS: '1' },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: maxMs,
      killSignal: 'SIGKILL',
    });
    let rest = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    });
    child.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-2000)));
    child.stdin.on('error', () => undefined).end(stdin);
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(complaint.trim().split('\n').at(-1) ?? `git ended with ${code ?? 'a signal'}`));
    });
  });

const stampOf = (path: string): string => {
  const info = lstatSync(path, { throwIfNoEntry: false });
  return info ? `${info.ino}:${info.ctimeMs}:${info.size}` : '';
};

const below = (folder: string): string[] => {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? below(path) : [path];
    });
  } catch {
    return [];
  }
};

const entriesOf = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];

/** Differs whenever another object may be reachable or objects were packed. */
const stateOf = (common: string): string =>
  [
    ...['HEAD', 'index', 'packed-refs', 'logs/HEAD', 'objects/pack'].map((name) => join(common, name)),
    ...below(join(common, 'refs')),
    ...entriesOf(join(common, 'worktrees')).flatMap((path) => [join(path, 'HEAD'), join(path, 'index')]),
  ]
    .map((path) => path + stampOf(path))
    .join('\n');

/** True when a pack's index holds the object: names are sorted behind a table of their first bytes (version 2). */
const holds = (index: Buffer, id: string): boolean => {
  const name = Buffer.from(id, 'hex');
  const first = name[0] ?? 0;
  const table = 8;
  const names = table + 256 * 4;
  let low = first === 0 ? 0 : index.readUInt32BE(table + (first - 1) * 4);
  let high = index.readUInt32BE(table + first * 4);
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = names + middle * name.length;
    const order = index.compare(name, 0, name.length, at, at + name.length);
    if (order === 0) return true;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return false;
};

const packsOf = (common: string): string[] =>
  below(join(common, 'objects', 'pack')).filter((path) => path.endsWith('.idx'));

const inPacks = (common: string, ids: ReadonlySet<string>): string[] => {
  const found = new Set<string>();
  for (const path of packsOf(common)) {
    const index = readFileSync(path);
    for (const id of ids) if (holds(index, id)) found.add(id);
  }
  return [...found].sort();
};

/** All packed objects but some, in a folder that can stand in for that of the packs; made once. */
const packWithout = async (common: string, ids: readonly string[], dataDir: string): Promise<string> => {
  const packs = packsOf(common).map((path) => basename(path));
  const bytes = packsOf(common).reduce((sum, path) => sum + statSync(path.replace(/idx$/, 'pack')).size, 0);
  if (bytes > maxPackBytes) throw new Error('it is too large to be copied without them');
  const key = createHash('sha256')
    .update([common, ...packs, ...ids].join('\n'))
    .digest('hex')
    .slice(0, 24);
  const all = join(dataDir, 'history');
  const folder = join(all, key);
  if (existsSync(folder)) return folder;
  mkdirSync(all, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(all)) {
    const info = statSync(join(all, name), { throwIfNoEntry: false });
    if (info && Date.now() - info.mtimeMs > staleMs) rmSync(join(all, name), { recursive: true, force: true });
  }
  const without = new Set(ids);
  const kept: string[] = [];
  const listing = ['cat-file', '--batch-all-objects', '--unordered', '--batch-check=%(objectname)'];
  await git(common, listing, { onLine: (id) => without.has(id) || kept.push(id) });
  const making = join(all, `${key}.${randomBytes(4).toString('hex')}`);
  mkdirSync(making, { mode: 0o700 });
  try {
    await git(common, ['pack-objects', '-q', '--threads=1', join(making, 'pack')], { stdin: `${kept.join('\n')}\n` });
    for (const id of ids) {
      mkdirSync(join(making, placeholders, id.slice(0, 2)), { recursive: true });
      writeFileSync(join(making, placeholders, id.slice(0, 2), id.slice(2)), '', { mode: 0 });
    }
    renameSync(making, folder);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
};

/**
 * Hides the blobs a repository has of files that rules name, now or in its history: each loose object is masked, and for
 * packs a copy without them is laid over. Objects nothing leads to any more are not looked through.
 */
export const historyGuard = (rules: PathRules, dataDir: string): HistoryGuard => {
  /** A path of each hidden blob. */
  const hidden = new Map<string, string>();
  /** Commits whose history was looked through. */
  let tips: string[] = [];
  let last: { state: string; found: Promise<HiddenHistory> } | undefined;

  const collect = async ({ common, top, also = [] }: Repository): Promise<void> => {
    const now: string[] = [];
    const named = new Map<string, string>();
    await git(common, ['for-each-ref', '--format=%(objectname)'], { onLine: (id) => now.push(id) });
    const onLine = (line: string): void => {
      const at = line.indexOf(' ');
      const path = at < 0 ? '' : line.slice(at + 1);
      // A path counts when a rule names it or a folder above it.
      for (let end = path.indexOf('/'); path !== ''; end = path.indexOf('/', end + 1)) {
        const part = end < 0 ? path : path.slice(0, end);
        if ([top, ...also].some((folder) => rules.matches(`${folder}/${part}`))) named.set(line.slice(0, at), path);
        if (end < 0) return;
      }
    };
    const walk = ['rev-list', '--objects', '--all', '--reflog', '--indexed-objects', '--ignore-missing'];
    await git(common, [...walk, '--missing=allow-promisor', '--stdin'], {
      stdin: tips.map((id) => `^${id}\n`).join(''),
      onLine,
    });
    // Folders are listed too, but without them git does nothing at all.
    await git(common, ['cat-file', '--batch-check=%(objectname) %(objecttype)'], {
      stdin: [...named.keys()].map((id) => `${id}\n`).join(''),
      onLine: (line) => {
        const [id = '', type] = line.split(' ');
        if (type === 'blob') hidden.set(id, named.get(id) ?? '');
      },
    });
    tips = now;
  };

  const look = async (repository: Repository): Promise<HiddenHistory> => {
    const { common } = repository;
    const objects = join(common, 'objects');
    if (lstatSync(objects, { throwIfNoEntry: false })?.isSymbolicLink()) throw new Error('its objects lie elsewhere');
    await collect(repository);
    if (hidden.size === 0) return nothing;
    const mounts: Mount[] = [];
    for (const id of hidden.keys()) {
      const path = join(objects, id.slice(0, 2), id.slice(2));
      if (lstatSync(path, { throwIfNoEntry: false })?.isFile()) mounts.push({ path, kind: 'file' });
    }
    if (existsSync(join(objects, 'info', 'alternates'))) throw new Error('it shares objects with another repository');
    const packed = inPacks(common, new Set(hidden.keys()));
    if (packed.length === 0) return { mounts };
    const from = await packWithout(common, packed, dataDir);
    mounts.push({ path: join(objects, 'pack'), kind: 'read', from });
    return { mounts, env: { GIT_ALTERNATE_OBJECT_DIRECTORIES: join(objects, 'pack', placeholders) } };
  };

  const refusal = ({ common }: Repository, error: unknown): Error => {
    const names = [...new Set(hidden.values())];
    const shown = names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '');
    const what = shown === '' ? 'files that rules hide' : shown;
    return sandboxError(
      `What the git repository ${common} keeps of ${what} cannot be hidden: ${error instanceof Error ? error.message : String(error)}.`,
      'Take the rule that denies reading them out of the policy, or run without a sandbox: --sandbox local.',
      error,
    );
  };

  return (repository) => {
    const state = stateOf(repository.common);
    if (last?.state !== state) {
      const found = look(repository).catch((error: unknown) => Promise.reject(refusal(repository, error)));
      last = { state, found };
    }
    return last.found;
  };
};
