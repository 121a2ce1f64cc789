import { isToolError } from '../../core/tool.ts';
import type { Mutant, Syntax } from '../../core/syntax.ts';
import type { WorkflowContext } from '../../core/workflow.ts';
import type { Proof } from '../patterns/proof.ts';
import { isTest } from '../patterns/weakened.ts';
import { spread, tryBreaks } from './breaking.ts';
import { changedFiles, testsAt, textNow, type ChangedFiles } from './changed-files.ts';
import { linesOfSymbol } from './gather.ts';
import { testedBy } from './tested-by.ts';
import { listed, proven } from './trying.ts';

const said = 'the new tests fail when the code is broken';
const code = /\.(?:[cm]?[jt]s|[jt]sx|py)$/;
const most = 6;
/** Ways of a test to see the text of what it tests. */
const reading =
  /readFile|read_text|\bopen\s*\(|getsource|toString\(\)|\?raw\b|createReadStream|\b(?:exec|spawn)\w*\(|subprocess/;

/** What a test is wanted for: a file, with the lines it is about. */
export interface TestTarget {
  path: string;
  symbol?: string;
  lines?: readonly [number, number];
}

const targetsOf = async (
  given: readonly TestTarget[],
  changed: ChangedFiles,
  context: WorkflowContext,
): Promise<TestTarget[]> => {
  const named = given.filter(({ path }) => code.test(path) && !isTest(path));
  if (named.length > 0) return [...named];
  const found = new Set<string>();
  for (const path of changed.tests.filter((one) => changed.present.includes(one)))
    for (const candidate of testedBy(path, await textNow(context, path)))
      if ((await context.sandbox.stat(candidate))?.kind === 'file' && !isTest(candidate)) found.add(candidate);
  return [...found].map((path) => ({ path }));
};

/**
 * Tests count when they pass on the code as it is and at least one simple break of it makes them fail – them, not those that
 * were there before: the older ones are taken out of the copy that is tried.
 */
export const testsCatch = (syntax: Syntax, given: readonly TestTarget[]): Proof => ({
  async *after({ checks }, context) {
    const changed = await changedFiles(context);
    if (!changed) return { claims: [], notes: [], problems: [] };
    const written = changed.tests.filter((path) => changed.present.includes(path));
    const touched = [...changed.present, ...changed.deleted].filter(
      (path) => code.test(path) && !isTest(path) && !/conftest\.py$|\.config\.\w+$/.test(path),
    );
    if (touched.length > 0)
      return proven(
        ...([
          'tests_catch',
          'contradicted',
          said,
          `Code that should be tested was changed: ${listed(touched)}.`,
        ] as const),
        `Only tests were asked for. Put ${listed(touched)} back as it was; if the code is wrong, say so in your answer.`,
      );
    if (written.length === 0)
      return proven('tests_catch', 'contradicted', said, 'No test was written.', 'You wrote no test. Write it.');
    const check = context.checks.find(({ name }) => name === 'test');
    if (!check) return proven('tests_catch', 'unverified', said, 'There is no test command to run them.');
    const ran = checks.find((run) => run.check === 'test');
    if (!ran) return proven('tests_catch', 'unverified', said, `\`${check.command}\` was not run.`);
    if (ran.exitCode !== 0) return proven('tests_catch', 'contradicted', said, `\`${check.command}\` fails.`);
    const targets = await targetsOf(given, changed, context);
    const mutants: { path: string; mutant: Mutant }[] = [];
    for (const { path, lines, symbol } of targets)
      try {
        const text = await textNow(context, path);
        const named = symbol === undefined ? lines : linesOfSymbol(await syntax.outline(path, text), symbol);
        for (const mutant of await syntax.mutants(path, text, named && [named])) mutants.push({ path, mutant });
      } catch (error) {
        if (!isToolError(error)) throw error;
      }
    if (mutants.length === 0)
      return proven(
        'tests_catch',
        'unverified',
        said,
        `Nothing in ${targets.length > 0 ? listed(targets.map(({ path }) => path)) : 'what they test'} could be broken to see whether they notice.`,
      );
    const others = (await testsAt(context, changed.to)).filter((path) => !changed.tests.includes(path));
    // What breaks while the file is loaded makes any test fail, one that asserts nothing too.
    const inFunctions = mutants.filter(({ mutant }) => mutant.isInFunction);
    const tried = spread(inFunctions.length > 0 ? inFunctions : mutants, most);
    const readsFiles = (await Promise.all(written.map((path) => textNow(context, path)))).some((text) =>
      reading.test(text),
    );
    const wasThere = written.some((path) => !changed.added.has(path));
    let missed = 0;
    let old = 0;
    for (const path of new Set(tried.map((one) => one.path))) {
      let left = tried.filter((one) => one.path === path).map(({ mutant }) => mutant);
      if (wasThere) {
        const before = yield* tryBreaks({ check, state: changed.from, path, mutants: left, without: others }, context);
        if ('denied' in before) return proven('tests_catch', 'unverified', said, before.denied);
        if (before.passesWhole) {
          old += before.caught.length;
          left = before.survived;
          if (before.caught.length > 0) {
            const still = yield* tryBreaks(
              { check, state: changed.to, path, mutants: before.caught, without: others },
              context,
            );
            if ('denied' in still) return proven('tests_catch', 'unverified', said, still.denied);
            const [lost] = still.survived;
            if (still.passesWhole && lost)
              return proven(
                ...(['tests_catch', 'contradicted', said] as const),
                `The tests that were there noticed ${path} ${lost.label}; as they are now they do not.`,
                `The tests noticed ${path} ${lost.label} before your change, and do not any more. Put back what they asserted.`,
              );
          }
        }
      }
      if (left.length === 0) continue;
      const now = yield* tryBreaks(
        { check, state: changed.to, path, mutants: left, without: others, untilCaught: true },
        context,
      );
      if ('denied' in now) return proven('tests_catch', 'unverified', said, now.denied);
      if (!now.passesWhole)
        return proven(
          'tests_catch',
          'unverified',
          said,
          `\`${check.command}\` fails with only the new tests in a copy of the workspace.`,
        );
      const [caught] = now.caught;
      if (caught && readsFiles) {
        const same = yield* tryBreaks(
          { check, state: changed.to, path, mutants: [{ ...caught, text: caught.spaced }], without: others },
          context,
        );
        if ('denied' in same) return proven('tests_catch', 'unverified', said, same.denied);
        if (same.caught.length > 0)
          return proven(
            ...(['tests_catch', 'unverified', said] as const),
            `They also fail when only a space is added to ${path}: they look at its text, not at what it does.`,
            `Your tests look at the text of ${path}: they also fail when only a space is added to it. Assert what the code does.`,
          );
      }
      if (caught)
        return proven(
          'tests_catch',
          'verified',
          said,
          `With ${path} broken on purpose (${caught.label}) they fail; as it is they pass.`,
        );
      missed += now.survived.length;
    }
    if (missed === 0 && old > 0)
      return proven(
        'tests_catch',
        'unverified',
        said,
        'The tests that were there before notice every break that was tried.',
      );
    return proven(
      ...([
        'tests_catch',
        'contradicted',
        said,
        `They pass whatever the code does: ${missed} ${missed === 1 ? 'break' : 'breaks'} of ${listed(targets.map(({ path }) => path))} went unnoticed.`,
      ] as const),
      `Your tests also pass when the code is broken: ${tried
        .slice(0, 5)
        .map(({ path, mutant }) => `${path} ${mutant.label}`)
        .join('; ')}. Assert what the code really returns.`,
    );
  },
});
