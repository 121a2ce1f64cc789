import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { UndoList, UndoReport } from '../../src/app/undo.ts';
import { tempProject, type ScriptedTurn, type TempProject } from '../../src/testing.ts';
import { picture } from '../host/undo/undo-random.ts';
import { cliHarness } from '../support/cli.ts';

const files = {
  'a.txt': 'one\n',
  'src/b.txt': 'two\n',
  '.gitignore': 'ignored.txt\nnode_modules\n',
  'ignored.txt': 'nobody tracks this\n',
  'node_modules/x/index.js': 'x\n',
};

let home: ReturnType<typeof cliHarness>;
let project: TempProject;
beforeEach(() => {
  home = cliHarness();
  project = tempProject(files);
});
afterEach(() => {
  project.close();
  home.close();
});

const shell = (...commands: string[]): ScriptedTurn[] =>
  commands.map((command) => ({ calls: [{ name: 'shell', input: { command } }] }));
const work = async (...turns: ScriptedTurn[]): Promise<void> => {
  const argv = [
    'run',
    '-m',
    'script/one',
    '--permission-mode',
    'bypass',
    '--sandbox',
    'local',
    '--verify',
    'never',
    'x',
  ];
  const ran = await home.cli(argv, { cwd: project.root, script: turns });
  expect(ran.code, ran.stderr).toBe(0);
};
const undo = (...argv: string[]) => home.cli(['undo', ...argv], { cwd: project.root });
const undoJson = async (...argv: string[]): Promise<UndoReport> =>
  JSON.parse((await undo(...argv, '--json')).stdout) as UndoReport;
const list = async (): Promise<UndoList> => JSON.parse((await undo('--list', '--json')).stdout) as UndoList;
const look = (): string[] => picture(project.root, ['.git', 'node_modules']);

