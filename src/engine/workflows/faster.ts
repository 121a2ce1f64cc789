import { isToolError } from '../../core/tool.ts';
import type { WorkflowContext } from '../../core/workflow.ts';
import type { Proof } from '../patterns/proof.ts';
import { changedFiles, textNow, textsAt, type ChangedFiles } from './changed-files.ts';
import { measured, measurement } from './measurement.ts';
import { listed, proven, tryCommand } from './trying.ts';
import { withScriptsOf } from './with-scripts-of.ts';

const said = 'it is faster than before';
const timeoutMs = 300_000;
/** Milliseconds all rounds together may take, guessed from the first one. */
const patienceMs = 60_000;
/** Files whose change does not make less to do: code, documents, and the manifest whose scripts are put back. */
const measuredAlike =
  /\.(?:[cm]?[jt]s|[jt]sx|pyi?|go|rs|java|rb|php|cs|c|cc|cpp|h|hpp|md|rst|adoc)$|(?:^|\/)package(?:-lock)?\.json$/;
const scripts = ['bench', 'benchmark', 'perf', 'bench:quick'];

/** The project's own measurement, from its package.json. */
const foundCommand = async (context: WorkflowContext): Promise<string | undefined> => {
  try {
    const manifest = JSON.parse(await textNow(context, 'package.json')) as { scripts?: Record<string, unknown> };
    const name = scripts.find((one) => typeof manifest.scripts?.[one] === 'string');
    return name === undefined ? undefined : `npm run --silent ${name}`;
  } catch (error) {
    if (isToolError(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
};

/** Both states are measured by what measured the first one: changed benches and scripts are put back in the copy. */
const withOldMeasure = async (
  command: string,
  changed: ChangedFiles,
  context: WorkflowContext,
): Promise<Record<string, string>> => {
  const before = await textsAt(context, changed.from, [...changed.present, 'package.json']);
  const manifest = before.get('package.json') ?? '';
  const named = `${command}\n${/"scripts"[^{]*\{[^}]*\}/.exec(manifest)?.[0] ?? ''}`;
  const edits: Record<string, string> = {};
  for (const [path, text] of before)
    if (
      path !== 'package.json' &&
      (named.includes(path) || /(?:^|[/._-])(?:bench(?:mark)?s?|perf)(?:[/._-]|$)/i.test(path))
    )
      edits[path] = text;
  if (changed.present.includes('package.json')) {
    const restored = withScriptsOf(manifest, await textNow(context, 'package.json'));
    if (restored !== undefined) edits['package.json'] = restored;
  }
  return edits;
};

/** The same command measures the state before and the state after, in turn; only a difference above the noise counts. */
export const faster = (given: string | undefined): Proof => {
  let command = given;
  return {
    async *before(context) {
      yield* [];
      command ??= await foundCommand(context);
      return command === undefined
        ? 'There is no measurement: nobody will be able to say that it got faster.'
        : `It is measured by \`${command}\`, before and after, in turn. Do not change what measures.`;
    },
    async *after(_work, context) {
      const changed = await changedFiles(context);
      if (!changed) return { claims: [], notes: [], problems: [] };
      if (command === undefined)
        return proven('faster', 'unverified', said, 'No measurement: give one with --measure "<command>".');
      const edits = await withOldMeasure(command, changed, context);
      const trials = [
        { label: 'before', state: changed.from },
        { label: 'after', state: changed.to, ...(Object.keys(edits).length > 0 ? { edits } : {}) },
      ];
      const input = { name: 'measured', command, timeoutMs, trials, apart: true };
      // The first one warms caches, and tells how long a round takes.
      const first = yield* tryCommand(input, context);
      if ('denied' in first) return proven('faster', 'unverified', said, `It was not measured. ${first.denied}`);
      const [one, two] = first.runs;
      if (one?.exitCode !== 0)
        return proven(
          'faster',
          'unverified',
          said,
          `\`${command}\` fails on the state before: nothing can be measured.`,
        );
      if (two?.exitCode !== 0)
        return proven(
          ...(['faster', 'contradicted', said, `\`${command}\` worked before and fails now.`] as const),
          `\`${command}\` worked before and fails now:\n\n\`\`\`\n${two?.output ?? ''}\n\`\`\``,
        );
      const rounds = Math.max(5, Math.min(9, Math.floor(patienceMs / Math.max(1, one.durationMs + two.durationMs))));
      const ran = yield* tryCommand({ ...input, rounds }, context);
      if ('denied' in ran) return proven('faster', 'unverified', said, `It was not measured. ${ran.denied}`);
      const times = (label: string): number[] =>
        ran.runs.filter((run) => run.label === label && run.exitCode === 0).map((run) => run.durationMs);
      const after = times('after');
      const pairs = times('before').flatMap((ms, at): [number, number][] =>
        after[at] === undefined ? [] : [[ms, after[at]]],
      );
      if (pairs.length < 3) return proven('faster', 'unverified', said, `\`${command}\` does not end well each time.`);
      const result = measurement(pairs);
      const evidence = `\`${command}\`: ${measured(result)}.`;
      const data = [...changed.present, ...changed.deleted].filter((path) => !measuredAlike.test(path));
      if (result.verdict === 'faster' && data.length > 0)
        return proven(
          'faster',
          'unverified',
          said,
          `${evidence} But ${listed(data)} changed too, and may be what is measured.`,
        );
      if (result.verdict === 'faster') return proven('faster', 'verified', said, evidence);
      const problem = `It was measured: ${result.verdict}. ${evidence} Find what really takes the time, or put your change back and say that nothing helps.`;
      return proven('faster', 'contradicted', said, `${result.verdict}: ${evidence}`, problem);
    },
  };
};
