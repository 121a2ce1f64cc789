import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tempFolder } from '../support/binary.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const exec = (
  file: string,
  args: string[],
  cwd: string,
  env: Record<string, string> = {},
): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    execFile(file, args, { cwd, env: { ...process.env, ...env }, maxBuffer: 64 << 20 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    );
  });

let folder: ReturnType<typeof tempFolder>;
let prefix: string;
let files: string[] = [];
beforeAll(async () => {
  folder = tempFolder();
  prefix = join(folder.path, 'prefix');
  const packed = await exec(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', folder.path],
    repository,
  );
  expect(packed.code, packed.stderr).toBe(0);
  const [{ filename, files: listed } = { filename: '', files: [] }] = JSON.parse(packed.stdout) as {
    filename: string;
    files: { path: string }[];
  }[];
  files = listed.map((file) => file.path);
  const installed = await exec(
    'npm',
    ['install', '--global', '--prefix', prefix, '--foreground-scripts', join(folder.path, filename)],
    folder.path,
  );
  expect(installed.code, installed.stderr).toBe(0);
}, 600_000);
afterAll(() => folder.remove());

describe('the packed and globally installed package', () => {
  test('holds what it needs and nothing of the workshop', () => {
    expect(files).toEqual(
      expect.arrayContaining([
        'bin/llm-copilot.js',
        'dist/command.js',
        'LICENSE',
        'README.md',
        'THIRD-PARTY-NOTICES.md',
        'templates/agents/coder.md',
      ]),
    );
    expect(
      files.filter((path) => /^(?:test|src|\.ci|plugins|dist\/tools)\/|^dist\/meta\.json$|^bin\/.*\.ts$/.test(path)),
    ).toEqual([]);
  });

  test.each(['llm-copilot', 'lca'])('%s runs: version, doctor and the demo', async (name) => {
    const command = join(prefix, 'bin', name);
    const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string };
    const env = { HOME: folder.path };
    expect((await exec(command, ['--version'], folder.path, env)).stdout.trim()).toBe(version);
    const doctor = await exec(command, ['doctor', '--json'], folder.path, env);
    expect(doctor.code, doctor.stdout).toBe(0);
    const demo = await exec(command, ['demo'], folder.path, env);
    expect(demo.code, demo.stderr).toBe(0);
    expect(demo.stdout).toContain('VERIFIED tests_pass');
  });

  test('can be imported, with its types', async () => {
    const home = join(prefix, 'lib', 'node_modules');
    expect(existsSync(join(home, 'llm-copilot-agent', 'dist', 'types', 'src', 'index.d.ts'))).toBe(true);
    const program = join(home, 'use.mjs');
    writeFileSync(
      program,
      "import { ToolError } from 'llm-copilot-agent'; import { scriptedProvider } from 'llm-copilot-agent/testing'; console.log(new ToolError('x').name, scriptedProvider([]).name);",
    );
    expect((await exec(process.execPath, [program], home)).stdout.trim()).toBe('ToolError scripted/model');
  });
});
