import type { Check } from '../../core/evidence.ts';
import type { Event, Transient } from '../../core/event.ts';
import type { Mutant } from '../../core/syntax.ts';
import type { WorkflowContext } from '../../core/workflow.ts';
import { tryCommand } from './trying.ts';

/** What became of the tests when code was broken on purpose. */
export interface Broken {
  /** False when they fail on the code as it is: then nothing can be said. */
  passesWhole: boolean;
  caught: Mutant[];
  survived: Mutant[];
}

/** Milliseconds all breaks together may take, guessed from one run of the tests. */
const patienceMs = 120_000;
const most = 5;

/** How many breaks can be tried where the tests take so long. */
export const breaksWithin = (testMs: number): number => Math.max(1, Math.min(most, Math.floor(patienceMs / testMs)));

/** Some of them, spread over the whole list. */
export const spread = <T>(all: readonly T[], count: number): T[] =>
  all.length <= count
    ? [...all]
    : Array.from({ length: count }, (_, at) => all[Math.floor((at * all.length) / count)] as T);

/** Runs the tests on copies of a state in which one thing of a file is broken; on the whole one first. */
export async function* tryBreaks(
  {
    check,
    state,
    path,
    mutants,
    without,
    untilCaught,
  }: {
    check: Check;
    state: string;
    path: string;
    mutants: readonly Mutant[];
    without?: readonly string[];
    /** One that is caught is enough. */
    untilCaught?: boolean;
  },
  context: WorkflowContext,
): AsyncGenerator<Event | Transient, Broken | { denied: string }> {
  const place = { state, ...(without ? { without } : {}) };
  const ran = yield* tryCommand(
    {
      ...{ name: 'breaks', command: check.command, timeoutMs: check.timeoutMs },
      trials: [
        { label: 'as it is', ...place },
        ...mutants.map(({ label, text }) => ({ label: `${path} ${label}`, ...place, edits: { [path]: text } })),
      ],
      ...(untilCaught === undefined ? {} : { untilFailure: untilCaught }),
    },
    context,
  );
  if ('denied' in ran) return ran;
  const [whole, ...runs] = ran.runs;
  const is = (passed: boolean): Mutant[] => mutants.filter((_, at) => runs[at] && (runs[at].exitCode === 0) === passed);
  return { passesWhole: whole?.exitCode === 0, caught: is(false), survived: is(true) };
}
