import { isCopilotError } from '../../base/errors.ts';
import type { Event, Transient } from '../../core/event.ts';
import type { Check, CheckRun } from '../../core/evidence.ts';
import { textOf } from '../../core/message.ts';
import type { WorkflowContext } from '../../core/workflow.ts';
import type { CheckInput } from './check-tool.ts';

/** A check that ran, and what it printed. */
export interface Checked {
  data: CheckRun;
  output: string;
}

const isCheckRun = (data: unknown): data is CheckRun => typeof data === 'object' && data !== null && 'check' in data;

/** Runs one check as a recorded call. `denied` says why policy did not let it. */
export async function* runCheck(
  check: Check,
  tree: CheckRun['tree'],
  context: WorkflowContext,
): AsyncGenerator<Event | Transient, Checked | { denied: string }> {
  const input: CheckInput = { check, tree };
  const { content, data } = yield* context.tool('check', input);
  return isCheckRun(data) ? { data, output: textOf(content) } : { denied: textOf(content) };
}

/** The workspace's digest; undefined when it cannot be known, with the reason in `notes`. */
export const digestNow = async (context: WorkflowContext, notes: Set<string>): Promise<string | undefined> => {
  try {
    return await context.sandbox.digest();
  } catch (error) {
    if (!isCopilotError(error)) throw error;
    notes.add(`${error.message} Nothing can be verified without it.`);
    return undefined;
  }
};

/**
 * Runs checks on the workspace as it is. A check may write files itself (caches, snapshots): a second round then runs on
 * the tree the first one left.
 */
export async function* runChecks(
  checks: readonly Check[],
  context: WorkflowContext,
  notes: Set<string>,
): AsyncGenerator<Event | Transient, { done: Checked[]; denied: boolean }> {
  let done: Checked[] = [];
  let denied = false;
  for (let round = 0; round < 2; round++) {
    const digest = await digestNow(context, notes);
    done = [];
    for (const check of checks) {
      const ran = yield* runCheck(check, 'now', context);
      if ('denied' in ran) {
        denied = true;
        notes.add(`The ${check.name} check was not run. ${ran.denied}`);
      } else done.push(ran);
    }
    if (done.length === 0 || digest === undefined || (await digestNow(context, notes)) === digest) break;
  }
  return { done, denied };
}
