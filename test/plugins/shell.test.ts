import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { shell } from '../../plugins/shell/shell.ts';
import { isBinary, plain } from '../../plugins/shell/shown.ts';
import { isRunning } from '../../src/host/sandbox/process.ts';
import { noCode, noMemory, noWeb } from '../../src/testing.ts';
import { toolBench } from '../support/tool-bench.ts';

const bench = toolBench();
afterAll(() => bench.close());
const run = (command: string, more: object = {}) => bench.call(shell, { command, ...more });
const until = async (done: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 200 && !done(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(done()).toBe(true);
};

describe('a command', () => {
  it('answers with its output and exit code', async () => {
    const output = await run('echo hello; echo oops >&2');
    expect(output).toMatchObject({ text: 'hello\noops\nexit code 0', isError: false });
    expect(output.data).toEqual({
      command: 'echo hello; echo oops >&2',
      exitCode: 0,
      timedOut: false,
      outputBytes: 11,
    });
  });

  it('is an error when it exits otherwise, and says so when it printed nothing', async () => {
    expect(await run('exit 3')).toMatchObject({
      text: '(no output)\nexit code 3',
      isError: true,
      data: { exitCode: 3 },
    });
    expect(await run('kill -9 $$')).toMatchObject({ text: '(no output)\nkilled by SIGKILL', isError: true });
  });

  it('is killed after its time', async () => {
    const output = await run('echo start; sleep 60', { timeoutMs: 100 });
    expect(output).toMatchObject({ text: 'start\ntimed out after 0.1 s and was killed', isError: true });
    expect(output.data).toMatchObject({ timedOut: true, exitCode: null });
  });

  it('declares what it executes', () => {
    expect(shell.prepare({ command: 'npm test' }).effects).toEqual([{ kind: 'exec', command: 'npm test' }]);
  });

  it('streams every bit of output as progress', async () => {
    bench.transients.length = 0;
    await run('for i in 1 2 3; do echo $i; sleep 0.05; done');
    const progress = bench.transients.map((item) => (item.type === 'tool.progress' ? item : undefined));
    expect(progress.map((item) => item?.text).join('')).toBe('1\n2\n3\n');
    expect(progress.length).toBeGreaterThan(1);
    expect(progress[0]).toMatchObject({ run: 'run-1', callId: 'call-1' });
  });

  it('skips progress nobody fetches instead of piling it up', async () => {
    const running = shell.prepare({ command: 'seq 1 400000; echo ready > done.flag' }).run({
      callId: 'c',
      run: 'r',
      sandbox: bench.sandbox,
      hidden: [],
      web: noWeb,
      code: noCode,
      memory: noMemory,
      delegate: () => {
        throw new Error('none');
      },
      signal: new AbortController().signal,
    });
    if (!(Symbol.asyncIterator in running)) throw new Error('no generator');
    const first = running.next();
    await until(() => {
      try {
        return readFileSync(join(bench.root, 'done.flag'), 'utf8') !== '';
      } catch {
        return false;
      }
    });
    await first;
    let length = 0;
    let last = '';
    for await (const item of running)
      if (item.type === 'tool.progress') [length, last] = [length + item.text.length, item.text];
    expect(length).toBeLessThan(2_700_000);
    expect(last).toMatch(/400000\n$/);
  });

  it('strips colours and overwritten progress lines', async () => {
    const output = await run(String.raw`printf '\033[31mred\033[0m\n10%%\r50%%\r100%%\ndone\r\n'`);
    expect(output.text).toBe('red\n100%\ndone\nexit code 0');
    expect(plain('a\rb\r\nc\r')).toBe('b\nc');
  });

  it('does not dump binary output', async () => {
    expect((await run('head -c 5000 /dev/zero')).text).toBe('(5000 bytes of binary output not shown)\nexit code 0');
    expect((await run('head -c 50000 /dev/urandom')).text).toMatch(
      /^\(50000 bytes of binary output not shown; they are in \/.*\)\nexit/,
    );
    expect(isBinary('a few \uFFFD are no matter')).toBe(false);
  });

  it('keeps head and tail of long output and names the file with the whole', async () => {
    const output = await run('seq 1 100000');
    const file = (output.data as { outputFile: string }).outputFile;
    expect(output.text).toContain(`the whole output is in ${file}`);
    expect(output.text.length).toBeLessThan(31_000);
    expect(readFileSync(file, 'utf8')).toMatch(/^1\n[^]*\n100000\n$/);
  });

  it('ends with the abort of the run', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('user stopped')), 50);
    await expect(bench.call(shell, { command: 'sleep 60' }, { signal: controller.signal })).rejects.toThrow(
      'user stopped',
    );
  });

  it('is killed when nobody wants its progress any more', async () => {
    const running = shell.prepare({ command: 'echo $$; sleep 60' }).run({
      callId: 'c',
      run: 'r',
      sandbox: bench.sandbox,
      hidden: [],
      web: noWeb,
      code: noCode,
      memory: noMemory,
      delegate: () => {
        throw new Error('none');
      },
      signal: new AbortController().signal,
    });
    if (!(Symbol.asyncIterator in running)) throw new Error('no generator');
    const first = await running.next();
    const pid = Number.parseInt((first.value as { text: string }).text, 10);
    await running.return(undefined as never);
    expect(isRunning(pid)).toBe(false);
  });
});

describe('a job in the background', () => {
  it('is started, read piece by piece, waited for and found ended', async () => {
    const started = await run('echo one; sleep 0.5; echo two; exit 4', { background: true });
    expect(started.text).toMatch(/^job 1 started\none\nstill running$/);
    expect(started.data).toMatchObject({ job: '1', running: true, exitCode: null });
    expect((await bench.call(shell, { job: '1' })).text).toBe('(no output)\nstill running');
    const ended = await bench.call(shell, { job: '1', timeoutMs: 5000 });
    expect(ended).toMatchObject({ text: 'two\nexit code 4', isError: true, data: { running: false, exitCode: 4 } });
  });

  it('that fails at once says so in the first answer', async () => {
    expect(await run('echo broken; exit 1', { background: true })).toMatchObject({
      text: expect.stringMatching(/^job \d+ started\nbroken\nexit code 1$/) as string,
      isError: true,
    });
  });

  it('is stopped with everything it started', async () => {
    const started = await run('sleep 60 & echo $!; wait', { background: true });
    const [, job = '', pid = ''] = /^job (\d+) started\n(\d+)\n/.exec(started.text) ?? [];
    const stopped = await bench.call(shell, { job, stop: true });
    expect(stopped).toMatchObject({ text: '(no output)\nkilled by SIGTERM', isError: false });
    await until(() => !isRunning(Number(pid)));
    expect((await bench.call(shell, { job, stop: true })).isError).toBe(false);
  });

  it('cannot be used when it does not exist', async () => {
    await expect(bench.call(shell, { job: '99' })).rejects.toThrow('there is no job "99"');
  });

  it('has no effects to ask about when it is read', () => {
    expect(shell.prepare({ job: '1' }).effects).toEqual([]);
  });
});

it.each([
  [{}, 'give a command or a job'],
  [{ command: '' }, 'give a command or a job'],
  [{ command: 'a', job: '1' }, 'give command or job, not both'],
  [{ command: 'a', stop: true }, 'stop needs a job'],
  [{ command: 'a', timeoutMs: 600_001 }, '"timeoutMs" must be at most 600000'],
  [{ job: 1 }, '"job" must be a string, not 1'],
])('the input %j is refused: %s', (input, message) => {
  expect(() => shell.prepare(input)).toThrow(message);
});
