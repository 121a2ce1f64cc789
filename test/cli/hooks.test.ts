import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hookedRepository, madeUpToken } from '../support/hooked-repository.ts';
import { cliHarness } from '../support/cli.ts';

let repo: ReturnType<typeof hookedRepository>;
let harness: ReturnType<typeof cliHarness>;
beforeEach(() => {
  repo = hookedRepository();
  harness = cliHarness();
});
afterEach(() => {
  repo.remove();
  harness.close();
});
const lca = (args: string[], options: Parameters<typeof harness.cli>[1] = {}) =>
  harness.cli(['hooks', ...args], { cwd: repo.root, ...options, env: { HOME: repo.top, ...options.env } });

describe('llm-copilot hooks', () => {
  it('installs the usual hooks, or those that are named, and says so as JSON too', async () => {
    expect((await lca(['install', '--dry-run', '--all'])).stdout.match(/^[\w-]+/gm)).toEqual([
      'pre-commit',
      'prepare-commit-msg',
      'commit-msg',
      'pre-push',
      'post-merge',
    ]);
    const { code, stdout } = await lca(['install', '--json']);
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as { hooks: { hook: string; way: string }[] };
    expect(report.hooks.map(({ hook, way }) => `${hook} ${way}`)).toEqual([
      'pre-commit new',
      'commit-msg new',
      'pre-push new',
      'post-merge new',
    ]);
    expect((await lca(['install', '--hook', 'pre-push'])).stdout).toContain('installed before');
  });

  it('says how each hook is', async () => {
    repo.write('.git/hooks/commit-msg', '#!/bin/sh\nexit 0\n', 0o755);
    await lca(['install', '--hook', 'pre-commit', '--hook', 'commit-msg']);
    expect((await lca(['status'])).stdout.trimEnd().split('\n')).toEqual([
      'pre-commit          installed',
      'prepare-commit-msg  not installed',
      'commit-msg          installed      after another hook',
      'pre-push            not installed',
      'post-merge          not installed',
    ]);
    repo.write('.git/hooks/commit-msg', '#!/bin/sh\nexit 0\n', 0o755);
    const { stdout } = await lca(['status', '--json']);
    const report = JSON.parse(stdout) as { hooks: { hook: string; state: string }[]; program: { isThere: boolean } };
    expect(report.hooks.map(({ state }) => state)).toEqual(['installed', 'none', 'gone', 'none', 'none']);
    expect(report.program.isThere).toBe(true);
  });

  it('takes out one hook and leaves the others', async () => {
    await lca(['install']);
    const { stdout } = await lca(['uninstall', '--hook', 'pre-push']);
    expect(stdout).toMatch(/^pre-push .*removed; there was none before\n$/);
    expect((await lca(['status'])).stdout).toMatch(/^pre-commit +installed$/m);
    expect((await lca(['uninstall'])).stdout.match(/^[\w-]+/gm)?.sort()).toEqual([
      'commit-msg',
      'post-merge',
      'pre-commit',
    ]);
    const { code, stderr } = await lca(['uninstall']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'No hook of llm-copilot is installed here.\n' });
  });

  it('refuses hooks it does nothing in, and folders without a repository', async () => {
    const unknown = await lca(['install', '--hook', 'post-commit']);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('pre-commit, prepare-commit-msg');
    const outside = await lca(['install'], { cwd: harness.home });
    expect(outside.code).toBe(2);
    expect(outside.stderr).toContain('git init');
  });

  it('refuses to go on from a damaged record, and changes nothing', async () => {
    await lca(['install', '--hook', 'pre-commit']);
    repo.write('.git/llm-copilot/hooks.json', '{');
    const before = repo.picture('.git/hooks');
    for (const verb of ['install', 'uninstall', 'status']) {
      const { code, stderr } = await lca([verb]);
      expect(code).toBe(3);
      expect(stderr).toContain('hooks.json');
    }
    expect(repo.picture('.git/hooks')).toEqual(before);
  });

  it('runs a hook with exit 1 for findings over the gate only', async () => {
    repo.write('secret.js', `export const token = '${madeUpToken}';\n`);
    repo.git('add', '.');
    const stopped = await lca(['run', 'pre-commit']);
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toContain('secret.js:1');
    expect((await lca(['run', 'pre-commit'], { env: { LLM_COPILOT_SKIP_HOOKS: '1' } })).stderr).toBe('');
    const outside = await lca(['run', 'pre-commit'], { cwd: harness.home });
    expect(outside.code).toBe(0);
    expect(outside.stderr.trimEnd().split('\n')).toEqual([expect.stringContaining('git goes on')]);
    expect((await lca(['run', 'post-rewrite'])).code).toBe(2);
  });

  it('keeps quiet about what the project put up with, and says why it does not in a broken file', async () => {
    repo.write('secret.js', `export const token = '${madeUpToken}';\n`);
    repo.write('.llm-copilot/review-ignore.yaml', '- rule: secret\n  path: secret.js\n  reason: made up\n');
    repo.git('add', 'secret.js');
    expect(await lca(['run', 'pre-commit'])).toMatchObject({ code: 0, stderr: '' });
    repo.write('.llm-copilot/review-ignore.yaml', '- rule: secret\n  path: other.js\n  reason: made up\n');
    expect((await lca(['run', 'pre-commit'])).code).toBe(1);
    repo.write('.llm-copilot/review-ignore.yaml', '- rule: secret\n');
    const broken = await lca(['run', 'pre-commit']);
    expect(broken.code).toBe(0);
    expect(broken.stderr).toContain('has no reason');
  });

  it('shows names of files without what could fool a terminal', async () => {
    repo.write('a\u001b[2Jb\n.js', `export const token = '${madeUpToken}';\n`);
    repo.git('add', '.');
    const { code, stderr } = await lca(['run', 'pre-commit']);
    expect(code).toBe(1);
    expect(stderr).not.toContain('\u001b');
    expect(stderr).toContain('ab .js:1');
  });
});
