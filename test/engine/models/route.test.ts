import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  capabilitiesFrom,
  manifestOf,
  type Manifest,
  type ModelFacts,
  type Need,
} from '../../../src/core/capabilities.ts';
import { text, userMessage, type Message } from '../../../src/core/message.ts';
import type { Request } from '../../../src/core/provider.ts';
import type { Candidate, Demand } from '../../../src/core/route.ts';
import { demandOf, judge, router, strategies } from '../../../src/engine/models/route.ts';

const price = (inputPerMTok: number, outputPerMTok: number): ModelFacts['price'] => ({
  inputPerMTok,
  outputPerMTok,
  cacheReadPerMTok: inputPerMTok,
  cacheWritePerMTok: inputPerMTok,
});
const model = (name: string, facts: ModelFacts = {}, more: Manifest = {}, weight = 1): Candidate => ({
  name,
  weight,
  capabilities: capabilitiesFrom(manifestOf({ contextWindow: 100_000, ...facts }), more),
});
const demand = (more: Partial<Demand> = {}): Demand => ({ needs: [], inputTokens: 1000, outputTokens: 100, ...more });
const ordered = (strategy: string, candidates: readonly Candidate[], asked = demand(), calls = 0): string[] =>
  strategies[strategy]!(judge(candidates, asked), { calls, demand: asked }).map(({ candidate }) => candidate.name);
const request = (messages: Message[], more: Partial<Request> = {}): Request => ({
  system: '',
  tools: [],
  messages,
  maxOutputTokens: 100,
  ...more,
});

describe('a judgement', () => {
  test('says what a model cannot do, what does not fit and what it costs', () => {
    const [small] = judge(
      [model('a/small', { contextWindow: 2000, price: price(1, 10) })],
      demand({ needs: ['images', 'thinking'], inputTokens: 1950 }),
    );
    expect(small!.misfits).toEqual(['no images', 'no thinking', '1,950 + 100 tokens do not fit 2,000']);
    expect(small!.costUsd).toBeCloseTo((1950 + 1000) / 1e6, 9);
    expect(judge([model('a/unpriced')], demand())[0]!.costUsd).toBeNull();
  });

  test('knows the limit of input alone, and models no longer served', () => {
    const limited = model('a/one', {}, { constraints: { tokens: { max_input_tokens: 900 } } });
    const ended = model('a/old', {}, { deprecation_date: '2020-01-01' });
    const ending = model('a/soon', {}, { deprecation_date: '2999-01-01' });
    expect(judge([limited], demand())[0]!.misfits).toHaveLength(1);
    expect(judge([ended], demand())[0]!.misfits).toEqual(['not served since 2020-01-01']);
    expect(judge([ending], demand())[0]!.misfits).toEqual([]);
  });
});

describe('a strategy', () => {
  const cheap = model('a/cheap', { price: price(1, 1) });
  const dear = model('a/dear', { price: price(9, 9), images: true });
  const unpriced = model('a/unpriced', { images: true });

  test('of primary with fallbacks keeps the order, those that do not fit last', () => {
    expect(ordered('primary-with-fallbacks', [dear, cheap, unpriced])).toEqual(['a/dear', 'a/cheap', 'a/unpriced']);
    expect(ordered('primary-with-fallbacks', [cheap, dear], demand({ needs: ['images'] }))).toEqual([
      'a/dear',
      'a/cheap',
    ]);
  });

  test('of the cheapest asks by price, unknown prices last, and only then what does not fit', () => {
    expect(ordered('cheapest-that-fits', [unpriced, dear, cheap])).toEqual(['a/cheap', 'a/dear', 'a/unpriced']);
    expect(ordered('cheapest-that-fits', [cheap, unpriced, dear], demand({ needs: ['images'] }))).toEqual([
      'a/dear',
      'a/unpriced',
      'a/cheap',
    ]);
  });

  test('of the least lossy asks who loses least of this very request', () => {
    const asked = request(
      [{ role: 'user', content: [text('look'), { type: 'image', mediaType: 'image/png', base64: 'aW1n' }] }],
      {
        parameters: { temperature: 0.5, top_k: 4 },
      },
    );
    const seesAll = model('a/all', { images: true }, { parameters: { top_k: { supported: true } } });
    const noTopK = model('a/no-top-k', { images: true });
    const blind = model('a/blind');
    expect(ordered('least-lossy', [blind, noTopK, seesAll], demand({ request: asked }))).toEqual([
      'a/all',
      'a/no-top-k',
      'a/blind',
    ]);
  });

  test('of round robin gives everybody turns by weight, spread evenly', () => {
    const three = [model('a/x', {}, {}, 2), model('a/y'), model('a/z')];
    const firsts = Array.from({ length: 8 }, (_, calls) => ordered('round-robin', three, demand(), calls)[0]);
    expect(firsts.filter((name) => name === 'a/x')).toHaveLength(4);
    expect(firsts.filter((name) => name === 'a/y')).toHaveLength(2);
    expect(firsts.slice(0, 4).sort()).toEqual(['a/x', 'a/x', 'a/y', 'a/z']);
    expect(ordered('round-robin', three, demand(), 0)).toHaveLength(3);
  });

  test.each([
    [
      [Number.MAX_VALUE, Number.MAX_VALUE, 1e-300],
      ['a/0', 'a/1', 'a/0', 'a/1'],
    ],
    [
      [Infinity, Number.NaN, 3],
      ['a/2', 'a/2'],
    ],
    [
      [0, -5, 0],
      ['a/0', 'a/1', 'a/2'],
    ],
  ])('of round robin stands weights that are none: %j', (weights, firsts) => {
    const candidates = weights.map((weight, index) => model(`a/${index}`, {}, {}, weight));
    const turns = firsts.map((_, calls) => ordered('round-robin', candidates, demand(), calls)[0]);
    expect(turns.toSorted()).toEqual(firsts.toSorted());
  });

  test('loses no candidate and asks none twice, whatever they are', () => {
    const candidates = fc.array(
      fc.record({
        contextWindow: fc.integer({ min: 10, max: 5000 }),
        weight: fc.double({ min: 0.001, max: 50, noNaN: true }),
        usd: fc.option(fc.double({ min: 0, max: 100, noNaN: true })),
      }),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(candidates, fc.nat(1000), fc.constantFrom(...Object.keys(strategies)), (facts, calls, name) => {
        const all = facts.map(({ contextWindow, weight, usd }, index) =>
          model(`a/${index}`, { contextWindow, price: usd === null ? null : price(usd, usd) }, {}, weight),
        );
        expect(ordered(name, all, demand(), calls).sort()).toEqual(all.map((one) => one.name).sort());
      }),
      { numRuns: 200 },
    );
  });
});

