import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  textOf,
  type Event,
  type Sandbox,
  type Tool,
  type ToolContext,
  type ToolOutput,
  type Transient,
} from 'llm-copilot-agent';
import { noCode, noMemory, noWeb } from '../../src/testing.ts';
import { localSandbox } from './local-sandbox.ts';

/** A temp workspace with a real sandbox, and a way to call tools in it. */
export interface ToolBench {
  readonly root: string;
  readonly sandbox: Sandbox;
  put(path: string, content: string | Uint8Array): void;
  /** Prepares and runs a call; progress goes to `transients`. */
  call(tool: Tool, input: unknown, more?: Partial<ToolContext>): Promise<ToolOutput & { text: string }>;
  readonly transients: (Transient | Event)[];
  close(): Promise<void>;
}

/** Makes one; close it at the end. */
export const toolBench = (): ToolBench => {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'tools-')));
  const root = join(base, 'work');
  mkdirSync(root);
  const sandbox = localSandbox({ root, dataDir: join(base, 'data'), snapshots: false });
  const transients: (Transient | Event)[] = [];
  const context: ToolContext = {
    callId: 'call-1',
    run: 'run-1',
    sandbox,
    hidden: [],
    web: noWeb,
    code: noCode,
    memory: noMemory,
    delegate: () => {
      throw new Error('no sub-agents here');
    },
    signal: new AbortController().signal,
  };
  return {
    root,
    sandbox,
    transients,
    put: (path, content) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    },
    call: async (tool, input, more) => {
      const running = tool.prepare(input).run({ ...context, ...more });
      if (!(Symbol.asyncIterator in running)) {
        const output = await running;
        return { ...output, text: textOf(output.content) };
      }
      for (;;) {
        const step = await running.next();
        if (step.done) return { ...step.value, text: textOf(step.value.content) };
        transients.push(step.value);
      }
    },
    close: async () => {
      await sandbox.close();
      rmSync(base, { recursive: true, force: true });
    },
  };
};

/** The same sandbox on a machine that has no programs. */
export const withoutPrograms = (sandbox: Sandbox): Sandbox => ({
  ...sandbox,
  exec: (command, options, signal) =>
    sandbox.exec(typeof command === 'string' ? command : ['/nowhere/rg', ...command.slice(1)], options, signal),
});
