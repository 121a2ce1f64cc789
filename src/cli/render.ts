import { printable } from '../base/printable.ts';
import { callsOf, textOf, type Block } from '../core/message.ts';
import type { Reader, Result } from '../app/drive.ts';
import type { Recorded, Transient } from '../core/event.ts';
import type { Io } from './io.ts';

/** Colours, or none where they are not wanted. */
export interface Paint {
  dim: (text: string) => string;
  bold: (text: string) => string;
  green: (text: string) => string;
  red: (text: string) => string;
  yellow: (text: string) => string;
}

const plain = (text: string): string => text;

/** Colours when a stream is a terminal and NO_COLOR is not set. */
export const paintFor = (stream: { isTTY?: boolean }, env: Io['env']): Paint => {
  if (!stream.isTTY || env.NO_COLOR || env.TERM === 'dumb')
    return { dim: plain, bold: plain, green: plain, red: plain, yellow: plain };
  const code = (start: number, end: number) => (text: string) => `\u001b[${start}m${text}\u001b[${end}m`;
  return { dim: code(2, 22), bold: code(1, 22), green: code(32, 39), red: code(31, 39), yellow: code(33, 39) };
};

const shorten = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length - 1)}…` : text;

/** A call in one line, drawn from its name and input alone, so that a new tool needs no code here. */
const callLine = (name: string, input: unknown): string => {
  const values = typeof input === 'object' && input !== null ? Object.values(input) : [input];
  const shown = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
  return shorten(printable(`${name} ${shown.join(' ')}`).replace(/\s+/g, ' '), 110);
};

const outputLines = 6;
/** Lines that tell a person what went wrong, in the words of most tools. */
const telling = /^\s*(?:not ok|✖|✗|×|FAIL|FAILED|---\s*FAIL|E\s{2,}|\S*error\b)/i;

const resultLines = (content: readonly Block[]): string[] => {
  const lines = printable(textOf(content)).trimEnd().split('\n');
  const words = lines.filter((line) => line.trim() !== '');
  if (words.length <= outputLines) return words.map((line) => shorten(line, 120));
  const tail = words.slice(-3);
  const found = words
    .slice(0, -3)
    .filter((line) => telling.test(line))
    .slice(0, 3);
  return [...found, `… ${words.length - tail.length - found.length} more lines`, ...tail].map((line) =>
    shorten(line, 120),
  );
};

const budgetNames = { run: 'this run', day: 'today', month: 'this month', perRepo: 'this repository' } as const;

/** Progress for a person, on standard error: each step as it happens. `coerces`: losses are for the log only. */
export const progressReader = (io: Io, coerces = false): Reader => {
  const paint = paintFor(io.stderr, io.env);
  const say = (line: string): unknown => io.stderr.write(`${line}\n`);
  const calls = new Map<string, string>();
  return {
    event: (event: Recorded) => {
      switch (event.type) {
        case 'message.added': {
          if (event.message.role !== 'assistant') return;
          const { content } = event.message;
          for (const call of callsOf(content)) calls.set(call.callId, callLine(call.name, call.input));
          const words = printable(textOf(content)).trim();
          if (words !== '' && callsOf(content).length > 0) say(words);
          return;
        }
        case 'sandbox.selected': {
          const held = Object.entries(event.enforces).flatMap(([name, isHeld]) => (isHeld ? [name] : []));
          say(
            paint.dim(
              `sandbox ${event.sandbox}: ${held.length > 0 ? `enforces ${held.join(', ')}` : 'enforces nothing'}`,
            ),
          );
          return;
        }
        case 'tool.decided': {
          const line =
            calls.get(event.callId) ??
            shorten(
              `${event.tool} ${event.effects.map((effect) => ('command' in effect ? effect.command : '')).join(' ')}`,
              110,
            );
          if (event.verdict === 'allow') say(`${paint.bold('›')} ${line}`);
          else
            say(
              `${paint.red('✗')} ${line} – ${printable(event.why)}${event.hint === undefined ? '' : ` To allow it: ${printable(event.hint)}.`}`,
            );
          return;
        }
        case 'tool.finished':
          if (
            // A trial that fails is what a workflow wanted to see.
            (event.isError && event.tool !== 'trial') ||
            event.tool === 'shell' ||
            event.tool === 'check' ||
            event.tool === 'tasks' ||
            event.tool === 'edit'
          )
            for (const line of resultLines(event.content)) say(paint.dim(`  ${line}`));
          return;
        case 'model.retried': {
          const { attempt, waitMs, reason } = event;
          const seconds = Math.round(waitMs / 100) / 10;
          // Attempt 0 was none: a rate limit is waited for. Without a wait somebody else is asked.
          const start =
            waitMs === 0
              ? ''
              : attempt === 0
                ? `waiting ${seconds} s: `
                : `retrying (attempt ${attempt}, in ${seconds} s): `;
          say(paint.yellow(`  ${start}${printable(reason)}`));
          return;
        }
        case 'model.selected':
          // The first choice is in the last line; a change is worth a line of its own.
          if (event.why !== undefined)
            say(paint.yellow(`  going on with ${printable(event.model)}: ${printable(event.why)}`));
          return;
        case 'model.adapted':
          for (const { code, severity, message } of event.losses)
            if (severity !== 'info' && !coerces)
              say(paint.yellow(`  ${printable(event.model)}: ${code} (${severity}): ${printable(message)}`));
          return;
        case 'budget.warned': {
          const { scope, percent, unit, used, limit } = event;
          const amount = (value: number): string => (unit === 'usd' ? `$${value.toFixed(4)}` : `${value} tokens`);
          say(
            paint.yellow(`  budget of ${budgetNames[scope]}: ${percent} % used (${amount(used)} of ${amount(limit)})`),
          );
          return;
        }
        case 'usage.assumed':
          say(paint.dim(`  nobody said what this attempt used: it counts as ${event.tokens} tokens`));
          return;
        case 'context.compacted':
          say(paint.dim(`  context compacted: about ${event.beforeTokens} → ${event.afterTokens} tokens`));
          return;
        default:
      }
    },
  };
};

/** One line of JSON per event, and on request each delta. */
export const jsonLinesReader = (io: Io, partial: boolean): Reader => {
  const print = (item: Recorded | Transient): unknown => io.stdout.write(`${JSON.stringify(item)}\n`);
  return { event: print, ...(partial ? { transient: print } : {}) };
};

const marks = { verified: '✓', unverified: '?', contradicted: '✗' } as const;

const money = (costUsd: number | null): string => (costUsd === null ? 'cost unknown' : `$${costUsd.toFixed(4)}`);

/** The end of a run for a person: claims with verdicts, then what it took. Standard error. */
export const sayEnding = (io: Io, result: Result, model: string): void => {
  const paint = paintFor(io.stderr, io.env);
  const colours = { verified: paint.green, unverified: paint.yellow, contradicted: paint.red };
  const lines = result.claims.map(({ kind, verdict, evidence }) =>
    colours[verdict](`${marks[verdict]} ${verdict.toUpperCase()} ${kind}: ${printable(evidence)}`),
  );
  const { usage } = result;
  const input = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
  const answered = result.models.length > 0 ? result.models.join(', then ') : model;
  const numbers = `${answered} · ${result.turns} ${result.turns === 1 ? 'turn' : 'turns'} · ${input} tokens in, ${usage.outputTokens} out · ${money(usage.costUsd)} · ${(result.durationMs / 1000).toFixed(1)} s`;
  const state = `${result.status}${result.verified ? ', verified' : ''}`;
  io.stderr.write(
    `${['', ...lines, paint.dim(`${state} · ${numbers} · session ${result.sessionId ?? '-'}`)].join('\n')}\n`,
  );
};

/** An error for a person: what happened, then what to do. */
export const sayError = (io: Io, error: { message: string; hint?: string | undefined }): void => {
  const paint = paintFor(io.stderr, io.env);
  io.stderr.write(`${paint.red('llm-copilot:')} ${printable(error.message)}\n`);
  if (error.hint !== undefined) io.stderr.write(`  ${printable(error.hint)}\n`);
};
