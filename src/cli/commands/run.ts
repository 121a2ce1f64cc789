import { resolve } from 'node:path';
import { interruptedError, isCopilotError, limitError, messageOf, usageError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import type { Command } from 'commander';
import type { JobOptions } from '../../app/open.ts';
import type { Reader, Result } from '../../app/drive.ts';
import type { Proof } from '../../app/workflows/run-workflow.ts';
import { terminalAsk } from '../ask.ts';
import type { Cli } from '../io.ts';
import { terminalSecret } from '../secret-input.ts';
import { jsonLinesReader, progressReader, sayEnding, sayError } from '../render.ts';
import { addLate } from '../late-options.ts';
import { addRunOptions, configFlags, readImage, readSchema, type RunFlags } from '../run-options.ts';
import { readStdin } from '../stdin.ts';

/** In CI, or where nobody looks at the output, nothing may hang for longer than this unless --timeout says so. */
const unattendedTimeoutSeconds = 30 * 60;

const optionsFor = async (
  words: readonly string[],
  flags: RunFlags,
  cli: Cli,
  signal: AbortSignal,
): Promise<JobOptions> => {
  const { io, plugins } = cli;
  if (flags.resume === true)
    throw usageError(
      '--resume needs a session id here.',
      'List them with "llm-copilot sessions list", or use --continue.',
    );
  const cwd = flags.cd === undefined ? io.cwd : resolve(io.cwd, flags.cd);
  const [first, ...others] = words;
  const given = first === '-' ? others : words;
  const typed = given.join(' ').trim();
  const piped = (await readStdin(io, typed !== '', signal)).trim();
  const ask = terminalAsk(io);
  return {
    prompt: [typed, piped].filter((part) => part !== '').join('\n\n'),
    images: (flags.image ?? []).map((file) => readImage(file, io.cwd)),
    cwd,
    env: io.env,
    plugins,
    flags: configFlags(flags),
    allowedTools: flags.allowedTools ?? [],
    disallowedTools: flags.disallowedTools ?? [],
    trust: flags.trust === true,
    addDirs: (flags.addDir ?? []).map((folder) => resolve(io.cwd, folder)),
    ...(flags.appendSystemPrompt === undefined ? {} : { appendSystemPrompt: flags.appendSystemPrompt }),
    ...(flags.jsonSchema === undefined ? {} : { outputSchema: readSchema(flags.jsonSchema, io.cwd) }),
    session: {
      ...(flags.continue === undefined ? {} : { continue: flags.continue }),
      ...(flags.resume === undefined ? {} : { resume: flags.resume }),
      ...(flags.forkSession === undefined ? {} : { fork: flags.forkSession }),
      ...(flags.sessionId === undefined ? {} : { id: flags.sessionId }),
    },
    ...(ask === undefined ? {} : { ask }),
    askSecret: terminalSecret(io),
    otp: flags.otp,
    signal,
  };
};

/** Shows a finished run in the format asked for. */
const show = (result: Result, model: string, flags: RunFlags, cli: Cli): void => {
  const { io } = cli;
  const format = flags.outputFormat ?? 'text';
  if (format !== 'text') {
    io.stdout.write(`${JSON.stringify(result)}\n`);
    if (result.error) sayError(io, result.error);
    return;
  }
  const answer = result.result === null ? result.summary : JSON.stringify(result.result, null, 2);
  if (answer !== '') io.stdout.write(`${io.stdout.isTTY ? printable(answer) : answer}\n`);
  if (!flags.quiet) sayEnding(io, result, model);
  if (result.error) sayError(io, result.error);
};

/** Makes of what was typed what is to be done, for verbs with a form of their own. */
export type Prepare = (options: JobOptions) => Promise<{ options: JobOptions; proof?: Proof }>;

/** Runs one task and leaves its exit code. Errors before the run are thrown; main shows them in the promised format. */
export const runTask = async (
  words: readonly string[],
  flags: RunFlags,
  cli: Cli,
  prepare?: Prepare,
): Promise<Result> => {
  const { io } = cli;
  const controller = new AbortController();
  const stopListening = io.onInterrupt(() => controller.abort(interruptedError()));
  const startedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const limitTo = (seconds: number | undefined): void => {
    clearTimeout(timer);
    if (seconds === undefined) return;
    const reason = limitError(
      `The time limit of ${seconds} s is reached.`,
      'Raise --timeout, or go on with --continue.',
    );
    const leftMs = Math.max(0, seconds * 1000 - (performance.now() - startedAt));
    timer = setTimeout(() => controller.abort(reason), Math.min(leftMs, 2 ** 31 - 1));
  };
  const unattended = Boolean(io.env.CI) || !io.stdout.isTTY;
  const usualSeconds = unattended ? unattendedTimeoutSeconds : undefined;
  // From the start: standard input may never end.
  limitTo(flags.timeout ?? usualSeconds);
  try {
    const given = await optionsFor(words, flags, cli, controller.signal);
    const { options, proof }: Awaited<ReturnType<Prepare>> = prepare ? await prepare(given) : { options: given };
    const [{ open }, { drive }] = await Promise.all([import('../../app/open.ts'), import('../../app/drive.ts')]);
    const job = await open(options);
    let result: Result;
    try {
      const { value: settings } = job.config;
      limitTo(settings.timeoutSeconds ?? usualSeconds);
      if (!flags.quiet) for (const notice of job.notices) io.stderr.write(`llm-copilot: ${notice}\n`);
      const readers: Reader[] = [];
      if (flags.outputFormat === 'stream-json')
        readers.push(jsonLinesReader(io, flags.includePartialMessages === true));
      if (!flags.quiet && flags.outputFormat !== 'stream-json')
        readers.push(progressReader(io, settings.lossiness === 'coerce'));
      result = await drive(
        job,
        {
          verify: settings.verify ?? 'auto',
          maxRepairs: settings.maxRepairs ?? 2,
          requireVerified: settings.requireVerified ?? false,
          ...(proof === undefined ? {} : { proof }),
        },
        readers,
      );
      if (!flags.quiet) for (const notice of job.laterNotices()) io.stderr.write(`llm-copilot: ${notice}\n`);
    } finally {
      // What was done is done, whatever cannot be tidied up.
      await job.close().catch((error: unknown) => io.stderr.write(`llm-copilot: ${messageOf(error)}\n`));
    }
    show(result, job.model, flags, cli);
    return result;
  } catch (error) {
    // A time limit or signal that struck before the run began.
    if (controller.signal.aborted && !isCopilotError(error)) throw controller.signal.reason;
    throw error;
  } finally {
    clearTimeout(timer);
    stopListening();
  }
};

/** `llm-copilot run "<task>"`. */
export const runCommand = (program: Command, cli: Cli): void => {
  const command = program
    .command('run')
    .description('do a task in this folder, then check it')
    .argument('[task...]', '"-" reads it from standard input');
  addLate(command, () => addRunOptions(command));
  command.action(async (words: string[], flags: RunFlags) => {
    const result = await runTask(words, { ...program.opts<RunFlags>(), ...flags }, cli);
    cli.exit(result.exitCode);
  });
};
