// A conversation goes from provider to provider and back, through their real clients, to servers that refuse what the real
// APIs refuse.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from '../../src/core/capabilities.ts';
import type { Loss } from '../../src/core/loss.ts';
import { callsOf, text, userMessage, type Block, type Message } from '../../src/core/message.ts';
import type { ModelProvider, Request } from '../../src/core/provider.ts';
import { adapting } from '../../src/engine/models/adapt/adapting.ts';
import { wireServer, type Answer, type WireServer } from '../support/wire/wire-server.ts';
import { collect, make, subjects } from './provider-subjects.ts';

const png: Block = {
  type: 'image',
  mediaType: 'image/png',
  base64: 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
};
const readTool = { name: 'read', description: 'Reads a file.', inputSchema: { type: 'object', properties: {} } };

const seeing: Manifest = { modalities: { input: ['text', 'image'] }, features: { thinking: true } };
const ids = (tool_call_id: string): Manifest => ({ constraints: { messages: { tool_call_id } } });

/** The models the conversation visits: what they are served by, and what is known of them. */
const models = {
  anthropic: { subject: 'anthropic', manifest: { ...seeing, ...ids('[a-zA-Z0-9_-]{1,64}') } },
  openai: { subject: 'openai', manifest: { ...seeing, ...ids('.{1,64}') } },
  chat: { subject: 'openai-chat', manifest: { ...seeing, ...ids('.{1,40}') } },
  mistral: { subject: 'openai-chat', manifest: ids('[a-zA-Z0-9]{9}') },
  plain: { subject: 'openai-chat', manifest: { features: { tool_use: false }, roles: { system: false } } },
} as const satisfies Record<string, { subject: string; manifest: Manifest }>;
type Name = keyof typeof models;
const names = Object.keys(models) as Name[];

interface Visited {
  server: WireServer;
  provider: ModelProvider;
  /** What it answers next. */
  next: Answer;
}
const visited = new Map<Name, Visited>();
const at = (name: Name): Visited => visited.get(name)!;

beforeAll(async () => {
  for (const name of names) {
    const { subject: wanted, manifest } = models[name];
    const server = await wireServer(() => at(name).next, { validate: true });
    const subject = subjects.find((one) => one.name === wanted)!;
    const provider = await make(subject, subject.env(server.url), { model: manifest });
    visited.set(name, { server, provider: adapting(provider, { mode: 'coerce' }), next: {} });
  }
});
afterAll(async () => {
  for (const { server } of visited.values()) await server.close();
});

/** Ids as real servers make them: some count anew with every reply, some are longer than others take. */
const idsOf: Record<Name, (turn: number, position: number) => string> = {
  anthropic: (turn, position) => `toolu_01A09q90qw90lq9178${turn}${position}`,
  openai: (turn, position) => `fc_0f0e50a1476a6c35006912c58dc9f8819192c25864eb${turn}_${position}`,
  chat: (_turn, position) => `functions.read:${position}`,
  mistral: (_turn, position) => `abcdefg0${position}`,
  plain: () => '',
};

const kinds = ['answers', 'calls', 'calls twice', 'calls wrongly', 'is cut', 'says nothing'] as const;
type Kind = (typeof kinds)[number];

const answerOf = (name: Name, kind: Kind, turn: number): Answer => {
  const thinking = models[name].manifest === models.plain.manifest ? {} : { thinking: `${name} thinks, turn ${turn}` };
  const call = (position: number, more: object = {}) => ({
    id: idsOf[name](turn, position),
    name: 'read',
    input: { path: `${position}.ts` },
    ...more,
  });
  const markup = (json: string) => `<tool_call>${json}</tool_call>`;
  const isPlain = name === 'plain';
  switch (kind) {
    case 'answers':
      return { ...thinking, text: `Answer ${turn} of ${name}.` };
    case 'calls':
      return isPlain
        ? { text: `I look.\n${markup('{"name": "read", "arguments": {"path": "0.ts"}}')}` }
        : { ...thinking, calls: [call(0)] };
    case 'calls twice':
      return isPlain
        ? { text: markup('{"name": "read"}').repeat(2) }
        : { ...thinking, redactedThinking: `${name} hides ${turn}`, text: 'Both.', calls: [call(0), call(1)] };
    case 'calls wrongly':
      return isPlain
        ? { text: markup('read it!') }
        : {
            text: 'Hm.',
            calls: [
              call(0, { rawArguments: '{"path": oops' }),
              call(1, { name: 'functions.read file', rawArguments: '[1]' }),
            ],
          };
    case 'is cut':
      return { ...thinking, text: 'So far, and', stop: 'max_tokens' };
    case 'says nothing':
      return { ...thinking };
  }
};

