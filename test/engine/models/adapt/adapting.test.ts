import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capabilitiesFrom, type Manifest } from '../../../../src/core/capabilities.ts';
import type { LossMode } from '../../../../src/core/loss.ts';
import type { Block } from '../../../../src/core/message.ts';
import {
  ProviderError,
  type Delta,
  type ModelProvider,
  type Reply,
  type Request,
} from '../../../../src/core/provider.ts';
import type { Transform } from '../../../../src/core/route.ts';
import { adapting } from '../../../../src/engine/models/adapt/adapting.ts';
import { collect, streamed } from '../../../contract/provider-subjects.ts';
import { able, answered, call, model, png, readTool, request, result, results, said } from './world.ts';

/** A model that says these pieces; `asked` is what it was sent. */
const speaking = (
  pieces: readonly (string | Delta)[],
  manifest: Manifest = {},
  more: Partial<Reply> = {},
): { provider: ModelProvider; asked: Request[]; closed: () => boolean } => {
  const asked: Request[] = [];
  let isClosed = false;
  const capabilities = capabilitiesFrom(able, manifest);
  return {
    asked,
    closed: () => isClosed,
    provider: {
      name: 'anthropic/some',
      capabilities: () => capabilities,
      async *stream(given) {
        asked.push(given);
        try {
          for (const piece of pieces) yield typeof piece === 'string' ? { type: 'text.delta', text: piece } : piece;
        } finally {
          isClosed = true;
        }
        const said = pieces.filter((piece) => typeof piece === 'string').join('');
        return { content: [{ type: 'text', text: said }], stopReason: 'end', usage: undefined, ...more };
      },
    },
  };
};
const noTools: Manifest = { features: { tool_use: false } };
const tooled = request({ tools: [readTool] });

/** What a model without tools is heard to say and to call. */
const heard = async (...pieces: string[]) => {
  const { deltas, reply } = await collect(adapting(speaking(pieces, noTools).provider, { mode: 'warn' }), tooled);
  const content = reply.content.map((block) =>
    block.type === 'text' ? block.text : block.type === 'tool_call' ? [block.name, block.input] : block,
  );
  return { text: streamed(deltas, 'text.delta'), content, stop: reply.stopReason };
};

const failureOf = async (provider: ModelProvider, of: Request = request()): Promise<unknown> =>
  collect(provider, of).then(
    () => 'no failure',
    (error: unknown) => error,
  );

describe('a provider that adapts', () => {
  it('is called what it was called, and hands on what fits', async () => {
    const { provider, asked } = speaking(['hel', 'lo']);
    const adapted = adapting(provider, { mode: 'strict' });
    expect([adapted.name, adapted.capabilities()]).toEqual([provider.name, provider.capabilities()]);
    const of = request();
    const { deltas, reply } = await collect(adapted, of);
    expect(asked[0]).toBe(of);
    expect(deltas).toEqual([
      { type: 'text.delta', text: 'hel' },
      { type: 'text.delta', text: 'lo' },
    ]);
    expect(reply.content).toEqual([{ type: 'text', text: 'hello' }]);
  });

  it('says what is lost before anything else', async () => {
    const { provider, asked } = speaking(['ok'], { features: { seed_support: false } });
    const { deltas } = await collect(adapting(provider, { mode: 'warn' }), request({ seed: 1 }));
    expect(deltas).toMatchObject([
      { type: 'losses', model: 'anthropic/some', losses: [{ code: 'Drop', path: '$.seed' }] },
      { type: 'text.delta' },
    ]);
    expect(asked[0]).toEqual(request());
  });

  it.each([
    ['strict', 'error', true],
    ['warn', 'error', false],
    ['coerce', 'error', false],
    ['strict', 'critical', true],
    ['warn', 'critical', true],
    ['coerce', 'critical', true],
  ] as [LossMode, string, boolean][])(
    'in mode %s, when the worst is %s, refuses: %s',
    async (mode, worst, isRefused) => {
      const modalities = worst === 'error' ? { input: ['text' as const] } : { output: ['image' as const] };
      const { provider, asked } = speaking(['ok'], { modalities });
      const of = request({ messages: [results(...Array<Block>(7).fill(png))] });
      const outcome = await failureOf(adapting(provider, { mode }), of);
      expect(asked).toHaveLength(isRefused ? 0 : 1);
      if (!isRefused) return;
      expect(outcome).toMatchObject({
        kind: 'incompatible',
        exitCode: 6,
        retryable: false,
        message: expect.stringMatching(
          worst === 'error' ? /takes no images \(\$\.messages\[0\]\.content\[0\]\).*and 2 more\.$/ : /answer with text/,
        ) as string,
        hint: expect.stringContaining(worst === 'error' ? 'lossiness: warn' : 'no setting of lossiness') as string,
      });
    },
  );

  it('closes the model’s stream when nobody reads on', async () => {
    for (const manifest of [{}, noTools]) {
      const { provider, closed } = speaking(['a', 'b', 'c'], manifest);
      const stream = adapting(provider, { mode: 'warn' }).stream(tooled, new AbortController().signal);
      for (const _first of ['losses', 'text.delta']) await stream.next();
      await stream.return(undefined as never);
      expect(closed()).toBe(true);
    }
  });

  it('asks for no more than is read', async () => {
    let produced = 0;
    const { provider } = speaking([], noTools);
    const endless: ModelProvider = {
      ...provider,
      async *stream() {
        for (;;) yield { type: 'text.delta', text: `${++produced} ` };
      },
    };
    const stream = adapting(endless, { mode: 'warn' }).stream(tooled, new AbortController().signal);
    for (let count = 0; count < 5; count++) await stream.next();
    expect(produced).toBeLessThanOrEqual(6);
    await stream.return(undefined as never);
  });
});

