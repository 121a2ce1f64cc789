import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listFiles } from '../../../src/host/code-index/list-files.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'llm-copilot-list-'));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

const write = (path: string, text = path): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};

const git = (...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
    cwd: root,
    encoding: 'utf8',
  });

const list = async (folder = root) => {
  const { files, notices } = await listFiles(folder, AbortSignal.timeout(10_000));
  return { paths: files.map(({ path }) => path), notices };
};

/** Both ways to list have to agree on these. */
const project = (): void => {
  write('.gitignore', '*.log\n/build/\n!keep.log\n');
  write('a.ts');
  write('a.log');
  write('keep.log');
  write('build/out.js');
  write('sub/build/in.ts');
  write('sub/.gitignore', 'secret/\n*.tmp\n!b.log\n');
  write('sub/b.log');
  write('sub/c.tmp');
  write('sub/secret/x.ts');
  write('sub/deep/.gitignore', '!d.tmp\n');
  write('sub/deep/d.tmp');
  write('grün/ß name.ts');
};
const expected = [
  ...['.gitignore', 'a.ts', 'grün/ß name.ts', 'keep.log', 'sub/.gitignore', 'sub/b.log', 'sub/build/in.ts'],
  ...['sub/deep/.gitignore', 'sub/deep/d.tmp'],
];

