// Conversations as nobody should write them, sent through adaptation and the real clients to servers that refuse what the
// real APIs refuse.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from '../../src/core/capabilities.ts';
import type { Block, Message } from '../../src/core/message.ts';
import type { ModelProvider, Request } from '../../src/core/provider.ts';
import { adapting } from '../../src/engine/models/adapt/adapting.ts';
import { wireServer, type WireServer } from '../support/wire/wire-server.ts';
import { collect, make, subjects } from './provider-subjects.ts';

const seeing: Manifest = {
  modalities: { input: ['text', 'image'], configs: { image: { formats: ['image/png'], max_images_per_request: 20 } } },
  features: { thinking: true },
};
const ids = (tool_call_id: string): Manifest => ({ constraints: { messages: { tool_call_id } } });
const models = {
  anthropic: { ...seeing, ...ids('[a-zA-Z0-9_-]{1,64}') },
  openai: { ...seeing, ...ids('.{1,64}') },
  'openai-chat': { ...seeing, ...ids('.{1,40}') },
  gemini: { ...seeing, ...ids('.{1,64}') },
} as const satisfies Record<string, Manifest>;
const bare: Manifest = { features: { tool_use: false, thinking: false }, roles: { system: false, tool: false } };

const providers = new Map<string, ModelProvider>();
const servers: WireServer[] = [];
beforeAll(async () => {
  for (const [name, manifest] of Object.entries(models))
    for (const [kind, own] of [
      ['able', manifest],
      ['bare', bare],
    ] as const) {
      const server = await wireServer(() => ({ text: 'ok' }), { validate: true });
      servers.push(server);
      const subject = subjects.find((one) => one.name === name)!;
      const provider = await make(subject, subject.env(server.url), { model: own });
      providers.set(`${name}, ${kind}`, adapting(provider, { mode: 'coerce' }));
    }
});
afterAll(() => Promise.all(servers.map((server) => server.close())));

const pixels = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const words = fc.oneof(
  fc.constantFrom('', ' ', '\n', '\u0000', '\ud800', '👩‍👩‍👧', '\u202e', 'é'.normalize('NFD'), '</tool_response>', 'json'),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const textBlock = words.map((text): Block => ({ type: 'text', text }));
const image = fc
  .tuple(fc.constantFrom('image/png', 'IMAGE/PNG', 'image/bmp', ''), fc.constantFrom(pixels, pixels, pixels, ''))
  .map(([mediaType, base64]): Block => ({ type: 'image', mediaType, base64 }));
const thinking = fc
  .constantFrom('anthropic', 'openai', 'gemini', 'deepseek', undefined)
  .map((by): Block => ({ type: 'thinking', text: 'hm', ...(by === undefined ? {} : { by }) }));
const callId = fc.constantFrom('', 'c0', 'c0 ', 'c:0', 'c_0', 'x'.repeat(100), '💥', 'abcdefghi');
const name = fc.constantFrom('', 'read', 'read file', 'functions.read', '9', 'r'.repeat(100), '日本', '__proto__');
const said = fc.array(fc.oneof(textBlock, image), { maxLength: 4 });
/** The parts of a turn in any order, with the answer to each call in any order too; `early` says it beside the calls. */
const turn = fc.oneof(
  said.map((content): Message[] => [{ role: 'user', content }]),
  fc
    .array(fc.oneof(textBlock, thinking), { maxLength: 3 })
    .map((content): Message[] => [{ role: 'assistant', content }]),
  fc
    .record({
      calls: fc.array(fc.tuple(callId, name, fc.oneof(fc.jsonValue(), words)), { minLength: 1, maxLength: 4 }),
      around: fc.array(fc.oneof(textBlock, thinking), { maxLength: 3 }),
      beside: fc.array(textBlock, { maxLength: 2 }),
      given: said,
      isError: fc.boolean(),
      isBackwards: fc.boolean(),
      isSplit: fc.boolean(),
    })
    .map(({ calls, around, beside, given, isError, isBackwards, isSplit }): Message[] => {
      const asked = calls.map(([id, called, input]): Block => ({ type: 'tool_call', callId: id, name: called, input }));
      const answers = calls.map(([id]): Block => ({ type: 'tool_result', callId: id, content: given, isError }));
      if (isBackwards) answers.reverse();
      const content = isBackwards ? [...asked, ...around] : [...around, ...asked];
      return [
        { role: 'assistant', content },
        ...(isSplit
          ? answers.map((one): Message => ({ role: 'user', content: [one] }))
          : [{ role: 'user' as const, content: isBackwards ? [...beside, ...answers] : [...answers, ...beside] }]),
      ];
    }),
);

const opening: Message = { role: 'user', content: [{ type: 'text', text: 'Begin.' }] };
const closing: Message = { role: 'user', content: [{ type: 'text', text: 'Go on.' }] };
const request = (messages: readonly Message[]): Request => ({
  system: 'Be brief.',
  tools: [{ name: 'read', description: 'Reads a file.', inputSchema: { type: 'object', properties: {} } }],
  messages,
  maxOutputTokens: 100,
});
const refused = async (provider: ModelProvider, messages: readonly Message[]): Promise<string | undefined> => {
  try {
    await collect(provider, request(messages));
    return undefined;
  } catch (error) {
    return String(error);
  }
};

const everybody = Object.keys(models).flatMap((name) => [`${name}, able`, `${name}, bare`]);

describe.each(everybody)('whatever a conversation looks like, %s', (who) => {
  it('takes it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(turn, { maxLength: 6 }), async (turns) => {
        expect(await refused(providers.get(who)!, [opening, ...turns.flat(), closing])).toBeUndefined();
      }),
      { numRuns: 120 },
    );
  });

  it('takes fifty pictures, and a megabyte of one', async () => {
    const picture: Block = { type: 'image', mediaType: 'image/png', base64: pixels };
    const large: Block = { ...picture, base64: pixels.slice(0, 96) + 'A'.repeat(1 << 20) };
    const many = Array.from({ length: 50 }, () => picture);
    expect(await refused(providers.get(who)!, [opening, { role: 'user', content: [large, ...many] }])).toBeUndefined();
  });
});
