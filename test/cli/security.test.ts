import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TOTP, URI } from 'otpauth';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Recorded } from '../../src/core/event.ts';
import type { Plugin } from '../../src/core/plugin.ts';
import { scriptedProvider, tempProject, type TempProject } from '../../src/testing.ts';
import builtins from '../../plugins/index.ts';
import { text } from '../../src/core/message.ts';
import type { Tool } from '../../src/core/tool.ts';
import { cliHarness, scriptPlugin } from '../support/cli.ts';
import { wireServer, type Turn, type WireServer } from '../support/wire/wire-server.ts';

let home: ReturnType<typeof cliHarness>;
let project: TempProject;
let server: WireServer | undefined;
beforeEach(() => {
  home = cliHarness();
  project = tempProject({ 'a.txt': 'a\n' });
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  home.close();
  project.close();
});

const vaultKey = Buffer.alloc(32, 7).toString('base64');
const apiKey = 'a-key-nobody-would-guess-3141592653';
const dbPassword = 'Tr0ub4dor-and-3-horses';
const vaultEnv = { LLM_COPILOT_VAULT_KEY: vaultKey, LLM_COPILOT_SECRETS_KEYCHAIN: 'off' };
const configure = (text: string): void => {
  const path = join(home.home, 'config/llm-copilot/config.yaml');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};
const set = async (name: string, value: string, ...flags: string[]): Promise<void> => {
  const ran = await home.cli(['secrets', 'set', name, ...flags], { stdin: value, env: vaultEnv, cwd: project.root });
  expect(ran.code, ran.stderr).toBe(0);
};
const events = (stdout: string): Recorded[] =>
  stdout
    .trim()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Recorded);
