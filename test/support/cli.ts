import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import type { Plugin } from '../../src/core/plugin.ts';
import { main } from '../../src/cli/main.ts';
import type { Result } from '../../src/app/drive.ts';
import builtins from '../../plugins/index.ts';
import { scriptedProvider, type Script } from '../../src/testing.ts';

/** What a command left behind. */
export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
  /** The object of `--output-format json`. */
  result: Result;
}

const sink = (): Writable & { text: string } => {
  const stream = Object.assign(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        stream.text += chunk.toString();
        done();
      },
    }),
    { text: '' },
  );
  return stream;
};

/** A plugin whose provider `script` answers from a script. */
export const scriptPlugin = (script: Script, options: Parameters<typeof scriptedProvider>[1] = {}): Plugin => ({
  name: 'script',
  providers: [{ name: 'script', keyEnv: [], defaultModel: 'one' }],
  load: async () => ({
    setup: () => ({
      providers: { script: (model) => scriptedProvider(script, { name: `script/${model}`, ...options }) },
    }),
  }),
});

/** Runs command lines in this process, each with the same fresh data folder and no keys. */
export const cliHarness = () => {
  const home = mkdtempSync(join(tmpdir(), 'llm-copilot-home-'));
  const base = {
    PATH: process.env.PATH,
    HOME: home,
    XDG_CONFIG_HOME: join(home, 'config'),
    LLM_COPILOT_DATA_DIR: join(home, 'data'),
  };
  return {
    home,
    close: () => rmSync(home, { recursive: true, force: true }),
    cli: async (
      argv: string[],
      options: {
        cwd?: string;
        env?: Record<string, string>;
        script?: Script;
        plugins?: readonly Plugin[];
        stdin?: string | Buffer;
        terminal?: { answers: string[] };
        interrupt?: (send: () => void) => void;
      } = {},
    ): Promise<Ran> => {
      const stdout = sink();
      const stderr = sink();
      const stdin = new PassThrough();
      if (options.terminal) {
        Object.assign(stdin, { isTTY: true });
        Object.assign(stderr, { isTTY: true });
        const answers = [...options.terminal.answers];
        const write = stderr.write.bind(stderr);
        stderr.write = ((chunk: string | Buffer) => {
          const done = write(chunk);
          if (/Allow\?|One-time code/.test(chunk.toString())) {
            const answer = answers.shift();
            setImmediate(() => (answer === undefined ? stdin.end() : stdin.write(`${answer}\n`)));
          }
          return done;
        }) as typeof stderr.write;
      } else stdin.end(options.stdin ?? '');
      const code = await main(argv, {
        version: '9.9.9',
        plugins: options.plugins ?? (options.script ? [scriptPlugin(options.script), ...builtins] : builtins),
        io: {
          stdin,
          stdout,
          stderr,
          env: { ...base, ...options.env },
          cwd: options.cwd ?? home,
          onInterrupt: (handler) => {
            options.interrupt?.(handler);
            return () => undefined;
          },
        },
      });
      return {
        code,
        stdout: stdout.text,
        stderr: stderr.text,
        get result() {
          return JSON.parse(stdout.text.trim().split('\n').at(-1) ?? '') as Result;
        },
      };
    },
  };
};
