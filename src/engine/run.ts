import { randomUUID } from 'node:crypto';
import { CopilotError, exitCodes, isCopilotError, limitError } from '../base/errors.ts';
import type { Agent, RunResult, Task } from '../core/agent.ts';
import type { CodeSearcher } from '../core/code-index.ts';
import type { ErrorInfo, Event, Purpose, Transient } from '../core/event.ts';
import { callsOf, originOf, text, textOf, type Message } from '../core/message.ts';
import type { Memory } from '../core/memory.ts';
import type { Ask, Policy } from '../core/policy.ts';
import type { Need } from '../core/capabilities.ts';
import { isProviderError, type ModelProvider, type ToolSpec } from '../core/provider.ts';
import type { Sandbox } from '../core/sandbox.ts';
import type { Tool, WebGet } from '../core/tool.ts';
import { act, type ActContext } from './act.ts';
import { callModel, nothingTold } from './models/call-model.ts';
import { compact, estimateTokens, windowOf } from './context.ts';
import { loadedIn, loadTool } from './load-tool.ts';
import type { Placeholders } from './placeholders.ts';
import { repetition } from './repetition.ts';
import type { Taint } from './taint.ts';

/** Everything a run needs from outside. */
export interface RunContext {
  readonly agents: ReadonlyMap<string, Agent>;
  readonly tools: ReadonlyMap<string, Tool>;
  /** The model for a purpose; a small one may do for anything but work. */
  model(needs: readonly Need[], purpose: Purpose): ModelProvider;
  readonly policy: Policy;
  readonly ask: Ask;
  readonly sandbox: Sandbox;
  readonly web: WebGet;
  readonly code: CodeSearcher;
  readonly memory: Memory;
  readonly taint: Taint;
  readonly placeholders: Placeholders;
  /** The conversation of an earlier run, folded from the log. */
  history(run: string): Message[];
  /** Steering: messages the human sent meanwhile, read between turns. */
  inbox(): Message[];
  /** What is wrong with a value under a JSON Schema, one line each; empty when it fits. */
  problemsWith(schema: object, value: unknown): Promise<string[]>;
  readonly signal: AbortSignal;
}

/** An error as the log keeps it. */
export const errorInfo = (error: CopilotError): ErrorInfo => ({
  code: error.code,
  message: error.message,
  ...(error.hint === undefined ? {} : { hint: error.hint }),
});

const failed = (code: string, message: string, hint?: string): CopilotError =>
  new CopilotError(message, { code, exitCode: exitCodes.notAchieved, hint });

/** Accepts JSON alone or inside one code fence. */
const parseJson = (answer: string): unknown => {
  const fenced = /```(?:json)?\s*\n([\s\S]*?)\n```/.exec(answer);
  return JSON.parse(fenced?.[1] ?? answer) as unknown;
};

type Verdict =
  { kind: 'answered'; result?: unknown } | { kind: 'nudge'; say: string } | { kind: 'failed'; error: CopilotError };

/** What to make of a reply without calls. Each reason to nudge is used once. */
const conclude = async (
  reply: { stopReason: string; content: Message['content'] },
  task: Task,
  context: RunContext,
  nudged: Set<string>,
): Promise<Verdict> => {
  const answer = textOf(reply.content).trim();
  const once = (reason: string, say: string, error: CopilotError): Verdict => {
    if (nudged.has(reason)) return { kind: 'failed', error };
    nudged.add(reason);
    return { kind: 'nudge', say };
  };
  if (reply.stopReason === 'refusal')
    return { kind: 'failed', error: failed('E_REFUSED', `The model refused: ${answer || 'no reason given'}.`) };
  if (reply.stopReason === 'max_tokens')
    return once(
      'cut',
      'Your reply was cut at the output limit. Go on from where it stopped.',
      failed('E_REPLY_CUT', 'The model’s reply was cut at the output limit twice.', 'Ask for less at a time.'),
    );
  if (answer === '')
    return once(
      'empty',
      'Your reply was empty. Call a tool or answer the task.',
      failed('E_EMPTY_REPLY', 'The model returned nothing, twice.', 'Try again, or another model with --model.'),
    );
  if (!task.outputSchema) return { kind: 'answered' };
  let problems: string[];
  try {
    const result = parseJson(answer);
    problems = await context.problemsWith(task.outputSchema, result);
    if (problems.length === 0) return { kind: 'answered', result };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    problems = [`not JSON: ${error.message}`];
  }
  const list = problems.join('; ');
  return once(
    'schema',
    `Your answer does not fit the schema: ${list}. Answer with the corrected JSON only.`,
    failed('E_OUTPUT_SCHEMA', `The answer does not fit the schema: ${list}.`),
  );
};

