import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { capabilitiesFrom, priceOf, type Manifest } from '../../../src/core/capabilities.ts';
import { exportModels, type ListedModel } from '../../../src/engine/models/model-export.ts';
import { importModels, shifted } from '../../../src/engine/models/model-import.ts';

/** As LiteLLM's file has it. */
const liteLlm = {
  sample_spec: {
    litellm_provider: 'one of https://docs.litellm.ai/docs/providers',
    max_input_tokens: 'max input tokens',
  },
  'claude-sonnet-5': {
    cache_creation_input_token_cost: 2.5e-6,
    cache_read_input_token_cost: 2e-7,
    input_cost_per_token: 2e-6,
    litellm_provider: 'anthropic',
    max_input_tokens: 1_000_000,
    max_output_tokens: 128_000,
    max_tokens: 128_000,
    mode: 'chat',
    output_cost_per_token: 1e-5,
    supports_adaptive_thinking: true,
    supports_function_calling: true,
    supports_pdf_input: true,
    supports_prompt_caching: true,
    supports_reasoning: true,
    supports_response_schema: true,
    supports_sampling_params: false,
    supports_vision: true,
  },
  'claude-haiku-4-5': {
    litellm_provider: 'anthropic',
    mode: 'chat',
    supports_reasoning: true,
    max_input_tokens: 200_000,
  },
  'groq/openai/gpt-oss-120b': {
    input_cost_per_token: 1.5e-7,
    output_cost_per_token: 6e-7,
    litellm_provider: 'groq',
    max_input_tokens: 131_072,
    max_tokens: 32_766,
    mode: 'chat',
    supports_reasoning: true,
    deprecation_date: '2027-01-31',
  },
  'azure/gpt-5.6-terra': {
    litellm_provider: 'azure',
    mode: 'chat',
    input_cost_per_token: 1e-6,
    output_cost_per_token: 1e-6,
  },
  'text-embedding-3-small': { litellm_provider: 'openai', mode: 'embedding', input_cost_per_token: 2e-8 },
};

/** As models.dev's api.json has it. */
const modelsDev = {
  google: {
    id: 'google',
    name: 'Google',
    env: ['GEMINI_API_KEY'],
    models: {
      'gemini-3.8-flash': {
        id: 'gemini-3.8-flash',
        reasoning: true,
        temperature: true,
        tool_call: true,
        structured_output: true,
        modalities: { input: ['text', 'image', 'pdf'], output: ['text'] },
        limit: { context: 1_048_576, output: 65_536 },
        cost: { input: 0.75, output: 3.75, cache_read: 0.075 },
      },
      'gemini-embedding-001': { id: 'gemini-embedding-001', modalities: { input: ['text'], output: ['embedding'] } },
    },
  },
  openai: {
    id: 'openai',
    models: {
      'gpt-5.5': {
        id: 'gpt-5.5',
        reasoning: true,
        temperature: false,
        tool_call: true,
        modalities: { input: ['text'], output: ['text'] },
        limit: { context: 1_050_000, input: 922_000, output: 0 },
      },
    },
  },
  azure: { id: 'azure', models: { 'gpt-5.5': { modalities: { input: ['text'], output: ['text'] } } } },
};

const from = (data: unknown, table: string, id: string): Manifest | undefined =>
  importModels(data)?.tables.get(table)?.get(id);

describe('prices per token and per million', () => {
  test.each([
    [3e-6, 3],
    [1.5e-7, 0.15],
    [7.5e-8, 0.075],
    [3.625e-9, 0.003625],
    [2.8e-9, 0.0028],
    [1e-5, 10],
    [0.0000125, 12.5],
    [0, 0],
    [1.1e-7, 0.11],
    [8.333e-8, 0.08333],
  ])('are the same money: %d and %d', (perToken, perMillion) => {
    expect(shifted(perToken, 6)).toBe(perMillion);
    expect(shifted(perMillion, -6)).toBe(perToken);
  });

  it('come back as they were, whatever they are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000_000 }), fc.integer({ min: 0, max: 6 }), (digits, places) => {
        const perMillion = shifted(digits, -places);
        expect(shifted(shifted(perMillion, -6), 6)).toBe(perMillion);
      }),
    );
  });
});

