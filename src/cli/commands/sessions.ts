import { realpathSync } from 'node:fs';
import type { Command } from 'commander';
import type { SessionInfo, SessionStore } from '../../core/session.ts';
import { callsOf, textOf } from '../../core/message.ts';
import { printable } from '../../base/printable.ts';
import type { Cli } from '../io.ts';
import { paintFor } from '../render.ts';

const withStore = async (cli: Cli, use: (store: SessionStore) => void): Promise<void> => {
  const { openSessions } = await import('../../app/sessions.ts');
  const store = openSessions(cli.io.env);
  try {
    use(store);
  } finally {
    store.close();
  }
};

const line = (info: SessionInfo): string =>
  `${info.id}  ${new Date(info.updatedAt).toISOString().slice(0, 16).replace('T', ' ')}  ${String(info.events).padStart(5)} events  ${printable(info.title)}`;

/** `llm-copilot sessions list|show|export|delete|verify`. */
export const sessionsCommand = (program: Command, cli: Cli): void => {
  const { io } = cli;
  const sessions = program.command('sessions').description('list, show, export and delete recorded sessions');
  const print = (text: string): unknown => io.stdout.write(`${text}\n`);

  sessions
    .command('list')
    .description('sessions of this folder, newest first')
    .option('--all', 'of every folder')
    .option('--journals', 'instead what was changed outside of runs')
    .option('--json', 'as JSON')
    .action((flags: { all?: boolean; journals?: boolean; json?: boolean }) =>
      withStore(cli, (store) => {
        const kind = flags.journals ? 'journal' : 'task';
        const list = store.list({ kind, ...(flags.all ? {} : { root: realpathSync(io.cwd) }) });
        if (flags.json) print(JSON.stringify(list));
        else if (list.length === 0) io.stderr.write(flags.journals ? 'No journals yet.\n' : 'No sessions yet.\n');
        else for (const info of list) print(line(info));
      }),
    );

  sessions
    .command('show <id>')
    .description('the conversation of a session')
    .action((id: string) =>
      withStore(cli, (store) => {
        const info = store.find(id);
        const paint = paintFor(io.stdout, io.env);
        print(line(info));
        for (const event of store.read(info.id)) {
          if (info.kind === 'journal') {
            const { run: _run, session: _session, seq: _seq, at: _at, hash: _hash, type, ...what } = event;
            print(`  ${type} ${printable(JSON.stringify(what))}`);
          } else if (event.type === 'message.added') {
            const { role, content } = event.message;
            const words = printable(textOf(content)).trim();
            if (words !== '') print(`\n${paint.bold(role)}: ${words}`);
            for (const call of callsOf(content))
              print(paint.dim(`  › ${call.name} ${printable(JSON.stringify(call.input)).slice(0, 200)}`));
          } else if (event.type === 'tool.decided' && event.verdict === 'deny')
            print(`  ✗ ${event.tool}: ${printable(event.why)}`);
          else if (event.type === 'claim.judged')
            print(`  ${event.claim.verdict.toUpperCase()} ${event.claim.kind}: ${printable(event.claim.evidence)}`);
          else if (event.type === 'run.finished')
            print(
              paint.dim(`  ${event.status} after ${event.turns} turns${event.error ? `: ${event.error.message}` : ''}`),
            );
        }
      }),
    );

  sessions
    .command('export <id>')
    .description('every event as one line of JSON')
    .action((id: string) =>
      withStore(cli, (store) => {
        for (const event of store.read(store.find(id).id)) print(JSON.stringify(event));
      }),
    );

  sessions
    .command('verify <id>')
    .description('check the hash chain')
    .action((id: string) =>
      withStore(cli, (store) => {
        const info = store.find(id);
        const problem = store.verify(info.id);
        if (!problem) return void print(`${info.id}: ${info.events} events, chain whole`);
        print(`${info.id}: broken at event ${problem.seq}: ${problem.problem}`);
        cli.exit(1);
      }),
    );

  sessions
    .command('delete <id>')
    .description('delete a session; a tombstone with its last hash stays')
    .action((id: string) =>
      withStore(cli, (store) => {
        const info = store.find(id);
        store.delete(info.id);
        io.stderr.write(`Deleted ${info.id} (${info.events} events).\n`);
      }),
    );
};
