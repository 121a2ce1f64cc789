import type { Event, Recorded } from './event.ts';
import { callsOf, text, type Message, type Origin, type ToolResultBlock } from './message.ts';

const interrupted = (callId: string): ToolResultBlock => ({
  type: 'tool_result',
  callId,
  content: [
    text('Interrupted: the run ended before this call finished. It may or may not have had an effect; look first.'),
  ],
  isError: true,
});

/** One user message with the results of an assistant message's calls, in the model's order. */
export const resultsMessage = (assistant: Message, results: ReadonlyMap<string, ToolResultBlock>): Message => ({
  role: 'user',
  content: callsOf(assistant.content).map((call) => results.get(call.callId) ?? interrupted(call.callId)),
});

interface RunLog {
  continues: string | undefined;
  events: Event[];
}

/**
 * The conversation of a run, folded from the log: follows `continues`, applies compactions, and gives a call that never
 * finished an "interrupted" result. Nothing else of the conversation is stored.
 */
export const messagesOf = (log: Iterable<Recorded>, run: string): Message[] => {
  const runs = new Map<string, RunLog>();
  for (const event of log) {
    if (event.type === 'run.started') runs.set(event.run, { continues: event.continues, events: [] });
    else if (event.type === 'message.added' || event.type === 'tool.finished' || event.type === 'context.compacted')
      runs.get(event.run)?.events.push(event);
  }
  const chain: RunLog[] = [];
  const seen = new Set<string>();
  for (let id: string | undefined = run; id !== undefined && !seen.has(id);) {
    seen.add(id);
    const found = runs.get(id);
    if (found) chain.unshift(found);
    id = found?.continues;
  }
  let messages: Message[] = [];
  let open: Message | undefined;
  let results = new Map<string, ToolResultBlock>();
  const close = (): void => {
    if (open) messages.push(resultsMessage(open, results));
    open = undefined;
    results = new Map();
  };
  for (const { events } of chain) {
    for (const event of events) {
      if (event.type === 'message.added') {
        close();
        messages.push(event.message);
        if (callsOf(event.message.content).length > 0) open = event.message;
      } else if (event.type === 'tool.finished') {
        const { callId, content, isError, origin } = event;
        const from = origin === undefined ? {} : { origin };
        results.set(callId, { type: 'tool_result', callId, content, isError, ...from });
      } else if (event.type === 'context.compacted') {
        close();
        messages = [...event.replacement];
      }
    }
    close();
  }
  return messages;
};

/** Where text from outside in a session came from: its runs', their sub-runs' and its checks'. */
export const sourcesIn = (log: Iterable<Recorded>): { origin: Origin; source: string }[] => {
  const sources: { origin: Origin; source: string }[] = [];
  const add = (origin: Origin | undefined, source: string | undefined): void => {
    if (origin !== undefined && origin !== 'user') sources.push({ origin, source: source ?? origin });
  };
  for (const event of log)
    if (event.type === 'tool.finished') add(event.origin, event.source);
    else if (event.type === 'message.added') add(event.message.origin, undefined);
  return sources;
};

/** Top-level agent runs in the log, oldest first, and whether each one finished. */
export const topRunsOf = (log: Iterable<Recorded>): { run: string; finished: boolean }[] => {
  const runs = new Map<string, boolean>();
  for (const event of log) {
    if (event.type === 'run.started' && event.parent === undefined) runs.set(event.run, false);
    else if (event.type === 'run.finished' && runs.has(event.run)) runs.set(event.run, true);
  }
  return [...runs].map(([run, finished]) => ({ run, finished }));
};
