import type { Command } from 'commander';
import { builtInVerbs } from '../../app/workflows/verbs.ts';
import { workflowFolder } from '../../app/workflows/workflow-folder.ts';
import { usageError } from '../../base/errors.ts';
import { printableName } from '../../base/printable.ts';
import type { WorkflowDefinition, WorkflowVerb } from '../../core/workflow-definition.ts';
import type { Cli } from '../io.ts';
import { addLate } from '../late-options.ts';
import { addRunOptions, type RunFlags } from '../run-options.ts';
import { runTask } from './run.ts';

const camel = (name: string): string => name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

const addVerb = (program: Command, cli: Cli, verb: WorkflowVerb, load: () => Promise<WorkflowDefinition>): void => {
  const command = program.command(verb.name).description(printableName(verb.summary));
  const usage = verb.arguments.map(({ name, required }) => {
    const word = name === 'targets' ? 'file...' : 'what to do...';
    return required ? `<${word}>` : `[${word}]`;
  });
  command
    .usage(`[options] ${usage.join(' ')}`)
    .argument('[words...]', 'files first (also file:10-20, file#name), then what to do');
  addLate(command, () => {
    addRunOptions(command);
    const known = new Set(command.options.map((option) => option.attributeName()));
    for (const { name, value, description } of verb.flags.filter((flag) => !known.has(camel(flag.name))))
      command.option(value === undefined ? `--${name}` : `--${name} <${value}>`, printableName(description));
  });
  command.action(async (words: string[], flags: RunFlags & Record<string, unknown>) => {
    if (words.includes('-')) throw usageError(`${verb.name} takes no "-".`, 'What is piped in is read anyway.');
    const definition = await load();
    const own = Object.fromEntries(
      definition.flags.map(({ name }) => {
        const value = flags[camel(name)];
        return [name, typeof value === 'string' || typeof value === 'boolean' ? value : undefined];
      }),
    );
    const all = { ...command.parent?.opts<RunFlags>(), ...flags };
    const result = await runTask([verb.name, ...words], all, cli, async (options) => {
      const { prepareWorkflow } = await import('../../app/workflows/run-workflow.ts');
      return prepareWorkflow(definition, words, own, options);
    });
    cli.exit(result.exitCode);
  });
};

/** The code workflows as commands: `generate`, `refactor`, `optimize`, `debug`, `explain`, `test`, `document`, `plan`. */
export const workflowCommands = (program: Command, cli: Cli): void => {
  for (const verb of builtInVerbs)
    addVerb(program, cli, verb, async () => {
      const { builtInWorkflow } = await import('../../app/workflows/run-workflow.ts');
      return builtInWorkflow(verb.name);
    });
};

/** The workflows a trusted project brings. Registered after all other commands, whose names they cannot take. */
export const projectWorkflowCommands = async (program: Command, cli: Cli): Promise<void> => {
  let cwd: string;
  try {
    ({ cwd } = cli.io);
  } catch {
    // A folder that is gone: whatever needs one says so.
    return;
  }
  if (workflowFolder(cwd) === undefined) return;
  const { projectWorkflows } = await import('../../app/workflows/project-verbs.ts');
  const taken = new Set(['help', ...program.commands.flatMap((one) => [one.name(), ...one.aliases()])]);
  for (const workflow of projectWorkflows(cli.io.env, cwd)) {
    if (taken.has(workflow.name)) continue;
    if ('error' in workflow) {
      const { error } = workflow;
      const broken = program.command(workflow.name).description('(its file cannot be used)').allowUnknownOption();
      broken.argument('[words...]').action(() => {
        throw error;
      });
      continue;
    }
    const { definition } = workflow;
    addVerb(program, cli, definition, async () => definition);
  }
};
