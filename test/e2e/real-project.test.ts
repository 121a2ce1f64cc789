import { cpSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Result } from '../../src/app/drive.ts';
import { runs, startBinary, tempFolder } from '../support/binary.ts';
import { conversationOf } from '../support/wire/conversation.ts';
import { wireServer, type Turn, type WireServer } from '../support/wire/wire-server.ts';

const fixture = fileURLToPath(new URL('../fixtures/ledger', import.meta.url));

/** What a model does: reproduce, look, a first edit that is wrong, and after the check's report the right one. */
const turns: Turn[] = [
  {
    text: 'I run the tests first.',
    calls: [
      { name: 'shell', input: { command: 'node --test' } },
      { name: 'list', input: { glob: 'src/**' } },
    ],
  },
  {
    thinking: 'The quotes get lost while parsing.',
    calls: [
      { name: 'grep', input: { pattern: 'quoted', path: 'src' } },
      { name: 'read', input: { path: 'src/csv.js' } },
      { name: 'read', input: { path: 'test/ledger.test.js', offset: 1, limit: 30 } },
    ],
  },
  {
    calls: [
      {
        name: 'edit',
        input: {
          path: 'src/csv.js',
          old: "      if (char === '\"') {\n        quoted = false;\n",
          new: "      if (char === '\"') {\n        field += char;\n        quoted = false;\n",
        },
      },
    ],
  },
  { text: 'Escaped quotes are kept now.\n\n```claims\ntests_pass: the suite passes\n```' },
  {
    calls: [
      {
        name: 'edit',
        input: {
          path: 'src/csv.js',
          old: "if (char === '\"') {\n  field += char;\n  quoted = false;",
          new: "if (char === '\"' && text[i + 1] === '\"') {\n  field += char;\n  i++;\n} else if (char === '\"') {\n  quoted = false;",
        },
      },
    ],
  },
  {
    text: 'A doubled quote inside a quoted field is one quote (RFC 4180); `parseCsv` ended the field there.\n\n```claims\ntests_pass: all tests pass\nbuild_passes: the entry point still parses\n```',
  },
];

let folder: ReturnType<typeof tempFolder>;
let server: WireServer;
let root: string;
const git = (...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@example.invalid', ...args], {
    cwd: root,
    encoding: 'utf8',
  });

beforeEach(async () => {
  folder = tempFolder();
  root = join(folder.path, 'ledger');
  cpSync(fixture, root, { recursive: true });
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-qm', 'Ledger 2.3.0');
  server = await wireServer(turns);
});
afterEach(async () => {
  await server.close();
  folder.remove();
});

describe.each([
  ['anthropic', (url: string) => ({ ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: 'k-123456789' })],
  ['openai', (url: string) => ({ OPENAI_BASE_URL: `${url}/v1`, OPENAI_API_KEY: 'k-123456789' })],
  ['openai-chat', (url: string) => ({ OPENAI_BASE_URL: `${url}/v1` })],
])('a project with a real bug, over the wire of %s', (provider, envFor) => {
  test('is mended, and the claims are proven by the checks', async () => {
    const env = {
      ...envFor(server.url),
      LLM_COPILOT_DATA_DIR: join(folder.path, 'data'),
      XDG_CONFIG_HOME: join(folder.path, 'config'),
    };
    const { ended } = startBinary(
      [
        'run',
        '--model',
        provider,
        '--permission-mode',
        'auto',
        '--output-format',
        'json',
        'A ledger test fails. Fix the cause.',
      ],
      { cwd: root, env },
    );
    const { code, stdout, stderr } = await ended;
    expect(code, stderr).toBe(0);
    const result = JSON.parse(stdout) as Result;
    expect(result).toMatchObject({
      status: 'done',
      verified: true,
      turns: 6,
      claims: [{ verdict: 'verified' }, { verdict: 'verified' }],
    });

    // The world, not the model's words.
    execFileSync(process.execPath, ['--test'], { cwd: root, env: { PATH: process.env.PATH } });
    expect(git('status', '--porcelain').trim()).toBe('M src/csv.js');
    expect(readFileSync(join(root, 'src/csv.js'), 'utf8')).toContain('        } else if'.trim());

    // What the model was shown: real output, the project's rules, and the failing check.
    const seen = server.requests.map(conversationOf);
    expect(seen[0]?.system).toContain('Amounts are integer cents');
    const results = seen.at(-1)?.messages.flatMap((message) => message.toolResults) ?? [];
    expect(results[0]).toMatchObject({ isError: true });
    expect(results[0]?.text).toContain('keeps quotes inside quoted fields');
    expect(results.some((one) => one.text.includes('src/csv.js') && one.text.includes('quoted'))).toBe(true);
    expect(seen[4]?.messages.at(-1)?.text).toContain('do not pass');
    expect(seen[4]?.messages.at(-1)?.text).toContain('npm test');

    // The log is whole, and what was sent carries no key of ours into the log.
    const verify = await startBinary(['sessions', 'verify', result.sessionId ?? ''], { cwd: root, env }).ended;
    expect(verify.stdout).toContain('chain whole');
    const log = await startBinary(['sessions', 'export', result.sessionId ?? ''], { cwd: root, env }).ended;
    expect(log.stdout).not.toContain('k-123456789');
  });
});

describe('signals', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends the run and its commands with 130 and a closed log',
    async (signal) => {
      await server.close();
      const nap = `300.${process.pid}${signal.length}`;
      server = await wireServer([
        { calls: [{ name: 'shell', input: { command: `sleep ${nap} & echo $! > pid; wait` } }] },
      ]);
      const env = {
        ANTHROPIC_BASE_URL: server.url,
        ANTHROPIC_API_KEY: 'k',
        LLM_COPILOT_DATA_DIR: join(folder.path, 'data'),
      };
      const { child, ended } = startBinary(['run', '--permission-mode', 'auto', '--output-format', 'json', 'wait'], {
        cwd: root,
        env,
      });
      let pid = '';
      for (let tries = 0; pid === '' && tries < 100; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        try {
          pid = readFileSync(join(root, 'pid'), 'utf8').trim();
        } catch {
          // Not there yet.
        }
      }
      expect(runs(nap)).toBe(true);
      child.kill(signal);
      const { code, stdout } = await ended;
      expect(code).toBe(130);
      expect((JSON.parse(stdout) as Result).status).toBe('stopped');
      expect(runs(nap)).toBe(false);
      const log = await startBinary(['sessions', 'export', (JSON.parse(stdout) as Result).sessionId ?? ''], {
        cwd: root,
        env,
      }).ended;
      expect(log.stdout).toContain('"type":"run.finished"');
    },
  );
});