/** What is sent again and again: the beginning of a conversation, without the marks that say how far it is cached. */
const beginning = (body: unknown): unknown[] => {
  const { input, messages } = body as { input?: unknown[]; messages?: unknown[] };
  const list = JSON.stringify(input ?? messages ?? []);
  return JSON.parse(list.replaceAll(',"cache_control":{"type":"ephemeral"}', '')) as unknown[];
};

/** One conversation: each step is one call of a model, and what it asked for is done before the next. */
const converse = async (
  steps: readonly (readonly [Name, Kind])[],
): Promise<{ messages: Message[]; losses: Loss[] }> => {
  const messages: Message[] = [{ role: 'user', content: [text('What is on it?'), png], origin: 'user' }];
  const losses: Loss[] = [];
  const sent = new Map<Name, unknown[]>();
  for (const [turn, [name, kind]] of steps.entries()) {
    const model = at(name);
    model.next = answerOf(name, kind, model.server.requests.length);
    const request: Request = { system: 'Be brief.', tools: [readTool], messages: [...messages], maxOutputTokens: 100 };
    const { deltas, reply } = await collect(model.provider, request);
    for (const delta of deltas) if (delta.type === 'losses') losses.push(...delta.losses);

    const body = beginning(model.server.requests.at(-1)!.body);
    // The servers know OpenAI's rule on ids; Mistral's is stricter.
    const used = JSON.stringify(body).matchAll(/"(?:tool_call_id|id)":"([^"]*)"/g);
    if (name === 'mistral') for (const [, id] of used) expect(id).toMatch(/^[a-zA-Z0-9]{9}$/);
    const before = sent.get(name) ?? [];
    expect(body.slice(0, before.length), `${name} is sent another beginning`).toEqual(before);
    // What the user says after an answer without words goes into the message before it.
    sent.set(name, kind === 'says nothing' ? body.slice(0, -1) : body);

    if (reply.content.length > 0) messages.push({ role: 'assistant', content: reply.content });
    const calls = callsOf(reply.content);
    if (calls.length > 0)
      messages.push({
        role: 'user',
        content: calls.map(({ callId }, index) => ({
          type: 'tool_result',
          callId,
          content: index === 0 ? [text(`result ${turn}`), png] : [],
          isError: index === 1,
        })),
      });
    if (calls.length === 0 || turn % 3 === 0) messages.push(userMessage(`And now? (${turn})`));
  }
  return { messages, losses };
};

describe('a conversation', () => {
  const pairs = names.flatMap((from) => names.filter((to) => to !== from).map((to) => [from, to] as const));

  it.each(pairs)('that began at %s goes on at %s and comes back', async (from, to) => {
    const visit = (name: Name) => kinds.map((kind) => [name, kind] as const);
    const { messages } = await converse([...visit(from), ...visit(to), ...visit(from), [to, 'answers']]);
    expect(messages.length).toBeGreaterThan(30);
  });

  it('may change its provider at every step, between calls and their results too', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...kinds)), { minLength: 2, maxLength: 14 }),
        async (steps) => {
          await converse(steps);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('says what it loses on the way', async () => {
    const { losses } = await converse([
      ['anthropic', 'calls twice'],
      ['mistral', 'calls'],
      ['plain', 'calls'],
      ['openai', 'answers'],
    ]);
    const seen = new Set(losses.map(({ code, severity }) => `${code} ${severity}`));
    expect([...seen].sort()).toEqual([
      'Drop error',
      'Drop info',
      'Emulate warning',
      'MapFallback info',
      'Relocate info',
      'Relocate warning',
    ]);
  });
});

