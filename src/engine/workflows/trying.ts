import type { Event, Transient } from '../../core/event.ts';
import type { JudgedClaim, ProvenKind, Verdict } from '../../core/evidence.ts';
import { textOf } from '../../core/message.ts';
import type { WorkflowContext } from '../../core/workflow.ts';
import type { Proven } from '../patterns/proof.ts';
import type { TrialData, TrialInput } from './trial-tool.ts';

const isTrialData = (data: unknown): data is TrialData => typeof data === 'object' && data !== null && 'trial' in data;

/** Tries a command as a recorded call. `denied` says why policy did not let it, or what went wrong. */
export async function* tryCommand(
  input: TrialInput,
  context: WorkflowContext,
): AsyncGenerator<Event | Transient, TrialData | { denied: string }> {
  const { content, data } = yield* context.tool('trial', input);
  return isTrialData(data) ? data : { denied: textOf(content).split('\n', 1)[0] ?? '' };
}

/** A statement of a workflow about its own work, judged. */
export const claim = (kind: ProvenKind, verdict: Verdict, text: string, evidence: string): JudgedClaim => ({
  ...{ kind, text, verdict, evidence },
});

/** A {@link Proven} of one claim; with a problem where the model can mend it. */
export const proven = (
  kind: ProvenKind,
  verdict: Verdict,
  text: string,
  evidence: string,
  problem?: string,
): Proven => ({ claims: [claim(kind, verdict, text, evidence)], notes: [], problems: problem ? [problem] : [] });

/** Names for a sentence: the first ones, and how many more. */
export const listed = (names: readonly string[], most = 3): string =>
  `${names.slice(0, most).join(', ')}${names.length > most ? ` and ${names.length - most} more` : ''}`;

/** A word for a POSIX shell. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
