import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Block } from './core/message.ts';
import type { CodeSearcher } from './core/code-index.ts';
import type { Memory } from './core/memory.ts';
import { ToolError, type WebGet } from './core/tool.ts';
import { capabilitiesFrom, manifestOf, type ModelFacts } from './core/capabilities.ts';
import type { ModelProvider, Reply, Request, StopReason, Usage } from './core/provider.ts';

/** Where there is no network. */
export const noWeb: WebGet = async () => {
  throw new ToolError('There is no network here.');
};

/** Where nothing is indexed. */
export const noCode: CodeSearcher = { search: async () => [], map: async () => [] };

/** Where nothing can be remembered. */
export const noMemory: Memory = {
  remember: async () => {
    throw new ToolError('There is no memory here.');
  },
  recall: async () => [],
  judge: () => undefined,
};

/** One answer of a scripted model. */
export interface ScriptedTurn {
  thinking?: string;
  text?: string;
  calls?: readonly { name: string; input: unknown; callId?: string }[];
  /** Default: `tool_calls` when there are calls, else `end`. */
  stopReason?: StopReason;
  /** Default: about four characters per token of what was sent and answered. */
  usage?: Usage;
}

/** Answers by position, or by what was sent. */
export type Script = readonly ScriptedTurn[] | ((request: Request, turn: number) => ScriptedTurn);

const countTokens = (value: unknown): number => Math.ceil(JSON.stringify(value).length / 4);

const free: ModelFacts = {
  contextWindow: 200_000,
  maxOutputTokens: 8192,
  images: true,
  thinking: true,
  price: { inputPerMTok: 0, outputPerMTok: 0, cacheReadPerMTok: 0, cacheWritePerMTok: 0 },
};

const blocksOf = (turn: ScriptedTurn, index: number): Block[] => [
  ...(turn.thinking === undefined ? [] : [{ type: 'thinking' as const, text: turn.thinking }]),
  ...(turn.text === undefined ? [] : [{ type: 'text' as const, text: turn.text }]),
  ...(turn.calls ?? []).map(({ name, input, callId }, position) => ({
    type: 'tool_call' as const,
    callId: callId ?? `call-${index}-${position}`,
    name,
    input,
  })),
];

/**
 * A deterministic model: real loop, tools and checks around it, only its words are written beforehand. Which turn comes
 * is counted from the assistant messages it is sent, so a resumed run goes on where it was. Past the end it says "Done.".
 */
export const scriptedProvider = (
  script: Script,
  options: { name?: string; capabilities?: ModelFacts } = {},
): ModelProvider => ({
  name: options.name ?? 'scripted/model',
  capabilities: () => capabilitiesFrom(manifestOf({ ...free, ...options.capabilities })),
  async *stream(request, signal): AsyncGenerator<{ type: 'text.delta' | 'thinking.delta'; text: string }, Reply> {
    signal.throwIfAborted();
    const index = request.messages.filter((message) => message.role === 'assistant').length;
    const turn = typeof script === 'function' ? script(request, index) : (script[index] ?? { text: 'Done.' });
    if (turn.thinking !== undefined) yield { type: 'thinking.delta', text: turn.thinking };
    for (const word of turn.text?.match(/\S+\s*|\s+/g) ?? []) yield { type: 'text.delta', text: word };
    const content = blocksOf(turn, index);
    return {
      content,
      stopReason: turn.stopReason ?? (turn.calls?.length ? 'tool_calls' : 'end'),
      usage: turn.usage ?? {
        inputTokens: countTokens([request.system, request.tools, request.messages]),
        outputTokens: countTokens(content),
        cacheReadTokens: 0,
        cacheWriteTokens: 0,
      },
    };
  },
});

/** A folder with files, by default a git repository with one commit. */
export interface TempProject {
  /** Real path. */
  root: string;
  read(path: string): string;
  write(path: string, content: string): void;
  git(...args: string[]): string;
  /** Removes it. */
  close(): void;
}

/** Makes a project in a temporary folder. */
export const tempProject = (files: Readonly<Record<string, string>>, options: { git?: boolean } = {}): TempProject => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'llm-copilot-project-')));
  const write = (path: string, content: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.invalid', '-c', 'commit.gpgsign=false'];
  const git = (...args: string[]): string =>
    execFileSync('git', [...identity, ...args], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  for (const [path, content] of Object.entries(files)) write(path, content);
  if (options.git !== false) {
    git('init', '--quiet', '--initial-branch=main');
    git('add', '--all');
    git('commit', '--quiet', '--allow-empty', '--message=Start');
  }
  return {
    root,
    read: (path) => readFileSync(join(root, path), 'utf8'),
    write,
    git,
    close: () => rmSync(root, { recursive: true, force: true }),
  };
};
