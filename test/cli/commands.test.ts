import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tempProject, type TempProject } from '../../src/testing.ts';
import { cliHarness } from '../support/cli.ts';

let home: ReturnType<typeof cliHarness>;
let project: TempProject;
beforeAll(() => {
  home = cliHarness();
  project = tempProject({ 'package.json': JSON.stringify({ scripts: { test: 'node --test', lint: 'eslint .' } }) });
});
afterAll(() => {
  home.close();
  project.close();
});
const cli = (...argv: string[]) => home.cli(argv, { cwd: project.root });

describe('help', () => {
  test('lists the commands', async () => {
    const { code, stdout } = await cli('--help');
    expect(code).toBe(0);
    for (const word of ['run', 'sessions', 'config', 'checks', 'doctor', 'completion', 'demo'])
      expect(stdout).toContain(`  ${word}`);
  });

  test('a bare command shows it too', async () => expect((await cli()).stdout).toContain('Usage: llm-copilot'));
  test('of a command', async () => expect((await cli('help', 'sessions')).stdout).toContain('export'));
  test('--version says the version', async () => expect((await cli('--version')).stdout).toBe('9.9.9\n'));

  test('exit codes are a table', async () => {
    const { stdout } = await cli('help', 'exit-codes');
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => Number(line.trim().split(' ')[0]))
        .sort((a, b) => a - b),
    ).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 70, 130]);
  });
});

test('-C before a command says where it works', async () => {
  mkdirSync(join(project.root, 'inner'));
  writeFileSync(join(project.root, 'inner', 'Makefile'), 'test:\n\tpytest\n');
  expect((await cli('-C', 'inner', 'checks')).stdout).toContain('make test');
});

describe('mistakes', () => {
  test.each([
    [['sesions'], /Unknown command "sesions".*Did you mean "sessions"/s],
    [['frobnicate'], /Unknown command/],
    [['run', '--modell', 'x', 'y'], /unknown option '--modell'.*--model/is],
    [['run', '--output-format', 'xml', 'y'], /xml/],
    [['run', '--max-turns', '0', 'y'], /--max-turns takes a positive whole number/],
    [['run', '--max-cost-usd', 'lots', 'y'], /--max-cost-usd takes a positive number/],
    [['run', '--max-repairs', '-1', 'y'], /--max-repairs/],
    [['run', '--timeout', 'soon', 'y'], /--timeout takes a time/],
    [['run', '--json-schema', '{', '-m', 'demo', 'y'], /not JSON/],
    [['run', '--json-schema', '[]', '-m', 'demo', 'y'], /must be a JSON object/],
    [['run', '--json-schema', '@nowhere.json', '-m', 'demo', 'y'], /no file/],
    [['run', '--image', 'x.bmp', '-m', 'demo', 'y'], /only png/],
    [['run', '--cd', '/nowhere/at/all', '-m', 'demo', 'y'], /no such folder/],
    [['-C', '/nowhere/at/all', 'checks'], /no such folder/],
    [['run', '--add-dir', 'nowhere', '-m', 'demo', 'y'], /no such folder/],
    [['completion', 'tcsh'], /no completion for "tcsh"/],
    [['sessions', 'show', 'ffff'], /no session ffff/],
    [['config', 'get', 'modle'], /did you mean "model"/],
  ])('%j is a usage error', async (argv, message) => {
    const { code, stderr } = await cli(...argv);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(stderr).not.toContain('    at ');
  });

  test('are JSON when JSON was promised', async () => {
    const ran = await cli('run', '--output-format=json', '--nonsense', 'x');
    expect(ran.result).toMatchObject({ type: 'result', exitCode: 2, error: { code: 'E_USAGE' } });
    expect(ran.code).toBe(2);
  });

  test('a picture that cannot be read is exit 3', async () => {
    expect((await cli('run', '--image', 'x.png', '-m', 'demo', 'y')).code).toBe(3);
  });

  test('a malformed configuration names file and line', async () => {
    const broken = tempProject({ '.llm-copilot/config.yaml': 'maxTurns: 3\nmodle: x\n' });
    const ran = await home.cli(['run', '-m', 'demo', 'x'], { cwd: broken.root });
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain('config.yaml:2: unknown key "modle" – did you mean "model"?');
    broken.close();
  });

  test('a broken permission rule is exit 3', async () => {
    const broken = tempProject({ '.llm-copilot/config.yaml': 'permissions:\n  rules:\n    - deny: raed(x)\n' });
    const ran = await home.cli(['run', '-m', 'demo', 'x'], { cwd: broken.root });
    expect(ran).toMatchObject({ code: 3, stderr: expect.stringContaining('did you mean "read"') as string });
    broken.close();
  });
});

