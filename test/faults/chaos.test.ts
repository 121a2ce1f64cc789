// Five hundred turns through three providers whose servers and connections fail every fifth time, and what going over to
// another one costs.
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { drain } from '../../src/base/streams.ts';
import { manifestOf } from '../../src/core/capabilities.ts';
import type { Event, Transient } from '../../src/core/event.ts';
import { callsOf, text, textOf, userMessage, type Message } from '../../src/core/message.ts';
import type { ModelProvider, Reply } from '../../src/core/provider.ts';
import { adapting } from '../../src/engine/models/adapt/adapting.ts';
import { breaker, type BreakerOptions } from '../../src/engine/models/breaker.ts';
import { budgeted } from '../../src/engine/models/budget.ts';
import { bulkhead } from '../../src/engine/models/bulkhead.ts';
import { callModel, nothingTold } from '../../src/engine/models/call-model.ts';
import { estimateRequest } from '../../src/engine/context.ts';
import { fallingBack, type Link } from '../../src/engine/models/fallback.ts';
import { purse, type Purse } from '../../src/engine/models/purse.ts';
import { rateLimiter } from '../../src/engine/models/rate-limit.ts';
import { retrying } from '../../src/engine/models/resilience.ts';
import { router, strategies } from '../../src/engine/models/route.ts';
import { timed } from '../../src/engine/models/timeouts.ts';
import { hello, make, subjects, type Subject } from '../contract/provider-subjects.ts';
import { conversationOf, type Conversation } from '../support/wire/conversation.ts';
import {
  wireServer,
  type Answer,
  type Fault,
  type Turn,
  type WireRequest,
  type WireServer,
} from '../support/wire/wire-server.ts';

const seed = 5;
const chats = 5;
const turnsPerChat = 100;
/** Long enough for a busy machine, short enough for some dozen of them. */
const stallTimeoutMs = 700;
const totalMs = 2500;
const model = manifestOf({
  contextWindow: 1_000_000,
  maxOutputTokens: 1000,
  thinking: true,
  price: { inputPerMTok: 1, outputPerMTok: 1, cacheReadPerMTok: 1, cacheWritePerMTok: 1 },
});

/** From 0 up to 1, always the same for the same words. */
const chance = (...words: readonly (string | number)[]): number =>
  createHash('sha256')
    .update(`${seed} ${words.join(' ')}`)
    .digest()
    .readUInt32BE() /
  2 ** 32;

/** What can go wrong; `fails` tells whether the attempt is lost by it. */
const mishaps: readonly (readonly [name: string, turn: (answer: Answer) => Turn, fails: boolean])[] = [
  ['reset', () => ({ fault: 'raw', events: [], cut: true }), true],
  ['429', () => ({ fault: 'status', status: 429, headers: { 'retry-after': '1' } }), true],
  ['429 for a moment', () => ({ fault: 'status', status: 429, headers: { 'retry-after-ms': '20' } }), true],
  ['500', () => ({ fault: 'status', status: 500 }), true],
  ['529', () => ({ fault: 'status', status: 529 }), true],
  ['stall at the start', () => ({ fault: 'stall', from: 'start' }), true],
  ['stall in the middle', () => ({ fault: 'stall', text: 'answer to' }), true],
  ['truncated', () => ({ fault: 'truncate', text: 'answer to' }), true],
  ['malformed', () => ({ fault: 'malformed', text: 'answer to' }), true],
  ['slow drip', (answer) => ({ fault: 'drip', answer, everyMs: 20 }), false],
  ['endless drip', (answer) => ({ fault: 'drip', answer, everyMs: 500 }), true],
];

const answerTo = (question: string): string => `answer to ${question}`;
const questionOf = (chat: number, turn: number): string => `question ${turn} of chat ${chat}: how are you?`;

/** What is wrong with what a model was sent: each earlier question must stand there once, with its answer. */
const problemsIn = ({ messages }: Conversation, question: string): string[] => {
  const [, turn = '', chat = ''] = /^question (\d+) of chat (\d+)/.exec(question) ?? [];
  const asked = messages.filter(({ role, text: said }) => role === 'user' && said !== '').map(({ text: said }) => said);
  const expected = Array.from({ length: Number(turn) + 1 }, (_, index) => questionOf(Number(chat), index));
  const answered = messages
    .filter(({ role }) => role === 'assistant')
    .map(({ text: said }) => said)
    .filter((said) => said !== '');
  return [
    ...(asked.join('\n') === expected.join('\n') ? [] : [`questions: ${asked.join(' | ')}`]),
    ...(answered.join('\n') === expected.slice(0, -1).map(answerTo).join('\n')
      ? []
      : [`answers: ${answered.join(' | ')}`]),
  ];
};

