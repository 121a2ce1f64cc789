import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { printable } from '../../base/printable.ts';
import { interruptible } from '../interruptible.ts';
import type { Cli } from '../io.ts';
import { jsonLine } from '../json-line.ts';

interface Flags {
  staged?: boolean;
  worktree?: boolean;
  base?: string;
  model: string | boolean;
  format: 'text' | 'markdown' | 'json';
  json?: boolean;
  output?: string;
}

/** `llm-copilot explain-diff`. */
export const explainDiffCommand = (program: Command, cli: Cli): void => {
  const { io } = cli;
  program
    .command('explain-diff [range]')
    .description('what a change does: areas, names, interfaces, dependencies, risk, and in which order to read it')
    .option('--staged', 'what is staged')
    .option('--worktree', 'what differs from HEAD in the work tree')
    .option('--base <revision>', 'what this branch adds to that one')
    .option('-m, --model <provider/model>', 'who says it in sentences')
    .option('--no-model', 'facts only; no model is asked')
    .option('-o, --output <file>', 'write it to a file')
    .addOption(new Option('--format <format>', 'which').choices(['text', 'markdown', 'json']).default('text'))
    .option('--json', 'as JSON')
    .action(async (range: string | undefined, flags: Flags) => {
      const { staged, worktree, base, model, output } = flags;
      const format = flags.json ? 'json' : flags.format;
      const { explainDiff, explainedText } = await import('../../app/explain/explain-diff.ts');
      const { explained, notices } = await interruptible(io, (signal) =>
        explainDiff(
          { env: io.env, cwd: io.cwd, plugins: cli.plugins },
          {
            ...{ range, staged, worktree, base, useModel: model !== false },
            ...(typeof model === 'string' && { model }),
          },
          signal,
        ),
      );
      for (const notice of notices) io.stderr.write(`${printable(notice)}\n`);
      if (!explained) io.stderr.write('Nothing changed.\n');
      const text =
        format === 'json' ? jsonLine(explained ?? null) : explained ? `${explainedText(explained, format)}\n` : '';
      if (output === undefined) return void io.stdout.write(text);
      const { replaceFile } = await import('../../app/changelog/replace-file.ts');
      replaceFile(resolve(io.cwd, output), text);
    });
};
