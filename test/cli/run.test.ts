import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { textOf } from '../../src/core/message.ts';
import { ProviderError } from '../../src/core/provider.ts';
import type { Plugin } from '../../src/core/plugin.ts';
import { scriptedProvider, tempProject, type ScriptedTurn, type TempProject } from '../../src/testing.ts';
import { cliHarness, scriptPlugin } from '../support/cli.ts';

const files = {
  'package.json': JSON.stringify({ name: 'calc', type: 'module', scripts: { test: 'node --test' } }),
  'src/add.js': 'export const add = (a, b) => a - b;\n',
  'test/add.test.js':
    "import assert from 'node:assert/strict';\nimport { test } from 'node:test';\nimport { add } from '../src/add.js';\ntest('adds two numbers', () => assert.equal(add(1, 2), 3));\n",
};
const fix: ScriptedTurn = { calls: [{ name: 'edit', input: { path: 'src/add.js', old: 'a - b', new: 'a + b' } }] };
const claim: ScriptedTurn = { text: 'Fixed.\n\n```claims\ntests_pass: all tests pass\n```' };

let home: ReturnType<typeof cliHarness>;
let project: TempProject;
beforeAll(() => {
  home = cliHarness();
});
afterAll(() => home.close());
beforeEach(() => {
  project = tempProject(files);
});
afterEach(() => project.close());

type Options = Parameters<ReturnType<typeof cliHarness>['cli']>[1];
const run = (argv: string[], options: Options = {}) =>
  home.cli(['run', '-m', 'script/one', '--output-format', 'json', ...argv], { cwd: project.root, ...options });

