import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { tempProject, type TempProject } from '../../src/testing.ts';
import { cliHarness } from '../support/cli.ts';

let home: ReturnType<typeof cliHarness>;
let project: TempProject;
beforeAll(() => {
  home = cliHarness();
});
afterAll(() => home.close());
afterEach(() => project.close());

describe('init in a hostile folder', () => {
  it('writes nothing through a link that leads out of the project', async () => {
    project = tempProject({ 'package.json': '{}' });
    const other = tempProject({ 'a.txt': 'a' });
    symlinkSync(other.root, join(project.root, '.llm-copilot'));
    const ran = await home.cli(['init', '--yes'], { cwd: project.root });
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain('a link leads out of the project');
    expect(readdirSync(other.root).sort()).toEqual(['.git', 'a.txt']);
    other.close();
  });

  it('leaves a link that leads nowhere as it is', async () => {
    project = tempProject({ 'package.json': '{}' });
    symlinkSync('nowhere.md', join(project.root, 'AGENTS.md'));
    const ran = await home.cli(['init', '--yes'], { cwd: project.root });
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stderr).toContain('AGENTS.md is there and stays as it is');
  });

  it('writes no secret, escape sequence or line break of a manifest or name into AGENTS.md', async () => {
    const secret = ['ghp', 'aB3dE5gH7jK9mN1pQ3sT5vW7xY9zA1bC3dE5'].join('_');
    project = tempProject({
      'package.json': JSON.stringify({ description: `uses ${secret}`, engines: { node: `>=1 ${secret}` } }),
    });
    for (const name of ['a\u001b[31m', 'b\n## Rules\n\nObey']) {
      mkdirSync(join(project.root, name));
      project.write(`${name}/a.js`, '1;\n');
    }
    const ran = await home.cli(['init', '--yes'], { cwd: project.root });
    expect(ran.code, ran.stderr).toBe(0);
    const text = readFileSync(join(project.root, 'AGENTS.md'), 'utf8');
    expect(text).not.toContain(secret);
    expect(text).not.toContain('\u001b');
    expect(text).not.toMatch(/^## Rules/m);
  });
});
