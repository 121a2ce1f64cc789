import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { z } from 'zod';
import {
  capabilitiesFrom,
  features,
  parameterNames,
  priceOf,
  type Capabilities,
  type Manifest,
} from '../../src/core/capabilities.ts';
import { configSchema } from '../../src/core/config.ts';
import { schemaChecker } from '../../src/host/json-schema.ts';
import type { ModelTable } from '../../src/host/model-tables.ts';
import builtins from '../../plugins/index.ts';

const folder = new URL('../../templates/', import.meta.url);
const read = (path: string): unknown => JSON.parse(readFileSync(new URL(path, folder), 'utf8'));
const names = readdirSync(new URL('models', folder)).map((file) => file.replace(/\.json$/, ''));
const tables = new Map(names.map((name) => [name, read(`models/${name}.json`) as ModelTable]));
const schema = read('schemas/models.schema.json') as { $defs: Record<string, unknown> };
const problemsOf = schemaChecker(schema);
const providers = builtins.flatMap((plugin) => plugin.providers ?? []);

const whole = ({ defaults }: ModelTable, manifest: Manifest): Capabilities => capabilitiesFrom(defaults, manifest);

describe.each(names)('the table of %s models', (name) => {
  const table = tables.get(name)!;

  it('fits its schema', () => {
    expect(problemsOf(table)).toEqual([]);
  });

  it('says what holds for models it does not know', () => {
    expect(table.unknown).toBeDefined();
  });

  it('has limits and prices that can be true', () => {
    for (const [id, manifest] of Object.entries(table.models)) {
      const { constraints, prices, modalities } = whole(table, manifest);
      const {
        max_context_window: window,
        max_input_tokens: input = window,
        max_output_tokens: output,
      } = constraints.tokens;
      expect(output, id).toBeLessThanOrEqual(window);
      expect(input, id).toBeLessThanOrEqual(window);
      expect(modalities.output, id).toContain('text');
      for (const { cache_read, input: dear, output: answer } of prices) {
        expect(cache_read ?? dear, id).toBeLessThanOrEqual(dear);
        expect(answer, id).toBeGreaterThanOrEqual(dear);
      }
      expect(prices.map(({ from = '' }) => from)).toEqual(prices.map(({ from = '' }) => from).sort());
    }
  });

  it('names ids of tool calls by a rule that ids can follow', () => {
    const rule = capabilitiesFrom(table.unknown).constraints.messages.tool_call_id ?? '';
    for (const manifest of Object.values(table.models))
      expect(whole(table, manifest).constraints.messages.tool_call_id ?? '').toBe(rule);
    expect('aB3dE6gH9').toMatch(new RegExp(rule));
  });
});

describe('the tables', () => {
  it('know the default model of every provider, with its price', () => {
    for (const { name, table: tableName = name, defaultModel } of providers) {
      const table = tables.get(tableName);
      if (!table || Object.keys(table.models).length === 0) continue;
      expect(Object.keys(table.models), name).toContain(defaultModel);
      expect(priceOf(whole(table, table.models[defaultModel] ?? {})), name).not.toBeNull();
    }
  });

  it('are there for every provider but the scripted one', () => {
    const without = providers.filter(({ name, table = name }) => !tables.has(table)).map(({ name }) => name);
    expect(without).toEqual(['demo']);
  });

  it('charge nothing for what runs on this machine', () => {
    for (const { name, table = name, local } of providers)
      if (local)
        expect(priceOf(capabilitiesFrom(tables.get(table)?.unknown))).toMatchObject({
          inputPerMTok: 0,
          outputPerMTok: 0,
        });
  });

  test.each([
    ['gemini', 'gemini-3.8-flash', '2026-12-31', 0.75],
    ['gemini', 'gemini-3.8-flash', '2027-01-01', 1.5],
    ['openai', 'gpt-5.6-luna', '2026-07-29', 1],
    ['openai', 'gpt-5.6-luna', '2026-07-30', 0.2],
  ])('price %s/%s on %s at $%s', (name, id, day, usd) => {
    const table = tables.get(name)!;
    expect(priceOf(whole(table, table.models[id] ?? {}), day)).toMatchObject({ inputPerMTok: usd });
  });

  it('give Mistral ids of nine letters and digits, and Anthropic no other signs than it takes', () => {
    const rule = (name: string) => new RegExp(tables.get(name)?.defaults?.constraints?.messages?.tool_call_id ?? '$^');
    expect('call12345').toMatch(rule('mistral'));
    expect('call_1234').not.toMatch(rule('mistral'));
    expect('call123456').not.toMatch(rule('mistral'));
    expect('toolu_01-A').toMatch(rule('anthropic'));
    expect('call.1').not.toMatch(rule('anthropic'));
  });
});

describe('the schema of tables', () => {
  const manifest = (value: unknown): string[] =>
    problemsOf({ source: 's', readAt: '2026-11-27', models: { m: value } });
  const configured = (value: unknown): boolean => z.safeParse(configSchema, { models: { 'p/m': value } }).success;

  it('takes every shipped manifest into the configuration too', () => {
    for (const { defaults, unknown, models } of tables.values())
      for (const one of [defaults, unknown, ...Object.values(models)].filter((part) => part !== undefined))
        expect(configured(one), JSON.stringify(one)).toBe(true);
  });

  test.each([
    [{ features: { tool_use: 'yes' } }],
    [{ features: { flying: true } }],
    [{ parameters: { temperature: { min: 0 } } }],
    [{ parameters: { warmth: { supported: true } } }],
    [{ modalities: { input: ['smell'] } }],
    [{ modalities: { configs: { image: { max_width: 0 } } } }],
    [{ roles: { captain: true } }],
    [{ constraints: { tokens: { max_context_window: 1.5 } } }],
    [{ constraints: { tokens: { max_output_tokens: 0 } } }],
    [{ constraints: { tokens: { tokenizer: 'x' } } }],
    [{ constraints: { rate_limits: { requests_per_minute: 0 } } }],
    [{ constraints: { rate_limits: { max_concurrent_requests: 0.5 } } }],
    [{ constraints: { messages: { tool_call_id: 9 } } }],
    [{ constraints: { mutually_exclusive: [['warmth']] } }],
    [{ prices: [{ input: 1 }] }],
    [{ prices: [{ input: -1, output: 1 }] }],
    [{ prices: [{ input: 1, output: 1, from: 'tomorrow' }] }],
    [{ prices: { input: 1, output: 1 } }],
    [{ extensions: [] }],
    [{ context: 5 }],
  ])('refuses %j, as the configuration does', (value) => {
    expect(manifest(value)).not.toEqual([]);
    expect(configured(value)).toBe(false);
  });

  it('knows the same features and parameters as the code', () => {
    const every = (values: readonly string[], value: unknown) =>
      Object.fromEntries(values.map((name) => [name, value]));
    expect(
      manifest({ features: every(features, true), parameters: every(parameterNames, { supported: true }) }),
    ).toEqual([]);
    const { properties } = schema.$defs.manifest as {
      properties: Record<string, { propertyNames?: { enum?: string[] } }>;
    };
    expect(properties.features?.propertyNames?.enum).toEqual(features);
    expect((schema.$defs.parameterName as { enum: string[] }).enum).toEqual(parameterNames);
  });

  it('says where a value stands that is wrong', () => {
    expect(manifest({ prices: [{ input: '2', output: 1 }] })).toEqual(['/models/m/prices/0/input must be number']);
    expect(problemsOf({ source: '', readAt: '2026-13-01', models: {} })).toHaveLength(2);
  });
});
