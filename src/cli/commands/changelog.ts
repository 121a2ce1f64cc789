import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { usageError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import { interruptible } from '../interruptible.ts';
import type { Cli } from '../io.ts';
import { jsonLine } from '../json-line.ts';

interface Flags {
  from?: string;
  to?: string;
  unreleased?: boolean;
  release?: string;
  tagPrefix?: string;
  path?: string[];
  style?: 'conventional' | 'keep';
  all?: boolean;
  format: 'markdown' | 'json';
  write?: string | true;
  output?: string;
}

/** `llm-copilot changelog`. */
export const changelogCommand = (program: Command, cli: Cli): void => {
  const { io } = cli;
  program
    .command('changelog [range]')
    .description('what changed, from the commits: since the newest version, or a..b; no model is asked')
    .option('--from <revision>', 'what came after it')
    .option('--to <revision>', 'up to it; HEAD when left out')
    .option('--unreleased', 'what came after the newest version (as without a range)')
    .option('--release <version>', 'as the section of this version: since the one before it')
    .option('--tag-prefix <prefix>', 'versions are tags that begin with it, such as tool-v')
    .option(
      '--path <path>',
      'only commits that touch it (again for more)',
      (path: string, before: string[] | undefined) => [...(before ?? []), path],
    )
    .addOption(
      new Option('--style <style>', 'headings; those of the changelog that is there when left out').choices([
        'conventional',
        'keep',
      ]),
    )
    .option('--all', 'also what users do not notice: docs, tests, chores')
    .option('--write [file]', 'put it into the changelog (CHANGELOG.md); a section people wrote is never replaced')
    .option('-o, --output <file>', 'write it to a file of its own')
    .addOption(new Option('--format <format>', 'which').choices(['markdown', 'json']).default('markdown'))
    .action(async (range: string | undefined, flags: Flags) => {
      const { release, write, output, format } = flags;
      if (flags.unreleased && (release !== undefined || range !== undefined || flags.from !== undefined))
        throw usageError('--unreleased is what came after the newest version; it goes with no other range.');
      if (write !== undefined && (output !== undefined || format === 'json'))
        throw usageError('--write puts Markdown into the changelog; --output and --format json go without it.');
      const [{ makeChangelog, shownPath, writeChangelog }, { replaceFile }] = await Promise.all([
        import('../../app/changelog/changelog.ts'),
        import('../../app/changelog/replace-file.ts'),
      ]);
      const { from, to, tagPrefix, style, all, path: paths } = flags;
      const list = await interruptible(io, (signal) =>
        makeChangelog(
          { env: io.env, cwd: io.cwd },
          {
            range,
            from,
            to,
            release,
            tagPrefix,
            style,
            all,
            paths,
            file: typeof write === 'string' ? write : undefined,
          },
          signal,
        ),
      );
      for (const notice of list.notices) io.stderr.write(`${printable(notice)}\n`);
      const isEmpty = list.body === '';
      if (isEmpty) {
        const since = list.from === null ? '' : ` since ${printable(list.from)}`;
        const why = list.commits === 0 ? 'There are no commits' : 'There is nothing for the list';
        io.stderr.write(`${why}${since}${list.to === 'HEAD' ? '' : ` up to ${printable(list.to)}`}.\n`);
      }
      if (write !== undefined) {
        if (isEmpty) return;
        const { did, tookUnreleased } = writeChangelog(list);
        const path = printable(shownPath(list.path, io.cwd));
        const name = list.version ?? 'Unreleased';
        io.stderr.write(did === 'unchanged' ? `${path} has it already.\n` : `${path}: section ${name} ${did}.\n`);
        if (tookUnreleased) io.stderr.write('The list of what was unreleased stood there and is part of it now.\n');
        return;
      }
      const { path: _path, notices: _notices, heading: _heading, body: _body, ...facts } = list;
      const text = format === 'json' ? jsonLine(facts) : isEmpty ? '' : `${list.heading}\n\n${list.body}\n`;
      if (output === undefined) io.stdout.write(text);
      else replaceFile(resolve(io.cwd, output), text);
    });
};
