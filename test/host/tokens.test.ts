import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode as cl100k } from 'gpt-tokenizer/encoding/cl100k_base';
import { encode as o200k } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it } from 'vitest';
import { capabilitiesFrom } from '../../src/core/capabilities.ts';
import { text, userMessage, type Message } from '../../src/core/message.ts';
import type { Request, ToolSpec } from '../../src/core/provider.ts';
import { textPieces } from '../../src/host/token-pieces.ts';
import { countTokens, countRequest } from '../../src/host/tokens.ts';

const asText = { disallowedSpecial: new Set<string>() };
const ask = (more: Partial<Request>): Request => ({
  system: '',
  tools: [],
  messages: [],
  maxOutputTokens: 100,
  ...more,
});
const of = (encoding: string) => capabilitiesFrom({ constraints: { tokens: { encoding } } });
const tokensOf = async (encoding: string, more: Partial<Request>): Promise<number> =>
  (await countRequest(ask(more), of(encoding))).tokens;

const source = (file: string): string => readFileSync(join(import.meta.dirname, '../..', file), 'utf8');
const prose =
  'The engineer, who had been asked twice already, wrote: "It’s done." – and it was not; 37 tests (of 1,204) still failed.\n\n';

describe('the count of a text', () => {
  // github.com/openai/openai-cookbook, "How to count tokens with tiktoken", read 2026-11-27.
  it.each([
    ['antidisestablishmentarianism', 'cl100k_base', 6],
    ['2 + 2 = 4', 'cl100k_base', 7],
    ['お誕生日おめでとう', 'cl100k_base', 9],
    ['tiktoken is great!', 'o200k_base', 6],
  ])('of "%s" in %s is %i, as published', async (words, encoding, tokens) => {
    expect(await countTokens(words, encoding)).toBe(tokens);
  });

  it.each([
    ['prose', prose.repeat(300)],
    ['code', source('src/app/open.ts').repeat(5)],
    ['lines', '    if (x) {\n\n\n\t\treturn;\n    }\r\n'.repeat(1000)],
    ['JSON', JSON.stringify(JSON.parse(source('templates/models/openai.json')))],
    ['JSON with spaces', source('package-lock.json').slice(0, 200_000)],
    ['nothing', ''],
    ['one word', 'word'],
  ])('of %s is exact, though it is counted in pieces', async (_, words) => {
    expect(await countTokens(words, 'o200k_base')).toBe(o200k(words, asText).length);
    expect(await countTokens(words, 'cl100k_base')).toBe(cl100k(words, asText).length);
  });

  it('takes the marks of a model for text', async () => {
    const words = 'a <|endoftext|> b <|im_start|>system<|im_sep|> <|endofprompt|>';
    expect(await countTokens(words)).toBe(o200k(words, asText).length);
    expect(await countTokens('<|endoftext|>')).toBeGreaterThan(3);
  });

  it('of an encoding nobody knows is that of o200k_base', async () => {
    expect(await countTokens(prose, 'tokens-of-tomorrow')).toBe(await countTokens(prose, 'o200k_base'));
  });

  it('puts its pieces together to the same text, and cuts no character in two', () => {
    const words = `${'😀'.repeat(1000)} ${prose.repeat(20)}${' '.repeat(5000)}${'é'.repeat(700)}`;
    const pieces = [...textPieces(words)].map((piece) => piece.text);
    expect(pieces.join('')).toBe(words);
    expect(pieces.filter((piece) => /^[\udc00-\udfff]|[\ud800-\udbff]$/.test(piece))).toEqual([]);
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(2000);
  });

  let state = 7;
  const random = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
  const made = (length: number, letter: () => string): string => Array.from({ length }, letter).join('');
  const base64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  it.each([
    ['of one letter', 'a'.repeat(1_000_000), 1 / 8],
    ['of spaces', ' '.repeat(1_000_000), 1 / 128],
    ['of one emoji', '😀'.repeat(500_000), 1 / 2],
    ['of emoji', made(500_000, () => String.fromCodePoint(0x1f300 + random(600))), 1],
    ['of base64', made(1_000_000, () => base64[random(64)] ?? ''), 0.68],
    ['of letters without a break', made(1_000_000, () => base64[26 + random(26)] ?? ''), 0.52],
    ['of Chinese letters at random', made(1_000_000, () => String.fromCharCode(0x4e00 + random(20_000))), 1.9],
  ])('of a megabyte %s comes in bounded time, about right', async (_, words, perCharacter) => {
    const before = performance.now();
    const tokens = await countTokens(words);
    // Counted whole, most of them would take minutes.
    expect(performance.now() - before).toBeLessThan(15_000);
    expect(tokens / words.length / perCharacter).toBeGreaterThan(0.93);
    expect(tokens / words.length / perCharacter).toBeLessThan(1.07);
  });
});

