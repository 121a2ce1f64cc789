import { exitCodes, interruptedError, isCopilotError, type CopilotError, type ExitCode } from '../base/errors.ts';
import { redacted, type Redact } from '../base/redact/redactor.ts';
import { redactingStream, type RedactingStream } from '../base/redact/stream.ts';
import type { ErrorInfo, Event, Recorded, Transient } from '../core/event.ts';
import type { Loss } from '../core/loss.ts';
import type { JudgedClaim } from '../core/evidence.ts';
import type { Effect } from '../core/policy.ts';
import { errorInfo } from '../engine/run.ts';
import { verified, type Verification, type VerifyOptions } from '../engine/patterns/verified.ts';
import type { Job } from './open.ts';
import { withoutSecretsInError } from './redaction.ts';

/** Something that looks on: a screen, a stream of JSON lines, telemetry. */
export interface Reader {
  event(event: Recorded): void;
  transient?(item: Transient): void;
}

/** A call that was refused. */
export interface Denial {
  tool: string;
  effects: Effect[];
  why: string;
  hint?: string;
}

/** The one object `--output-format json` prints. */
export interface Result {
  type: 'result';
  status: 'done' | 'failed' | 'stopped';
  exitCode: ExitCode;
  sessionId: string | null;
  summary: string;
  result: unknown;
  verified: boolean;
  claims: JudgedClaim[];
  usage: {
    inputTokens: number;
    outputTokens: number;
    cacheReadTokens: number;
    cacheWriteTokens: number;
    /** Null when the price of any call is not known. */
    costUsd: number | null;
  };
  /** Who answered, in the order of their first answers. */
  models: string[];
  /** What requests lost at the models they went to, each loss once per model. */
  losses: (Loss & { model: string })[];
  turns: number;
  durationMs: number;
  permissionDenials: Denial[];
  error: ErrorInfo | null;
}

/** A result for something that failed before or outside a run. */
export const failedResult = (error: CopilotError, sessionId: string | null = null): Result => ({
  type: 'result',
  status: error.exitCode === exitCodes.interrupted || error.exitCode === exitCodes.limit ? 'stopped' : 'failed',
  exitCode: error.exitCode,
  sessionId,
  summary: '',
  result: null,
  verified: false,
  claims: [],
  usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: 0 },
  models: [],
  losses: [],
  turns: 0,
  durationMs: 0,
  permissionDenials: [],
  error: errorInfo(error),
});

const isTransient = (item: Event | Transient): item is Transient =>
  item.type === 'text.delta' || item.type === 'thinking.delta' || item.type === 'tool.progress';

// Calls of workflows that decide about work; they do none.
const proving: ReadonlySet<string> = new Set(['check', 'trial']);
const sideEffects = new Set(['write', 'exec', 'net']);

/** Folds the numbers of a result out of the events as they pass. */
const tally = (): Reader & {
  usage: Result['usage'];
  models: string[];
  losses: Result['losses'];
  denials: Denial[];
  blocked: Denial | undefined;
  wrote: boolean;
} => {
  const folded = {
    usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: 0 as number | null },
    models: [] as string[],
    losses: [] as Result['losses'],
    denials: [] as Denial[],
    /** What the task was stopped by: a refused effect that nothing allowed came after. */
    blocked: undefined as Denial | undefined,
    /** Something was written. A command refused after that stopped no task: it leaves the work unverified. */
    wrote: false,
    event: (event: Recorded): void => {
      if (event.type === 'usage') {
        const { usage, models } = folded;
        if (!models.includes(event.model)) models.push(event.model);
        usage.inputTokens += event.usage.inputTokens;
        usage.outputTokens += event.usage.outputTokens;
        usage.cacheReadTokens += event.usage.cacheReadTokens;
        usage.cacheWriteTokens += event.usage.cacheWriteTokens;
        usage.costUsd = usage.costUsd === null || event.costUsd === null ? null : usage.costUsd + event.costUsd;
      } else if (event.type === 'model.adapted') {
        folded.losses.push(...event.losses.map((loss) => ({ model: event.model, ...loss })));
      } else if (event.type === 'usage.assumed') {
        const { usage } = folded;
        usage.costUsd = usage.costUsd === null || event.costUsd === null ? null : usage.costUsd + event.costUsd;
      } else if (event.type === 'tool.decided') {
        const { tool, effects, why, hint } = event;
        const writes = effects.some((effect) => effect.kind === 'write');
        const matters = effects.some((effect) => sideEffects.has(effect.kind));
        if (event.verdict === 'allow') {
          if (matters && !proving.has(tool)) folded.blocked = undefined;
          folded.wrote ||= writes;
          return;
        }
        const denial = { tool, effects, why, ...(hint === undefined ? {} : { hint }) };
        folded.denials.push(denial);
        if (matters && !proving.has(tool) && (writes || !folded.wrote)) folded.blocked = denial;
      }
    },
  };
  return folded;
};

interface Ending {
  status: Result['status'];
  exitCode: ExitCode;
  error: ErrorInfo | null;
}

