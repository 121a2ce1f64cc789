import { nearest } from '../../base/nearest.ts';
import { isConventional, type Conventions } from './conventions.ts';
import { longestLine, startsUpper } from './message.ts';
import { parseMessage } from './parse-message.ts';
import { commitTypes, isCommitType } from './types.ts';

/** Something that is not as it should be in a message; `rule` is commitlint's name where it has one. */
export interface MessageProblem {
  level: 'error' | 'warning';
  rule: string;
  message: string;
}

/** What commitlint ignores by default: merges, reverts, fixups and bare versions (@commitlint/is-ignored 19, read 2026-11-28). */
const ignored =
  /^(?:Merge (?:pull request|branch |tag |remote-tracking branch|.*? into )|Merged (?:.*?(?:in|into) |PR )|[Rr]evert |[Rr]eapply |(?:amend|fixup|squash)!|Automatic merge|Auto-merged |(?:chore(?:\([^)]+\))?:)?\s*v?\d+\.\d+\.\d+(?:[-+][\w.-]+)?\s*$)/;

/** What git adds for the person who edits, and cuts away: comments and everything below the scissors. */
export const withoutComments = (message: string): string =>
  message
    .replace(/\r\n?/g, '\n')
    .replace(/(?:^|\n)# -+ >8 -+\n[\s\S]*$/, '')
    .split('\n')
    .filter((line) => !/^#(?:\s|$)/.test(line))
    .join('\n');

/** Errors as commitlint's config-conventional judges a message, whatever the repository does. */
export const conventionalProblems = (text: string): MessageProblem[] => {
  const problems: MessageProblem[] = [];
  const error = (rule: string, message: string): unknown => problems.push({ level: 'error', rule, message });
  const warn = (rule: string, message: string): unknown => problems.push({ level: 'warning', rule, message });
  const [first = '', second, ...rest] = text.split('\n');
  const { type, subject } = parseMessage(text);
  if (first.trim() === '') {
    error('header-empty', 'The message is empty.');
    return problems;
  }
  if (type === undefined) {
    const [, word = ''] = /^(\w+)/.exec(first) ?? [];
    const hint = isCommitType(word.toLowerCase()) ? ` Write "${word.toLowerCase()}: " with a colon and a space.` : '';
    error('type-empty', `The first line has no type: write "<type>(<scope>): <subject>", such as "fix: …".${hint}`);
  } else {
    if (type !== type.toLowerCase()) error('type-case', `The type "${type}" is not in lower case.`);
    if (!isCommitType(type)) {
      const guess = nearest(type.toLowerCase(), commitTypes);
      error(
        'type-enum',
        `"${type}" is none of ${commitTypes.join(', ')}.${guess === undefined ? '' : ` Did you mean "${guess}"?`}`,
      );
    }
    if (subject.trim() === '') error('subject-empty', 'There is no subject behind the type.');
    else if (startsUpper(subject)) error('subject-case', 'The subject begins in upper case.');
  }
  const header = first.trimEnd();
  if (header.endsWith('.') && !header.endsWith('...'))
    error('subject-full-stop', 'The first line ends with a full stop.');
  if (first !== first.trim()) error('header-trim', 'The first line begins or ends with spaces.');
  if (first.length > longestLine)
    error('header-max-length', `The first line has ${first.length} characters; at most ${longestLine} are allowed.`);
  if (second !== undefined && second.trim() !== '') warn('body-leading-blank', 'The second line is not blank.');
  for (const [index, line] of [second ?? '', ...rest].entries())
    if (line.length > longestLine) {
      error(
        'body-max-line-length',
        `Line ${index + 2} has ${line.length} characters; at most ${longestLine} are allowed.`,
      );
      break;
    }
  return problems;
};

/** Scopes that are a closed list: many commits, few names. */
const isClosed = ({ scopes }: Conventions): boolean => {
  const total = [...scopes.values()].reduce((sum, one) => sum + one, 0);
  return total >= 30 && scopes.size * 5 <= total;
};

/**
 * What is wrong with a message: Conventional Commits as commitlint's config-conventional judges them, then this
 * repository's own habits as warnings. Where the history shows that nobody here writes Conventional Commits, errors are
 * warnings too. Merges, reverts and fixups are left alone.
 */
export const lintMessage = (message: string, conventions: Conventions): MessageProblem[] => {
  const text = withoutComments(message).replace(/^\n+/, '').trimEnd();
  if (ignored.test(text)) return [];
  const problems = conventionalProblems(text);
  const { scope, footers } = parseMessage(text);
  if (scope !== undefined && isClosed(conventions) && !conventions.scopes.has(scope)) {
    const guess = nearest(scope, conventions.scopes.keys());
    problems.push({
      level: 'warning',
      rule: 'scope-known',
      message: `No earlier commit has the scope "${scope}".${guess === undefined ? '' : ` Did you mean "${guess}"?`}`,
    });
  }
  const tokens = new Set(footers.map(({ token }) => token.toLowerCase()));
  for (const token of conventions.trailers)
    if (!tokens.has(token.toLowerCase()))
      problems.push({
        level: 'warning',
        rule: 'trailer-exists',
        message: `Nearly every commit here has a trailer "${token}:"; this one has none.`,
      });
  const isKnown = conventions.commits < 10 || isConventional(conventions);
  return isKnown ? problems : problems.map((one) => (one.rule === 'header-empty' ? one : { ...one, level: 'warning' }));
};