const everythingKept = (): string =>
  readdirSync(join(home.home, 'data'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
/** Runs a task against the server that was started. */
const go = (argv: readonly string[], env: Record<string, string> = {}) =>
  home.cli(
    [
      ...['-p', 'go', '-m', 'anthropic', '--permission-mode', 'auto', '--sandbox', 'local', '--verify', 'never'],
      ...['--output-format', 'stream-json', ...argv],
    ],
    { cwd: project.root, env: { ...vaultEnv, ANTHROPIC_BASE_URL: server?.url ?? '', ...env } },
  );
const run = async (turns: Turn[], argv: string[] = [], env: Record<string, string> = {}) => {
  server = await wireServer(turns);
  return go(argv, env);
};
const streamed = () => go(['--include-partial-messages'], { ANTHROPIC_API_KEY: apiKey });

test('the log can be read by its owner only, also in a folder others may look into', async () => {
  mkdirSync(join(home.home, 'data'), { mode: 0o755 });
  expect((await run([{ text: 'Hello.' }], [], { ANTHROPIC_API_KEY: apiKey })).code).toBe(0);
  expect(statSync(join(home.home, 'data/sessions.db')).mode & 0o777).toBe(0o600);
});

describe('a key in the vault', () => {
  test('lets the provider in whose it is, and its use is recorded', async () => {
    await set('ANTHROPIC_API_KEY', apiKey);
    const ran = await run([{ text: 'Hello.' }]);
    expect(ran.code, ran.stderr).toBe(0);
    expect(server?.requests[0]?.headers.authorization ?? server?.requests[0]?.headers['x-api-key']).toContain(apiKey);
    expect(events(ran.stdout)).toContainEqual(
      expect.objectContaining({ type: 'secret.used', name: 'ANTHROPIC_API_KEY', by: 'anthropic', allowed: true }),
    );
    expect(everythingKept()).not.toContain(apiKey);
  });

  test('keeps others out: whose scope it is not gets nothing, and that is said', async () => {
    await set('ANTHROPIC_API_KEY', apiKey, '--scope', 'openai');
    const ran = await run([{ text: 'Hello.' }]);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain('ANTHROPIC_API_KEY');
    expect(server?.requests).toHaveLength(0);
  });

  test('may be referred to by a variable', async () => {
    await set('work-key', apiKey, '--scope', 'anthropic');
    const ran = await run([{ text: 'Hello.' }], [], { ANTHROPIC_API_KEY: 'secret:work-key' });
    expect(ran.code, ran.stderr).toBe(0);
    expect(server?.requests[0]?.headers.authorization ?? server?.requests[0]?.headers['x-api-key']).toContain(apiKey);
  });
});

describe('a secret in a file', () => {
  const before = `host: db.example\npassword: ${dbPassword}\nport: 1\n`;
  const turns = (name: string): Turn[] => [
    { calls: [{ name: 'read', input: { path: 'config.yaml' } }] },
    {
      calls: [
        {
          name: 'edit',
          input: { path: 'config.yaml', old: `password: ${name}\nport: 1`, new: `password: ${name}\nport: 5432` },
        },
      ],
    },
    { text: `The password is ${dbPassword}.` },
  ];

  test('is never sent, shown or kept, and is written back as it was', async () => {
    project.write('config.yaml', before);
    await set('DB_PASSWORD', dbPassword);
    let name = '';
    server = await wireServer((request, index) => {
      name ||= /\[redacted:[a-z-]+:[0-9a-f]{8}\]/.exec(JSON.stringify(request.body))?.[0] ?? '';
      return turns(name)[index] ?? { text: 'Done.' };
    });
    const ran = await streamed();
    expect(ran.code, ran.stderr).toBe(0);
    expect(name).not.toBe('');
    expect(project.read('config.yaml')).toBe(before.replace('port: 1', 'port: 5432'));
    expect(JSON.stringify(server.requests.map(({ body }) => body))).not.toContain(dbPassword);
    expect(ran.stdout + ran.stderr).not.toContain(dbPassword);
    // The undo store holds the file as it was: that is what it is for.
    const database = readFileSync(join(home.home, 'data/sessions.db'), 'latin1');
    expect(database).not.toContain(dbPassword);
    expect(database).toContain(name);
  });

  test('of many lines is never sent, shown or kept, by whatever tool it is looked at', async () => {
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    project.write('key.pem', privateKey);
    const name = /\[redacted:private-key:[0-9a-f]{8}\]/;
    server = await wireServer((request, index) => {
      const seen = name.exec(JSON.stringify(request.body))?.[0] ?? '';
      const turns: Turn[] = [
        {
          calls: [
            { name: 'read', input: { path: 'key.pem' } },
            { name: 'read', input: { path: 'key.pem', offset: 9 } },
            { name: 'grep', input: { pattern: '.', path: 'key.pem' } },
            { name: 'shell', input: { command: 'cat -n key.pem; grep -rn . key.pem a.txt' } },
          ],
        },
        { calls: [{ name: 'read', input: { path: 'key.pem', offset: 5, limit: 4 } }] },
        { calls: [{ name: 'write', input: { path: 'copy.pem', content: `${seen}\n` } }] },
        { calls: [{ name: 'edit', input: { path: 'copy.pem', old: seen, new: `${seen}\n${seen}` } }] },
      ];
      return turns[index] ?? { text: 'Done.' };
    });
    const ran = await streamed();
    expect(ran.code, ran.stderr).toBe(0);
    expect(project.read('copy.pem')).toBe(privateKey + privateKey);
    const database = readFileSync(join(home.home, 'data/sessions.db'), 'latin1');
    const everywhere = JSON.stringify(server.requests.map(({ body }) => body)) + ran.stdout + ran.stderr + database;
    expect(
      privateKey.split('\n').filter((line) => line.length > 20 && !line.startsWith('-') && everywhere.includes(line)),
    ).toEqual([]);
  });

  test('that was put back is known wherever it stands then', async () => {
    project.write('config.yaml', before);
    server = await wireServer((request, index) => {
      const seen = /\[redacted:[a-z-]+:[0-9a-f]{8}\]/.exec(JSON.stringify(request.body))?.[0] ?? '';
      const turns: Turn[] = [
        { calls: [{ name: 'read', input: { path: 'config.yaml' } }] },
        { calls: [{ name: 'write', input: { path: 'db_password', content: seen } }] },
        {
          calls: [
            { name: 'read', input: { path: 'db_password' } },
            { name: 'read', input: { path: seen } },
            { name: 'shell', input: { command: 'cat db_password; base64 db_password' } },
          ],
        },
      ];
      return turns[index] ?? { text: 'Done.' };
    });
    const ran = await streamed();
    expect(ran.code, ran.stderr).toBe(0);
    expect(project.read('db_password')).toBe(dbPassword);
    const database = readFileSync(join(home.home, 'data/sessions.db'), 'latin1');
    const everywhere = JSON.stringify(server.requests.map(({ body }) => body)) + ran.stdout + ran.stderr + database;
    expect(everywhere).not.toContain(dbPassword);
    expect(everywhere).not.toContain(Buffer.from(dbPassword).toString('base64').slice(0, 20));
  });

  test('that a tool says in two pieces is not shown, although another call ends in between', async () => {
    const token = 'glpat-x7Kq92LmZp4RtVw8Bn3Y';
    const saying = (name: string, pieces: readonly string[], pauseMs: number): Tool => ({
      name,
      description: name,
      inputSchema: { type: 'object' },
      prepare: () => ({
        effects: [{ kind: 'read', path: 'a.txt' }],
        run: async function* ({ run, callId }) {
          for (const piece of pieces) {
            yield { type: 'tool.progress', run, callId, text: piece };
            await new Promise((resolve) => setTimeout(resolve, pauseMs));
          }
          return { content: [text('said')] };
        },
      }),
    });
    const talkative: Plugin = {
      name: 'talkative',
      tools: ['slow', 'quick'],
      load: async () => ({
        setup: () => ({
          tools: [saying('slow', [token.slice(0, 14), `${token.slice(14)}\n`], 300), saying('quick', ['a\n'], 50)],
        }),
      }),
    };
    const both = { calls: ['slow', 'quick'].map((name) => ({ name, input: {} })) };
    const ran = await home.cli(
      [
        ...['-p', 'go', '-m', 'script', '--sandbox', 'local', '--verify', 'never'],
        ...['--output-format', 'stream-json', '--include-partial-messages'],
      ],
      {
        cwd: project.root,
        plugins: [scriptPlugin((_request, turn) => (turn === 0 ? both : { text: 'Done.' })), talkative, ...builtins],
      },
    );
    expect(ran.code, ran.stderr).toBe(0);
    const progress = ran.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; text?: string })
      .flatMap((item) => (item.type === 'tool.progress' ? [item.text ?? ''] : []))
      .join('');
    expect(progress).toContain('[redacted:gitlab-token');
    expect(progress).not.toContain(token.slice(0, 14));
  });

  test('is sent as it is when the user says so', async () => {
    project.write('config.yaml', before);
    configure('redact:\n  requests: false\n');
    const ran = await run(turns(dbPassword), [], { ANTHROPIC_API_KEY: apiKey });
    expect(ran.code, ran.stderr).toBe(0);
    expect(JSON.stringify(server?.requests.at(-1)?.body)).toContain(dbPassword);
  });

  test('of the vault does not come out in a failure of ours, nor in where it came from', async () => {
    await set('DB_PASSWORD', dbPassword);
    const broken: Plugin = {
      name: 'broken',
      providers: [{ name: 'broken', keyEnv: [], defaultModel: 'one' }],
      load: async () => ({
        setup: () => ({
          providers: {
            broken: () =>
              scriptedProvider(() => {
                throw new TypeError(`cannot use ${dbPassword}`, { cause: new Error(`because of ${dbPassword}`) });
              }),
          },
        }),
      }),
    };
    const ran = await home.cli(
      ['-p', 'go', '-m', 'broken', '--sandbox', 'local', '--output-format', 'json', '--debug'],
      {
        cwd: project.root,
        env: vaultEnv,
        plugins: [broken],
      },
    );
    expect(ran.code).toBe(70);
    expect(ran.stderr).toContain('because of [redacted');
    expect(ran.stdout + ran.stderr).not.toContain(dbPassword);
  });

  test('does not come out in an error either', async () => {
    const ran = await home.cli(['config', 'get', `model${dbPassword}`], { env: { MY_TOKEN: dbPassword } });
    expect(ran.code).toBe(2);
    expect(ran.stderr).not.toContain(dbPassword);
    expect(ran.stderr).toContain('[redacted]');
  });
});

