import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Command } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import builtins from '../../plugins/index.ts';
import { modelsTokensCommand } from '../../src/cli/commands/models-tokens.ts';

const home = mkdtempSync(join(tmpdir(), 'models-tokens-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const write = (name: string, content: string | Buffer): string => {
  writeFileSync(join(home, name), content);
  return name;
};

const collected = (): PassThrough & { text: () => string } => {
  const stream = new PassThrough();
  const chunks: string[] = [];
  stream.on('data', (chunk) => chunks.push(String(chunk)));
  return Object.assign(stream, { text: () => chunks.join('') });
};
/** The command alone. @throws what the command line would report. */
const run = async (argv: readonly string[], stdin = ''): Promise<{ stdout: string; stderr: string }> => {
  const models = new Command('models').exitOverride();
  const [stdout, stderr] = [collected(), collected()];
  const env = { HOME: home, XDG_CONFIG_HOME: join(home, 'config'), LLM_COPILOT_DATA_DIR: join(home, 'data') };
  const input = new PassThrough();
  input.end(stdin);
  const io = { stdin: input, stdout, stderr, env, cwd: home, onInterrupt: () => () => undefined };
  modelsTokensCommand(models, { io, plugins: builtins, exit: () => undefined });
  await models.parseAsync(['tokens', ...argv], { from: 'user' });
  await new Promise((resolve) => setImmediate(resolve));
  return { stdout: stdout.text(), stderr: stderr.text() };
};
const tokens = (...argv: string[]) => run(argv);

describe('models tokens', () => {
  it('counts files, each and in all', async () => {
    const [one, two] = [write('one.txt', 'tiktoken is great!'), write('two.txt', 'hello world '.repeat(500))];
    const { stdout, stderr } = await tokens(one, two);
    expect(stdout).toEqual('    6  one.txt\n1,001  two.txt\n1,007  in all\n');
    expect(stderr).toBe('no model named: counted in o200k_base, within 5 %\n');
  });

  it('counts for a model, and says how much of its window that is', async () => {
    const file = write('one.txt', 'hello world '.repeat(500));
    const { stdout, stderr } = await tokens('-m', 'openai/gpt-5.4', file);
    expect(stdout).toBe('1,001  one.txt\n');
    expect(stderr).toMatch(
      /^openai\/gpt-5\.4: counted in o200k_base, within 5 %; 0\.1 % of its window of 1,050,000\n$/,
    );
    const report = JSON.parse((await tokens('--json', '-m', 'openai/gpt-5.4', file)).stdout) as object;
    expect(report).toEqual({
      model: 'openai/gpt-5.4',
      encoding: 'o200k_base',
      factor: 1,
      margin: 0.05,
      contextWindow: 1_050_000,
      texts: [{ name: 'one.txt', tokens: 1001 }],
      total: 1001,
    });
  });

  it('counts what is piped in', async () => {
    const { stdout } = await run([], 'tiktoken is great!');
    expect(stdout).toBe('6\n');
  });

  it.each([
    [['missing.txt'], 2, /missing\.txt cannot be read: ENOENT/],
    [['.'], 2, /\. cannot be read: EISDIR/],
    [['binary.bin'], 2, /binary\.bin is binary, not text/],
    [[], 2, /There is nothing to count/],
    [['-m', 'opnai', 'one.txt'], 3, /did you mean "openai"/],
  ])('refuses %j with exit %i', async (argv, code, words) => {
    write('binary.bin', Buffer.from([1, 0, 2]));
    write('one.txt', 'x');
    await expect(tokens(...argv)).rejects.toMatchObject({
      exitCode: code,
      message: expect.stringMatching(words) as string,
    });
  });
});
