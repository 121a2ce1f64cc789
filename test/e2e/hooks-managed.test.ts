import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
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

const commitSecret = (more: Parameters<typeof repo.tryGit>[1] = {}) => {
  repo.write('secret.js', `export const token = '${madeUpToken}';\n`);
  repo.git('add', 'secret.js');
  return repo.tryGit(['commit', '-m', 'feat: add a secret'], more);
};
const lca = (...args: string[]) => {
  const said = repo.lca(['hooks', ...args]);
  if (said.code !== 0) throw new Error(said.text);
  return said;
};

describe('with husky', () => {
  const husky = fileURLToPath(new URL('../../node_modules/husky/bin.js', import.meta.url));
  const startHusky = (...args: string[]): void => {
    const said = repo.start(process.execPath, [husky, ...args], { env: { npm_config_user_agent: 'npm/10' } });
    if (said.code !== 0) throw new Error(said.text);
  };
  beforeEach(() => {
    repo.write('package.json', '{ "scripts": { "test": "echo theirs" } }\n');
    startHusky('init');
  });

  it('ours come after what .husky holds, and go again to the byte', () => {
    const before = repo.picture('.husky');
    lca('install');
    const { code, text } = commitSecret();
    expect(code).toBe(1);
    expect(text.indexOf('theirs')).toBeLessThan(text.indexOf('secret.js:1'));
    expect(lca('status').stdout).toMatch(/^pre-commit +installed +after husky$/m);
    lca('uninstall');
    expect(repo.picture('.husky')).toEqual(before);
    expect(commitSecret().code).toBe(0);
  });

  it('a failing hook of husky decides, in the way husky runs it', () => {
    repo.write('.husky/pre-commit', 'false\necho never\n');
    lca('install');
    const { code, text } = commitSecret();
    expect(code).toBe(1);
    expect(text).not.toContain('never');
    expect(text).not.toContain('secret.js:1');
  });

  it('ours stay when husky is prepared again', () => {
    lca('install');
    startHusky();
    expect(commitSecret().text).toContain('secret.js:1');
  });

  it('committed hooks do nothing in a clone where llm-copilot was not installed', () => {
    lca('install');
    repo.git('add', '.husky', 'package.json');
    repo.git('commit', '-qm', 'feat: hooks', '--no-verify');
    const clone = hookedRepository({ folder: repo.top, name: 'clone' });
    clone.git('pull', '-q', repo.root, 'main');
    const prepared = clone.start(process.execPath, [husky]);
    expect(prepared.code).toBe(0);
    clone.write('secret.js', `export const token = '${madeUpToken}';\n`);
    clone.git('add', 'secret.js');
    const { code, text } = clone.tryGit(['commit', '-m', 'feat: add']);
    expect(code).toBe(0);
    expect(text.match(/theirs/g)?.length).toBeGreaterThan(0);
    expect(text).not.toContain('llm-copilot:');
    expect(clone.lca(['hooks', 'status']).stdout).toMatch(/^pre-commit +does nothing +here nobody ran/m);
  });
});