describe('the steps of plugins', () => {
  const louder: Transform = (of) => ({
    request: { ...of, system: of.system.toUpperCase() },
    losses: [{ code: 'Drop', path: '$.system', severity: 'info', message: 'Case is lost.' }],
  });
  const marked: Transform = (of, { name }) => ({
    request: { ...of, system: `${of.system} ${name}`, seed: 1 },
    losses: [],
  });

  it('come before the model is looked at, in their order', async () => {
    const { provider, asked } = speaking(['ok'], { features: { seed_support: false } });
    const { deltas } = await collect(adapting(provider, { mode: 'warn', transforms: [louder, marked] }));
    expect(asked[0]).toMatchObject({ system: ' anthropic/some' });
    expect(asked[0]).not.toHaveProperty('seed');
    expect(deltas[0]).toMatchObject({ type: 'losses', losses: [{ path: '$.system' }, { path: '$.seed' }] });
    await collect(adapting(provider, { mode: 'warn', transforms: [marked, louder] }), request());
    expect(asked[1]).toMatchObject({ system: 'BE BRIEF. ANTHROPIC/SOME' });
  });

  it.each<[string, Transform]>([
    [
      'throws',
      function mend() {
        throw new Error('no luck');
      },
    ],
    [
      'fails as a provider would',
      function mend() {
        throw new ProviderError('rate_limit', 'no luck');
      },
    ],
    [
      'gives back nothing',
      function mend() {
        return undefined;
      } as unknown as Transform,
    ],
    [
      'gives back no request',
      function mend() {
        return { request: {}, losses: [] };
      } as unknown as Transform,
    ],
  ])('that fail are named: one that %s', async (_how, transform) => {
    const { provider, asked } = speaking(['ok']);
    expect(await failureOf(adapting(provider, { mode: 'warn', transforms: [transform] }))).toMatchObject({
      kind: 'incompatible',
      message: expect.stringMatching(/^The step "mend" on requests failed: ./) as string,
    });
    expect(asked).toHaveLength(0);
    const nameless = adapting(provider, {
      mode: 'warn',
      transforms: [
        louder,
        () => {
          throw new Error('x');
        },
      ],
    });
    expect(await failureOf(nameless)).toMatchObject({ message: expect.stringContaining('"number 2"') as string });
  });
});

