import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { exitCodes, usageError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import type { LogProblem } from '../../core/session.ts';
import type { ExportRequest } from '../../app/audit.ts';
import type { Cli, Io } from '../io.ts';

interface ExportFlags {
  from?: string;
  to?: string;
  session?: string;
  format: string;
  output?: string;
  sign?: boolean;
}

/** Writes to standard output as fast as it is read; nothing more once nobody reads it. */
export const toStdout =
  ({ stdout }: Io) =>
  async (text: string): Promise<void> => {
    if (stdout.destroyed || stdout.write(text)) return;
    await new Promise<void>((done) => {
      const go = (): void => {
        for (const name of ['drain', 'error', 'close']) stdout.off(name, go);
        done();
      };
      for (const name of ['drain', 'error', 'close']) stdout.on(name, go);
    });
  };

const placeOf = ({ head, session, seq }: LogProblem): string => {
  const parts = [
    ...(head === undefined ? [] : [`head ${head}`]),
    ...(session === undefined ? [] : [`session ${session}`]),
    ...(seq === undefined ? [] : [`event ${seq}`]),
  ];
  return parts.length === 0 ? '' : ` at ${parts.join(', ')}`;
};

const count = (many: number, what: string): string => `${many} ${what}${many === 1 ? '' : 's'}`;

/** `llm-copilot audit verify|export|prune`. */
export const auditCommand = (program: Command, cli: Cli): void => {
  const { io } = cli;
  const print = (text: string): unknown => io.stdout.write(`${text}\n`);
  const say = (text: string): unknown => io.stderr.write(`${text}\n`);
  const load = () => import('../../app/audit.ts');
  const audit = program.command('audit').description('check, export and prune the log of everything that happened');

  const verifyFile = async (path: string, key: string | undefined, json: boolean | undefined): Promise<void> => {
    const { verifyExport } = await load();
    const checked = await verifyExport(io.env, resolve(io.cwd, path), key);
    if (checked.problem !== null) cli.exit(exitCodes.notAchieved);
    if (json) return void print(JSON.stringify({ valid: checked.problem === null, ...checked }));
    if (checked.problem !== null) return void print(`${path}: ${checked.problem}`);
    const { events, signedAt, isOwnKey, head } = checked;
    print(`${path}: ${count(events, 'event')}, as signed on ${new Date(signedAt).toISOString()}`);
    print(
      `key ${checked.fingerprint}: ${isOwnKey ? 'the one of this data folder' : 'not the one of this data folder'}`,
    );
    print(head === null ? 'its head is not in the log here' : `its head is number ${head} of the log here`);
  };

  audit
    .command('verify')
    .description('check every hash of the log, or the signature of an export')
    .option('--head <hash>', 'also that this head, noted elsewhere, is still in it')
    .option('--export <file>', 'check a signed export instead')
    .option('--key <fingerprint>', 'with --export: that this key signed it')
    .option('--json', 'one JSON object')
    .action(async (flags: { head?: string; export?: string; key?: string; json?: boolean }) => {
      if (flags.export !== undefined) return verifyFile(flags.export, flags.key, flags.json);
      if (flags.key !== undefined) throw usageError('--key needs --export.');
      const { verifyAudit } = await load();
      const report = await verifyAudit(io.env, flags.head);
      const { problem, sessions, events, heads, tombstones, unanchored, lastHead } = report;
      if (problem) cli.exit(exitCodes.notAchieved);
      if (flags.json) return void print(JSON.stringify({ whole: problem === null, ...report }));
      if (problem) return void print(`broken${placeOf(problem)}: ${problem.problem}`);
      print(
        `whole: ${count(sessions, 'session')}, ${count(events, 'event')}, ${count(heads, 'head')}, ${count(tombstones, 'tombstone')}; ${count(unanchored, 'event')} not yet in a head`,
      );
      if (lastHead) print(`newest head: ${lastHead.n} ${lastHead.hash}`);
    });

  audit
    .command('export')
    .description('every event in order of time, as lines of JSON or CSV')
    .option('--from <date>', 'from this day or time on (UTC), such as 2026-11-01 or 2026-11-01T12:00Z')
    .option('--to <date>', 'up to and with this day or time')
    .option('--session <id>', 'only what was recorded in this session')
    .option('--format <format>', 'jsonl or csv', 'jsonl')
    .option('--output <file>', 'into a file instead of standard output')
    .option('--sign', 'sign it; with csv the signature goes to <file>.sig')
    .action(async (flags: ExportFlags) => {
      const { format, output, session, sign = false } = flags;
      if (format !== 'jsonl' && format !== 'csv') throw usageError(`--format "${format}" is neither jsonl nor csv.`);
      if (sign && format === 'csv' && output === undefined)
        throw usageError('--sign with csv needs --output: the signature goes to a file beside it.');
      const { exportAudit, exportAuditTo, parseDate } = await load();
      const request: ExportRequest = {
        format,
        sign,
        ...(session === undefined ? {} : { session }),
        ...(flags.from === undefined ? {} : { fromMs: parseDate(flags.from, '--from') }),
        ...(flags.to === undefined ? {} : { beforeMs: parseDate(flags.to, '--to', true) }),
      };
      const done =
        output === undefined
          ? await exportAudit(io.env, request, toStdout(io))
          : await exportAuditTo(io.env, request, resolve(io.cwd, output));
      say(
        `Exported ${count(done.events, 'event')}${done.signedBy === undefined ? '' : `, signed by ${done.signedBy}`}.`,
      );
    });

  audit
    .command('prune')
    .description('delete sessions that are older than audit.retentionDays; tombstones stay')
    .option('--older-than <days>', 'instead of audit.retentionDays')
    .option('--dry-run', 'only say which')
    .option('--json', 'one JSON object')
    .action(async (flags: { olderThan?: string; dryRun?: boolean; json?: boolean }) => {
      const { olderThan, dryRun = false } = flags;
      if (olderThan !== undefined && !/^\d{1,6}(?:\.\d+)?$/.test(olderThan))
        throw usageError(`--older-than "${olderThan}" is no number of days.`);
      const { pruneAudit } = await load();
      const pruned = await pruneAudit(io.env, realpathSync(io.cwd), {
        dryRun,
        ...(olderThan === undefined ? {} : { olderThanDays: Number(olderThan) }),
      });
      if (flags.json) return void print(JSON.stringify({ dryRun, ...pruned }));
      for (const { id, updatedAt, title } of pruned.deleted)
        print(`${id}  ${new Date(updatedAt).toISOString().slice(0, 10)}  ${printable(title)}`);
      for (const { session, neededBy } of pruned.kept)
        say(`${session.id} stays: ${neededBy.join(', ')} ${neededBy.length === 1 ? 'needs' : 'need'} its events.`);
      const verb = dryRun ? 'Would delete' : 'Deleted';
      say(`${verb} ${count(pruned.deleted.length, 'session')} older than ${pruned.olderThanDays} days.`);
    });
};