describe('undo', () => {
  test('takes back what a shell command did, ignored files included', async () => {
    const before = look();
    await work(...shell('rm a.txt ignored.txt; echo new > n; mkdir empty; chmod 600 src/b.txt; ln -s a.txt l'));
    expect(look()).not.toEqual(before);
    const ran = await undo();
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stderr).toContain('Undid step 1');
    expect(ran.stdout.split('\n')).toEqual(expect.arrayContaining(['+ a.txt', '- empty/', 'm src/b.txt', '- l']));
    expect(look()).toEqual(before);
  });

  test('goes further back each time, and then says that nothing is left', async () => {
    const start = look();
    await work(...shell('echo 1 >> a.txt', 'ls', 'echo 2 >> a.txt'));
    expect((await undo()).code).toBe(0);
    expect(project.read('a.txt')).toBe('one\n1\n');
    expect((await undo('--last')).code).toBe(0);
    expect(look()).toEqual(start);
    const ran = await undo();
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('Nothing to undo');
  });

  test('takes back an edit, which records its own file only', async () => {
    await work(
      { calls: [{ name: 'edit', input: { path: 'a.txt', old: 'one', new: 'three' } }] },
      { calls: [{ name: 'write', input: { path: 'new/deep/c.txt', content: 'c' } }] },
    );
    const { steps } = await list();
    expect(steps.map((step) => [step.tool, step.paths?.length])).toEqual([
      ['edit', 1],
      ['write', 1],
    ]);
    await undo();
    expect(existsSync(join(project.root, 'new'))).toBe(false);
    await undo();
    expect(project.read('a.txt')).toBe('one\n');
  });

  test('takes back every step of a run at once', async () => {
    const before = look();
    await work(...shell('echo 1 >> a.txt', 'mv src lib', 'echo 2 >> lib/b.txt'));
    const [step] = (await list()).steps;
    const report = await undoJson('--run', step?.run.slice(0, 8) ?? '');
    expect(report.undone).toEqual([3, 2, 1]);
    expect(look()).toEqual(before);
  });

  test('can itself be undone by its number', async () => {
    await work(...shell('echo 1 >> a.txt; rm src/b.txt'));
    const after = look();
    await undo();
    const { steps } = await list();
    expect(steps).toMatchObject([
      { number: 1, undone: true },
      { number: 2, undoes: [steps[0]?.id], what: 'took back step 1' },
    ]);
    expect((await undo('2')).code).toBe(0);
    expect(look()).toEqual(after);
    expect((await list()).steps.map((one) => one.undone)).toEqual([false, true, false]);
    expect((await undo()).code).toBe(0);
    expect(project.read('a.txt')).toBe('one\n');
  });

  test('refuses to overwrite what the user changed since, and shows it', async () => {
    await work(...shell('echo 1 >> a.txt; echo 2 >> src/b.txt'));
    project.write('a.txt', 'mine\n');
    const before = look();
    const ran = await undo();
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain('! a.txt was changed since');
    expect(ran.stderr).toContain('--force');
    expect(look()).toEqual(before);
    const report = await undoJson();
    expect(report).toMatchObject({ undone: [], conflicts: [{ path: 'a.txt' }], error: { code: 'E_UNDO_CONFLICT' } });
    expect((await undo('--force')).code).toBe(0);
    expect(project.read('a.txt')).toBe('one\n');
    await undo('2');
    expect(project.read('a.txt')).toBe('mine\n');
  });

  test('keeps what the user put beside the agent’s files', async () => {
    await work(...shell('mkdir made; echo 1 > made/agent.txt'));
    project.write('made/user.txt', 'mine\n');
    const report = await undoJson();
    expect(report).toMatchObject({ undone: [1], kept: [{ path: 'made' }] });
    expect(readdirSync(join(project.root, 'made'))).toEqual(['user.txt']);
  });

  test('says which later step a file was changed by', async () => {
    await work(...shell('echo 1 >> a.txt', 'echo 2 >> a.txt'));
    const report = await undoJson('1');
    expect(report.conflicts).toEqual([{ path: 'a.txt', why: 'was changed since, by step 2' }]);
  });

  test('changes nothing with --dry-run', async () => {
    await work(...shell('echo 1 >> a.txt'));
    const before = look();
    const report = await undoJson('--dry-run');
    expect(report).toMatchObject({ dryRun: true, undone: [1], changes: [{ path: 'a.txt', kind: 'modified' }] });
    expect(look()).toEqual(before);
    expect((await list()).steps).toHaveLength(1);
  });

  test('lists the steps, and what is not covered', async () => {
    const script = "for (const f of ['node_modules/y', 'z']) require('fs').writeFileSync(f, '2')";
    await work(...shell('echo 1 >> a.txt', `node -e "${script}"`));
    const ran = await undo('--list');
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/1 .*shell +echo 1 >> a\.txt +\(1 changed\)/);
    expect(ran.stdout).toContain('node_modules: excluded from undo');
    expect(ran.stdout).toContain('files over 50 MB');
    await undo();
    expect([existsSync(join(project.root, 'z')), existsSync(join(project.root, 'node_modules/y'))]).toEqual([
      false,
      true,
    ]);
  });

  test('works outside git and with links that lead nowhere', async () => {
    rmSync(join(project.root, '.git'), { recursive: true });
    symlinkSync('nowhere', join(project.root, 'dangling'));
    const before = look();
    await work(...shell('git init -q sub && ln -sfn a.txt dangling && echo x > sub/f'));
    expect((await undo()).code).toBe(0);
    expect(look()).toEqual(before);
  });

  test('works in the middle of a rebase and leaves the repository alone', async () => {
    project.write('a.txt', 'theirs\n');
    project.git('commit', '-qam', 'theirs');
    project.git('checkout', '-q', '-b', 'mine', 'HEAD~1');
    project.write('a.txt', 'mine\n');
    project.git('commit', '-qam', 'mine');
    expect(() => project.git('rebase', 'main')).toThrow();
    const own = picture(join(project.root, '.git'));
    const before = look();
    await work(...shell('echo resolved > a.txt; rm -r src'));
    expect((await undo()).code).toBe(0);
    expect(look()).toEqual(before);
    expect(picture(join(project.root, '.git'))).toEqual(own);
  });

  test('refuses the call when the state before it cannot be recorded', async () => {
    mkdirSync(join(home.home, 'data'), { recursive: true });
    writeFileSync(join(home.home, 'data', 'undo'), 'in the way');
    const argv = ['run', '-m', 'script/one', '--permission-mode', 'bypass', '--verify', 'never', '--sandbox', 'local'];
    const ran = await home.cli([...argv, '--output-format', 'json', 'x'], {
      cwd: project.root,
      script: shell('echo 1 >> a.txt'),
    });
    expect(ran.code).toBe(7);
    expect(ran.result.error?.code).toBe('E_SNAPSHOT');
    expect(project.read('a.txt')).toBe('one\n');
  });

  test('prune forgets snapshots, and the list says so', async () => {
    await work(...shell('echo 1 >> a.txt', 'echo 2 >> a.txt'));
    const kept = await undo('prune');
    expect(kept.code, kept.stderr).toBe(0);
    expect((await list()).steps.every((step) => step.changes !== undefined)).toBe(true);
    const ran = await undo('prune', '--days', '0', '--json');
    expect(JSON.parse(ran.stdout)).toMatchObject({ kept: 0, bytesAfter: 0 });
    expect((await undo('--list')).stdout).toContain('(pruned)');
    const refused = await undo();
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('is not there any more');
  });

  test('refuses words that make no sense', async () => {
    await work(...shell('echo 1 >> a.txt'));
    for (const argv of [['nine'], ['99'], ['1', '--last'], ['--run', 'zzz'], ['prune', '--max-size', 'much']]) {
      const ran = await undo(...argv);
      expect([ran.code, argv], ran.stderr).toEqual([2, argv]);
    }
    const elsewhere = await home.cli(['undo', '--json'], { cwd: home.home });
    expect(elsewhere.code).toBe(1);
    expect(JSON.parse(elsewhere.stdout)).toMatchObject({ undone: [], error: { code: 'E_UNDO_NOTHING' } });
  });

  test('leaves index, refs, hooks and configuration of the repository alone', async () => {
    const own = picture(join(project.root, '.git'));
    await work(...shell('echo 1 >> a.txt; rm ignored.txt'));
    await undo();
    await undo('2');
    expect(picture(join(project.root, '.git'))).toEqual(own);
    expect(execFileSync('git', ['status', '--short'], { cwd: project.root, encoding: 'utf8' })).toContain('M a.txt');
  });
});
