import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { usageError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import { auditCommand } from './commands/audit.ts';
import { administrativeName } from './administrative.ts';
import { changelogCommand } from './commands/changelog.ts';
import { checksCommand } from './commands/checks.ts';
import { indexCommand } from './commands/code-index.ts';
import { commitCommand } from './commands/commit.ts';
import { completionCommand } from './commands/completion.ts';
import { configCommand } from './commands/config.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { explainDiffCommand } from './commands/explain-diff.ts';
import { helpCommand } from './commands/help-topics.ts';
import { hooksCommand } from './commands/hooks.ts';
import { initCommand } from './commands/init.ts';
import { mapCommand } from './commands/map.ts';
import { memoryCommand } from './commands/memory.ts';
import { mfaCommand } from './commands/mfa.ts';
import { modelsCommand } from './commands/models.ts';
import { policyCommand } from './commands/policy.ts';
import { privacyCommand } from './commands/privacy.ts';
import { releaseNotesCommand } from './commands/release-notes.ts';
import { reviewCommand } from './commands/review.ts';
import { runCommand, runTask } from './commands/run.ts';
import { sandboxCommand } from './commands/sandbox.ts';
import { searchCommand } from './commands/search.ts';
import { secretsCommand } from './commands/secrets.ts';
import { sessionsCommand } from './commands/sessions.ts';
import { trustCommand } from './commands/trust.ts';
import { undoCommand } from './commands/undo.ts';
import { usageCommand } from './commands/usage.ts';
import { projectWorkflowCommands, workflowCommands } from './commands/workflows.ts';
import type { Cli } from './io.ts';
import { withLateOptions } from './late-options.ts';
import { addRunOptions, type RunFlags } from './run-options.ts';

const commands = [
  runCommand,
  workflowCommands,
  commitCommand,
  reviewCommand,
  hooksCommand,
  explainDiffCommand,
  changelogCommand,
  releaseNotesCommand,
  searchCommand,
  indexCommand,
  mapCommand,
  memoryCommand,
  undoCommand,
  sessionsCommand,
  policyCommand,
  trustCommand,
  sandboxCommand,
  initCommand,
  configCommand,
  checksCommand,
  usageCommand,
  modelsCommand,
  secretsCommand,
  mfaCommand,
  auditCommand,
  privacyCommand,
  doctorCommand,
  completionCommand,
  demoCommand,
  helpCommand,
];

/** `llm-copilot -C <folder> <command>`: the command works there. @throws CopilotError exit 2 when there is none */
const moveTo = ({ io }: Cli, folder: string): void => {
  const value = resolve(io.cwd, folder);
  if (statSync(value, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw usageError(`--cd ${folder}: there is no such folder.`);
  Object.defineProperty(io, 'cwd', { value, configurable: true });
};

/** The command tree. Cheap to build: actions load what they need when they run. */
export const buildProgram = async (cli: Cli, version: string): Promise<Command> => {
  const program = new Command('llm-copilot');
  program
    .description('A developer copilot that gathers evidence first and proves what it says.')
    .version(version, '-v, --version')
    .usage('[command] [options]')
    .enablePositionalOptions()
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => cli.io.stdout.write(text),
      // Errors are shown once, by main, in the format that was asked for.
      writeErr: () => undefined,
    });
  program.option('-p, --print', 'do the task given as text, print the answer, exit');
  addRunOptions(program);
  for (const add of commands) add(program, cli);
  // Last: a verb of a project takes no name that is taken.
  await projectWorkflowCommands(program, cli);
  program.hook('preSubcommand', (_program, command) => void withLateOptions(command));
  program.hook('preAction', async (_program, action) => {
    const { cd } = program.opts<{ cd?: string }>();
    // `run` reads it itself, with its own -C beside the program's.
    if (cd !== undefined && action !== program && action.name() !== 'run') moveTo(cli, cd);
    const name = administrativeName(action);
    if (name === undefined) return;
    const { requireAdministrator } = await import('../app/roles.ts');
    await requireAdministrator(cli.io.env, cli.io.cwd, name);
  });
  program.argument('[task...]').action(async (words: string[], flags: RunFlags) => {
    const typed = words.join(' ').trim();
    const [first] = words;
    if (!flags.print) {
      if (typed === '' && !flags.continue && flags.resume === undefined) {
        program.outputHelp();
        return;
      }
      // One plain word is a mistyped command more often than a task.
      if (first !== undefined && words.length <= 2 && /^[\w-]+$/.test(first) && !first.includes(' ')) {
        const guess = nearest(
          first,
          program.commands.map((one) => one.name()),
        );
        const hint = guess === undefined ? 'Tasks of one word go with -p.' : `Did you mean "${guess}"?`;
        throw usageError(`Unknown command "${first}".`, hint);
      }
    }
    const result = await runTask(words, flags, cli);
    cli.exit(result.exitCode);
  });
  return program;
};
