import { describe, expect, it } from 'vitest';
import { entriesOf, type LoggedCommit } from '../../../src/engine/changelog/entries.ts';

const hash = (name: string): string => Buffer.from(name.padEnd(20, '.')).toString('hex');

/** Commits oldest first, as one writes them down; the list takes them newest first. */
const history = (
  ...commits: readonly (Partial<Omit<LoggedCommit, 'hash' | 'parents'>> & { name: string; merges?: string })[]
): LoggedCommit[] =>
  commits
    .map(({ name, merges, ...rest }, at): LoggedCommit => {
      const before = commits[at - 1];
      return {
        hash: hash(name),
        parents: [...(before ? [hash(before.name)] : []), ...(merges === undefined ? [] : [hash(merges)])],
        ...{ author: 'Ann', email: 'ann@example.invalid', at: at * 1000, subject: '', body: '', refs: [] },
        ...rest,
      };
    })
    .reverse();

const subjects = (commits: readonly LoggedCommit[]): string[] =>
  entriesOf(commits).entries.map(({ subject }) => subject);
const reverts = (name: string): string => `This reverts commit ${hash(name)}.`;

describe('the changes of a range', () => {
  it('keep the part they name before a colon, which is no type', () => {
    const commits = history(
      { name: 'a', subject: 'net/http: close the body' },
      { name: 'b', subject: 'hooks: beside others' },
    );
    expect(subjects(commits)).toEqual(['hooks: beside others', 'net/http: close the body']);
  });

  it('leave out what was taken back, and what took it back', () => {
    const commits = history(
      { name: 'a', subject: 'feat: a' },
      { name: 'b', subject: 'feat: b' },
      { name: 'r', subject: 'Revert "feat: a"', body: reverts('a') },
    );
    expect(subjects(commits)).toEqual(['b']);
    expect(entriesOf(commits).leftOut.reverted).toBe(2);
  });

  it('keep what was put back again', () => {
    const commits = history(
      { name: 'a', subject: 'feat: a' },
      { name: 'r', subject: 'Revert "feat: a"', body: reverts('a') },
      { name: 'rr', subject: 'Revert "Revert "feat: a""', body: reverts('r') },
    );
    expect(subjects(commits)).toEqual(['a']);
    const named = history(
      { name: 'a', subject: 'feat: a' },
      { name: 'r', subject: 'Revert "feat: a"', body: reverts('a') },
      { name: 'rr', subject: 'Reapply "feat: a"', body: reverts('r') },
    );
    expect(subjects(named)).toEqual(['a']);
  });

  it('know what a revert means by its subject, where no hash is named', () => {
    const commits = history(
      { name: 'a', subject: 'feat: a (#12)' },
      { name: 'r', subject: 'Revert "feat: a (#12)" (#14)', body: 'Reverts owner/name#12' },
      { name: 'c', subject: 'fix: c' },
      { name: 'd', subject: 'revert: fix: c' },
    );
    expect(subjects(commits)).toEqual([]);
  });

  it('show a revert of something older', () => {
    const commits = history({ name: 'r', subject: 'revert: feat: old', body: reverts('before') });
    expect(entriesOf(commits).entries).toMatchObject([{ type: 'revert', subject: 'feat: old' }]);
  });

  it('are not cancelled by a commit that only speaks of another', () => {
    const commits = history(
      { name: 'a', subject: 'feat: a' },
      { name: 'b', subject: 'fix: b', body: `After ${hash('a')} it was slow.\n${reverts('a')}` },
    );
    expect(subjects(commits)).toEqual(['b', 'a']);
  });

  it('leave out everything that came with a merge that was reverted', () => {
    const base = hash('base');
    const commit = (name: string, parents: string[], subject: string, body = ''): LoggedCommit => ({
      ...{ hash: hash(name), parents, author: 'Ann', email: '', at: 0, subject, body, refs: [] },
    });
    const commits = [
      commit(
        'revert',
        [hash('merge')],
        'Revert "Merge branch x"',
        `This reverts commit ${hash('merge')}, reversing\nchanges made to ${hash('main')}.`,
      ),
      commit('merge', [hash('main'), hash('side2')], 'Merge branch x'),
      commit('side2', [hash('side1')], 'feat: two'),
      commit('side1', [base], 'feat: one'),
      commit('main', [base], 'feat: stays'),
    ];
    expect(subjects(commits)).toEqual(['stays']);
  });

  it('leave out merges, releases and fixups', () => {
    const commits = history(
      { name: 'a', subject: 'feat: a' },
      { name: 'm', subject: 'Merge pull request #3 from x/y', merges: 'a' },
      { name: 'v', subject: 'v1.2.0' },
      { name: 'w', subject: 'chore(release): 1.2.0' },
      { name: 'x', subject: 'chore: release v1.2.0 (#5)' },
      { name: 'f', subject: 'fixup! feat: a' },
    );
    const { entries, leftOut } = entriesOf(commits);
    expect(entries.map(({ subject }) => subject)).toEqual(['a']);
    expect(leftOut).toEqual({ merges: 1, reverted: 0, repeated: 1, releases: 3 });
  });

  it('stand once when they were picked to another branch, with both commits and all authors', () => {
    const commits = history(
      { name: 'a', subject: 'fix(api): no crash (#7)', author: 'Ann' },
      {
        name: 'b',
        subject: 'fix(api): no crash (#9)',
        body: '(cherry picked from commit x)\nCo-authored-by: Bo <b@x.invalid>\nCo-authored-by: Some model <noreply@anthropic.com>',
      },
    );
    expect(entriesOf(commits).entries).toMatchObject([
      { hashes: [hash('b'), hash('a')], pulls: ['9', '7'], scope: 'api', authors: ['Ann', 'Bo'] },
    ]);
  });

  it('keep numbers of pull requests apart from issues', () => {
    const commits = history({ name: 'a', subject: 'feat: a (#12)', body: 'Closes #3' });
    expect(entriesOf(commits).entries).toMatchObject([{ subject: 'a', pulls: ['12'], references: ['#3'] }]);
  });

  it('tell what breaks by the mark and by the footer', () => {
    const commits = history(
      { name: 'a', subject: 'feat!: a' },
      { name: 'b', subject: 'fix: b', body: 'BREAKING CHANGE: the option x\nis gone' },
      { name: 'c', subject: 'fix: c' },
    );
    expect(entriesOf(commits).entries).toMatchObject([
      { breaking: false },
      { breaking: true, breakingNotes: ['the option x\nis gone'] },
      { breaking: true, breakingNotes: [] },
    ]);
  });

  it('are told by files and first words where no message names a type', () => {
    const commits = history(
      { name: 'a', subject: 'Fix crash', files: [{ path: 'src/a.js' }] },
      { name: 'b', subject: 'Fix typo', files: [{ path: 'README.md' }] },
      { name: 'c', subject: 'Add tests for a', files: [{ path: 'src/a.js' }, { path: 'test/a.test.js' }] },
      { name: 'd', subject: 'Whatever', files: [{ path: 'src/a.js' }] },
    );
    expect(entriesOf(commits).entries.map(({ type }) => type)).toEqual([undefined, 'test', 'docs', 'fix']);
  });

  it('of 10,000 commits with as many reverts are found at once', () => {
    const many = Array.from({ length: 5000 }, (_, at) => at);
    const commits = history(
      ...many.map((at) => ({ name: `c${at}`, subject: 'feat: same' })),
      ...many.map((at) => ({ name: `r${at}`, subject: 'Revert "feat: same"', body: reverts(`c${at}`) })),
    );
    expect(entriesOf(commits).entries).toEqual([]);
  });
});