/** Answers every question, and fails as often as it is told; the same call fails in the same way in every run. */
const sickModel = () => {
  const attempts = new Map<string, number>();
  const injected = new Map<string, number>();
  const problems: string[] = [];
  let answers = 0;
  let failures = 0;
  const script = (sent: WireRequest): Turn => {
    const conversation = conversationOf(sent);
    const question =
      conversation.messages.findLast(({ role, text: said }) => role === 'user' && said !== '')?.text ?? '';
    const last = conversation.messages.at(-1);
    const hasResult = (last?.toolResults.length ?? 0) > 0 && last?.text === '';
    problems.push(...problemsIn(conversation, question));
    const wantsTool = !hasResult && chance('tool', question) < 0.2;
    const answer: Answer = {
      ...(chance('thinking', question) < 0.3 ? { thinking: 'Let me think.' } : {}),
      ...(wantsTool
        ? {
            calls: [
              { id: `look_${question.replace(/\W+/g, '_').slice(0, 30)}`, name: 'look', input: { at: question } },
            ],
          }
        : { text: answerTo(question) }),
    };
    const key = `${question} ${hasResult}`;
    const attempt = attempts.get(key) ?? 0;
    attempts.set(key, attempt + 1);
    if (chance('fault', key, attempt) < 0.2) {
      const [name, turn, fails] =
        mishaps[Math.floor(chance('mishap', key, attempt) * mishaps.length)] ?? mishaps[0] ?? [];
      if (name === undefined || !turn) throw new Error('there are mishaps');
      injected.set(name, (injected.get(name) ?? 0) + 1);
      if (fails === true) failures++;
      else answers++;
      return turn(answer);
    }
    answers++;
    return answer;
  };
  return { script, injected, problems, answers: () => answers, failures: () => failures, calls: () => attempts.size };
};

const stackOf = (provider: ModelProvider, shared: Purse, health: BreakerOptions = {}): Link => {
  const limited = rateLimiter({ requests_per_minute: 1e6, max_concurrent_requests: 50 }).around(
    provider,
    estimateRequest,
  );
  const inner = timed(adapting(budgeted(limited, shared), { mode: 'warn' }), { totalMs });
  const guard = breaker(health);
  return {
    name: provider.name,
    capabilities: provider.capabilities(),
    brief: guard.around(retrying(inner, { patience: 'brief' })),
    patient: guard.around(retrying(inner)),
    isResting: () => guard.isResting(),
  };
};

const servers: WireServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const serve = async (script: (request: WireRequest) => Turn): Promise<string> => {
  const server = await wireServer(script, { validate: true });
  servers.push(server);
  return server.url;
};

const [anthropic, openai, chatCompletions] = subjects as [Subject, Subject, Subject];
const three = [anthropic, openai, chatCompletions];

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN;

/** Holds one conversation and checks every answer. */
const converse = async (chat: number, provider: ModelProvider): Promise<(Event | Transient)[]> => {
  const events: (Event | Transient)[] = [];
  const messages: Message[] = [];
  const told = nothingTold();
  const { signal } = new AbortController();
  const tools = [
    { name: 'look', description: 'Looks.', inputSchema: { type: 'object', properties: { at: { type: 'string' } } } },
  ];
  const ask = async (): Promise<Reply> => {
    let shown = '';
    let selected = '';
    const request = { system: 'Answer.', tools, messages: [...messages], maxOutputTokens: 1000 };
    const reply = await drain(
      callModel(provider, request, { run: String(chat), purpose: 'work', told }, signal),
      (event) => {
        events.push(event);
        if (event.type === 'text.delta') shown += event.text;
        if (event.type === 'model.retried') shown = '';
        if (event.type === 'model.selected') selected = event.model;
      },
    );
    expect(shown).toBe(textOf(reply.content));
    if (selected !== '') expect(reply.model).toBe(selected);
    messages.push({ role: 'assistant', content: reply.content });
    return reply;
  };
  for (let turn = 0; turn < turnsPerChat; turn++) {
    messages.push(userMessage(questionOf(chat, turn)));
    let reply = await ask();
    const [call] = callsOf(reply.content);
    if (call) {
      messages.push({
        role: 'user',
        content: [{ type: 'tool_result', callId: call.callId, content: [text('seen')], isError: false }],
      });
      reply = await ask();
    }
    expect(textOf(reply.content)).toBe(answerTo(questionOf(chat, turn)));
  }
  expect(messages.filter(({ role }) => role === 'assistant').flatMap(({ content }) => textOf(content) || [])).toEqual(
    Array.from({ length: turnsPerChat }, (_, turn) => answerTo(questionOf(chat, turn))),
  );
  return events;
};