describe("LiteLLM's price file", () => {
  it('is known by its shape', () => {
    expect(importModels(liteLlm)).toMatchObject({ format: 'litellm', broken: [], ignored: 2 });
  });

  it('gives limits, features and prices per million', () => {
    expect(from(liteLlm, 'anthropic', 'claude-sonnet-5')).toEqual({
      modalities: { input: ['text', 'image', 'document'] },
      features: { tool_use: true, json_schema: true, thinking: true, prompt_caching: true },
      parameters: { temperature: { supported: false }, top_p: { supported: false }, top_k: { supported: false } },
      constraints: { tokens: { max_context_window: 1_000_000, max_output_tokens: 128_000 } },
      prices: [{ input: 2, output: 10, cache_read: 0.2, cache_write: 2.5 }],
    });
  });

  it('leaves the prefix of the provider off, and only that', () => {
    expect(from(liteLlm, 'groq', 'openai/gpt-oss-120b')).toEqual({
      features: { thinking: true },
      constraints: { tokens: { max_context_window: 131_072, max_output_tokens: 32_766 } },
      prices: [{ input: 0.15, output: 0.6 }],
      deprecation_date: '2027-01-31',
    });
  });

  it("does not take Anthropic's older kind of thinking for the adaptive one", () => {
    expect(from(liteLlm, 'anthropic', 'claude-haiku-4-5')?.features).toBeUndefined();
  });

  it("leaves out what Azure says of OpenAI's models, and what is no chat model", () => {
    expect([...(importModels(liteLlm)?.tables.keys() ?? [])].sort()).toEqual(['anthropic', 'groq']);
  });

  test.each([
    ['max_input_tokens', '8192'],
    ['max_output_tokens', -1],
    ['max_input_tokens', 0.5],
    ['input_cost_per_token', '3e-06'],
    ['output_cost_per_token', -1e-6],
    ['cache_read_input_token_cost', {}],
    ['supports_vision', 'yes'],
    ['deprecation_date', 'soon'],
    ['deprecation_date', '2026-13-45'],
  ])('leaves an entry out whole whose %s is %j', (field, value) => {
    const found = importModels({ ...liteLlm, bad: { ...liteLlm['claude-sonnet-5'], [field]: value } });
    expect(found?.broken).toEqual(['anthropic/bad']);
    expect([...(found?.tables.get('anthropic')?.keys() ?? [])]).toEqual(['claude-sonnet-5', 'claude-haiku-4-5']);
  });

  it('counts what is no entry at all', () => {
    expect(importModels({ ...liteLlm, a: null, b: 'x', c: [], '': liteLlm['claude-sonnet-5'] })?.broken).toEqual([
      'a',
      'b',
      'c',
      'anthropic/',
    ]);
  });

  it('takes half a price for none', () => {
    const half = { litellm_provider: 'openai', mode: 'chat', input_cost_per_token: 1e-6, max_tokens: 100 };
    expect(from({ half }, 'openai', 'half')).toEqual({ constraints: { tokens: { max_output_tokens: 100 } } });
    expect(from({ bare: { litellm_provider: 'openai' } }, 'openai', 'bare')).toEqual({});
  });
});

describe("models.dev's api.json", () => {
  it('is known by its shape', () => {
    expect(importModels(modelsDev)).toMatchObject({ format: 'models.dev', broken: [], ignored: 2 });
  });

  it('gives limits, features and prices', () => {
    expect(from(modelsDev, 'gemini', 'gemini-3.8-flash')).toEqual({
      modalities: { input: ['text', 'image', 'document'] },
      features: { tool_use: true, json_schema: true, thinking: true },
      constraints: { tokens: { max_context_window: 1_048_576, max_output_tokens: 65_536 } },
      prices: [{ input: 0.75, output: 3.75, cache_read: 0.075 }],
    });
    expect(from(modelsDev, 'openai', 'gpt-5.5')).toEqual({
      modalities: { input: ['text'] },
      features: { tool_use: true, thinking: true },
      parameters: { temperature: { supported: false }, top_p: { supported: false }, top_k: { supported: false } },
      constraints: { tokens: { max_context_window: 1_050_000, max_input_tokens: 922_000 } },
    });
  });

  test.each([
    [{ limit: { context: '1M' } }],
    [{ limit: 5 }],
    [{ cost: { input: -1, output: 2 } }],
    [{ cost: { input: Number.NaN, output: 2 } }],
    [{ modalities: { input: 'text', output: ['text'] } }],
    [{ modalities: null }],
    [{ tool_call: 1 }],
  ])('leaves an entry out whole that has %j', (part) => {
    const model = { ...modelsDev.google.models['gemini-3.8-flash'], ...part };
    const found = importModels({
      openai: modelsDev.openai,
      google: { models: { good: modelsDev.openai.models['gpt-5.5'], model } },
    });
    expect(found?.broken).toEqual(['google/model']);
    expect([...(found?.tables.get('gemini')?.keys() ?? [])]).toEqual(['good']);
  });

  it('counts a provider that is none', () => {
    expect(importModels({ ...modelsDev, odd: 7 })?.broken).toEqual(['odd']);
  });
});

