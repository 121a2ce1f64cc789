import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { configError, messageOf } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import type { MemoryView } from './memory-view.ts';

/** It may hold what nobody else should read, and must not take the place of something else. */
const putNew = (path: string, text: string): void => {
  let isOurs = false;
  try {
    const file = openSync(path, 'wx', 0o600);
    isOurs = true;
    try {
      writeFileSync(file, text);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    // Half an export is none.
    if (isOurs) rmSync(path, { force: true });
    const hint = isOurs ? 'Make room, or name a file elsewhere.' : 'Name a file that is not there yet.';
    throw configError(`${path} cannot be written: ${messageOf(error)}`, hint, error);
  }
};

/** `llm-copilot memory export|import`. */
export const memoryExchange = (memory: Command, { use, print, place, tell, incomplete }: MemoryView): void => {
  memory
    .command('export [file]')
    .description('what is remembered here as JSON Lines, or for people; to standard output without a file')
    .addOption(new Option('--format <format>', 'which').choices(['jsonl', 'markdown']).default('jsonl'))
    .option('--all', 'of all repositories')
    .action((file: string | undefined, { format, all }: { format: 'jsonl' | 'markdown'; all?: boolean }) =>
      use((open) => {
        const everywhere = { everywhere: all };
        const text =
          format === 'markdown' ? open.exportMarkdown(everywhere) : `${[...open.exportLines(everywhere)].join('\n')}\n`;
        if (file === undefined) print(text.replace(/\n$/, ''));
        else putNew(resolve(place.cwd, file), text);
        const lacking = open.lacking();
        if (lacking !== undefined) incomplete(`${lacking} See llm-copilot memory verify.`);
      }),
    );

  memory
    .command('import <file>')
    .description('take an export in; its items wait in the inbox')
    .option('--trust', 'they are your own: they count at once')
    .option('--into-repo', 'what belongs to a repository there belongs to this one here')
    .option('--also-forgotten', 'also what was forgotten here')
    .option('--skip-invalid', 'leave out lines that are wrong; else one of them stops everything')
    .option('--json', 'as JSON')
    .action(
      (
        file: string,
        flags: { trust?: boolean; intoRepo?: boolean; alsoForgotten?: boolean; skipInvalid?: boolean; json?: boolean },
      ) =>
        use(async (open, signal) => {
          const { json, ...how } = flags;
          const report = await open.import(resolve(place.cwd, file), how, signal);
          if (json) return void print(JSON.stringify(report));
          const { imported, differing, known, forgotten, invalid } = report;
          print(`${imported} imported${flags.trust ? '' : ', waiting in the inbox'}; ${known} known already`);
          if (differing > 0) print(`${differing} have an id another item has here, and got a new one`);
          if (forgotten > 0) print(`${forgotten} were forgotten here and stay so (--also-forgotten)`);
          tell(invalid.map(({ line, problem }) => `line ${line} is left out: ${printable(problem)}`));
        }),
    );
};
