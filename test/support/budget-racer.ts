import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { drain } from '../../src/base/streams.ts';
import { isCopilotError } from '../../src/base/errors.ts';
import { userMessage } from '../../src/core/message.ts';
import { capabilitiesFrom, manifestOf } from '../../src/core/capabilities.ts';
import type { ModelProvider, Reply } from '../../src/core/provider.ts';
import { budgeted } from '../../src/engine/models/budget.ts';
import { purse, type Limits } from '../../src/engine/models/purse.ts';
import { ledger } from '../../src/host/log/ledger.ts';

// One process of several: twenty calls at a time against one ledger, until nothing more fits. Looks at the balances as
// often as it can and prints what it saw.
const [path = '', repo = '', limitsText = '{}', line = '', racers = '1'] = process.argv.slice(2);
const limits = JSON.parse(limitsText) as Limits;
const book = ledger(path, repo);
const shared = purse(limits, book);
const tokensLimit = Math.min(limits.day?.tokens ?? Infinity, limits.perRepo?.tokens ?? Infinity);
const nanosLimit = (limits.month?.usd ?? Infinity) * 1e9;

let seed = process.pid;
const random = (): number => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
let broken = 0;
let looks = 0;
let calls = 0;
const look = (): void => {
  looks += 1;
  const { day, month, perRepo } = book.balances();
  for (const { spent, reserved } of [day, perRepo]) if (spent.tokens + reserved.tokens > tokensLimit) broken += 1;
  if (month.spent.nanos + month.reserved.nanos > nanosLimit) broken += 1;
};

const model: ModelProvider = {
  name: 'race/model',
  capabilities: () =>
    capabilitiesFrom(
      manifestOf({
        contextWindow: 100_000,
        maxOutputTokens: 1000,
        images: false,
        thinking: false,
        price: { inputPerMTok: 3, outputPerMTok: 15, cacheReadPerMTok: 0.3, cacheWritePerMTok: 3.75 },
      }),
    ),
  async *stream(request): AsyncGenerator<never, Reply> {
    await sleep(random() * 4);
    look();
    calls += 1;
    const isKnown = random() < 0.6;
    const usage = {
      inputTokens: 100,
      outputTokens: Math.floor(random() * request.maxOutputTokens),
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
    };
    return { content: [], stopReason: 'end', usage: isKnown ? usage : undefined };
  },
};

const work = async (): Promise<void> => {
  const provider = budgeted(model, shared);
  for (let turn = 0; turn < 200; turn += 1) {
    const request = { system: 'S', tools: [], messages: [userMessage(`${turn}`)], maxOutputTokens: 700 };
    try {
      await drain(provider.stream(request, new AbortController().signal));
    } catch (error) {
      if (isCopilotError(error) && error.exitCode === 5) return;
      throw error;
    }
    look();
  }
};

// Whoever is there first waits at the line for the others.
writeFileSync(join(line, `${process.pid}`), '');
while (readdirSync(line).length < Number(racers)) await sleep(2);
await Promise.all(Array.from({ length: 20 }, work));
look();
const { day } = book.balances();
console.log(
  JSON.stringify({
    broken,
    looks,
    calls,
    ownTokens: shared.run.spent.tokens,
    dayTokens: day.spent.tokens,
    reserved: day.reserved.tokens,
  }),
);
book.close();
