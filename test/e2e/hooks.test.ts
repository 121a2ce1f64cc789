import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hookedRepository, madeUpToken } from '../support/hooked-repository.ts';

let repo: ReturnType<typeof hookedRepository>;
beforeEach(() => {
  repo = hookedRepository();
});
afterEach(() => {
  repo.remove();
});

const install = (...args: string[]): void => {
  const { code, text } = repo.lca(['hooks', 'install', ...args]);
  if (code !== 0) throw new Error(text);
};
const secretFile = `export const token = '${madeUpToken}';\n`;

/** Stages a secret and tries to commit it. */
const commitSecret = (more: Parameters<typeof repo.tryGit>[1] = {}) => {
  repo.write('secret.js', secretFile);
  repo.git('add', 'secret.js');
  return repo.tryGit(['commit', '-m', 'feat: add a secret'], more);
};

describe('a commit', () => {
  it('goes through when nothing is wrong, and nothing is said', () => {
    install();
    repo.write('a.js', 'export const a = 1;\n');
    repo.git('add', '.');
    const { code, text } = repo.tryGit(['commit', '--quiet', '-m', 'feat: add a']);
    expect({ code, text }).toEqual({ code: 0, text: '' });
  });

  it('is stopped by a secret among the staged lines, which is not shown, and both ways round are named', () => {
    install();
    const { code, text } = commitSecret();
    expect(code).toBe(1);
    expect(text).toContain('secret.js:1');
    expect(text).not.toContain(madeUpToken);
    expect(text).toContain('--no-verify');
    expect(text).toContain('LLM_COPILOT_SKIP_HOOKS=1');
    expect(repo.tryGit(['rev-parse', 'HEAD']).code).not.toBe(0);
    expect(repo.git('diff', '--cached', '--name-only')).toBe('secret.js');
    expect(repo.tryGit(['commit', '-qm', 'feat: add it'], { env: { LLM_COPILOT_SKIP_HOOKS: '1' } }).code).toBe(0);
  });

  it('is stopped by what is staged, not by what lies in the work tree', () => {
    install();
    repo.write('a.js', 'export const a = 1;\n');
    repo.git('add', '.');
    repo.write('a.js', secretFile);
    expect(repo.tryGit(['commit', '-qm', 'feat: add a']).code).toBe(0);
    expect(repo.tryGit(['commit', '-qam', 'feat: change a']).code).toBe(1);
    expect(repo.tryGit(['commit', '-qm', 'feat: change a', 'a.js']).code).toBe(1);
  });

  it('goes through with a gate that lets everything pass, but the finding is told', () => {
    install();
    const { code, text } = commitSecret({ env: { LLM_COPILOT_HOOKS_FAIL_ON: 'never' } });
    expect(code).toBe(0);
    expect(text).toContain('secret.js:1');
  });

  it('is not looked at again when its tree was let through before, not even for what is said', () => {
    install('--hook', 'pre-commit');
    const never = { env: { LLM_COPILOT_HOOKS_FAIL_ON: 'never' } };
    expect(commitSecret(never).text).toContain('secret.js:1');
    repo.git('update-ref', '-d', 'HEAD');
    expect(repo.tryGit(['commit', '-qm', 'feat: again'], never)).toMatchObject({ code: 0, text: '' });
    repo.git('update-ref', '-d', 'HEAD');
    expect(repo.tryGit(['commit', '-qm', 'feat: again']).code).toBe(1);
  });

  it('is stopped by a secret in a file that git takes for binary, only on lines that are new', () => {
    install('--hook', 'pre-commit');
    repo.commit('.gitattributes', '*.dat -diff\n*.ini binary\n');
    for (const [name, bytes] of [
      ['a.dat', Buffer.from(secretFile)],
      ['a.ini', Buffer.from(secretFile)],
      ['utf-16.js', Buffer.from(`\ufeff${secretFile}`, 'utf16le')],
    ] as const) {
      writeFileSync(repo.at(name), bytes);
      repo.git('add', name);
      const { code, text } = repo.tryGit(['commit', '-qm', 'feat: add it']);
      expect({ name, code }).toEqual({ name, code: 1 });
      expect(text).toContain(`${name}:1`);
      expect(text).not.toContain(madeUpToken);
      repo.git('commit', '-q', '--no-verify', '-m', 'feat: add it');
    }
    repo.write('a.dat', `${secretFile}// another line\n`);
    expect(repo.tryGit(['commit', '-qam', 'feat: change it']).code).toBe(0);
  });

  it('is stopped, or not, by what was found also when nobody reads what is said', () => {
    install('--hook', 'pre-commit');
    repo.write('secret.js', secretFile);
    repo.git('add', '.');
    const unread = ['-c', '{ sleep 0.2; git commit -qm "feat: add" 2>&1; } | true'];
    repo.start('sh', unread);
    expect(repo.tryGit(['rev-parse', 'HEAD']).code).not.toBe(0);
    repo.start('sh', unread, { env: { LLM_COPILOT_HOOKS_FAIL_ON: 'never' } });
    expect(repo.tryGit(['rev-parse', 'HEAD']).code).toBe(0);
  });

  it('works in a folder whose name has a line break', () => {
    const odd = hookedRepository({ name: 'a\nb' });
    try {
      expect(odd.lca(['hooks', 'install']).code).toBe(0);
      odd.write('secret.js', secretFile);
      odd.git('add', '.');
      expect(odd.tryGit(['commit', '-qm', 'feat: add']).code).toBe(1);
      expect(odd.lca(['hooks', 'uninstall']).text).toContain('removed');
    } finally {
      odd.remove();
    }
  });

  it('works from a program with next to nothing in its environment', () => {
    install();
    repo.write('secret.js', secretFile);
    repo.git('add', '.');
    const bare = ['-i', 'PATH=/usr/bin:/bin', 'git', '-c', 'user.name=Ada', '-c', 'user.email=a@example.org'];
    const { code, text } = repo.start('env', [...bare, 'commit', '-m', 'feat: add']);
    expect(code).toBe(1);
    expect(text).toContain('secret.js:1');
  });

  it('is made all the same when the time is over, with one notice, and none in CI', () => {
    install('--hook', 'pre-commit');
    const slow = { LLM_COPILOT_HOOKS_TIMEOUT_SECONDS: '0.001' };
    const { code, text } = commitSecret({ env: slow });
    expect(code).toBe(0);
    expect(text.match(/^llm-copilot: .*$/gm)).toEqual([
      expect.stringContaining('pre-commit was not done within 0.001 s'),
    ]);
    repo.git('update-ref', '-d', 'HEAD');
    const inCi = repo.tryGit(['commit', '-qm', 'feat: add'], { env: { ...slow, CI: 'true' } });
    expect(inCi).toMatchObject({ code: 0, text: '' });
  });

  it('is made all the same when llm-copilot fails, hangs or is gone, with one notice', () => {
    install('--hook', 'pre-commit');
    const notices = (text: string): string[] => text.match(/^llm-copilot: .*$/gm) ?? [];
    const broken = repo.tryGit(['commit', '-q', '--allow-empty', '-m', 'feat: a'], {
      env: { LLM_COPILOT_MAX_TURNS: 'x' },
    });
    expect(broken.code).toBe(0);
    expect(notices(broken.text)).toHaveLength(1);
    const runner = repo.at('.git/llm-copilot/hook');
    const script = readFileSync(runner, 'utf8');
    const program = join(repo.top, 'program.js');
    const withProgram = (text: string): ReturnType<typeof repo.tryGit> => {
      writeFileSync(program, text);
      writeFileSync(runner, script.replace(/^program=.*$/m, `program='${program}'`).replace(/^limit=.*$/m, 'limit=1'));
      return repo.tryGit(['commit', '-q', '--allow-empty', '-m', 'feat: b']);
    };
    const crashed = withProgram('process.exit(70);');
    expect(crashed.code).toBe(0);
    expect(notices(crashed.text)).toHaveLength(1);
    const hung = withProgram('for (;;);');
    expect(hung.code).toBe(0);
    expect(notices(hung.text)).toEqual([expect.stringContaining('did not end within 1 s')]);
    rmSync(program);
    writeFileSync(runner, script.replace(/^program=.*$/m, `program='${program}'`));
    const gone = repo.tryGit(['commit', '-q', '--allow-empty', '-m', 'feat: c'], { env: { PATH: '/usr/bin:/bin' } });
    expect(gone.code).toBe(0);
    expect(notices(gone.text)).toHaveLength(1);
  });

  it('is looked at in every work tree of the repository after one install', () => {
    repo.commit('a.js', 'export const a = 1;\n');
    install();
    repo.git('worktree', 'add', '-q', join(repo.top, 'second'), '-b', 'second');
    const cwd = join(repo.top, 'second');
    writeFileSync(join(cwd, 'secret.js'), secretFile);
    expect(repo.tryGit(['add', '.'], { cwd }).code).toBe(0);
    const { code, text } = repo.tryGit(['commit', '-m', 'feat: add'], { cwd });
    expect(code).toBe(1);
    expect(text).toContain('secret.js:1');
    expect(repo.lca(['hooks', 'status'], { cwd }).stdout).toMatch(/^pre-commit +installed$/m);
  });

  it('is looked at in a submodule where it was installed', () => {
    const other = hookedRepository({ folder: repo.top, name: 'other' });
    other.commit('b.js', 'export const b = 1;\n');
    repo.git('submodule', '--quiet', 'add', other.root, 'inner');
    const cwd = repo.at('inner');
    expect(repo.lca(['hooks', 'install'], { cwd }).code).toBe(0);
    writeFileSync(join(cwd, 'secret.js'), secretFile);
    repo.tryGit(['add', '.'], { cwd });
    expect(repo.tryGit(['commit', '-m', 'feat: add'], { cwd }).code).toBe(1);
  });
});

