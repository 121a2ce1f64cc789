import { CommanderError } from 'commander';
import { CopilotError, exitCodes, isCopilotError, messageOf, usageError } from '../base/errors.ts';
import type { Redact } from '../base/redact/redactor.ts';
import type { Plugin } from '../core/plugin.ts';
import { processIo, type Cli, type Io } from './io.ts';
import { buildProgram } from './program.ts';
import { sayError } from './render.ts';

/** What `main` is started with. */
export interface MainOptions {
  plugins: readonly Plugin[];
  version: string;
  io?: Io;
}

/** The format the caller was promised, also when the command line itself is wrong. */
const promisedFormat = (argv: readonly string[]): string | undefined => {
  const index = argv.indexOf('--output-format');
  if (index >= 0) return argv[index + 1];
  return argv.find((word) => word.startsWith('--output-format='))?.slice('--output-format='.length);
};

const asCopilotError = (error: unknown): CopilotError => {
  if (isCopilotError(error)) return error;
  if (error instanceof CommanderError) {
    // Its help would be the answer, and is not printed where an error belongs.
    if (error.code === 'commander.help')
      return usageError('This command needs another word after it.', 'They are listed with --help.');
    const message = error.message.replace(/^error: /, '').replace(/\n/g, ' ');
    return usageError(
      `${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.)?]$/.test(message) ? '' : '.'}`,
      'See llm-copilot --help.',
    );
  }
  return new CopilotError(`Bug in llm-copilot: ${messageOf(error)}`, {
    code: 'E_BUG',
    exitCode: exitCodes.bug,
    hint: 'Please report it with the output of the same command under --debug.',
    cause: error,
  });
};

/** Where it came from, cause by cause. */
const stacks = async (error: Error, io: Io): Promise<string> => {
  const lines: string[] = [];
  for (let one: unknown = error.cause; one instanceof Error && lines.length < 5; one = one.cause)
    lines.push(one.stack ?? one.message);
  return (await redactorOf(io))(lines.join('\n'));
};

const redactorOf = async (io: Io): Promise<Redact> => {
  const { redactor, secretValues } = await import('../base/redact/redactor.ts');
  return redactor(secretValues(io.env));
};

/** The same error; what it says may quote a request, a file or a command line. */
const withoutSecrets = (error: CopilotError, redact: Redact): CopilotError =>
  new CopilotError(redact(error.message), {
    code: error.code,
    exitCode: error.exitCode,
    hint: error.hint === undefined ? undefined : redact(error.hint),
    cause: error,
  });

const report = async (error: unknown, argv: readonly string[], io: Io): Promise<number> => {
  // --help and --version end commander by an error that is none.
  if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.done;
  const known = withoutSecrets(asCopilotError(error), await redactorOf(io));
  const format = promisedFormat(argv);
  if (format === 'json' || format === 'stream-json') {
    const { failedResult } = await import('../app/drive.ts');
    io.stdout.write(`${JSON.stringify(failedResult(known))}\n`);
  }
  sayError(io, known);
  if (argv.includes('--debug')) io.stderr.write(`${await stacks(known, io)}\n`);
  return known.exitCode;
};

/** Runs one command line and gives the exit code. Never throws, never ends the process. */
export const main = async (argv: readonly string[], options: MainOptions): Promise<number> => {
  const io = options.io ?? processIo();
  let exitCode: number = exitCodes.done;
  const cli: Cli = { io, plugins: options.plugins, exit: (code) => (exitCode = code) };
  let lost: Error | undefined;
  // A reader that went away (| head) is no failure of ours; a result that could not be written is.
  const onLost = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') lost ??= error;
  };
  // What nobody can be told is no reason to stop.
  const ignore = (): void => undefined;
  io.stdout.on('error', onLost);
  io.stderr.on('error', ignore);
  try {
    try {
      const program = await buildProgram(cli, options.version);
      await program.parseAsync([...argv], { from: 'user' });
    } catch (error) {
      exitCode = await report(error, argv, io);
    }
    // Streams tell of a failed write a moment later; one of much text takes until somebody reads it.
    await new Promise((resolve) => io.stdout.write('', () => setImmediate(resolve)));
    if (!lost || exitCode !== exitCodes.done) return exitCode;
    sayError(io, { message: `Standard output cannot be written: ${lost.message}` });
    return exitCodes.notAchieved;
  } finally {
    io.stdout.off('error', onLost);
    io.stderr.off('error', ignore);
  }
};
