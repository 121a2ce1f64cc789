import { CopilotError, exitCodes, permissionError, usageError } from '../../base/errors.ts';
import type { Event, Transient } from '../../core/event.ts';
import type { WorkflowContext } from '../../core/workflow.ts';
import type { Proof } from '../patterns/proof.ts';
import { runCheck } from '../patterns/run-checks.ts';
import { changedFiles, textNow, textsAt, type ChangedFiles } from './changed-files.ts';
import { placesIn } from './places.ts';
import { listed, proven, tryCommand } from './trying.ts';
import { withScriptsOf } from './with-scripts-of.ts';

const said = 'what failed passes now';
const timeoutMs = 600_000;
const outputChars = 6000;

interface Failure {
  command: string;
  timeoutMs: number;
  output: string;
}

const tail = (output: string): string => (output.length > outputChars ? `…${output.slice(-outputChars)}` : output);

const passes = (command: string): CopilotError =>
  new CopilotError(`\`${command}\` passes: there is nothing to see of what is wrong.`, {
    code: 'E_NOT_REPRODUCED',
    exitCode: exitCodes.notAchieved,
    hint: 'Give the command that fails: llm-copilot debug --command "<command>"',
  });

async function* reproduce(
  command: string | undefined,
  context: WorkflowContext,
): AsyncGenerator<Event | Transient, Failure> {
  if (command !== undefined) {
    const ran = yield* tryCommand({ name: 'reproduces', command, timeoutMs, trials: [{ label: 'before' }] }, context);
    const hint = `--permission-mode auto, or --allowed-tools "exec(${command})"`;
    if ('denied' in ran) throw permissionError(`What fails could not be run. ${ran.denied}`, `To allow it: ${hint}.`);
    const [run] = ran.runs;
    if (!run || run.exitCode === 0) throw passes(command);
    return { command, timeoutMs, output: run.output };
  }
  if (context.checks.length === 0)
    throw usageError(
      'Nothing is known that could fail here: no checks are configured or were found.',
      'Give the command that fails: llm-copilot debug --command "<command>"',
    );
  for (const check of context.checks.toReversed()) {
    const ran = yield* runCheck(check, 'now', context);
    if ('denied' in ran)
      throw permissionError(
        `The ${check.name} check could not be run. ${ran.denied}`,
        'To allow it: --permission-mode auto.',
      );
    if (ran.data.exitCode !== 0) return { command: check.command, timeoutMs: check.timeoutMs, output: ran.output };
  }
  throw passes(context.checks.map((check) => check.command).join('`, `'));
}

/** The state now with tests and scripts as they were; undefined when they are. */
const asItWasAsked = async (
  changed: ChangedFiles,
  context: WorkflowContext,
): Promise<Record<string, string> | undefined> => {
  const before = await textsAt(context, changed.from, [...changed.tests, 'package.json']);
  const edits: Record<string, string> = {};
  for (const path of changed.tests) {
    const text = before.get(path);
    if (text !== undefined) edits[path] = text;
  }
  const manifest = before.get('package.json');
  if (manifest !== undefined && changed.present.includes('package.json')) {
    const restored = withScriptsOf(manifest, await textNow(context, 'package.json'));
    if (restored !== undefined) edits['package.json'] = restored;
  }
  return Object.keys(edits).length > 0 ? edits : undefined;
};

/**
 * First something must fail; it is fixed when the same command passes afterwards – with the tests and scripts as they were,
 * unless these may change.
 */
export const fixed = (command: string | undefined, mayChangeTests: boolean): Proof => {
  let failure: Failure | undefined;
  return {
    async *before(context) {
      failure = yield* reproduce(command, context);
      const { root } = context.sandbox;
      const places = placesIn(failure.output, root).slice(0, 5);
      const shown: string[] = [];
      for (const { path, line } of places) {
        const read = yield* context.tool('read', { path, offset: Math.max(1, line - 8), limit: 17 });
        if (read.isError) continue;
        shown.push(`${path}:${line}\n${read.content.map((block) => ('text' in block ? block.text : '')).join('')}`);
        if (shown.length === 3) break;
      }
      return [
        `This fails now: \`${failure.command}\`. It must pass afterwards; the same command is run again.\n\n\`\`\`\n${tail(failure.output).trim()}\n\`\`\``,
        ...(shown.length > 0 ? [`Places it names:\n\n${shown.join('\n\n')}`] : []),
      ].join('\n\n');
    },
    async *after(_work, context) {
      const changed = await changedFiles(context);
      if (!changed || !failure) return { claims: [], notes: [], problems: [] };
      const { command: failing, timeoutMs: limit } = failure;
      const again = { name: 'fixed', command: failing, timeoutMs: limit };
      const now = yield* tryCommand({ ...again, trials: [{ label: 'after' }] }, context);
      if ('denied' in now) return proven('fixed', 'unverified', said, now.denied);
      const [run] = now.runs;
      if (run?.exitCode !== 0)
        return proven(
          ...(['fixed', 'contradicted', said, `\`${failing}\` still fails.`] as const),
          `\`${failing}\` still fails:\n\n\`\`\`\n${run?.output ?? ''}\n\`\`\``,
        );
      const edits = mayChangeTests ? undefined : await asItWasAsked(changed, context);
      if (edits === undefined) return proven('fixed', 'verified', said, `\`${failing}\` failed before and passes now.`);
      const names = listed(Object.keys(edits));
      const asked = yield* tryCommand(
        { ...again, trials: [{ label: 'tests as they were', state: changed.to, edits }] },
        context,
      );
      if ('denied' in asked) return proven('fixed', 'unverified', said, asked.denied);
      if (asked.runs[0]?.exitCode !== 0)
        return proven(
          ...(['fixed', 'contradicted', said, `\`${failing}\` passes only because ${names} changed.`] as const),
          `\`${failing}\` passes only because you changed ${names}. Put that back and fix the cause.`,
        );
      return proven(
        'fixed',
        'verified',
        said,
        `\`${failing}\` failed before and passes now, also with ${names} as before.`,
      );
    },
  };
};
