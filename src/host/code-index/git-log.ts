import { spawn } from 'node:child_process';
import { findProgram } from '../find-program.ts';
import { quietGitArgs, quietGitEnv } from '../quiet-git.ts';

/** A past commit, as git tells it. */
export interface Commit {
  hash: string;
  /** Author's time, seconds since the epoch. */
  at: number;
  subject: string;
  /** What follows the subject, without trailers. */
  body: string;
  /** Relative to the folder asked about, with `/`. */
  paths: string[];
  renames: { from: string; to: string }[];
}

/** What git answered: its output, or why there is none. */
export type GitAnswer = { ok: true } | { ok: false; why: string };

const maxMs = 120_000;
const maxComplaint = 2000;

/** Runs git in a folder, without programs a repository's configuration names, and hands on what it prints. */
export const askGit = (
  root: string,
  args: readonly string[],
  signal: AbortSignal,
  onOutput: (chunk: Buffer) => void,
  { stdin = '', timeoutMs = maxMs }: { stdin?: string; timeoutMs?: number } = {},
): Promise<GitAnswer> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const program = findProgram('git', process.env.PATH);
    if (program === undefined) {
      resolve({ ok: false, why: 'git is not installed' });
      return;
    }
    const child = spawn(program, [...quietGitArgs, '-c', 'log.showSignature=false', ...args], {
      ...{ cwd: root, env: quietGitEnv(), signal, timeout: timeoutMs, stdio: ['pipe', 'pipe', 'pipe'] },
    });
    let complaint = '';
    child.stdout.on('data', onOutput);
    child.stderr.on('data', (chunk: Buffer) => {
      if (complaint.length < maxComplaint) complaint += chunk.toString();
    });
    child.on('error', (error) => {
      if (signal.aborted) reject(error);
      else resolve({ ok: false, why: error.message });
    });
    child.on('close', (code, killed) => {
      const lines = complaint.slice(0, maxComplaint).trim().split('\n');
      const line = lines.find((one) => /^(?:fatal|error): /.test(one)) ?? lines[0] ?? '';
      const why = line === '' ? `git ended with ${killed ?? `code ${String(code)}`}` : line;
      resolve(code === 0 ? { ok: true } : { ok: false, why });
    });
    // A git that ended early closes its stdin; its exit code tells why.
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin);
  });

const trailer = /^(?:[A-Z][\w-]*-by|Change-Id|Refs|Fixes|Closes|PiperOrigin-RevId|git-svn-id): .*$/gim;
/** Squashed commits carry the messages of all they are made of; words beyond this tell little. */
const maxMessageChars = 2000;

/** Subject and the rest of a message, cleaned of what says nothing about the change. */
const readMessage = (message: string): Pick<Commit, 'subject' | 'body'> => {
  const text = message
    .slice(0, 4 * maxMessageChars)
    .replaceAll('\uFFFD', ' ')
    .trim();
  const end = text.indexOf('\n');
  const subject = (end < 0 ? text : text.slice(0, end)).trim();
  const rest = end < 0 ? '' : text.slice(end + 1);
  return { subject: subject.slice(0, 500), body: rest.replaceAll(trailer, '').trim().slice(0, maxMessageChars) };
};

/** Splits a stream at NULs. */
const fields = (onField: (field: string) => void): ((chunk: Buffer) => void) => {
  let rest: Buffer[] = [];
  return (chunk) => {
    let from = 0;
    for (let end = chunk.indexOf(0); end >= 0; end = chunk.indexOf(0, from)) {
      const part = chunk.subarray(from, end);
      onField((rest.length === 0 ? part : Buffer.concat([...rest, part])).toString('utf8'));
      rest = [];
      from = end + 1;
    }
    if (from < chunk.length) rest.push(Buffer.from(chunk.subarray(from)));
  };
};

const head = /^commit:([0-9a-f]{40,64})$/;

/**
 * Reads `git log -z --name-status` with the format below. Fields are told apart by their place, so that nothing a
 * message or a path contains can be taken for something else.
 */
const commitReader = (shallow: boolean, onCommit: (commit: Commit) => void): ((chunk: Buffer) => void) => {
  let commit: (Commit & { counts: boolean }) | undefined;
  const expected: ((field: string) => void)[] = [];
  const flush = (): void => {
    if (commit === undefined) return;
    const { counts, ...told } = commit;
    // Where history was cut off, a commit seems to make everything.
    onCommit(counts ? told : { ...told, paths: [], renames: [] });
    commit = undefined;
  };
  const begin = (hash: string): void => {
    flush();
    const next = { hash, at: 0, subject: '', body: '', paths: [] as string[], renames: [] as Commit['renames'] };
    const filled = { ...next, counts: true };
    commit = filled;
    expected.push(
      (at) => (filled.at = Number(at) || 0),
      (parents) => (filled.counts = !(shallow && parents === '')),
      (message) => Object.assign(filled, readMessage(message)),
    );
  };
  const seeStatus = (status: string): void => {
    const at = commit;
    if (at === undefined) return;
    if (!/^[RC]/.test(status)) {
      expected.push((path) => at.paths.push(path));
      return;
    }
    expected.push(
      (from) => at.renames.push({ from, to: '' }),
      (to) => {
        const rename = at.renames.at(-1);
        if (rename !== undefined) rename.to = to;
        if (status.startsWith('C')) at.renames.pop();
        at.paths.push(to);
      },
    );
  };
  return fields((field) => {
    const see = expected.shift();
    if (see !== undefined) {
      see(field);
      return;
    }
    const hash = head.exec(field)?.[1];
    if (hash !== undefined) begin(hash);
    else if (field === 'end') flush();
    else seeStatus(field.trim());
  });
};

const readOnce = async (
  root: string,
  hashes: readonly string[],
  { shallow, renames }: { shallow: boolean; renames: string },
  signal: AbortSignal,
): Promise<{ answer: GitAnswer; commits: Commit[] }> => {
  const commits: Commit[] = [];
  const read = commitReader(shallow, (commit) => commits.push(commit));
  const format = '--format=tformat:commit:%H%x00%at%x00%P%x00%B';
  const plain = ['--no-show-signature', '--no-ext-diff', '--no-textconv', '--no-mailmap', '--encoding=UTF-8'];
  const args = [
    'log',
    '--no-walk=unsorted',
    '--stdin',
    '-z',
    '--name-status',
    renames,
    '-l200',
    '--relative',
    ...plain,
  ];
  const answer = await askGit(root, [...args, format], signal, read, { stdin: `${hashes.join('\n')}\n` });
  read(Buffer.from('end\0'));
  return { answer, commits };
};

/** Commits by their hashes, in that order; or why they cannot be told. */
export const readCommits = async (
  root: string,
  hashes: readonly string[],
  shallow: boolean,
  signal: AbortSignal,
): Promise<{ answer: GitAnswer; commits: Commit[] }> => {
  const first = await readOnce(root, hashes, { shallow, renames: '-M' }, signal);
  // A partial clone lacks contents: then only files that were renamed unchanged are known to be the same.
  return first.answer.ok ? first : readOnce(root, hashes, { shallow, renames: '-M100%' }, signal);
};
