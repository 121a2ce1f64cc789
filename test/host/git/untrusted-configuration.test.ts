import { chmodSync, existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tempRepository } from './temp-repository.ts';

let repo: ReturnType<typeof tempRepository>;
beforeEach(() => (repo = tempRepository()));
afterEach(() => repo.close());

const objects = (): string[] => (readdirSync(join(repo.root, '.git/objects'), { recursive: true }) as string[]).sort();

const change = (): void => {
  repo.write('src/a.ts', `${'x\n'.repeat(30)}\nend\n`);
  repo.write('src/moved.ts', 'y\n'.repeat(30));
  repo.write('ü.txt', 'ü\n');
  repo.commit('start\n\nbody ü');
  repo.git('tag', '-a', 'v1', '-m', 'v1');
  repo.git('mv', 'src/moved.ts', 'src/there.ts');
  repo.write('src/a.ts', `${'x\n'.repeat(29)}X\n\nend  \n`);
  repo.write('ü.txt', 'ü\nmore\n');
  repo.git('add', '--all');
  repo.write('new.txt', 'n\n');
};

describe('the configuration of a user', () => {
  it('changes nothing of what is told', async () => {
    change();
    const opened = await repo.open();
    const ask = async () => ({
      staged: await opened.diff({ staged: true }),
      worktree: await opened.diff({ worktree: true }),
      patch: await opened.patch({ staged: true }, { maxBytes: 100_000 }),
      log: await opened.log({ files: true }),
      tags: await opened.tags(),
      state: await opened.state(),
    });
    const before = await ask();
    expect(before.log[0]?.files).toHaveLength(3);
    const settings: Record<string, string> = {
      ...{ 'diff.mnemonicPrefix': 'true', 'diff.noprefix': 'true', 'color.ui': 'always', 'color.diff': 'always' },
      ...{ 'diff.renames': 'false', 'diff.algorithm': 'patience', 'diff.context': '0', 'diff.interHunkContext': '40' },
      ...{
        'core.quotePath': 'false',
        'diff.submodule': 'log',
        'diff.suppressBlankEmpty': 'true',
        'diff.relative': 'true',
      },
      ...{
        'diff.colorMoved': 'zebra',
        'diff.wsErrorHighlight': 'all',
        'diff.srcPrefix': 'x/',
        'diff.orderFile': 'order',
      },
      ...{
        'diff.renameLimit': '1',
        'diff.indentHeuristic': 'false',
        'diff.ignoreSubmodules': 'all',
        'core.abbrev': '4',
      },
      ...{
        'log.showSignature': 'true',
        'log.showRoot': 'false',
        'log.decorate': 'no',
        'log.date': 'relative',
        'log.follow': 'true',
      },
      ...{
        'log.excludeDecoration': 'refs/tags/*',
        'log.mailmap': 'true',
        'log.diffMerges': 'on',
        'format.pretty': 'oneline',
      },
      ...{ 'i18n.logOutputEncoding': 'ISO-8859-1', 'core.pager': 'false', 'pager.log': 'true', 'format.notes': 'true' },
      ...{ 'status.short': 'true', 'core.fsmonitor': 'true', 'core.untrackedCache': 'true', 'tag.sort': 'refname' },
    };
    for (const [key, value] of Object.entries(settings)) repo.git('config', key, value);
    writeFileSync(join(repo.root, 'order'), '*.txt\n');
    repo.git('config', 'core.excludesFile', join(repo.folder, 'ignore'));
    writeFileSync(join(repo.folder, 'ignore'), 'order\n');
    expect(await ask()).toEqual(before);
  });
});

