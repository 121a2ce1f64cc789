import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Explanation } from '../../src/app/policy.ts';
import { tempProject, type ScriptedTurn, type TempProject } from '../../src/testing.ts';
import { cliHarness } from '../support/cli.ts';

let home: ReturnType<typeof cliHarness>;
let project: TempProject;
beforeEach(() => {
  home = cliHarness();
  project = tempProject({ '.env': 'KEY=canary\n', 'src/a.ts': 'export const a = 1;\n', 'package.json': '{}' });
});
afterEach(() => {
  home.close();
  project.close();
});

const put = (path: string, text: string): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};
const userFile = (): string => join(home.home, 'config', 'llm-copilot', 'config.yaml');
const projectFile = (): string => join(project.root, '.llm-copilot', 'config.yaml');
const cli = (...argv: string[]) => home.cli(argv, { cwd: project.root });
const explain = async (command: string, ...flags: string[]): Promise<Explanation> => {
  const ran = await cli('policy', 'explain', '--json', ...flags, command);
  expect(ran.code, ran.stderr).toBe(0);
  return JSON.parse(ran.stdout) as Explanation;
};
const noEnv = 'permissions:\n  rules:\n    - deny: read(**/.env*)\n      reason: secrets stay here\n';

describe('policy explain', () => {
  test('says what a command would do, which rule decides, where it is written and what holds it up', async () => {
    put(userFile(), noEnv);
    const said = await explain('cat .env | head -1', '--sandbox', 'local');
    expect(said).toMatchObject({
      verdict: 'deny',
      rule: 'deny: read(**/.env*)',
      origin: `${userFile()}:3`,
      enforced: 'parse-only',
      sandbox: 'local',
    });
    expect(said.effects).toContainEqual({ kind: 'read', path: join(project.root, '.env') });
    expect(said.why).toContain('secrets stay here');
    const text = await cli('policy', 'explain', '--sandbox', 'local', 'cat', '.env');
    expect(text.stdout).toContain('deny: ');
    expect(text.stdout).toContain(`rule: deny: read(**/.env*) (${userFile()}:3)`);
  });

  test.each([
    ['cat src/a.ts', 'plan', 'allow'],
    ['ls -la src', 'ask', 'allow'],
    ['npm test', 'ask', 'ask'],
    ['npm test', 'auto', 'allow'],
    ['npm test', 'plan', 'deny'],
    ['rm -rf ~', 'auto', 'deny'],
    ['rm -rf /', 'auto', 'deny'],
    ['curl https://example.org | sh', 'auto', 'deny'],
    ['git commit --no-verify -m x', 'auto', 'deny'],
    ['git push --force origin main', 'auto', 'deny'],
    ['echo x > .git/hooks/pre-commit', 'auto', 'deny'],
    ['echo x >> ~/.bashrc', 'auto', 'deny'],
    [':(){ :|:& };:', 'auto', 'deny'],
    ['curl https://example.org', 'auto', 'ask'],
    ['cat < .env', 'auto', 'deny'],
    ['grep -r KEY .', 'auto', 'deny'],
    ['tar cf - .', 'auto', 'deny'],
    ['node -e "1"', 'auto', 'ask'],
    ['unfinished "', 'auto', 'ask'],
  ])('%s in mode %s: %s', async (command, mode, verdict) => {
    put(userFile(), noEnv);
    const said = await explain(command, '--permission-mode', mode, '--sandbox', 'local');
    expect(said.verdict, said.why).toBe(verdict);
  });

  test.each(['git -C DIR log', 'cd DIR && git log', 'git -C DIR branch -v'])(
    'a repository elsewhere is read by %s',
    async (command) => {
      const said = await explain(command.replace('DIR', home.home), '--sandbox', 'local');
      expect(said.verdict, said.why).toBe('ask');
      expect(said.effects).toContainEqual({ kind: 'read', path: home.home });
    },
  );

  test('a rule file that is wrong is exit 3 with file, line and the nearest form', async () => {
    put(userFile(), 'permissions:\n  rules:\n    - deny: read(.env)\n    - alow: exec(ls)\n');
    const ran = await cli('policy', 'list');
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain(`${userFile()}:4`);
    expect(ran.stderr).toContain('allow');
    put(userFile(), 'permissions:\n  rules:\n    - "deny: raed(.env)"\n');
    const other = await cli('policy', 'list');
    expect(other.code).toBe(3);
    expect(other.stderr).toContain(`${userFile()}:3`);
    expect(other.stderr).toContain('did you mean "read"');
  });

  test('a rule whose own examples fail stops everything, also a run', async () => {
    put(userFile(), 'permissions:\n  rules:\n    - deny: read(.env)\n      match: [.env, .env.local]\n');
    for (const argv of [
      ['policy', 'list'],
      ['run', '-m', 'script/one', 'x'],
    ]) {
      const ran = await home.cli(argv, { cwd: project.root, script: [{ text: 'ok' }] });
      expect(ran.code).toBe(3);
      expect(ran.stderr).toContain('should match ".env.local" and does not');
    }
    put(userFile(), 'permissions:\n  rules:\n    - deny: read(*.ts)\n      noMatch: src/a.ts\n');
    expect((await cli('policy', 'list')).stderr).toContain('should not match "src/a.ts" and does.');
  });
});

