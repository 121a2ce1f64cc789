import { execFileSync, spawn } from 'node:child_process';
import { lstatSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replaceFile } from '../../../src/app/changelog/replace-file.ts';

describe('a file that is replaced', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'llm-copilot-replace-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is replaced where it is a link, and what the link leads to stays', () => {
    writeFileSync(join(folder, 'target'), 'precious');
    symlinkSync(join(folder, 'target'), join(folder, 'link'));
    replaceFile(join(folder, 'link'), 'new');
    expect(readFileSync(join(folder, 'target'), 'utf8')).toBe('precious');
    expect(readFileSync(join(folder, 'link'), 'utf8')).toBe('new');
  });

  it.skipIf(process.platform === 'win32')('is written to where it is a pipe, which stays one', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const reader = spawn('cat', [pipe], { stdio: ['ignore', 'pipe', 'inherit'] });
    let read = '';
    reader.stdout.on('data', (chunk: Buffer) => (read += chunk.toString()));
    const ended = new Promise((resolve) => reader.on('close', resolve));
    replaceFile(pipe, 'new');
    expect(lstatSync(pipe).isFIFO()).toBe(true);
    await ended;
    expect(read).toBe('new');
  });

  it('leaves nothing behind where it is a folder', () => {
    expect(() => replaceFile(folder, 'new')).toThrow('cannot be written');
    expect(readdirSync(folder)).toEqual([]);
  });
});
