import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeTurn } from '../../../src/host/hooks/one-at-a-time.ts';
import { hasPassed, rememberPassed } from '../../../src/host/hooks/verdicts.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llm-copilot-turn-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('work of which there is one at a time', () => {
  it('is not begun while the process that does it lives', () => {
    const path = join(folder, 'sign');
    let begun = 0;
    const start = (): number => {
      begun++;
      return process.pid;
    };
    expect(takeTurn(path, start)).toBe(true);
    expect(takeTurn(path, start)).toBe(false);
    expect(begun).toBe(1);
  });

  it('is begun again when that process is gone', () => {
    const path = join(folder, 'sign');
    const { pid } = spawnSync(process.execPath, ['-e', '0']);
    writeFileSync(path, String(pid));
    expect(takeTurn(path, () => process.pid)).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe(String(process.pid));
  });

  it('leaves no sign when it could not be begun', () => {
    const path = join(folder, 'sign');
    expect(takeTurn(path, () => undefined)).toBe(false);
    expect(existsSync(path)).toBe(false);
  });
});

describe('verdicts', () => {
  it('are remembered, the oldest forgotten first, and a damaged file is none', () => {
    const env = { LLM_COPILOT_DATA_DIR: folder };
    expect(hasPassed(env, 'a')).toBe(false);
    rememberPassed(env, 'a');
    expect(hasPassed(env, 'a')).toBe(true);
    for (let n = 0; n < 200; n++) rememberPassed(env, `b${n}`);
    expect(hasPassed(env, 'a')).toBe(false);
    expect(hasPassed(env, 'b199')).toBe(true);
    writeFileSync(join(folder, 'hooks', 'passed.json'), '{');
    expect(hasPassed(env, 'b199')).toBe(false);
    rememberPassed(env, 'c');
    expect(hasPassed(env, 'c')).toBe(true);
  });
});
