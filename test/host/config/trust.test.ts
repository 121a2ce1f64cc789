import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addTrust, revokeTrust, trustedFolders, trustHash, trustOf } from '../../../src/host/config/trust.ts';

let base = '';
let folder = '';
let env: Record<string, string> = {};
beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'llm-copilot-trust-')));
  folder = join(base, 'project');
  mkdirSync(join(folder, '.llm-copilot', 'agents'), { recursive: true });
  writeFileSync(join(folder, '.llm-copilot', 'config.yaml'), 'permissions: { mode: auto }\n');
  env = { XDG_CONFIG_HOME: join(base, 'xdg'), HOME: base };
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

describe('trust', () => {
  test('is given, listed and taken back', () => {
    expect(trustOf(env, folder)).toBe('untrusted');
    addTrust(env, folder);
    addTrust(env, folder);
    expect(trustOf(env, folder)).toBe('trusted');
    expect(trustedFolders(env)).toHaveLength(1);
    expect(revokeTrust(env, folder)).toBe(true);
    expect(revokeTrust(env, folder)).toBe(false);
    expect(trustOf(env, folder)).toBe('untrusted');
  });

  test.each([
    ['the rules', '.llm-copilot/config.yaml'],
    ['an agent', '.llm-copilot/agents/coder.md'],
    ['the instructions', 'AGENTS.md'],
    ['the other instructions', 'CLAUDE.md'],
  ])('ends when %s change', (_name, path) => {
    addTrust(env, folder);
    writeFileSync(join(folder, path), 'changed\n');
    expect(trustOf(env, folder)).toBe('changed');
    addTrust(env, folder);
    unlinkSync(join(folder, path));
    expect(trustOf(env, folder)).toBe('changed');
  });

  test('does not end when other files change', () => {
    addTrust(env, folder);
    writeFileSync(join(folder, 'index.js'), 'changed\n');
    expect(trustOf(env, folder)).toBe('trusted');
  });

  test('ends when a link leads to other content, or replaces the same', () => {
    writeFileSync(join(base, 'a.md'), 'same\n');
    writeFileSync(join(folder, 'AGENTS.md'), 'same\n');
    addTrust(env, folder);
    unlinkSync(join(folder, 'AGENTS.md'));
    symlinkSync(join(base, 'a.md'), join(folder, 'AGENTS.md'));
    expect(trustOf(env, folder)).toBe('changed');
    addTrust(env, folder);
    writeFileSync(join(base, 'a.md'), 'other\n');
    expect(trustOf(env, folder)).toBe('changed');
  });

  test('of a folder that holds nothing of the kind ends when something appears', () => {
    rmSync(join(folder, '.llm-copilot'), { recursive: true });
    expect(trustHash(folder)).toBeUndefined();
    addTrust(env, folder);
    expect(trustOf(env, folder)).toBe('trusted');
    writeFileSync(join(folder, 'AGENTS.md'), 'x');
    expect(trustOf(env, folder)).toBe('changed');
  });

  test('a pipe in the folder is not waited for, and too much is refused', () => {
    execFileSync('mkfifo', [join(folder, '.llm-copilot', 'pipe')]);
    expect(trustHash(folder)).toMatch(/^[0-9a-f]{64}$/);
    writeFileSync(join(folder, '.llm-copilot', 'big'), Buffer.alloc(9 * 1024 * 1024));
    expect(() => trustHash(folder)).toThrow(/more than/);
  });

  test('a damaged list trusts nothing and says so', () => {
    addTrust(env, folder);
    const path = join(base, 'xdg', 'llm-copilot', 'trust.json');
    expect(existsSync(path)).toBe(true);
    for (const text of ['{', '{}', '[{"folder": 1}]']) {
      writeFileSync(path, text);
      expect(() => trustOf(env, folder)).toThrow(/trust\.json/);
    }
  });
});
