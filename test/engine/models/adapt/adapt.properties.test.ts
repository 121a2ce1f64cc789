// What holds for every request and every model.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { severities, worstOf } from '../../../../src/core/loss.ts';
import type { Feature, Manifest } from '../../../../src/core/capabilities.ts';
import type { Block, Message } from '../../../../src/core/message.ts';
import type { Request } from '../../../../src/core/provider.ts';
import { adapt } from '../../../../src/engine/models/adapt/adapt.ts';
import { blocksOf, model, png, readTool, request } from './world.ts';

const words = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('<tool_call>', '</tool_response>', '{"name":1}'));
const textBlock = words.map((text): Block => ({ type: 'text', text }));
const image = fc
  .constantFrom('image/png', 'image/gif', 'image/tiff')
  .map((mediaType): Block => ({ type: 'image', mediaType, base64: 'AAAA' }));
const makers = ['anthropic', 'openai', 'gemini', undefined];
const thinking = fc.constantFrom(...makers).map((by): Block => ({
  type: 'thinking',
  text: 'hm',
  signature: `signed by ${by ?? 'nobody'}`,
  ...(by === undefined ? {} : { by }),
}));
const callId = fc.oneof(fc.constantFrom('call_0', 'call:1', 'x'.repeat(80)), fc.string({ minLength: 1, maxLength: 6 }));

/** A turn: what the user says, or calls with their results. */
const turn = fc.oneof(
  fc.array(fc.oneof(textBlock, image), { maxLength: 3 }).map((content): Message[] => [{ role: 'user', content }]),
  fc
    .array(fc.oneof(textBlock, thinking), { maxLength: 3 })
    .map((content): Message[] => [{ role: 'assistant', content }]),
  fc
    .tuple(
      fc.array(fc.oneof(textBlock, thinking), { maxLength: 2 }),
      fc.array(fc.tuple(callId, fc.constantFrom('read', 'a b'), fc.jsonValue()), { minLength: 1, maxLength: 3 }),
      fc.array(fc.oneof(textBlock, image), { maxLength: 2 }),
      fc.boolean(),
    )
    .map(([before, calls, content, isError]): Message[] => [
      {
        role: 'assistant',
        content: [
          ...before,
          ...calls.map(([callId, name, input]): Block => ({ type: 'tool_call', callId, name, input })),
        ],
      },
      {
        role: 'user',
        content: calls.map(([callId]): Block => ({ type: 'tool_result', callId, content, isError })),
      },
    ]),
);
const messages = fc.array(turn, { maxLength: 8 }).map((turns) => turns.flat());

const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });
const given = <T extends object>(value: T): Partial<T> =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Partial<T>;

const requests: fc.Arbitrary<Request> = fc
  .record({
    messages,
    system: fc.constantFrom('', 'Be brief.'),
    tools: fc.constantFrom([], [readTool]),
    maxOutputTokens: fc.integer({ min: 1, max: 200_000 }),
    parameters: optional(
      fc.dictionary(fc.constantFrom('temperature', 'top_p', 'top_k', 'made_up'), fc.double({ min: -3, max: 3 })),
    ),
    seed: optional(fc.nat()),
    stop: optional(fc.array(words, { maxLength: 2 })),
    output: optional(
      fc.constantFrom(
        { type: 'json' as const },
        { type: 'json_schema' as const, name: 'a', schema: { type: 'array' } },
      ),
    ),
    parallelTools: optional(fc.boolean()),
  })
  .map((parts) => request(given(parts) as Partial<Request>));

const switchable: Feature[] = [
  ...([
    'tool_use',
    'parallel_tool_use',
    'json_mode',
    'json_schema',
    'thinking',
    'seed_support',
    'stop_sequences',
  ] as const),
];
const idForm = fc.constantFrom(undefined, '[a-zA-Z0-9]{9}', '[a-zA-Z0-9_-]{1,64}', '(a+)+');
const manifests: fc.Arbitrary<Manifest> = fc
  .record({
    features: fc.subarray(switchable).map((off) => Object.fromEntries(off.map((feature) => [feature, false]))),
    images: fc.boolean(),
    formats: optional(fc.constant(['image/png'])),
    system: fc.boolean(),
    allow: fc.boolean(),
    idForm,
    exclusive: fc.boolean(),
    most: fc.constantFrom(50, 100_000),
  })
  .map(({ features, images, formats, system, allow, idForm: tool_call_id, exclusive, most }): Manifest => ({
    features,
    modalities: { input: images ? ['text', 'image'] : ['text'], configs: { image: { formats } } },
    roles: { system },
    constraints: {
      messages: { allow_consecutive_same_role: allow, tool_call_id },
      mutually_exclusive: exclusive ? [['temperature', 'top_p']] : [],
      tokens: { max_output_tokens: most },
    },
  }));