describe('config', () => {
  test('set, get, show with origin, path', async () => {
    expect((await cli('config', 'set', 'maxTurns', '9')).code).toBe(0);
    expect((await cli('config', 'get', 'maxTurns')).stdout).toBe('9\n');
    const shown = await cli('config', 'show', '--origin');
    expect(shown.stdout).toMatch(/maxTurns: 9 {2}# user: .*config\.yaml/);
    expect(shown.stdout).toContain('maxRepairs: 2  # default');
    expect((await cli('config', 'path')).stdout).toContain(join(home.home, 'config', 'llm-copilot', 'config.yaml'));
    expect((await cli('config', 'get', 'model')).code).toBe(1);
    expect(JSON.parse((await cli('config', 'show', '--json')).stdout)).toHaveProperty('settings');
  });

  test('set --project writes the project’s file, and its widening is said when shown', async () => {
    await cli('config', 'set', '--project', 'permissions.mode', 'bypass');
    expect(readFileSync(join(project.root, '.llm-copilot/config.yaml'), 'utf8')).toContain('mode: bypass');
    expect((await cli('config', 'show')).stderr).toContain('ignored');
    writeFileSync(join(project.root, '.llm-copilot/config.yaml'), 'permissions:\n  rules:\n    - deny: exec(rm *)\n');
    expect((await cli('config', 'show', '--origin')).stdout).toContain('deny: exec(rm *)  # project');
  });
});

describe('checks', () => {
  test('prints what was found and why', async () => {
    const { stdout } = await cli('checks');
    expect(stdout).toMatch(/test: npm test {2}# package\.json scripts\.test/);
    expect(stdout).toContain('lint: npm run lint');
    expect(JSON.parse((await cli('checks', '--json')).stdout)).toHaveProperty('checks');
  });

  test('says what to do when there are none', async () => {
    const bare = tempProject({}, { git: false });
    expect((await home.cli(['checks'], { cwd: bare.root })).stderr).toContain('config set --project checks.test');
    bare.close();
  });
});

describe('doctor', () => {
  test('looks at everything the main job needs', async () => {
    const report = JSON.parse((await cli('doctor', '--json')).stdout) as {
      ok: boolean;
      findings: { name: string; state: string; enforces?: object }[];
    };
    expect(report.ok).toBe(true);
    expect(report.findings.map((finding) => finding.name)).toEqual([
      'node',
      'better-sqlite3',
      'data folder',
      'git',
      'ripgrep',
      'repository',
      'configuration',
      'keys',
      'vault',
      'network',
      'local models',
      'embedding',
      'search',
      'sandbox',
      'sandbox bubblewrap',
      'sandbox docker',
      'terminal',
    ]);
    expect(report.findings.find((finding) => finding.name === 'keys')?.state).toBe('warn');
    const { enforces } = report.findings.find((finding) => finding.name === 'sandbox') ?? {};
    expect(Object.keys(enforces ?? {}).sort()).toEqual(['cpu', 'fs', 'memory', 'net', 'pids', 'user']);
    const text = await home.cli(['doctor'], { cwd: project.root, env: { ANTHROPIC_API_KEY: 'x' } });
    expect(text.stdout).toContain('✓ keys: set: ANTHROPIC_API_KEY');
  });

  test('fails with exit 3 when the data folder cannot be used or the configuration is wrong', async () => {
    const blocked = join(home.home, 'a-file');
    writeFileSync(blocked, '');
    const ran = await home.cli(['doctor'], { cwd: project.root, env: { LLM_COPILOT_DATA_DIR: join(blocked, 'data') } });
    expect(ran.code).toBe(3);
    expect(ran.stdout).toContain('✗ data folder');
  });

  test('works outside a repository and says what is missing', async () => {
    const bare = tempProject({}, { git: false });
    const ran = await home.cli(['doctor'], { cwd: bare.root });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('not in a git repository');
    bare.close();
  });
});

describe('sessions', () => {
  test('are listed, shown, exported, verified and deleted', async () => {
    expect((await cli('sessions', 'list')).stderr).toContain('No sessions yet');
    const ran = await home.cli(
      ['run', '-m', 'script/one', '--permission-mode', 'plan', '--output-format', 'json', 'look around'],
      {
        cwd: project.root,
        script: [
          {
            text: 'Looking.',
            calls: [
              { name: 'list', input: {} },
              { name: 'shell', input: { command: 'make all' } },
            ],
          },
          { text: 'I looked. All tests pass.' },
        ],
      },
    );
    const id = ran.result.sessionId ?? '';
    expect((await cli('sessions', 'list')).stdout).toContain('look around');
    expect(JSON.parse((await cli('sessions', 'list', '--json', '--all')).stdout)).toHaveLength(1);
    const shown = (await cli('sessions', 'show', id)).stdout;
    for (const part of [
      'user: look around',
      'assistant: Looking.',
      '› list',
      '✗ shell',
      'UNVERIFIED tests_pass',
      'answered after 2 turns',
    ])
      expect(shown).toContain(part);
    const lines = (await cli('sessions', 'export', id)).stdout.trim().split('\n');
    expect((JSON.parse(lines[0] ?? '') as { type: string }).type).toBe('sandbox.selected');
    expect((await cli('sessions', 'verify', id)).stdout).toContain('chain whole');
    expect((await cli('sessions', 'delete', id)).stderr).toContain('Deleted');
    expect((await cli('sessions', 'list')).stdout).toBe('');
  });
});

describe('completions', () => {
  test.each(['bash', 'zsh', 'fish'])('the %s file in completions/ is fresh', async (shell) => {
    const { stdout } = await cli('completion', shell);
    const file = new URL(`../../completions/llm-copilot.${shell}`, import.meta.url);
    if (process.env.UPDATE_COMPLETIONS) {
      mkdirSync(new URL('.', file), { recursive: true });
      writeFileSync(file, stdout);
    }
    expect(readFileSync(file, 'utf8')).toBe(stdout);
  });

  test('bash completes commands, subcommands, options and their values', () => {
    const script = new URL('../../completions/llm-copilot.bash', import.meta.url).pathname;
    const complete = (...words: string[]): string =>
      execFileSync(
        'bash',
        [
          '-c',
          `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _llm_copilot; echo "\${COMPREPLY[*]}"`,
          script,
          'llm-copilot',
          ...words,
        ],
        { encoding: 'utf8' },
      ).trim();
    expect(complete('sess')).toBe('sessions');
    expect(complete('sessions', 'ex')).toBe('export');
    expect(complete('run', '--permission-mode', 'a')).toBe('ask accept-edits auto');
    expect(complete('run', '--max-t')).toBe('--max-turns --max-tokens');
  });
});

describe('the demo', () => {
  test('does the whole job on a real repository and says that the model is scripted', async () => {
    const { code, stdout } = await cli('demo');
    expect(code, stdout).toBe(0);
    for (const part of [
      'SCRIPTED MODEL',
      'ten packets get ten percent off',
      '-  return packets > 10',
      '+  return packets >= 10',
      'VERIFIED tests_pass',
      'ANTHROPIC_API_KEY',
      'tokens in',
    ])
      expect(stdout).toContain(part);
  });
});
