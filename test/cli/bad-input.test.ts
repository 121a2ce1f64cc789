import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { textOf } from '../../src/core/message.ts';
import { tempProject, type ScriptedTurn, type TempProject } from '../../src/testing.ts';
import { cliHarness, scriptPlugin } from '../support/cli.ts';

let home: ReturnType<typeof cliHarness>;
let project: TempProject;
beforeAll(() => {
  home = cliHarness();
});
afterAll(() => home.close());
beforeEach(() => {
  project = tempProject({ 'a.txt': 'a\n' });
});
afterEach(() => project.close());

type Options = Parameters<ReturnType<typeof cliHarness>['cli']>[1];
const run = (argv: string[], options: Options = {}) =>
  home.cli(['run', '-m', 'script/one', '--output-format', 'json', ...argv], {
    cwd: project.root,
    script: [{ text: 'Done.' }],
    ...options,
  });

/** What the model was told of its calls. */
const told = async (argv: string[], calls: ScriptedTurn['calls'], options: Options = {}): Promise<string> => {
  let heard = '';
  await run(argv, {
    ...options,
    script: (request, turn) => {
      if (turn === 0) return { calls: calls ?? [] };
      const [results] = request.messages.slice(-1);
      heard = (results?.content ?? [])
        .map((block) => (block.type === 'tool_result' ? textOf(block.content) : ''))
        .join('\n');
      return { text: 'Done.' };
    },
  });
  return heard;
};

describe('odd things where files should be', () => {
  test.each(['AGENTS.md', 'package.json'])('a folder or a pipe named %s is passed over', async (name) => {
    mkdirSync(join(project.root, name));
    expect((await run(['look'])).code).toBe(0);
    execFileSync('sh', ['-c', `rmdir ${name} && mkfifo ${name}`], { cwd: project.root });
    expect((await run(['look'])).code).toBe(0);
  });

  test('a configuration that is a folder, or that aliases blow up, is exit 3', async () => {
    mkdirSync(join(project.root, '.llm-copilot/config.yaml'), { recursive: true });
    expect((await run(['look'])).result).toMatchObject({ exitCode: 3, error: { code: 'E_CONFIG' } });
    const rows = ['a0: &a0 [x,x,x,x,x,x,x,x,x,x]'];
    for (let n = 1; n < 8; n += 1)
      rows.push(
        `a${n}: &a${n} [${Array(10)
          .fill(`*a${n - 1}`)
          .join(',')}]`,
      );
    const bomb = tempProject({ '.llm-copilot/config.yaml': rows.join('\n') });
    expect((await run(['look'], { cwd: bomb.root })).result).toMatchObject({
      exitCode: 3,
      error: { code: 'E_CONFIG' },
    });
    bomb.close();
  });

  test.each([
    ['maxTurns: "3"', 'must be of type number'],
    ['maxTurns: 0', 'must be at least 1'],
    ['verify: sometimes', 'must be one of auto, never'],
    ['- x', 'must be of type object'],
  ])('%s: the configuration says what it %s', async (text, words) => {
    const wrong = tempProject({ '.llm-copilot/config.yaml': text });
    expect((await run(['look'], { cwd: wrong.root })).stderr).toContain(words);
    wrong.close();
  });

  test('a schema or a picture that is none is said before a model is called', async () => {
    const script = (): never => {
      throw new Error('the model was called');
    };
    for (const [argv, code] of [
      [['--json-schema', '@.'], 2],
      [['--json-schema', '{"type":"strin"}'], 3],
      [['--json-schema', '{"$ref":"https://example.com/x.json"}'], 3],
      [['--image', 'empty.png'], 2],
      [['--image', 'pipe.png'], 3],
    ] as const) {
      writeFileSync(join(project.root, 'empty.png'), '');
      execFileSync('sh', ['-c', 'test -e pipe.png || mkfifo pipe.png'], { cwd: project.root });
      const ran = await run([...argv, 'go on'], { script });
      expect([argv, ran.code, ran.result.exitCode]).toEqual([argv, code, code]);
    }
  });

  test('an empty session id names no session', async () => {
    await run(['hello there']);
    for (const argv of [
      ['sessions', 'delete', ''],
      ['sessions', 'show', ''],
      ['run', '-m', 'demo', '-r', '', 'x'],
    ])
      expect((await home.cli(argv, { cwd: project.root })).code).toBe(2);
  });
});

