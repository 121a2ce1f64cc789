import { isUtf8 } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { messageOf, usageError } from '../../base/errors.ts';
import { printableName } from '../../base/printable.ts';
import type { TokenCounts } from '../../app/models/token-counts.ts';
import { columns } from '../columns.ts';
import type { Cli } from '../io.ts';
import { readStdin } from '../stdin.ts';

const readText = async (file: string, cwd: string): Promise<{ name: string; text: string }> => {
  const name = printableName(file);
  let bytes: Buffer;
  try {
    // A shell's `<(…)` is a pipe; a device would be read without end.
    if ((await stat(resolve(cwd, file))).isCharacterDevice()) throw new Error('it is a device.');
    bytes = await readFile(resolve(cwd, file));
  } catch (error) {
    throw usageError(`${name} cannot be read: ${messageOf(error)}`);
  }
  if (bytes.includes(0) || !isUtf8(bytes)) throw usageError(`${name} is binary, not text in UTF-8.`);
  return { name: file, text: bytes.toString() };
};

const grouped = (count: number): string => count.toLocaleString('en-US');

const remark = ({ model, encoding, factor, margin, contextWindow, total }: TokenCounts): string => {
  const how = `${encoding}${factor === 1 ? '' : ` × ${factor}`}, within ${Math.round(margin * 100)} %`;
  const share =
    contextWindow === null
      ? ''
      : `; ${((100 * total) / contextWindow).toFixed(1)} % of its window of ${grouped(contextWindow)}`;
  return `${model === null ? 'no model named' : printableName(model)}: counted in ${how}${share}`;
};

/** `llm-copilot models tokens`. */
export const modelsTokensCommand = (models: Command, cli: Cli): void => {
  const { io } = cli;
  models
    .command('tokens [files...]')
    .description('how many tokens files are, or what comes on standard input')
    .option('-m, --model <provider/model>', 'for this model instead of the configured one')
    .option('--json', 'as JSON')
    .action(async (files: string[], flags: { model?: string; json?: boolean }) => {
      const texts =
        files.length > 0
          ? await Promise.all(files.map((file) => readText(file, io.cwd)))
          : [{ name: '-', text: await readStdin(io, false, new AbortController().signal) }];
      if (files.length === 0 && texts[0]?.text === '')
        throw usageError('There is nothing to count.', 'Name files, or pipe a text in.');
      const { tokenCounts } = await import('../../app/models/token-counts.ts');
      const counts = await tokenCounts(io.env, io.cwd, cli.plugins, { model: flags.model, texts });
      if (flags.json) return void io.stdout.write(`${JSON.stringify(counts)}\n`);
      const rows = counts.texts.map(({ name, tokens }) => [grouped(tokens), name === '-' ? '' : printableName(name)]);
      if (rows.length > 1) rows.push([grouped(counts.total), 'in all']);
      io.stdout.write(`${columns(rows, new Set([0]))}\n`);
      io.stderr.write(`${remark(counts)}\n`);
    });
};