const weather: ToolSpec = {
  name: 'get_current_weather',
  description: 'Get the current weather in a given location',
  inputSchema: {
    type: 'object',
    properties: {
      location: { type: 'string', description: 'The city and state, e.g. San Francisco, CA' },
      unit: { type: 'string', description: 'The unit of temperature to return', enum: ['celsius', 'fahrenheit'] },
    },
    required: ['location'],
  },
};
const tool = (name: string, properties: object, more: Partial<ToolSpec> & { required?: string[] } = {}): ToolSpec => ({
  name,
  description: more.description ?? '',
  inputSchema: { type: 'object', properties, ...(more.required && { required: more.required }) },
});

describe('the estimate of a request', () => {
  // What OpenAI's API counted: the cookbook's example of tools, and the examples of github.com/hmarr/openai-chat-tokens
  // (gpt-3.5-turbo), both read 2026-11-27.
  const recorded: [name: string, encoding: string, tokens: number, request: Partial<Request>][] = [
    ['one word', 'cl100k_base', 8, { messages: [userMessage('hello')] }],
    ['two words', 'cl100k_base', 9, { messages: [userMessage('hello world')] }],
    [
      'a conversation',
      'cl100k_base',
      27,
      {
        system: "# Important: you're the best robot",
        messages: [userMessage('hello robot'), { role: 'assistant', content: [text('hello world')] }],
      },
    ],
    ['a tool', 'cl100k_base', 31, { messages: [userMessage('hello')], tools: [tool('foo', {})] }],
    [
      'a tool that is described',
      'cl100k_base',
      36,
      { messages: [userMessage('hello')], tools: [tool('foo', {}, { description: 'Do a foo' })] },
    ],
    [
      'a tool with parameters',
      'cl100k_base',
      57,
      {
        messages: [userMessage('hello')],
        tools: [
          tool(
            'bing_bong',
            { foo: { type: 'string' }, bar: { type: 'number', description: 'A number' } },
            { description: 'Do a bing bong' },
          ),
        ],
      },
    ],
    [
      'a tool with nested parameters',
      'cl100k_base',
      68,
      {
        messages: [userMessage('hello')],
        tools: [
          tool(
            'bing_bong',
            {
              foo: {
                type: 'object',
                properties: { bar: { type: 'string', enum: ['a', 'b', 'c'] }, baz: { type: 'boolean' } },
              },
            },
            { description: 'Do a bing bong' },
          ),
        ],
      },
    ],
    [
      'a tool with lists',
      'cl100k_base',
      106,
      {
        messages: [userMessage('hello')],
        tools: [
          tool(
            'get_recipe',
            {
              ingredients: {
                type: 'array',
                items: {
                  type: 'object',
                  required: ['name', 'unit', 'amount'],
                  properties: {
                    name: { type: 'string' },
                    unit: { enum: ['grams', 'ml', 'cups', 'pieces', 'teaspoons'], type: 'string' },
                    amount: { type: 'number' },
                  },
                },
              },
              instructions: {
                type: 'array',
                items: { type: 'string' },
                description: 'Steps to prepare the recipe (no numbering)',
              },
              time_to_cook: { type: 'number', description: 'Total time to prepare the recipe in minutes' },
            },
            { required: ['ingredients', 'instructions', 'time_to_cook'] },
          ),
        ],
      },
    ],
    [
      'a system prompt and a tool',
      'cl100k_base',
      35,
      { system: 'Hello:', messages: [userMessage('Hi there')], tools: [tool('do_stuff', {})] },
    ],
    [
      'a call',
      'cl100k_base',
      26,
      {
        messages: [
          {
            role: 'assistant',
            content: [{ type: 'tool_call', callId: '1', name: 'do_stuff', input: '{"foo": "bar", "baz": 1.5}' }],
          },
        ],
      },
    ],
    ...(['cl100k_base', 'o200k_base'] as const).map((encoding): [string, string, number, Partial<Request>] => [
      'a question about the weather',
      encoding,
      encoding === 'cl100k_base' ? 105 : 101,
      {
        system: 'You are a helpful assistant that can answer to questions about the weather.',
        messages: [userMessage("What's the weather like in San Francisco?")],
        tools: [weather],
      },
    ]),
  ];

  it.each(recorded)(
    'of %s (%s) is within 5 per cent of the %i tokens that were billed',
    async (_, encoding, billed, request) => {
      const tokens = await tokensOf(encoding, request);
      // One token of a handful is more than 5 %.
      expect(Math.abs(tokens - billed)).toBeLessThanOrEqual(Math.max(1, billed * 0.05));
    },
  );

  it('says how far it may be off', async () => {
    const request = ask({ messages: [userMessage(prose)] });
    const base = await countRequest(request, of('o200k_base'));
    expect(base.margin).toBe(0.05);
    const claude = await countRequest(request, of('claude'));
    expect([claude.margin, claude.tokens]).toEqual([0.2, Math.round(base.tokens * 1.15)]);
    expect((await countRequest(request, of('claude-5'))).tokens).toBe(Math.round(base.tokens * 1.5));
    expect((await countRequest(request, capabilitiesFrom())).margin).toBe(0.25);
    const withTools = { ...request, tools: [weather] };
    const more =
      (await countRequest(withTools, of('claude'))).tokens -
      (await countRequest(withTools, of('o200k_base'))).tokens * 1.15;
    expect(Math.round(more)).toBe(346);
  });

  it('counts each message once in its life', async () => {
    const messages = Array.from({ length: 200 }, (_, index): Message =>
      userMessage(`${index} お誕生日 ${prose.repeat(60)}`),
    );
    const before = performance.now();
    const first = await tokensOf('o200k_base', { messages });
    const middle = performance.now();
    expect(await tokensOf('o200k_base', { messages: [...messages] })).toBe(first);
    expect(performance.now() - middle).toBeLessThan((middle - before) / 4);
    expect(await tokensOf('cl100k_base', { messages })).not.toBe(first);
  });

  it('counts results, pictures and thoughts, whatever they hold', async () => {
    const plain = await tokensOf('o200k_base', { messages: [userMessage('x')] });
    const picture = { type: 'image' as const, mediaType: 'image/png', base64: 'A'.repeat(1_000_000) };
    const withPicture = await tokensOf('o200k_base', { messages: [{ role: 'user', content: [text('x'), picture] }] });
    expect(withPicture - plain).toBe(1100);
    const result = (content: Message['content']): Message => ({
      role: 'user',
      content: [{ type: 'tool_result', callId: '1', content, isError: false }],
    });
    expect(await tokensOf('o200k_base', { messages: [result([text('x')])] })).toBe(plain);
    expect(await tokensOf('o200k_base', { messages: [result([text('x'), picture])] })).toBe(withPicture);
    const thought: Message = {
      role: 'assistant',
      content: [{ type: 'thinking', text: 'x', signature: 'S'.repeat(999) }],
    };
    expect(await tokensOf('o200k_base', { messages: [thought] })).toBe(plain);
    const call: Message = {
      role: 'assistant',
      content: [{ type: 'tool_call', callId: '1', name: 'f', input: undefined }],
    };
    expect(await tokensOf('o200k_base', { messages: [call] })).toBeLessThan(20);
  });

  it('of tools whose schemas are odd, or contain themselves, comes to an end', async () => {
    const loop: Record<string, unknown> = { type: 'object', description: 7 };
    loop.properties = {
      again: loop,
      list: { type: 'array', items: loop },
      either: { anyOf: [{ type: 'null' }, loop] },
    };
    const odd = [
      {},
      { properties: null },
      { properties: { a: true, b: { type: ['string', 'null'] }, c: { const: 'x' }, d: { enum: 5 }, e: { type: 5 } } },
      { properties: { a: { oneOf: [{ type: 'integer' }] } }, required: 'a' },
    ];
    for (const inputSchema of odd)
      expect(await tokensOf('o200k_base', { tools: [{ name: 'f', description: '', inputSchema }] })).toBeLessThan(90);
    const small = { type: 'object', properties: { again: loop } };
    const before = performance.now();
    await tokensOf('o200k_base', { tools: [{ name: 'f', description: 'd', inputSchema: small }] });
    expect(performance.now() - before).toBeLessThan(5000);
  });
});
