// What stands between a run and its model: routing, adaptation, limits, budgets, retries, failover.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createServer } from 'node:net';
import { text, userMessage, type Message } from '../../src/core/message.ts';
import type { Config } from '../../src/core/config.ts';
import type { Plugin } from '../../src/core/plugin.ts';
import type { Delta, ModelProvider, Reply, Request } from '../../src/core/provider.ts';
import { capabilitiesFrom, manifestOf } from '../../src/core/capabilities.ts';
import { redactor } from '../../src/base/redact/redactor.ts';
import { callModel, nothingTold } from '../../src/engine/models/call-model.ts';
import { withoutSecrets } from '../../src/engine/placeholders.ts';
import { purse } from '../../src/engine/models/purse.ts';
import { modelsOf } from '../../src/app/models/route-models.ts';
import { openRouting } from '../../src/app/models/routing.ts';
import { modelTables } from '../../src/app/models/model-tables.ts';
import { pluginHosts } from '../../src/app/models/plugin-hosts.ts';
import anthropic from '../../plugins/anthropic/index.ts';
import { wireServer } from '../support/wire/wire-server.ts';
import type { Figure } from './measure.ts';

const reply: Reply = {
  content: [text('done')],
  stopReason: 'end',
  usage: { inputTokens: 150_000, outputTokens: 10, cacheReadTokens: 0, cacheWriteTokens: 0 },
};
const facts = {
  contextWindow: 1_000_000,
  maxOutputTokens: 8000,
  images: true,
  thinking: true,
  price: { inputPerMTok: 1, outputPerMTok: 1, cacheReadPerMTok: 1, cacheWritePerMTok: 1 },
};
const capabilities = capabilitiesFrom(manifestOf(facts));

/** A model in this process that answers at once, in as many pieces as asked for. */
const instant = (name: string, pieces: number): ModelProvider => ({
  name,
  capabilities: () => capabilities,
  async *stream(): AsyncGenerator<Delta, Reply> {
    for (let piece = 0; piece < pieces; piece++) yield { type: 'text.delta', text: 'word ' };
    return reply;
  },
});

const pluginOf = (pieces: number): Plugin => ({
  name: 'bench',
  providers: [{ name: 'bench', keyEnv: [], defaultModel: 'a' }],
  load: async () => ({
    setup: () => ({ providers: { bench: (model) => instant(`bench/${model}`, pieces) } }),
  }),
});

const never = new AbortController().signal;

const stackOf = async (plugins: readonly Plugin[], settings: Config, env: Record<string, string> = {}) => {
  const models = Object.fromEntries(['bench/a', 'bench/b', 'bench/c'].map((name) => [name, facts]));
  const priced = { ...settings, models };
  const hostOf = pluginHosts({ env, root: '/' }, priced, modelTables(priced, plugins), { secret: (name) => env[name] });
  const hasKey = (): boolean => true;
  const routing = await openRouting({
    settings: priced,
    routed: modelsOf(priced, plugins, hasKey, env),
    plugins,
    hasKey,
    hostOf,
    purse: purse({ run: { usd: 1e9, tokens: 1e12 } }),
  });
  return routing.model([], 'work');
};

const drain = async (provider: ModelProvider, request: Request): Promise<Reply> => {
  const stream = provider.stream(request, never);
  for (;;) {
    const step = await stream.next();
    if (step.done) return step.value;
  }
};

const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN;

/** A conversation of about 150,000 tokens: 300 turns of a call and its result. */
const conversation = (): Message[] =>
  Array.from({ length: 300 }, (_, turn): Message[] => [
    {
      role: 'assistant',
      content: [
        { type: 'thinking', text: 'thinking '.repeat(10), signature: `sig${turn}`, by: 'bench' },
        { type: 'tool_call', callId: `call_${turn}`, name: 'read', input: { path: `src/file-${turn}.ts` } },
      ],
    },
    {
      role: 'user',
      content: [
        {
          type: 'tool_result',
          callId: `call_${turn}`,
          content: [text('const value = 1;\n'.repeat(90))],
          isError: false,
        },
      ],
    },
  ]).flat();

