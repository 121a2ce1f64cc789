import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Agent, RunResult, Task } from '../../src/core/agent.ts';
import type { Event, Transient } from '../../src/core/event.ts';
import { userMessage, type Message } from '../../src/core/message.ts';
import type { Effect, Policy } from '../../src/core/policy.ts';
import type { ModelProvider } from '../../src/core/provider.ts';
import type { Tool, ToolContext, ToolOutput } from '../../src/core/tool.ts';
import { text } from '../../src/core/message.ts';
import { noCode, noMemory, noWeb } from '../../src/testing.ts';
import { drain } from '../../src/base/streams.ts';
import { rulePolicy } from '../../src/engine/rules.ts';
import { placeholders } from '../../src/engine/placeholders.ts';
import { taint } from '../../src/engine/taint.ts';
import { run, type RunContext } from '../../src/engine/run.ts';
import { localSandbox } from './local-sandbox.ts';
import { scriptedProvider, tempProject, type Script, type TempProject } from '../../src/testing.ts';

/** A tool for tests: does what `act` says. */
export const testTool = (
  name: string,
  act: (input: unknown, context: ToolContext) => Promise<ToolOutput> | AsyncGenerator<Event | Transient, ToolOutput>,
  effects: (input: unknown) => Effect[] = () => [],
): Tool => ({
  name,
  description: `Test tool ${name}`,
  inputSchema: { type: 'object' },
  prepare: (input) => ({ effects: effects(input), run: (context) => act(input, context) }),
});

export const says = (value: string): Promise<ToolOutput> => Promise.resolve({ content: [text(value)] });

export interface Harness {
  project: TempProject;
  context: RunContext;
  events: (Event | Transient)[];
  run(prompt: string, more?: Partial<Task>): Promise<RunResult>;
  kinds(): string[];
  close(): Promise<void>;
}

export interface HarnessOptions {
  script?: Script;
  provider?: ModelProvider;
  tools?: readonly Tool[];
  policy?: Policy;
  agent?: Partial<Agent>;
  context?: Partial<RunContext>;
  files?: Record<string, string>;
}

/** A real run over a real folder, with a scripted model and whatever tools a test needs. */
export const harness = (options: HarnessOptions = {}): Harness => {
  const project = tempProject(options.files ?? {}, { git: false });
  const data = mkdtempSync(join(tmpdir(), 'llm-copilot-data-'));
  const sandbox = localSandbox({ root: project.root, dataDir: data });
  const tools = new Map((options.tools ?? []).map((tool) => [tool.name, tool]));
  const agent: Agent = {
    name: 'coder',
    instructions: 'You are a test.',
    tools: [...tools.keys()],
    maxTurns: 20,
    ...options.agent,
  };
  const provider = options.provider ?? scriptedProvider(options.script ?? []);
  const events: (Event | Transient)[] = [];
  const context: RunContext = {
    agents: new Map([[agent.name, agent]]),
    tools,
    model: () => provider,
    policy:
      options.policy ??
      rulePolicy({ mode: 'auto', rules: [], roots: [project.root], readable: [sandbox.scratch], home: '/nowhere' }),
    ask: async () => ({ allow: false, feedback: 'Nobody is there.' }),
    sandbox,
    web: noWeb,
    code: noCode,
    memory: noMemory,
    taint: taint(),
    placeholders: placeholders(new Uint8Array(32)),
    history: (): Message[] => [],
    inbox: () => [],
    problemsWith: async () => [],
    signal: new AbortController().signal,
    ...options.context,
  };
  return {
    project,
    context,
    events,
    run: (prompt, more = {}) =>
      drain(run({ agent: 'coder', messages: [userMessage(prompt)], ...more }, context), (event) => events.push(event)),
    kinds: () => events.map((event) => event.type),
    close: async () => {
      await sandbox.close();
      project.close();
      rmSync(data, { recursive: true, force: true });
    },
  };
};