const endingOf = (outcome: Verification, blocked: Denial | undefined, requireVerified: boolean): Ending => {
  const { status, run } = outcome;
  if (run.error && run.error.code !== 'E_LOOP')
    return { status, exitCode: run.error.exitCode, error: errorInfo(run.error) };
  // A denial decides only when nothing was achieved some other way.
  if (blocked)
    return {
      status: 'failed',
      exitCode: exitCodes.permission,
      error: {
        code: 'E_PERMISSION',
        message: blocked.why,
        ...(blocked.hint === undefined ? {} : { hint: `To allow it: ${blocked.hint}.` }),
      },
    };
  if (run.error) return { status, exitCode: run.error.exitCode, error: errorInfo(run.error) };
  if (status === 'failed') {
    const wrong = outcome.claims.filter((claim) => claim.verdict === 'contradicted').map((claim) => claim.evidence);
    const failing = outcome.checks.filter((check) => check.exitCode !== 0 && !outcome.noWorse.includes(check.check));
    const reasons = failing.length > 0 ? failing.map((check) => `${check.check} fails (${check.command})`) : wrong;
    return {
      status,
      exitCode: exitCodes.notAchieved,
      error: { code: 'E_NOT_ACHIEVED', message: `The task is not achieved: ${reasons.join('; ')}.` },
    };
  }
  if (requireVerified && !outcome.verified)
    return {
      status: 'failed',
      exitCode: exitCodes.notAchieved,
      error: {
        code: 'E_UNVERIFIED',
        message: 'Not everything could be verified, and --require-verified asks for that.',
      },
    };
  return { status, exitCode: exitCodes.done, error: null };
};

/** Streamed text without secrets, also those that come in two pieces. What is held back is given before the next event. */
const screenStreams = (
  redact: Redact,
  show: (item: Transient) => void,
): { push(item: Transient): void; flush(event: Event): void } => {
  const open = new Map<string, { last: Transient; stream: RedactingStream }>();
  return {
    push: (item) => {
      const key = `${item.run} ${item.type} ${'callId' in item ? item.callId : ''}`;
      const known = open.get(key) ?? { last: item, stream: redactingStream(redact) };
      known.last = item;
      open.set(key, known);
      const text = known.stream.push(item.text);
      if (text !== '') show({ ...item, text });
    },
    flush: (event) => {
      for (const [key, { last, stream }] of open) {
        if (last.run !== event.run) continue;
        // Calls run side by side: the output of one goes on while others end.
        const goesOn =
          last.type === 'tool.progress' &&
          event.type !== 'run.finished' &&
          !(event.type === 'tool.finished' && event.callId === last.callId);
        if (goesOn) continue;
        open.delete(key);
        const text = stream.end();
        if (text !== '') show({ ...last, text });
      }
    },
  };
};

/**
 * Pulls a job to its end: each event is in the log before the run goes on, then shown. Never throws for what the human
 * must mend: that is in the result.
 */
export const drive = async (
  job: Job,
  options: VerifyOptions & { requireVerified: boolean },
  readers: readonly Reader[],
): Promise<Result> => {
  const startedAt = performance.now();
  const folded = tally();
  const all = [folded, ...readers];
  const { store, session, context } = job;
  let turns = 0;
  const workflow = verified(job.task, options, context);
  let ending: Ending;
  let outcome: Verification | undefined;
  const record = (item: Event): void => {
    const recorded = store.append(session.id, item);
    for (const reader of all) reader.event(recorded);
  };
  const { sandbox } = job;
  const isStreamed = readers.some((reader) => reader.transient !== undefined);
  const streams = screenStreams(job.redact, (item) => {
    for (const reader of readers) reader.transient?.(item);
  });
  try {
    for (const use of job.uses) record({ type: 'secret.used', run: context.id, ...use });
    record({ type: 'sandbox.selected', run: context.id, sandbox: sandbox.name, enforces: sandbox.enforces() });
    for (;;) {
      const step = await workflow.next();
      if (step.done) {
        outcome = step.value;
        ending = endingOf(outcome, folded.blocked, options.requireVerified);
        break;
      }
      const item = step.value;
      if (isTransient(item)) {
        if (isStreamed) streams.push(item);
        continue;
      }
      streams.flush(item);
      if (item.type === 'run.finished') turns += item.turns;
      record(item);
    }
  } catch (thrown) {
    await workflow.return(undefined as never).catch(() => undefined);
    const error: unknown = context.signal.aborted ? context.signal.reason : thrown;
    const known = isCopilotError(error) ? error : context.signal.aborted ? interruptedError() : undefined;
    // Who reports it knows the variables, but not the vault.
    if (!known) throw withoutSecretsInError(error, job.redact);
    const { status, exitCode, error: info } = failedResult(known);
    ending = { status, exitCode, error: info };
  }
  const result: Result = {
    type: 'result',
    ...ending,
    sessionId: session.id,
    summary: outcome?.summary ?? '',
    result: outcome?.result ?? null,
    verified: outcome?.verified === true && ending.exitCode === exitCodes.done,
    claims: outcome?.claims ?? [],
    usage: folded.usage,
    models: folded.models,
    losses: folded.losses,
    turns,
    durationMs: Math.round(performance.now() - startedAt),
    permissionDenials: folded.denials,
  };
  await job.learn({ verified: result.verified, wrote: folded.wrote });
  return redacted(result, job.redact);
};