describe('hooks that are there', () => {
  it.each([
    ['a shell script', '#!/bin/sh\necho "theirs $1"\nexit 3\n', 0o755],
    ['one with options and no final line break', '#!/usr/bin/env bash\nset -eu\necho theirs; exit 3', 0o750],
    ['a script without a first line', 'echo theirs; exit 3\n', 0o755],
    ['a program of another language', `#!${process.execPath}\nconsole.log('theirs');process.exit(3);\n`, 0o755],
    ['one that ends early', '#!/bin/sh\nexec sh -c "echo theirs; exit 3"\n', 0o700],
  ])('run first and decide: %s', (_name, text, mode) => {
    repo.write('.git/hooks/pre-commit', text, mode);
    const before = repo.picture('.git/hooks');
    install();
    const { text: said } = commitSecret();
    expect(said).toContain('theirs');
    expect(said).not.toContain('secret.js:1');
    expect(repo.tryGit(['rev-parse', 'HEAD']).code).not.toBe(0);
    expect(repo.lca(['hooks', 'uninstall']).code).toBe(0);
    expect(repo.picture('.git/hooks')).toEqual(before);
    expect(existsSync(repo.at('.git/llm-copilot'))).toBe(false);
  });

  it('are followed by ours when they let it pass, with their exits and all', () => {
    repo.write('.git/hooks/pre-commit', '#!/bin/bash -e\n[[ -n "x" ]] && echo theirs\nexit 0\n', 0o755);
    install();
    const { code, text } = commitSecret();
    expect(code).toBe(1);
    expect(text.indexOf('theirs')).toBeLessThan(text.indexOf('secret.js:1'));
    expect(text.match(/theirs/g)).toHaveLength(1);
  });

  it('are not switched on when they were not executable', () => {
    repo.write('.git/hooks/pre-commit', '#!/bin/sh\necho theirs; exit 3\n', 0o644);
    const before = repo.picture('.git/hooks');
    install();
    expect(commitSecret().text).not.toContain('theirs');
    repo.lca(['hooks', 'uninstall']);
    expect(repo.picture('.git/hooks')).toEqual(before);
  });

  it('stay links into the work tree, whose files nobody touches', () => {
    repo.write('scripts/check', '#!/bin/sh\necho theirs\n', 0o755);
    symlinkSync('../../scripts/check', repo.at('.git/hooks/pre-commit'));
    const before = repo.picture('.git/hooks');
    const script = repo.picture('scripts');
    install();
    const { code, text } = commitSecret();
    expect(code).toBe(1);
    expect(text).toContain('theirs');
    expect(repo.picture('scripts')).toEqual(script);
    repo.lca(['hooks', 'uninstall']);
    expect(repo.picture('.git/hooks')).toEqual(before);
  });

  it('keep what was written into them since', () => {
    repo.write('.git/hooks/pre-commit', '#!/bin/sh\necho one\n', 0o755);
    install('--hook', 'pre-commit');
    repo.write('.git/hooks/pre-commit', `${repo.read('.git/hooks/pre-commit')}echo two\n`);
    expect(commitSecret().text).toMatch(/one\ntwo\n/);
    expect(repo.lca(['hooks', 'uninstall']).stdout).toContain('changed since');
    expect(repo.read('.git/hooks/pre-commit')).toBe('#!/bin/sh\necho one\necho two\n');
  });

  it('get what git writes to a pre-push hook, and so do we', () => {
    repo.git('init', '-q', '--bare', join(repo.top, 'remote.git'));
    repo.git('remote', 'add', 'origin', join(repo.top, 'remote.git'));
    repo.write('.git/hooks/pre-push', '#!/bin/sh\nwhile read -r a b c d; do echo "theirs $1 $a $c"; done\n', 0o755);
    repo.commit('a.js', 'export const a = 1;\n');
    install();
    const first = repo.tryGit(['push', 'origin', 'main']);
    expect(first.code).toBe(0);
    expect(first.text).toContain('theirs origin refs/heads/main refs/heads/main');
    repo.commit('secret.js', secretFile);
    const second = repo.tryGit(['push', 'origin', 'main']);
    expect(second.code).toBe(1);
    expect(second.text).toContain('theirs origin');
    expect(second.text).toContain('secret.js:1');
    expect(second.text.match(/theirs/g)).toHaveLength(1);
  });

  it('are the same after a second install', () => {
    repo.write('.git/hooks/pre-commit', '#!/bin/sh\necho theirs\n', 0o755);
    const before = repo.picture('.git/hooks');
    install();
    const once = repo.picture('.git/hooks');
    install();
    expect(repo.picture('.git/hooks')).toEqual(once);
    repo.lca(['hooks', 'uninstall']);
    expect(repo.picture('.git/hooks')).toEqual(before);
  });

  it('are left as they are by a dry run', () => {
    repo.write('.git/hooks/pre-commit', '#!/bin/sh\necho theirs\n', 0o755);
    const before = repo.picture('.git');
    install('--dry-run');
    expect(repo.picture('.git')).toEqual(before);
  });

  it('are found where core.hooksPath leads', () => {
    repo.git('config', 'core.hooksPath', '.githooks');
    repo.write('.githooks/pre-commit', '#!/bin/sh\necho theirs\n', 0o755);
    const before = repo.picture('.githooks');
    const cwd = repo.at('.githooks');
    expect(repo.lca(['hooks', 'install'], { cwd }).code).toBe(0);
    const { code, text } = commitSecret();
    expect(code).toBe(1);
    expect(text).toContain('theirs');
    repo.lca(['hooks', 'uninstall']);
    expect(repo.picture('.githooks')).toEqual(before);
  });

  it('of all repositories are changed only when that is said', () => {
    const shared = join(repo.top, 'shared');
    repo.git('config', '--global', 'core.hooksPath', shared);
    const { code, text } = repo.lca(['hooks', 'install']);
    expect(code).toBe(2);
    expect(text).toContain('--shared');
    expect(existsSync(shared)).toBe(false);
    install('--shared');
    expect(commitSecret().code).toBe(1);
    const other = hookedRepository({ folder: repo.top, name: 'other' });
    writeFileSync(
      join(repo.top, 'gitconfig'),
      `[user]\n\tname = A\n\temail = a@example.org\n[core]\n\thooksPath = ${shared}\n`,
    );
    other.write('secret.js', secretFile);
    other.git('add', '.');
    expect(other.tryGit(['commit', '-qm', 'feat: add'])).toMatchObject({ code: 0, text: '' });
    repo.lca(['hooks', 'uninstall']);
    expect(existsSync(shared)).toBe(false);
  });
});

