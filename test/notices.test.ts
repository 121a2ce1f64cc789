import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const node = (...args: string[]) => spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });

describe('third-party notices', () => {
  it('fit the lockfile and what was bundled', () => {
    const { status, stderr } = node('.ci/notices.js', '--check');
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  it('name every package that users install', () => {
    const text = readFileSync(join(root, 'THIRD-PARTY-NOTICES.md'), 'utf8');
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    for (const [name, version] of Object.entries(dependencies)) expect(text).toContain(`| ${name} | ${version} |`);
    // Platform packages are listed whether or not they are installed here.
    expect(text).toContain('| @vscode/ripgrep-darwin-arm64 |');
    expect(text).toContain('| @vscode/ripgrep-linux-x64 |');
  });
});

describe('licences', () => {
  it('of all packages are accepted', () => {
    const { status, stderr } = node('.ci/licences.js');
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});
