import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { buildProgram, memorySetup } from '../support/memory-setup.ts';

const rounds = Number(process.env.KILL_ROUNDS ?? 30);
const signal = new AbortController().signal;

it(`${rounds} kills while something is remembered: nothing acknowledged is lost, and nothing is half there`, async () => {
  const at = memorySetup();
  try {
    const program = await buildProgram('memory-writer', at.root);
    const acknowledged = new Set<string>();
    let midway = 0;
    for (let round = 0; round < rounds; round += 1) {
      const line = join(at.root, `line-${round}`);
      mkdirSync(line);
      const child = spawn(process.execPath, [program, at.root, line, '1', `round${round}`, '100000'], {
        env: at.env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let said = '';
      let isArmed = false;
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        said += chunk;
        if (isArmed) return;
        isArmed = true;
        setTimeout(() => child.kill('SIGKILL'), Math.random() * 120);
      });
      const ended = await new Promise<NodeJS.Signals | null>((resolve) =>
        child.on('close', (_, killed) => {
          resolve(killed);
        }),
      );
      if (ended === 'SIGKILL') midway += 1;
      // A line that was cut off was never read by anybody.
      for (const row of said.split('\n').slice(0, -1)) acknowledged.add(row.split(' ')[0] ?? '');
      const memory = await at.open();
      const there = new Set(memory.list().map(({ id }) => id));
      expect([...acknowledged].filter((id) => !there.has(id))).toEqual([]);
      const report = await memory.verify(signal);
      expect(report).toMatchObject({ ok: true, wordsMended: false, vectorsMissing: 0, vectorsMade: 0 });
      await memory.close();
    }
    console.log(`${acknowledged.size} items acknowledged, ${midway} of ${rounds} killed midway`);
    expect(midway).toBe(rounds);
    expect(acknowledged.size).toBeGreaterThan(rounds);
  } finally {
    await at.remove();
  }
});
