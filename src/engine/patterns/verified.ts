import { isCopilotError } from '../../base/errors.ts';
import type { RunResult, Task } from '../../core/agent.ts';
import type { Event, Recorded, Transient } from '../../core/event.ts';
import type { CheckRun, JudgedClaim } from '../../core/evidence.ts';
import { text } from '../../core/message.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { WorkflowContext } from '../../core/workflow.ts';
import { checkOf, claimsOf, judge, noWorse, withoutClaimsBlock } from '../evidence.ts';
import type { Proof, Proven } from './proof.ts';
import { digestNow, runCheck, runChecks, type Checked } from './run-checks.ts';
import { weakenedBy, type Weakened } from './weakened.ts';

/** How hard to look. */
export interface VerifyOptions {
  /** `never` runs no checks; claims are then at best unverified. */
  verify: 'auto' | 'never';
  /** How often failing checks go back to the model. */
  maxRepairs: number;
  /** What more than the checks decides about this task. */
  proof?: Proof;
}

/** What became of a run's work: the run's own end, the checks, and the judged claims. */
export interface Verification extends Outcome {
  run: RunResult;
  /** Newest run of each check on the final tree. */
  checks: CheckRun[];
  /** Checks that failed in the same tests before the run changed anything. */
  noWorse: string[];
}

/** Characters of a failing check's output that go back to the model. */
const reportChars = 6000;

const tailOf = (output: string): string => (output.length > reportChars ? `…${output.slice(-reportChars)}` : output);

const report = (failing: readonly Checked[], problems: readonly string[]): string =>
  [
    ...(failing.length > 0
      ? ['The checks were run on your changes and do not pass. Fix the cause; do not weaken the checks.']
      : []),
    ...problems,
    ...failing.map(({ data, output }) => `## ${data.check}: \`${data.command}\`\n\n\`\`\`\n${tailOf(output)}\n\`\`\``),
  ].join('\n\n');

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

/** The task with what was gathered for it, as one more block of what the user says. */
const withEvidence = (task: Task, evidence: string): Task => {
  const [last, ...before] = task.messages.toReversed();
  if (!last) return task;
  return { ...task, messages: [...before.toReversed(), { ...last, content: [...last.content, text(evidence)] }] };
};

/** The log without check runs of earlier workflows: what they saw may rest on files the digest does not cover. */
function* ownLog(context: WorkflowContext): Generator<Recorded> {
  for (const event of context.log()) {
    if (event.type === 'tool.finished' && event.tool === 'check' && event.run !== context.id) continue;
    yield event;
  }
}

const judged = async (answer: string, context: WorkflowContext, notes: Set<string>): Promise<JudgedClaim[]> => {
  const claims = claimsOf(answer);
  if (claims.length === 0) return [];
  return judge(ownLog(context), claims, (await digestNow(context, notes)) ?? null, context.checks);
};

const unweakened = (claim: JudgedClaim, weakened: Weakened): JudgedClaim => {
  const check = checkOf(claim.kind);
  if (claim.verdict !== 'verified' || check === undefined || !weakened.checks.has(check)) return claim;
  return {
    ...claim,
    verdict: 'unverified',
    evidence: `${claim.evidence} But this run changed what the ${check} check does.`,
  };
};

const weakenedIn = async (context: WorkflowContext): Promise<Weakened> => {
  const { sandbox, checks } = context;
  try {
    const [from, to] = [await sandbox.origin(), await sandbox.digest()];
    if (from !== undefined)
      return await weakenedBy(await sandbox.changes(from, to), checks, () => sandbox.diff(from, to));
  } catch (error) {
    // Without a digest nothing counts as verified anyway, and that has been said.
    if (!isCopilotError(error)) throw error;
  }
  return { checks: new Set(), notes: [] };
};

/**
 * Runs a task; when files changed, the checks; when they did not, those checks the answer makes claims about. Failures go
 * back to the model a bounded number of times. Then its claims are judged against the log: commands decide, not words.
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
  const { proof } = options;
  const evidence = proof?.before === undefined ? undefined : yield* proof.before(context);
  let proven: Proven | undefined;
  let result = yield* context.run(evidence === undefined ? task : withEvidence(task, evidence));
  // What still runs could change files behind a check's back.
  await context.sandbox.endProcesses();

  for (let repairs = 0; options.verify === 'auto' && result.status === 'answered'; repairs++) {
    changed = await hasChanged(context, notes);
    const claimed = new Set(claimsOf(result.text).map((claim) => checkOf(claim.kind)));
    const due = changed ? context.checks : context.checks.filter((check) => claimed.has(check.name));
    if (changed && due.length === 0) notes.add('No checks are configured or were found, so nothing was run.');
    if (due.length === 0 && !proof) break;
    const { done, denied: refused } = yield* runChecks(due, context, notes);
    denied ||= refused;
    latest = done.map(({ data }) => data);
    // A claim about files nobody touched is only judged; there is nothing to repair.
    if (!changed && !proof) break;
    harmless = [];
    const failures = (changed ? done : []).filter(({ data }) => data.exitCode !== 0);
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
    const mistaken =
      worse.length === 0 &&
      failures.length > 0 &&
      (await judged(result.text, context, notes)).some((claim) => claim.verdict === 'contradicted');
    const back = mistaken ? failures : worse;
    const isLast = repairs >= options.maxRepairs;
    // What is to be repaired anyway is proven when it is.
    proven =
      proof && (back.length === 0 || isLast)
        ? yield* proof.after({ answer: result.text, checks: latest }, context)
        : undefined;
    const problems = proven?.problems ?? [];
    if ((back.length === 0 && problems.length === 0) || isLast) break;
    result = yield* context.run({
      agent: task.agent,
      messages: [{ role: 'user', content: [text(report(back, problems))] }],
      continues: result.run,
      ...(task.outputSchema ? { outputSchema: task.outputSchema } : {}),
    });
    await context.sandbox.endProcesses();
  }

  const weakened = changed ? await weakenedIn(context) : { checks: new Set<never>(), notes: [] };
  for (const note of weakened.notes) notes.add(note);
  const claims: JudgedClaim[] = [];
  if (result.status === 'answered') {
    for (const claim of await judged(result.text, context, notes)) {
      claims.push(unweakened(claim, weakened));
    }
    claims.push(...(proven?.claims ?? []));
    for (const note of proven?.notes ?? []) notes.add(note);
    for (const claim of claims) yield { type: 'claim.judged', run: context.id, claim };
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
  // Where nothing was to be written, what was proven of the answer decides.
  const decided = latest.length > 0 || (!changed && (proven?.claims.length ?? 0) > 0);
  const passed = decided && !denied && latest.every((run) => run.exitCode === 0);
  const isProven = claims.every((claim) => claim.verdict === 'verified') && weakened.notes.length === 0;
  const summary = [withoutClaimsBlock(proven?.answer ?? result.text).trim(), ...notes]
    .filter((line) => line !== '')
    .join('\n\n');
  const outcome: Outcome = {
    status,
    summary,
    claims,
    verified: result.status === 'answered' && passed && isProven,
    ...(result.result === undefined ? {} : { result: result.result }),
  };
  yield { type: 'workflow.finished', run: context.id, workflow: 'run', outcome };
  return { ...outcome, run: result, checks: latest, noWorse: harmless };
}