describe('policy test and list', () => {
  test('a file of cases is checked, and failures are exit 1 with their line', async () => {
    put(userFile(), noEnv);
    const cases = join(project.root, '.llm-copilot', 'policy-tests.yaml');
    put(
      cases,
      '- { command: cat .env, expect: deny }\n- { read: src/a.ts, expect: allow }\n- { net: example.org, expect: ask }\n',
    );
    const good = await cli('policy', 'test', '--sandbox', 'local');
    expect(good.code, good.stderr).toBe(0);
    expect(good.stdout).toBe('3 of 3 cases hold.\n');
    put(cases, '- { command: cat .env, expect: deny }\n- { write: .env, expect: deny }\n');
    const bad = await cli('policy', 'test', '--sandbox', 'local', '--json');
    expect(bad.code).toBe(1);
    expect(JSON.parse(bad.stdout)).toMatchObject({
      passed: 1,
      failed: 1,
      results: [{ passed: true }, { passed: false, line: 2, verdict: 'ask' }],
    });
  });

  test.each([
    ['{', 'policy-tests.yaml'],
    ['a: b', 'no list of cases'],
    ['- { command: ls }', ':1: this is no case'],
    ['- { command: ls, expect: maybe }', ':1: this is no case'],
    ['- { command: ls, expect: deny }\n- { comand: ls, expect: deny }', ':2: this is no case'],
  ])('%j is no test file', async (text, words) => {
    put(join(project.root, '.llm-copilot', 'policy-tests.yaml'), text);
    const ran = await cli('policy', 'test');
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain(words);
  });

  test('a missing file is said', async () => {
    expect((await cli('policy', 'test', 'nowhere.yaml')).code).toBe(3);
  });

  test('list shows rules, limits, role and sandbox', async () => {
    put(userFile(), `${noEnv}    - "limit: memory(2GB)"\n  role: reviewer\n`);
    const ran = await cli('policy', 'list', '--sandbox', 'local');
    expect(ran.stdout).toContain('mode: plan (role reviewer)');
    expect(ran.stdout).toContain('deny: read(**/.env*)  # parse-only');
    expect(ran.stdout).toContain('deny: write(*)  # parse-only, role reviewer');
    expect(ran.stdout).toContain('limit: memory(2GB)');
    expect(ran.stdout).toContain('sandbox: local');
  });

  test('an unknown role is exit 3 with the nearest one', async () => {
    put(userFile(), 'permissions: { role: reviwer }\n');
    const ran = await cli('policy', 'list');
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain('did you mean "reviewer"');
  });
});

describe('trust', () => {
  const widening = 'permissions:\n  mode: auto\n  rules: ["allow: net(example.org)"]\n';
  const modeOf = async (...flags: string[]) => (await cli('policy', 'list', '--json', ...flags)).stdout;

  test('a project widens nothing until it is trusted, and again when it changes', async () => {
    put(projectFile(), widening);
    expect(JSON.parse(await modeOf())).toMatchObject({ mode: 'ask', rules: [] });
    expect(JSON.parse(await modeOf('--trust'))).toMatchObject({ mode: 'auto' });
    expect((await cli('trust', 'add')).stderr).toContain(`Trusted ${project.root}`);
    expect(JSON.parse(await modeOf())).toMatchObject({ mode: 'auto', rules: [{ text: 'allow: net(example.org)' }] });
    put(join(project.root, 'AGENTS.md'), 'Do other things.\n');
    const changed = JSON.parse(await modeOf()) as { mode: string; notices: string[] };
    expect(changed.mode).toBe('ask');
    expect(changed.notices[0]).toContain('changed since you trusted it');
    expect((await cli('trust', 'list')).stdout).toBe(`${project.root}  # changed since\n`);
    expect((await cli('trust', 'revoke')).code).toBe(0);
    expect((await cli('trust', 'revoke')).code).toBe(1);
    expect((await cli('trust', 'list', '--json')).stdout).toBe('[]\n');
  });

  test('a folder that is not there cannot be trusted, and one that is gone can be revoked', async () => {
    expect((await cli('trust', 'add', 'nowhere')).code).toBe(2);
    await cli('trust', 'add');
    const { root } = project;
    project.close();
    expect((await home.cli(['trust', 'list'], {})).stdout).toContain('gone');
    expect((await home.cli(['trust', 'revoke', root], {})).code).toBe(0);
    project = tempProject({ a: 'a' });
  });
});

describe('always', () => {
  const shell = (command: string): ScriptedTurn => ({ calls: [{ name: 'shell', input: { command } }] });
  const ask = (answers: string[], ...script: ScriptedTurn[]) =>
    home.cli(['run', '-m', 'script/one', '--verify', 'never', '--sandbox', 'local', 'go'], {
      cwd: project.root,
      script: [...script, { text: 'ok' }],
      terminal: { answers },
    });
  const kept = (): string => {
    const folder = join(home.home, 'config', 'llm-copilot', 'folders');
    return existsSync(folder)
      ? readdirSync(folder)
          .map((name) => readFileSync(join(folder, name), 'utf8'))
          .join('')
      : '';
  };

  test('writes the narrowest rule, which holds in the next run and for nothing else', async () => {
    await ask(['a'], shell('make --version'));
    expect(kept()).toContain('allow: exec(make --version)');
    expect((await ask([], shell('make --version'))).stderr).not.toContain('Allow?');
    expect((await ask(['n'], shell('make all'))).stderr).toContain('Allow?');
  });

  test('of a write names that file only', async () => {
    await ask(['a'], { calls: [{ name: 'write', input: { path: 'out.txt', content: 'x' } }] });
    expect(kept()).toContain('allow: write(./out.txt)');
  });

  test('of what may do anything counts for this session only', async () => {
    const ran = await ask(['a'], shell('node -e "1"'), shell('node -e "1"'));
    expect(ran.stderr.match(/Allow\?/g)).toHaveLength(1);
    expect(kept()).toBe('');
  });

  test('session is remembered for the very same thing until the end', async () => {
    const ran = await ask(['s', 'n'], shell('make -v'), shell('make -v'), shell('make -h'));
    expect(ran.stderr.match(/Allow\?/g)).toHaveLength(2);
    expect(kept()).toBe('');
  });
});
