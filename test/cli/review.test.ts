// `review` in real repositories: what is looked at, what is said, and how it ends.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ReviewReport } from '../../src/engine/review/report.ts';
import { tempProject, type TempProject } from '../../src/testing.ts';
import { cliHarness, type Ran } from '../support/cli.ts';

const conflict = 'a();\n<<<<<<< HEAD\nb();\n=======\nc();\n>>>>>>> other\n';
const swallowed = 'export const a = (f) => {\n  try {\n    f();\n  } catch {}\n};\n';

describe('review', () => {
  let harness: ReturnType<typeof cliHarness>;
  let project: TempProject;
  beforeEach(() => {
    harness = cliHarness();
    project = tempProject({ 'src/a.js': 'export const a = (f) => {\n  f();\n};\n', 'README.md': 'Hello\n' });
  });
  afterEach(() => {
    project.close();
    harness.close();
  });
  const review = (args: string[] = [], env: Record<string, string> = {}): Promise<Ran> =>
    harness.cli(['review', ...args], { cwd: project.root, env });
  const reportOf = async (args: string[] = [], env: Record<string, string> = {}): Promise<ReviewReport> =>
    JSON.parse((await review([...args, '--json'], env)).stdout) as ReviewReport;
  const stage = (path: string, text: string): void => {
    project.write(path, text);
    project.git('add', '--all');
  };
  const onlyFingerprint = async (args: string[] = []): Promise<string> => {
    const { findings } = await reportOf(args);
    expect(findings).toHaveLength(1);
    return findings[0]?.fingerprint ?? '';
  };

  test('finds what is staged, names the place and fails', async () => {
    stage('src/a.js', conflict);
    const ran = await review();
    expect(ran.stdout).toMatch(/src\/a\.js:\d {2}\w+ {2}conflict-marker/);
    expect(ran.stdout).toContain('in staged (1 file, +6 −3)');
    expect(ran.code).toBe(1);
  });

  test('says only once what it raised before, and goes on failing while it is there', async () => {
    stage('src/a.js', swallowed);
    expect((await review(['--fail-on', 'medium'])).stdout).toContain('swallowed-error');
    const again = await review(['--fail-on', 'medium']);
    expect(again.stdout).toMatch(/^Nothing new in staged .* 1 raised before .*fails at medium\n$/);
    expect(again.code).toBe(1);
    expect((await review(['--fail-on', 'medium', '--new-only'])).code).toBe(0);
    expect((await review(['--all'])).stdout).toContain('swallowed-error (medium confidence) [raised before]');
    expect((await review(['--quiet'])).stdout).toBe('');
  });

  test('lets no change decide about itself in CI', async () => {
    stage('src/a.js', conflict);
    stage('.llm-copilot/review-ignore.yaml', '- rule: conflict-marker\n  reason: mine\n');
    expect((await review()).code).toBe(0);
    const inCi = await review([], { CI: 'true' });
    expect(inCi.code).toBe(1);
    expect(inCi.stderr).toContain('in CI it counts as it was before');
    project.git('commit', '-qm', 'second');
    stage('src/b.js', conflict);
    expect((await review([], { CI: 'true' })).code).toBe(0);
  });

  test('counts nothing as raised before in CI', async () => {
    stage('src/a.js', swallowed);
    await review();
    expect((await review([], { CI: 'true' })).stdout).toContain('1 finding in staged');
  });

  test('knows a finding again after its lines moved, and notes that it was fixed', async () => {
    stage('src/a.js', swallowed);
    const before = await onlyFingerprint();
    stage('src/a.js', `// one\n// two\n\n${swallowed.replaceAll('  ', '    ')}`);
    const { findings } = await reportOf();
    expect(findings).toMatchObject([{ fingerprint: before, state: 'known', line: 7 }]);
    stage('src/a.js', 'export const a = (f) => {\n  f(1);\n};\n');
    const fixed = await review();
    expect(fixed.stdout).toContain('Fixed since the last review: swallowed-error in src/a.js.');
    expect((await review()).stdout).not.toContain('Fixed');
    expect((await review(['--stats'])).stdout).toMatch(/swallowed-error\s+1\s+1\s+0\s+0\s+0\s+100 %/);
  });

  test('does not raise what was dismissed with a reason, until that is taken back', async () => {
    stage('src/a.js', swallowed);
    const fingerprint = await onlyFingerprint();
    expect((await review(['--dismiss', fingerprint])).code).toBe(2);
    expect((await review(['--dismiss', fingerprint.slice(0, 8), '--reason', 'on purpose'])).stderr).toContain(
      `dismissed: ${fingerprint} swallowed-error in src/a.js`,
    );
    const quiet = await review(['--fail-on', 'low']);
    expect(quiet.stdout).toContain('1 dismissed');
    expect(quiet.code).toBe(0);
    expect((await review(['--all'])).stdout).toContain('dismissed: on purpose');
    await review(['--reopen', fingerprint]);
    expect((await review(['--fail-on', 'low'])).code).toBe(1);
    const unknown = await review(['--dismiss', 'abcdef01', '--reason', 'x']);
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('has the fingerprint abcdef01') });
  });

  test('stays quiet about a rule that was dismissed three times in a folder', async () => {
    for (const name of ['b', 'c', 'd']) stage(`src/${name}.js`, swallowed);
    const { findings } = await reportOf();
    await review(['--dismiss', ...findings.map(({ fingerprint }) => fingerprint), '--reason', 'our habit']);
    stage('src/e.js', swallowed);
    const later = await review(['--fail-on', 'low']);
    expect(later.stdout).toContain('1 of a kind that was dismissed again and again');
    expect(later.code).toBe(0);
    stage('lib/e.js', swallowed);
    expect((await review(['--fail-on', 'low'])).stdout).toContain('lib/e.js:4');
  });

  test('lives with what is in the baseline', async () => {
    stage('src/a.js', swallowed);
    const written = await review(['--write-baseline', '--fail-on', 'low']);
    expect(written).toMatchObject({ code: 0, stderr: expect.stringContaining('1 finding was added to') });
    const text = project.read('.llm-copilot/review-baseline.json');
    expect(JSON.parse(text)).toMatchObject({ version: 1, findings: [{ rule: 'swallowed-error', path: 'src/a.js' }] });
    const later = await reportOf(['--fail-on', 'low', '--staged'], { CI: '1' });
    expect(later).toMatchObject({ failed: false, findings: [{ state: 'baseline' }] });
    await review(['--write-baseline']);
    expect(project.read('.llm-copilot/review-baseline.json')).toBe(text);
    project.write('.llm-copilot/review-baseline.json', '{ oops');
    const broken = await review(['--staged']);
    expect(broken).toMatchObject({ code: 3, stderr: expect.stringContaining('review-baseline.json is no baseline') });
  });

  test('suppresses with a reason, by a comment or by the file, and wants one', async () => {
    const logs = (comment: string): string => `export const a = (f) => {\n  console.log(f); ${comment}\n  f();\n};\n`;
    stage('src/a.js', logs('// llm-copilot-ignore debug-leftover: people read it'));
    expect(await reportOf(['--fail-on', 'low'])).toMatchObject({
      failed: false,
      findings: [{ state: 'suppressed', suppressedBy: 'comment', reason: 'people read it' }],
    });
    stage('src/a.js', logs('// llm-copilot-ignore debug-leftover'));
    expect(await review()).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('src/a.js:2: llm-copilot-ignore gives no reason'),
    });
    stage('src/a.js', logs('// llm-copilot-ignore secret: about another rule'));
    expect((await reportOf()).findings).toMatchObject([{ rule: 'debug-leftover', state: 'new' }]);
    stage('src/a.js', swallowed);
    project.write('.llm-copilot/review-ignore.yaml', '- rule: swallowed-error\n  path: src/**\n  reason: legacy\n');
    expect(await reportOf(['--staged', '--fail-on', 'low'])).toMatchObject({
      failed: false,
      findings: [{ state: 'suppressed', suppressedBy: 'file', reason: 'legacy' }],
    });
    project.write('.llm-copilot/review-ignore.yaml', '- rule: swallowed-error\n  reason: old\n  until: 2020-01-01\n');
    expect((await reportOf(['--staged'])).findings).toMatchObject([{ state: 'known' }]);
    project.write('.llm-copilot/review-ignore.yaml', '- rule: swallowed-error\n');
    expect(await review(['--staged'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('entry 1 has no reason'),
    });
  });

  test('takes the change a person would expect: staged, else the work tree, else the branch', async () => {
    project.git('switch', '--quiet', '--create', 'feature');
    stage('src/a.js', swallowed);
    project.write('src/b.js', conflict);
    expect((await reportOf()).title).toBe('staged');
    project.git('commit', '--quiet', '--message=Swallow');
    expect(await reportOf()).toMatchObject({
      title: 'work tree',
      findings: [{ rule: 'conflict-marker', path: 'src/b.js' }, {}, {}],
    });
    rmSync(join(project.root, 'src/b.js'));
    expect(await reportOf()).toMatchObject({ title: 'main...HEAD', findings: [{ path: 'src/a.js' }] });
    expect(await reportOf(['HEAD'])).toMatchObject({ title: 'commit HEAD', findings: [{ path: 'src/a.js' }] });
    expect(await reportOf(['main..feature'])).toMatchObject({ findings: [{ path: 'src/a.js' }] });
    expect(await reportOf(['--base', 'main'])).toMatchObject({ title: 'main...HEAD' });
    const missing = await review(['--base', 'mian']);
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('mian') });
    expect((await review(['--base', 'main', '--staged'])).code).toBe(2);
  });

  test('writes every format, also into a file', async () => {
    stage('src/a.js', swallowed);
    for (const [format, start] of [
      ['sarif', '{\n  "$schema"'],
      ['github', '::warning file=src/a.js,line=4,'],
      ['markdown', '<!-- llm-copilot-review -->'],
      ['junit', '<?xml version="1.0"'],
    ] as const)
      expect((await review(['--format', format], { CI: '1' })).stdout.slice(0, start.length), format).toBe(start);
    const ran = await review(['--format', 'json', '-o', 'out.json']);
    expect(ran.stdout).toBe('');
    expect(JSON.parse(project.read('out.json'))).toMatchObject({ version: 1, title: 'staged' });
    expect((await review(['-o', 'no/such/folder/x'])).code).toBe(3);
    expect((await review(['--format', 'xml'])).code).toBe(2);
  });

  test('of the first commit is about all that is in it', async () => {
    const first = tempProject({}, { git: false });
    first.git('init', '--quiet');
    first.write('k.js', conflict);
    first.git('add', '.');
    first.git('-c', 'user.name=A', '-c', 'user.email=a@example.org', 'commit', '--quiet', '-m', 'first');
    const { code, stdout } = await harness.cli(['review', 'HEAD'], { cwd: first.root });
    expect({ code, found: stdout.includes('conflict-marker') }).toEqual({ code: 1, found: true });
    expect((await harness.cli(['explain-diff', 'HEAD', '--no-model'], { cwd: first.root })).code).toBe(0);
    first.close();
  });

  test('says that there is nothing, outside of a repository, before the first commit and without a change', async () => {
    const clean = await review();
    expect(clean).toMatchObject({ code: 0, stdout: 'Nothing to review in the work tree.\n' });
    expect(await review(['--staged'])).toMatchObject({ code: 0, stdout: 'Nothing to review in staged.\n' });
    const outside = await harness.cli(['review'], { cwd: harness.home });
    expect(outside.code).toBe(2);
    const bare = tempProject({}, { git: false });
    bare.git('init', '--quiet');
    expect(await harness.cli(['review'], { cwd: bare.root })).toMatchObject({ code: 0 });
    bare.write('k.js', conflict);
    expect((await harness.cli(['review'], { cwd: bare.root })).stdout).toContain('conflict-marker');
    bare.close();
  });

  test('tells names with line breaks and escapes on one line, and files that are not text', async () => {
    project.write('we\nird\u001b[31m.js', conflict);
    writeFileSync(join(project.root, 'x.bin'), Buffer.from([0, 1, 2, 0, 255]));
    project.git('add', '--all');
    const ran = await review();
    expect(ran.stdout).toMatch(/^we ird\.js:\d /m);
    expect(ran.stdout).not.toContain('\u001b');
    expect((await review(['--format', 'github'], { CI: '1' })).stdout).toContain('file=we%0Aird\u001b[31m.js,');
  });

  test('goes on when what it remembers is damaged or cannot be written', async () => {
    stage('src/a.js', swallowed);
    await review();
    const folder = join(harness.home, 'data', 'review');
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
    writeFileSync(join(folder, 'findings.db'), 'this is no database, it only has its name'.repeat(200));
    const damaged = await review();
    expect(damaged.stderr).toContain('was damaged and is now in');
    expect(damaged.stdout).toContain('1 finding in staged');
    expect((await review()).stderr).toBe('');
    expect(readdirSync(folder).some((name) => name.includes('.damaged-'))).toBe(true);
    // A file where the folder should be refuses writers, root among them.
    rmSync(folder, { recursive: true });
    writeFileSync(folder, '');
    const without = await review(['--fail-on', 'low']);
    expect(without).toMatchObject({ code: 1, stdout: expect.stringContaining('1 finding in staged') });
    expect(without.stderr).toContain('cannot be used');
    expect(existsSync(join(folder, 'findings.db'))).toBe(false);
  });

  test('reads a diff of 100,000 lines', async () => {
    mkdirSync(join(project.root, 'gen'));
    for (let file = 0; file < 10; file += 1)
      writeFileSync(
        join(project.root, 'gen', `f${file}.js`),
        Array.from({ length: 10_000 }, (_, at) => `export const v${file}x${at} = ${at};\n`).join(''),
      );
    stage('src/a.js', swallowed);
    const ran = await review(['--no-model', '--fail-on', 'never']);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('src/a.js:4');
  }, 60_000);

  test('changes neither the index nor the work tree', async () => {
    stage('src/a.js', swallowed);
    const before = [project.git('status', '--porcelain'), project.git('write-tree')];
    await review();
    await review(['--worktree']);
    expect([project.git('status', '--porcelain'), project.git('write-tree')]).toEqual(before);
  });

  test('takes nothing for fixed because an older commit does not have it', async () => {
    for (const text of ['export const a = 1;\n', 'export const a = 2;\n', swallowed]) {
      stage('src/a.js', text);
      project.git('commit', '--quiet', '--message=Change');
    }
    expect(await reportOf(['HEAD'])).toMatchObject({ findings: [{ path: 'src/a.js', state: 'new' }] });
    expect(await reportOf(['HEAD~1'])).toMatchObject({ findings: [], fixed: [] });
    expect(await reportOf(['HEAD~2..HEAD~1'])).toMatchObject({ findings: [], fixed: [] });
    expect(await reportOf(['HEAD'])).toMatchObject({ findings: [{ path: 'src/a.js', state: 'known' }], fixed: [] });
  });

  test('writes through no link of the repository', async () => {
    stage('src/a.js', swallowed);
    const outside = join(harness.home, 'mine');
    writeFileSync(outside, 'precious');
    symlinkSync(outside, join(project.root, 'out.sarif'));
    await review(['--staged', '--format', 'sarif', '-o', 'out.sarif']);
    expect(readFileSync(outside, 'utf8')).toBe('precious');
    expect(project.read('out.sarif')).toContain('"version": "2.1.0"');
    symlinkSync(harness.home, join(project.root, '.llm-copilot'));
    const ran = await review(['--staged', '--write-baseline']);
    expect(ran).toMatchObject({ code: 3, stderr: expect.stringContaining('a link leads out of the project') });
    expect(existsSync(join(harness.home, 'review-baseline.json'))).toBe(false);
  });
});
