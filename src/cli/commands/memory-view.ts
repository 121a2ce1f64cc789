import { isCopilotError, usageError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import { isToolError } from '../../core/tool.ts';
import type { ShownItem } from '../../app/memory/manage.ts';
import type { OpenMemory } from '../../app/memory/open-memory.ts';
import type { CommandPlace } from '../../app/search/place.ts';
import type * as userMemory from '../../app/memory/user-memory.ts';
import type { VerifyReport } from '../../app/memory/verify-memory.ts';
import { interruptible } from '../interruptible.ts';
import type { Cli } from '../io.ts';
import { paintFor } from '../render.ts';

type Item = ShownItem['item'];
type Words = Pick<typeof userMemory, 'describeScope' | 'describeSource'>;

/** What the commands about memory share: opening it, and how items look. */
export interface MemoryView {
  readonly place: CommandPlace;
  print: (text: string) => unknown;
  tell: (notices: readonly string[]) => void;
  /** Says what is missing of what was asked for: exit 1. */
  incomplete: (why: string) => void;
  /** Opens memory, does something, and tells what the user should know. */
  use: (work: (open: OpenMemory, signal: AbortSignal) => Promise<void> | void) => Promise<void>;
  /** What a model could mend is here the user's to mend: exit 2. */
  asUsage: <T>(work: () => Promise<T>) => Promise<T>;
  show: (item: Item, lead?: string) => void;
  showAll: (items: readonly Item[], asJson: boolean | undefined) => void;
  whole: (shown: ShownItem) => void;
  report: (report: VerifyReport) => void;
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Makes it for a command line. */
export const memoryUse = (cli: Cli): MemoryView => {
  const { io, plugins } = cli;
  const print = (text: string): unknown => io.stdout.write(`${text}\n`);
  const tell = (notices: readonly string[]): void => {
    for (const notice of notices) io.stderr.write(`${printable(notice)}\n`);
  };
  let words: Words | undefined;
  const place: CommandPlace = {
    env: io.env,
    get cwd() {
      return io.cwd;
    },
    plugins,
  };
  const sourcesOf = (item: Item): string =>
    item.sources.map((source) => printable(words?.describeSource(source, item.updatedAt) ?? '')).join(' · ');

  const show = (item: Item, lead?: string): void => {
    const paint = paintFor(io.stdout, io.env);
    const state = [
      ...(item.status === 'proposed' ? ['proposed'] : []),
      ...(item.staleSince === null ? [] : [`stale since ${day(item.staleSince)}`]),
      ...(item.expiresAt === null
        ? []
        : [`${item.expiresAt <= Date.now() ? 'expired' : 'expires'} ${day(item.expiresAt)}`]),
      ...(item.contradicts.length > 0 ? [`contradicts ${item.contradicts.join(', ')}`] : []),
    ];
    const about = [item.kind, ...(item.scope.type === 'repo' ? [] : [item.scope.type]), ...state].join(', ');
    print(`${paint.bold(item.id)}  ${lead === undefined ? '' : `${lead}  `}${about}`);
    for (const line of printable(item.text).split('\n')) print(`  ${line}`);
    print(paint.dim(`  ${sourcesOf(item) || 'nobody said'} · ${Math.round(item.confidence * 100)} % sure`));
  };

  return {
    place,
    print,
    tell,
    incomplete: (why) => {
      tell([why]);
      cli.exit(1);
    },
    use: async (work) => {
      const loaded = await import('../../app/memory/user-memory.ts');
      words = loaded;
      const { withMemory } = loaded;
      const { notices } = await interruptible(io, (signal) => withMemory(place, (open) => work(open, signal)));
      tell(notices);
    },
    asUsage: async (work) => {
      try {
        return await work();
      } catch (error) {
        if (isToolError(error) && !isCopilotError(error)) throw usageError(error.message);
        throw error;
      }
    },
    show,
    showAll: (items, asJson) => {
      if (asJson) return void print(JSON.stringify(items));
      for (const item of items) show(item);
      if (items.length === 0) io.stderr.write('None.\n');
    },
    whole: ({ item, sources, contradicts }) => {
      show(item);
      print(`  scope: ${printable(words?.describeScope(item.scope) ?? '')}`);
      print(`  used ${item.uses} times, helped ${item.helped}, harmed ${item.harmed}`);
      print(
        `  made ${day(item.createdAt)}, changed ${day(item.updatedAt)}${item.usedAt === null ? '' : `, used ${day(item.usedAt)}`}`,
      );
      if (item.reason !== null) print(`  waits for a yes: ${printable(item.reason)}`);
      if (item.origin !== undefined) print(`  from outside: ${item.origin}`);
      if (item.staleWhy !== null) print(`  stale: ${printable(item.staleWhy)}`);
      for (const { source, state } of sources)
        print(
          `  source: ${printable(words?.describeSource(source, item.updatedAt) ?? '')}${state.state === 'said' ? '' : ` (${state.state})`}`,
        );
      for (const { item: other, why } of contradicts) {
        print(`  contradicts ${other.id}, ${printable(why)}:`);
        print(`    ${printable(other.text).replaceAll('\n', '\n    ')}`);
      }
    },
    report: (report) => {
      print(
        `${report.path}: ${report.ok ? `${report.items} ${report.items === 1 ? 'item' : 'items'}, all can be read` : 'damaged'}`,
      );
      for (const problem of report.problems) print(`  ${printable(problem)}`);
      if (report.unreadable.length > 0) print(`  rows that cannot be read: ${report.unreadable.join(', ')}`);
      if (report.wordsMended) print('  the index of words was made anew');
      if (report.vectorsMade > 0) print(`  ${report.vectorsMade} vectors were missing and are there now`);
      if (report.vectorsMissing > 0) print(`  ${report.vectorsMissing} vectors are missing`);
      if (report.expired.length > 0) print(`  expired: ${report.expired.map(({ id }) => id).join(', ')}`);
      if (report.stale.length > 0) print(`  stale: ${report.stale.map(({ id }) => id).join(', ')}`);
      if (report.elsewhere > 0)
        print(`  ${report.elsewhere} rest on files of other repositories: they are looked at there`);
    },
  };
};
