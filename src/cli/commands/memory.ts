import { Option, type Command } from 'commander';
import { usageError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import type { MemoryKind, MemoryScope } from '../../core/memory.ts';
import type { OpenMemory } from '../../app/memory/open-memory.ts';
import { interruptible } from '../interruptible.ts';
import type { Cli } from '../io.ts';
import { readStdin } from '../stdin.ts';
import { memoryExchange } from './memory-exchange.ts';
import { memoryInbox } from './memory-inbox.ts';
import { memoryUse, type MemoryView } from './memory-view.ts';
import { parseLimit } from './search.ts';

type ScopeName = MemoryScope['type'];

interface AddFlags {
  kind: MemoryKind;
  scope: ScopeName;
  file?: string[];
  commit?: string[];
  confidence?: string;
  expires?: string;
  json?: boolean;
}

interface EditFlags {
  kind?: MemoryKind;
  scope?: ScopeName;
  confidence?: string;
  expires?: string;
  stillHolds?: boolean;
  json?: boolean;
}

const kinds = ['fact', 'strategy', 'episode', 'skill'] as const;
const dayMs = 86_400_000;
const lastDay = Date.parse('9999-12-31');

const collect = (value: string, before: string[] = []): string[] => [...before, value];

const parseFile = (word: string): { type: 'file'; path: string; startLine: number; endLine: number } => {
  const { path, start, end } = /^(?<path>.+?):(?<start>\d+)(?:-(?<end>\d+))?$/.exec(word)?.groups ?? {};
  if (path === undefined) throw usageError(`--file "${word}" names no lines.`, 'Such as --file src/main.ts:10-20');
  return { type: 'file', path, startLine: Number(start), endLine: Number(end ?? start) };
};

const parseConfidence = (word: string): number => {
  const value = word.trim() === '' ? Number.NaN : Number(word);
  if (!(value >= 0 && value <= 1)) throw usageError(`--confidence takes a number from 0 to 1, not "${word}".`);
  return value;
};

/** A day, or a span from now on. */
const parseExpiry = (word: string): number => {
  const [, count, unit = ''] = /^(\d{1,5})([dwmy])$/.exec(word) ?? [];
  if (count !== undefined) {
    const end = Date.now() + Number(count) * dayMs * ({ d: 1, w: 7, m: 30, y: 365 }[unit] ?? 1);
    if (end > lastDay)
      throw usageError(`--expires "${word}" is after the year 9999.`, 'Leave it out: then it never does.');
    return end;
  }
  const at = /^\d{4}-\d{2}-\d{2}$/.test(word) ? Date.parse(`${word}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== word)
    throw usageError(`--expires "${word}" is no day and no span.`, 'Such as 2027-01-31, 30d, 6w, 3m or 1y.');
  return at;
};

const scopeFor = (name: ScopeName, { place }: OpenMemory): MemoryScope => {
  if (name === 'user') return { type: 'user' };
  if (name === 'repo') return { type: 'repo', repo: place.repo };
  if (place.branch === undefined) throw usageError('There is no branch here.', 'Use --scope repo.');
  return { type: 'branch', repo: place.repo, branch: place.branch };
};

const scopeOption = (): Option =>
  new Option('--scope <scope>', 'where it holds: in this repository, on this branch, or everywhere').choices([
    'repo',
    'branch',
    'user',
  ]);
const kindOption = (): Option => new Option('--kind <kind>', 'what it is').choices(kinds);

/** `llm-copilot memory …`. */
export const memoryCommand = (program: Command, cli: Cli): void => {
  const view: MemoryView = memoryUse(cli);
  const { use, print, show, showAll } = view;
  /** Text from the command line, or from standard input for `-`. */
  const textFrom = async (words: readonly string[], signal: AbortSignal): Promise<string> =>
    words.length === 1 && words[0] === '-' ? readStdin(cli.io, false, signal) : words.join(' ');
  const memory = program.command('memory').description('what is remembered across runs');

  memory
    .command('add <text...>')
    .description('remember something; "-" reads it from standard input')
    .addOption(kindOption().default('fact'))
    .addOption(scopeOption().default('repo'))
    .option(
      '--file <path:lines>',
      'lines it rests on; when they change it is no longer recalled (again for more)',
      collect,
    )
    .option('--commit <hash>', 'a commit it rests on (again for more)', collect)
    .option('--confidence <number>', 'how sure it is, 0 to 1')
    .option('--expires <when>', 'a day such as 2027-01-31, or a span such as 30d')
    .option('--json', 'as JSON')
    .action((words: string[], flags: AddFlags) =>
      use(async (open, signal) => {
        const said = await textFrom(words, signal);
        const { item, outcome } = await view.asUsage(() =>
          open.remember(
            {
              ...{ kind: flags.kind, text: said, scope: scopeFor(flags.scope, open) },
              sources: [
                ...(flags.file ?? []).map(parseFile),
                ...(flags.commit ?? []).map((commit) => ({ type: 'commit' as const, commit })),
              ],
              ...(flags.confidence === undefined ? {} : { confidence: parseConfidence(flags.confidence) }),
              ...(flags.expires === undefined ? {} : { expiresAt: parseExpiry(flags.expires) }),
            },
            signal,
          ),
        );
        if (flags.json) return void print(JSON.stringify({ outcome, item }));
        if (outcome === 'merged') print('known already:');
        show(item);
        const [first] = item.contradicts;
        if (first !== undefined)
          cli.io.stderr.write(`It contradicts ${item.contradicts.join(', ')}: see memory show ${item.id}\n`);
      }),
    );

  memory
    .command('search <query...>')
    .description('what would be recalled for this')
    .option('-n, --limit <count>', 'at most so many', '8')
    .option('--json', 'as JSON')
    .action((words: string[], flags: { limit: string; json?: boolean }) =>
      use(async (open, signal) => {
        const found = await open.recall({ text: words.join(' '), limit: parseLimit(flags.limit, '--limit') }, signal);
        if (flags.json) return void print(JSON.stringify(found));
        for (const { item, score } of found) show(item, score.toFixed(3));
        if (found.length === 0) cli.io.stderr.write('Nothing that fits is remembered here.\n');
      }),
    );

  memory
    .command('list')
    .description('what is remembered here, newest first')
    .addOption(kindOption())
    .addOption(new Option('--scope <scope>', 'only what holds there').choices(['repo', 'user']))
    .option('--stale', 'only what is not recalled because the lines it cites changed')
    .option('--expired', 'what has expired')
    .option('--all', 'of all repositories')
    .option('--json', 'as JSON')
    .action(
      (flags: {
        kind?: MemoryKind;
        scope?: 'repo' | 'user';
        stale?: boolean;
        expired?: boolean;
        all?: boolean;
        json?: boolean;
      }) =>
        use((open) => {
          const { kind, scope, stale, expired, all } = flags;
          showAll(open.list({ status: 'accepted', kind, scope, stale, expired, everywhere: all }), flags.json);
        }),
    );

  memory
    .command('show <id>')
    .description('one item with all that is known of it')
    .option('--json', 'as JSON')
    .action((id: string, flags: { json?: boolean }) =>
      use((open) => {
        const shown = open.show(id);
        if (flags.json) return void print(JSON.stringify(shown));
        view.whole(shown);
      }),
    );

  memory
    .command('edit <id> [text...]')
    .description('say it anew, or change what is known of it')
    .addOption(kindOption())
    .addOption(scopeOption())
    .option('--confidence <number>', 'how sure it is, 0 to 1')
    .option('--expires <when>', 'a day, a span such as 30d, or "never"')
    .option('--still-holds', 'it holds although lines it cites changed')
    .option('--json', 'as JSON')
    .action((id: string, words: string[], flags: EditFlags) =>
      use(async (open, signal) => {
        const { kind, scope, confidence, expires, stillHolds } = flags;
        if (words.length === 0 && [kind, scope, confidence, expires, stillHolds].every((flag) => flag === undefined))
          throw usageError('Nothing is to be changed.', 'Give a new text, or a flag: see memory edit --help.');
        const item = await open.edit(
          id,
          {
            ...{ kind, stillHolds },
            ...(words.length === 0 ? {} : { text: await textFrom(words, signal) }),
            ...(scope === undefined ? {} : { scope: scopeFor(scope, open) }),
            ...(confidence === undefined ? {} : { confidence: parseConfidence(confidence) }),
            ...(expires === undefined ? {} : { expiresAt: expires === 'never' ? null : parseExpiry(expires) }),
          },
          signal,
        );
        if (flags.json) return void print(JSON.stringify(item));
        show(item);
      }),
    );

  memory
    .command('forget <id...>')
    .description('delete items for good; their ids stay, so that no import brings them back')
    .action((ids: string[]) =>
      use((open) => {
        for (const { id, text } of open.forget(ids)) print(`forgot ${id}: ${printable(text.split('\n', 1)[0] ?? '')}`);
      }),
    );

  memory
    .command('stats')
    .description('how much is remembered, and where')
    .option('--json', 'as JSON')
    .action((flags: { json?: boolean }) =>
      use((open) => {
        const stats = open.stats();
        if (flags.json) return void print(JSON.stringify(stats));
        const counted = (counts: Readonly<Record<string, number>>): string =>
          Object.entries(counts)
            .map(([name, count]) => `${count} ${name}`)
            .join(', ') || 'none';
        print(`${stats.items} items: ${counted(stats.byStatus)}`);
        print(`kinds: ${counted(stats.byKind)}`);
        print(
          `scopes: ${counted(stats.byScope)}, in ${stats.repos} ${stats.repos === 1 ? 'repository' : 'repositories'}`,
        );
        print(`stale ${stats.stale}, expired ${stats.expired}, contradicting ${stats.contradictions}`);
        print(`vectors by ${stats.space}, ${stats.missingVectors} missing`);
        print(`${stats.path}, ${(stats.bytes / 1e6).toFixed(2)} MB`);
      }),
    );

  memory
    .command('verify')
    .description('read everything; exit 1 when something cannot be read')
    .option('--json', 'as JSON')
    .action(async (flags: { json?: boolean }) => {
      const { verifyUserMemory } = await import('../../app/memory/user-memory.ts');
      const { result, notices } = await interruptible(cli.io, (signal) => verifyUserMemory(view.place, signal));
      view.tell(notices);
      if (!result.ok) cli.exit(1);
      if (flags.json) return void print(JSON.stringify(result));
      view.report(result);
    });

  memoryInbox(memory, view);
  memoryExchange(memory, view);
};
