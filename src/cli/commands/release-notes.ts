import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { printable } from '../../base/printable.ts';
import { interruptible } from '../interruptible.ts';
import type { Cli } from '../io.ts';
import { jsonLine } from '../json-line.ts';

interface Flags {
  next?: boolean;
  tagPrefix?: string;
  model: string | boolean;
  format: 'markdown' | 'json';
  output?: string;
}

/** `llm-copilot release-notes`. */
export const releaseNotesCommand = (program: Command, cli: Cli): void => {
  const { io } = cli;
  program
    .command('release-notes [version|range]')
    .description('what a release means to its users; a model may word it, each sentence proven by commits')
    .option('--next', 'only propose the next version, by Semantic Versioning')
    .option('--tag-prefix <prefix>', 'versions are tags that begin with it, such as tool-v')
    .option('-m, --model <provider/model>', 'who words it')
    .option('--no-model', 'the words of the commits; no model is asked')
    .option('-o, --output <file>', 'write them to a file')
    .addOption(new Option('--format <format>', 'which').choices(['markdown', 'json']).default('markdown'))
    .action(async (what: string | undefined, flags: Flags) => {
      const { tagPrefix, model, format, output } = flags;
      const place = { env: io.env, cwd: io.cwd, plugins: cli.plugins };
      const { makeReleaseNotes, proposeNext } = await import('../../app/changelog/release-notes.ts');
      const tell = (notices: readonly string[]): void => {
        for (const notice of notices) io.stderr.write(`${printable(notice)}\n`);
      };
      if (flags.next) {
        const { notes, notices } = await interruptible(io, (signal) =>
          proposeNext(place, { range: what, tagPrefix }, signal),
        );
        tell(notices);
        const { next, from, commits } = notes;
        if (format === 'json') return void io.stdout.write(jsonLine({ ...next, from, commits }));
        if (commits === 0) return void io.stderr.write(`There are no commits since ${printable(from ?? '')}.\n`);
        io.stderr.write(`${printable(next.why)}\n`);
        return void io.stdout.write(`${printable(next.version)}\n`);
      }
      const made = await interruptible(io, (signal) =>
        makeReleaseNotes(
          place,
          { what, tagPrefix, useModel: model !== false, ...(typeof model === 'string' && { model }) },
          signal,
        ),
      );
      tell(made.notices);
      if (made.markdown === '')
        io.stderr.write(`There is nothing to tell since ${printable(made.notes.from ?? '')}.\n`);
      const text = format === 'json' ? jsonLine(made.notes) : made.markdown === '' ? '' : `${made.markdown}\n`;
      if (output === undefined) return void io.stdout.write(text);
      const { replaceFile } = await import('../../app/changelog/replace-file.ts');
      replaceFile(resolve(io.cwd, output), text);
    });
};
