import { describe, expect, it } from 'vitest';
import type { Request } from '../../../../src/core/provider.ts';
import { adapt } from '../../../../src/engine/models/adapt/adapt.ts';
import { answered, blocksOf, call, lost, model, png, readTool, request, result, results, said } from './world.ts';

const adapted = (of: Request, at = model()): Request => adapt(of, at).request;

describe('a request the model takes', () => {
  it('comes back as the same object, and nothing is lost', () => {
    const whole = request({
      tools: [readTool],
      messages: [
        said('look'),
        answered({ type: 'thinking', text: 'hm', signature: 's', by: 'anthropic' }, call('call_1')),
        results(result('call_1', 'ok', [png])),
      ],
      parameters: { temperature: 0.5 },
      stop: ['END'],
      seed: 1,
      output: { type: 'json' },
      parallelTools: true,
    });
    const { request: same, losses } = adapt(whole, model());
    expect(same).toBe(whole);
    expect(losses).toEqual([]);
  });
});

describe('parameters', () => {
  it('are left out where the model does not take them, and brought within bounds where it does', () => {
    const given = request({ parameters: { temperature: 1.7, top_p: -1, top_k: 5, presence_penalty: Number.NaN } });
    const at = model({ parameters: { presence_penalty: { supported: true } } });
    expect(adapted(given, at).parameters).toEqual({ temperature: 1, top_p: 0 });
    expect(adapt(given, at).losses).toMatchObject([
      { code: 'Clamp', path: '$.parameters.temperature', severity: 'warning', before: 1.7, after: 1 },
      { code: 'Clamp', path: '$.parameters.top_p', severity: 'warning', before: -1, after: 0 },
      { code: 'Drop', path: '$.parameters.top_k', severity: 'warning', before: 5 },
      { code: 'Drop', path: '$.parameters.presence_penalty', severity: 'warning' },
    ]);
  });

  it('that exclude each other: the first one given stays', () => {
    const at = model({ constraints: { mutually_exclusive: [['temperature', 'top_p']] } });
    expect(adapted(request({ parameters: { top_p: 0.9, temperature: 0.5 } }), at).parameters).toEqual({ top_p: 0.9 });
    const given = request({ parameters: { temperature: 0.5, top_p: 0.9 } });
    expect(adapted(given, at).parameters).toEqual({ temperature: 0.5 });
    expect(adapt(given, at).losses).toMatchObject([
      {
        code: 'Conflict',
        severity: 'warning',
        path: '$.parameters.top_p',
        message: expect.stringContaining('temperature or top_p, not both') as string,
      },
    ]);
  });

  it('that are not taken exclude nothing', () => {
    const at = model({
      constraints: { mutually_exclusive: [['temperature', 'top_p']] },
      parameters: { temperature: { supported: false } },
    });
    expect(adapted(request({ parameters: { temperature: 0.5, top_p: 0.9 } }), at).parameters).toEqual({ top_p: 0.9 });
  });
});

describe('other limits', () => {
  it('a seed, stop sequences and parallel calls go where the model does not know them', () => {
    const at = model({ features: { seed_support: false, stop_sequences: false, parallel_tool_use: false } });
    const given = request({ seed: 3, stop: ['a'], parallelTools: true });
    expect(adapted(given, at)).toEqual(request());
    expect(lost(given, at)).toEqual([
      'Drop warning $.seed',
      'Drop warning $.stop',
      'PerformanceImpact info $.parallelTools',
    ]);
    expect(lost(request({ stop: [], parallelTools: false }), at)).toEqual([]);
  });

  it('the output cap is the model’s at most', () => {
    const at = model({ constraints: { tokens: { max_output_tokens: 500 } } });
    expect(adapted(request(), at).maxOutputTokens).toBe(500);
    expect(adapt(request(), at).losses).toMatchObject([{ code: 'Clamp', severity: 'info', before: 1000, after: 500 }]);
  });

  it('a model that takes no text, or answers with none, is no model for this', () => {
    expect(lost(request(), model({ modalities: { input: ['image'] } }))).toEqual(['Unsupported critical $.messages']);
    expect(lost(request(), model({ modalities: { output: ['image'] } }))).toEqual(['Unsupported critical $.messages']);
  });
});

