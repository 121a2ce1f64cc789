import type { FileDiff } from '../../core/diff.ts';
import { areaKindOf } from './areas.ts';
import type { ApiChange, DependencyChange, Risk } from './explained.ts';

/** What else is known of the files. */
export interface RiskFacts {
  api: readonly ApiChange[];
  dependencies: readonly DependencyChange[];
  /** Files that use what a file defines, by path; empty without an index. */
  usedBy: ReadonlyMap<string, number>;
  /** Commits of late that touched a file, by path. */
  churn: ReadonlyMap<string, number>;
}

const migrations =
  /(?:^|\/)(?:migrations?|migrate|alembic\/versions|db\/changelog)\/|\.sql$|(?:^|\/)schema\.(?:prisma|rb|graphql)$/i;
const guarded =
  /(?:^|\/)(?:auth\w*|security|permissions?|policy|policies|crypto\w*|secrets?|sandbox|payments?|billing|session\w*|oauth|acl|rbac)(?:\/|[._-][^/]*$|\.[^/]+$)/i;
const many = (count: number, one: string, more = `${one}s`): string => `${count} ${count === 1 ? one : more}`;
const few = (paths: readonly string[]): string =>
  `${paths.slice(0, 3).join(', ')}${paths.length > 3 ? ` and ${paths.length - 3} more` : ''}`;

/** Points for reasons, added up to at most 100; 20 is medium, 45 is high. */
export const riskOf = (files: readonly FileDiff[], facts: RiskFacts): Risk => {
  const reasons: Risk['reasons'] = [];
  const add = (points: number, reason: string): void => {
    reasons.push({ points: Math.round(points), reason });
  };
  const kind = new Map(files.map((file) => [file, areaKindOf(file)]));
  const code = files.filter((file) => kind.get(file) === 'code');
  const tests = files.filter((file) => kind.get(file) === 'tests');
  const lines = code.reduce((sum, { added, deleted }) => sum + added + deleted, 0);
  if (lines > 100)
    add(Math.min(25, 8 * Math.log2(lines / 100) + 2), `${lines} changed lines of code in ${many(code.length, 'file')}`);
  if (lines > 10 && tests.length === 0) add(lines > 50 ? 15 : 8, 'code changed and no test did');
  const lost = tests.filter(({ status, deleted, added }) => status === 'deleted' || deleted > added + 10);
  if (lost.length > 0) add(10, `tests were taken out or cut: ${few(lost.map(({ path }) => path))}`);

  const central = code
    .map(({ path, oldPath }) => ({ path, users: facts.usedBy.get(path) ?? facts.usedBy.get(oldPath ?? '') ?? 0 }))
    .filter(({ users }) => users >= 5)
    .sort((a, b) => b.users - a.users);
  const [most] = central;
  if (most)
    add(
      Math.min(20, 4 + 2 * Math.log2(most.users)),
      `much used: ${few(central.map(({ path, users }) => `${path} (${many(users, 'file')})`))}`,
    );

  const hot = code
    .map(({ path }) => ({ path, commits: facts.churn.get(path) ?? 0 }))
    .filter(({ commits }) => commits >= 10)
    .sort((a, b) => b.commits - a.commits);
  if (hot.length > 0)
    add(
      Math.min(8, 2 + hot.length),
      `often changed of late: ${few(hot.map(({ path, commits }) => `${path} (${commits} commits)`))}`,
    );

  const gone = facts.api.filter(({ change }) => change === 'removed' || change === 'renamed');
  const altered = facts.api.filter(({ change }) => change === 'changed');
  if (gone.length > 0)
    add(
      Math.min(20, 8 + 2 * gone.length),
      `exported names that are gone: ${few(gone.map(({ from, name }) => from ?? name))}`,
    );
  if (altered.length > 0)
    add(Math.min(10, 3 + altered.length), `exported signatures changed: ${few(altered.map(({ name }) => name))}`);

  const ci = files.filter((file) => kind.get(file) === 'ci');
  if (ci.length > 0) add(10, `CI changed: ${few(ci.map(({ path }) => path))}`);
  const executable = files.filter(({ oldMode, newMode }) => newMode === '100755' && oldMode === '100644');
  if (executable.length > 0) add(5, `made executable: ${few(executable.map(({ path }) => path))}`);
  const data = files.filter(({ path }) => migrations.test(path));
  if (data.length > 0) add(15, `database or its migrations: ${few(data.map(({ path }) => path))}`);
  const guards = code.filter(({ path }) => guarded.test(path));
  if (guards.length > 0) add(8, `by its name about security or money: ${few(guards.map(({ path }) => path))}`);
  const { dependencies } = facts;
  const fresh = dependencies.filter(({ from }) => from === undefined);
  if (dependencies.length > 0)
    add(
      Math.min(10, 2 + dependencies.length),
      `${many(dependencies.length, 'dependency', 'dependencies')} changed${fresh.length > 0 ? `, new: ${few(fresh.map(({ name }) => name))}` : ''}`,
    );
  const unseen = files.filter(({ content, omitted }) => content === 'binary' || omitted !== undefined);
  if (unseen.length > 0) add(4, `not to be read: ${few(unseen.map(({ path }) => path))}`);
  const conflicts = files.filter(({ status }) => status === 'unmerged');
  if (conflicts.length > 0) add(30, `conflicts not resolved: ${few(conflicts.map(({ path }) => path))}`);

  const score = Math.min(
    100,
    reasons.reduce((sum, { points }) => sum + points, 0),
  );
  return {
    score,
    level: score >= 45 ? 'high' : score >= 20 ? 'medium' : 'low',
    reasons: reasons.sort((a, b) => b.points - a.points),
  };
};
