import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import anthropicPlugin from '../../plugins/anthropic/index.ts';
import openaiPlugin from '../../plugins/openai/index.ts';

interface Table {
  source: string;
  readAt: string;
  models: Record<string, unknown>;
}

const tokens = expect.any(Number) as number;
const price = { inputPerMTok: tokens, outputPerMTok: tokens, cacheReadPerMTok: tokens, cacheWritePerMTok: tokens };

describe.each([
  ['anthropic', anthropicPlugin],
  ['openai', openaiPlugin],
])('the table of %s models', (name, plugin) => {
  const table = JSON.parse(
    readFileSync(new URL(`../../templates/models/${name}.json`, import.meta.url), 'utf8'),
  ) as Table;

  it('says where and when it was read', () => {
    expect(table.source).not.toBe('');
    expect(table.readAt).toMatch(/^\d{4}-\d\d-\d\d$/);
  });

  it('says everything of each model, and null for a price that is not known', () => {
    for (const model of Object.values(table.models)) {
      expect(model).toEqual({
        contextWindow: tokens,
        maxOutputTokens: tokens,
        images: true,
        thinking: expect.any(Boolean) as boolean,
        price: expect.toSatisfy((value: unknown) => value === null || typeof value === 'object') as object,
      });
      if ((model as { price: object | null }).price) expect(model).toMatchObject({ price });
    }
  });

  it('knows the default model, with its price', () => {
    const { defaultModel } = plugin.providers!.find((provider) => provider.name === name)!;
    expect(table.models[defaultModel]).toMatchObject({ price });
  });
});
