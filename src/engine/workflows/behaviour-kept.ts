import type { CheckRun } from '../../core/evidence.ts';
import type { Mutant, Syntax } from '../../core/syntax.ts';
import type { Proof } from '../patterns/proof.ts';
import { runCheck } from '../patterns/run-checks.ts';
import { breaksWithin, spread, tryBreaks } from './breaking.ts';
import { changedFiles, textNow } from './changed-files.ts';
import { changedRanges } from './changed-lines.ts';
import { listed, proven } from './trying.ts';

const said = 'the code does what it did before';
const code = /\.(?:[cm]?[jt]s|[jt]sx|pyi?|go|rs|java|rb|php|cs|c|cc|cpp|h|hpp)$/;

/** What no program reads while it runs. */
const unread = /\.(?:md|rst|adoc)$|(?:^|\/)(?:LICENSE|CHANGELOG|README)[^/]*$|(?:^|\/)\.(?:gitignore|editorconfig)$/i;
const farLines = 10;

/** Breaks in groups that lie apart: what covers one says nothing of another. */
const apart = (mutants: readonly Mutant[]): Mutant[][] => {
  const places: Mutant[][] = [];
  let end = -Infinity;
  for (const mutant of mutants.toSorted((a, b) => a.line - b.line)) {
    if (mutant.line - end > farLines) places.push([]);
    places.at(-1)?.push(mutant);
    end = mutant.line;
  }
  return places;
};

/**
 * Behaviour is kept when the same tests pass before and after, and these tests notice when the changed lines are broken on
 * purpose. Where they do not notice, nothing is shown, and that is said.
 */
export const behaviourKept = (syntax: Syntax, mayChangeTests: boolean): Proof => {
  let before: CheckRun | undefined;
  let tookMs = 1000;
  return {
    async *before(context) {
      const check = context.checks.find(({ name }) => name === 'test');
      if (!check) return 'There is no test command in this project: what you keep cannot be checked, so be careful.';
      const startedAt = performance.now();
      const ran = yield* runCheck(check, 'now', context);
      tookMs = performance.now() - startedAt;
      if ('denied' in ran) return undefined;
      before = ran.data;
      return before.exitCode === 0
        ? `The tests pass now (\`${check.command}\`). They must pass afterwards, unchanged.`
        : `The tests fail already (\`${check.command}\`)${before.failing?.length ? `: ${listed(before.failing, 10)}` : ''}. Leave that as it is.`;
    },
    async *after({ checks }, context) {
      const changed = await changedFiles(context);
      if (!changed) return { claims: [], notes: [], problems: [] };
      if (changed.tests.length > 0 && !mayChangeTests) {
        const names = listed(changed.tests);
        const problem = `You changed tests: ${names}. Put them back as they were: they say what must stay the same.`;
        return proven('behaviour_kept', 'contradicted', said, `Tests were changed: ${names}.`, problem);
      }
      const check = context.checks.find(({ name }) => name === 'test');
      const after = checks.find((run) => run.check === 'test');
      if (!check) return proven('behaviour_kept', 'unverified', said, 'There is no test command to tell.');
      if (!before || !after)
        return proven('behaviour_kept', 'unverified', said, `\`${check.command}\` was not run before and after.`);
      if (before.exitCode !== 0)
        return proven('behaviour_kept', 'unverified', said, `\`${check.command}\` failed before the change already.`);
      if (after.exitCode !== 0)
        return proven(
          'behaviour_kept',
          'contradicted',
          said,
          `\`${check.command}\` passed before the change and fails now.`,
        );
      const ranges = changedRanges(await context.sandbox.diff(changed.from, changed.to));
      const files = changed.present.filter((path) => code.test(path) && !changed.tests.includes(path));
      const unseen: string[] = [];
      const unbroken: string[] = [];
      const noticed: string[] = [];
      let left = 0;
      const each = Math.max(1, Math.floor(breaksWithin(tookMs) / Math.max(1, files.length)));
      for (const path of files) {
        const text = await textNow(context, path);
        const inLines = await syntax.mutants(path, text, ranges.get(path) ?? []);
        const all = inLines.length > 0 ? inLines : await syntax.mutants(path, text);
        if (all.length === 0) {
          unbroken.push(path);
          continue;
        }
        const places = apart(all);
        const tried = spread(places, each);
        left += places.length - tried.length;
        for (const place of tried) {
          const mutants = spread(place, Math.max(1, Math.floor(each / tried.length)));
          const broken = yield* tryBreaks({ check, state: changed.to, path, mutants, untilCaught: true }, context);
          if ('denied' in broken) return proven('behaviour_kept', 'unverified', said, broken.denied);
          if (!broken.passesWhole)
            return proven(
              'behaviour_kept',
              'unverified',
              said,
              `\`${check.command}\` does not pass in a copy of the workspace.`,
            );
          const [caught] = broken.caught;
          if (caught) noticed.push(`${path} ${caught.label}`);
          else unseen.push(tried.length > 1 ? `${path}:${place[0]?.line ?? 1}` : path);
        }
      }
      if (unseen.length > 0)
        return proven(
          ...(['behaviour_kept', 'unverified', said] as const),
          `No test covers what was changed in ${listed(unseen)}: \`${check.command}\` also passes when it is broken on purpose.`,
        );
      if (noticed.length === 0)
        return proven(
          'behaviour_kept',
          'unverified',
          said,
          `Nothing in ${listed(unbroken)} could be broken to see whether a test notices.`,
        );
      // What code reads decides what it does, and nobody breaks that on purpose.
      const data = [...changed.present, ...changed.deleted].filter(
        (path) => !code.test(path) && !changed.tests.includes(path) && !unread.test(path),
      );
      if (data.length > 0)
        return proven(
          'behaviour_kept',
          'unverified',
          said,
          `Tests notice breaks of the code that was changed, but nobody looked at what the change of ${listed(data)} does.`,
        );
      return proven(
        ...(['behaviour_kept', 'verified', said] as const),
        `\`${check.command}\` passes before and after, and fails when what was changed is broken on purpose (${listed(noticed)})${left > 0 ? `; ${left} more changed places were not tried` : ''}.`,
      );
    },
  };
};
