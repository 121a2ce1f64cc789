import type { Command } from 'commander';
import { exitCodes, usageError } from '../../base/errors.ts';
import { describeEffect } from '../../core/policy.ts';
import { printable } from '../../base/printable.ts';
import type { Cli } from '../io.ts';
import { configFlags, type RunFlags } from '../run-options.ts';

type Flags = Pick<RunFlags, 'permissionMode' | 'sandbox' | 'trust'> & { json?: boolean; tainted?: boolean };

/** `llm-copilot policy explain|test|list`: what would be allowed, and why, without doing it. */
export const policyCommand = (program: Command, cli: Cli): void => {
  const { io } = cli;
  const print = (text: string): unknown => io.stdout.write(`${text}\n`);
  const policy = program.command('policy').description('what is allowed, asked and denied, and why');
  const withFlags = (command: Command): Command =>
    command
      .option('--permission-mode <mode>', 'as if run with this mode')
      .option('--sandbox <name>', 'as if run in this sandbox')
      .option('--trust', 'as if this folder were trusted')
      .option('--json', 'as JSON');
  const load = () => import('../../app/policy.ts');
  const place = (flags: Flags) => ({
    env: io.env,
    cwd: io.cwd,
    flags: configFlags(flags),
    trust: flags.trust === true,
  });

  withFlags(policy.command('explain <command...>').description('what would happen to a shell command'))
    .option('--tainted', 'as in a run that has read text from outside')
    .passThroughOptions()
    .action(async (words: string[], flags: Flags) => {
      const command = words.join(' ').trim();
      if (command === '') throw usageError('There is no command to explain.');
      const explained = await (await load()).explain(place(flags), command, flags.tainted === true);
      if (flags.json) return void print(JSON.stringify(explained));
      const { verdict, why, rule, origin, enforced, sandbox, effects, hint } = explained;
      print(`${verdict}: ${printable(why)}`);
      for (const effect of effects) print(`  ${printable(describeEffect(effect))}`);
      if (rule !== null) print(`rule: ${rule}${origin === null ? '' : ` (${origin})`}`);
      print(`enforced: ${enforced} (${sandbox})`);
      if (hint !== null && verdict !== 'allow') print(`to allow it: ${printable(hint)}`);
    });

  withFlags(
    policy.command('test [file]').description('check a file of cases, by default .llm-copilot/policy-tests.yaml'),
  ).action(async (file: string | undefined, flags: Flags) => {
    const results = await (await load()).testPolicy(place(flags), file);
    const failed = results.filter((one) => !one.passed);
    if (flags.json) print(JSON.stringify({ passed: results.length - failed.length, failed: failed.length, results }));
    else {
      for (const one of failed)
        print(
          `line ${one.line}: ${printable(one.subject)}: expected ${one.expect}, got ${one.verdict}. ${printable(one.why)}`,
        );
      print(`${results.length - failed.length} of ${results.length} cases hold.`);
    }
    if (failed.length > 0) cli.exit(exitCodes.notAchieved);
  });

  withFlags(policy.command('list').description('every rule in force, and what holds it up')).action(
    async (flags: Flags) => {
      const listing = await (await load()).listPolicy(place(flags));
      if (flags.json) return void print(JSON.stringify(listing));
      for (const notice of listing.notices) io.stderr.write(`llm-copilot: ${notice}\n`);
      print(`mode: ${listing.mode}${listing.role === null ? '' : ` (role ${listing.role})`}`);
      print(`sandbox: ${listing.sandbox}`);
      for (const { text, origin, reason, enforced } of listing.rules)
        print(`${text}  # ${enforced}${origin === null ? '' : `, ${origin}`}${reason === null ? '' : `: ${reason}`}`);
      for (const { text, origin } of listing.limits) print(`${text}${origin === null ? '' : `  # ${origin}`}`);
      print('Always denied but in mode bypass: see "llm-copilot help permissions".');
    },
  );
};