describe('a push', () => {
  const toRemote = (...args: string[]) => repo.tryGit(['push', 'origin', ...args]);
  beforeEach(() => {
    repo.git('init', '-q', '--bare', join(repo.top, 'remote.git'));
    repo.git('remote', 'add', 'origin', join(repo.top, 'remote.git'));
    repo.commit('a.js', 'export const a = 1;\n');
    repo.git('push', '-q', 'origin', 'main');
    install('--hook', 'pre-push');
  });

  it('of a new branch is compared with what the remote has', () => {
    repo.git('checkout', '-qb', 'topic');
    expect(toRemote('topic').code).toBe(0);
    repo.commit('secret.js', secretFile);
    repo.git('checkout', '-qb', 'other');
    repo.commit('b.js', 'export const b = 1;\n');
    const { code, text } = toRemote('other');
    expect(code).toBe(1);
    expect(text).toContain('secret.js:1');
    expect(text).toContain('The push of other is stopped');
    expect(text).toContain('git push --no-verify');
  });

  it('of what the remote has already is not looked at, nor is a tag or a deleted branch', () => {
    repo.commit('secret.js', secretFile);
    repo.git('push', '-q', '--no-verify', 'origin', 'main');
    repo.git('branch', 'same');
    expect(toRemote('same').code).toBe(0);
    repo.git('tag', 'v1');
    expect(toRemote('v1').code).toBe(0);
    expect(toRemote('--delete', 'same').code).toBe(0);
  });

  it('of a tag is looked at where the tag alone brings what the remote has not', () => {
    repo.git('checkout', '-q', '--detach');
    repo.commit('secret.js', secretFile);
    repo.git('tag', 'light');
    repo.git('tag', '-a', '-m', 'signed', 'annotated');
    for (const tag of ['light', 'annotated']) {
      const { code, text } = toRemote(tag);
      expect({ tag, code }).toEqual({ tag, code: 1 });
      expect(text).toContain(`The push of ${tag} is stopped`);
    }
    repo.git('tag', '-a', '-m', 'a file', 'of-a-file', 'HEAD:a.js');
    expect(toRemote('of-a-file').code).toBe(0);
    expect(toRemote('--delete', 'of-a-file').code).toBe(0);
  });

  it('is stopped by a secret that one of its commits adds and a later one takes out', () => {
    repo.commit('b.js', 'export const b = 1;\n');
    repo.commit('secret.js', secretFile);
    const added = repo.git('rev-parse', 'HEAD');
    repo.git('rm', '-q', 'secret.js');
    repo.git('commit', '-q', '--no-verify', '-m', 'fix: take it out');
    const { code, text } = toRemote('main');
    expect(code).toBe(1);
    expect(text).toContain(`commit ${added.slice(0, 10)}`);
    expect(text).toContain('secret.js:1');
    expect(text).not.toContain(madeUpToken);
    expect(repo.git('ls-remote', 'origin', 'main')).not.toContain(added);
  });

  it('goes through when such a line was there before, or says by now why it stays', () => {
    repo.commit('secret.js', secretFile);
    repo.git('push', '-q', '--no-verify', 'origin', 'main');
    repo.git('rm', '-q', 'secret.js');
    repo.git('commit', '-q', '--no-verify', '-m', 'fix: take it out');
    repo.git('revert', '--no-edit', 'HEAD');
    expect(toRemote('main')).toMatchObject({ code: 0 });
    repo.commit('made-up.js', secretFile.replace('token', 'example'));
    repo.commit(
      'made-up.js',
      `${secretFile.replace('token', 'example').trim()} // llm-copilot-ignore secret: made up\n`,
    );
    expect(toRemote('main')).toMatchObject({ code: 0 });
  });

  it('says only what is new in it', () => {
    repo.commit('secret.js', secretFile);
    repo.git('push', '-q', '--no-verify', 'origin', 'main');
    repo.commit('b.js', 'export const b = 1;\n');
    expect(toRemote('main').code).toBe(0);
  });
});