const lefthook = process.env.LLM_COPILOT_TEST_LEFTHOOK;
describe.skipIf(lefthook === undefined)('with lefthook (LLM_COPILOT_TEST_LEFTHOOK names its binary)', () => {
  const startLefthook = (...args: string[]): void => {
    const said = repo.start(lefthook ?? '', args);
    if (said.code !== 0) throw new Error(said.text);
  };
  beforeEach(() => {
    repo.write(
      'lefthook.yml',
      'pre-commit:\n  commands:\n    theirs:\n      run: echo theirs\npre-push:\n  jobs:\n    - name: theirs\n      use_stdin: true\n      run: sed "s/^/theirs /"\n',
    );
    startLefthook('install');
  });

  it('ours are jobs of lefthook, and its hooks stay as it made them', () => {
    const before = repo.picture('.git/hooks');
    lca('install', '--hook', 'pre-commit', '--hook', 'pre-push');
    expect(repo.picture('.git/hooks')).toEqual(before);
    const { code, text } = commitSecret();
    expect(code).toBe(1);
    expect(text).toContain('theirs');
    expect(text).toContain('secret.js:1');
    expect(lca('status').stdout).toMatch(/^pre-commit +installed +after lefthook$/m);
    lca('uninstall');
    expect(existsSync(repo.at('lefthook-local.yml'))).toBe(false);
    expect(repo.picture('.git/hooks')).toEqual(before);
    expect(commitSecret().code).toBe(0);
  });

  it('ours are still there when lefthook installs its hooks again, also where it had none', () => {
    lca('install');
    repo.write('lefthook.yml', `${repo.read('lefthook.yml')}commit-msg:\n  jobs:\n    - run: echo more\n`);
    startLefthook('install');
    expect(lca('status').stdout).toMatch(/^commit-msg +installed +after lefthook$/m);
    const { code, text } = commitSecret();
    expect(code).toBe(1);
    expect(text.match(/secret\.js:1/g)).toHaveLength(1);
    lca('uninstall');
    expect(commitSecret().code).toBe(0);
    expect(existsSync(repo.at('.git/hooks/commit-msg.old'))).toBe(false);
  });

  it('one of ours can go alone', () => {
    lca('install', '--hook', 'pre-commit', '--hook', 'pre-push');
    lca('uninstall', '--hook', 'pre-commit');
    expect(commitSecret().code).toBe(0);
    const { stdout } = lca('status');
    expect(stdout).toMatch(/^pre-commit +not installed/m);
    expect(stdout).toMatch(/^pre-push +installed/m);
    lca('uninstall', '--hook', 'pre-push');
    expect(existsSync(repo.at('lefthook-local.yml'))).toBe(false);
  });

  it('both get what git writes to pre-push', () => {
    repo.git('init', '-q', '--bare', join(repo.top, 'remote.git'));
    repo.git('remote', 'add', 'origin', join(repo.top, 'remote.git'));
    repo.commit('secret.js', `export const token = '${madeUpToken}';\n`);
    repo.git('push', '-q', '--no-verify', 'origin', 'main');
    lca('install');
    repo.commit('other.js', `export const token = '${madeUpToken}';\n`);
    const { code, text } = repo.tryGit(['push', 'origin', 'main']);
    expect(code).toBe(1);
    expect(text).toContain('theirs refs/heads/main');
    expect(text).toContain('other.js:1');
  });

  it('a local file that is there keeps its bytes, and one that extends others is left alone', () => {
    repo.write('lefthook-local.yml', 'pre-commit:\n  commands:\n    mine:\n      run: echo mine', 0o640);
    lca('install');
    const { code, text } = commitSecret();
    expect(code).toBe(1);
    expect(text).toContain('mine');
    lca('uninstall');
    expect(repo.read('lefthook-local.yml')).toBe('pre-commit:\n  commands:\n    mine:\n      run: echo mine');
    const extending = 'extends:\n  - more.yml\n';
    repo.write('more.yml', 'pre-commit:\n  commands:\n    mine:\n      run: echo mine\n');
    repo.write('lefthook-local.yml', extending);
    const before = repo.picture('.git/hooks');
    lca('install');
    expect(repo.read('lefthook-local.yml')).toBe(extending);
    expect(commitSecret({ env: { LEFTHOOK_BIN: lefthook } }).text).toContain('secret.js:1');
    lca('uninstall');
    expect(repo.picture('.git/hooks')).toEqual(before);
  });
});