/** The only agent loop. It answers; whether the task is done is for the workflow around it to find out. */
export async function* run(
  task: Task,
  context: RunContext,
  parent?: string,
): AsyncGenerator<Event | Transient, RunResult> {
  const id = randomUUID();
  const agent = context.agents.get(task.agent);
  if (!agent) throw failed('E_AGENT', `There is no agent "${task.agent}".`);
  yield {
    type: 'run.started',
    run: id,
    agent: agent.name,
    ...(parent === undefined ? {} : { parent }),
    ...(task.continues === undefined ? {} : { continues: task.continues }),
  };
  let turns = 0;
  let answer = '';
  function* finish(status: RunResult['status'], error?: CopilotError): Generator<Event, RunResult> {
    const ending = error ? { error: errorInfo(error) } : {};
    yield { type: 'run.finished', run: id, status, text: answer, turns, ...ending };
    return { run: id, status, text: answer, turns, ...(error ? { error } : {}) };
  }
  try {
    const messages = task.continues === undefined ? [] : context.history(task.continues);
    function* add(message: Message): Generator<Event> {
      yield { type: 'message.added', run: id, message };
      messages.push(message);
    }
    for (const message of task.messages) yield* add(message);
    const tainting = originOf(messages);
    if (tainting !== undefined) context.taint.note({ origin: tainting, source: 'this conversation' });
    const provider = context.model(agent.needs ?? [], 'work');
    const told = nothingTold();
    const named = (names: readonly string[] = []): Tool[] => names.flatMap((name) => context.tools.get(name) ?? []);
    const onDemand = named(agent.onDemand);
    const own = [...named(agent.tools), ...(onDemand.length > 0 ? [loadTool(onDemand)] : [])];
    const tools = new Map(own.map((tool) => [tool.name, tool]));
    const specOf = ({ name, description, inputSchema }: Tool): ToolSpec => ({ name, description, inputSchema });
    let specs = own.map(specOf);
    const load = (past: readonly Message[]): void => {
      const wanted = onDemand.length > 0 ? loadedIn(past) : new Set<string>();
      const more = onDemand.filter((tool) => wanted.has(tool.name) && !tools.has(tool.name));
      if (more.length === 0) return;
      for (const tool of more) tools.set(tool.name, tool);
      specs = [...specs, ...more.map(specOf)];
    };
    load(messages);
    const system = agent.instructions;
    const output = task.outputSchema && { type: 'json_schema' as const, name: 'answer', schema: task.outputSchema };
    const acting: ActContext = { ...context, tools, run: id, delegate: (inner) => run(inner, context, id) };
    const fixed = [system, JSON.stringify(specs), JSON.stringify(output ?? '')];
    const fixedTokens = fixed.reduce((sum, part) => sum + estimateTokens(part), 0);
    const window = windowOf(provider.capabilities(), fixedTokens);
    const repeated = repetition();
    const nudged = new Set<string>();
    let squeezed = false;
    /** No room can be made for the first model, but another one has it. */
    let isCramped = false;
    for (;;) {
      context.signal.throwIfAborted();
      for (const message of context.inbox()) yield* add(message);
      if (turns >= agent.maxTurns)
        return yield* finish(
          'stopped',
          limitError(`Stopped after ${turns} turns.`, 'Raise --max-turns, or go on with --continue.'),
        );
      if (!isCramped && window.isFull(messages)) {
        try {
          yield* compact(messages, window, context.model([], 'summary'), { run: id, told }, context.signal);
        } catch (error) {
          const fits = provider.alternatives?.().some((other) => !windowOf(other, fixedTokens).isFull(messages));
          if (!isCopilotError(error) || error.code !== 'E_CONTEXT' || !fits) throw error;
          isCramped = true;
        }
      }
      turns++;
      let reply;
      try {
        reply = yield* callModel(
          provider,
          { system, tools: specs, messages, maxOutputTokens: window.maxOutputTokens, ...(output && { output }) },
          { run: id, purpose: 'work', told },
          context.signal,
        );
        squeezed = false;
      } catch (error) {
        if (!isProviderError(error) || error.kind !== 'context_too_long' || squeezed) throw error;
        squeezed = true;
        turns--;
        window.shrink(messages, error.windowTokens);
        yield* compact(messages, window, context.model([], 'summary'), { run: id, told }, context.signal);
        continue;
      }
      // An empty message would be refused when the conversation is sent again.
      if (reply.content.length > 0) yield* add({ role: 'assistant', content: reply.content });
      window.saw(messages, reply.usage);
      const calls = callsOf(reply.content);
      if (calls.length === 0) {
        answer = textOf(reply.content);
        const verdict = await conclude(reply, task, context, nudged);
        if (verdict.kind === 'failed') return yield* finish('failed', verdict.error);
        if (verdict.kind === 'nudge') {
          // No origin: nobody typed it.
          yield* add({ role: 'user', content: [text(verdict.say)] });
          continue;
        }
        const ended = yield* finish('answered');
        return verdict.result === undefined ? ended : { ...ended, result: verdict.result };
      }
      load([{ role: 'assistant', content: reply.content }]);
      const results = yield* act(calls, acting);
      messages.push({ role: 'user', content: results.map(({ data: _data, readOnly: _readOnly, ...block }) => block) });
      const stuck = repeated.saw(calls, results);
      if (stuck !== undefined)
        return yield* finish('failed', failed('E_LOOP', stuck, 'Look at the last tool results in the session.'));
    }
  } catch (thrown) {
    const error: unknown = context.signal.aborted ? context.signal.reason : thrown;
    if (!isCopilotError(error)) throw error;
    const stopped = error.exitCode === exitCodes.interrupted || error.exitCode === exitCodes.limit;
    return yield* finish(stopped ? 'stopped' : 'failed', error);
  }
}
