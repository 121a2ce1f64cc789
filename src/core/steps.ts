import type { Recorded } from './event.ts';
import { callsOf } from './message.ts';
import { describeEffect, type Effect } from './policy.ts';

/** A call that may have changed files, with the states around it. */
export interface Step {
  /** Counts from 1 within the session. */
  number: number;
  /** What `undo.applied` names it by. */
  id: string;
  run: string;
  callId: string;
  tool: string;
  /** Milliseconds since the epoch. */
  at: number;
  /** Snapshot ids. */
  before: string;
  /** Left out when the call was killed. */
  after?: string;
  /** Left out when all of the workspace was recorded. */
  paths?: string[];
  /** The command, or the paths, or the steps an undo took back. */
  what: string;
  /** Its changes were taken back, and that was not taken back in turn. */
  undone: boolean;
  /** Ids of the steps it took back, when it is an undo. */
  undoes?: string[];
}

/** What a step is called in `undo.applied`: call ids alone may repeat within a session. */
const idOf = (event: Recorded & { callId: string }): string => `${event.callId}@${event.seq}`;

const commandIn = (input: unknown): string | undefined => {
  if (typeof input !== 'object' || input === null) return undefined;
  return 'command' in input && typeof input.command === 'string' ? input.command : undefined;
};

const effectsText = (effects: readonly Effect[]): string => {
  const commands = effects.flatMap((effect) => (effect.kind === 'exec' ? [effect.command] : []));
  if (commands.length > 0) return commands.join('; ');
  const writes = effects.flatMap((effect) =>
    effect.kind === 'write' ? [effect.how === undefined ? effect.path : describeEffect(effect)] : [],
  );
  return writes.join(', ');
};

/** The steps of a session, oldest first. A call that left everything as it was is none. */
export const stepsOf = (log: Iterable<Recorded>): Step[] => {
  const steps: Step[] = [];
  /** The newest of each call that did not end yet. */
  const open = new Map<string, Step>();
  const commands = new Map<string, string | undefined>();
  const decided = new Map<string, { tool: string; text: string }>();
  const applied = new Map<string, string[]>();
  const keyOf = (event: { run: string; callId: string }): string => `${event.run} ${event.callId}`;
  for (const event of log) {
    if (event.type === 'message.added') {
      for (const { callId, input } of callsOf(event.message.content))
        commands.set(keyOf({ run: event.run, callId }), commandIn(input));
    } else if (event.type === 'tool.decided') {
      decided.set(keyOf(event), { tool: event.tool, text: effectsText(event.effects) });
    } else if (event.type === 'undo.applied') applied.set(keyOf(event), event.undone);
    else if (event.type === 'snapshot.taken' && event.when === 'before') {
      const call = decided.get(keyOf(event));
      const step: Step = {
        number: 0,
        id: idOf(event),
        run: event.run,
        callId: event.callId,
        tool: call?.tool ?? 'undo',
        at: event.at,
        before: event.snapshot,
        ...(event.paths ? { paths: event.paths } : {}),
        what: call ? (commands.get(keyOf(event)) ?? call.text) : 'an undo that did not end',
        undone: false,
      };
      steps.push(step);
      open.set(keyOf(event), step);
    } else if (event.type === 'snapshot.taken') {
      const step = open.get(keyOf(event));
      if (step) step.after = event.snapshot;
      open.delete(keyOf(event));
    }
  }
  const changing = steps.filter((step) => step.after !== step.before || applied.has(keyOf(step)));
  changing.forEach((step, at) => (step.number = at + 1));
  const byId = new Map(changing.map((step) => [step.id, step]));
  for (const step of changing) {
    const undoes = applied.get(keyOf(step));
    if (undoes) step.undoes = undoes;
    if (!undoes) continue;
    const numbers = undoes.flatMap((id) => byId.get(id)?.number ?? []).sort((a, b) => a - b);
    step.what = `took back ${numbers.length === 1 ? 'step' : 'steps'} ${numbers.join(', ')}`;
  }
  // Newest first: an undo that was itself taken back has taken nothing back.
  for (const step of changing.toReversed())
    if (!step.undone) for (const id of step.undoes ?? []) markUndone(byId.get(id));
  return changing;
};

const markUndone = (step: Step | undefined): void => {
  if (step) step.undone = true;
};
