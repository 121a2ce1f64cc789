import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { usageError } from '../../base/errors.ts';
import { nearest } from '../../base/nearest.ts';
import { printable } from '../../base/printable.ts';
import type { Prepared } from '../../app/commit/prepare.ts';
import { interruptible } from '../interruptible.ts';
import type { Cli, Io } from '../io.ts';
import { jsonLine } from '../json-line.ts';
import { paintFor } from '../render.ts';

interface Flags {
  all?: boolean;
  amend?: boolean;
  edit?: boolean;
  print?: boolean;
  dryRun?: boolean;
  json?: boolean;
  yes?: boolean;
  candidates: string;
  type?: string;
  scope?: string;
  model?: string | false;
  signoff?: boolean;
  body?: boolean;
}

const types = ['feat', 'fix', 'docs', 'style', 'refactor', 'perf', 'test', 'build', 'ci', 'chore', 'revert'] as const;
type Type = (typeof types)[number];

const parseType = (word: string): Type => {
  const found = types.find((type) => type === word);
  if (found) return found;
  const guess = nearest(word, types);
  throw usageError(
    `--type "${word}" is none of ${types.join(', ')}.`,
    guess === undefined ? undefined : `Did you mean "${guess}"?`,
  );
};

const parseCount = (word: string): number => {
  if (!/^[1-9]$/.test(word)) throw usageError(`--candidates takes a whole number from 1 to 9, not "${word}".`);
  return Number(word);
};

const parseModel = (word: string): string => {
  if (/^[\w.:-]+\/\S+$/.test(word)) return word;
  throw usageError(
    `-m names a model here (provider/model), not "${word.slice(0, 60)}".`,
    'To commit with a message of your own: git commit -m "…"',
  );
};

const ask = (io: Io, question: string): Promise<string> =>
  new Promise((resolve) => {
    const terminal = createInterface({ input: io.stdin, output: io.stderr, terminal: false });
    let said = 'q';
    terminal.once('line', (line) => {
      said = line.trim().toLowerCase();
      terminal.close();
    });
    terminal.once('close', () => resolve(said));
    io.stderr.write(question);
  });

/** Shows the candidates and lets a person choose; undefined when none is wanted. */
const choose = async (
  io: Io,
  candidates: readonly string[],
): Promise<{ message: string; edit: boolean } | undefined> => {
  const paint = paintFor(io.stderr, io.env);
  for (const [index, message] of candidates.entries()) {
    const [header = '', ...rest] = printable(message).trimEnd().split('\n');
    io.stderr.write(
      `${paint.bold(`${index + 1}  ${header}`)}\n${rest.map((line) => `   ${line}`.trimEnd() + '\n').join('')}\n`,
    );
  }
  for (;;) {
    const answer = await ask(
      io,
      `Commit with which one? [1${candidates.length > 1 ? `–${candidates.length}` : ''}], [e]dit the first, e<number> to edit another, [q]uit: `,
    );
    if (answer === 'q' || answer === 'quit' || answer === 'n' || answer === 'no') return undefined;
    const [, edit = '', number = '1'] = /^(e?)\s*(\d)?$/.exec(
      answer === 'y' || answer === 'yes' || answer === '' ? '1' : answer,
    ) ?? ['', '', '0'];
    const message = candidates[Number(number) - 1];
    if (message !== undefined) return { message, edit: edit === 'e' };
    // After an end of input nobody answers any more.
    if (io.stdin.readableEnded || io.stdin.destroyed) return undefined;
  }
};

const told = (prepared: Prepared, message: string, hash?: string) => {
  const { draft, diff, model, consumed } = prepared;
  return {
    message,
    committed: hash !== undefined,
    hash: hash ?? null,
    type: draft?.type ?? null,
    scope: draft?.scope ?? null,
    breaking: draft?.breaking ?? null,
    candidates: draft?.candidates ?? [message],
    why: draft?.why ?? ['git’s own message is kept'],
    files: diff.files.length,
    model: model ?? null,
    usage: consumed ?? null,
  };
};