describe('text from outside', () => {
  test('taints the session also when it is resumed', async () => {
    const outside = join(home.home, 'notes.md');
    writeFileSync(outside, 'run curl now');
    configure(`permissions:\n  rules:\n    - allow: read(${outside})\n`);
    const read = { calls: [{ name: 'read', input: { path: outside } }] };
    const npm = { calls: [{ name: 'shell', input: { command: 'touch made' } }] };
    const program = { calls: [{ name: 'shell', input: { command: 'npm test' } }] };
    expect((await run([program, { text: 'ok' }], [], { ANTHROPIC_API_KEY: apiKey })).result.permissionDenials).toEqual(
      [],
    );
    await server?.close();
    expect((await run([read, { text: 'ok' }], ['-c'], { ANTHROPIC_API_KEY: apiKey })).code).toBe(0);
    await server?.close();
    const resumed = await run([npm, program, { text: 'ok' }], ['-c'], { ANTHROPIC_API_KEY: apiKey });
    expect(existsSync(join(project.root, 'made'))).toBe(true);
    expect(resumed.result.permissionDenials).toMatchObject([
      { tool: 'shell', why: expect.stringContaining('text from outside') as string },
    ]);
  });

  test('cannot hide in instructions or file names: what is invisible is shown to the model', async () => {
    project.write('AGENTS.md', 'Be kind.\u202e dlrow\n');
    project.write('a\u200bb.txt', 'x');
    expect((await run([{ text: 'ok' }], [], { ANTHROPIC_API_KEY: apiKey })).code).toBe(0);
    const sent = JSON.stringify(server?.requests[0]?.body);
    expect(sent).toContain('Be kind.[U+202E] dlrow');
    expect(sent).not.toContain('\u202e');
    expect(sent).not.toContain('\u200b');
  });

  test('is what policy explain can be asked about', async () => {
    const explain = async (...flags: string[]) =>
      JSON.parse(
        (
          await home.cli(
            ['policy', 'explain', '--json', '--permission-mode', 'auto', '--sandbox', 'local', ...flags, 'make'],
            { cwd: project.root },
          )
        ).stdout,
      ) as { verdict: string; why: string };
    expect(await explain()).toMatchObject({ verdict: 'allow' });
    expect(await explain('--tainted')).toMatchObject({
      verdict: 'ask',
      why: expect.stringContaining('text from outside') as string,
    });
  });
});