describe('the main job', () => {
  test('fixes a failing test and proves it', async () => {
    const ran = await run(['--permission-mode', 'auto', 'fix the failing test'], { script: [fix, claim] });
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.result).toMatchObject({
      type: 'result',
      status: 'done',
      exitCode: 0,
      verified: true,
      summary: 'Fixed.',
      turns: 2,
      error: null,
      permissionDenials: [],
      claims: [{ kind: 'tests_pass', verdict: 'verified' }],
    });
    expect(ran.result.claims[0]?.evidence).toContain('npm test');
    expect(project.read('src/add.js')).toContain('a + b');
    expect(ran.stdout.trim().split('\n')).toHaveLength(1);
  });

  test('a false claim is contradicted and the run fails', async () => {
    const wrong: ScriptedTurn = {
      calls: [{ name: 'edit', input: { path: 'src/add.js', old: 'a - b', new: 'a * b' } }],
    };
    const ran = await run(['--permission-mode', 'auto', '--max-repairs', '0', 'fix it'], { script: [wrong, claim] });
    expect(ran.code).toBe(1);
    expect(ran.result).toMatchObject({
      status: 'failed',
      verified: false,
      claims: [{ verdict: 'contradicted' }],
      error: { code: 'E_NOT_ACHIEVED' },
    });
  });

  test('failing checks go back to the model, which may repair', async () => {
    const seen: string[] = [];
    const ran = await run(['--permission-mode', 'auto', 'fix it'], {
      script: (request, turn) => {
        seen.push(textOf(request.messages.at(-1)?.content ?? []));
        return (
          [
            { calls: [{ name: 'edit', input: { path: 'src/add.js', old: 'a - b', new: 'a * b' } }] },
            { text: 'Done. All tests pass now.' },
            { calls: [{ name: 'edit', input: { path: 'src/add.js', old: 'a * b', new: 'a + b' } }] },
            claim,
          ][turn] ?? claim
        );
      },
    });
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.result.verified).toBe(true);
    expect(seen.some((words) => words.includes('do not pass') && words.includes('adds two numbers'))).toBe(true);
  });

  test('a job left in the background cannot change files behind the checks’ back', async () => {
    const late: ScriptedTurn = {
      calls: [{ name: 'shell', input: { command: 'sleep 0.7; echo "broken(" > src/add.js', background: true } }],
    };
    const ran = await run(['--permission-mode', 'auto', 'fix it'], { script: [fix, late, claim] });
    expect(ran.result.verified, ran.stderr).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 800));
    expect(project.read('src/add.js')).toContain('a + b');
  });

  test('gives up after the repairs it may make', async () => {
    let n = 0;
    const ran = await run(['--permission-mode', 'auto', '--max-repairs', '1', 'fix it'], {
      script: (request) =>
        request.messages.at(-1)?.content.some((block) => block.type === 'tool_result')
          ? { text: 'Done, and all tests pass.' }
          : {
              calls: [{ name: 'write', input: { path: 'src/add.js', content: `export const add = () => ${n++};\n` } }],
            },
    });
    expect(ran.code).toBe(1);
    expect(n).toBe(2);
    expect(ran.result.error?.message).toContain('npm test');
  });

  test('a check that failed before in the same tests is no worse, and both are shown', async () => {
    const ran = await run(['--permission-mode', 'auto', 'add a note'], {
      script: [
        { calls: [{ name: 'write', input: { path: 'NOTE.md', content: 'note\n' } }] },
        { text: 'Added a note.' },
      ],
    });
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.result.verified).toBe(false);
    expect(ran.result.summary).toContain('same tests as before');
    expect(ran.result.summary).toContain('adds two numbers');
  });

  test('a claim about files nobody touched is checked too', async () => {
    const ran = await run(['--permission-mode', 'auto', 'do the tests pass?'], {
      script: [{ text: 'Yes, all tests pass.' }],
    });
    expect(ran.code).toBe(1);
    expect(ran.result).toMatchObject({ claims: [{ verdict: 'contradicted' }], turns: 1 });
    project.write('src/add.js', 'export const add = (a, b) => a + b;\n');
    const honest = await run(['--permission-mode', 'auto', 'do the tests pass?'], {
      script: [{ text: 'Yes, all tests pass.' }],
    });
    expect(honest.result).toMatchObject({ exitCode: 0, verified: true });
  });

  test('nothing done is not verified', async () => {
    const ran = await run(['--permission-mode', 'auto', '--require-verified', 'fix it'], {
      script: [{ text: 'I fixed everything.' }],
    });
    expect(ran.result).toMatchObject({ exitCode: 1, verified: false, error: { code: 'E_UNVERIFIED' } });
  });

  test('a check that the run itself rewrote proves nothing', async () => {
    const cheat: ScriptedTurn = {
      calls: [{ name: 'edit', input: { path: 'package.json', old: 'node --test', new: 'exit 0' } }],
    };
    const ran = await run(['--permission-mode', 'auto', '--require-verified', 'fix it'], { script: [cheat, claim] });
    expect(ran.result).toMatchObject({ exitCode: 1, verified: false, claims: [{ verdict: 'unverified' }] });
    expect(ran.result.summary).toContain('changed what the test check itself does');
  });

  test('deleting the failing test is said and proves nothing', async () => {
    project.write('test/other.test.js', "import { test } from 'node:test';\ntest('nothing', () => undefined);\n");
    const cheat: ScriptedTurn = { calls: [{ name: 'shell', input: { command: 'rm test/add.test.js' } }] };
    const ran = await run(['--permission-mode', 'auto', 'fix it'], { script: [cheat, claim] });
    expect(ran.result.verified).toBe(false);
    expect(ran.result.summary).toContain('deleted test files: test/add.test.js');
  });

  test('a check of an earlier run proves nothing about files git ignores', async () => {
    project.write('.gitignore', 'out/\n');
    project.write(
      'package.json',
      JSON.stringify({ name: 'calc', type: 'module', scripts: { test: 'test ! -e out/broken' } }),
    );
    const first = await run(['--permission-mode', 'auto', 'go'], { script: [fix, claim] });
    expect(first.result.verified, first.stderr).toBe(true);
    const second = await run(['--permission-mode', 'auto', '-c', 'go'], {
      script: (_request, turn) =>
        turn === 2 ? { calls: [{ name: 'write', input: { path: 'out/broken', content: '' } }] } : claim,
    });
    expect(second.result).toMatchObject({ exitCode: 1, claims: [{ verdict: 'contradicted' }] });
  });

  test('--require-verified turns that into exit 1', async () => {
    const ran = await run(['--permission-mode', 'auto', '--require-verified', 'add a note'], {
      script: [
        { calls: [{ name: 'write', input: { path: 'NOTE.md', content: 'note\n' } }] },
        { text: 'Added a note.' },
      ],
    });
    expect(ran.code).toBe(1);
    expect(ran.result.error?.code).toBe('E_UNVERIFIED');
  });

  test('--verify never runs no check and verifies nothing', async () => {
    const ran = await run(['--permission-mode', 'auto', '--verify', 'never', 'fix it'], { script: [fix, claim] });
    expect(ran.code).toBe(0);
    expect(ran.result).toMatchObject({ verified: false, claims: [{ verdict: 'unverified' }] });
  });

  test('answers a question without touching or running anything', async () => {
    const ran = await run(['what is this?'], {
      script: [{ calls: [{ name: 'read', input: { path: 'src/add.js' } }] }, { text: 'A calculator.' }],
    });
    expect(ran.code).toBe(0);
    expect(ran.result).toMatchObject({ summary: 'A calculator.', claims: [], verified: false });
  });

  test('without checks, changed files stay unverified and that is said', async () => {
    const bare = tempProject({ 'a.txt': 'a' });
    const ran = await run(['--permission-mode', 'auto', 'go'], {
      cwd: bare.root,
      script: [{ calls: [{ name: 'write', input: { path: 'a.txt', content: 'b' } }] }, { text: 'ok' }],
    });
    expect(ran.result.verified).toBe(false);
    expect(ran.result.summary).toContain('No checks');
    bare.close();
  });
});