describe('chaos', () => {
  it('answers every one of 500 turns exactly once, and tells of every attempt that failed', async () => {
    const sick = sickModel();
    const shared = purse({});
    const links: Link[] = [];
    for (const subject of three) {
      const provider = await make(subject, subject.env(await serve(sick.script)), { model, stallTimeoutMs });
      links.push(stackOf(provider, shared, { failures: 3, restMs: 200 }));
    }
    const strategy = strategies['round-robin'];
    if (!strategy) throw new Error('there is a round-robin');
    const way = router(links, { strategy, needs: [], sticky: false });
    const provider = bulkhead({ maxCalls: chats - 1, whenFull: 'wait' }).around(
      fallingBack({ links, order: (request) => way.order(request) }),
    );

    const startedAt = performance.now();
    const events = (await Promise.all(Array.from({ length: chats }, (_, chat) => converse(chat, provider)))).flat();
    const seconds = (performance.now() - startedAt) / 1000;

    const retried = events.flatMap((event) => (event.type === 'model.retried' ? [event] : []));
    const refused = retried.filter(({ reason }) => reason.includes('times in a row'));
    const usages = events.filter(({ type }) => type === 'usage');
    const injected = [...sick.injected.values()].reduce((sum, count) => sum + count, 0);
    console.log(
      `${chats * turnsPerChat} turns, ${sick.calls()} calls, ${injected} faults (${[...sick.injected].map(([name, count]) => `${name} ${count}`).join(', ')}), ` +
        `${retried.length - refused.length} attempts failed, ${refused.length} refused by breakers, ${seconds.toFixed(1)} s`,
    );
    expect(sick.problems).toEqual([]);
    expect(sick.injected.size).toBe(mishaps.length);
    expect(injected / (injected + sick.answers())).toBeGreaterThan(0.15);
    // One answer per call, and no call without one.
    expect(sick.answers()).toBe(sick.calls());
    expect(usages).toHaveLength(sick.calls());
    expect(retried.length - refused.length).toBe(sick.failures());
    // Whoever answered is who the log names, and all of them had their share.
    const names = links.map(({ name }) => name);
    for (const name of names)
      expect(events.filter((event) => event.type === 'usage' && event.model === name).length).toBeGreaterThan(50);
    expect(shared.run.reserved).toEqual({ nanos: 0, tokens: 0 });
  });
});

describe('going over to another model', () => {
  /** Milliseconds until the second model is asked, and until it has answered, for each call. */
  const measure = async (sick: ModelProvider, times: number): Promise<{ asked: number[]; answered: number[] }> => {
    const url = await serve(() => ({ text: 'Here I am.' }));
    const well = await make(openai, openai.env(url), { model });
    // The breaker would hide what is measured.
    const links = [stackOf(sick, purse({}), { failures: Infinity }), stackOf(well, purse({}))];
    const provider = fallingBack({ links });
    const asked: number[] = [];
    const answered: number[] = [];
    for (let call = -1; call < times; call++) {
      const startedAt = performance.now();
      let askedMs = NaN;
      const reply = await drain(provider.stream(hello, new AbortController().signal), (delta) => {
        if (delta.type === 'selected' && delta.model === well.name) askedMs = performance.now() - startedAt;
      });
      expect(reply.model).toBe(well.name);
      // The first call loads the clients.
      if (call < 0) continue;
      asked.push(askedMs);
      answered.push(performance.now() - startedAt);
    }
    return { asked, answered };
  };

  it('takes less than 250 ms after a refused connection', async () => {
    const gone = await wireServer([]);
    await gone.close();
    for (const subject of three) {
      const { asked, answered } = await measure(await make(subject, subject.env(gone.url), { model }), 100);
      console.log(
        `${subject.name} refused: the next is asked after ${percentile(asked, 0.95).toFixed(1)} ms (p95), has answered after ${percentile(answered, 0.95).toFixed(1)} ms`,
      );
      expect(percentile(asked, 0.95)).toBeLessThan(250);
    }
  });

  it('takes less than 250 ms more than the idle timeout after a stalled stream', async () => {
    const idleMs = 200;
    const stall: Fault = { fault: 'stall', text: 'I' };
    for (const subject of three) {
      const url = await serve(() => stall);
      const { asked } = await measure(await make(subject, subject.env(url), { model, stallTimeoutMs: idleMs }), 10);
      console.log(
        `${subject.name} stalled: the next is asked ${(percentile(asked, 0.95) - idleMs).toFixed(1)} ms (p95) after the idle timeout`,
      );
      expect(percentile(asked, 0.95)).toBeLessThan(idleMs + 250);
    }
  });
});
