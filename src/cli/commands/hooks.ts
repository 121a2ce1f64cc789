import type { Command } from 'commander';
import { usageError } from '../../base/errors.ts';
import { printable, printableName } from '../../base/printable.ts';
import type { Cli } from '../io.ts';
import { jsonLine } from '../json-line.ts';
import { paintFor } from '../render.ts';

interface InstallFlags {
  hook?: string[];
  all?: boolean;
  shared?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

const ways = {
  new: 'new file',
  block: 'lines in front of what is there; that runs first',
  beside: 'what was there is kept beside; it runs first',
  lefthook: 'by lefthook',
  kept: 'installed before',
} as const;

const hows = {
  restored: 'as it was before',
  removed: 'removed; there was none before',
  cut: 'changed since, so only the lines of llm-copilot were taken out',
  left: 'left alone: it holds nothing of llm-copilot any more',
} as const;

const states = {
  installed: 'installed',
  idle: 'does nothing',
  gone: 'gone',
  none: 'not installed',
} as const;

const collect = (word: string, before: string[] = []): string[] => [...before, word];

const namesFrom = async (words: readonly string[] | undefined) => {
  const { hookNames, isHookName } = await import('../../app/hooks/names.ts');
  return {
    hookNames,
    chosen: words?.map((word) => {
      if (isHookName(word)) return word;
      throw usageError(`There is nothing to do in a hook "${word}".`, `Hooks: ${hookNames.join(', ')}.`);
    }),
  };
};

/** `llm-copilot hooks install|uninstall|status|run`. */
export const hooksCommand = (program: Command, cli: Cli): void => {
  const { io } = cli;
  const print = (text: string): unknown => io.stdout.write(`${text}\n`);
  const say = (text: string): unknown => io.stderr.write(`${text}\n`);
  const hooks = program
    .command('hooks')
    .description('git hooks that review, draft and check, beside those that are there');

  hooks
    .command('install')
    .description('make git run llm-copilot, after the hooks that are there')
    .option('--hook <name>', 'only this one (repeatable)', collect)
    .option('--all', 'prepare-commit-msg as well, which puts a draft into the editor')
    .option('--shared', 'also where core.hooksPath serves all your repositories')
    .option('--dry-run', 'say what would be done')
    .option('--json', 'as JSON')
    .action(async (flags: InstallFlags) => {
      const [{ hookNames, chosen }, { installHooks }] = await Promise.all([
        namesFrom(flags.hook),
        import('../../app/hooks/install.ts'),
      ]);
      const report = await installHooks({
        ...{ env: io.env, cwd: io.cwd, dryRun: flags.dryRun, shared: flags.shared },
        hooks: chosen ?? (flags.all ? hookNames : undefined),
      });
      if (flags.json) return void io.stdout.write(jsonLine({ ...report, dryRun: flags.dryRun ?? false }));
      for (const { hook, path, way, manager } of report.hooks)
        print(`${hook.padEnd(20)}${printableName(path)}  # ${manager ? `${manager}: ` : ''}${ways[way]}`);
      for (const note of report.notes) say(printable(note));
      if (flags.dryRun) say('Nothing was changed.');
      else
        say(
          'To take them out: llm-copilot hooks uninstall. To go round them once: --no-verify, or LLM_COPILOT_SKIP_HOOKS=1.',
        );
    });

  hooks
    .command('uninstall')
    .description('take llm-copilot out of git’s hooks; they are as before, to the byte')
    .option('--hook <name>', 'only this one (repeatable)', collect)
    .option('--json', 'as JSON')
    .action(async (flags: { hook?: string[]; json?: boolean }) => {
      const [{ chosen }, { uninstallHooks }] = await Promise.all([
        namesFrom(flags.hook),
        import('../../app/hooks/uninstall.ts'),
      ]);
      const removed = await uninstallHooks(io.env, io.cwd, chosen);
      if (flags.json) return void io.stdout.write(jsonLine(removed));
      for (const { hook, path, how, kept } of removed) {
        print(`${hook.padEnd(20)}${printableName(path)}  # ${hows[how]}`);
        if (kept !== undefined) say(`What was there before is still in ${printableName(kept)}.`);
      }
      if (removed.length === 0) say('No hook of llm-copilot is installed here.');
    });

  hooks
    .command('status')
    .description('which hooks are installed, and whether they work')
    .option('--json', 'as JSON')
    .action(async (flags: { json?: boolean }) => {
      const { hooksStatus } = await import('../../app/hooks/status.ts');
      const report = await hooksStatus(io.env, io.cwd);
      if (flags.json) return void io.stdout.write(jsonLine(report));
      const paint = paintFor(io.stdout, io.env);
      for (const { hook, state, manager, others, note } of report.hooks) {
        const beside = manager ?? (others ? 'another hook' : undefined);
        const more =
          note ?? (beside === undefined ? '' : state === 'installed' ? `after ${beside}` : `${beside} is there`);
        const word = states[state].padEnd(15);
        const shown = state === 'installed' ? paint.green(word) : state === 'none' ? paint.dim(word) : paint.red(word);
        print(`${hook.padEnd(20)}${shown}${more}`.trimEnd());
      }
      for (const note of report.notes) say(printableName(note));
    });

  hooks
    .command('run <hook> [args...]')
    .description('do what a hook does; git’s hooks call it')
    .allowUnknownOption()
    .action(async (name: string, args: string[]) => {
      const [{ chosen = [] }, { hookProcess }] = await Promise.all([namesFrom([name]), import('../hook-process.ts')]);
      for (const hook of chosen)
        cli.exit(await hookProcess(io, hook, args, program.version() ?? '', async () => cli.plugins));
    });
};
