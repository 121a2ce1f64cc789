import { existsSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import type { ModelRow, ProviderRow, ShownModel } from '../../src/app/models/model-catalog.ts';
import type { Comparison } from '../../src/engine/models/compare.ts';
import type { ModelTable } from '../../src/host/model-tables.ts';
import { cliHarness } from '../support/cli.ts';

let home: ReturnType<typeof cliHarness>;
beforeEach(() => {
  home = cliHarness();
});
afterEach(() => home.close());

const models = (...argv: string[]) => home.cli(['models', ...argv]);
const json = async <T>(...argv: string[]): Promise<T> => {
  const ran = await models(...argv, '--json');
  expect(ran.code, ran.stderr).toBe(0);
  return JSON.parse(ran.stdout) as T;
};
interface List {
  models: ModelRow[];
  providers: ProviderRow[];
}
const configure = (text: string): void => {
  const path = join(home.home, 'config/llm-copilot/config.yaml');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};
const tablePath = (name: string): string => join(home.home, `config/llm-copilot/models/${name}.json`);
const tableOf = (name: string): ModelTable => JSON.parse(readFileSync(tablePath(name), 'utf8')) as ModelTable;
const file = (name: string, value: unknown): string => {
  const path = join(home.home, name);
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
};

describe('models list', () => {
  it('shows limits, prices, features and what is about to go', async () => {
    const { stdout } = await models('list');
    expect(stdout).toMatch(
      /anthropic\/claude-sonnet-5-5 +1M +128k +\$2 +\$10 +no +images tools parallel schema thinking caching\n/,
    );
    expect(stdout).toMatch(/gemini\/gemini-3\.1-flash-lite .* until 2027-05-07/);
    expect(stdout).toMatch(/groq\/qwen\/qwen3\.8-27b .* unknown /);
    expect(stdout).toContain('openai-chat: the models of openai (needs OPENAI_API_KEY)');
    expect(stdout).toContain('ollama: whatever it serves\n');
    expect(stdout).not.toContain('demo');
    expect(stdout).not.toContain('openai-chat/');
  });

  it('says whether a key is there, and never shows it', async () => {
    const ran = await home.cli(['models', 'list', '--json'], { env: { ANTHROPIC_API_KEY: 'sk-very-secret' } });
    const { models: rows, providers } = JSON.parse(ran.stdout) as List;
    expect(rows.find(({ model }) => model === 'claude-opus-5')).toMatchObject({ key: true });
    expect(rows.find(({ provider }) => provider === 'openai')).toMatchObject({ key: false });
    expect(providers.find(({ provider }) => provider === 'ollama')).toMatchObject({ key: null, isOpen: true });
    expect(ran.stdout).not.toContain('very-secret');
  });

  it('lists one provider only', async () => {
    const { models: rows, providers } = await json<List>('list', '--provider', 'openai-chat');
    expect(new Set(rows.map(({ provider }) => provider))).toEqual(new Set(['openai-chat']));
    expect(providers).toHaveLength(1);
    expect((await models('list', '--provider', 'ollama')).stdout.trim()).toBe('ollama: whatever it serves');
  });

  it('knows the models of the configuration, with all it says of them', async () => {
    configure('models:\n  ollama/mine:\n    contextWindow: 65536\n    maxOutputTokens: 8000\n    images: true\n');
    const { stdout } = await models('list', '--provider', 'ollama');
    expect(stdout).toMatch(/ollama\/mine +66k +8k +free +- +images tools/);
  });

  it('refuses a provider that is none, and names the nearest', async () => {
    expect(await models('list', '--provider', 'antropic')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('did you mean "anthropic"?') as string,
    });
  });
});

