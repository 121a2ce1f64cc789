import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { factsFrom, modelNotice } from '../../../src/app/models/models.ts';
import { modelTables, userTablesFor, type UserTables } from '../../../src/app/models/model-tables.ts';
import { isCopilotError } from '../../../src/base/errors.ts';
import { priceOf } from '../../../src/core/capabilities.ts';
import type { Config } from '../../../src/core/config.ts';
import { userTablePath } from '../../../src/host/model-tables.ts';
import builtins from '../../../plugins/index.ts';

let home: string;
let env: { XDG_CONFIG_HOME: string };
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'llm-copilot-models-'));
  env = { XDG_CONFIG_HOME: home };
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const write = (table: string, value: unknown): string => {
  const path = userTablePath(env, table);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
};
const own = (providers?: readonly string[]): Promise<UserTables> => userTablesFor(env, builtins, providers);
const table = (models: object, more: object = {}) => ({ source: 'a list', readAt: '2026-11-27', models, ...more });
const tablesWith = (config: Config = {}, mine?: UserTables) => modelTables(config, builtins, mine);

describe('what is known of a model', () => {
  it('comes from the shipped table, over what the plugin says, over what is assumed', () => {
    const facts = factsFrom(tablesWith());
    const sonnet = facts('anthropic', 'claude-sonnet-5-5', {
      features: { seed_support: true, thinking: false },
      roles: { tool: false },
      extensions: { from: 'plugin' },
    });
    expect(sonnet.constraints.tokens.max_context_window).toBe(1_000_000);
    expect(sonnet.features).toMatchObject({ thinking: true, seed_support: false });
    expect(sonnet.roles).toEqual({ system: true, tool: false });
    expect(sonnet.extensions).toEqual({ from: 'plugin' });
  });

  it('is little for a model no table knows', () => {
    const unknown = factsFrom(tablesWith())('openai', 'gpt-99');
    expect(unknown.constraints.tokens).toMatchObject({ max_context_window: 128_000, max_output_tokens: 8192 });
    expect(unknown.features).toMatchObject({ json_schema: false, thinking: false });
    expect(priceOf(unknown)).toBeNull();
  });

  test.each(['claude-sonnet-5-5-20260901', 'claude-sonnet-5-5-2026-09-01', 'claude-sonnet-5-5-latest'])(
    'holds for its dated id %s',
    (id) => {
      expect(priceOf(factsFrom(tablesWith())('anthropic', id))).toMatchObject({ inputPerMTok: 2 });
    },
  );

  test.each(['claude-opus-5-9', 'claude-sonnet-5-5-mini', 'claude-sonnet-5-5x'])(
    'does not hold for another model whose id begins alike: %s',
    (id) => {
      expect(priceOf(factsFrom(tablesWith())('anthropic', id))).toBeNull();
    },
  );

  it('is shared by providers that serve the same models', () => {
    const facts = factsFrom(tablesWith());
    for (const [provider, id] of [
      ['openai-chat', 'gpt-6.2-sol'],
      ['azure-openai', 'gpt-6.2-sol'],
    ] as const)
      expect(facts(provider, id)).toEqual(facts('openai', id));
    expect(facts('gemini-openai', 'gemini-3.8-flash')).toEqual(facts('gemini', 'gemini-3.8-flash'));
  });

  it("is what the user's own table says, over the shipped one, and under the configuration", async () => {
    write(
      'openai',
      table({
        'gpt-6.2-sol': { prices: [{ input: 1, output: 5 }] },
        'gpt-7': { constraints: { tokens: { max_context_window: 5_000_000 } }, prices: [{ input: 3, output: 9 }] },
      }),
    );
    const facts = factsFrom(tablesWith({ models: { 'openai/gpt-7': { contextWindow: 4_000_000 } } }, await own()));
    const sol = facts('openai', 'gpt-6.2-sol');
    expect(priceOf(sol)).toMatchObject({ inputPerMTok: 1, outputPerMTok: 5, cacheReadPerMTok: 1 });
    expect(sol.constraints.tokens.max_context_window).toBe(1_050_000);
    const seven = facts('openai', 'gpt-7');
    expect(seven.constraints.tokens).toMatchObject({ max_context_window: 4_000_000, max_output_tokens: 8192 });
    expect(priceOf(seven)).toMatchObject({ outputPerMTok: 9 });
  });

  it("is what the user's own table says of unknown models, where the shipped one does not know them either", async () => {
    write('ollama', table({}, { unknown: { constraints: { tokens: { max_context_window: 65_536 } } } }));
    write('openai', table({}, { unknown: { constraints: { tokens: { max_context_window: 1000 } } } }));
    const facts = factsFrom(tablesWith({}, await own()));
    expect(facts('ollama', 'qwen3:8b').constraints.tokens.max_context_window).toBe(65_536);
    expect(facts('openai', 'gpt-6.2-sol').constraints.tokens.max_context_window).toBe(1_050_000);
  });
});

