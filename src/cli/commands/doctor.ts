import { realpathSync } from 'node:fs';
import type { Command } from 'commander';
import { exitCodes } from '../../base/errors.ts';
import type { Cli } from '../io.ts';
import { paintFor } from '../render.ts';

const marks = { ok: '✓', warn: '!', fail: '✗' } as const;

/** `llm-copilot doctor`: what works on this machine and what does not. Exit 3 when the main job could not run. */
export const doctorCommand = (program: Command, cli: Cli): void => {
  const { io, plugins } = cli;
  program
    .command('doctor')
    .description('check this machine')
    .option('--json', 'as JSON')
    .action(async (flags: { json?: boolean }) => {
      const { examine } = await import('../../app/doctor.ts');
      const terminal = io.stdin.isTTY === true && io.stderr.isTTY === true;
      const findings = await examine(io.env, realpathSync(io.cwd), plugins, terminal);
      const paint = paintFor(io.stdout, io.env);
      const colours = { ok: paint.green, warn: paint.yellow, fail: paint.red };
      const ok = findings.every((finding) => finding.state !== 'fail');
      if (flags.json) io.stdout.write(`${JSON.stringify({ ok, findings })}\n`);
      else
        for (const { name, state, detail } of findings)
          io.stdout.write(`${colours[state](marks[state])} ${name}: ${detail}\n`);
      if (!ok) cli.exit(exitCodes.config);
    });
};
