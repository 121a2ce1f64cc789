import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildImage } from '../../src/host/sandbox/docker-image.ts';
import { imageNames } from '../../src/app/sandbox-command.ts';
import { tempProject, type TempProject } from '../../src/testing.ts';
import { cliHarness } from '../support/cli.ts';
import { dockerAvailable, testImage } from '../support/docker.ts';

const harness = cliHarness();
afterAll(() => harness.close());
const projects = new Set<TempProject>();
afterEach(() => {
  for (const project of projects) project.close();
  projects.clear();
});
const project = (files: Record<string, string> = {}): TempProject => {
  const made = tempProject(files, { git: true });
  projects.add(made);
  return made;
};
const engine: Record<string, string> =
  process.env.DOCKER_HOST === undefined ? {} : { DOCKER_HOST: process.env.DOCKER_HOST };
/** No engine answers there. */
const noEngine = { DOCKER_HOST: 'unix:///nowhere/docker.sock' };
const never = new AbortController().signal;

describe('sandbox run', () => {
  it('runs a command, shows its output as it comes, and ends as it ends', async () => {
    const { root } = project({ 'a.txt': 'hello\n' });
    const ran = await harness.cli(['sandbox', 'run', '--sandbox', 'local', '--', 'cat', 'a.txt'], { cwd: root });
    expect(ran).toMatchObject({ code: 0, stdout: 'hello\n' });
    const line = await harness.cli(['sandbox', 'run', '--sandbox', 'local', 'echo $((1+1)); exit 7'], { cwd: root });
    expect(line).toMatchObject({ code: 7, stdout: '2\n' });
    expect((await harness.cli(['sandbox', 'run', '--sandbox', 'local', 'kill -KILL $$'], { cwd: root })).code).toBe(
      137,
    );
  });

  it('leaves options of the command to the command', async () => {
    const { root } = project();
    const ran = await harness.cli(['sandbox', 'run', '--sandbox', 'local', 'printf', '%s|', '--image', '-x'], {
      cwd: root,
    });
    expect(ran.stdout).toBe('--image|-x|');
  });

  it('keeps model keys from the command', async () => {
    const { root } = project();
    const env = { ANTHROPIC_API_KEY: 'sk-secret' };
    const ran = await harness.cli(['sandbox', 'run', '--sandbox', 'local', 'env'], { cwd: root, env });
    expect(ran.stdout).not.toContain('sk-secret');
  });

  it('ends a command after its time with exit 5', async () => {
    const { root } = project();
    const ran = await harness.cli(['sandbox', 'run', '--sandbox', 'local', '--timeout', '0.3', 'sleep 20'], {
      cwd: root,
    });
    expect(ran.code).toBe(5);
    expect((await harness.cli(['sandbox', 'run', '--timeout', 'soon', 'true'], { cwd: root })).code).toBe(2);
  });

  it('says that docker needs an image', async () => {
    const { root } = project();
    const ran = await harness.cli(['sandbox', 'run', '--sandbox', 'docker', 'true'], { cwd: root });
    expect(ran.code).toBe(7);
    expect(ran.stderr).toContain('image');
  });
});

describe.skipIf(!dockerAvailable())('with Docker', { timeout: 60_000 }, () => {
  beforeAll(() => void testImage(), 90_000);

  it('runs a command in a container of an image that is named, with the rules’ masks', async () => {
    const { root } = project({
      '.env': 'SECRET=1\n',
      '.llm-copilot/config.yaml': 'permissions:\n  rules:\n    - deny: read(.env*)\n',
    });
    const ran = await harness.cli(['sandbox', 'run', '--image', testImage() ?? '', 'hostname; cat .env; exit 3'], {
      ...{ cwd: root, env: engine },
    });
    expect(ran).toMatchObject({ code: 3 });
    expect(ran.stdout).toMatch(/^sandbox\n.*Permission denied\n$/);
  });

  it('says how to get an image that is missing', async () => {
    const { root } = project();
    const ran = await harness.cli(['sandbox', 'run', '--image', 'llm-copilot/go:none', 'true'], {
      cwd: root,
      env: engine,
    });
    expect(ran.code).toBe(7);
    expect(ran.stderr).toContain('llm-copilot sandbox image build go');
  });

  it('builds an image on a base of this machine when it cannot be pulled, and says which', async () => {
    const base = testImage() ?? '';
    const tag = `llm-copilot-test-built:${process.pid}`;
    let said = '';
    const built = await buildImage(
      { dockerfile: `ARG BASE=${base}\nFROM \${BASE}\nENV A=b\n`, tag, onOutput: (chunk) => (said += chunk) },
      never,
    );
    try {
      expect(built).toEqual({ tag, id: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string, base });
      expect(said).not.toBe('');
      expect(execFileSync('docker', ['run', '--rm', '--network', 'none', built.id, 'printenv', 'A']).toString()).toBe(
        'b\n',
      );
    } finally {
      execFileSync('docker', ['rmi', tag], { stdio: 'ignore' });
    }
    const missing = buildImage(
      { dockerfile: 'ARG BASE=nobody/nothing:1\nFROM ${BASE}\n', tag, onOutput: () => undefined },
      never,
    );
    await expect(missing).rejects.toMatchObject({ code: 'E_SANDBOX', exitCode: 7 });
  });

  it('prunes', async () => {
    const ran = await harness.cli(['sandbox', 'prune', '--json'], { env: engine });
    expect(JSON.parse(ran.stdout)).toMatchObject({ removed: expect.any(Array) as unknown[] });
  });
});