describe('images', () => {
  const shown = request({ messages: [results({ type: 'text', text: 'see' }, png, result('c', 'shot', [png]))] });

  it('become a text that says what was left out, in results of tools too', () => {
    const at = model({ modalities: { input: ['text'] } });
    const note = { type: 'text', text: '[image/png, 34 kB, left out: anthropic/some takes no images]' };
    expect(adapted(shown, at).messages).toEqual([
      results({ type: 'text', text: 'see' }, note as never, result('c', 'shot', [note as never])),
    ]);
    expect(lost(shown, at)).toEqual([
      'Drop error $.messages[0].content[1]',
      'Drop error $.messages[0].content[2].content[1]',
    ]);
  });

  it.each([
    ['a format', { formats: ['image/jpeg', 'image/webp'] }, 'takes image/jpeg, image/webp'],
    ['more bytes', { max_size_bytes: 20_000 }, 'takes at most 20 kB'],
  ])('go when the model does not take such: %s', (_what, image, why) => {
    const [note] = blocksOf(
      adapted(request({ messages: [results(png)] }), model({ modalities: { configs: { image } } })).messages,
    );
    expect(note).toEqual({ type: 'text', text: `[image/png, 34 kB, left out: anthropic/some ${why}]` });
  });

  const header = (bytes: number[]): string => Buffer.from([...bytes, ...Array<number>(40).fill(0)]).toString('base64');
  const ascii = (word: string): number[] => [...Buffer.from(word, 'latin1')];
  it.each([
    [
      'image/png',
      header([0x89, ...ascii('PNG\r\n\x1a\n'), 0, 0, 0, 13, ...ascii('IHDR'), 0, 0, 0x27, 0x10, 0, 0, 0, 9]),
    ],
    ['image/gif', header([...ascii('GIF89a'), 0x10, 0x27, 9, 0])],
    ['image/jpeg', header([0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 1, 0xff, 0xff, 0xc0, 0, 17, 8, 0, 9, 0x27, 0x10])],
    [
      'image/webp',
      header([...ascii('RIFF'), 0, 0, 0, 0, ...ascii('WEBPVP8X'), 10, 0, 0, 0, 0, 0, 0, 0, 0x0f, 0x27, 0, 8, 0, 0]),
    ],
    ['image/webp', header([...ascii('RIFF'), 0, 0, 0, 0, ...ascii('WEBPVP8L'), 0, 0, 0, 0, 0x2f, 0x0f, 0x27, 2, 0])],
    [
      'image/webp',
      header([
        ...ascii('RIFF'),
        0,
        0,
        0,
        0,
        ...ascii('WEBPVP8 '),
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0x9d,
        1,
        0x2a,
        0x10,
        0x27,
        9,
        0,
      ]),
    ],
  ])('go when they have too many pixels: %s', (mediaType, base64) => {
    const given = request({ messages: [results({ type: 'image', mediaType, base64 })] });
    const at = (image: object) => model({ modalities: { configs: { image } } });
    expect(blocksOf(adapted(given, at({ max_width: 8000, max_height: 8000 })).messages)).toMatchObject([
      { type: 'text', text: expect.stringContaining('at most 8000 × 8000 pixels, it has 10000 × 9]') as string },
    ]);
    expect(adapted(given, at({ max_width: 10_000, max_height: 9 }))).toBe(given);
  });

  it('of other formats go, however the ones taken are written', () => {
    const at = model({ modalities: { configs: { image: { formats: ['image/png'] } } } });
    const of = (mediaType: string) => request({ messages: [results({ type: 'image', mediaType, base64: 'AAAA' })] });
    expect(adapted(of('image/gif'), at)).not.toBe(of('image/gif'));
    expect(lost(of('image/gif'), at)).toHaveLength(1);
    expect(lost(of('image/PNG'), at)).toEqual([]);
  });

  it('stay when nobody can say how large they are', () => {
    const at = model({ modalities: { configs: { image: { max_width: 1 } } } });
    for (const base64 of [
      'AAAA',
      header([0xff, 0xd8, 1]),
      header(ascii('RIFFxxxxWEBPnone')),
      header([0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff]),
    ]) {
      const given = request({ messages: [results({ type: 'image', mediaType: 'image/png', base64 })] });
      expect(adapted(given, at)).toBe(given);
    }
  });

  it('with nothing in them are left out, and types are spelled as providers know them', () => {
    const picture = (mediaType: string, base64: string) => ({ type: 'image' as const, mediaType, base64 });
    const given = request({ messages: [results(picture('image/png', ''), picture('IMAGE/PNG', 'AAAA'))] });
    expect(blocksOf(adapted(given, model()).messages)).toEqual([
      { type: 'text', text: '[image/png, 0 B, left out: it is empty]' },
      picture('image/png', 'AAAA'),
    ]);
    expect(lost(given, model())).toEqual(['Drop error $.messages[0].content[0]']);
  });

  it('beyond the number the model takes: the oldest go, several at once, so that the beginning seldom changes', () => {
    const at = model({ modalities: { configs: { image: { max_images_per_request: 4 } } } });
    const messages = Array.from({ length: 9 }, () => results(result('c', 'shot', [png])));
    const kept = Array.from({ length: 10 }, (_, count) =>
      blocksOf(adapted(request({ messages: messages.slice(0, count) }), at).messages)
        .filter(({ type }) => type === 'image' || type === 'text')
        .map(({ type }) => (type === 'image' ? 'i' : ''))
        .join(''),
    );
    expect(kept).toEqual(['', 'i', 'ii', 'iii', 'iiii', 'iii', 'iiii', 'iii', 'iiii', 'iii']);
    const { losses, request: fitted } = adapt(request({ messages: messages.slice(0, 5) }), at);
    expect(losses.map(({ path }) => path)).toEqual([
      '$.messages[0].content[0].content[1]',
      '$.messages[1].content[0].content[1]',
    ]);
    expect(JSON.stringify(fitted.messages[0])).toContain('takes at most 4 images');
    expect(fitted.messages[2]).toBe(messages[2]);
  });
});

