import { isCopilotError } from '../../base/errors.ts';
import type { RunResult, Task } from '../../core/agent.ts';
import type { Event, Transient } from '../../core/event.ts';
import type { Check, CheckRun, JudgedClaim } from '../../core/evidence.ts';
import { text, textOf } from '../../core/message.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { WorkflowContext } from '../../core/workflow.ts';
import { claimsOf, judge, noWorse, withoutClaimsBlock } from '../evidence.ts';
import type { CheckInput } from './check-tool.ts';

/** How hard to look. */
export interface VerifyOptions {
  /** `never` runs no checks; claims are then at best unverified. */
  verify: 'auto' | 'never';
  /** How often failing checks go back to the model. */
  maxRepairs: number;
}

/** What became of a run's work: the run's own end, the checks, and the judged claims. */
export interface Verification extends Outcome {
  run: RunResult;
  /** Newest run of each check on the final tree. */
  checks: CheckRun[];
  /** Checks that failed in the same tests before the run changed anything. */
  noWorse: string[];
}

interface Checked {
  data: CheckRun;
  output: string;
}

/** Characters of a failing check's output that go back to the model. */
const reportChars = 6000;

const isCheckRun = (data: unknown): data is CheckRun => typeof data === 'object' && data !== null && 'check' in data;

const tailOf = (output: string): string => (output.length > reportChars ? `…${output.slice(-reportChars)}` : output);

async function* runCheck(
  check: Check,
  tree: CheckRun['tree'],
  context: WorkflowContext,
): AsyncGenerator<Event | Transient, Checked | { denied: string }> {
  const input: CheckInput = { check, tree };
  const { content, data } = yield* context.tool('check', input);
  return isCheckRun(data) ? { data, output: textOf(content) } : { denied: textOf(content) };
}

const report = (failing: readonly Checked[]): string =>
  [
    'The checks were run on your changes and do not pass. Fix the cause; do not weaken the checks.',
    ...failing.map(({ data, output }) => `## ${data.check}: \`${data.command}\`\n\n\`\`\`\n${tailOf(output)}\n\`\`\``),
  ].join('\n\n');

/** Undefined when it cannot be known, with the reason in `notes`. */
const digestNow = async (context: WorkflowContext, notes: Set<string>): Promise<string | undefined> => {
  try {
    return await context.sandbox.digest();
  } catch (error) {
    if (!isCopilotError(error)) throw error;
    notes.add(`${error.message} Nothing can be verified without it.`);
    return undefined;
  }
};

/** True when the workspace is not, or cannot be shown to be, as it was before the first write or exec. */
const hasChanged = async (context: WorkflowContext, notes: Set<string>): Promise<boolean> => {
  try {
    const origin = await context.sandbox.origin();
    return origin !== undefined && (await context.sandbox.digest()) !== origin;
  } catch (error) {
    if (!isCopilotError(error)) throw error;
    notes.add(`${error.message} Nothing can be verified without it.`);
    return true;
  }
};

const isMistaken = async (answer: string, context: WorkflowContext, notes: Set<string>): Promise<boolean> => {
  const claims = claimsOf(answer);
  if (claims.length === 0) return false;
  const digest = await digestNow(context, notes);
  return judge(context.log(), claims, digest ?? null, context.checks).some((claim) => claim.verdict === 'contradicted');
};

/**
 * Runs a task, and when files changed, the checks; failures go back to the model a bounded number of times. Then its
 * claims are judged against the log. Commands decide, not the model's words.
 */