const overhead = async (): Promise<Figure[]> => {
  const models = ['bench/a', 'bench/b', 'bench/c'];
  const settings: Config = {
    route: { models, strategy: 'cheapest-that-fits' },
    rateLimits: { bench: { requests_per_minute: 1e9, tokens_per_minute: 1e12 } },
  };
  const tools = [{ name: 'read', description: 'Reads a file.', inputSchema: { type: 'object' } }];
  const turnsWith = async (provider: ModelProvider): Promise<number[]> => {
    const messages = [userMessage('Begin.'), ...conversation()];
    const times: number[] = [];
    for (let turn = 0; turn < 220; turn++) {
      messages.push(
        { role: 'assistant', content: [{ type: 'tool_call', callId: `late_${turn}`, name: 'read', input: {} }] },
        {
          role: 'user',
          content: [{ type: 'tool_result', callId: `late_${turn}`, content: [text('x')], isError: false }],
        },
      );
      const request = { system: 'Be brief.', tools, messages, maxOutputTokens: 1000, parameters: { temperature: 0.5 } };
      const startedAt = performance.now();
      await drain(provider, request);
      times.push(performance.now() - startedAt);
    }
    return times;
  };
  const routed = await turnsWith(await stackOf([pluginOf(1)], settings));
  const bare = await turnsWith(instant('bench/a', 1));
  // The first call looks at the whole conversation; it is a figure of its own.
  return [
    {
      name: 'routing, adaptation and limits: added to a request of 150,000 tokens, p95',
      value: quantile(routed.slice(1), 0.95) - quantile(bare.slice(1), 0.95),
      unit: 'ms',
      target: 2,
      kind: 'most',
      note: `median ${quantile(routed.slice(1), 0.5).toFixed(2)} ms`,
    },
    { name: 'the same, the first time a conversation is seen', value: (routed[0] ?? 0) - (bare[0] ?? 0), unit: 'ms' },
  ];
};

const streaming = async (): Promise<Figure[]> => {
  const pieces = 200_000;
  const chain = await stackOf([pluginOf(pieces)], { model: 'bench/a', fallbackModel: 'bench/b' });
  const provider = withoutSecrets(chain, redactor([]));
  const rates: number[] = [];
  for (let round = 0; round < 5; round++) {
    const startedAt = performance.now();
    let count = 0;
    const request = { system: '', tools: [], messages: [userMessage('go')], maxOutputTokens: 1000 };
    const stream = callModel(provider, request, { run: 'r', purpose: 'work', told: nothingTold() }, never);
    for (let step = await stream.next(); !step.done; step = await stream.next())
      if (step.value.type === 'text.delta') count += 1;
    if (count !== pieces) throw new Error(`${count} deltas of ${pieces} came`);
    rates.push((1000 * pieces) / (performance.now() - startedAt));
  }
  return [
    { name: 'deltas through the whole stack', value: quantile(rates, 0.5), unit: '/s', target: 50_000, kind: 'least' },
  ];
};

/** A port nobody listens on. */
const closedPort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
};

const failover = async (): Promise<Figure[]> => {
  const stallMs = 300;
  const server = await wireServer(() => ({ fault: 'stall', text: 'Half' }));
  const timesOf = async (url: string): Promise<number[]> => {
    const times: number[] = [];
    for (let round = 0; round < 20; round++) {
      const settings: Config = {
        model: 'anthropic/claude-sonnet-5-5',
        fallbackModel: 'bench/b',
        stallTimeoutSeconds: stallMs / 1000,
      };
      const env = { ANTHROPIC_API_KEY: 'key', ANTHROPIC_BASE_URL: url };
      const provider = await stackOf([anthropic, pluginOf(1)], settings, env);
      const startedAt = performance.now();
      await drain(provider, { system: '', tools: [], messages: [userMessage('go')], maxOutputTokens: 1000 });
      times.push(performance.now() - startedAt);
    }
    return times;
  };
  const refused = await timesOf(`http://127.0.0.1:${await closedPort()}`);
  const stalled = await timesOf(server.url);
  await server.close();
  return [
    {
      name: 'failover after a refused connection, p95',
      value: quantile(refused, 0.95),
      unit: 'ms',
      target: 250,
      kind: 'most',
    },
    {
      name: 'failover after a stalled stream, beyond the idle timeout, p95',
      value: quantile(stalled, 0.95) - stallMs,
      unit: 'ms',
      target: 250,
      kind: 'most',
    },
  ];
};