describe('the first push to a remote that has nothing', () => {
  it('is looked at from its first commit on', () => {
    repo.git('init', '-q', '--bare', join(repo.top, 'remote.git'));
    repo.git('remote', 'add', 'origin', join(repo.top, 'remote.git'));
    repo.commit('secret.js', secretFile);
    repo.commit('b.js', 'export const b = 1;\n');
    install('--hook', 'pre-push');
    const { code, text } = repo.tryGit(['push', 'origin', 'main']);
    expect(code).toBe(1);
    expect(text).toContain('secret.js:1');
  });
});

describe('a message', () => {
  const conventional = (): void => {
    for (let n = 0; n < 12; n++) repo.commit(`f${n}.js`, `export const f${n} = ${n};\n`, `feat: add f${n}`);
  };

  it('that is no Conventional Commit is stopped only where these are the custom', () => {
    install('--hook', 'commit-msg');
    expect(repo.tryGit(['commit', '-q', '--allow-empty', '-m', 'whatever']).code).toBe(0);
    conventional();
    const { code, text } = repo.tryGit(['commit', '-q', '--allow-empty', '-m', 'whatever']);
    expect(code).toBe(1);
    expect(text).toContain('Conventional Commits');
    expect(text).toContain('--no-verify');
    expect(repo.tryGit(['commit', '-q', '--allow-empty', '-m', 'fix: mend it']).code).toBe(0);
  });

  it('is held to Conventional Commits where commitlint is configured', () => {
    install('--hook', 'commit-msg');
    repo.write('.commitlintrc.json', '{}');
    expect(repo.tryGit(['commit', '-q', '--allow-empty', '-m', 'whatever']).code).toBe(1);
  });

  it('of a merge, a rebase or a cherry-pick is left alone', () => {
    conventional();
    repo.git('checkout', '-qb', 'topic');
    repo.commit('t.js', 'export const t = 1;\n', 'odd words');
    repo.git('checkout', '-q', 'main');
    repo.commit('m.js', 'export const m = 1;\n');
    install('--all');
    expect(repo.tryGit(['cherry-pick', 'topic']).code).toBe(0);
    expect(repo.git('log', '-1', '--format=%s')).toBe('odd words');
    repo.git('reset', '-q', '--hard', 'HEAD~1');
    expect(repo.tryGit(['merge', '--no-ff', 'topic']).code).toBe(0);
    expect(repo.git('log', '-1', '--format=%s')).toBe("Merge branch 'topic'");
    repo.git('reset', '-q', '--hard', 'HEAD~1');
    repo.git('checkout', '-q', 'topic');
    const rebased = repo.tryGit(['rebase', '-q', 'main']);
    expect(rebased).toMatchObject({ code: 0, text: '' });
    expect(repo.git('log', '-1', '--format=%s')).toBe('odd words');
  });

  it('is drafted where nobody wrote one, and nowhere else', () => {
    install('--hook', 'prepare-commit-msg');
    repo.write('src/a.js', 'export const a = 1;\n');
    repo.git('add', '.');
    expect(repo.tryGit(['commit', '-q']).code).toBe(0);
    const draft = repo.git('log', '-1', '--format=%s');
    expect(draft).toMatch(/^\w+(\([^)]*\))?: \S/);
    repo.write('src/b.js', 'export const b = 1;\n');
    repo.git('add', '.');
    expect(repo.tryGit(['commit', '-q', '-m', 'my own words']).code).toBe(0);
    expect(repo.git('log', '-1', '--format=%B')).toBe('my own words');
    expect(repo.tryGit(['commit', '-q', '--amend']).code).toBe(0);
    expect(repo.git('log', '-1', '--format=%B')).toBe('my own words');
    repo.write('template', 'From the template\n');
    repo.write('src/c.js', 'export const c = 1;\n');
    repo.git('add', 'src');
    const templated = repo.tryGit(['commit', '-q', '-t', 'template'], { env: { GIT_EDITOR: 'echo more >>' } });
    expect(templated.code).toBe(0);
    expect(repo.git('log', '-1', '--format=%B')).toBe('From the template\n\nmore');
    repo.write('src/d.js', 'export const d = 1;\n');
    repo.git('add', 'src');
    expect(repo.tryGit(['commit', '-q', '--verbose']).code).toBe(0);
    expect(repo.git('log', '-1', '--format=%s')).not.toContain('diff');
  });
});