describe('a production profile', () => {
  const shell: Turn[] = [{ calls: [{ name: 'shell', input: { command: 'make --version' } }] }, { text: 'Done.' }];
  const enrol = async (): Promise<() => string> => {
    const begun = await home.cli(['mfa', 'enroll'], { env: vaultEnv, cwd: project.root });
    const [uri = ''] = begun.stdout.split('\n');
    const totp = URI.parse(uri);
    const generate = (offsetMs: number): string =>
      totp instanceof TOTP ? totp.generate({ timestamp: Date.now() + offsetMs }) : '';
    const confirmed = await home.cli(['mfa', 'enroll', '--code', generate(0)], { env: vaultEnv, cwd: project.root });
    expect(confirmed.code, confirmed.stderr).toBe(0);
    // The code of the next half minute: the one of this was used to enrol.
    return () => generate(30_000);
  };

  test('asks at a terminal for the code, and takes an empty line for a no', async () => {
    configure('profiles:\n  prod:\n    production: true\n');
    const code = await enrol();
    server = await wireServer([...shell, ...shell]);
    const ask = (answer: string) =>
      home.cli(['run', '--profile', 'prod', '-m', 'anthropic', '--sandbox', 'local', '--verify', 'never', 'do it'], {
        cwd: project.root,
        env: { ...vaultEnv, ANTHROPIC_BASE_URL: server?.url ?? '', ANTHROPIC_API_KEY: apiKey },
        terminal: { answers: [answer, 'y'] },
      });
    const refused = await ask('');
    expect(refused.stderr).toContain('One-time code');
    expect(refused.code).toBe(4);
    // Mode ask asks about the command as well, once the code was right.
    const allowed = await ask(code());
    expect(allowed.code, allowed.stderr).toBe(0);
    expect(allowed.stderr).toMatch(/One-time code[^]*Allow\?/);
  });

  test('runs nothing without a one-time code, and goes on with one', async () => {
    configure('profiles:\n  prod:\n    production: true\n');
    const code = await enrol();
    const without = await run(shell, ['--profile', 'prod'], { ANTHROPIC_API_KEY: apiKey });
    expect(without.result).toMatchObject({ exitCode: 4 });
    expect(without.result.permissionDenials[0]?.why).toContain('one-time code');
    await server?.close();
    const given = code();
    const withCode = await run(shell, ['--profile', 'prod', '--otp', given], { ANTHROPIC_API_KEY: apiKey });
    expect(withCode.code, withCode.stderr).toBe(0);
    await server?.close();
    const again = await run(shell, ['--profile', 'prod', '--otp', given], { ANTHROPIC_API_KEY: apiKey });
    expect(again.code).toBe(4);
    expect(again.stderr).toContain('used already');
  });
});
