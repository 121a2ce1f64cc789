import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { binary, tempFolder } from '../support/binary.ts';
import { conversationOf } from '../support/wire/conversation.ts';
import { wireServer, type WireServer } from '../support/wire/wire-server.ts';

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const readme = read('README.md');
const commands = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)]
  .flatMap(([, block = '']) => block.split('\n'))
  .map((line) => line.replace(/\s+#.*$/, '').trim())
  .filter((line) => line !== '');

const yamlBlocks = [...readme.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block = '']) => block);

/** Run elsewhere: by the person (or CI) who runs this test, and by the packaging suite. */
const elsewhere = ['npm ci && npm run demo', 'npm test'];

const fixture = fileURLToPath(new URL('../fixtures/ledger', import.meta.url));

/** What mends the project's bug. */
const mend = {
  path: 'src/csv.js',
  old: "if (char === '\"') {\n  quoted = false;",
  new: "if (char === '\"' && text[i + 1] === '\"') {\n  field += char;\n  i++;\n} else if (char === '\"') {\n  quoted = false;",
};
let mending = false;

let folder: ReturnType<typeof tempFolder>;
let server: WireServer;
let root: string;
beforeAll(async () => {
  folder = tempFolder();
  root = join(folder.path, 'ledger');
  cpSync(fixture, root, { recursive: true });
  execFileSync('git', ['init', '-q'], { cwd: root });
  mkdirSync(join(folder.path, 'bin'));
  symlinkSync(binary, join(folder.path, 'bin', 'llm-copilot'));
  server = await wireServer((request) => {
    const { system, messages } = conversationOf(request);
    if (system.includes('fitting this schema')) return { text: '{"risk":"low"}' };
    return mending && messages.length === 1 ? { calls: [{ name: 'edit', input: mend }] } : { text: 'Done.' };
  });
});
afterAll(async () => {
  await server.close();
  folder.remove();
});

let data = 0;
const env = (): Record<string, string> => ({
  LLM_COPILOT_DATA_DIR: join(folder.path, `data-${data}`),
  PATH: `${join(folder.path, 'bin')}:${process.env.PATH ?? ''}`,
  HOME: folder.path,
  ANTHROPIC_BASE_URL: server.url,
  ANTHROPIC_API_KEY: 'k',
});
const bash = (line: string): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const child = execFile(
      'bash',
      ['-o', 'pipefail', '-c', line],
      { cwd: root, env: env(), timeout: 60_000 },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    );
    child.stdin?.end();
  });

describe('every command the README shows', () => {
  test('is there to be run', () => expect(commands.length).toBeGreaterThan(15));

  test.each(commands.filter((line) => !elsewhere.includes(line)))('%s', async (line) => {
    data++;
    mending = line.includes('--require-verified');
    if (line.includes('3f2a')) {
      // A session of the id the README uses.
      const id = '3f2a0000-0000-4000-8000-000000000000';
      await bash(`llm-copilot run --session-id ${id} "start"`);
    }
    if (line.includes('--continue')) await bash('llm-copilot run "start"');
    if (line.includes(' undo ')) {
      mending = true;
      cpSync(fixture, root, { recursive: true });
      await bash('llm-copilot run --permission-mode accept-edits --verify never "mend it"');
    }
    if (line.includes('policy test')) {
      mkdirSync(join(root, '.llm-copilot'), { recursive: true });
      writeFileSync(
        join(root, '.llm-copilot', 'policy-tests.yaml'),
        yamlBlocks.find((block) => block.includes('expect: deny')) ?? '',
      );
      mkdirSync(join(folder.path, '.config', 'llm-copilot'), { recursive: true });
      writeFileSync(
        join(folder.path, '.config', 'llm-copilot', 'config.yaml'),
        'permissions: { rules: ["deny: read(.env*)"] }',
      );
    }
    const real = line.replace('http://localhost:11434', server.url).replace('…', 'k');
    const { code, stderr } = await bash(real);
    expect(code, stderr).toBe(0);
  });

  test('the two promised commands are scripts of the package', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    expect(scripts).toHaveProperty('demo');
    expect(scripts).toHaveProperty('test');
    for (const line of elsewhere) expect(commands).toContain(line);
  });
});