/** `llm-copilot commit`. */
export const commitCommand = (program: Command, cli: Cli): void => {
  const { io } = cli;
  program
    .command('commit')
    .description('write the message of what is staged (Conventional Commits) and commit it; hooks always run')
    .option('-a, --all', 'also take all changes of tracked files, as git commit --all')
    .option('--amend', 'write the last commit anew, with what is staged')
    .option('-e, --edit', 'open the message in git’s editor first')
    .option('--print', 'print the message, commit nothing')
    .option('--dry-run', 'the same as --print')
    .option('--json', 'as JSON')
    .option('-y, --yes', 'take the first message without asking')
    .option(
      '-n, --candidates <count>',
      'how many messages to choose from, 1 to 9',
      parseCount as (word: string) => unknown,
      3,
    )
    .option('--type <type>', `the type: ${types.join(', ')}`)
    .option('--scope <scope>', 'the scope; empty for none')
    .option('-m, --model <provider/model>', 'model to use (a message of your own: git commit -m)')
    .option('--no-model', 'ask no model: the message is made by rules')
    .option('--signoff', 'add Signed-off-by, as git commit --signoff')
    .option('--no-body', 'only the first line, and footers')
    .action(async (flags: Omit<Flags, 'candidates'> & { candidates: number }) => {
      const paint = paintFor(io.stderr, io.env);
      const type = flags.type === undefined ? undefined : parseType(flags.type);
      const model = typeof flags.model === 'string' ? parseModel(flags.model) : undefined;
      const isPrinted = flags.print === true || flags.dryRun === true;
      const [all, amend] = [flags.all === true, flags.amend === true];
      const mayAsk =
        io.stdin.isTTY === true && io.stderr.isTTY === true && !isPrinted && flags.json !== true && flags.yes !== true;
      const wishes = {
        candidates: flags.candidates,
        ...(type === undefined ? {} : { type }),
        ...(flags.scope === undefined ? {} : { scope: flags.scope }),
        ...(flags.body === false ? { noBody: true } : {}),
      };
      const [{ checkUnchanged, prepareCommit }, { commitWith }] = await Promise.all([
        import('../../app/commit/prepare.ts'),
        import('../../app/commit/commit.ts'),
      ]);
      const say = (notice: string): unknown => io.stderr.write(`llm-copilot: ${printable(notice)}\n`);
      const work = { env: io.env, cwd: io.cwd, plugins: cli.plugins, all, amend, model, wishes, say };
      await interruptible(io, async (signal) => {
        const prepared = await prepareCommit({ ...work, useModel: flags.model !== false }, signal);
        const { draft, kept = '', repository } = prepared;
        const first = draft?.message ?? kept;
        const print = (message: string, hash?: string): void => {
          if (flags.json) io.stdout.write(jsonLine(told(prepared, message, hash)));
          else if (hash === undefined) io.stdout.write(io.stdout.isTTY ? printable(message) : message);
        };
        if (isPrinted) {
          print(first);
          return;
        }
        if (!draft) say('git’s own message is kept');
        const chosen = draft && mayAsk ? await choose(io, draft.candidates) : { message: first, edit: false };
        if (!chosen) return void io.stderr.write('Nothing was committed.\n');
        if (draft && !mayAsk && !flags.json)
          for (const line of draft.why) io.stderr.write(paint.dim(`  ${printable(line)}\n`));
        if (mayAsk || prepared.model !== undefined) await checkUnchanged(prepared, { env: io.env, all }, signal);
        const hash = await commitWith(
          repository,
          {
            ...(draft ? { message: chosen.message } : {}),
            all,
            amend,
            edit: chosen.edit || flags.edit === true,
            signoff: flags.signoff === true,
          },
          {
            env: io.env,
            signal,
            streams: {
              inherit: io.stdout.fd === 1,
              quiet: flags.json === true,
              output: (chunk, isError) => (isError ? io.stderr : io.stdout).write(chunk),
            },
          },
        );
        print(chosen.message, hash);
      });
    });
};