describe("the user's own tables", () => {
  it('cost nothing where there are none', async () => {
    expect([...(await own()).keys()]).toEqual([]);
  });

  it('are read only for the providers that are used', async () => {
    write('groq', 'not JSON at all');
    write('openai', table({}));
    expect([...(await own(['openai-chat'])).keys()]).toEqual(['openai']);
    await expect(own(['groq'])).rejects.toThrow('groq.json cannot be read');
  });

  test.each<[string, unknown, string]>([
    [
      'a price that is none',
      table({ 'gpt-x': { prices: [{ input: '2', output: 1 }] } }),
      '/models/gpt-x/prices/0/input must be number',
    ],
    ['an unknown key', table({ 'gpt-x': { colour: 'red' } }), '/models/gpt-x must NOT have additional properties'],
    ['no source', { readAt: '2026-11-27', models: {} }, "/ must have required property 'source'"],
    ['a list instead of an object', [], '/ must be object'],
    [
      'a rule for ids that is none',
      table({ 'gpt-x': { constraints: { messages: { tool_call_id: '(' } } } }),
      'gpt-x: tool_call_id is no regular expression',
    ],
  ])('are refused with file and place: %s', async (_what, value, words) => {
    const path = write('openai', value);
    const error: unknown = await own().catch((thrown: unknown) => thrown);
    expect(isCopilotError(error) && error.exitCode).toBe(3);
    expect(String(error)).toContain(`${path}: ${words}`);
  });

  it('say how many more things are wrong', async () => {
    write('openai', table({ a: { x: 1 }, b: { x: 1 } }));
    await expect(own()).rejects.toThrow('/models/a must NOT have additional properties (and 1 more)');
  });
});

describe('the notice about a model', () => {
  const now = Date.parse('2026-11-27T12:00:00Z');
  const notice = (name: string, config: Config = {}) => modelNotice(name, tablesWith(config), now);

  it('is none for a model that is known', () => {
    for (const name of ['anthropic/claude-sonnet-5-5', 'openai-chat/gpt-5.4', 'openrouter/openai/gpt-oss-120b'])
      expect(notice(name)).toBeUndefined();
  });

  it('names the nearest one, and what is assumed', () => {
    expect(notice('openai/gpt-6.2-sool')).toMatch(
      /Nothing is known of the model openai\/gpt-6\.2-sool: .*128000 tokens, and its price is not known\. Did you mean openai\/gpt-6\.2-sol\?/,
    );
  });

  it('names nothing where nothing is near', () => {
    const said = notice('openai/zzz');
    expect(said).toContain('Nothing is known of the model openai/zzz');
    expect(said).not.toContain('Did you mean');
  });

  it('is none where the configuration speaks of the model, and where nobody lists the models', () => {
    expect(notice('openai/gpt-x', { models: { 'openai/gpt-x': { contextWindow: 9000 } } })).toBeUndefined();
    for (const name of ['ollama/qwen3:8b', 'demo/scripted', 'of-a-plugin/x']) expect(notice(name)).toBeUndefined();
  });

  it('tells when a model is about to go, or gone', () => {
    expect(notice('gemini/gemini-2.5-pro')).toContain('gemini/gemini-2.5-pro is served until 2026-12-01');
    expect(notice('gemini/gemini-3.1-flash-lite')).toBeUndefined();
    expect(modelNotice('gemini/gemini-2.5-pro', tablesWith(), Date.parse('2026-12-02'))).toContain(
      'is no longer served since 2026-12-01',
    );
  });
});