describe('permissions without a terminal', () => {
  test('exit 4, with the flag that would allow it', async () => {
    const ran = await run(['fix it'], { script: [fix, { text: 'I was not allowed to.' }] });
    expect(ran.code).toBe(4);
    expect(ran.result).toMatchObject({
      status: 'failed',
      error: { code: 'E_PERMISSION', hint: expect.stringContaining('--permission-mode accept-edits') as string },
    });
    expect(ran.result.permissionDenials).toHaveLength(1);
    expect(project.read('src/add.js')).toContain('a - b');
  });

  test('edits allowed but no commands: the change stays, unverified, and the check that could not run is named', async () => {
    const ran = await run(['--permission-mode', 'accept-edits', 'fix it'], { script: [fix, claim] });
    expect(ran.code).toBe(0);
    expect(ran.result).toMatchObject({ verified: false, claims: [{ verdict: 'unverified' }] });
    expect(ran.result.summary).toContain('The test check was not run');
    const tried = await run(['--permission-mode', 'accept-edits', 'note it'], {
      script: [
        { calls: [{ name: 'write', input: { path: 'N.md', content: 'n' } }] },
        { calls: [{ name: 'shell', input: { command: 'npm test' } }] },
        { text: 'Noted.' },
      ],
    });
    expect(tried.result).toMatchObject({ exitCode: 0, permissionDenials: [{ tool: 'shell' }, { tool: 'check' }] });
  });

  test('--allowed-tools allows just what it names', async () => {
    const ran = await run(['--allowed-tools', 'edit,exec(npm test *)', 'fix it'], { script: [fix, claim] });
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.result.verified).toBe(true);
  });

  test('--disallowed-tools takes a tool away', async () => {
    let offered: string[] = [];
    await run(['--disallowed-tools', 'shell', 'go'], {
      script: (request) => ((offered = request.tools.map((tool) => tool.name)), { text: 'ok' }),
    });
    expect(offered).not.toContain('shell');
    expect(offered).toContain('edit');
  });

  test('plan changes nothing', async () => {
    const ran = await run(['--permission-mode', 'plan', 'fix it'], {
      script: [
        { calls: [...(fix.calls ?? []), { name: 'shell', input: { command: 'touch x' } }] },
        { text: 'Here is a plan.' },
      ],
    });
    expect(ran.result.permissionDenials).toHaveLength(2);
    expect(project.git('status', '--porcelain')).toBe('');
  });

  test('paths outside the folder are refused, also through a symlink', async () => {
    writeFileSync(join(home.home, 'hostname'), 'mine\n');
    const outside = join(home.home, 'hostname');
    symlinkSync(home.home, join(project.root, 'link'));
    const ran = await run(['--permission-mode', 'auto', 'read it'], {
      script: (_request, turn) =>
        turn === 0
          ? {
              calls: [
                { name: 'read', input: { path: outside } },
                { name: 'read', input: { path: '../../etc/shadow' } },
              ],
            }
          : turn === 1
            ? { calls: [{ name: 'read', input: { path: 'link/hostname' } }] }
            : { text: 'no' },
    });
    expect(ran.result.permissionDenials.flatMap((denial) => denial.effects)).toEqual([
      { kind: 'read', path: outside },
      { kind: 'read', path: expect.stringContaining('/etc/shadow') as string },
      // Rules may name the link or what it leads to.
      { kind: 'read', path: `${project.root}/link/hostname` },
      { kind: 'read', path: outside },
    ]);
  });

  test('--add-dir makes another folder part of the workspace', async () => {
    const other = tempProject({ 'x.txt': 'from outside' }, { git: false });
    const ran = await run(['--add-dir', other.root, 'read it'], {
      script: (request, turn) =>
        turn === 0
          ? { calls: [{ name: 'read', input: { path: join(other.root, 'x.txt') } }] }
          : { text: JSON.stringify(request.messages.at(-1)?.content) },
    });
    expect(ran.result.permissionDenials).toEqual([]);
    expect(ran.result.summary).toContain('from outside');
    other.close();
  });
});