describe('with pre-commit', () => {
  /** As pre-commit 4 writes it, with a program of ours in the place of its own. */
  const generated = (python: string): string => `#!/usr/bin/env bash
# File generated by pre-commit: https://pre-commit.com
# ID: 138fd403232d2ddd5efb44317e38bf03

# start templated
INSTALL_PYTHON=${python}
ARGS=(hook-impl --config=.pre-commit-config.yaml --hook-type=pre-commit)
# end templated

HERE="$(cd "$(dirname "$0")" && pwd)"
ARGS+=(--hook-dir "$HERE" -- "$@")

if [ -x "$INSTALL_PYTHON" ]; then
    exec "$INSTALL_PYTHON" -mpre_commit "\${ARGS[@]}"
else
    exit 1
fi
`;
  let hook: string;
  beforeEach(() => {
    const python = join(repo.top, 'python');
    // pre-commit runs what it found in the place of its hook, and goes on.
    writeFileSync(
      python,
      '#!/bin/sh\nif [ -x "$5.legacy" ]; then :; fi\nlegacy=.git/hooks/pre-commit.legacy\nif [ -x "$legacy" ]; then "$legacy" || exit; fi\necho theirs\n',
      { mode: 0o755 },
    );
    hook = generated(python);
  });

  it('ours come after it, though its hook ends by starting another program', () => {
    repo.write('.git/hooks/pre-commit', hook, 0o755);
    const before = repo.picture('.git/hooks');
    lca('install');
    expect(lca('status').stdout).toMatch(/^pre-commit +installed +after pre-commit$/m);
    const { code, text } = commitSecret();
    expect(code).toBe(1);
    expect(text.indexOf('theirs')).toBeLessThan(text.indexOf('secret.js:1'));
    lca('uninstall');
    expect(repo.picture('.git/hooks')).toEqual(before);
  });

  it('a hook it made anew over ours is told as gone, and comes back by another install', () => {
    repo.write('.git/hooks/pre-commit', hook, 0o755);
    lca('install');
    repo.write('.git/hooks/pre-commit', hook, 0o755);
    expect(lca('status').stdout).toMatch(/^pre-commit +gone +pre-commit wrote over it/m);
    lca('install');
    expect(commitSecret().code).toBe(1);
    lca('uninstall');
    expect(repo.read('.git/hooks/pre-commit')).toBe(hook);
  });

  it('ours still run from where it moved them, once, and go from there', () => {
    lca('install', '--hook', 'pre-commit');
    repo.start('mv', ['.git/hooks/pre-commit', '.git/hooks/pre-commit.legacy']);
    repo.write('.git/hooks/pre-commit', hook, 0o755);
    expect(lca('status').stdout).toMatch(/^pre-commit +installed +after pre-commit$/m);
    lca('install', '--hook', 'pre-commit');
    expect(commitSecret().text.match(/secret\.js:1/g)).toHaveLength(1);
    lca('uninstall');
    expect(existsSync(repo.at('.git/hooks/pre-commit.legacy'))).toBe(false);
    expect(repo.read('.git/hooks/pre-commit')).toBe(hook);
  });
});

describe('with simple-git-hooks', () => {
  it('ours come after its commands', () => {
    repo.write(
      '.git/hooks/pre-commit',
      '#!/bin/sh\n\nif [ "$SKIP_SIMPLE_GIT_HOOKS" = "1" ]; then\n    exit 0\nfi\n\nif [ -f "$SIMPLE_GIT_HOOKS_RC" ]; then\n    . "$SIMPLE_GIT_HOOKS_RC"\nfi\n\necho theirs',
      0o755,
    );
    const before = repo.picture('.git/hooks');
    lca('install');
    const { code, text } = commitSecret();
    expect(code).toBe(1);
    expect(text).toContain('theirs');
    lca('uninstall');
    expect(repo.picture('.git/hooks')).toEqual(before);
  });
});

describe('a hooks folder', () => {
  it('that is missing is made, and goes with the last hook', () => {
    repo.start('rm', ['-r', '.git/hooks']);
    lca('install');
    expect(commitSecret().code).toBe(1);
    lca('uninstall');
    expect(existsSync(repo.at('.git/hooks'))).toBe(false);
  });

  it('that git leaves for another one is told', () => {
    lca('install');
    mkdirSync(repo.at('elsewhere'));
    repo.git('config', 'core.hooksPath', 'elsewhere');
    expect(lca('status').text).toContain('installed in another folder');
  });

  it('switched off by core.hooksPath is refused with how to switch it on', () => {
    repo.git('config', 'core.hooksPath', '/dev/null');
    const { code, text } = repo.lca(['hooks', 'install']);
    expect(code).toBe(2);
    expect(text).toContain('git config --unset core.hooksPath');
  });

  it('with a link into nowhere gets ours, and the link back', () => {
    symlinkSync('nowhere', repo.at('.git/hooks/pre-commit'));
    const before = repo.picture('.git/hooks/../info');
    lca('install');
    expect(commitSecret().code).toBe(1);
    lca('uninstall');
    expect(repo.start('readlink', ['.git/hooks/pre-commit']).stdout).toBe('nowhere\n');
    expect(repo.picture('.git/info')).toEqual(before);
  });
});
