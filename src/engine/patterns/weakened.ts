import type { Check, CheckName } from '../../core/evidence.ts';
import type { Change } from '../../core/sandbox.ts';

/** Ways in which a change made its own checks easier to pass. */
export interface Weakened {
  /** Checks whose command means something else than before. */
  checks: ReadonlySet<CheckName>;
  /** One sentence each, for the human. */
  notes: string[];
}

/** True for files that look like tests: in a folder of tests, or named as runners name them. */
export const isTest = (path: string): boolean =>
  /(?:^|\/)(?:tests?|__tests__|__snapshots__|specs?)\//.test(path) ||
  /[._-](?:test|spec)\.\w+(?:\.snap)?$|(?:^|\/)test_[^/]*\.py$|(?:Tests?|Spec)\.(?:java|kt|cs|php|swift|scala)$/.test(
    path,
  );

const runnerFiles =
  /(?:^|\/)(?:conftest\.py|(?:site|user)customize\.py|(?:pytest|tox)\.ini|\.(?:npm|yarn)rc(?:\.yml)?|\.mocharc\.\w+|(?:vitest|jest|ava|karma|playwright|cypress)\.(?:config|workspace|setup)\.\w+|\.rspec|phpunit\.xml(?:\.dist)?)$/;
const manifests = /(?:^|\/)(?:package\.json|pyproject\.toml|setup\.cfg)$/;
const ofRunners = /pytest|addopts|testpaths|python_files|jest|mocha|vitest|"(?:ava|tap|test\w*)"/;

/** Files of a change that say what a test runner does: its configuration, and what runs before each test. */
export const runnerFilesIn = (changes: readonly Change[], diff: string): string[] =>
  changes
    .map(({ path }) => path)
    .filter(
      (path) =>
        runnerFiles.test(path) ||
        (manifests.test(path) && changedLines(diff, path).some((line) => ofRunners.test(line))),
    );

/** The lines a unified diff adds to or takes from one file. */
const changedLines = (diff: string, file: string): string[] => {
  const section = diff.split(/^diff --git /m).find((part) => part.startsWith(`a/${file} b/${file}\n`)) ?? '';
  return section.split('\n').filter((line) => /^[+-](?![+-]{2} )/.test(line));
};

/** True when the file that says what the check's command does says something else now. */
const isRedefined = (check: Check, diff: string): boolean => {
  if (/^(?:npm|npx|pnpm|yarn|bun)\b/.test(check.command) && /^diff --git a\/\.(?:npm|yarn)rc\b/m.test(diff))
    return true;
  const [, script] =
    /^package\.json scripts\.(\S+)/.exec(check.source) ??
    /^(?:npm|pnpm|yarn|bun)(?: run)? ([\w:-]+)/.exec(check.command) ??
    [];
  if (script !== undefined) {
    const names = new Set([script, `pre${script}`, `post${script}`]);
    return changedLines(diff, 'package.json').some((line) =>
      [...line.matchAll(/"([^"]+)"\s*:/g)].some(([, name = '']) => names.has(name)),
    );
  }
  return (
    /^makefile\b/i.test(check.source) &&
    ['Makefile', 'makefile', 'GNUmakefile'].some((file) => changedLines(diff, file).length > 0)
  );
};

/** Files that say what a check's command does. */
const definitionFiles: ReadonlySet<string> = new Set([
  '.npmrc',
  '.yarnrc',
  '.yarnrc.yml',
  'package.json',
  'Makefile',
  'makefile',
  'GNUmakefile',
]);

/** Looks through a change for weakened checks; `diffOf` is asked only when a file that defines one changed. */
export const weakenedBy = async (
  changes: readonly Change[],
  checks: readonly Check[],
  diffOf: () => Promise<string>,
): Promise<Weakened> => {
  const diff = changes.some((change) => definitionFiles.has(change.path)) ? await diffOf() : '';
  const redefined = checks.filter((check) => isRedefined(check, diff));
  const deleted = changes
    .filter((change) => change.kind === 'deleted' && isTest(change.path))
    .map((change) => change.path);
  const notes = redefined.map(
    (check) => `This run changed what the ${check.name} check itself does (${check.source}).`,
  );
  if (deleted.length > 0)
    notes.push(`This run deleted test files: ${deleted.slice(0, 5).join(', ')}${deleted.length > 5 ? ', …' : ''}.`);
  return { checks: new Set(redefined.map((check) => check.name)), notes };
};