export async function* verified(
  task: Task,
  options: VerifyOptions,
  context: WorkflowContext,
): AsyncGenerator<Event | Transient, Verification> {
  const notes = new Set<string>();
  const before = new Map<string, CheckRun>();
  let latest: CheckRun[] = [];
  let harmless: string[] = [];
  let denied = false;
  let changed = false;
  let result = yield* context.run(task);
  // What still runs could change files behind a check's back.
  await context.sandbox.endProcesses();

  for (let repairs = 0; options.verify === 'auto' && result.status === 'answered'; repairs++) {
    changed = await hasChanged(context, notes);
    if (!changed) break;
    if (context.checks.length === 0) notes.add('No checks are configured or were found, so nothing was run.');
    let done: Checked[] = [];
    // A check may write files itself (caches, snapshots). A second round then runs on the tree the first one left.
    for (let round = 0; round < 2; round++) {
      const digest = await digestNow(context, notes);
      done = [];
      for (const check of context.checks) {
        const ran = yield* runCheck(check, 'now', context);
        if ('denied' in ran) {
          denied = true;
          notes.add(`The ${check.name} check was not run. ${ran.denied}`);
        } else done.push(ran);
      }
      if (done.length === 0 || digest === undefined || (await digestNow(context, notes)) === digest) break;
    }
    latest = done.map(({ data }) => data);
    harmless = [];
    const failures = done.filter(({ data }) => data.exitCode !== 0);
    const worse: Checked[] = [];
    for (const failure of failures) {
      const { check: name } = failure.data;
      const check = context.checks.find((one) => one.name === name);
      if (check && !before.has(name)) {
        const ran = yield* runCheck(check, 'start', context);
        if ('data' in ran) before.set(name, ran.data);
      }
      const earlier = before.get(name);
      if (earlier && noWorse(earlier, failure.data)) harmless.push(name);
      else worse.push(failure);
    }
    // A model that says it mended what still fails hears of it, even when it made nothing worse.
    const mistaken = failures.length > 0 && worse.length === 0 && (await isMistaken(result.text, context, notes));
    const back = mistaken ? failures : worse;
    if (back.length === 0 || repairs >= options.maxRepairs) break;
    result = yield* context.run({
      agent: task.agent,
      messages: [{ role: 'user', content: [text(report(back))] }],
      continues: result.run,
      ...(task.outputSchema ? { outputSchema: task.outputSchema } : {}),
    });
    await context.sandbox.endProcesses();
  }

  const claims: JudgedClaim[] = [];
  if (result.status === 'answered') {
    const made = claimsOf(result.text);
    const digest = made.length > 0 ? await digestNow(context, notes) : undefined;
    for (const claim of judge(context.log(), made, digest ?? null, context.checks)) {
      claims.push(claim);
      yield { type: 'claim.judged', run: context.id, claim };
    }
  }
  const failing = latest.filter((run) => run.exitCode !== 0 && !harmless.includes(run.check));
  for (const run of latest.filter((one) => harmless.includes(one.check))) {
    const names = run.failing?.join(', ') ?? '';
    notes.add(`\`${run.command}\` fails in the same tests as before the change, and in no other: ${names}.`);
  }
  for (const run of failing) {
    const ending = run.timedOut ? 'timed out' : `exited ${run.exitCode ?? 'by a signal'}`;
    notes.add(`\`${run.command}\` ${ending} on the final tree.`);
  }
  const contradicted = claims.some((claim) => claim.verdict === 'contradicted');
  const broken = failing.length > 0 || contradicted;
  const status = result.status === 'answered' ? (broken ? 'failed' : 'done') : result.status;
  const proven = claims.every((claim) => claim.verdict === 'verified');
  const checked = !changed || (latest.length > 0 && !denied && latest.every((run) => run.exitCode === 0));
  const summary = [withoutClaimsBlock(result.text).trim(), ...notes].filter((line) => line !== '').join('\n\n');
  const outcome: Outcome = {
    status,
    summary,
    claims,
    verified: result.status === 'answered' && proven && checked && options.verify === 'auto',
    ...(result.result === undefined ? {} : { result: result.result }),
  };
  yield { type: 'workflow.finished', run: context.id, workflow: 'run', outcome };
  return { ...outcome, run: result, checks: latest, noWorse: harmless };
}