describe('the servers', () => {
  const refused = async (path: string, body: object): Promise<string> => {
    const name: Name = path === '/v1/messages' ? 'anthropic' : path === '/v1/responses' ? 'openai' : 'chat';
    at(name).next = { text: 'ok' };
    const answer = await fetch(at(name).server.url + path, { method: 'POST', body: JSON.stringify(body) });
    if (answer.status === 200) return 'taken';
    return ((await answer.json()) as { error: { message: string } }).error.message;
  };
  const hi = { role: 'user', content: 'hi' };
  const use = (id: string, input: unknown = {}) => ({
    role: 'assistant',
    content: [{ type: 'tool_use', id, name: 'read', input }],
  });
  const used = (id: string, ...more: object[]) => ({
    role: 'user',
    content: [{ type: 'tool_result', tool_use_id: id }, ...more],
  });

  it.each<[string, object | undefined, string]>([
    ['an end', { messages: [hi] }, 'taken'],
    ['calls with results', { messages: [hi, use('a'), used('a')] }, 'taken'],
    ['no messages', { messages: [] }, 'at least one message is required'],
    ['no cap', { max_tokens: undefined, messages: [hi] }, 'max_tokens: Field required'],
    ['a field nobody knows', { seed: 1, messages: [hi] }, 'seed: Extra inputs are not permitted'],
    ['the model speaking first', { messages: [use('a'), used('a')] }, 'first message must use the "user" role'],
    ['two of one role', { messages: [hi, hi] }, 'roles must alternate'],
    ['a call without result', { messages: [hi, use('a'), hi] }, 'ids were found without `tool_result` blocks'],
    ['a call at the end', { messages: [hi, use('a')] }, 'ids were found without `tool_result` blocks'],
    [
      'a result without call',
      { messages: [hi, use('a'), used('a', { type: 'tool_result', tool_use_id: 'b' })] },
      'unexpected `tool_use_id`',
    ],
    ['an id twice', { messages: [hi, use('a'), used('a'), use('a'), used('a')] }, 'ids must be unique'],
    ['an id of another form', { messages: [hi, use('a:1'), used('a:1')] }, 'String should match pattern'],
    ['input that is no object', { messages: [hi, use('a', [1]), used('a')] }, 'valid dictionary'],
    ['an empty text', { messages: [{ role: 'user', content: [{ type: 'text', text: '' }] }] }, 'must be non-empty'],
    [
      'a made-up signature',
      {
        messages: [
          hi,
          {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: 'x', signature: 'y' },
              { type: 'text', text: 'z' },
            ],
          },
        ],
      },
      'Invalid `signature`',
    ],
    [
      'words before a result',
      { messages: [hi, use('a'), { role: 'user', content: [{ type: 'text', text: 'x' }, ...used('a').content] }] },
      'must come first',
    ],
    [
      'five marks',
      {
        messages: [
          { role: 'user', content: Array(5).fill({ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }) },
        ],
      },
      'maximum of 4 blocks',
    ],
  ])('refuse at Anthropic what it refuses: %s', async (_what, more, expected) => {
    expect(await refused('/v1/messages', { model: 'm', max_tokens: 9, ...more })).toContain(expected);
  });

  const called = (call_id: string) => ({ type: 'function_call', call_id, name: 'read', arguments: '{}' });
  const output = (call_id: string) => ({ type: 'function_call_output', call_id, output: '' });
  it.each<[string, object[], string]>([
    ['calls with results', [hi, called('a'), called('b'), output('a'), output('b'), hi], 'taken'],
    ['a call without result', [hi, called('a'), hi], 'No tool output found for function call a'],
    ['a call at the end', [hi, called('a')], 'No tool output found for function call a'],
    ['a result without call', [hi, output('a')], 'No tool call found for function call output with call_id a'],
    ['a long id', [hi, called('a'.repeat(65)), output('a'.repeat(65))], 'maximum length 64'],
    [
      'reasoning of others',
      [
        hi,
        { type: 'reasoning', id: 'rs_x', summary: [], encrypted_content: 'enc' },
        { role: 'assistant', content: 'x' },
      ],
      'could not be verified',
    ],
    [
      'words of the user from the model',
      [{ role: 'assistant', content: [{ type: 'input_text', text: 'x' }] }],
      'Invalid value',
    ],
  ])('refuse at OpenAI what it refuses: %s', async (_what, input, expected) => {
    expect(await refused('/v1/responses', { model: 'm', input })).toContain(expected);
  });

  const calling = (...ids: string[]) => ({
    role: 'assistant',
    content: null,
    tool_calls: ids.map((id) => ({ id, type: 'function', function: { name: 'read', arguments: '{}' } })),
  });
  const told = (tool_call_id: string) => ({ role: 'tool', tool_call_id, content: '' });
  it.each<[string, object[], string]>([
    ['calls with results', [hi, calling('a', 'b'), told('b'), told('a'), hi], 'taken'],
    ['a call without result', [hi, calling('a', 'b'), told('a'), hi], 'did not have response messages: b'],
    ['a call at the end', [hi, calling('a')], 'did not have response messages: a'],
    ['a result without call', [hi, told('a')], "must be a response to a preceeding message with 'tool_calls'"],
    ['a long id', [hi, calling('a'.repeat(41)), told('a'.repeat(41))], 'maximum length 40'],
    ['nothing said', [{ role: 'assistant', content: null }], 'expected a string, got null'],
  ])('refuse at Chat Completions what it refuses: %s', async (_what, messages, expected) => {
    expect(await refused('/v1/chat/completions', { model: 'm', messages })).toContain(expected);
  });
});
