import type { Command } from 'commander';
import { printable, printableName } from '../../base/printable.ts';
import { indexingProgress } from '../indexing-progress.ts';
import { interruptible } from '../interruptible.ts';
import type { Cli } from '../io.ts';
import { jsonLine } from '../json-line.ts';
import { paintFor } from '../render.ts';
import { parseLimit } from './search.ts';

interface Flags {
  tokens: string;
  json?: boolean;
}

/** `llm-copilot map`. */
export const mapCommand = (program: Command, cli: Cli): void => {
  const { io } = cli;
  program
    .command('map [focus...]')
    .description('the definitions everything else leans on; with files given, those that matter to them')
    .option('--tokens <count>', 'at most about so many tokens', '1000')
    .option('--json', 'as JSON')
    .action(async (focus: string[], flags: Flags) => {
      const tokens = parseLimit(flags.tokens, '--tokens');
      const { mapOf } = await import('../../app/search/build-index.ts');
      const progress = indexingProgress(io);
      const place = { env: io.env, cwd: io.cwd, plugins: cli.plugins, onProgress: progress.show };
      const { entries, notices } = await interruptible(io, (signal) => mapOf(place, { tokens, focus }, signal)).finally(
        progress.end,
      );
      for (const notice of notices) io.stderr.write(`${printable(notice)}\n`);
      if (flags.json) return void io.stdout.write(jsonLine(entries));
      const paint = paintFor(io.stdout, io.env);
      for (const { path, definitions } of entries) {
        io.stdout.write(`${paint.bold(printableName(path))}\n`);
        for (const { line, signature } of definitions)
          io.stdout.write(`${paint.dim(String(line).padStart(5))}  ${printableName(signature)}\n`);
      }
      if (entries.length === 0)
        io.stderr.write('No definitions: none fits so few tokens, no language here is known, or nothing is indexed.\n');
    });
};