describe('models show', () => {
  it('shows the whole manifest, the price of today and where it all comes from', async () => {
    configure('models:\n  openai/gpt-5.6-terra:\n    maxOutputTokens: 9000\n');
    const { stdout, code } = await models('show', 'openai/gpt-5.6-terra');
    expect(code).toBe(0);
    expect(stdout).toContain(
      'price today, per million tokens: input $2, output $12, cache read $0.2, cache write $2.5',
    );
    expect(stdout).toMatch(/constraints\.tokens\.max_context_window +openai\.json +1050000/);
    expect(stdout).toMatch(/constraints\.tokens\.max_output_tokens +configuration +9000/);
    expect(stdout).toMatch(/features\.json_schema +openai\.json, defaults +true/);
    expect(stdout).toMatch(/roles\.system +assumed +true/);
    expect(stdout).toMatch(/templates\/models\/openai\.json, read \d{4}-\d\d-\d\d: developers\.openai\.com/);
  });

  it('is one object as JSON', async () => {
    const shown = await json<ShownModel>('show', 'gemini/gemini-3.1-flash-lite');
    expect(shown).toMatchObject({
      model: 'gemini/gemini-3.1-flash-lite',
      isKnown: true,
      price: { inputPerMTok: 0.25 },
      capabilities: { version: '1', deprecation_date: '2027-05-07' },
      origins: { prices: 'gemini.json', version: 'assumed' },
    });
    expect(shown.notice).toBeUndefined();
  });

  it('takes the default model of a provider', async () => {
    expect((await json<ShownModel>('show', 'anthropic')).model).toBe('anthropic/claude-sonnet-5-5');
  });

  it('works for a model nobody knows, and says so', async () => {
    const ran = await models('show', 'anthropic/claude-sonet-5-5');
    expect(ran.code).toBe(0);
    expect(ran.stderr).toContain('Did you mean anthropic/claude-sonnet-5-5?');
    expect(ran.stdout).toContain('price today: unknown');
    expect(await json<ShownModel>('show', 'anthropic/claude-sonet-5-5')).toMatchObject({
      isKnown: false,
      notice: expect.stringContaining('Nothing is known') as string,
    });
  });

  it('refuses a provider that is none', async () => {
    expect((await models('show', 'opnai/gpt-5.5')).code).toBe(3);
  });

  it("minds only the tables of the provider's own", async () => {
    mkdirSync(dirname(tablePath('groq')), { recursive: true });
    writeFileSync(tablePath('groq'), 'damaged');
    expect((await models('show', 'openai/gpt-5.5')).code).toBe(0);
    expect((await models('show', 'groq/openai/gpt-oss-20b')).code).toBe(3);
  });
});

describe('models compare', () => {
  it('tells what a switch loses', async () => {
    const { stdout } = await models('compare', 'openai/gpt-6.2-sol', 'groq/openai/gpt-oss-120b');
    expect(stdout).toContain('openai/gpt-6.2-sol → groq/openai/gpt-oss-120b\nlost: Critical (');
    expect(stdout).toMatch(/missing\n(?: .*\n)* +modalities\.input\.image\n/);
    expect(stdout).toMatch(/constraints\.tokens\.max_context_window +1050000 → 131072 +Major/);
    expect(stdout).toMatch(/more\n(?: .*\n)* +features\.seed_support\n/);
  });

  it('is one object with the names of the comparison as JSON', async () => {
    const found = await json<Comparison>('compare', 'anthropic/claude-opus-5', 'anthropic/claude-opus-5');
    expect(found).toEqual({
      source: 'anthropic/claude-opus-5',
      target: 'anthropic/claude-opus-5',
      missing_capabilities: [],
      constrained_capabilities: [],
      additional_capabilities: [],
      lossiness_report: { is_lossy: false, lossiness_types: [], severity: 'None', details: [], recommendations: [] },
    });
    expect((await models('compare', 'anthropic/claude-opus-5', 'anthropic/claude-opus-5')).stdout).toContain(
      'lost: nothing',
    );
  });

  it('says of a model nobody knows that it is guessed', async () => {
    const ran = await models('compare', 'openai/gpt-6.2-sol', 'mistral/mistral-xyz');
    expect(ran.code).toBe(0);
    expect(ran.stderr).toContain('Nothing is known of the model mistral/mistral-xyz');
  });
});

const prices = {
  sample_spec: { litellm_provider: 'x' },
  'gpt-7': {
    litellm_provider: 'openai',
    mode: 'chat',
    max_input_tokens: 2_000_000,
    max_output_tokens: 200_000,
    input_cost_per_token: 3e-6,
    output_cost_per_token: 1.2e-5,
  },
  'gpt-6.2-sol': { litellm_provider: 'openai', mode: 'chat', input_cost_per_token: 1e-6, output_cost_per_token: 5e-6 },
  'gpt-5.5': {
    litellm_provider: 'openai',
    mode: 'chat',
    input_cost_per_token: 5e-6,
    output_cost_per_token: 3e-5,
    cache_read_input_token_cost: 5e-7,
  },
  'groq/new': { litellm_provider: 'groq', mode: 'chat', max_input_tokens: 9000 },
  'groq/bad': { litellm_provider: 'groq', mode: 'chat', max_input_tokens: 'many' },
  'bedrock/claude': { litellm_provider: 'bedrock', mode: 'chat' },
};