describe.each([{ way: 'in a repository' }, { way: 'outside of one' }])('listing files $way', ({ way }) => {
  beforeEach(() => {
    if (way === 'in a repository') git('init', '-q');
  });

  it('follows nested ignore files', async () => {
    project();
    expect(await list()).toEqual({ paths: expected, notices: [] });
  });

  it('says size and time of change', async () => {
    write('a.txt', 'hello');
    const { files } = await listFiles(root, AbortSignal.timeout(10_000));
    expect(files).toEqual([{ path: 'a.txt', size: 5, mtimeMs: expect.any(Number) as number }]);
  });

  it('follows no link, so that a loop does no harm', async () => {
    write('a/b.ts');
    symlinkSync('..', join(root, 'a', 'loop'));
    symlinkSync('a/b.ts', join(root, 'link.ts'));
    expect((await list()).paths).toEqual(['a/b.ts']);
  });

  it('does not enter repositories inside, and says so', async () => {
    write('a.ts');
    write('other/b.ts');
    execFileSync('git', ['init', '-q', join(root, 'other')]);
    const { paths, notices } = await list();
    expect(paths).toEqual(['a.ts']);
    expect(notices).toEqual(['not entered: other (a repository of their own)']);
  });

  it('leaves out names that are not UTF-8, and says so', async () => {
    write('a.ts');
    writeFileSync(Buffer.concat([Buffer.from(`${root}/b`), Buffer.from([0xff])]), '');
    const { paths, notices } = await list();
    expect(paths).toEqual(['a.ts']);
    expect(notices).toEqual(['1 file is left out: the name is not UTF-8']);
  });

  it('stops when it is asked to', async () => {
    write('a.ts');
    await expect(listFiles(root, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });
});

describe('listing files', () => {
  it('leaves out what git tracks but is gone, and keeps what it tracks though it is ignored', async () => {
    git('init', '-q');
    write('.gitignore', '*.log\n');
    write('a.ts');
    write('gone.ts');
    write('kept.log');
    git('add', '-f', '.');
    git('commit', '-qm', 'a');
    unlinkSync(join(root, 'gone.ts'));
    expect((await list()).paths).toEqual(['.gitignore', 'a.ts', 'kept.log']);
  });

  it('lists each file once while a merge is not done', async () => {
    git('init', '-q', '-b', 'main');
    write('a.ts', '1');
    git('add', '.');
    git('commit', '-qm', '1');
    git('checkout', '-qb', 'other');
    write('a.ts', '2');
    git('commit', '-qam', '2');
    git('checkout', '-q', 'main');
    write('a.ts', '3');
    git('commit', '-qam', '3');
    expect(() => git('merge', '-q', 'other')).toThrow();
    expect((await list()).paths).toEqual(['a.ts']);
  });

  it('leaves out a folder that became a link', async () => {
    git('init', '-q');
    write('a/b.ts');
    write('c/b.ts');
    git('add', '.');
    rmSync(join(root, 'a'), { recursive: true });
    symlinkSync('c', join(root, 'a'));
    expect((await list()).paths).toEqual(['c/b.ts']);
  });

  it('lists only what is below a folder of a repository', async () => {
    git('init', '-q');
    write('.gitignore', '*.log\n');
    write('a.ts');
    write('sub/b.ts');
    write('sub/b.log');
    expect((await list(join(root, 'sub'))).paths).toEqual(['b.ts']);
  });

  it('leaves out dependencies, also where they are kept in git', async () => {
    git('init', '-q');
    write('a.ts');
    write('node_modules/x/index.js');
    git('add', '.');
    const { paths, notices } = await list();
    expect(paths).toEqual(['a.ts']);
    expect(notices).toEqual(['1 file of dependencies is left out (node_modules and the like)']);
    rmSync(join(root, '.git'), { recursive: true });
    expect((await list()).paths).toEqual(['a.ts']);
  });

  it('runs no program that the configuration of the repository names', async () => {
    git('init', '-q');
    write('a.ts');
    git('config', 'core.fsmonitor', 'touch ran');
    await list();
    expect((await list()).paths).toEqual(['a.ts']);
  });

  it('says what is wrong when the folder is gone', async () => {
    await expect(list(join(root, 'gone'))).rejects.toMatchObject({ code: 'E_USAGE', exitCode: 2 });
  });
});

describe('a repository nobody vouches for', () => {
  it('runs no program, even where what git lacks is to be fetched', async () => {
    const origin = mkdtempSync(join(tmpdir(), 'llm-copilot-origin-'));
    const at = (folder: string, ...args: string[]): string =>
      execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
        encoding: 'utf8',
      });
    at(origin, 'init', '-q');
    for (const folder of ['in', 'out']) {
      mkdirSync(join(origin, folder));
      writeFileSync(join(origin, folder, 'a.ts'), folder);
    }
    at(origin, 'add', '.');
    at(origin, 'commit', '-qm', 'one');
    rmSync(root, { recursive: true });
    at(tmpdir(), 'clone', '-q', '--no-local', '--sparse', '--no-checkout', `file://${origin}`, root);
    git('sparse-checkout', 'set', '--cone', '--sparse-index', 'in');
    git('checkout', '-q');
    const tree = git('rev-parse', 'HEAD:out').trim();
    const pack = execFileSync('sh', ['-c', 'cat .git/objects/pack/*.pack'], { cwd: root });
    rmSync(join(root, '.git/objects/pack'), { recursive: true });
    execFileSync('git', ['unpack-objects', '-q'], { cwd: root, input: pack });
    rmSync(join(root, '.git/objects', tree.slice(0, 2), tree.slice(2)));
    const trap = join(origin, 'trap');
    writeFileSync(trap, `#!/bin/sh\necho ran >> ${trap}.ran\nexit 1\n`, { mode: 0o755 });
    git('config', 'remote.origin.promisor', 'true');
    git('config', 'core.fsmonitor', trap);
    git('config', 'core.sshCommand', trap);
    git('config', 'protocol.allow', 'always');
    for (const [url, uploadpack] of [
      [`ext::${trap}`, 'git-upload-pack'],
      ['ssh://example.com/x', 'git-upload-pack'],
      [`file://${origin}`, trap],
    ] as const) {
      git('config', 'remote.origin.url', url);
      git('config', 'remote.origin.uploadpack', uploadpack);
      const { paths } = await list();
      expect(paths).toEqual(['in/a.ts']);
      expect(existsSync(`${trap}.ran`)).toBe(false);
    }
    // The trap is one.
    git('ls-files');
    expect(existsSync(`${trap}.ran`)).toBe(true);
    rmSync(origin, { recursive: true });
  }, 20_000);

  it.each([{ way: 'in a repository' }, { way: 'outside of one' }])(
    'is listed without what has names longer than a system call takes, $way',
    async ({ way }) => {
      if (way === 'in a repository') git('init', '-q');
      write('a.ts');
      const name = 'x'.repeat(250);
      const script = `for i in $(seq 20); do mkdir ${name}; cd ${name}; done; echo > deep.ts`;
      execFileSync('bash', ['-c', script], { cwd: root });
      if (way === 'in a repository') git('add', '.');
      expect((await list()).paths).toEqual(['a.ts']);
      execFileSync('bash', ['-c', `rm -rf ${name}`], { cwd: root });
    },
  );

  it('is not waited for when its ignore file is a pipe', async () => {
    git('init', '-q');
    write('a.ts');
    execFileSync('mkfifo', [join(root, '.gitignore')]);
    const { files, notices } = await listFiles(root, AbortSignal.timeout(10_000), { gitMs: 300 });
    expect(files.map(({ path }) => path)).toEqual(['a.ts']);
    expect(notices).toEqual(['git did not list the files within 0.3 s; they were looked for without it']);
  });

  it.each([{ around: true }, { around: false }])(
    'shows nothing of what a bare repository keeps (in a repository: $around)',
    async ({ around }) => {
      if (around) git('init', '-q');
      write('a.ts');
      execFileSync('git', ['init', '-q', '--bare', join(root, 'store.git')]);
      expect(await list()).toEqual({
        paths: ['a.ts'],
        notices: ['not entered: store.git (a repository of their own)'],
      });
      const { paths, notices } = await list(join(root, 'store.git'));
      expect(paths).toEqual([]);
      expect(notices[0]).toMatch(/^a bare repository/);
    },
  );
});
