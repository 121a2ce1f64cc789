import { isWithin } from '../../base/within.ts';
import { text } from '../../core/message.ts';
import type { Sandbox } from '../../core/sandbox.ts';
import { ToolError, type Tool, type ToolContext } from '../../core/tool.ts';

/** One state of the workspace a command is tried on. */
export interface Trial {
  label: string;
  /** Digest of a state that is tried in a throw-away copy; the workspace itself when left out. */
  state?: string;
  /** Paths taken out of the copy. */
  without?: readonly string[];
  /** Texts that stand in the copy while this trial runs, by path. Only with `state`. */
  edits?: Readonly<Record<string, string>>;
}

/** What the trial tool is called with; only workflows call it. */
export interface TrialInput {
  /** What is to be found out, such as `parses`. */
  name: string;
  command: string;
  timeoutMs: number;
  env?: Readonly<Record<string, string>>;
  trials: readonly Trial[];
  /** All trials in turn, so often; once when left out. */
  rounds?: number;
  /** Each trial in a copy of its own: what an earlier one left behind is not there. */
  apart?: boolean;
  /** Ends after the first trial that exits other than 0. */
  untilFailure?: boolean;
}

/** How one trial ended. */
export interface TrialRun {
  label: string;
  exitCode: number | null;
  timedOut: boolean;
  durationMs: number;
  /** The end of what it printed. */
  output: string;
}

/** What a call of the trial tool leaves in `tool.finished.data`. */
export interface TrialData {
  trial: string;
  command: string;
  runs: TrialRun[];
}

const outputChars = 3000;
// Bytecode is found by size and second: a changed text could be taken for the one before.
const always = { CI: 'true', PYTHONDONTWRITEBYTECODE: '1' };

const tail = (output: string): string => (output.length > outputChars ? `…${output.slice(-outputChars)}` : output);

const attempt = async (trial: Trial, place: Sandbox, input: TrialInput, signal: AbortSignal): Promise<TrialRun> => {
  const before = new Map<string, Uint8Array | undefined>();
  try {
    for (const [path, content] of Object.entries(trial.edits ?? {})) {
      // A link in the copy may lead to the user's own tree.
      if (!isWithin(await place.resolve(path), place.root))
        throw new ToolError(`${path} leads out of the copy it should be tried in.`);
      before.set(path, (await place.stat(path)) ? await place.readFile(path) : undefined);
      await place.writeFile(path, content);
    }
    const options = { timeoutMs: input.timeoutMs, env: { ...always, ...input.env } };
    const { exitCode, timedOut, durationMs, output } = await place.exec(input.command, options, signal);
    return { label: trial.label, exitCode, timedOut, durationMs, output: tail(output) };
  } finally {
    for (const [path, content] of before)
      if (content) await place.writeFile(path, content);
      else await place.exec(['rm', '-f', '--', path], { timeoutMs: 60_000 }, signal);
  }
};

const perform = async (input: TrialInput, { sandbox, signal }: ToolContext): Promise<TrialRun[]> => {
  const copies = new Map<string, Sandbox>();
  const placeOf = async ({ state, without = [], edits }: Trial): Promise<Sandbox> => {
    if (state === undefined) {
      if (edits || without.length > 0) throw new Error('a trial changes files only in a copy');
      return sandbox;
    }
    const key = [state, ...without].join('\0');
    let copy = copies.get(key);
    if (!copy) {
      copy = await sandbox.copyOf(state);
      copies.set(key, copy);
      if (without.length > 0) await copy.exec(['rm', '-f', '--', ...without], { timeoutMs: 60_000 }, signal);
    }
    return copy;
  };
  const runs: TrialRun[] = [];
  try {
    for (let round = 0; round < (input.rounds ?? 1); round += 1)
      for (const trial of input.trials) {
        signal.throwIfAborted();
        const ran = await attempt(trial, await placeOf(trial), input, signal);
        runs.push(ran);
        if (input.apart) {
          for (const copy of copies.values()) await copy.close();
          copies.clear();
        }
        if (input.untilFailure === true && ran.exitCode !== 0) return runs;
      }
    return runs;
  } finally {
    for (const copy of copies.values()) await copy.close();
  }
};

/** One line per trial; what a failing one printed. */
const told = (runs: readonly TrialRun[]): string =>
  runs
    .map(({ label, exitCode, timedOut, durationMs, output }) => {
      const ending = timedOut ? 'timed out' : `exit code ${exitCode ?? 'none'}`;
      const shown = exitCode === 0 || output === '' ? '' : `${output.trimEnd()}\n`;
      return `${shown}${label}: ${ending} after ${Math.round(durationMs)} ms`;
    })
    .join('\n');

/**
 * Tries a command on states of the workspace as a recorded call under policy. Its `data` is a {@link TrialData}. No agent can
 * call it: it decides about the agent's work.
 */
export const trialTool: Tool = {
  name: 'trial',
  description: 'Tries a command on states of the workspace.',
  inputSchema: { type: 'object' },
  prepare: (raw) => {
    const input = raw as TrialInput;
    return {
      effects: [{ kind: 'exec', command: input.command }],
      run: async (context) => {
        const runs = await perform(input, context);
        const data: TrialData = { trial: input.name, command: input.command, runs };
        return { content: [text(told(runs))], data, isError: runs.some((one) => one.exitCode !== 0) };
      },
    };
  },
};
