import { join } from 'node:path';
import type { Command } from 'commander';
import type { Cli } from '../io.ts';
import { paintFor } from '../render.ts';
import { runTask } from './run.ts';

const task = 'A test fails. Find the cause and fix it.';

/** `llm-copilot demo`: the whole main job on a real repository, with a scripted model and no key. */
export const demoCommand = (program: Command, cli: Cli): void => {
  program
    .command('demo')
    .description('see the main job work here, without any key')
    .option('--keep', 'leave the demo’s folder for a look')
    .action(async (flags: { keep?: boolean }) => {
      const { io } = cli;
      const { demoProject } = await import('../../app/demo.ts');
      const paint = paintFor(io.stdout, io.env);
      const say = (text: string): unknown => io.stdout.write(`${text}\n`);
      const project = await demoProject();
      try {
        say(paint.bold('llm-copilot demo – SCRIPTED MODEL'));
        say('The model’s turns were written beforehand. The repository, the failing test, the tools,');
        say('the permissions, the checks and the verdicts below are real.\n');
        say(`repository: ${project.root}\ntask: ${task}\n`);
        const result = await runTask(
          [task],
          { model: 'demo/scripted', permissionMode: 'auto', cd: project.root },
          {
            ...cli,
            io: {
              ...io,
              stderr: io.stdout,
              env: {
                ...Object.fromEntries(Object.entries(io.env).filter(([name]) => !name.startsWith('LLM_COPILOT_'))),
                XDG_CONFIG_HOME: join(project.home, 'config'),
                LLM_COPILOT_DATA_DIR: join(project.home, 'data'),
              },
            },
          },
        );
        say(`\n${paint.bold('The change:')}\n${await project.diff(io.stdout.isTTY === true && !io.env.NO_COLOR)}`);
        say(paint.bold('Next, in a repository of yours:'));
        say('  export ANTHROPIC_API_KEY=…   (or OPENAI_API_KEY)');
        say('  llm-copilot run --permission-mode auto "fix the failing test"');
        if (flags.keep) say(`\nThe demo’s repository stays in ${project.root}`);
        cli.exit(result.exitCode);
      } finally {
        if (!flags.keep) await project.remove();
      }
    });
};
