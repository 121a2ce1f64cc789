import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tempProject, type TempProject } from '../../src/testing.ts';
import { cliHarness, type Ran } from '../support/cli.ts';

let harness: ReturnType<typeof cliHarness>;
let project: TempProject;
beforeEach(() => {
  harness = cliHarness();
  project = tempProject({
    'package.json': JSON.stringify({
      name: 'shop',
      description: 'Sells <b>things</b> @everyone',
      engines: { node: '>=20' },
      scripts: { test: 'vitest run', lint: 'eslint .', format: 'prettier --write .' },
      devDependencies: { vitest: '1' },
    }),
    'package-lock.json': '{}',
    '.gitignore': 'node_modules/\n.env\n',
    '.env.example': 'KEY=\n',
    'src/a.ts': 'export const a = 1;\n',
    'test/a.test.ts': 'x();\n',
    'test/b.test.ts': 'x();\n',
  });
});
afterEach(() => {
  project.close();
  harness.close();
});
const run = (...args: string[]): Promise<Ran> =>
  harness.cli(['init', ...args], { cwd: project.root, env: { DOCKER_HOST: 'unix:///nowhere.sock' } });

describe('init', () => {
  it('writes a configuration and an AGENTS.md from what the project itself says', async () => {
    for (let at = 0; at < 12; at += 1) project.git('commit', '-q', '--allow-empty', '-m', `feat(cart): number ${at}`);
    expect((await run('--yes')).code).toBe(0);
    const agents = project.read('AGENTS.md');
    expect(agents).toContain('- `src/`: TypeScript; 1 file');
    expect(agents).toContain('- install: `npm ci`');
    expect(agents).toContain('- test: `npm test`');
    expect(agents).toContain('- one test: `npx vitest run <file>`');
    expect(agents).toContain('- format: `npm run format`');
    expect(agents).toContain('Node.js `>=20`');
    expect(agents).toContain('Tests are named `*.test.*` (2 files, most in `test/`)');
    expect(agents).toMatch(/Conventional Commits \(12 of the last 13\); types used: `feat`; scopes: `cart`/);
    // What a manifest says of itself steers nobody.
    expect(agents).toContain('Sells \\<b>things\\</b> `@everyone`');
    // The rules hold: the example may be read, the secrets may not.
    const explained = async (path: string): Promise<string> =>
      (await harness.cli(['policy', 'explain', '--sandbox', 'local', 'cat', path], { cwd: project.root })).stdout;
    expect(await explained('.env')).toMatch(/deny/);
    expect(await explained('.env.example')).not.toMatch(/deny/);
  });

  it('changes nothing when it runs again, and says what is there', async () => {
    await run('--yes');
    const [config, agents] = [project.read('.llm-copilot/config.yaml'), project.read('AGENTS.md')];
    const again = await run('--yes');
    expect(again.code).toBe(0);
    expect(again.stderr).toContain('It has all of that');
    expect(again.stderr).toContain('Nothing is left to write');
    expect([project.read('.llm-copilot/config.yaml'), project.read('AGENTS.md')]).toEqual([config, agents]);
  });

  it('says what differs from what it would propose now', async () => {
    project.write('.llm-copilot/config.yaml', 'checks:\n  test: make test\nmaxTurns: 3\n');
    project.write('AGENTS.md', '# Mine\n\nRun `npm test`.\n');
    const ran = await run('--yes');
    expect(ran.stderr).toContain('checks.test is make test; it would be npm test');
    expect(ran.stderr).toContain('permissions.rules does not have deny: read(.env)');
    expect(ran.stderr).toContain('it does not name the command npm run lint');
    expect(ran.stderr).not.toContain('maxTurns');
    expect(project.read('AGENTS.md')).toContain('# Mine');
  });

  it('writes no AGENTS.md beside other instructions', async () => {
    project.write('CLAUDE.md', '# Mine\n');
    await run('--yes');
    expect(existsSync(join(project.root, 'AGENTS.md'))).toBe(false);
    expect(existsSync(join(project.root, '.llm-copilot/config.yaml'))).toBe(true);
  });

  it('only shows with --dry-run, and without a yes', async () => {
    const before = readdirSync(project.root);
    for (const flags of [['--dry-run'], [], ['--json'], ['--dry-run', '--hooks']]) {
      const ran = await run(...flags);
      expect(ran.code).toBe(0);
      expect(`${ran.stdout}${ran.stderr}`).toContain('npm ci');
    }
    expect(readdirSync(project.root)).toEqual(before);
    expect(existsSync(join(project.root, '.git/hooks/pre-commit'))).toBe(false);
    expect((await run('--dry-run', '--yes')).code).toBe(2);
  });

  it('installs hooks when they are asked for', async () => {
    const ran = await run('--yes', '--hooks');
    expect(ran.code).toBe(0);
    expect(existsSync(join(project.root, '.git/hooks/pre-commit'))).toBe(true);
    expect(ran.stderr).toContain('hook pre-commit');
  });

  it('works outside of git', async () => {
    const plain = tempProject({ 'go.mod': 'module a\n\ngo 1.22\n', 'a.go': 'package a\n' }, { git: false });
    try {
      expect((await harness.cli(['init', '--yes'], { cwd: plain.root })).code).toBe(0);
      expect(plain.read('AGENTS.md')).toContain('- test: `go test ./...`');
    } finally {
      plain.close();
    }
  });
});
