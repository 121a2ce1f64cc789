import { Option, type Command } from 'commander';
import { exitCodes, usageError } from '../../base/errors.ts';
import { printable, printableName } from '../../base/printable.ts';
import type { Found } from '../../core/found.ts';
import type { FoundKind } from '../../app/search/find.ts';
import { indexingProgress } from '../indexing-progress.ts';
import { interruptible } from '../interruptible.ts';
import type { Cli } from '../io.ts';
import { jsonLine } from '../json-line.ts';
import { paintFor } from '../render.ts';

interface Flags {
  files?: boolean;
  limit: string;
  kind?: FoundKind[];
  path?: string[];
  json?: boolean;
}

const shownLines = 6;
const shownColumns = 120;

const collect = <T>(value: T, before: T[] = []): T[] => [...before, value];

/** A whole number above 0 from the command line. @throws CopilotError exit 2 */
export const parseLimit = (word: string, flag: string): number => {
  if (!/^\d+$/.test(word) || Number(word) < 1 || Number(word) > 10_000)
    throw usageError(`${flag} takes a whole number from 1 to 10000, not "${word}".`);
  return Number(word);
};

/** `llm-copilot search`. */
export const searchCommand = (program: Command, cli: Cli): void => {
  const { io } = cli;
  program
    .command('search <query...>')
    .description('find code, docs, commits and notes by topic, words or names; exit 1 when there is nothing')
    .option('--files', 'one result per file')
    .option('-n, --limit <count>', 'at most so many results', '10')
    .addOption(
      new Option('--kind <kind>', 'only these (again for more): code, doc, commit, memory')
        .choices(['code', 'doc', 'commit', 'memory'])
        .argParser((word: string, before: FoundKind[] | undefined) => {
          if (word !== 'code' && word !== 'doc' && word !== 'commit' && word !== 'memory')
            throw usageError(`--kind "${word}" is none of code, doc, commit, memory.`);
          return collect(word, before);
        }),
    )
    .option('--path <glob>', 'only files below or fitting it (again for more)', collect<string>)
    .option('--json', 'as JSON')
    .action(async (words: string[], flags: Flags) => {
      const query = words.join(' ');
      if (query.trim() === '')
        throw usageError('The query is empty.', 'Say what to find: llm-copilot search "retry after 429"');
      const limit = parseLimit(flags.limit, '--limit');
      const { find } = await import('../../app/search/find.ts');
      const progress = indexingProgress(io);
      const { results, notices } = await interruptible(io, (signal) =>
        find(
          { env: io.env, cwd: io.cwd, plugins: cli.plugins, onProgress: progress.show },
          { query, limit, files: flags.files ?? false, kinds: flags.kind, paths: flags.path },
          signal,
        ),
      ).finally(progress.end);
      for (const notice of notices) io.stderr.write(`${printable(notice)}\n`);
      if (flags.json) io.stdout.write(jsonLine(results));
      else if (results.length === 0) io.stderr.write('Nothing found.\n');
      else
        io.stdout.write(
          `${results.map((one) => entry(one, flags.files ?? false)).join(flags.files ? '\n' : '\n\n')}\n`,
        );
      if (results.length === 0) cli.exit(exitCodes.notAchieved);
    });

  const entry = (found: Found, isShort: boolean): string => {
    const paint = paintFor(io.stdout, io.env);
    const { path, startLine, endLine, symbol, why } = found;
    const place = startLine === 0 ? path : `${path}:${startLine}-${endLine}`;
    const reasons = Object.keys(why).join(' ');
    const name = symbol === undefined ? '' : `  ${printableName(symbol)}`;
    const head = `${paint.bold(printableName(place))}${name}  ${paint.dim(`${found.score.toFixed(3)} ${reasons}`)}`;
    if (isShort) return head;
    const lines = printable(found.text).trimEnd().split('\n');
    const shown = lines
      .slice(0, shownLines)
      .map((line) => `  ${line.length > shownColumns ? `${line.slice(0, shownColumns - 1)}…` : line}`);
    if (lines.length > shownLines) shown.push(paint.dim(`  … ${lines.length - shownLines} more lines`));
    return [head, ...shown].join('\n');
  };
};
