// What providers' answers say of their limits.
import { afterEach, expect, it } from 'vitest';
import type { Delta } from '../../src/core/provider.ts';
import { wireServer, type WireServer } from '../support/wire/wire-server.ts';
import { collect, hello, make, streamed, subjects } from './provider-subjects.ts';

let server: WireServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const told = async (name: string, headers: Record<string, string>): Promise<Delta[]> => {
  server = await wireServer([{ text: 'Hello there', headers }]);
  const subject = subjects.find((one) => one.name === name)!;
  return (await collect(await make(subject, subject.env(server.url)))).deltas;
};
const limited = async (name: string, headers: Record<string, string>): Promise<unknown> => {
  server = await wireServer([{ fault: 'status', status: 429, headers }]);
  const subject = subjects.find((one) => one.name === name)!;
  return collect(await make(subject, subject.env(server.url))).catch((error: unknown) => error);
};

const date = 'Fri, 01 Jan 2100 00:00:00 GMT';
const openai = {
  'x-ratelimit-limit-requests': '60',
  'x-ratelimit-limit-tokens': '150000',
  'x-ratelimit-remaining-requests': '59',
  'x-ratelimit-remaining-tokens': '149984',
  'x-ratelimit-reset-requests': '1s',
  'x-ratelimit-reset-tokens': '6m0s',
};
const anthropic = {
  date,
  'anthropic-ratelimit-requests-limit': '1000',
  'anthropic-ratelimit-requests-remaining': '999',
  'anthropic-ratelimit-requests-reset': '2100-01-01T00:00:01Z',
  'anthropic-ratelimit-input-tokens-limit': '80000',
  'anthropic-ratelimit-input-tokens-remaining': '70000',
  'anthropic-ratelimit-input-tokens-reset': '2100-01-01T00:00:30Z',
  'anthropic-ratelimit-tokens-limit': '100000',
  'anthropic-ratelimit-tokens-remaining': '90000',
  'anthropic-ratelimit-tokens-reset': '2100-01-01T00:01:00Z',
};

it.each(['openai', 'openai-chat', 'groq'])('%s tells them once, before the answer', async (name) => {
  const deltas = await told(name, openai);
  expect(deltas[0]).toEqual({
    type: 'limits',
    requests: { remaining: 59, resetMs: 1000, limit: 60 },
    tokens: { remaining: 149_984, resetMs: 360_000, limit: 150_000 },
  });
  expect(deltas.filter(({ type }) => type === 'limits')).toHaveLength(1);
  expect(streamed(deltas, 'text.delta')).toBe('Hello there');
});

it('they are told as soon as the answer has begun, and no slow reader is taken for a silent server', async () => {
  server = await wireServer([{ text: 'Hello there', headers: openai }]);
  const subject = subjects.find(({ name }) => name === 'openai-chat')!;
  const provider = await make(subject, subject.env(server.url), { stallTimeoutMs: 300 });
  const stream = provider.stream(hello, new AbortController().signal);
  expect((await stream.next()).value).toMatchObject({ type: 'limits' });
  await new Promise((resolve) => setTimeout(resolve, 500));
  let step = await stream.next();
  while (!step.done) step = await stream.next();
  expect(step.value).toMatchObject({ content: [{ text: 'Hello there' }] });
});

it('Anthropic tells them by the clock of its server, of tokens the limit that is nearest', async () => {
  expect((await told('anthropic', anthropic))[0]).toEqual({
    type: 'limits',
    requests: { remaining: 999, resetMs: 1000, limit: 1000 },
    tokens: { remaining: 70_000, resetMs: 30_000, limit: 80_000 },
  });
});

it('Mistral tells them by the minute, under names of its own', async () => {
  const headers = { 'x-ratelimit-remaining-req-minute': '4', 'x-ratelimit-limit-req-minute': '5' };
  expect((await told('mistral', headers))[0]).toEqual({
    type: 'limits',
    requests: { remaining: 4, resetMs: 60_000, limit: 5 },
  });
});

it('Azure says what is left and not for how long: ten seconds of requests, a minute of tokens', async () => {
  const headers = { 'x-ratelimit-remaining-requests': '45', 'x-ratelimit-remaining-tokens': '46760' };
  expect((await told('azure-openai', headers))[0]).toEqual({
    type: 'limits',
    requests: { remaining: 45, resetMs: 10_000 },
    tokens: { remaining: 46_760, resetMs: 60_000 },
  });
});

it.each([
  ['120ms', 120],
  ['7.66s', 7660],
  ['1h2m3.5s', 3_723_500],
  ['2d', 86_400_000],
  ['30', 30_000],
  ['soon', undefined],
  ['-1s', undefined],
  ['', undefined],
  ['1s1s1s1s1s1s', undefined],
])('a reset of "%s" is read or left out', async (reset, resetMs) => {
  const headers = { 'x-ratelimit-remaining-requests': '1', 'x-ratelimit-reset-requests': reset };
  expect((await told('openai-chat', headers))[0]).toEqual(
    resetMs === undefined
      ? expect.objectContaining({ type: 'text.delta' })
      : { type: 'limits', requests: { remaining: 1, resetMs } },
  );
});

it.each([
  ['openai-chat', { 'x-ratelimit-remaining-requests': 'many', 'x-ratelimit-reset-requests': '1s' }],
  ['openai-chat', { 'x-ratelimit-remaining-tokens': '1e9' }],
  ['anthropic', { 'anthropic-ratelimit-requests-remaining': '5', 'anthropic-ratelimit-requests-reset': 'tomorrow' }],
  ['anthropic', { 'anthropic-ratelimit-tokens-remaining': '5' }],
])('%s tells nothing of what cannot be read', async (name, headers) => {
  expect((await told(name, headers)).filter(({ type }) => type === 'limits')).toEqual([]);
});

it('a refusal for the limit waits until what is used up is there again', async () => {
  const spent = { ...openai, 'x-ratelimit-remaining-tokens': '0' };
  expect(await limited('openai-chat', spent)).toMatchObject({ kind: 'rate_limit', retryAfterMs: 360_000 });
  await server?.close();
  const both = { ...anthropic, 'anthropic-ratelimit-requests-remaining': '0' };
  expect(await limited('anthropic', both)).toMatchObject({ kind: 'rate_limit', retryAfterMs: 1000 });
});

it('what the server asks for itself goes before that, and without either nothing is known', async () => {
  const spent = { ...openai, 'x-ratelimit-remaining-tokens': '0', 'retry-after': '2' };
  expect(await limited('openai-chat', spent)).toMatchObject({ retryAfterMs: 2000 });
  await server?.close();
  expect(await limited('openai-chat', openai)).toMatchObject({ kind: 'rate_limit', retryAfterMs: undefined });
});
