import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Commit } from '../../core/diff.ts';
import type { Place } from './place.ts';
import { headHash, resolveRevision, revisionName } from './revisions.ts';
import { gitFailure } from './run-git.ts';

/** Which commits the log tells, and how much of them. */
export interface LogOptions {
  /** Such as `v1..HEAD`; HEAD when left out. */
  range?: string;
  limit?: number;
  noMerges?: boolean;
  paths?: string[];
  firstParent?: boolean;
  /** With the files each changes; of merges only with `firstParent`. */
  files?: boolean;
}

/** A commit, with its files when they were asked for; status is git's letter, such as `M` or `R`. */
export type LoggedCommit = Commit & {
  files?: { path: string; oldPath?: string; status: string; added: number; deleted: number }[];
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
    if (from < chunk.length) rest.push(chunk.subarray(from));
  };
};

const refsOf = (decoration: string): string[] =>
  decoration
    .split(', ')
    .map((ref) => ref.replace(/^(?:HEAD -> |tag: )/, ''))
    .filter((ref) => ref !== '' && ref !== 'HEAD');

const format = '--format=tformat:%H%x00%P%x00%an%x00%ae%x00%at%x00%D%x00%s%x00%b';
type Counted = NonNullable<LoggedCommit['files']>[number];

/** Fields are told apart by their place: nothing a message or a path contains can be taken for something else. */
const logReader = (onCommit: (commit: Commit & { files: Counted[] }) => void): ((field: string) => void) => {
  const expected: ((field: string) => void)[] = [];
  const begin = (hash: string): void => {
    const commit = {
      ...{ hash, parents: [] as string[], author: '', email: '', at: 0, subject: '', body: '' },
      ...{ refs: [] as string[], files: [] as Counted[] },
    };
    onCommit(commit);
    expected.push(
      (parents) => (commit.parents = parents === '' ? [] : parents.split(' ')),
      (author) => (commit.author = author),
      (email) => (commit.email = email),
      (seconds) => (commit.at = (Number(seconds) || 0) * 1000),
      (decoration) => (commit.refs = refsOf(decoration)),
      (subject) => (commit.subject = subject),
      (body) => (commit.body = body.replace(/\n+$/, '')),
    );
    files = commit.files;
    counted = 0;
  };
  let files: Counted[] = [];
  let counted = 0;
  const seeStatus = (letter: string): void => {
    const file: Counted = { path: '', status: letter, added: 0, deleted: 0 };
    files.push(file);
    if (letter === 'R' || letter === 'C') expected.push((oldPath) => (file.oldPath = oldPath));
    expected.push((path) => (file.path = path));
  };
  /** Numbers come after all statuses, in the same order; of binary files they are dashes. */
  const seeNumbers = (added: string, deleted: string, path: string): void => {
    const file = files[counted];
    counted += 1;
    if (file !== undefined) [file.added, file.deleted] = [Number(added) || 0, Number(deleted) || 0];
    if (path === '') expected.push(ignore, ignore);
  };
  return (field) => {
    const see = expected.shift();
    if (see !== undefined) {
      see(field);
      return;
    }
    const status = /^\s*:[0-7]{6} .* ([A-Z])\d*$/.exec(field)?.[1];
    const numbers = /^\s*(\d+|-)\t(\d+|-)\t(.*)$/s.exec(field);
    if (status !== undefined) seeStatus(status);
    else if (numbers !== null) seeNumbers(numbers[1] ?? '', numbers[2] ?? '', numbers[3] ?? '');
    else if (/^[0-9a-f]{40,64}$/.test(field.trim())) begin(field.trim());
  };
};

const ignore = (): void => undefined;

/** Commits, newest first. @throws CopilotError exit 2 `E_REVISION` */
export const readLog = async (place: Place, options: LogOptions, signal?: AbortSignal): Promise<LoggedCommit[]> => {
  const { range, limit, noMerges = false, paths = [], firstParent = false, files = false } = options;
  if (limit !== undefined && limit <= 0) return [];
  const commits: (Commit & { files: Counted[] })[] = [];
  const read = fields(logReader((commit) => commits.push(commit)));
  const args = [
    ...[
      '-c',
      'core.quotePath=false',
      'log',
      '-z',
      '--encoding=UTF-8',
      '--no-color',
      '--no-show-signature',
      '--no-notes',
      '--root',
    ],
    ...['--no-mailmap', '--no-ext-diff', '--no-textconv', '--no-relative', '--no-follow', '--diff-algorithm=myers'],
    ...['refs/heads/*', 'refs/tags/*', 'refs/remotes/*'].map((pattern) => `--decorate-refs=${pattern}`),
    ...(limit === undefined ? [] : [`--max-count=${Math.floor(limit)}`]),
    ...(noMerges ? ['--no-merges'] : []),
    ...(firstParent ? ['--first-parent'] : []),
    ...(files
      ? ['--raw', '--numstat', '-M', '-l1000', '-O/dev/null', `--diff-merges=${firstParent ? 'first-parent' : 'off'}`]
      : ['-s']),
    ...[format, range === undefined ? 'HEAD' : revisionName(range), '--', ...paths],
  ];
  const { code, stderr } = await place.git(args, { onOutput: (chunk) => read(chunk), signal });
  if (code !== 0) {
    if (range === undefined && (await headHash(place, signal)) === undefined) return [];
    // The end that does not exist is named, not the range.
    for (const end of range?.split(/\.{2,3}/) ?? []) if (end !== '') await resolveRevision(place, end, signal);
    throw gitFailure('tell the history', stderr);
  }
  // The last field ends with the output.
  read(Buffer.from([0]));
  if (files && place.isShallow) {
    // Where history was cut off, a commit seems to make everything.
    const cut = new Set((await readFile(join(place.commonDir, 'shallow'), 'utf8').catch(() => '')).split('\n'));
    for (const commit of commits) if (cut.has(commit.hash)) commit.files = [];
  }
  return files ? commits : commits.map(({ files: _, ...told }) => told);
};