/**
 * A hundred chats at a time against a server in another process that takes about a second for an answer, through the stack
 * and with nothing but fetch.
 */
const chats = async (folder: string): Promise<Figure[]> => {
  const script = join(folder, 'turns.json');
  writeFileSync(
    script,
    JSON.stringify([{ fault: 'drip', answer: { text: 'An answer of a few words. '.repeat(8) }, everyMs: 100 }]),
  );
  const child = spawn(process.execPath, ['.ci/run-ts.js', 'test/support/wire/main.ts', '--turns', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const url = line.toString().trim();
  try {
    const env = { ANTHROPIC_API_KEY: 'key', ANTHROPIC_BASE_URL: url };
    const provider = await stackOf([anthropic], { model: 'anthropic/claude-sonnet-5-5' }, env);
    const chatsAtOnce = 100;
    const turns = 5;
    const request = (chat: number, turn: number): Request => ({
      system: 'Be brief.',
      tools: [],
      messages: Array.from({ length: 2 * turn + 1 }, (_, index) => ({
        role: index % 2 === 0 ? ('user' as const) : ('assistant' as const),
        content: [text(`chat ${chat}, message ${index}: ${'words '.repeat(100)}`)],
      })),
      maxOutputTokens: 1000,
    });
    const bare = async (asked: Request): Promise<void> => {
      const response = await fetch(`${url}/v1/messages`, {
        method: 'POST',
        body: JSON.stringify({ model: 'm', stream: true, messages: asked.messages }),
      });
      await response.text();
    };
    /** `apartMs`: how long after the one before a chat begins. */
    const round = async (ask: (asked: Request) => Promise<unknown>, apartMs: number): Promise<number[]> => {
      const times: number[] = [];
      await Promise.all(
        Array.from({ length: chatsAtOnce }, async (_, chat) => {
          await setTimeout(chat * apartMs);
          for (let turn = 0; turn < turns; turn++) {
            const asked = request(chat, turn);
            const startedAt = performance.now();
            await ask(asked);
            times.push(performance.now() - startedAt);
          }
        }),
      );
      return times;
    };
    await round(bare, 0);
    await drain(provider, request(0, 0));
    const before = process.memoryUsage.rss();
    const ask = (asked: Request): Promise<Reply> => drain(provider, asked);
    const through = await round(ask, 10);
    const growthMb = (process.memoryUsage.rss() - before) / 1024 ** 2 / chatsAtOnce;
    const without = await round(bare, 10);
    const together = quantile(await round(ask, 0), 0.95) - quantile(await round(bare, 0), 0.95);
    return [
      {
        name: '100 chats at a time: own overhead per turn, p95',
        value: quantile(through, 0.95) - quantile(without, 0.95),
        unit: 'ms',
        target: 20,
        kind: 'most',
        note: `p95 ${quantile(through, 0.95).toFixed(1)} ms through it, ${quantile(without, 0.95).toFixed(1)} ms with fetch alone; medians ${quantile(through, 0.5).toFixed(1)} and ${quantile(without, 0.5).toFixed(1)}`,
      },
      { name: 'the same, all sending in the same millisecond', value: together, unit: 'ms' },
      { name: '100 chats at a time: memory per chat', value: growthMb, unit: 'MB', target: 2, kind: 'most' },
    ];
  } finally {
    child.stdin.end();
  }
};

/** All figures about models. */
export const routingFigures = async (folder: string): Promise<Figure[]> => [
  ...(await overhead()),
  ...(await streaming()),
  ...(await failover()),
  ...(await chats(folder)),
];
