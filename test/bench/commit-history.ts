// Real commits with what was known before each of them: the diff, the definitions, and the commits it follows.
import { execFileSync, spawnSync } from 'node:child_process';
import { basename, dirname } from 'node:path';
import type { FileDiff } from '../../src/core/diff.ts';
import { parseDiff } from '../../src/core/parse-diff.ts';
import { parseMessage } from '../../src/engine/commit/parse-message.ts';
import type { PastCommit } from '../../src/engine/commit/conventions.ts';
import { changedSymbols, type ChangedSymbols, type ReadFile } from '../../src/engine/commit/symbols.ts';
import { commitTypeOf, type CommitType } from '../../src/engine/commit/types.ts';
import { parseFile } from '../../src/host/code-index/parse-file.ts';

/** A commit to judge. */
export interface Case {
  repository: string;
  hash: string;
  /** What its author called it. */
  type: CommitType | undefined;
  scope: string | undefined;
  subject: string;
  files: FileDiff[];
  symbols: ChangedSymbols;
  /** The commits before it, newest first. */
  history: PastCommit[];
  /** Only versions of dependencies, by what the author says. */
  isBump: boolean;
}

interface Logged extends PastCommit {
  hash: string;
}

const git = (dir: string, args: readonly string[], input?: string): string => {
  const { stdout, status, stderr } = spawnSync('git', [`--git-dir=${dir}`, ...args], {
    input: input ?? '',
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  return stdout;
};

const readLog = (dir: string, limit: number): Logged[] =>
  git(dir, ['log', '--no-merges', `-${limit}`, '-M', '--numstat', '--format=%x02%H%x00%P%x00%s%x00%b%x00'])
    .split('\u0002')
    .slice(1)
    .map((entry) => {
      const [hash = '', parents = '', subject = '', body = '', numbers = ''] = entry.split('\0');
      const files = numbers
        .trim()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => {
          const [added = '', deleted = '', name = ''] = line.split('\t');
          const path = name
            .replace(/\{.*? => (.*?)\}/, '$1')
            .replace(/^.* => /, '')
            .replaceAll('//', '/');
          return { path, status: 'M', added: Number(added) || 0, deleted: Number(deleted) || 0 };
        });
      return { hash, parents: parents.split(' ').filter((one) => one !== ''), subject, body, files };
    });

const contents = (dir: string, ids: readonly string[]): Map<string, string> => {
  const found = new Map<string, string>();
  if (ids.length === 0) return found;
  const bytes = execFileSync('git', [`--git-dir=${dir}`, 'cat-file', '--batch'], {
    input: `${ids.join('\n')}\n`,
    maxBuffer: 1 << 30,
  });
  let at = 0;
  while (at < bytes.length) {
    const end = bytes.indexOf(10, at);
    const [id = '', type, size] = bytes.subarray(at, end).toString().split(' ');
    at = end + 1;
    if (type === 'missing' || size === undefined) continue;
    if (Number(size) < 300_000) found.set(id, bytes.subarray(at, at + Number(size)).toString('utf8'));
    at += Number(size) + 1;
  }
  return found;
};

/** Files of a change with what a parser reads in them. */
const readFiles = async (dir: string, files: readonly FileDiff[]): Promise<ReadFile[]> => {
  const wanted = files
    .filter(
      ({ content, made, hunks, path }) =>
        content === 'text' && made === undefined && hunks.length > 0 && /\.\w+$/.test(path),
    )
    .slice(0, 40);
  const texts = contents(
    dir,
    wanted.flatMap(({ oldId, newId }) => [oldId, newId].filter((id) => id !== undefined)),
  );
  const side = async (path: string, id: string | undefined) => {
    const text = id === undefined ? undefined : texts.get(id);
    return text === undefined ? undefined : { text, parsed: await parseFile(path, text) };
  };
  const read: ReadFile[] = [];
  for (const diff of wanted) {
    const [before, after] = [await side(diff.oldPath ?? diff.path, diff.oldId), await side(diff.path, diff.newId)];
    read.push({ diff, ...(before && { before }), ...(after && { after }) });
  }
  return read;
};

const left = /^(?:revert\b|release|chore\(?release|v?\d+\.\d+|publish|chore: (?:release|publish|v?\d+\.\d))/i;

/** The commits of a repository to judge, evenly over its newest ones; only conventional ones unless `any`. */
export const casesOf = async (
  dir: string,
  options: { most: number; among?: number; any?: boolean },
): Promise<Case[]> => {
  const log = readLog(dir, (options.among ?? 2500) + 300);
  const repository = basename(dirname(dir));
  const fitting = log.slice(0, options.among ?? 2500).flatMap((commit, index) => {
    const parsed = parseMessage(commit.subject);
    const type = commitTypeOf(parsed.type);
    if (left.test(commit.subject) || commit.parents.length !== 1) return [];
    if (options.any !== true && (type === undefined || type === 'revert')) return [];
    return [{ commit, index, type, parsed }];
  });
  const step = Math.max(1, fitting.length / options.most);
  const cases: Case[] = [];
  for (let at = 0; at < fitting.length && cases.length < options.most; at += step) {
    const one = fitting[Math.floor(at)];
    if (!one) break;
    const { commit, index, type, parsed } = one;
    const [parent = ''] = commit.parents;
    const files = parseDiff(
      git(dir, ['diff', '--raw', '-z', '-p', '-M', '--abbrev=40', '--no-color', parent, commit.hash]),
    );
    if (files.length === 0) continue;
    cases.push({
      repository,
      hash: commit.hash,
      type,
      scope: parsed.scope,
      subject: commit.subject,
      files,
      symbols: changedSymbols(await readFiles(dir, files)),
      history: log.slice(index + 1, index + 201),
      isBump: /\bbump\b|update dependency|\bupgrade\b/i.test(commit.subject) || (parsed.scope ?? '').startsWith('deps'),
    });
  }
  return cases;
};