describe('models import', () => {
  it('writes what is new or different, and says so', async () => {
    const ran = await models('import', file('prices.json', prices));
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toContain('openai: 1 added, 1 changed, 1 as before');
    expect(ran.stdout).toContain('groq: 1 added, 0 changed, 0 as before');
    expect(ran.stdout).toContain('1 skipped, because a part of them is not what it should be: groq/bad');
    expect(ran.stdout).toContain('1 of other providers or kinds left out');
    const table = tableOf('openai');
    expect(table).toMatchObject({ source: 'litellm: prices.json', readAt: expect.stringMatching(/^\d{4}-/) as string });
    expect(Object.keys(table.models)).toEqual(['gpt-7', 'gpt-6.2-sol']);
    expect(table.models['gpt-7']?.prices).toEqual([{ input: 3, output: 12 }]);
    expect(tableOf('groq').models).toEqual({ new: { constraints: { tokens: { max_context_window: 9000 } } } });
    expect(statSync(dirname(tablePath('openai'))).mode & 0o077).toBe(0);
  });

  it('counts from then on, and a second time changes nothing', async () => {
    const path = file('prices.json', prices);
    await models('import', path);
    const shown = await json<ShownModel>('show', 'openai/gpt-7');
    expect(shown).toMatchObject({ isKnown: true, price: { inputPerMTok: 3 }, origins: { prices: 'your openai.json' } });
    expect(shown.sources.map(({ file: from }) => from)).toEqual(['templates/models/openai.json', tablePath('openai')]);
    const before = readFileSync(tablePath('openai'), 'utf8');
    const again = await models('import', path);
    expect(again.stdout).toContain('openai: 0 added, 0 changed, 3 as before\n');
    expect(readFileSync(tablePath('openai'), 'utf8')).toBe(before);
  });

  it('keeps what an earlier import brought', async () => {
    await models('import', file('prices.json', prices));
    await models(
      'import',
      file('api.json', {
        openai: {
          models: { 'gpt-8': { modalities: { input: ['text'], output: ['text'] }, limit: { context: 10, output: 5 } } },
        },
      }),
    );
    expect(Object.keys(tableOf('openai').models)).toEqual(['gpt-7', 'gpt-6.2-sol', 'gpt-8']);
    expect(tableOf('openai').source).toBe('models.dev: api.json');
  });

  it('takes one provider only', async () => {
    await models('import', file('prices.json', prices), '--provider', 'groq');
    expect(existsSync(tablePath('openai'))).toBe(false);
    expect(existsSync(tablePath('groq'))).toBe(true);
  });

  it('writes nothing when it is only to say what would change', async () => {
    const ran = await models('import', file('prices.json', prices), '--dry-run');
    expect(ran.stdout).toContain(
      `openai: 1 added, 1 changed, 1 as before (nothing was written; it would go to ${tablePath('openai')})`,
    );
    expect(existsSync(dirname(tablePath('openai')))).toBe(false);
    expect((await home.cli(['sessions', 'list', '--journals', '--all', '--json'])).stdout.trim()).toBe('[]');
  });

  it('is in the journal', async () => {
    await models('import', file('prices.json', prices));
    const list = await home.cli(['sessions', 'list', '--journals', '--all', '--json']);
    expect(JSON.parse(list.stdout)).toMatchObject([{ title: 'models import', events: 2 }]);
  });

  test.each<[string, string, number, string]>([
    ['missing.json', '', 3, 'cannot be read'],
    ['text.json', 'hello', 3, 'is no JSON'],
    ['other.json', '{"a": 1}', 3, "is neither models.dev's api.json nor LiteLLM's"],
    ['elsewhere.json', '{"x": {"litellm_provider": "bedrock"}}', 3, 'holds nothing for any provider here'],
  ])('refuses %s', async (name, text, code, words) => {
    const path = text === '' ? join(home.home, name) : file(name, text);
    const ran = await models('import', path);
    expect(ran).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(words) as string });
  });

  it('refuses a file that is far too large', async () => {
    const path = file('large.json', '{}');
    truncateSync(path, 51 * 1024 * 1024);
    expect(await models('import', path)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('larger than 50 MB') as string,
    });
  });

  it('does not go on over a table that is damaged', async () => {
    mkdirSync(dirname(tablePath('openai')), { recursive: true });
    writeFileSync(tablePath('openai'), '{"models": 5}');
    const ran = await models('import', file('prices.json', prices));
    expect(ran).toMatchObject({ code: 3, stderr: expect.stringContaining(`${tablePath('openai')}: /`) as string });
    expect(readFileSync(tablePath('openai'), 'utf8')).toBe('{"models": 5}');
  });

  it('does no harm with keys that are called like parts of objects', async () => {
    const path = file(
      'odd.json',
      '{"__proto__": {"litellm_provider": "openai", "mode": "chat", "max_input_tokens": 77}, "gpt-7": {"litellm_provider": "openai", "mode": "chat"}}',
    );
    expect((await models('import', path)).code).toBe(0);
    expect(({} as Record<string, unknown>).max_input_tokens).toBeUndefined();
    expect((await models('list', '--provider', 'openai')).code).toBe(0);
  });
});

describe('models export', () => {
  test.each(['litellm', 'models.dev'])(
    'is a list import takes, in which nothing is new or broken (%s)',
    async (format) => {
      const ran = await models('export', '--format', format, '--provider', 'groq');
      expect(ran.code).toBe(0);
      const again = await models('import', file('list.json', ran.stdout), '--dry-run');
      expect(again.stdout).toContain(`${format}:\n  groq: 0 added,`);
      expect(again.stdout).not.toContain('skipped');
    },
  );
});
