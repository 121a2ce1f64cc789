import { realpathSync } from 'node:fs';
import type { Command } from 'commander';
import { exitCodes, interruptedError, usageError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import type { SecretsPlace } from '../../app/secrets.ts';
import type { Cli } from '../io.ts';
import { terminalSecret } from '../secret-input.ts';

const maxTries = 3;

/** `llm-copilot mfa enroll|status|remove|check`: a second factor for what must not happen by accident. */
export const mfaCommand = (program: Command, cli: Cli): void => {
  const { io } = cli;
  const mfa = program.command('mfa').description('a second factor: codes of an authenticator app');
  const load = () => import('../../app/mfa.ts');
  const open = async (): Promise<SecretsPlace> => {
    const { secretsPlace } = await import('../../app/secrets.ts');
    return secretsPlace(io.env, realpathSync(io.cwd), 'mfa', terminalSecret(io));
  };
  const print = (text: string): unknown => io.stdout.write(`${text}\n`);
  const say = (text: string): unknown => io.stderr.write(`${printable(text)}\n`);
  const askCode = async (): Promise<string | undefined> => {
    const ask = terminalSecret(io);
    if (!ask) return undefined;
    const code = await ask('Code of the app (not shown): ');
    if (code === undefined) throw interruptedError();
    return code;
  };

  mfa
    .command('enroll')
    .description('make a secret for the app and confirm it with a code')
    .option('--code <code>', 'confirm the secret that was made before')
    .action(async (flags: { code?: string }) => {
      const { beginEnrolment, confirmEnrolment } = await load();
      const place = await open();
      const confirm = async (code: string): Promise<boolean> => {
        const { passed, why } = await confirmEnrolment(place, code);
        say(passed ? 'The second factor is enrolled.' : `Not yet: ${why}.`);
        return passed;
      };
      if (flags.code !== undefined) {
        if (!(await confirm(flags.code))) cli.exit(exitCodes.notAchieved);
        return;
      }
      const { secret, uri, created, notices } = await beginEnrolment(place);
      if (created) say(`Made a vault with the key ${created.keyId}.`);
      for (const notice of notices) say(`llm-copilot: ${notice}`);
      print(`${uri}\n${secret}`);
      say('Give the address (as a QR code) or the secret to your app. Neither is shown again.');
      for (let tried = 1; tried <= maxTries; tried += 1) {
        const code = await askCode();
        if (code === undefined) break;
        if (await confirm(code)) return;
      }
      say('It counts once a code confirms it: llm-copilot mfa enroll --code <code>');
    });

  mfa
    .command('status')
    .description('whether a second factor is enrolled')
    .option('--json', 'as JSON')
    .action(async (flags: { json?: boolean }) => {
      const at = (await load()).enrolledAt(io.env);
      if (flags.json) return void print(JSON.stringify({ enrolled: at !== undefined, enrolledAt: at ?? null }));
      print(at === undefined ? 'not enrolled' : `enrolled since ${new Date(at).toISOString()}`);
    });

  mfa
    .command('check <code>')
    .description('try a code; each is taken once')
    .action(async (code: string) => {
      const { passed, why, notices } = await (await load()).checkCodeAt(await open(), code);
      for (const notice of notices) say(`llm-copilot: ${notice}`);
      say(`${passed ? 'Passed' : 'Not passed'}: ${why}.`);
      if (!passed) cli.exit(exitCodes.notAchieved);
    });

  mfa
    .command('remove')
    .description('do without a second factor again; takes a code')
    .option('--code <code>', 'a code of the app, instead of being asked')
    .action(async (flags: { code?: string }) => {
      const { removeEnrolment } = await load();
      const place = await open();
      const code = flags.code ?? (await askCode());
      if (code === undefined) throw usageError('Removing it takes a code.', 'llm-copilot mfa remove --code <code>');
      await removeEnrolment(place, code);
      say('The second factor is removed.');
    });
};
