import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tempProject, type TempProject } from '../../src/testing.ts';
import { cliHarness, type Ran } from '../support/cli.ts';

let harness: ReturnType<typeof cliHarness>;
let project: TempProject;
beforeEach(() => {
  harness = cliHarness();
  project = tempProject({ 'a.txt': 'a\n' });
});
afterEach(() => {
  project.close();
  harness.close();
});
const run = (...args: string[]): Promise<Ran> =>
  harness.cli(['changelog', ...args], { cwd: project.root, env: { SOURCE_DATE_EPOCH: '1795824000' } });
const commit = (message: string): string => {
  execFileSync(
    'git',
    [
      '-c',
      'user.name=Ann',
      '-c',
      'user.email=a@x.invalid',
      'commit',
      '-q',
      '--allow-empty',
      '--cleanup=verbatim',
      '-F',
      '-',
    ],
    {
      cwd: project.root,
      input: message,
    },
  );
  return project.git('rev-parse', 'HEAD').trim();
};
const remote = (url: string): string => project.git('config', 'remote.origin.url', url);

describe('changelog', () => {
  it('lists what came after the newest version, with links and without credentials', async () => {
    commit('feat: old');
    project.git('tag', 'v1.0.0');
    const feature = commit('feat(api): retry uploads (#12)\n\nCloses #3');
    const breaking = commit('fix!: no default port\n\nBREAKING CHANGE: name the port');
    commit('docs: more');
    remote('https://user:s3cret-token@github.com/o/r.git');
    const ran = await run();
    expect(ran.code).toBe(0);
    const web = 'https://github.com/o/r';
    expect(ran.stdout).toBe(
      `## Unreleased

### ⚠ BREAKING CHANGES

* name the port ([${breaking.slice(0, 7)}](${web}/commit/${breaking}))

### Features

* **api:** retry uploads ([#12](${web}/pull/12)) ([${feature.slice(0, 7)}](${web}/commit/${feature})), refs [#3](${web}/issues/3)

### Bug Fixes

* no default port ([${breaking.slice(0, 7)}](${web}/commit/${breaking}))
`,
    );
    expect(ran.stderr).toContain('docs');
    expect(`${ran.stdout}${ran.stderr}`).not.toContain('s3cret');
    remote('/srv/git/r.git');
    expect((await run()).stdout).toContain(`* **api:** retry uploads (#12) (${feature.slice(0, 7)}), refs #3\n`);
    expect((await run('--all')).stdout).toContain('### Documentation');
  });

  it('writes a release under its heading, once, and keeps all other bytes', async () => {
    project.git('tag', 'v1.0.0');
    commit('feat: a');
    const before = '# Changes\r\n\r\n## [1.0.0] - 2020-01-01\r\n\r\n### Added\r\n\r\n- caf\u00e9';
    project.write('CHANGELOG.md', before);
    expect((await run('--release', 'v1.1.0', '--write')).code).toBe(0);
    const once = project.read('CHANGELOG.md');
    expect(once).toContain('## [1.1.0] - 2026-11-28\r\n');
    expect(once.startsWith('# Changes\r\n\r\n')).toBe(true);
    expect(once.endsWith(before.slice('# Changes\r\n\r\n'.length))).toBe(true);
    const again = await run('--release', 'v1.1.0', '--write');
    expect(again.stderr).toContain('has it already');
    expect(project.read('CHANGELOG.md')).toBe(once);
  });

  it('never replaces what a person wrote', async () => {
    project.git('tag', 'v1.0.0');
    commit('feat: a');
    const text = '# Changelog\n\n## 1.1.0\n\nMine.\n';
    project.write('CHANGELOG.md', text);
    const ran = await run('--release', '1.1.0', '--write');
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('1.1.0');
    expect(project.read('CHANGELOG.md')).toBe(text);
  });

  it('does not rewrite a file that is not UTF-8', async () => {
    project.git('tag', 'v1.0.0');
    commit('feat: a');
    writeFileSync(join(project.root, 'CHANGELOG.md'), Buffer.from('# \xe9\n', 'latin1'));
    expect((await run('--write')).code).toBe(2);
    expect(readFileSync(join(project.root, 'CHANGELOG.md'))).toEqual(Buffer.from('# \xe9\n', 'latin1'));
  });

  it('takes a version that is tagged already from its tag, since the stable one before it', async () => {
    project.git('tag', 'v1.0.0');
    commit('feat: one');
    project.git('tag', 'v1.1.0-rc.1');
    commit('feat: two');
    project.git('tag', 'v1.1.0');
    commit('feat: three');
    const { stdout } = await run('--release', '1.1.0', '--format', 'json');
    const list = JSON.parse(stdout) as {
      from: string;
      to: string;
      sections: { sections: { entries: { subject: string }[] }[] };
    };
    expect(list).toMatchObject({ version: '1.1.0', from: 'v1.0.0', to: 'v1.1.0' });
    expect(list.sections.sections[0]?.entries.map(({ subject }) => subject)).toEqual(['two', 'one']);
  });

  it('lets no message break the list, link, or ping', async () => {
    project.git('tag', 'v1.0.0');
    commit(
      'feat: @octocat ![x](http://e.example/p.png) <script>alert(1)</script> \u001b[31mred\r\nsecond line\n\nBREAKING CHANGE: # big [a](http://e.example) @team/all\n- item',
    );
    const { stdout } = await run();
    // What stands as code does nothing.
    const active = stdout.replace(/`[^`\n]*`/g, '');
    expect(active).not.toMatch(/@|http|!\[x\]|\]\(|(?<!\\)<script|\u001b|\r|^# big|^- item/m);
    expect(stdout.match(/^[*-] /gm)).toHaveLength(2);
  });

  it('reads messages of other encodings', async () => {
    project.git('tag', 'v1.0.0');
    execFileSync(
      'git',
      [
        '-c',
        'user.name=Ann',
        '-c',
        'user.email=a@x.invalid',
        '-c',
        'i18n.commitEncoding=ISO-8859-1',
        'commit',
        '-q',
        '--allow-empty',
        '-F',
        '-',
      ],
      { cwd: project.root, input: Buffer.from('feat: caf\xe9', 'latin1') },
    );
    execFileSync(
      'git',
      ['-c', 'user.name=Ann', '-c', 'user.email=a@x.invalid', 'commit', '-q', '--allow-empty', '-F', '-'],
      {
        cwd: project.root,
        input: Buffer.from('fix: bro\xffken', 'latin1'),
        stdio: ['pipe', 'ignore', 'ignore'],
      },
    );
    const { stdout, code } = await run();
    expect(code).toBe(0);
    expect(stdout).toContain('caf\u00e9');
    expect(stdout).toMatch(/bro.{1,2}ken/);
  });

  it('says so when nothing came after the version', async () => {
    project.git('tag', 'v1.0.0');
    const ran = await run();
    expect(ran).toMatchObject({ code: 0, stdout: '' });
    expect(ran.stderr).toContain('v1.0.0');
    expect((await run('--write')).code).toBe(0);
    expect(existsSync(join(project.root, 'CHANGELOG.md'))).toBe(false);
  });

  it('tells everything where no tag names a version, and says so', async () => {
    commit('feat: a');
    project.git('tag', 'nightly');
    const ran = await run();
    expect(ran.stdout).toContain('### Features');
    expect(ran.stderr).toContain('No tag');
  });

  it('does not count versions of other branches', async () => {
    project.git('tag', 'v1.0.0');
    project.git('checkout', '-q', '-b', 'next');
    commit('feat: later');
    project.git('tag', 'v2.0.0');
    project.git('checkout', '-q', 'main');
    commit('fix: here');
    const ran = await run('--format', 'json');
    expect(JSON.parse(ran.stdout)).toMatchObject({ from: 'v1.0.0', commits: 1 });
  });

  it('works with a detached HEAD', async () => {
    project.git('tag', 'v1.0.0');
    commit('feat: a');
    project.git('checkout', '-q', '--detach');
    expect((await run()).stdout).toContain('a (');
  });

  it('reads tags of one part of a repository with many', async () => {
    project.git('tag', 'web-v3.0.0');
    commit('feat: a');
    project.git('tag', 'api-v1.0.0');
    commit('feat: b');
    expect(JSON.parse((await run('--tag-prefix', 'web-v', '--format', 'json')).stdout)).toMatchObject({
      from: 'web-v3.0.0',
      commits: 2,
    });
    expect((await run('--tag-prefix', 'x-')).code).toBe(2);
  });

  it('tells of one folder alone', async () => {
    project.git('tag', 'v1.0.0');
    for (const name of ['web', 'api']) {
      project.write(`${name}/a.txt`, name);
      project.git('add', '--all');
      project.git('commit', '-q', '-m', `feat: ${name}`);
    }
    const { stdout } = await run('--path', 'web');
    expect(stdout).toContain('web (');
    expect(stdout).not.toContain('api (');
    expect((await run('--path', '..')).code).toBe(2);
  });

  it.each([
    ['a revision that is not there', ['nowhere..HEAD'], 'nowhere'],
    ['a revision that looks like a flag', ['--from=--output=x'], ''],
    ['a version that is none', ['--release', 'soon'], 'soon'],
    ['a range said twice', ['HEAD..HEAD', '--from', 'HEAD'], '--from'],
    ['unreleased and a version', ['--unreleased', '--release', '1.0.0'], '--unreleased'],
    ['both files', ['--write', '-o', 'x.md'], '--write'],
  ])('refuses %s', async (_what, args, told) => {
    const ran = await run(...args);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(told);
  });

  it('says that there is no repository, or no commit', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'llm-copilot-empty-'));
    try {
      expect((await harness.cli(['changelog'], { cwd: empty })).code).toBe(2);
      execFileSync('git', ['init', '-q'], { cwd: empty });
      const ran = await harness.cli(['changelog'], { cwd: empty });
      expect(ran.code).toBe(2);
      expect(ran.stderr).toContain('no commit');
    } finally {
      rmSync(empty, { recursive: true, force: true });
    }
  });

  it('says what a shallow clone lacks', async () => {
    commit('feat: a');
    commit('feat: b');
    const clone = mkdtempSync(join(tmpdir(), 'llm-copilot-clone-'));
    try {
      execFileSync('git', ['clone', '-q', '--depth=1', `file://${project.root}`, clone]);
      const ran = await harness.cli(['changelog'], { cwd: clone });
      expect(ran.code).toBe(0);
      expect(ran.stderr).toContain('git fetch --unshallow');
    } finally {
      rmSync(clone, { recursive: true, force: true });
    }
  });
});
