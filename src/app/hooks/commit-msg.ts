import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { printable } from '../../base/printable.ts';
import { isConventional, learnConventions, noConventions } from '../../engine/commit/conventions.ts';
import { lintMessage } from '../../engine/commit/lint-message.ts';
import { writtenMessage } from '../../engine/hooks/message-file.ts';
import { commentMark } from '../../host/hooks/comment-mark.ts';
import type { HookEnd, HookRun } from './hook-run.ts';
import { wayRound } from './quick-review.ts';

const endings = ['js', 'cjs', 'mjs', 'ts', 'cts', 'mts'];
/** Where commitlint looks (its documentation, "Configuration", read 2026-11-28). */
const configFiles = [
  ...['.commitlintrc', '.commitlintrc.json', '.commitlintrc.yaml', '.commitlintrc.yml'],
  ...endings.flatMap((ending) => [`.commitlintrc.${ending}`, `commitlint.config.${ending}`]),
];

/** Rules about what only a Conventional Commit has. */
const form = /^(?:type|scope|subject|header-empty)/;

/** True when the project asks for Conventional Commits in writing. */
const hasCommitlint = (root: string): boolean => {
  if (configFiles.some((name) => existsSync(join(root, name)))) return true;
  try {
    const value: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    return typeof value === 'object' && value !== null && 'commitlint' in value;
  } catch {
    return false;
  }
};

/** Checks a message: its errors stop the commit where Conventional Commits are the custom; elsewhere nothing is said. */
export const commitMsg = async (run: HookRun, signal: AbortSignal): Promise<HookEnd> => {
  const { repository, args, cwd } = run;
  const [file] = args;
  if (file === undefined) return {};
  const [{ operation }, mark, history] = await Promise.all([
    repository.state(signal),
    commentMark(repository, signal),
    repository.log({ limit: 200 }, signal),
  ]);
  const message = writtenMessage(readFileSync(resolve(cwd, file), 'utf8'), mark);
  // What is made again was said before, or is somebody else's.
  if (message === '' || isReplaying(operation)) return {};
  const conventions = learnConventions(history);
  const isAsked = hasCommitlint(repository.root);
  const isCustom = isAsked || isConventional(conventions);
  const problems = lintMessage(message, isCustom && !isConventional(conventions) ? noConventions : conventions);
  const lines = problems.map(({ level, rule, message: text }) => `${level}  ${rule}: ${printable(text)}`);
  // Elsewhere the form is nobody's business; what is said of lines and trailers is good to know.
  if (!isCustom) return { notices: lines.filter((_line, at) => !form.test(problems[at]?.rule ?? '')) };
  if (!problems.some(({ level }) => level === 'error')) return { notices: lines };
  const why = isAsked ? 'commitlint is configured here' : 'the commits of this repository are Conventional Commits';
  return { stops: true, found: [...lines, `The commit is stopped: ${why}. ${wayRound('commit')}`] };
};

/** True while git makes commits again that were made before. */
export const isReplaying = (operation: string | undefined): boolean =>
  operation === 'rebase' || operation === 'am' || operation === 'cherry-pick' || operation === 'revert';
