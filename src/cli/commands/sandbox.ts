import { Option, type Command } from 'commander';
import { interruptedError, usageError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import type { Config } from '../../core/config.ts';
import { keyNamesOf } from '../../core/plugin.ts';
import type { Cli } from '../io.ts';

interface RunFlags {
  sandbox?: NonNullable<Config['sandbox']>['kind'];
  image?: string;
  allowHost?: string[];
  timeout?: number;
  trust?: boolean;
}

/** Exit codes of commands a signal ended, as shells give them. */
const signalExits: Readonly<Record<string, number>> = {
  SIGHUP: 129,
  SIGINT: 130,
  SIGKILL: 137,
  SIGSEGV: 139,
  SIGTERM: 143,
};

const collect = (one: string, all: string[] | undefined): string[] => [...(all ?? []), one];

const seconds = (text: string): number => {
  const value = Number(text);
  if (!(value > 0)) throw usageError(`--timeout "${text}" is no number of seconds.`);
  return value;
};

/** `llm-copilot sandbox run|image build|prune`. */
export const sandboxCommand = (program: Command, cli: Cli): void => {
  const { io } = cli;
  const sandbox = program
    .command('sandbox')
    .description('run commands where the agent runs them, and look after images');
  const load = () => import('../../app/sandbox-command.ts');
  const untilInterrupted = async (work: (signal: AbortSignal) => Promise<void>): Promise<void> => {
    const stop = new AbortController();
    const off = io.onInterrupt(() => stop.abort(interruptedError()));
    try {
      await work(stop.signal);
    } finally {
      off();
    }
  };

  sandbox
    .command('run <command...>')
    .description('run one command with the masks and limits the agent’s commands have')
    .addOption(new Option('--sandbox <name>', 'which one').choices(['auto', 'local', 'docker', 'bubblewrap']))
    .option('--image <image>', 'a container image for docker')
    .option('--allow-host <host>', 'a host it may reach, such as registry.npmjs.org', collect)
    .option('--timeout <seconds>', 'end it after this time', seconds)
    .option('--trust', 'as if this folder were trusted')
    .passThroughOptions()
    .action((words: string[], flags: RunFlags) =>
      untilInterrupted(async (signal) => {
        const { runInSandbox } = await load();
        const result = await runInSandbox(
          {
            env: io.env,
            cwd: io.cwd,
            words,
            kind: flags.sandbox,
            image: flags.image,
            allowHosts: flags.allowHost ?? [],
            trust: flags.trust === true,
            secretEnv: cli.plugins.flatMap((plugin) => (plugin.providers ?? []).flatMap(keyNamesOf)),
            timeoutMs: flags.timeout === undefined ? undefined : flags.timeout * 1000,
            onOutput: (chunk) => io.stdout.write(chunk),
            onNotice: (notice) => io.stderr.write(`llm-copilot: ${printable(notice)}\n`),
          },
          signal,
        );
        cli.exit(result.exitCode ?? signalExits[result.signal ?? ''] ?? 1);
      }),
    );

  const image = sandbox.command('image').description('images for the docker sandbox');
  image
    .command('build <name>')
    .description('build an image: node, python, go or rust')
    .option('--tag <tag>', 'its name; llm-copilot/<name> when left out')
    .action((name: string, flags: { tag?: string }) =>
      untilInterrupted(async (signal) => {
        const { buildSandboxImage } = await load();
        const onOutput = (chunk: string): unknown => io.stderr.write(chunk);
        const built = await buildSandboxImage({ name, tag: flags.tag, env: io.env, onOutput }, signal);
        io.stderr.write(
          `Built ${built.tag} from ${built.base}. Use it: llm-copilot config set --project sandbox.image ${built.tag}\nExactly this build is:\n`,
        );
        io.stdout.write(`${built.tag}@${built.id}\n`);
      }),
    );

  sandbox
    .command('prune')
    .description('remove containers whose llm-copilot is gone')
    .option('--json', 'as JSON')
    .action(async (flags: { json?: boolean }) => {
      const { pruneSandboxes } = await load();
      const removed = await pruneSandboxes(io.env);
      if (flags.json) return void io.stdout.write(`${JSON.stringify({ removed })}\n`);
      for (const { name, owner } of removed) io.stdout.write(`${name} (of process ${owner})\n`);
      io.stderr.write(removed.length === 0 ? 'Nothing to remove.\n' : `Removed ${removed.length}.\n`);
    });
};