const names = fc.constantFrom('anthropic/a', 'openai/b', 'openai-chat/c', 'azure-openai/d', 'gemini/e');
const models = fc.tuple(manifests, names).map(([manifest, name]) => model(manifest, name));

/** Roles and blocks in order, however they are cut into messages. */
const flat = (of: readonly Message[]): string[] =>
  of.flatMap(({ role, content }) => content.map((block) => `${role} ${JSON.stringify(block)}`));

describe('adapting', () => {
  it('changes nothing the second time, and loses nothing then', () => {
    fc.assert(
      fc.property(requests, models, (of, at) => {
        const once = adapt(of, at).request;
        const twice = adapt(once, at);
        expect(twice.request).toBe(once);
        expect(twice.losses).toEqual([]);
      }),
    );
  });

  it('comes to the same for the same request, whatever was adapted before', () => {
    fc.assert(
      fc.property(requests, manifests, names, (of, manifest, name) => {
        const first = adapt(of, model(manifest, name));
        expect(adapt(structuredClone(of), model(manifest, name))).toEqual(first);
        const at = model(manifest, name);
        adapt({ ...of, messages: of.messages.slice(0, -1) }, at);
        expect(adapt(of, at)).toEqual(first);
      }),
    );
  });

  it('keeps the beginning of a conversation that grows', () => {
    fc.assert(
      fc.property(requests, models, fc.nat(20), (of, at, cut) => {
        const before = adapt({ ...of, messages: of.messages.slice(0, cut) }, at).request;
        const after = adapt(of, at).request;
        expect(after.system).toBe(before.system);
        const [short, long] = [flat(before.messages), flat(after.messages)];
        expect(long.slice(0, short.length)).toEqual(short);
      }),
    );
  });

  it('leaves the request it was given as it was', () => {
    fc.assert(
      fc.property(requests, models, (of, at) => {
        const copy = structuredClone(of);
        adapt(of, at);
        expect(of).toEqual(copy);
      }),
    );
  });

  it('never sends what one provider signed to another', () => {
    fc.assert(
      fc.property(requests, models, (of, at) => {
        const sent = JSON.stringify(adapt(of, at).request);
        for (const by of ['anthropic', 'openai', 'gemini', 'nobody'])
          if (at.name.split('/')[0] !== by) expect(sent).not.toContain(`signed by ${by}"`);
      }),
    );
  });

  it('leaves every call its result and every result its call, one of each, with an id of their own', () => {
    fc.assert(
      fc.property(requests, models, (of, at) => {
        const fitted = adapt(of, at).request.messages;
        const calls: string[] = [];
        let open: string[] = [];
        for (const { content } of fitted) {
          const results = content.flatMap((block) => (block.type === 'tool_result' ? [block.callId] : []));
          if (results.length > 0) {
            expect(results).toEqual(open);
            open = [];
          }
          for (const block of content)
            if (block.type === 'tool_call') {
              open.push(block.callId);
              calls.push(block.callId);
            }
        }
        expect(open).toEqual([]);
        expect(new Set(calls).size).toBe(calls.length);
        const count = (list: readonly Message[]) => blocksOf(list).filter(({ type }) => type === 'tool_call').length;
        expect(calls.length).toBe(at.capabilities.features.tool_use ? count(of.messages) : 0);
      }),
    );
  });

  it('keeps every word that was said, in its order, and every picture no loss speaks of', () => {
    fc.assert(
      fc.property(requests, models, (of, at) => {
        const { request: fitted, losses } = adapt(of, at);
        const texts = (list: readonly Message[]): string =>
          list
            .flatMap(({ content }) => content.flatMap((block) => (block.type === 'text' ? [block.text] : [])))
            .join('\n');
        const all = texts(fitted.messages);
        let from = 0;
        for (const { content } of of.messages)
          for (const block of content) {
            // A blank answer after reasoning is no answer.
            if (block.type !== 'text' || block.text.trim() === '') continue;
            const found = all.indexOf(block.text, from);
            expect(found).toBeGreaterThanOrEqual(0);
            from = found + block.text.length;
          }
        const pictures = (list: readonly Message[]) => blocksOf(list).filter(({ type }) => type === 'image').length;
        const dropped = losses.filter(({ code, severity }) => code === 'Drop' && severity === 'error').length;
        expect(pictures(fitted.messages) + dropped).toBe(pictures(of.messages));
      }),
    );
  });

  it('says that something is lost whenever it changes more than how messages are cut', () => {
    fc.assert(
      fc.property(requests, models, (of, at) => {
        const { request: fitted, losses } = adapt(of, at);
        if (losses.length > 0) return;
        const { messages: before, stop: _stop, parallelTools: _parallel, ...rest } = of;
        expect(fitted).toMatchObject(rest);
        expect(flat(fitted.messages)).toEqual(flat(before));
      }),
    );
  });

  it('never loses less at a model that can do less', () => {
    const rank = (of: Request, manifest: Manifest, name: string): number => {
      const worst = worstOf(adapt(of, model(manifest, name)).losses);
      return worst === undefined ? -1 : severities.indexOf(worst);
    };
    const poorer = fc.constantFrom<(manifest: Manifest) => Manifest>(
      ...switchable.map((feature) => (manifest: Manifest) => ({
        ...manifest,
        features: { ...manifest.features, [feature]: false },
      })),
      (manifest) => ({ ...manifest, modalities: { input: ['text'] } }),
      (manifest) => ({ ...manifest, modalities: { ...manifest.modalities, configs: { image: { formats: [] } } } }),
      (manifest) => ({ ...manifest, roles: { system: false } }),
      (manifest) => ({ ...manifest, parameters: { temperature: { supported: false } } }),
      (manifest) => ({ ...manifest, parameters: { top_p: { supported: true, max: 0.1 } } }),
      (manifest) => ({ ...manifest, constraints: { ...manifest.constraints, tokens: { max_output_tokens: 1 } } }),
      (manifest) => ({
        ...manifest,
        constraints: { ...manifest.constraints, mutually_exclusive: [['temperature', 'top_p']] },
      }),
      (manifest) => ({
        ...manifest,
        constraints: {
          ...manifest.constraints,
          messages: { ...manifest.constraints?.messages, allow_consecutive_same_role: false },
        },
      }),
    );
    fc.assert(
      fc.property(requests, manifests, names, poorer, (of, manifest, name, makePoorer) => {
        expect(rank(of, makePoorer(manifest), name)).toBeGreaterThanOrEqual(rank(of, manifest, name));
      }),
    );
  });
});

