import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ScanReport } from '../../src/app/scan.ts';
import { tempProject, type TempProject } from '../../src/testing.ts';
import { cliHarness } from '../support/cli.ts';

const secret = 'password = "Xk9#mP2$vL5qR8wT"\n';
let home: ReturnType<typeof cliHarness>;
let project: TempProject;
beforeEach(() => {
  home = cliHarness();
  project = tempProject({ 'a.txt': secret, 'b.txt': 'nothing\n' });
});
afterEach(() => {
  home.close();
  project.close();
});
const scan = (...paths: string[]) => home.cli(['secrets', 'scan', ...paths], { cwd: project.root });
const found = async (): Promise<string[]> => {
  const { findings } = JSON.parse((await scan('--json')).stdout) as ScanReport;
  return findings.map(({ path }) => path).sort();
};

describe('secrets scan', () => {
  test('looks through a folder, a file and standard input, and exits 1 for a secret', async () => {
    expect(await scan()).toMatchObject({ code: 1, stdout: expect.stringMatching(/^a\.txt:1:13 {2}/) as string });
    expect((await scan('b.txt')).code).toBe(0);
    expect((await home.cli(['secrets', 'scan', '-'], { stdin: secret })).code).toBe(1);
  });

  test('goes on past links that lead nowhere or round, and does not follow others', async () => {
    symlinkSync('loop', join(project.root, 'loop'));
    symlinkSync('gone', join(project.root, 'broken'));
    symlinkSync('a.txt', join(project.root, 'link'));
    symlinkSync('.', join(project.root, 'here'));
    expect(await found()).toEqual(['a.txt']);
    execFileSync('git', ['init', '-q'], { cwd: project.root });
    expect(await found()).toEqual(['a.txt']);
  });

  test('looks into repositories within a repository', async () => {
    mkdirSync(join(project.root, 'inner/deep'), { recursive: true });
    for (const folder of ['.', 'inner']) execFileSync('git', ['init', '-q'], { cwd: join(project.root, folder) });
    writeFileSync(join(project.root, 'inner/deep/c.txt'), secret);
    expect(await found()).toEqual(['a.txt', 'inner/deep/c.txt']);
  });

  test('shows a name of two lines as one, and says which it cannot read', async () => {
    writeFileSync(join(project.root, 'two\nlines'), secret);
    writeFileSync(Buffer.concat([Buffer.from(join(project.root, 'bad')), Buffer.from([0xff])]), secret);
    const { stdout, stderr } = await scan();
    expect(stdout).toContain('two\\nlines:1:13');
    expect(stderr).toContain('has a name that is no text; it was not looked at.');
  });

  test.each([
    ['', 'A path is empty'],
    ['nowhere', 'There is no nowhere'],
    ['a.txt/b', 'There is no a.txt/b'],
    ['x'.repeat(5000), 'cannot be read'],
    ['/dev/null', 'neither a file nor a folder'],
  ])('%.20j is a usage error, not "no secrets"', async (path, words) => {
    expect(await scan(path)).toMatchObject({ code: 2, stderr: expect.stringContaining(words) as string });
  });
});
