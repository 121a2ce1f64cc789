// Tables, lists and names nobody should meet, given to the real commands.
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { cliHarness } from '../support/cli.ts';

let harness: ReturnType<typeof cliHarness>;
let folder = '';
beforeEach(() => {
  harness = cliHarness();
  folder = mkdtempSync(join(tmpdir(), 'llm-copilot-hostile-'));
});
afterEach(() => {
  harness.close();
  rmSync(folder, { recursive: true, force: true });
});

const tables = (): string => {
  const dir = join(harness.home, 'config', 'llm-copilot', 'models');
  mkdirSync(dir, { recursive: true });
  return dir;
};
const table = (models: string): string => `{"source":"s","readAt":"2026-11-27","models":${models}}`;
const write = (name: string, content: unknown): string => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};
const model = (more: object) => ({ litellm_provider: 'openai', mode: 'chat', ...more });

describe("a table of the user's own", () => {
  test.each([
    ['a price without an end', table('{"m":{"prices":[{"input":1e400,"output":1}]}}'), '/models/m/prices/0/input'],
    ['a price per something else', table('{"m":{"prices":[{"input":2500000,"output":1}]}}'), 'must be <= 10000'],
    ['a window without an end', table('{"m":{"constraints":{"tokens":{"max_context_window":1e400}}}}'), 'window must'],
    ['a window no number holds', table('{"m":{"constraints":{"tokens":{"max_context_window":1e300}}}}'), 'window must'],
    ['a name that draws', table('{"m\\u001b[2J":{}}'), 'must match pattern'],
    ['a name of two lines', table('{"m\\nn":{}}'), 'must match pattern'],
  ])('is refused with %s', async (_, text, problem) => {
    writeFileSync(join(tables(), 'openai.json'), text);
    const { code, stderr } = await harness.cli(['models', 'show', 'openai/m']);
    expect(code).toBe(3);
    expect(stderr).toContain('openai.json');
    expect(stderr).toContain(problem);
  });

  it('is taken with a mark of its byte order, as some editors write it', async () => {
    writeFileSync(join(tables(), 'openai.json'), `\ufeff${table('{"m":{"prices":[{"input":1,"output":2}]}}')}`);
    expect((await harness.cli(['models', 'show', 'openai/m'])).stdout).toContain('input $1, output $2');
  });

  test.each([
    ['a pipe', (path: string) => execFileSync('mkfifo', [path]), 'is not a regular file'],
    ['a device without an end', (path: string) => symlinkSync('/dev/zero', path), 'is not a regular file'],
    ['a folder', (path: string) => mkdirSync(path), 'is not a regular file'],
    ['a link to nothing', (path: string) => symlinkSync('/nonexistent/table', path), 'cannot be read'],
    ['a link to itself', (path: string) => symlinkSync('openai.json', path), 'cannot be read'],
  ])('that is %s is told, and not waited for', async (_, make, problem) => {
    make(join(tables(), 'openai.json'));
    const { code, stderr } = await harness.cli(['models', 'show', 'openai/gpt-5.4']);
    expect(code).toBe(3);
    expect(stderr).toContain(problem);
  });
});

describe('models import', () => {
  it('writes nothing that it could not read again', async () => {
    const list = `{
      "a": {"litellm_provider":"openai","input_cost_per_token":1,"output_cost_per_token":1e305},
      "b": {"litellm_provider":"openai","max_input_tokens":1e300},
      "c": {"litellm_provider":"openai","input_cost_per_token":2.5,"output_cost_per_token":10},
      "d\\u001b[2J": {"litellm_provider":"openai"},
      "e\\nf": {"litellm_provider":"openai"},
      "${'g'.repeat(5000)}": {"litellm_provider":"openai"},
      "good": {"litellm_provider":"openai","max_input_tokens":1000}
    }`;
    const done = await harness.cli(['models', 'import', write('list.json', list)]);
    expect(done.code).toBe(0);
    expect(done.stdout).toContain('1 added');
    expect(done.stdout).toContain('6 skipped');
    expect(done.stdout).not.toMatch(/\u001b|g{100}/);
    expect((await harness.cli(['models', 'show', 'openai/good'])).code).toBe(0);
  });

  it('takes null for what is not known, and a mark of the byte order', async () => {
    const list = {
      openai: {
        models: { m: { modalities: { input: ['text'], output: ['text'] }, limit: null, cost: null, tool_call: null } },
      },
    };
    const { stdout } = await harness.cli(['models', 'import', write('api.json', `\ufeff${JSON.stringify(list)}`)]);
    expect(stdout).toContain('1 added');
  });

  it('does not wait for a pipe', async () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const { code, stderr } = await harness.cli(['models', 'import', path]);
    expect(code).toBe(3);
    expect(stderr).toContain('is not a regular file');
  });

  it('at the same time as another one loses nothing of either', async () => {
    const lists = Array.from({ length: 6 }, (_, index) =>
      write(`list${index}.json`, { [`m${index}`]: model({ max_input_tokens: 1000 }) }),
    );
    // A process that was killed in the middle left its lock.
    const lock = join(tables(), 'openai.json.lock');
    writeFileSync(lock, '');
    utimesSync(lock, 1, 1);
    const codes = await Promise.all(lists.map(async (path) => (await harness.cli(['models', 'import', path])).code));
    expect(new Set(codes)).toEqual(new Set([0]));
    const { models } = JSON.parse(readFileSync(join(tables(), 'openai.json'), 'utf8')) as { models: object };
    expect(Object.keys(models).sort()).toEqual(lists.map((_, index) => `m${index}`));
    expect(readdirSync(tables())).toEqual(['openai.json']);
  });
});

describe('models route', () => {
  it('refuses a list that names nobody', async () => {
    const { code, stderr } = await harness.cli(['models', 'route', '--models', ' , ']);
    expect(code).toBe(2);
    expect(stderr).toContain('--models names no model');
  });

  it('asks each model once, and shows names on one line', async () => {
    const names = 'ollama/a,ollama/b\u001b[31m\nc,ollama/a';
    const { stdout } = await harness.cli(['models', 'route', '--explain', '--models', names]);
    expect(stdout.trim().split('\n').slice(1)).toEqual([
      expect.stringMatching(/^ 1\. ollama\/a {4} .*fits/),
      expect.stringMatching(/^ 2\. ollama\/b c {2} .*fits/),
    ]);
  });

  it('says of what is set for a provider nobody knows that it is not used', async () => {
    tables();
    writeFileSync(
      join(harness.home, 'config', 'llm-copilot', 'config.yaml'),
      'model: ollama/a\nrateLimits: { opnai: openai-free }\nmodels: { grok/x: { images: true } }\n',
    );
    const { stderr } = await harness.cli(['models', 'route']);
    expect(stderr).toContain('rateLimits.opnai: there is no provider "opnai" – did you mean "openai"?');
    expect(stderr).toContain('models.grok/x: there is no provider "grok"');
  });
});

describe('models tokens', () => {
  test.each([
    ['what is no UTF-8', () => write('latin1.txt', '').concat(), 'is binary, not text'],
    ['a device', () => '/dev/zero', 'it is a device'],
  ])('refuses %s', async (_, path, problem) => {
    const file = path();
    if (file.endsWith('latin1.txt')) writeFileSync(file, Buffer.from([0x66, 0xfc, 0x72]));
    const { code, stderr } = await harness.cli(['models', 'tokens', file]);
    expect(code).toBe(2);
    expect(stderr).toContain(problem);
  });
});