describe('sandbox image and prune', () => {
  it('has an image for each toolchain, whose base can be pinned', () => {
    expect(imageNames()).toEqual(['go', 'node', 'python', 'rust']);
    for (const name of imageNames()) {
      const text = readFileSync(new URL(`../../templates/sandbox/${name}.Dockerfile`, import.meta.url), 'utf8');
      expect(text).toMatch(/^ARG BASE=\S+:\S+\nFROM \$\{BASE\}$/m);
      expect(text).toMatch(/bash ca-certificates git .*ripgrep/);
    }
  });

  it('names the images there are when another is asked for', async () => {
    const ran = await harness.cli(['sandbox', 'image', 'build', 'cobol']);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('go, node, python, rust');
  });

  it('ends with 7 without an engine', async () => {
    const [prune, build] = [
      await harness.cli(['sandbox', 'prune'], { env: noEngine }),
      await harness.cli(['sandbox', 'image', 'build', 'node'], { env: noEngine }),
    ];
    expect([prune.code, build.code]).toEqual([7, 7]);
  });
});

describe('init', () => {
  const files = { 'package.json': JSON.stringify({ scripts: { test: 'node --test' } }) };

  it('proposes what it found and writes only after a yes', async () => {
    const { root } = project(files);
    const path = join(root, '.llm-copilot/config.yaml');
    const asked = await harness.cli(['init'], { cwd: root, env: noEngine });
    expect(asked).toMatchObject({ code: 0 });
    expect(asked.stdout).toContain('kind: auto');
    expect(asked.stdout).toContain('test: npm test');
    expect(asked.stderr).toContain('--yes');
    expect(existsSync(path)).toBe(false);
    expect((await harness.cli(['init', '--yes'], { cwd: root, env: noEngine })).code).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe(asked.stdout);
    const shown = await harness.cli(['config', 'get', 'checks.test'], { cwd: root });
    expect(shown.stdout).toBe('npm test\n');
  });

  it('never writes over a configuration that is there', async () => {
    const { root } = project({ ...files, '.llm-copilot/config.yaml': 'maxTurns: 3\n' });
    const ran = await harness.cli(['init', '--yes', '--json'], { cwd: root, env: noEngine });
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      exists: true,
      written: false,
      config: { checks: { test: 'npm test' } },
    });
    expect(readFileSync(join(root, '.llm-copilot/config.yaml'), 'utf8')).toBe('maxTurns: 3\n');
  });

  it.skipIf(!dockerAvailable())(
    'proposes a container where Docker runs, the devcontainer’s image before ours',
    async () => {
      const { root } = project({ 'go.mod': 'module a\n' });
      const propose = async (): Promise<unknown> =>
        JSON.parse((await harness.cli(['init', '--json'], { cwd: root, env: engine })).stdout);
      expect(await propose()).toMatchObject({
        written: false,
        config: { sandbox: { kind: 'docker', image: 'llm-copilot/go' } },
      });
      mkdirSync(join(root, '.devcontainer'));
      writeFileSync(
        join(root, '.devcontainer/devcontainer.json'),
        '{\n  // what we use\n  "image": "mcr.example/dev:1", /* as of today */\n  "url": "https://a.example",\n}\n',
      );
      expect(await propose()).toMatchObject({ config: { sandbox: { kind: 'docker', image: 'mcr.example/dev:1' } } });
    },
  );
});