/** Blocks that show commands with their output: each `$ command` and the lines below it. */
const shown = [...readme.matchAll(/```console\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
  block
    .split(/^\$ /m)
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const [command = '', ...output] = part.trimEnd().split('\n');
      return { command, output: output.filter((line) => line !== '') };
    }),
);
/** What differs between two runs of the same command: hashes, ids, times and amounts. */
const alike = (line: string): string =>
  line
    .replace(/\bm_[0-9a-z]{11}\b/g, 'M')
    .replace(/SHA256:\S+?(?=[:.]?(?:\s|$))/g, 'S')
    .replace(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'U')
    .replace(/\b[0-9a-f]{8,}\b/g, 'H')
    .replace(/\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z)?/g, 'D')
    .replace(/\d+(?:\.\d+)?/g, '#')
    .replace(/\s+/g, ' ')
    .trim();

/** What it shows of search and memory, it shows in this repository. */
const isHere = (command: string): boolean => /^llm-copilot (?:index|search|map|memory)\b/.test(command);
const here = fileURLToPath(new URL('../..', import.meta.url));

describe('what the README shows with its output', () => {
  test('is there to be run', () => expect(shown.length).toBeGreaterThan(8));

  test('is what the commands print, one after the other', async () => {
    const place = tempFolder();
    const project = join(place.path, 'ledger');
    cpSync(fixture, project, { recursive: true });
    execFileSync('git', ['init', '-q'], { cwd: project });
    const own = {
      ...env(),
      HOME: place.path,
      LLM_COPILOT_DATA_DIR: join(place.path, 'data'),
      LLM_COPILOT_VAULT_KEY: Buffer.alloc(32, 1).toString('base64'),
      KEY: 'not-a-key-anybody-issued-2718',
      ANTHROPIC_API_KEY: '',
      // A server of one's own that runs on this machine.
      OLLAMA_HOST: server.url,
    };
    const say = (command: string): Promise<string> =>
      new Promise((resolve) => {
        const cwd = isHere(command) ? here : project;
        const child = execFile('bash', ['-c', command], { cwd, env: own }, (_error, stdout, stderr) =>
          resolve(stdout + stderr),
        );
        child.stdin?.end();
      });
    for (const { command, output } of shown) {
      if (command.includes('secrets scan'))
        writeFileSync(
          join(project, 'settings.toml'),
          `DB_URL = "postgres://app:${['q7Lm', '2xKp_vT9'].join('-')}@db/app"\n`,
        );
      if (command === 'llm-copilot usage') {
        await say('llm-copilot config set budget.day 5');
        for (const word of ['hello', 'again']) await say(`llm-copilot run --quiet ${word}`);
      }
      const printed = (await say(command)).split('\n').map(alike);
      for (const line of output) expect(printed, `${command}\n${printed.join('\n')}`).toContain(alike(line));
    }
    place.remove();
  }, 120_000);
});

describe('what the README says', () => {
  test('of the exit codes is what the command prints', async () => {
    const { stdout } = await bash('llm-copilot help exit-codes');
    const printed = stdout
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s/)[0]);
    const written = [...readme.matchAll(/^\| (\d+) +\|/gm)].map(([, code]) => code);
    expect(written).toEqual(printed);
  });

  test('of the configuration is a valid configuration', async () => {
    const yaml = yamlBlocks.find((block) => block.startsWith('model:')) ?? '';
    mkdirSync(join(folder.path, '.config', 'llm-copilot'), { recursive: true });
    writeFileSync(join(folder.path, '.config', 'llm-copilot', 'config.yaml'), yaml);
    const { code, stdout, stderr } = await bash('llm-copilot config show --origin');
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('deny: read(.env*)');
  });

  test.each(yamlBlocks.filter((block) => /^(?:budget|profiles|permissions):/.test(block)))(
    'of the configuration is valid: %s',
    async (yaml) => {
      mkdirSync(join(folder.path, '.config', 'llm-copilot'), { recursive: true });
      writeFileSync(join(folder.path, '.config', 'llm-copilot', 'config.yaml'), yaml);
      const { code, stderr } = await bash('llm-copilot config show');
      expect(code, stderr).toBe(0);
    },
  );

  test('of the result has the keys a result has', async () => {
    const [, json = ''] = /```json\n([\s\S]*?)```/.exec(readme) ?? [];
    const shown = JSON.parse(json) as Record<string, object>;
    const { stdout } = await bash('llm-copilot run --output-format json "say done"');
    const real = JSON.parse(stdout) as Record<string, object>;
    expect(Object.keys(shown).sort()).toEqual(Object.keys(real).sort());
    expect(Object.keys(shown.usage ?? {}).sort()).toEqual(Object.keys(real.usage ?? {}).sort());
  });
});
