import { withIdentifierWords } from '../../base/identifiers.ts';
import type { Database } from '../log/database.ts';
import { askGit, readCommits, type Commit, type GitAnswer } from './git-log.ts';

/** Older commits say little about the files of today. */
const maxCommits = 20_000;
/** A commit that touches more files says little about each. */
const maxFilesOfCommit = 30;
const commitsPerTransaction = 500;
/** What takes longer waits for something that does not come. */
const maxHeadMs = 10_000;

interface Head {
  head: string;
  /** Below the top of the repository, with a `/` at its end; empty at the top. */
  prefix: string;
  shallow: boolean;
}

const ask = async (
  root: string,
  args: readonly string[],
  signal: AbortSignal,
  timeoutMs?: number,
): Promise<{ answer: GitAnswer; lines: string[] }> => {
  const chunks: Buffer[] = [];
  const options = timeoutMs === undefined ? {} : { timeoutMs };
  const answer = await askGit(root, args, signal, (chunk) => chunks.push(chunk), options);
  return { answer, lines: Buffer.concat(chunks).toString().replace(/\n$/, '').split('\n') };
};

const readHead = async (root: string, signal: AbortSignal): Promise<Head | { why: string }> => {
  const args = ['rev-parse', '--is-shallow-repository', '--show-prefix', 'HEAD'];
  const { answer, lines } = await ask(root, args, signal, maxHeadMs);
  const [shallow = '', ...rest] = lines;
  // Where there is no commit yet, git says the name itself, and complains.
  const head = rest.pop() ?? '';
  if (!answer.ok && head !== 'HEAD') return { why: answer.why };
  return { head: head === 'HEAD' ? '' : head, prefix: rest.join('\n'), shallow: shallow === 'true' };
};

/** Writes commits, oldest first: what earlier ones did to a file is known under the name later ones gave it. */
const writer = (database: Database): ((commit: Commit) => void) => {
  const add = database.prepare('INSERT OR IGNORE INTO commits (hash, at, subject) VALUES (?, ?, ?)');
  const addWords = database.prepare('INSERT INTO commit_words (rowid, message) VALUES (?, ?)');
  const addFile = database.prepare('INSERT OR IGNORE INTO commit_files (commit_id, path) VALUES (?, ?)');
  const move = database.prepare('UPDATE OR IGNORE commit_files SET path = ? WHERE path = ?');
  const leave = database.prepare('DELETE FROM commit_files WHERE path = ?');
  return ({ hash, at, subject, body, paths, renames }) => {
    const added = add.run(hash, at, subject);
    // Another process may have been here.
    if (added.changes === 0) return;
    for (const { from, to } of renames) {
      move.run(to, from);
      leave.run(from);
    }
    addWords.run(added.lastInsertRowid, withIdentifierWords(`${subject}\n${body}`));
    if (paths.length <= maxFilesOfCommit) for (const path of paths) addFile.run(added.lastInsertRowid, path);
  };
};

const forget = (database: Database, hashes: readonly string[]): void => {
  const find = database.prepare<[string], { id: number }>('SELECT id FROM commits WHERE hash = ?');
  const drops = ['commit_words WHERE rowid', 'commit_files WHERE commit_id', 'commits WHERE id'].map((place) =>
    database.prepare(`DELETE FROM ${place} = ?`),
  );
  for (const hash of hashes) {
    const id = find.get(hash)?.id;
    if (id !== undefined) for (const drop of drops) drop.run(id);
  }
};

/**
 * Brings what is known of past commits up to date with HEAD: commits that are new to it are read, those that are not
 * reachable any more are forgotten. The newest 20,000 count. Writes in short transactions; what was written before an
 * abort or a kill is not read again.
 * @returns how many commits are known, and what the human should know.
 */
export const updateHistory = async (
  root: string,
  database: Database,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<{ commits: number; notices: string[] }> => {
  const getFact = database.prepare<[string], { value: string }>('SELECT value FROM facts WHERE key = ?');
  const setFact = database.prepare('INSERT OR REPLACE INTO facts (key, value) VALUES (?, ?)');
  const count = (): number => database.prepare<[], { n: number }>('SELECT count(*) AS n FROM commits').get()?.n ?? 0;
  const inTransaction = (work: () => void): void => {
    database.transaction(work).immediate();
  };

  const at = await readHead(root, signal);
  const knownHashes = (): string[] =>
    database
      .prepare<[], { hash: string }>('SELECT hash FROM commits')
      .all()
      .map(({ hash }) => hash);
  const clear = (): void => {
    const hashes = knownHashes();
    inTransaction(() => {
      forget(database, hashes);
      setFact.run('history.state', '');
    });
  };
  if ('why' in at) {
    if (!/not a git repository/i.test(at.why)) return { commits: count(), notices: [`no git history: ${at.why}`] };
    if (count() > 0) clear();
    return { commits: 0, notices: ['no git history here'] };
  }
  const notices = at.shallow ? ['shallow clone: older commits are not here and cannot help a search'] : [];
  const state = JSON.stringify(at);
  if (getFact.get('history.state')?.value === state) return { commits: count(), notices };
  // Paths are relative to the root; and commits that seemed to make everything may not any more.
  const place = JSON.stringify({ prefix: at.prefix, shallow: at.shallow });
  if (getFact.get('history.place')?.value !== place) clear();
  inTransaction(() => setFact.run('history.place', place));

  let reachable: string[] = [];
  if (at.head !== '') {
    const below = at.prefix === '' ? [] : ['--', '.'];
    const args = ['rev-list', '--no-merges', `--max-count=${maxCommits}`, at.head, ...below];
    const { answer, lines } = await ask(root, args, signal);
    if (!answer.ok) return { commits: count(), notices: [...notices, `git history is not up to date: ${answer.why}`] };
    reachable = lines.filter(Boolean);
  }
  const known = new Set(knownHashes());
  const present = new Set(reachable);
  const gone = [...known].filter((hash) => !present.has(hash));
  if (gone.length > 0) inTransaction(() => forget(database, gone));

  const wanted = reachable.filter((hash) => !known.has(hash)).toReversed();
  const write = writer(database);
  for (let from = 0; from < wanted.length; from += commitsPerTransaction) {
    const batch = wanted.slice(from, from + commitsPerTransaction);
    const { answer, commits } = await readCommits(root, batch, at.shallow, signal);
    if (!answer.ok) return { commits: count(), notices: [...notices, `git history is not up to date: ${answer.why}`] };
    inTransaction(() => {
      for (const commit of commits) write(commit);
    });
    onProgress(Math.min(from + commitsPerTransaction, wanted.length), wanted.length);
  }
  inTransaction(() => setFact.run('history.state', state));
  return { commits: count(), notices };
};