describe('reasoning', () => {
  const thought = (by: string | undefined, signature = 'secret') => ({
    type: 'thinking' as const,
    text: 'hm',
    signature,
    ...(by === undefined ? {} : { by }),
  });
  const messages = [
    said('a'),
    answered(thought('anthropic'), thought('openai'), { type: 'text', text: 'b' }),
    said('c'),
    answered(thought('openai'), { type: 'text', text: 'd' }),
  ];

  it('goes back to its own provider and to nobody else, and is told once', () => {
    const claude = adapt(request({ messages }), model({}, 'anthropic/claude'));
    expect(blocksOf(claude.request.messages)).toContain(messages[1]!.content[0]);
    expect(claude.losses).toMatchObject([
      {
        code: 'Drop',
        severity: 'info',
        path: '$.messages[1].content[1]',
        message: expect.stringContaining('openai') as string,
      },
    ]);
    for (const name of ['openai-chat/x', 'azure-openai/x', 'openaix/x', 'ollama/openai/x', 'openai'])
      expect(JSON.stringify(adapted(request({ messages }), model({}, name))).includes('secret'), name).toBe(
        name === 'openai',
      );
    expect(
      adapt(request({ messages: [answered(thought(undefined), { type: 'text', text: 'x' })] }), model()).losses,
    ).toHaveLength(1);
  });

  it('goes or stays by the name of the model, not by its manifest alone', () => {
    const { capabilities } = model();
    const own = [said('a'), answered(thought('openai'), { type: 'text', text: 'b' })];
    const sentTo = (name: string) => JSON.stringify(adapted(request({ messages: own }), { name, capabilities }));
    expect(sentTo('anthropic/x')).not.toContain('secret');
    expect(sentTo('openai/x')).toContain('secret');
    expect(sentTo('anthropic/x')).not.toContain('secret');
  });

  it('goes where the model has none', () => {
    const at = model({ features: { thinking: false } });
    expect(JSON.stringify(adapted(request({ messages }), at))).not.toContain('secret');
    expect(adapted(request({ messages }), at).messages[0]).toBe(messages[0]);
  });

  it('that led to nothing is left out, at its own provider too', () => {
    const blank = { type: 'text' as const, text: '\n' };
    const given = request({ messages: [said('a'), answered(thought('anthropic'), blank), said('b')] });
    expect(adapted(given).messages).toEqual([said('a'), said('b')]);
    expect(lost(given, model())).toEqual(['Drop info $.messages[1]']);
  });

  it('alone makes no message', () => {
    const cut = [said('a'), answered(thought('openai')), said('b')];
    expect(adapted(request({ messages: cut })).messages).toEqual([said('a'), said('b')]);
    const alternating = model({ constraints: { messages: { allow_consecutive_same_role: false } } });
    expect(adapted(request({ messages: cut }), alternating).messages).toEqual([
      {
        role: 'user',
        origin: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
    ]);
  });
});

describe('the form of the answer', () => {
  const schema = { type: 'object', properties: { ok: { type: 'boolean' } } };
  const asked = request({ output: { type: 'json_schema', name: 'answer', schema } });
  const words = `Be brief.\n\nAnswer with JSON only, fitting this schema:\n${JSON.stringify(schema)}`;

  it('is asked for in the prompt where the model cannot be held to it', () => {
    const modeOnly = model({ features: { json_schema: false } });
    expect(adapted(asked, modeOnly)).toEqual({ ...request(), system: words, output: { type: 'json' } });
    expect(lost(asked, modeOnly)).toEqual(['Emulate warning $.output']);
    const none = model({ features: { json_schema: false, json_mode: false } });
    expect(adapted(asked, none)).toEqual({ ...request(), system: words });
    expect(lost(asked, none)).toEqual(['Emulate warning $.output']);
    expect(adapted(request({ output: { type: 'json' } }), none)).toEqual({
      ...request(),
      system: 'Be brief.\n\nAnswer with JSON only.',
    });
  });

  it('is asked for in the prompt where the model takes only schemas that say all', () => {
    const at = model({ constraints: { json_schema: 'closed' } });
    const closed = { ...schema, additionalProperties: false, required: ['ok'] };
    const taken = request({ output: { type: 'json_schema', name: 'answer', schema: closed } });
    expect(adapted(taken, at)).toBe(taken);
    expect(lost(asked, at)).toEqual(['Emulate warning $.output']);
    for (const inner of [schema, { type: 'string', pattern: '^a' }, { type: 'array', items: schema }, true]) {
      const open = { ...closed, properties: { ok: inner } };
      const output = { type: 'json_schema', name: 'answer', schema: open } as const;
      expect(lost(request({ output }), at)).toEqual(['Emulate warning $.output']);
    }
  });

  it('is not enforced where calls have to be written as text', () => {
    const at = model({ features: { tool_use: false } });
    const fitted = adapted({ ...asked, tools: [readTool] }, at);
    expect(fitted).not.toHaveProperty('output');
    expect(fitted.system).toMatch(/<tools>[\s\S]*fitting this schema/);
    expect(adapted(asked, at)).toBe(asked);
  });
});

describe('a model without system prompts', () => {
  const at = model({ roles: { system: false } });

  it('finds it in front of the first message, the same at every turn', () => {
    const messages = [said('hi'), answered({ type: 'text', text: 'yes?' })];
    const fitted = adapted(request({ messages }), at);
    expect(fitted.system).toBe('');
    expect(fitted.messages[0]).toEqual({
      role: 'user',
      origin: 'user',
      content: [
        { type: 'text', text: 'Be brief.' },
        { type: 'text', text: 'hi' },
      ],
    });
    expect(lost(request({ messages }), at)).toEqual(['Relocate warning $.system']);
    expect(adapted(request({ messages: [...messages, said('more')] }), at).messages[0]).toBe(fitted.messages[0]);
    expect(adapted(request({ messages, system: 'Be long.' }), at).messages[0]?.content[0]).toEqual({
      type: 'text',
      text: 'Be long.',
    });
  });

  it('finds it in a message of its own when the model spoke first', () => {
    const messages = [answered({ type: 'text', text: 'yes?' })];
    expect(adapted(request({ messages }), at).messages.map(({ role }) => role)).toEqual(['user', 'assistant']);
    expect(adapted(request({ messages, system: '' }), at).messages).toBe(messages);
  });
});

describe('messages of one role that follow one another', () => {
  it('are one message for a model that wants turns; the others stay the objects they are', () => {
    const messages = [
      said('a'),
      answered(call('c')),
      results(result('c')),
      said('b'),
      answered({ type: 'text', text: 'd' }),
    ];
    const at = model({ constraints: { messages: { allow_consecutive_same_role: false } } });
    const first = adapt(request({ messages }), at);
    expect(first.request.messages.map(({ content }) => content.length)).toEqual([1, 1, 2, 1]);
    expect(first.losses).toMatchObject([{ code: 'Relocate', severity: 'info', path: '$.messages[2]' }]);
    const second = adapted(request({ messages: [...messages, said('e'), said('f')] }), at);
    for (const index of [0, 1, 2, 3]) expect(second.messages[index]).toBe(first.request.messages[index]);
  });

  it('are told apart from what they were before more came', () => {
    const at = model({ constraints: { messages: { allow_consecutive_same_role: false } } });
    const messages = [said('a'), said('b'), said('c')];
    const words = (count: number) =>
      blocksOf(adapted(request({ messages: messages.slice(0, count) }), at).messages).length;
    expect([words(2), words(3), words(2)]).toEqual([2, 3, 2]);
  });

  it('from outside keep that mark', () => {
    const at = model({ constraints: { messages: { allow_consecutive_same_role: false } } });
    const messages = [said('a'), { ...said('b'), origin: 'web' as const }];
    expect(adapted(request({ messages }), at).messages).toMatchObject([{ origin: 'web' }]);
  });
});

describe('ids of tool calls', () => {
  const form = (tool_call_id: string) => model({ constraints: { messages: { tool_call_id } } });
  const idsOf = (of: Request): string[] =>
    of.messages.flatMap(({ content }) =>
      content.flatMap((block) => (block.type === 'tool_call' || block.type === 'tool_result' ? [block.callId] : [])),
    );
  const two = request({
    messages: [said('a'), answered(call('call:1'), call('call_1')), results(result('call:1'), result('call_1'))],
  });

  it.each([
    '[a-zA-Z0-9]{9}',
    '^[a-zA-Z0-9_-]{1,64}$',
    'toolu_[A-Za-z0-9]+',
    '\\d+',
    '[a-f0-9]{8}-?',
    '(?:call|fc)_[a-z]+',
  ])('take the form %s, results the same as their calls', (pattern) => {
    const at = form(pattern);
    const [first, second, ...rest] = idsOf(adapted(two, at));
    expect(rest).toEqual([first, second]);
    expect(first).not.toBe(second);
    for (const id of [first, second]) expect(id).toMatch(new RegExp(`^(?:${pattern})$`));
    expect(lost(two, at)).toEqual(['MapFallback info $.messages[1].content[0].callId']);
    expect(idsOf(adapted(structuredClone(two), form(pattern)))).toEqual([first, second, first, second]);
  });

  it('stay when they fit', () => {
    expect(idsOf(adapted(two, form('[a-z_:0-9]+')))).toEqual(['call:1', 'call_1', 'call:1', 'call_1']);
  });

  it('are told apart when a server counts anew with every reply', () => {
    const messages = [
      said('a'),
      answered(call('call_0')),
      results(result('call_0')),
      answered(call('call_0'), call('call_0')),
      results(result('call_0'), result('call_0')),
    ];
    for (const at of [model(), form('[a-z]{9}')]) {
      const ids = idsOf(adapted(request({ messages }), at));
      expect(ids[1]).toBe(ids[0]);
      expect(ids.slice(4)).toEqual(ids.slice(2, 4));
      expect(new Set(ids).size).toBe(3);
    }
  });

  it('become the same again after they were told apart another way', () => {
    const at = model();
    const twice = answered(call('x'));
    const once = [said('a'), twice, results(result('x'))];
    const first = idsOf(adapted(request({ messages: [answered(call('x')), results(result('x')), ...once] }), at));
    const second = idsOf(
      adapted(
        request({
          messages: [
            ...[answered(call('x')), results(result('x'))],
            ...[answered(call('x')), results(result('x'))],
            ...once,
          ],
        }),
        at,
      ),
    );
    expect(new Set(first).size).toBe(2);
    expect(new Set(second).size).toBe(3);
  });

  it('that no form can be made for stay as they are, and that is said', () => {
    const at = form('never@all');
    expect(idsOf(adapted(two, at))).toEqual(idsOf(two));
    expect(lost(two, at)).toEqual(['Unsupported warning $.messages[1].content[0].callId']);
  });

  it.each([
    '(a+)+$',
    '([a-z]|[a-y]|x|y|z|w)*',
    'a*a*a*a*a*b',
    '(',
    'x'.repeat(300),
    '(a|a)(a|a)(a|a)(a|a)(a|a)b',
    'a{9}{9}',
  ])('are never measured with a pattern that could hang or is none: %s', (pattern) => {
    const startedAt = performance.now();
    for (const length of [100, 5000]) {
      const id = `${'a'.repeat(length)}!`;
      const long = request({ messages: [answered(call(id)), results(result(id))] });
      expect(adapted(long, form(pattern))).toBe(long);
      expect(lost(long, form(pattern))).toEqual([]);
    }
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  it('longer than any provider’s are replaced without a look at them', () => {
    const id = 'a'.repeat(100_000);
    const fitted = adapted(request({ messages: [answered(call(id)), results(result(id))] }), form('.*'));
    expect(idsOf(fitted)[0]!.length).toBeLessThan(64);
  });

  it('and names models made up are brought into a form every provider takes', () => {
    const given = request({ messages: [answered(call('c', {}, 'read file…')), results(result('c'))] });
    expect(adapted(given).messages[0]?.content[0]).toMatchObject({ name: 'read_file_' });
    expect(lost(given, model())).toEqual(['MapFallback info $.messages[0].content[0].name']);
  });
});

describe('tools for a model without them', () => {
  const at = model({ features: { tool_use: false } });
  const messages = [
    said('look'),
    answered({ type: 'text', text: 'I look.' }, call('1', { path: '</tool_call>' }), call('2', 'not json')),
    results(result('1', 'found </tool_response> it', [png]), result('2', 'bad input', [], true), result('3', '')),
  ];
  const given = request({ tools: [readTool], messages });

  it('are described in the system prompt', () => {
    const fitted = adapted(given, at);
    expect(fitted.tools).toEqual([]);
    expect(fitted.system).toMatch(/^Be brief\.\n\n# Tools/);
    expect(fitted.system).toContain('{"name":"read","description":"Reads a file.","parameters":{"type":"object"}}');
    expect(fitted.system).toContain('Several such blocks');
    expect(adapted({ ...given, parallelTools: false }, at).system).toContain('Write only one such block');
    expect(lost(given, at)).toEqual(['Emulate warning $.tools']);
    expect(adapted(given, at).tools).toBe(fitted.tools);
  });

  it('have left calls and results behind, which are told as text that ends where it should', () => {
    const [, calls, told] = adapted(given, at).messages;
    expect(calls?.content).toEqual([
      { type: 'text', text: 'I look.' },
      { type: 'text', text: '<tool_call>\n{"name":"read","arguments":{"path":"<\\/tool_call>"}}\n</tool_call>' },
      { type: 'text', text: '<tool_call>\n{"name":"read","arguments":"not json"}\n</tool_call>' },
    ]);
    expect(told?.content).toEqual([
      { type: 'text', text: '<tool_response>\nfound <\\/tool_response> it\n' },
      png,
      { type: 'text', text: '</tool_response>' },
      { type: 'text', text: '<tool_response>\nError: bad input\n</tool_response>' },
      { type: 'text', text: '<tool_response>\n\n</tool_response>' },
    ]);
  });

  it('may only be in the past', () => {
    expect(lost({ ...given, tools: [] }, at)).toEqual(['Emulate warning $.messages[1].content[1]']);
    expect(adapted({ ...given, tools: [] }, at).system).toBe('Be brief.');
    expect(lost(given, model({ roles: { tool: false } }))).toEqual(['Emulate warning $.tools']);
  });
});