describe('the search index', () => {
  it('is brought up to date after a merge, in the background, where there is one', async () => {
    repo.commit('a.js', 'export const alpha = 1;\n');
    install('--hook', 'post-merge');
    repo.git('checkout', '-qb', 'topic');
    repo.commit('b.js', 'export const betaGamma = 2;\n');
    repo.git('checkout', '-q', 'main');
    const indexes = join(repo.top, 'data', 'hooks');
    expect(repo.tryGit(['merge', '-q', 'topic']).code).toBe(0);
    expect(existsSync(indexes)).toBe(false);
    repo.git('reset', '-q', '--hard', 'HEAD~1');
    expect(repo.lca(['index']).code).toBe(0);
    const merged = repo.tryGit(['merge', '-q', 'topic']);
    expect(merged).toMatchObject({ code: 0, text: '' });
    const [sign = ''] = readdirSync(indexes);
    const pid = Number(readFileSync(join(indexes, sign), 'utf8'));
    const isAlive = (): boolean => {
      try {
        process.kill(pid, 0);
        return true;
      } catch {
        return false;
      }
    };
    await expect.poll(isAlive, { timeout: 15_000 }).toBe(false);
    expect(repo.lca(['index', '--json']).stdout).toContain('"added":0');
  });
});

describe('what a hook loads', () => {
  it('is neither an SDK nor a screen nor a database nor the vector index', () => {
    install('--all');
    const loaded = join(repo.top, 'loaded');
    repo.write('secret.js', secretFile);
    repo.git('add', '.');
    // Node tells every script it compiled.
    expect(repo.tryGit(['commit', '-m', 'feat: add'], { env: { NODE_V8_COVERAGE: loaded } }).code).toBe(1);
    const scripts = readdirSync(loaded).flatMap((name) => {
      const report = JSON.parse(readFileSync(join(loaded, name), 'utf8')) as { result: { url: string }[] };
      return report.result.flatMap(({ url }) => (url.startsWith('file:') ? [fileURLToPath(url)] : []));
    });
    const heavy =
      /x-stainless-|react-reconciler|hnswlib-node|sqlite-vec|better-sqlite3|web-tree-sitter|commander\.help/;
    expect(scripts.some((path) => path.includes('dist/hook/pre-commit-'))).toBe(true);
    expect(scripts.filter((path) => path.includes('node_modules'))).toEqual([]);
    expect(scripts.filter((path) => heavy.test(readFileSync(path, 'utf8')))).toEqual([]);
    // The marks are those of the bundle: elsewhere in it they are found.
    const dist = fileURLToPath(new URL('../../dist', import.meta.url));
    expect(
      readdirSync(dist).some(
        (name) => name.endsWith('.js') && readFileSync(join(dist, name), 'utf8').includes('x-stainless-'),
      ),
    ).toBe(true);
  });
});
