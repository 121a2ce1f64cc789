import { readFileSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { exitCodes, interruptedError, messageOf, usageError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import type { SecretsPlace } from '../../app/secrets.ts';
import type { Cli } from '../io.ts';
import { readInput, terminalSecret, utf8 } from '../secret-input.ts';

/** More than any value or file of values; what is too long for one secret gets an error that says so. */
const maxInputBytes = 4 * 1024 * 1024;

const maxScanBytes = 64 * 1024 * 1024;

const whereKeyIs = {
  env: 'is in the variable LLM_COPILOT_VAULT_KEY',
  keychain: 'is in your keychain',
  passphrase: 'is made from your passphrase, which nobody can bring back: keep it safe',
} as const;

const refuseArguments = (command: Command, most: number): void => {
  if (command.args.length > most)
    throw usageError(
      'A value is never an argument: other users see it in the list of processes, and your shell keeps it in its history.',
      'Pipe it in, or leave it out and be asked. If that was the real one, change it where it was issued.',
    );
};

/** `llm-copilot secrets set|get|list|rm|rotate|import|scan`. */
export const secretsCommand = (program: Command, cli: Cli): void => {
  const { io } = cli;
  const secrets = program
    .command('secrets')
    .description('keep API keys and tokens encrypted; find some where they should not be');
  const load = () => import('../../app/secrets.ts');
  const open = async (): Promise<SecretsPlace> =>
    (await load()).secretsPlace(io.env, realpathSync(io.cwd), 'secrets', terminalSecret(io));
  const print = (text: string): unknown => io.stdout.write(`${text}\n`);
  const say = (text: string): unknown => io.stderr.write(`${printable(text)}\n`);
  const sayAll = (notices: readonly string[]): void => {
    for (const notice of notices) say(`llm-copilot: ${notice}`);
  };
  const sayCreated = (created: { keyId: string; keySource: keyof typeof whereKeyIs } | undefined): void => {
    if (created) say(`Made a vault; its key ${created.keyId} ${whereKeyIs[created.keySource]}.`);
  };
  const scopesOf = (list: string | undefined): string[] | undefined =>
    list
      ?.split(',')
      .map((one) => one.trim())
      .filter((one) => one !== '');

  const readValue = async (name: string): Promise<string> => {
    const ask = terminalSecret(io);
    if (ask) {
      const value = await ask(`Value of ${name} (not shown): `);
      if (value === undefined) throw interruptedError();
      return value;
    }
    if (io.stdin.isTTY) throw usageError('There is no terminal on standard error to ask on.', 'Pipe the value in.');
    return (await readInput(io.stdin, maxInputBytes)).replace(/\r?\n$/, '');
  };

  secrets
    .command('set <name>')
    .description('keep a value, which is asked for or piped in')
    .option('--scope <plugins>', 'who may read it, separated by commas; * is every plugin')
    .allowExcessArguments()
    .action(async (name: string, flags: { scope?: string }, command: Command) => {
      refuseArguments(command, 1);
      const { checkSecret, setSecret } = await load();
      const place = await open();
      checkSecret(place, name, false);
      const options = { scopes: scopesOf(flags.scope), plugins: cli.plugins };
      const { created, scopes, notices } = await setSecret(place, name, await readValue(name), options);
      sayCreated(created);
      say(
        `Set ${name}${scopes.length > 0 ? ` for ${scopes.includes('*') ? 'every plugin' : scopes.join(', ')}` : ''}.`,
      );
      sayAll(notices);
    });

  secrets
    .command('get <name>')
    .description('print a value; that it was read is recorded')
    .action(async (name: string) => {
      const { value, notices } = await (await load()).getSecret(await open(), name);
      print(value);
      sayAll(notices);
    });

  secrets
    .command('list')
    .description('names, who may read them and how old they are; never values')
    .option('--json', 'as JSON')
    .action(async (flags: { json?: boolean }) => {
      const { secrets: all, notices } = (await load()).listSecrets(await open());
      sayAll(notices);
      if (flags.json)
        return void print(
          JSON.stringify(
            all.map(({ name, scopes, setAt, days, state }) => ({ name, scopes, setAt, ageDays: days, state })),
          ),
        );
      if (all.length === 0) io.stderr.write('No secrets yet.\n');
      for (const { name, scopes, days, state } of all)
        print(
          `${name}  ${scopes.join(',') || 'nobody'}  ${days} ${days === 1 ? 'day' : 'days'}${state === 'ok' ? '' : `  # ${state}`}`,
        );
    });

  secrets
    .command('rm <names...>')
    .description('remove secrets')
    .action(async (names: string[]) => {
      const { notices } = await (await load()).removeSecrets(await open(), names);
      say(`Removed ${names.join(', ')}.`);
      sayAll(notices);
    });

  secrets
    .command('rotate [name]')
    .description('change a value; without a name: encrypt everything anew under another key')
    .allowExcessArguments()
    .action(async (name: string | undefined, _flags: object, command: Command) => {
      refuseArguments(command, 1);
      const { checkSecret, rekeyVault, rotateSecret } = await load();
      const place = await open();
      if (name === undefined) {
        const { keyId, keySource, notices } = await rekeyVault(place);
        say(`Everything is encrypted under the new key ${keyId}. It ${whereKeyIs[keySource]}.`);
        if (keySource === 'env') say('Set that variable to the new key now: the old one opens nothing any more.');
        sayAll(notices);
        return;
      }
      checkSecret(place, name, true);
      const { notices } = await rotateSecret(place, name, await readValue(name));
      say(`Changed ${name}.`);
      sayAll(notices);
    });

  secrets
    .command('import [file]')
    .description('keep what a .env file or a JSON object holds; - is standard input')
    .option('--scope <plugins>', 'who may read them, separated by commas; * is every plugin')
    .action(async (file: string | undefined, flags: { scope?: string }) => {
      const isFile = file !== undefined && file !== '-';
      if (!isFile && io.stdin.isTTY) throw usageError('What should be imported?', 'Name a file, or pipe it in.');
      const text = isFile ? readText(resolve(io.cwd, file)) : await readInput(io.stdin, maxInputBytes);
      const { importSecrets } = await load();
      const options = { scopes: scopesOf(flags.scope), plugins: cli.plugins };
      const { created, taken, skipped, notices } = await importSecrets(await open(), text, options);
      sayCreated(created);
      say(taken.length > 0 ? `Took ${taken.join(', ')}.` : 'Took nothing.');
      for (const { name, why } of skipped) say(`Skipped ${name}: ${why}.`);
      if (isFile && taken.length > 0) say(`${file} still holds them for everybody who can read it.`);
      sayAll(notices);
    });

  secrets
    .command('scan [path...]')
    .description('look for secrets in files (- for standard input); exit 1 when there are any')
    .option('--json', 'as JSON')
    .action(async (paths: string[], flags: { json?: boolean }) => {
      const { scanFiles, scanText } = await import('../../app/scan.ts');
      const isPiped = paths.length === 1 && paths[0] === '-';
      const report = isPiped ? scanText(await readInput(io.stdin, maxScanBytes)) : await scanFiles(io.cwd, paths);
      const { findings, files, binary, skipped } = report;
      if (flags.json) print(JSON.stringify(report));
      else
        for (const { path, line, column, rule, redacted, confidence } of findings)
          print(
            `${printable(path).replaceAll('\n', '\\n')}:${line}:${column}  ${rule}  ${redacted}${confidence === 'high' ? '' : '  (likely)'}`,
          );
      for (const one of skipped) say(`llm-copilot: ${one}; it was not looked at.`);
      const where = new Set(findings.map((one) => one.path)).size;
      say(
        `${findings.length === 0 ? 'No secrets' : `${findings.length} ${findings.length === 1 ? 'secret' : 'secrets'} in ${where}`} of ${files} files${binary > 0 ? `; ${binary} binary files were left out` : ''}.`,
      );
      if (findings.length > 0) cli.exit(exitCodes.notAchieved);
    });
};

const readText = (path: string): string => {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw usageError(`${path} cannot be read: ${messageOf(error)}`);
  }
  if (bytes.length > maxInputBytes) throw usageError(`${path} is too large to be a list of secrets.`);
  return utf8(bytes, path);
};