describe('calls of a model without tools', () => {
  const read = '<tool_call>\n{"name": "read", "arguments": {"path": "a.ts"}}\n</tool_call>';

  it('are read out of its text, which is streamed up to them', async () => {
    expect(await heard('I look', ' at it.\n\n', read, '\n', read, '\n')).toEqual({
      text: 'I look at it.',
      content: ['I look at it.', ['read', { path: 'a.ts' }], ['read', { path: 'a.ts' }]],
      stop: 'tool_calls',
    });
  });

  it('are sent as soon as the text before them is, one character at a time or all at once', async () => {
    const whole = `So: a < b.\n${read}\nThen.\n${read}\n<tool_response>\nI invent this`;
    const expected = {
      text: 'So: a < b.Then.',
      content: ['So: a < b.', ['read', { path: 'a.ts' }], 'Then.', ['read', { path: 'a.ts' }]],
      stop: 'tool_calls',
    };
    expect(await heard(whole)).toEqual(expected);
    expect(await heard(...Array.from(whole))).toEqual(expected);
  });

  it('leave text alone that is none', async () => {
    for (const plain of [
      '',
      ' ',
      'a <b> <tool_ <tool_c',
      'the `<tool_call>` tag',
      '<tool_response> first',
      'end\n\n',
      '<',
    ])
      expect(await heard(...Array.from(plain))).toEqual({
        text: plain,
        content: plain === '' ? [] : [plain],
        stop: 'end',
      });
  });

  it('may hold anything in their arguments', async () => {
    const input = { text: '</tool_call> <tool_call> " \\ \u2028 {', list: [1, { a: null }] };
    expect(
      (await heard(`<tool_call>${JSON.stringify({ name: 'write', arguments: input })}</tool_call>`)).content,
    ).toEqual([['write', input]]);
  });

  it.each([
    ['no end', '<tool_call>{"name": "read", "arguments": {"path": "a.ts"}}', ['read', { path: 'a.ts' }]],
    ['a code fence', `<tool_call>\n\`\`\`json\n{"name": "read", "arguments": {}}\n\`\`\`\n</tool_call>`, ['read', {}]],
    ['arguments as text', '<tool_call>{"name":"read","arguments":"{\\"path\\":1}"}</tool_call>', ['read', { path: 1 }]],
    ['parameters', '<tool_call>{"name":"read","parameters":{"path":1}}</tool_call>', ['read', { path: 1 }]],
    ['no arguments', '<tool_call>{"name":"list"}</tool_call>', ['list', {}]],
  ])('are understood with %s', async (_what, said, expected) => {
    expect((await heard(said)).content).toEqual([expected]);
  });

  it.each([
    ['no JSON', '<tool_call>read(a.ts)</tool_call>', [['unreadable_tool_call', 'read(a.ts)']]],
    ['half of it', '<tool_call>{"name": "read", "argu', [['read', '{"name": "read", "argu']]],
    [
      'a quote too many',
      '<tool_call>{"name": "read"", "x</tool_call>\nand so on',
      [['read', '{"name": "read"", "x'], 'and so on'],
    ],
    [
      'a name that is none',
      '<tool_call>{"name": "a b", "arguments": {}}</tool_call>',
      [['unreadable_tool_call', '{"name": "a b", "arguments": {}}']],
    ],
    [
      'no end before the next',
      `<tool_call>{"name": "list"}${read}`,
      [
        ['list', {}],
        ['read', { path: 'a.ts' }],
      ],
    ],
    [
      'a quote too many, before another',
      `<tool_call>{"name": "x" "}</tool_call>${read}`,
      [
        ['x', '{"name": "x" "}'],
        ['read', { path: 'a.ts' }],
      ],
    ],
    [
      'quotes too many, twice',
      `<tool_call>{"name": "x" "}</tool_call><tool_call>{"name": "y" "}</tool_call>${read}`,
      [
        ['x', '{"name": "x" "}'],
        ['y', '{"name": "y" "}'],
        ['read', { path: 'a.ts' }],
      ],
    ],
  ])('that cannot be read are handed on as what was written: %s', async (_what, said, expected) => {
    for (const pieces of [[said], Array.from(said)]) {
      const { content, text, stop } = await heard(...pieces);
      expect(content).toEqual(expected);
      expect(text).not.toContain('tool_call>');
      expect(stop).toBe('tool_calls');
    }
  });

  it('end where they end: what is said after them is streamed before more comes', async () => {
    const pieces = [...Array.from(read), 'And', ' so', ' on'];
    const { deltas } = await collect(adapting(speaking(pieces, noTools).provider, { mode: 'warn' }), tooled);
    expect(deltas.slice(1)).toEqual(['And', ' so', ' on'].map((text) => ({ type: 'text.delta', text })));
  });

  it('have ids of their own, the same when the same is asked again', async () => {
    const idsIn = async (of: Request): Promise<string[]> => {
      const { reply } = await collect(adapting(speaking([read, read], noTools).provider, { mode: 'warn' }), of);
      return reply.content.flatMap((block) => (block.type === 'tool_call' ? [block.callId] : []));
    };
    const first = await idsIn(tooled);
    expect(new Set(first).size).toBe(2);
    expect(await idsIn(tooled)).toEqual(first);
    const used = answered(...first.map((id) => call(id)));
    const again = await idsIn(request({ tools: [readTool], messages: [used] }));
    expect(new Set([...first, ...again]).size).toBe(4);
  });

  it('are forgotten with the rest of an attempt that is made again', async () => {
    const again: Delta = { type: 'retry', model: 'm', attempt: 1, waitMs: 0, reason: 'broken' };
    const { provider } = speaking(['Hm <tool_call>{"na', again, 'Fine.'], noTools, {
      content: [{ type: 'text', text: 'Fine.' }],
    });
    const { deltas, reply } = await collect(adapting(provider, { mode: 'warn' }), tooled);
    expect(deltas.slice(1)).toEqual([{ type: 'text.delta', text: 'Hm' }, again, { type: 'text.delta', text: 'Fine.' }]);
    expect(reply).toMatchObject({ content: [{ text: 'Fine.' }], stopReason: 'end' });
  });

  it('leave reasoning, usage and why it stopped as they came', async () => {
    const thought: Block = { type: 'thinking', text: '<tool_call>' };
    const more = { content: [thought, { type: 'text' as const, text: read }], stopReason: 'max_tokens' as const };
    const { provider } = speaking([{ type: 'thinking.delta', text: '<tool_call>' }, read], noTools, more);
    const { deltas, reply } = await collect(adapting(provider, { mode: 'warn' }), tooled);
    expect(deltas.slice(1)).toEqual([{ type: 'thinking.delta', text: '<tool_call>' }]);
    expect(reply).toMatchObject({ content: [thought, { type: 'tool_call' }], stopReason: 'max_tokens' });
  });

  it('are not looked for where tools are real or none were given', async () => {
    for (const [manifest, of] of [
      [{}, tooled],
      [noTools, request()],
    ] as const) {
      const { reply } = await collect(adapting(speaking([read], manifest).provider, { mode: 'warn' }), of);
      expect(reply).toMatchObject({ content: [{ type: 'text', text: read }], stopReason: 'end' });
    }
  });

  it('come back to the model in the form it wrote them, whatever they were', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.array(fc.nat(40), { maxLength: 6 }),
        async (input, cuts) => {
          const { provider, asked } = speaking(['ok'], noTools);
          const messages = [said('a'), answered(call('c', input)), results(result('c'))];
          await collect(adapting(provider, { mode: 'warn' }), request({ tools: [readTool], messages }));
          const [block] = asked[0]!.messages[1]!.content;
          const text = block?.type === 'text' ? block.text : '';
          const places = [0, ...cuts.sort((a, b) => a - b), text.length];
          const { content } = await heard(...places.slice(1).map((end, index) => text.slice(places[index], end)));
          expect(content).toEqual([['read', JSON.parse(JSON.stringify(input)) as unknown]]);
        },
      ),
    );
  });

  it('are read in a time that grows with the text, however broken it is', async () => {
    for (const text of [
      '<'.repeat(200_000),
      '<tool_call>'.repeat(20_000),
      `<tool_call>${'<a'.repeat(100_000)}`,
      `x${'\n'.repeat(200_000)}`,
      `<tool_call>"${'</tool_call>'.repeat(20_000)}`,
      `<tool_call>"${'</tool_call><tool_call>\\"'.repeat(20_000)}`,
      `<tool_call>{"name"${' '.repeat(200_000)}`,
    ]) {
      const startedAt = performance.now();
      await heard(...(text.match(/[^]{1,7}/g) ?? []));
      expect(performance.now() - startedAt).toBeLessThan(4000);
    }
  });
});

describe('conversations at one provider', () => {
  it('do not get into each other’s way', async () => {
    const adapted = adapting(speaking(['Look: ', '<tool_call>{"name":"read"}', '</tool_call>'], noTools).provider, {
      mode: 'warn',
    });
    const all = await Promise.all(Array.from({ length: 20 }, () => collect(adapted, tooled)));
    for (const { deltas, reply } of all) {
      expect(streamed(deltas, 'text.delta')).toBe('Look:');
      expect(reply.content).toHaveLength(2);
    }
    expect(model().name).toBe(adapted.name);
  });
});
