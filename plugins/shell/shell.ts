import { setTimeout as sleep } from 'node:timers/promises';
import {
  checkInput,
  text,
  ToolError,
  type BackgroundProcess,
  type ExecResult,
  type ObjectSchema,
  type Tool,
  type ToolContext,
  type ToolOutput,
  type Transient,
} from 'llm-copilot-agent';
import { ending, shown } from './shown.ts';

const defaultTimeoutMs = 120_000;
const maxTimeoutMs = 600_000;

const inputSchema = {
  type: 'object',
  properties: {
    command: { type: 'string' },
    timeoutMs: { type: 'integer', minimum: 1, maximum: maxTimeoutMs, description: 'default 120000' },
    background: { type: 'boolean', description: 'returns a job id' },
    job: { type: 'string', description: 'instead of command: read its new output' },
    stop: { type: 'boolean', description: 'stop the job' },
  },
  additionalProperties: false,
} as const satisfies ObjectSchema;

/** A command that fails at once should say so in the answer that starts it. */
const settleMs = 250;
const pollMs = 25;
/** Progress nobody fetched yet; what is over it is skipped, the result still has it. */
const maxPending = 256 * 1024;

const resultOf = (command: string, result: ExecResult, timeoutMs?: number): ToolOutput => ({
  content: [text(`${shown(result.output, result.outputBytes, result.outputFile)}\n${ending(result, timeoutMs)}`)],
  data: {
    command,
    exitCode: result.exitCode,
    timedOut: result.timedOut,
    outputBytes: result.outputBytes,
    ...(result.outputFile !== undefined && { outputFile: result.outputFile }),
  },
  isError: result.exitCode !== 0,
});

/** Runs a command to its end and yields its output on the way, as much at a time as has come. */
async function* runCommand(
  command: string,
  timeoutMs: number,
  context: ToolContext,
): AsyncGenerator<Transient, ToolOutput> {
  const stop = new AbortController();
  let pending = '';
  let wake = (): void => undefined;
  const onOutput = (chunk: string): void => {
    pending += chunk;
    if (pending.length > 2 * maxPending) pending = `… output skipped …\n${pending.slice(-maxPending)}`;
    wake();
  };
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const state = { ended: false };
  const running = context.sandbox.exec(command, { timeoutMs, onOutput }, signal).finally(() => {
    state.ended = true;
    wake();
  });
  // Awaited below; until then a rejection is not unhandled.
  running.catch(() => undefined);
  try {
    while (!state.ended || pending !== '') {
      if (pending === '') await new Promise<void>((resolve) => (wake = resolve));
      const chunk = pending;
      pending = '';
      if (chunk !== '') yield { type: 'tool.progress', run: context.run, callId: context.callId, text: chunk };
    }
    return resultOf(command, await running, timeoutMs);
  } finally {
    // Whoever closes this generator early ends the command with it.
    stop.abort();
    await running.catch(() => undefined);
  }
}

const waitForEnd = async (job: BackgroundProcess, waitMs: number, signal: AbortSignal): Promise<void> => {
  for (const until = performance.now() + waitMs; !job.result() && performance.now() < until;) {
    await sleep(pollMs, undefined, { signal });
  }
};

const jobOutput = (job: BackgroundProcess, heading: string): ToolOutput => {
  const result = job.result();
  const output = job.read();
  const state = result ? ending(result) : 'still running';
  return {
    content: [text(`${heading}${shown(output, Buffer.byteLength(output), result?.outputFile)}\n${state}`)],
    data: { job: job.id, command: job.command, running: !result, exitCode: result?.exitCode ?? null },
    isError: result !== undefined && result.exitCode !== 0,
  };
};

const startJob = async (command: string, { sandbox, signal }: ToolContext): Promise<ToolOutput> => {
  const job = await sandbox.start(command);
  await waitForEnd(job, settleMs, signal);
  return jobOutput(job, `job ${job.id} started\n`);
};

const useJob = async (id: string, stop: boolean, waitMs: number, context: ToolContext): Promise<ToolOutput> => {
  const job = context.sandbox.background(id);
  if (!job) throw new ToolError(`there is no job "${id}"`);
  if (!stop) {
    await waitForEnd(job, waitMs, context.signal);
    return jobOutput(job, '');
  }
  if (!job.result()) await job.stop();
  return { ...jobOutput(job, ''), isError: false };
};

/**
 * Runs a command, or starts, reads and stops one in the background.
 * Its data: `{ command, exitCode, timedOut, outputBytes, outputFile? }`, for jobs `{ job, command, running, exitCode }`.
 */
export const shell: Tool = {
  name: 'shell',
  description: 'Run a bash command.',
  inputSchema,
  prepare: (raw) => {
    const { command, timeoutMs, background = false, job, stop = false } = checkInput(inputSchema, raw);
    if (job !== undefined) {
      if (command !== undefined) throw new ToolError('give command or job, not both');
      return { effects: [], run: (context) => useJob(job, stop, timeoutMs ?? 0, context) };
    }
    if (command === undefined || command === '') throw new ToolError('give a command or a job');
    if (stop) throw new ToolError('stop needs a job');
    return {
      effects: [{ kind: 'exec', command }],
      run: (context) =>
        background ? startJob(command, context) : runCommand(command, timeoutMs ?? defaultTimeoutMs, context),
    };
  },
};
