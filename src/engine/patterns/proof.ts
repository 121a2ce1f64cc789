import type { Event, Transient } from '../../core/event.ts';
import type { CheckRun, JudgedClaim } from '../../core/evidence.ts';
import type { WorkflowContext } from '../../core/workflow.ts';

/** What was found out about a run's work besides the checks. */
export interface Proven {
  /** What goes back to the model, Markdown; empty when there is nothing it could mend. */
  problems: string[];
  claims: JudgedClaim[];
  /** For the human, one line each. */
  notes: string[];
  /** The answer with marks in it, where something in it does not hold. */
  answer?: string;
}

/** What more than the checks decides about a task. */
export interface Proof {
  /**
   * Looks at the state before the model begins; gives what the model is shown of it.
   * @throws CopilotError when there is nothing to do
   */
  before?(context: WorkflowContext): AsyncGenerator<Event | Transient, string | undefined>;
  /** After each round of checks, on the workspace as it is then. */
  after(
    work: { answer: string; checks: readonly CheckRun[] },
    context: WorkflowContext,
  ): AsyncGenerator<Event | Transient, Proven>;
}