describe('adapting a long conversation', () => {
  it('costs little when all but the end was adapted before', () => {
    const file = 'const value = compute(input);\n'.repeat(65);
    const history: Message[] = [{ role: 'user', content: [{ type: 'text', text: 'Go.' }], origin: 'user' }];
    for (let index = 0; index < 300; index++)
      history.push(
        {
          role: 'assistant',
          content: [
            { type: 'thinking', text: 'hm', signature: 's', by: 'openai' },
            { type: 'tool_call', callId: `call:${index}`, name: 'read', input: { path: `${index}.ts` } },
          ],
        },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              callId: `call:${index}`,
              content: [{ type: 'text', text: file }, ...(index % 50 === 0 ? [png] : [])],
              isError: false,
            },
          ],
        },
      );
    const costs = (manifest: Manifest): number => {
      const at = model(manifest);
      const times: number[] = [];
      for (let size = 401; size <= history.length; size += 2) {
        const of = request({ tools: [readTool], messages: history.slice(0, size) });
        const startedAt = performance.now();
        adapt(of, at);
        times.push(performance.now() - startedAt);
      }
      return times.slice(1).sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
    };
    const constraints = { messages: { allow_consecutive_same_role: false, tool_call_id: '[a-z0-9]{9}' } };
    const medians = {
      nothing: costs({ features: { thinking: false } }),
      most: costs({ constraints, modalities: { configs: { image: { max_images_per_request: 3 } } } }),
      emulated: costs({ features: { tool_use: false }, modalities: { input: ['text'] }, roles: { system: false } }),
    };
    for (const ms of Object.values(medians)) expect(ms).toBeLessThan(2);
  });
});
