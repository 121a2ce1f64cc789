import { describeEffect } from '../../core/policy.ts';
import { callsOf, textOf } from '../../core/message.ts';
import type { Recorded } from '../../core/event.ts';

const columns = ['session', 'seq', 'at', 'type', 'run', 'tool', 'verdict', 'by', 'summary', 'hash'] as const;
const maxSummaryChars = 500;

/** What a spreadsheet takes for a formula. */
const formula = /^[=+\-@\t\r]/;

/** A cell as RFC 4180 has it; what a spreadsheet would compute begins with an apostrophe and is text. */
const cell = (value: string): string => {
  const text = formula.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** What happened, in a few words. */
const summaryOf = (event: Recorded): string => {
  switch (event.type) {
    case 'run.started':
      return event.agent;
    case 'message.added': {
      const { role, content } = event.message;
      const calls = callsOf(content).map((call) => `${call.name} ${JSON.stringify(call.input)}`);
      return `${role}: ${[textOf(content), ...calls].filter((part) => part !== '').join(' | ')}`;
    }
    case 'usage': {
      const { inputTokens, outputTokens } = event.usage;
      return `${event.model}: ${inputTokens} in, ${outputTokens} out, ${event.costUsd === null ? 'price unknown' : `${event.costUsd} USD`}`;
    }
    case 'tool.asked':
      return `${event.why} (${event.effects.map(describeEffect).join('; ')})`;
    case 'tool.decided':
      return `${event.why}${event.rule === undefined ? '' : ` [${event.rule}]`} (${event.effects.map(describeEffect).join('; ')})`;
    case 'tool.finished':
      return `${event.isError ? 'failed' : 'ok'}: ${textOf(event.content)}`;
    case 'run.finished':
      return `${event.status}: ${event.error?.message ?? event.text}`;
    case 'workflow.finished':
      return `${event.outcome.status}: ${event.outcome.summary}`;
    default: {
      const { type: _type, run: _run, session: _session, seq: _seq, at: _at, hash: _hash, ...rest } = event;
      return JSON.stringify(rest);
    }
  }
};

const word = (event: Recorded, name: string): string => {
  const value: unknown = Reflect.get(event, name);
  return typeof value === 'string' ? value : '';
};

/** The first line of a CSV export. */
export const csvHead = `${columns.join(',')}\r\n`;

/** An event as a line of CSV. */
export const csvLine = (event: Recorded): string => {
  const summary = summaryOf(event).replace(/\s+/g, ' ').trim().slice(0, maxSummaryChars);
  const cells: Record<(typeof columns)[number], string> = {
    session: event.session,
    seq: String(event.seq),
    at: new Date(event.at).toISOString(),
    type: event.type,
    run: event.run,
    tool: word(event, 'tool'),
    verdict: word(event, 'verdict'),
    by: word(event, 'by'),
    summary,
    hash: event.hash,
  };
  return `${columns.map((column) => cell(cells[column])).join(',')}\r\n`;
};