describe('permissions with a terminal', () => {
  const ask = (answers: string[], script: ScriptedTurn[]) =>
    home.cli(['run', '-m', 'script/one', '--verify', 'never', 'fix it'], {
      cwd: project.root,
      script,
      terminal: { answers },
    });

  test('yes lets it happen', async () => {
    const ran = await ask(['y'], [fix, { text: 'ok' }]);
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stderr).toContain(`write ${project.root}/src/add.js`);
    expect(project.read('src/add.js')).toContain('a + b');
  });

  test('always is remembered for the very same thing, not for others', async () => {
    const shell = (command: string): ScriptedTurn => ({ calls: [{ name: 'shell', input: { command } }] });
    const ran = await ask(['a', 'n'], [shell('make one'), shell('make one'), shell('make two'), { text: 'ok' }]);
    expect(ran.stderr.match(/Allow\?/g)).toHaveLength(2);
  });

  test('a reason is told to the model, and a closed input is a no', async () => {
    const ran = await ask(['use another file'], [fix, fix, { text: 'ok' }]);
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain('use another file');
    expect(ran.stderr.match(/Allow\?/g)).toHaveLength(2);
  });
});

describe('output', () => {
  test('commands the model runs see harmless variables and those a rule allows, and no keys', async () => {
    const ran = await run(['--permission-mode', 'auto', '--allowed-tools', 'env(PLAIN)', 'go'], {
      env: {
        LANG: 'C.UTF-8',
        OTHER: 'other-1',
        ANTHROPIC_API_KEY: 'anthropic-1',
        ANTHROPIC_AUTH_TOKEN: 'anthropic-2',
        AZURE_OPENAI_API_KEY: 'azure-1',
        PLAIN: 'kept',
      },
      script: (request, turn) =>
        turn === 0
          ? { calls: [{ name: 'shell', input: { command: 'env' } }] }
          : { text: JSON.stringify(request.messages.at(-1)) },
    });
    expect(ran.result.summary).toContain('PLAIN=kept');
    expect(ran.result.summary).toContain('LANG=C.UTF-8');
    expect(ran.result.summary).not.toMatch(/anthropic-|azure-|other-/);
  });

  test('text: the answer on standard output, everything else on standard error', async () => {
    const ran = await home.cli(['run', '-m', 'script/one', '--permission-mode', 'auto', 'fix it'], {
      cwd: project.root,
      script: [{ text: 'I will fix it.', ...fix }, claim],
    });
    expect(ran.stdout).toBe('Fixed.\n');
    expect(ran.stderr).toContain('I will fix it.');
    expect(ran.stderr).toContain('› edit src/add.js');
    expect(ran.stderr).toContain('VERIFIED tests_pass');
    expect(ran.stderr).toMatch(/done, verified · script\/one · 2 turns · \d+ tokens in/);
  });

  test('secrets from the environment are in no output and not in the log', async () => {
    const secret = 'very-secret-value-123';
    const ran = await run(['--permission-mode', 'auto', '--verify', 'never', 'go'], {
      env: { SERVICE_TOKEN: secret },
      script: (_request, turn) =>
        turn === 0
          ? { text: `I found ${secret}.`, calls: [{ name: 'shell', input: { command: 'echo "$SERVICE_TOKEN"' } }] }
          : { text: `It is ${secret}.` },
    });
    expect(ran.result.summary).toMatch(/^It is \[redacted:known-value:[0-9a-f]{8}\]\.$/);
    expect(ran.stdout + ran.stderr).not.toContain(secret);
    const log = await home.cli(['sessions', 'export', ran.result.sessionId ?? '']);
    expect(log.stdout).not.toContain(secret);
  });

  test('--quiet says nothing but the answer', async () => {
    const ran = await home.cli(['-p', '-q', '-m', 'script/one', 'hi there friend'], { script: [{ text: 'Hello.' }] });
    expect(ran).toMatchObject({ code: 0, stdout: 'Hello.\n', stderr: '' });
  });

  test('stream-json: every recorded event on a line of its own, the result last', async () => {
    const ran = await home.cli(['run', '-m', 'script/one', '--output-format', 'stream-json', 'hi'], {
      script: [{ text: 'Hello you.' }],
    });
    const lines = ran.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; seq?: number });
    expect(lines.map((line) => line.type)).toEqual([
      'sandbox.selected',
      'run.started',
      'message.added',
      'model.selected',
      'usage',
      'message.added',
      'run.finished',
      'workflow.finished',
      'result',
    ]);
    expect(lines.slice(0, -1).map((line) => line.seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('--include-partial-messages adds the deltas', async () => {
    const ran = await home.cli(
      ['run', '-m', 'script/one', '--output-format', 'stream-json', '--include-partial-messages', 'hi'],
      { script: [{ text: 'Hello you.' }] },
    );
    expect(ran.stdout.split('\n').filter((line) => line.includes('text.delta'))).toHaveLength(2);
  });

  test('--json-schema validates the answer', async () => {
    const schema = JSON.stringify({
      type: 'object',
      properties: { n: { type: 'integer' } },
      required: ['n'],
      additionalProperties: false,
    });
    const good = await run(['--json-schema', schema, 'count'], {
      script: [{ text: '{"n":"x"}' }, { text: '{"n": 3}' }],
    });
    expect(good.result).toMatchObject({ result: { n: 3 }, exitCode: 0, turns: 2 });
    writeFileSync(join(project.root, 's.json'), schema);
    const bad = await run(['--json-schema', '@s.json', 'count'], {
      script: [{ text: '{}' }, { text: '{"n":1,"m":2}' }],
    });
    expect(bad.code).toBe(1);
    expect(bad.result.error?.message).toContain('additional properties');
    const text = await home.cli(['run', '-m', 'script/one', '--json-schema', schema, 'count'], {
      script: [{ text: '{"n": 4}' }],
    });
    expect(JSON.parse(text.stdout)).toEqual({ n: 4 });
  });

  test('pictures go to the model', async () => {
    writeFileSync(join(project.root, 'p.png'), Buffer.from('89504e47', 'hex'));
    let blocks: string[] = [];
    await run(['--image', 'p.png', 'what is this?'], {
      script: (request) => (
        (blocks = request.messages[0]?.content.map((block) => block.type) ?? []),
        { text: 'A dot.' }
      ),
    });
    expect(blocks).toEqual(['image', 'text']);
  });

  test('project instructions, surroundings and the user’s addition are in the system prompt', async () => {
    writeFileSync(join(project.root, 'AGENTS.md'), 'Use tabs.');
    let system = '';
    await run(['--append-system-prompt', 'Be brief.', 'hi'], {
      script: (request) => ((system = request.system), { text: 'ok' }),
    });
    for (const part of ['Use tabs.', 'Be brief.', project.root, 'branch main', '?? AGENTS.md', 'Check test: npm test'])
      expect(system).toContain(part);
  });
});

describe('standard input', () => {
  test('is appended to the task', async () => {
    let prompt = '';
    const script = (request: { messages: readonly { content: Parameters<typeof textOf>[0] }[] }) => (
      (prompt = textOf(request.messages[0]?.content ?? [])),
      { text: 'ok' }
    );
    await run(['explain'], { script, stdin: 'the log\nline two\n' });
    expect(prompt).toBe('explain\n\nthe log\nline two');
    await run(['-'], { script, stdin: 'only input' });
    expect(prompt).toBe('only input');
  });

  test('an empty task, binary input and too much input are usage errors', async () => {
    expect(await run([], { script: [] })).toMatchObject({
      code: 2,
      result: { error: { message: 'The task is empty.' } },
    });
    expect((await run(['x'], { script: [], stdin: Buffer.from([0, 1, 2, 255]) })).result.error?.message).toContain(
      'binary',
    );
    expect(
      (await run(['x'], { script: [], stdin: Buffer.alloc(11 * 1024 * 1024, 97) })).result.error?.message,
    ).toContain('10 MB');
  });
});

describe('sessions', () => {
  test('-c goes on with the conversation, --fork-session leaves it alone', async () => {
    const counts: number[] = [];
    const script = (request: { messages: readonly unknown[] }) => (
      counts.push(request.messages.length),
      { text: 'ok' }
    );
    const first = await run(['one'], { script });
    const second = await run(['-c', 'two'], { script });
    const forked = await run(['-r', first.result.sessionId?.slice(0, 8) ?? '', '--fork-session', 'three'], { script });
    const again = await run(['-c', '-r', first.result.sessionId ?? '', 'four'], { script });
    expect(counts).toEqual([1, 3, 5, 5]);
    expect(second.result.sessionId).toBe(first.result.sessionId);
    expect(forked.result.sessionId).not.toBe(first.result.sessionId);
    expect(again.result.sessionId).toBe(first.result.sessionId);
  });

  test('--session-id names a new session, once', async () => {
    const id = '11111111-2222-4333-8444-555555555555';
    expect((await run(['--session-id', id, 'x'], { script: [{ text: 'ok' }] })).result.sessionId).toBe(id);
    expect((await run(['--session-id', id, 'x'], { script: [{ text: 'ok' }] })).result.error?.message).toContain(
      'exists already',
    );
    expect((await run(['--session-id', 'abc', 'x'], { script: [] })).result.error?.message).toContain('not a UUID');
    expect((await run(['--session-id', id, '-c', 'x'], { script: [] })).result.error?.message).toContain(
      '--fork-session',
    );
  });

  test('what cannot be resumed is said', async () => {
    const empty = tempProject({}, { git: false });
    expect((await run(['-c', 'x'], { script: [], cwd: empty.root })).result.error?.message).toContain(
      'no session of this folder',
    );
    expect((await run(['-r', 'ffff', 'x'], { script: [] })).result.error?.message).toContain('no session ffff');
    expect((await run(['x', '-r'], { script: [] })).result.error?.message).toContain('needs a session id');
    expect((await run(['--fork-session', 'x'], { script: [] })).result.error?.message).toContain('needs --continue');
    empty.close();
  });
});

describe('limits', () => {
  test('turns, money and tokens end it with exit 5', async () => {
    const script = (_request: unknown, turn: number) => ({
      calls: [{ name: 'list', input: { path: turn % 2 ? 'src' : 'test' } }],
    });
    expect((await run(['--max-turns', '2', 'x'], { script })).result).toMatchObject({
      exitCode: 5,
      status: 'stopped',
      turns: 2,
    });
    expect((await run(['--max-tokens', '100', 'x'], { script })).result).toMatchObject({ exitCode: 5 });
    const price = { inputPerMTok: 100, outputPerMTok: 100, cacheReadPerMTok: 0, cacheWritePerMTok: 0 };
    const plugins = (await import('../../plugins/index.ts')).default;
    const dear = [scriptPlugin(script, { capabilities: { price } }), ...plugins];
    const ran = await run(['--max-cost-usd', '0.0001', 'x'], { plugins: dear });
    expect(ran.result).toMatchObject({ exitCode: 5, usage: { costUsd: 0 } });
  });

  test('--timeout ends a hanging command, with exit 5, and the log is closed', async () => {
    const ran = await run(['--permission-mode', 'auto', '--timeout', '1s', 'x'], {
      script: [{ calls: [{ name: 'shell', input: { command: 'sleep 60' } }] }],
    });
    expect(ran.result).toMatchObject({
      exitCode: 5,
      status: 'stopped',
      error: { message: expect.stringContaining('1 s') as string },
    });
    const log = await home.cli(['sessions', 'export', ran.result.sessionId ?? '']);
    expect(log.stdout).toContain('"type":"run.finished"');
  });

  test('an interrupt gives 130', async () => {
    const ran = await run(['--permission-mode', 'auto', 'x'], {
      script: [{ calls: [{ name: 'shell', input: { command: 'sleep 60' } }] }],
      interrupt: (send) => setTimeout(send, 800),
    });
    expect(ran.result).toMatchObject({ exitCode: 130, status: 'stopped' });
  });
});

describe('models and providers', () => {
  test('no key: exit 3 with the variables’ names', async () => {
    const ran = await home.cli(['run', '--output-format', 'json', 'hi there']);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toMatch(/ANTHROPIC_API_KEY.*OPENAI_API_KEY/s);
    const named = await home.cli(['run', '-m', 'anthropic', 'hi there']);
    expect(named.code).toBe(3);
    expect(named.stderr).toContain('ANTHROPIC_API_KEY');
  });

  test('an unknown provider names the nearest', async () => {
    const ran = await home.cli(['run', '-m', 'antropic/x', 'hi']);
    expect(ran).toMatchObject({ code: 3, stderr: expect.stringContaining('did you mean "anthropic"') as string });
  });

  test('a provider that is down gives exit 6, and --fallback-model goes on with another', async () => {
    const plugins = (await import('../../plugins/index.ts')).default;
    const down: Plugin = {
      name: 'down',
      providers: [{ name: 'down', keyEnv: [], defaultModel: 'x' }],
      load: async () => ({
        setup: () => ({
          providers: {
            down: (model) => ({
              ...scriptedProvider([], { name: `down/${model}` }),
              async *stream() {
                throw new ProviderError('not_found', 'There is no such model.');
              },
            }),
          },
        }),
      }),
    };
    const ran = await home.cli(['run', '-m', 'down/x', '--output-format', 'json', 'hi'], {
      plugins: [down, ...plugins],
    });
    expect(ran.result).toMatchObject({ exitCode: 6, error: { code: 'E_PROVIDER_NOT_FOUND' } });
  });

  test('a bug is exit 70 without a stack trace, unless --debug', async () => {
    const plugins = (await import('../../plugins/index.ts')).default;
    const buggy = [
      scriptPlugin(() => {
        throw new TypeError('boom');
      }),
      ...plugins,
    ];
    const plain = await home.cli(['run', '-m', 'script', '--output-format', 'json', 'hi'], { plugins: buggy });
    expect(plain.code).toBe(70);
    expect(plain.result.error?.code).toBe('E_BUG');
    expect(plain.stderr).not.toContain('    at ');
    const debug = await home.cli(['run', '-m', 'script', '--debug', 'hi'], { plugins: buggy });
    expect(debug.stderr).toContain('    at ');
  });

  test('a named sandbox that cannot start is exit 7, never another one', async () => {
    const ran = await run(['--sandbox', 'docker', 'x'], { script: [] });
    expect(ran.code).toBe(7);
  });
});