describe('the configuration of a repository nobody vouches for', () => {
  it('runs no program, and nothing is written, whatever is asked', async () => {
    change();
    // Its time tells git to look into the file again; so does that of one younger than the index.
    repo.write('ü.txt', repo.read('ü.txt'));
    utimesSync(join(repo.root, 'src/a.ts'), 4_000_000_000, 4_000_000_000);
    repo.git('add', 'src/a.ts');
    const ran = join(repo.folder, 'ran');
    const program = join(repo.folder, 'evil.sh');
    writeFileSync(program, `#!/bin/sh\necho "$0 $* of $(tr '\\0' ' ' < /proc/$PPID/cmdline)" >> '${ran}'\ncat\n`);
    chmodSync(program, 0o755);
    repo.write('.git/info/attributes', '* diff=evil filter=evil\n');
    const settings: Record<string, string> = {
      ...{ 'diff.external': program, 'diff.evil.command': program, 'diff.evil.textconv': program },
      ...{ 'filter.evil.clean': program, 'filter.evil.smudge': program, 'filter.evil.required': 'true' },
      ...{ 'core.fsmonitor': program, 'core.pager': program, 'core.editor': program, 'core.sshCommand': program },
      ...{
        'gpg.program': program,
        'log.showSignature': 'true',
        'alias.rev-parse': `!${program}`,
        'core.hooksPath': join(repo.root, 'hooks'),
      },
      ...{
        'credential.helper': `!${program}`,
        'interactive.diffFilter': program,
        'core.alternateRefsCommand': program,
      },
    };
    for (const hook of ['post-index-change', 'pre-commit', 'post-checkout', 'reference-transaction']) {
      repo.write(`hooks/${hook}`, `#!/bin/sh\necho hook ${hook} >> '${ran}'\n`);
      chmodSync(join(repo.root, 'hooks', hook), 0o755);
    }
    for (const [key, value] of Object.entries(settings)) repo.git('config', key, value);
    const before = { index: repo.indexState(), objects: objects(), status: repo.read('src/a.ts') };
    const opened = await repo.open();
    const { files } = await opened.diff({ worktree: true });
    await opened.diff({ staged: true });
    await opened.diff({ staged: true, amend: true });
    await opened.diff({ from: 'v1', to: 'HEAD', symmetric: true });
    const { text } = await opened.patch({ worktree: true }, { maxBytes: 10_000 });
    await opened.patchProblem(text, 'worktree');
    await opened.patchProblem(text, 'index');
    await opened.log({ files: true });
    await opened.tags();
    await opened.state();
    await opened.stagedTree();
    await opened.hooksPath();
    await opened.defaultBase();
    await opened.contents(files.flatMap(({ oldId }) => (oldId === undefined ? [] : [oldId])));
    expect(existsSync(ran) ? readFileSync(ran, 'utf8') : '').toBe('');
    expect({ index: repo.indexState(), objects: objects(), status: repo.read('src/a.ts') }).toEqual(before);
  });
});

describe('a submodule', () => {
  it('is not asked what changed in it: its own configuration would name programs', async () => {
    const sub = tempRepository();
    try {
      sub.write('s', 's\n');
      sub.commit('sub');
      repo.git('submodule', '--quiet', 'add', sub.root, 'sub');
      repo.commit('start');
      const ran = join(repo.folder, 'ran');
      writeFileSync(join(repo.root, '.git/modules/sub/info/attributes'), '* filter=evil\n');
      repo.gitIn(join(repo.root, 'sub'), 'config', 'filter.evil.clean', `touch '${ran}'; cat`);
      repo.write('sub/s', 'S\n');
      expect((await (await repo.open()).diff({ worktree: true })).files).toEqual([]);
      expect(existsSync(ran)).toBe(false);
    } finally {
      sub.close();
    }
  });
});

describe('the staged tree', () => {
  it('has the hash the commit will have, without an object being written', async () => {
    change();
    const before = { index: repo.indexState(), objects: objects() };
    const opened = await repo.open();
    const tree = await opened.stagedTree();
    expect({ index: repo.indexState(), objects: objects() }).toEqual(before);
    repo.git('commit', '--quiet', '-m', 'next');
    expect(repo.git('rev-parse', 'HEAD^{tree}').trim()).toBe(tree);
    repo.write('src/a.ts', 'z\n');
    repo.git('add', '--all');
    expect(await opened.stagedTree()).not.toBe(tree);
  });

  it('is found where the repository’s path has a colon', async () => {
    const odd = tempRepository('a:"b');
    try {
      odd.write('a', 'a\n');
      odd.commit('one');
      expect(await (await odd.open()).stagedTree()).toBe(odd.git('rev-parse', 'HEAD^{tree}').trim());
    } finally {
      odd.close();
    }
  });

  it('is the empty one before anything was added, and none during a conflict', async () => {
    expect(await (await repo.open()).stagedTree()).toBe('4b825dc642cb6eb9a060e54bf8d69288fbee4904');
    change();
    repo.git('commit', '--quiet', '-m', 'x');
    repo.git('switch', '--quiet', '-c', 'side', 'v1');
    repo.git('rm', '--quiet', '-f', 'src/a.ts');
    repo.git('commit', '--quiet', '-m', 'gone');
    expect(() => repo.git('merge', 'main')).toThrow();
    await expect((await repo.open()).stagedTree()).rejects.toMatchObject({ code: 'E_GIT', exitCode: 2 });
  });
});