describe('what is neither list', () => {
  test.each([[null], [7], ['text'], [[]], [{}], [{ a: { b: 1 } }], [[{ models: {} }]]])('is refused: %j', (data) => {
    expect(importModels(data)).toBeUndefined();
  });

  it('does no harm, whatever its keys are called', () => {
    const entry = JSON.stringify(liteLlm['claude-sonnet-5']);
    const text = `{"__proto__": ${entry}, "constructor": ${entry}, "x": {"litellm_provider": "__proto__", "supports_vision": true}, "google": {"models": {"__proto__": {"limit": {"context": 5}}}}}`;
    for (const data of [
      JSON.parse(text),
      JSON.parse(text.replace('"google"', '"litellm"').replace('"models"', '"none"')),
    ])
      importModels(data);
    expect(({} as Record<string, unknown>).limit).toBeUndefined();
    expect(({} as Record<string, unknown>).litellm_provider).toBeUndefined();
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });

  it('never throws', () => {
    const entry = fc.oneof(
      fc.jsonValue(),
      fc.record(
        { litellm_provider: fc.jsonValue(), mode: fc.jsonValue(), max_tokens: fc.jsonValue() },
        { requiredKeys: [] },
      ),
      fc.record({ models: fc.dictionary(fc.string(), fc.jsonValue()) }),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), entry), (data) => {
        const found = importModels(data);
        for (const table of found?.tables.values() ?? [])
          for (const manifest of table.values()) expect(capabilitiesFrom(manifest).features.streaming).toBe(true);
      }),
    );
  });
});

describe('an exported list', () => {
  const listed = (table: string, id: string, manifest: Manifest): ListedModel => ({
    table,
    id,
    capabilities: capabilitiesFrom(manifest),
  });
  const models = [
    listed('anthropic', 'claude-x', {
      modalities: { input: ['text', 'image', 'document'] },
      features: { thinking: true, prompt_caching: true, json_schema: true },
      parameters: { temperature: { supported: false }, top_p: { supported: false } },
      constraints: { tokens: { max_context_window: 200_000, max_output_tokens: 64_000 } },
      prices: [
        { input: 9, output: 9 },
        { from: '2026-11-01', input: 3, output: 15, cache_read: 0.3, cache_write: 3.75 },
      ],
      deprecation_date: '2027-05-07',
    }),
    listed('gemini', 'gemini-x', {
      features: { json_schema: true },
      constraints: { tokens: { max_context_window: 1_048_576, max_output_tokens: 65_536 } },
      prices: [{ input: 0.15, output: 0.6, cache_read: 0.0375, cache_write: 0.15 }],
    }),
    listed('groq', 'openai/unpriced', {
      constraints: { tokens: { max_context_window: 131_072, max_output_tokens: 32_766 } },
    }),
  ];

  test.each(['litellm', 'models.dev'] as const)('comes back as it was from %s', (format) => {
    const back = importModels(JSON.parse(JSON.stringify(exportModels(models, format, '2026-11-27'))));
    expect(back).toMatchObject({ format, broken: [], ignored: 0 });
    for (const { table, id, capabilities } of models) {
      const again = capabilitiesFrom(back?.tables.get(table)?.get(id));
      expect(again.constraints.tokens).toEqual(capabilities.constraints.tokens);
      expect(again.features.json_schema).toBe(capabilities.features.json_schema);
      expect(again.modalities.input).toEqual(capabilities.modalities.input);
      expect(again.parameters.temperature?.supported).toBe(capabilities.parameters.temperature?.supported);
      expect(priceOf(again)).toEqual(priceOf(capabilities, '2026-11-27'));
    }
  });

  it('has the names and units of LiteLLM', () => {
    expect(exportModels(models, 'litellm', '2026-11-27')).toMatchObject({
      'claude-x': {
        litellm_provider: 'anthropic',
        mode: 'chat',
        max_input_tokens: 200_000,
        input_cost_per_token: 3e-6,
        output_cost_per_token: 1.5e-5,
        cache_read_input_token_cost: 3e-7,
        cache_creation_input_token_cost: 3.75e-6,
        supports_adaptive_thinking: true,
        deprecation_date: '2027-05-07',
      },
      'gemini/gemini-x': { litellm_provider: 'gemini', input_cost_per_token: 1.5e-7 },
      'groq/openai/unpriced': expect.not.objectContaining({
        input_cost_per_token: expect.anything() as number,
      }) as object,
    });
  });

  it('has the names and units of models.dev', () => {
    expect(exportModels(models, 'models.dev', '2026-10-31')).toMatchObject({
      anthropic: { models: { 'claude-x': { attachment: true, cost: { input: 9, output: 9 } } } },
      google: { models: { 'gemini-x': { limit: { context: 1_048_576, output: 65_536 }, cost: { input: 0.15 } } } },
      groq: {
        models: { 'openai/unpriced': expect.not.objectContaining({ cost: expect.anything() as object }) as object },
      },
    });
  });
});
