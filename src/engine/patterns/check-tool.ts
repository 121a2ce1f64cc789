import { isCopilotError } from '../../base/errors.ts';
import type { Check, CheckRun } from '../../core/evidence.ts';
import { text } from '../../core/message.ts';
import type { Sandbox } from '../../core/sandbox.ts';
import { ToolError, type Tool } from '../../core/tool.ts';
import { failingTests } from '../failing-tests.ts';

/** What the check tool is called with; only workflows call it. */
export interface CheckInput {
  check: Check;
  tree: CheckRun['tree'];
}

const digestOf = async (sandbox: Sandbox): Promise<string | null> => {
  try {
    return await sandbox.digest();
  } catch (error) {
    // Without a digest nothing can be verified; the command's own result is still worth showing.
    if (isCopilotError(error)) return null;
    throw error;
  }
};

/** @throws ToolError when there is no earlier tree or it cannot be made: the check then stands on its own. */
const startTree = async (sandbox: Sandbox): Promise<Sandbox> => {
  try {
    const origin = await sandbox.origin();
    if (origin !== undefined) return await sandbox.copyOf(origin);
  } catch (error) {
    if (isCopilotError(error)) throw new ToolError(error.message, { cause: error });
    throw error;
  }
  throw new ToolError('Nothing has changed yet, so there is no earlier tree.');
};

/**
 * Runs a check as a recorded call under policy. Its `data` is a {@link CheckRun}. No agent can call it: a check decides
 * about the agent's work.
 */
export const checkTool: Tool = {
  name: 'check',
  description: 'Runs a configured check.',
  inputSchema: { type: 'object' },
  prepare: (input) => {
    const { check, tree } = input as CheckInput;
    return {
      effects: [{ kind: 'exec', command: check.command }],
      run: async ({ sandbox, signal }) => {
        const place = tree === 'start' ? await startTree(sandbox) : sandbox;
        try {
          const digest = await digestOf(place);
          const options = { timeoutMs: check.timeoutMs, env: { CI: 'true' } };
          const { exitCode, timedOut, output } = await place.exec(check.command, options, signal);
          const data: CheckRun = {
            check: check.name,
            command: check.command,
            exitCode,
            timedOut,
            digest,
            failing: check.name === 'test' ? failingTests(output, place.root) : null,
            tree,
          };
          const ending = timedOut ? `timed out after ${check.timeoutMs / 1000} s` : `exit code ${exitCode ?? 'none'}`;
          return { content: [text(`${output}\n${ending}`)], data, isError: exitCode !== 0 };
        } finally {
          if (tree === 'start') await place.close();
        }
      },
    };
  },
};
