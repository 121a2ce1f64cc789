import type { Command } from 'commander';
import { usageError } from '../../base/errors.ts';
import { printable, printableName } from '../../base/printable.ts';
import { indexingProgress } from '../indexing-progress.ts';
import { interruptible } from '../interruptible.ts';
import type { Cli } from '../io.ts';
import { jsonLine } from '../json-line.ts';

interface Flags {
  rebuild?: boolean;
  prune?: boolean;
  json?: boolean;
}

/** `llm-copilot index`. */
export const indexCommand = (program: Command, cli: Cli): void => {
  const { io } = cli;
  const print = (text: string): unknown => io.stdout.write(`${text}\n`);
  program
    .command('index')
    .description("bring this repository's search index up to date (search does it by itself)")
    .option('--rebuild', 'make it anew')
    .option('--prune', 'remove indexes of folders that are gone')
    .option('--json', 'as JSON')
    .action(async (flags: Flags) => {
      const { buildIndex, pruneIndexes } = await import('../../app/search/build-index.ts');
      if (flags.prune && flags.rebuild)
        throw usageError('--prune and --rebuild are two tasks.', 'Do one after the other.');
      if (flags.prune) {
        const removed = await pruneIndexes(io.env);
        if (flags.json) return void io.stdout.write(jsonLine({ removed }));
        for (const folder of removed) print(`removed the index of ${printableName(folder)}`);
        if (removed.length === 0) io.stderr.write('Every index belongs to a folder that is there.\n');
        return;
      }
      const progress = indexingProgress(io);
      const place = { env: io.env, cwd: io.cwd, plugins: cli.plugins, onProgress: progress.show };
      const report = await interruptible(io, (signal) =>
        buildIndex(place, { rebuild: flags.rebuild ?? false }, signal),
      ).finally(progress.end);
      for (const notice of report.notices) io.stderr.write(`${printable(notice)}\n`);
      if (flags.json) return void io.stdout.write(jsonLine(report));
      const { files, chunks, commits, added, changed, removed, skipped, embedder, bytes } = report;
      print(
        `${files} files in ${chunks} pieces, ${commits} commits (${added} new, ${changed} changed, ${removed} gone)`,
      );
      const left = Object.entries(skipped).map(([why, count]) => `${count} ${why}`);
      if (left.length > 0) print(`not searched: ${left.join(', ')}`);
      print(`vectors by ${embedder}${report.withoutVector > 0 ? `, ${report.withoutVector} still missing` : ''}`);
      print(`${(bytes / 1e6).toFixed(1)} MB, ${(report.durationMs / 1000).toFixed(2)} s`);
    });
};