describe('the demand of a request', () => {
  test('is read off its tools and pictures, also those of results', () => {
    const picture = { type: 'image', mediaType: 'image/png', base64: 'aW1n' } as const;
    const tools = [{ name: 'read', description: '', inputSchema: {} }];
    const result: Message = {
      role: 'user',
      content: [{ type: 'tool_result', callId: 'c', content: [picture], isError: false }],
    };
    const needsOf = (asked: Request): readonly Need[] => demandOf(asked, ['thinking']).needs;
    expect(needsOf(request([userMessage('hi')]))).toEqual(['thinking']);
    expect(needsOf(request([userMessage('hi'), result], { tools }))).toEqual(['thinking', 'tools', 'images']);
  });
});

describe('the router', () => {
  const resting = new Set<string>();
  const link = (name: string, facts: ModelFacts = {}) => ({
    ...model(name, facts),
    isResting: () => resting.has(name),
  });
  const one = link('a/one', { price: price(1, 1) });
  const two = link('a/two', { price: price(2, 2) });
  const first = (way: ReturnType<typeof router<typeof one>>, asked: Request): string => way.order(asked)[0]!.name;

  test('keeps a conversation where its cache is, and goes back to the order of the user where that is asked', () => {
    const sticky = router([one, two], { strategy: strategies['cheapest-that-fits']!, needs: [], sticky: true });
    const [here, there] = [request([userMessage('here')]), request([userMessage('there')])];
    sticky.answered(here, 'a/two');
    expect(first(sticky, { ...here, messages: [...here.messages, userMessage('more')] })).toBe('a/two');
    expect(first(sticky, there)).toBe('a/one');
    const loose = router([one, two], { strategy: strategies['primary-with-fallbacks']!, needs: [], sticky: false });
    loose.answered(here, 'a/two');
    expect(first(loose, here)).toBe('a/one');
  });

  test('asks who failed a moment ago after the others', () => {
    const way = router([one, two], { strategy: strategies['primary-with-fallbacks']!, needs: [], sticky: false });
    resting.add('a/one');
    expect(way.order(request([userMessage('x')])).map(({ name }) => name)).toEqual(['a/two', 'a/one']);
    resting.clear();
    expect(first(way, request([userMessage('x')]))).toBe('a/one');
  });

  test('leaves a model that a conversation has outgrown', () => {
    const tiny = link('a/tiny', { contextWindow: 600, price: price(0.1, 0.1) });
    const way = router([tiny, two], { strategy: strategies['cheapest-that-fits']!, needs: [], sticky: true });
    const start = userMessage('start');
    way.answered(request([start]), 'a/tiny');
    expect(first(way, request([start]))).toBe('a/tiny');
    expect(first(way, request([start, userMessage('x'.repeat(3000))]))).toBe('a/two');
  });
});
