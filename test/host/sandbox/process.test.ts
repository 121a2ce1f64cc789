import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { isToolError } from '../../../src/core/tool.ts';
import { outputKeeper, unfinishedBytes } from '../../../src/host/sandbox/output.ts';
import { isRunning, startProcess, waitFor, type ProcessOptions } from '../../../src/host/sandbox/process.ts';

const folder = mkdtempSync(join(tmpdir(), 'process-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const options = (more: Partial<ProcessOptions> = {}): ProcessOptions => ({
  cwd: folder,
  env: process.env,
  newFile: () => join(folder, `output-${(files += 1)}`),
  ...more,
});
const never = new AbortController().signal;
const run = (command: string | readonly string[], more?: Partial<ProcessOptions>, signal = never) =>
  waitFor(startProcess(command, options(more)), signal);
const gone = async (pid: number): Promise<boolean> => {
  for (let tries = 0; tries < 100; tries += 1) {
    // A killed process whose parent has not reaped it is as good as gone.
    if (!isRunning(pid) || readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
};
/** Starts a grandchild whose id it prints first. */
const withGrandchild = (rest: string) => `sleep 60 & echo $!; ${rest}`;

describe('a command', () => {
  it('ends with its exit code, its output in the order it was written, and its duration', async () => {
    const result = await run('for i in 1 2 3; do echo out $i; echo err $i >&2; done; exit 3');
    expect(result).toMatchObject({ exitCode: 3, signal: null, timedOut: false });
    expect(result.output).toBe('out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n');
    expect(result.outputBytes).toBe(result.output.length);
    expect(result.durationMs).toBeGreaterThan(0);
    expect(result).not.toHaveProperty('outputFile');
  });

  it('runs in bash with the environment and the folder it was given', async () => {
    const result = await run('[[ -n $BASH_VERSION ]] && echo "$GREETING $PWD"', {
      env: { ...process.env, GREETING: 'hi' },
    });
    expect(result.output).toBe(`hi ${folder}\n`);
  });

  it('runs an array without a shell', async () => {
    expect((await run(['printf', '%s|', 'a b', '$HOME', '*'])).output).toBe('a b|$HOME|*|');
  });

  it('reads an empty stdin', async () => {
    expect(await run('cat; echo read $?')).toMatchObject({ output: 'read 0\n', exitCode: 0 });
  });

  it('names the signal that ended it', async () => {
    expect(await run('kill -KILL $$')).toMatchObject({ exitCode: null, signal: 'SIGKILL', timedOut: false });
  });

  it('fails with a ToolError when the program or the folder does not exist', async () => {
    await expect(run(['no-such-program'])).rejects.toThrow(/cannot start no-such-program .*ENOENT/);
    await expect(run('true', { cwd: join(folder, 'nowhere') })).rejects.toSatisfy(isToolError);
    const failed = startProcess(['no-such-program'], options());
    failed.kill();
    failed.destroy();
    expect([failed.isAlive(), failed.outputFile()]).toEqual([false, undefined]);
    await expect(failed.done).rejects.toSatisfy(isToolError);
  });

  it('fails with a ToolError when an argument holds a null byte', () => {
    expect(() => startProcess(['echo', 'a\0b'], options())).toThrow(/cannot start echo/);
  });

  it('leaves no listeners and no timers behind', async () => {
    const before = process.listenerCount('exit');
    const controller = new AbortController();
    await run('true', { timeoutMs: 60_000 }, controller.signal);
    expect(process.listenerCount('exit')).toBe(before);
    controller.abort();
  });
});

describe('output', () => {
  it('streams as it comes and never splits a character', async () => {
    const chunks: string[] = [];
    const result = await run(
      [
        process.execPath,
        '-e',
        `const b = Buffer.from('aä€😀z'); let i = 0;
        const t = setInterval(() => { if (i < b.length) process.stdout.write(b.subarray(i, ++i)); else clearInterval(t); }, 3);`,
      ],
      { onOutput: (chunk) => chunks.push(chunk) },
    );
    expect(chunks.join('')).toBe('aä€😀z');
    expect(chunks.length).toBeGreaterThan(2);
    expect(result.output).toBe('aä€😀z');
    expect(result.outputBytes).toBe(11);
  });

  it('passes on the bytes of a character that never came whole', async () => {
    expect(await run(String.raw`printf 'a\xe2\x82'`)).toMatchObject({ output: 'a\uFFFD', outputBytes: 3 });
  });

  it('keeps head and tail when it is long, and the whole in a file', async () => {
    const result = await run('seq 1 20000', { maxOutputBytes: 1000 });
    const whole = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join('');
    expect(result.outputBytes).toBe(whole.length);
    expect(readFileSync(result.outputFile!, 'utf8')).toBe(whole);
    expect(result.output).toMatch(/^1\n2\n/);
    expect(result.output).toMatch(/19999\n20000\n$/);
    expect(result.output).toContain(`\n… 107 894 bytes left out; the whole output is in ${result.outputFile} …\n`);
    expect(result.output.length).toBeLessThan(1200);
  });

  it('stays bounded in memory with 100 MB on one line', async () => {
    const before = process.memoryUsage().rss;
    const result = await run(`head -c 100000000 /dev/zero | tr '\\0' x`);
    expect(result.outputBytes).toBe(100_000_000);
    expect(result.output.length).toBeLessThan(30_200);
    expect(process.memoryUsage().rss - before).toBeLessThan(60_000_000);
  });

  it('cuts between characters', async () => {
    const result = await run(`for i in $(seq 1 3000); do printf '€'; done`, { maxOutputBytes: 1000 });
    expect(result.output).not.toContain('\uFFFD');
    expect(result.output).toMatch(/^€{166}\n… 8 004 bytes left out.* …\n€{166}$/);
  });

  it('says that nothing was kept when the file cannot be written', () => {
    const keeper = outputKeeper(10, () => join(folder, 'nowhere', 'file'));
    keeper.add(Buffer.from('0123456789abcdefghij'));
    keeper.add(Buffer.from('klmno'));
    expect(keeper.text()).toBe('01234\n… 15 bytes left out …\nklmno');
    expect(keeper.file()).toBeUndefined();
    keeper.end();
  });

  it('says how much the file holds when it would fill the disk', () => {
    const path = join(folder, 'capped');
    const keeper = outputKeeper(10, () => path, 15);
    keeper.add(Buffer.from('0123456789ab'));
    keeper.add(Buffer.from('cdefghij'));
    keeper.add(Buffer.from('klmno'));
    keeper.end();
    expect(readFileSync(path, 'utf8')).toBe('0123456789abcde');
    expect(keeper.text()).toBe(`01234\n… 15 bytes left out; the first 15 bytes are in ${path} …\nklmno`);
  });

  it('needs no file when another keeper has one', () => {
    const keeper = outputKeeper(10);
    for (const letter of 'abcdefghijklmnopqrstuvwxyz') keeper.add(Buffer.from(letter));
    expect(keeper.text()).toBe('abcde\n… 16 bytes left out …\nvwxyz');
    expect(keeper.text('/tmp/all')).toContain('the whole output is in /tmp/all');
  });

  it.each([
    ['', 0],
    ['a', 0],
    ['ä', 0],
    ['€', 0],
    ['😀', 0],
  ])('knows that %j is whole', (text, open) => {
    expect(unfinishedBytes(Buffer.from(text))).toBe(open);
  });

  it('counts the bytes of a character that is not whole, and takes stray bytes as they are', () => {
    const cut = (text: string, length: number) => unfinishedBytes(Buffer.from(text).subarray(0, length));
    expect([cut('ä', 1), cut('€', 1), cut('€', 2), cut('😀', 1), cut('😀', 3)]).toEqual([1, 1, 2, 1, 3]);
    expect(unfinishedBytes(Buffer.from([0x80, 0x80, 0x80, 0x80]))).toBe(0);
  });
});

describe.concurrent('killing', () => {
  it('ends the whole group after the time limit, grandchildren too', async () => {
    const result = await run(withGrandchild('wait'), { timeoutMs: 600 });
    expect(result).toMatchObject({ timedOut: true, exitCode: null, signal: 'SIGTERM' });
    expect(result.durationMs).toBeLessThan(20_000);
    expect(await gone(Number.parseInt(result.output, 10))).toBe(true);
  });

  it('lets a command clean up on SIGTERM', async () => {
    const result = await run(`trap 'echo cleaned; exit 5' TERM; sleep 60 & wait`, { timeoutMs: 600 });
    expect(result).toMatchObject({ timedOut: true, exitCode: 5, output: 'cleaned\n' });
  });

  it('kills a command that ignores SIGTERM two seconds later', async () => {
    const result = await run(`trap '' TERM; while :; do sleep 0.1; done`, { timeoutMs: 50 });
    expect(result).toMatchObject({ timedOut: true, signal: 'SIGKILL' });
    expect(result.durationMs).toBeGreaterThan(1900);
    expect(result.durationMs).toBeLessThan(20_000);
  });

  it('kills a grandchild that ignores SIGTERM once the command itself is gone', async () => {
    const result = await run(`(trap '' TERM; echo $BASHPID; while :; do sleep 0.1; done) & wait`, { timeoutMs: 600 });
    expect(await gone(Number.parseInt(result.output, 10))).toBe(true);
  });

  it('rejects with the reason of an abort when the group is gone', async () => {
    const controller = new AbortController();
    let grandchild = 0;
    const reason = new Error('enough');
    const onOutput = (chunk: string) => {
      grandchild = Number.parseInt(chunk, 10);
      controller.abort(reason);
    };
    await expect(run(withGrandchild('wait'), { onOutput }, controller.signal)).rejects.toBe(reason);
    expect(await gone(grandchild)).toBe(true);
  });

  it('rejects when the signal was aborted before', async () => {
    await expect(run('sleep 60', {}, AbortSignal.abort(new Error('early')))).rejects.toThrow('early');
  });

  it('does not wait for a process left behind that holds the pipe, and can end it later', async () => {
    const running = startProcess(withGrandchild('exit 0'), options());
    const result = await running.done;
    expect(result.exitCode).toBe(0);
    expect(result.durationMs).toBeLessThan(20_000);
    expect(running.isAlive()).toBe(true);
    running.kill();
    running.destroy();
    expect(await gone(Number.parseInt(result.output, 10))).toBe(true);
  });

  it('kills running groups when this process exits', async () => {
    const script = join(folder, 'exits.ts');
    const processModule = new URL('../../../src/host/sandbox/process.ts', import.meta.url).pathname;
    const bundle = join(folder, 'exits.mjs');
    writeFileSync(
      script,
      `import { startProcess } from '${processModule}';
       startProcess('sleep 60 & echo $! $$; wait', { cwd: '/', env: process.env, newFile: () => '/dev/null',
         onOutput: (text) => { process.stdout.write(text, () => process.exit(0)); } });`,
    );
    const { buildSync } = await import('esbuild');
    buildSync({ entryPoints: [script], bundle: true, platform: 'node', format: 'esm', outfile: bundle });
    const child = spawn(process.execPath, [bundle], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await new Promise((resolve) => child.once('close', resolve));
    const pids = output.trim().split(' ').map(Number);
    expect(pids).toHaveLength(2);
    for (const pid of pids) expect(await gone(pid)).toBe(true);
  });
});
