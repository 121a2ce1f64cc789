import { isAbsolute, relative } from 'node:path';
import type { Recorded } from '../../core/event.ts';
import type { CheckRun } from '../../core/evidence.ts';
import { sourcesIn } from '../../core/fold.ts';
import type { MemoryDraft } from '../../core/memory.ts';

interface Work {
  /** Events of the last workflow, those of runs below it too. */
  events: Recorded[];
  end: Extract<Recorded, { type: 'workflow.finished' }>;
}

const lastWork = (log: readonly Recorded[]): Work | undefined => {
  const at = log.findLastIndex((event) => event.type === 'workflow.finished');
  const end = log[at];
  if (end?.type !== 'workflow.finished') return undefined;
  const before = log.slice(0, at).findLastIndex((event) => event.type === 'workflow.finished');
  return { events: log.slice(before + 1, at), end };
};

const isCheckRun = (data: unknown): data is CheckRun =>
  typeof data === 'object' && data !== null && 'check' in data && 'command' in data && 'tree' in data;

/** Files that calls which worked wrote, relative to the root, each once; not those outside of it. */
const writtenIn = (events: readonly Recorded[], root: string): string[] => {
  const planned = new Map<string, string[]>();
  const written = new Set<string>();
  for (const event of events) {
    if (event.type === 'tool.decided' && event.verdict === 'allow')
      planned.set(
        event.callId,
        event.effects.flatMap((effect) =>
          effect.kind === 'write' && effect.how !== 'mode' && !effect.recursive ? [effect.path] : [],
        ),
      );
    else if (event.type === 'tool.finished' && !event.isError)
      for (const path of planned.get(event.callId) ?? []) {
        const below = isAbsolute(path) ? relative(root, path) : path;
        if (below !== '' && below !== '..' && !below.startsWith('../') && !isAbsolute(below)) written.add(below);
      }
  }
  return [...written].sort();
};

/** The commands of checks whose newest run passed on the tree as it is. */
const passedIn = (events: readonly Recorded[], workflow: string): string[] => {
  const newest = new Map<string, CheckRun>();
  for (const event of events)
    if (event.type === 'tool.finished' && event.run === workflow && event.tool === 'check' && isCheckRun(event.data))
      if (event.data.tree === 'now') newest.set(event.data.check, event.data);
  return [...newest.values()].filter((run) => run.exitCode === 0 && !run.timedOut).map((run) => run.command);
};

const titleIn = (events: readonly Recorded[]): string => {
  for (const event of events)
    if (event.type === 'message.added' && event.message.role === 'user' && event.message.origin === 'user') {
      // What was recalled, and pictures, stand before it.
      const task = event.message.content.findLast((block) => block.type === 'text')?.text ?? '';
      const line = task.trim().split('\n', 1)[0] ?? '';
      return line.length > 200 ? `${line.slice(0, 199)}…` : line;
    }
  return '';
};

const shownFiles = 10;

/**
 * What the last workflow of a session's log is worth remembering: one episode when it wrote files and was verified, else
 * nothing. The same log gives the same proposals.
 * @param root real path of the workspace.
 */
export const proposalsFrom = (log: Iterable<Recorded>, root: string): MemoryDraft[] => {
  const all = [...log];
  const work = lastWork(all);
  if (!work?.end.outcome.verified || work.end.outcome.status !== 'done') return [];
  const files = writtenIn(work.events, root);
  const checks = passedIn(work.events, work.end.run);
  const title = titleIn(work.events);
  if (files.length === 0 || checks.length === 0 || title === '') return [];
  const more = files.length - shownFiles;
  const text = [
    `Done: ${title}`,
    `Changed: ${files.slice(0, shownFiles).join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
    `Passed: ${checks.map((command) => `\`${command}\``).join(', ')}`,
  ].join('\n');
  // Whatever was read from outside may speak through it.
  const origin = sourcesIn(all)[0]?.origin;
  return [
    {
      kind: 'episode',
      text,
      sources: [{ type: 'session', session: work.end.session, seq: work.end.seq }],
      confidence: 0.6,
      ...(origin === undefined ? {} : { origin }),
    },
  ];
};

/** How a workflow ended for the items recalled into it: only what was decided by checks says anything of them. */
export const outcomeForRecalled = (log: Iterable<Recorded>, workflow: string): 'helped' | 'harmed' | undefined => {
  let hasAnswered = true;
  for (const event of log)
    if (event.type === 'run.finished') hasAnswered = event.status === 'answered';
    else if (event.type === 'workflow.finished' && event.run === workflow) {
      const { verified, status } = event.outcome;
      // A server that was down, or a limit, fails a task that the items had no part in.
      return verified ? 'helped' : status === 'failed' && hasAnswered ? 'harmed' : undefined;
    }
  return undefined;
};