describe('rules that must not be got round', () => {
  test('a project cannot allow itself commands by a space before the word', async () => {
    for (const rule of ['" allow: exec(*)"', '{ " allow": "exec(*)" }']) {
      const hostile = tempProject({ '.llm-copilot/config.yaml': `permissions:\n  rules:\n    - ${rule}\n` });
      const calls = [{ name: 'shell', input: { command: 'touch pwned' } }];
      expect(await told(['go'], calls, { cwd: hostile.root })).toContain('Permission denied');
      hostile.close();
    }
  });

  test('a failed edit shows nothing of a file that may not be read', async () => {
    project.write('.env', 'PASSWORD=hunter2hunter\n');
    const calls = [{ name: 'edit', input: { path: '.env', old: 'PASSWORD=nope', new: 'x' } }];
    const heard = await told(['--permission-mode', 'accept-edits', '--disallowed-tools', 'read(.env*)', 'go'], calls);
    expect(heard).toContain('Permission denied');
    expect(heard).not.toContain('hunter2');
  });

  test('a rule that names a link holds for what it leads to, and the other way round', async () => {
    project.write('conf/real.txt', 'CONTENT');
    symlinkSync('conf/real.txt', join(project.root, '.env'));
    const calls = [{ name: 'read', input: { path: '.env' } }];
    for (const rule of ['read(.env)', 'read(conf/**)'])
      expect(await told(['--disallowed-tools', rule, 'go'], calls)).toContain('Permission denied');
    expect(await told(['--disallowed-tools', 'read(other)', 'go'], calls)).toContain('CONTENT');
  });

  test('grep and list leave out what an absolute rule, one from home or one with braces forbids', async () => {
    project.write('sub/a.pem', 'CONTENT\n');
    const calls = [
      { name: 'grep', input: { pattern: 'CONTENT' } },
      { name: 'list', input: { path: 'sub' } },
    ];
    const env = { HOME: project.root };
    for (const rule of [`read(${project.root}/sub/**)`, 'read(~/sub/**)', 'read(*.{pem,key})'])
      expect(await told(['--disallowed-tools', rule, 'go'], calls, { env })).toBe('no matches\n(empty)');
  });

  test('a rule in a flag that names no tool, or cannot be read whole, is refused', async () => {
    const typo = await run(['--disallowed-tools', 'shel', 'go']);
    expect(typo).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean "shell"') as string });
    expect((await run(['--disallowed-tools', 'exec(rm (x) *)', 'go'])).code).toBe(2);
    expect((await run(['--disallowed-tools', 'edit, exec(rm -rf *),read(.env*)', 'go'])).code).toBe(0);
  });
});

describe('a person who answers', () => {
  test('once the input has ended, every further question is a no', async () => {
    const calls = (command: string): ScriptedTurn => ({ calls: [{ name: 'shell', input: { command } }] });
    const ran = await home.cli(['run', '-m', 'script/one', 'go'], {
      cwd: project.root,
      script: [calls('touch one'), calls('touch two'), calls('touch three'), { text: 'ok' }],
      terminal: { answers: [] },
    });
    expect(ran.code).toBe(4);
    expect(ran.stderr.match(/The user said no/g)?.length).toBeGreaterThanOrEqual(3);
  });
});

describe('the ends of a process', () => {
  const io = (stdout: Writable, stderr: Writable) => ({
    stdin: Object.assign(process.stdin, { isTTY: true }),
    stdout,
    stderr,
    env: { PATH: process.env.PATH, HOME: home.home, LLM_COPILOT_DATA_DIR: join(home.home, 'data') },
    cwd: project.root,
    onInterrupt: () => () => undefined,
  });
  const sink = (): Writable & { text: string } =>
    Object.assign(
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          (this as Writable & { text: string }).text += chunk.toString();
          done();
        },
      }),
      { text: '' },
    );
  const broken = (code: string): Writable =>
    new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error(`${code}: gone`), { code })) });
  const plugins = [scriptPlugin([{ text: 'Done.' }])];
  const start = (stdout: Writable, stderr: Writable) =>
    main(['run', '-m', 'script/one', 'hello there'], { version: '1', plugins: [...plugins], io: io(stdout, stderr) });

  test('an answer that cannot be written is exit 1, a reader that left is none, and nobody has to listen to progress', async () => {
    const stderr = sink();
    expect(await start(broken('ENOSPC'), stderr)).toBe(1);
    expect(stderr.text).toContain('Standard output cannot be written: ENOSPC');
    expect(await start(broken('EPIPE'), sink())).toBe(0);
    expect(await start(sink(), broken('EPIPE'))).toBe(0);
    // Of a long text what is left is written when somebody reads it.
    const slow = (code: string): Writable =>
      new Writable({
        write: (_chunk, _encoding, done) =>
          void setTimeout(() => done(Object.assign(new Error(`${code}: gone`), { code })), 50),
      });
    expect(await start(slow('EPIPE'), sink())).toBe(0);
    expect(await start(slow('ENOSPC'), sink())).toBe(1);
  });

  test('--timeout also bounds an input that begins and never ends', async () => {
    const stdin = new PassThrough();
    stdin.write('half a task');
    const stdout = sink();
    const argv = ['run', '--timeout', '0.2s', '--output-format', 'json', '-m', 'script/one', 'hello there'];
    expect(await main(argv, { version: '1', plugins, io: { ...io(stdout, sink()), stdin } })).toBe(5);
    expect(JSON.parse(stdout.text)).toMatchObject({ type: 'result', exitCode: 5, error: { code: 'E_LIMIT' } });
  });

  test('an answer cannot drive the terminal it is shown in', async () => {
    const stdout = Object.assign(sink(), { isTTY: true });
    const answer = [scriptPlugin([{ text: 'a\u001b]0;title\u0007b' }])];
    await main(['run', '-q', '-m', 'script/one', 'hello there'], {
      version: '1',
      plugins: answer,
      io: io(stdout, sink()),
    });
    expect(stdout.text).toBe('ab\n');
  });
});
