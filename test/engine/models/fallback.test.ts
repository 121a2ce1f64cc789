import { describe, expect, it } from 'vitest';
import { limitError } from '../../../src/base/errors.ts';
import { capabilitiesFrom, manifestOf } from '../../../src/core/capabilities.ts';
import { userMessage } from '../../../src/core/message.ts';
import { ProviderError, type Delta, type ModelProvider, type ProviderErrorKind } from '../../../src/core/provider.ts';
import { breaker } from '../../../src/engine/models/breaker.ts';
import { fallingBack, type Link } from '../../../src/engine/models/fallback.ts';
import { retrying } from '../../../src/engine/models/resilience.ts';
import { collect, failureOf, flaky, leaveEarly, request, running, saying, stub } from './model-stubs.ts';

const error = (kind: ProviderErrorKind, message: string = kind, details = {}): ProviderError =>
  new ProviderError(kind, message, details);

const linkOf = (provider: ModelProvider, more: Partial<Link> = {}): Link => ({
  name: provider.name,
  capabilities: provider.capabilities(),
  brief: provider,
  patient: provider,
  isResting: () => false,
  ...more,
});

const chain = (...providers: ModelProvider[]): ModelProvider =>
  fallingBack({ links: providers.map((one) => linkOf(one)) });
const always = (failure: Error, name: string): ReturnType<typeof flaky> => flaky(Array(99).fill(failure), name);

describe('falling back', () => {
  it('asks the first model alone while it answers, and says who it is', async () => {
    const other = flaky([], 'b/y');
    const { deltas, reply } = await collect(chain(flaky([], 'a/x'), other));
    expect(deltas).toEqual([
      { type: 'selected', model: 'a/x', why: 'first choice' },
      { type: 'text.delta', text: 'do' },
    ]);
    expect(reply).toEqual({ ...saying('done'), model: 'a/x' });
    expect(other.calls).toBe(0);
  });

  it('asks the next one when a model fails: voids what was streamed, names both and the reason', async () => {
    const { deltas, reply } = await collect(
      chain(always(error('overloaded', 'too busy'), 'a/x'), always(error('auth', 'bad key'), 'b/y'), flaky([], 'c/z')),
    );
    expect(deltas).toEqual([
      { type: 'selected', model: 'a/x', why: 'first choice' },
      { type: 'text.delta', text: 'do' },
      { type: 'retry', model: 'a/x', attempt: 1, waitMs: 0, reason: 'too busy' },
      { type: 'selected', model: 'b/y', why: 'a/x failed: overloaded' },
      { type: 'text.delta', text: 'do' },
      { type: 'retry', model: 'b/y', attempt: 2, waitMs: 0, reason: 'bad key' },
      { type: 'selected', model: 'c/z', why: 'b/y failed: auth' },
      { type: 'text.delta', text: 'do' },
    ]);
    expect(reply.model).toBe('c/z');
  });

  it.each([
    'auth',
    'rate_limit',
    'overloaded',
    'server',
    'network',
    'timeout',
    'truncated',
    'malformed',
    'not_found',
    'invalid_request',
    'busy',
    'unavailable',
    'incompatible',
  ] as const)('goes over to another model after %s', async (kind) => {
    const { reply } = await collect(chain(always(error(kind), 'a/x'), flaky([], 'b/y')));
    expect(reply.model).toBe('b/y');
  });

  it.each([limitError('no money left'), new TypeError('a bug')])(
    'throws at once what another model does not mend: %s',
    async (failure) => {
      const other = flaky([], 'b/y');
      expect(await failureOf(chain(always(failure, 'a/x'), other))).toBe(failure);
      expect(other.calls).toBe(0);
    },
  );

  it('hands a conversation that is too long back once, then asks another; a task alone goes to another at once', async () => {
    const start = userMessage('do it');
    const sent = { ...request, messages: [start, userMessage('and this')] };
    const shorter = { ...request, messages: [start, userMessage('and')] };
    const full = error('context_too_long');
    const [first, other] = [always(full, 'a/x'), flaky([], 'b/y')];
    const provider = chain(first, other);
    expect(await failureOf(provider, { sent })).toBe(full);
    expect(other.calls).toBe(0);
    expect((await collect(provider, { sent: shorter })).reply.model).toBe('b/y');
    // It was answered: the next time room is made again.
    expect(await failureOf(provider, { sent })).toBe(full);
    expect((await collect(provider)).reply.model).toBe('b/y');
    const alone = chain(always(full, 'a/x'));
    await failureOf(alone, { sent });
    expect(await failureOf(alone, { sent })).toBe(full);
  });

  it('ends with the reason of an abort and asks nobody else', async () => {
    const abort = new AbortController();
    const reason = new Error('stop it');
    const other = flaky([], 'b/y');
    const first = stub(async function* () {
      yield { type: 'text.delta', text: 'x' };
      abort.abort(reason);
      throw error('network');
    }, 'a/x');
    expect(await failureOf(chain(first, other), { signal: abort.signal })).toBe(reason);
    expect(other.calls).toBe(0);
  });

  it('asks briefly while another is left, and the last one patiently', async () => {
    const asked: string[] = [];
    const link = (name: string): Link => {
      const provider = (patience: string): ModelProvider =>
        stub(async function* () {
          asked.push(`${name} ${patience}`);
          yield { type: 'text.delta', text: 'x' };
          throw error('server');
        }, name);
      return linkOf(provider('brief'), { patient: provider('patient') });
    };
    await failureOf(fallingBack({ links: [link('a/x'), link('b/y')] }));
    await failureOf(fallingBack({ links: [link('c/z')] }));
    expect(asked).toEqual(['a/x brief', 'b/y patient', 'c/z patient']);
  });

  it('spends its patience on one that may recover when the last one is not asked at all', async () => {
    const recovering = flaky([error('rate_limit', 'slow down', { retryAfterMs: 2000 })], 'a/x');
    const { deltas, reply } = await collect(chain(recovering, always(error('unavailable', 'b/y rests'), 'b/y')));
    expect(reply.model).toBe('a/x');
    expect(deltas.filter(({ type }) => type === 'selected')).toEqual([
      { type: 'selected', model: 'a/x', why: 'first choice' },
      { type: 'selected', model: 'b/y', why: 'a/x failed: rate limit' },
      { type: 'selected', model: 'a/x', why: 'b/y failed: unavailable' },
    ]);
    const [hopeless, rests] = [always(error('auth'), 'a/x'), always(error('unavailable'), 'b/y')];
    await failureOf(chain(hopeless, rests));
    expect([hopeless.calls, rests.calls]).toEqual([1, 1]);
  });

  it.each(['auth', 'not_found', 'invalid_request', 'incompatible', 'context_too_long'] as const)(
    'spends its patience on one that may recover when the last one fails for good: %s',
    async (kind) => {
      const recovering = flaky([error('server')], 'a/x');
      expect((await collect(chain(recovering, always(error(kind), 'b/y')))).reply.model).toBe('a/x');
      const tired = always(error('server'), 'b/y');
      await failureOf(chain(always(error('server'), 'a/x'), tired));
      expect(tired.calls).toBe(1);
    },
  );

  it('follows the order it is given for each request, and says when the first choice is avoided', async () => {
    let rests = true;
    const [a, b] = [
      linkOf(always(error('server'), 'a/x'), { isResting: () => rests }),
      linkOf(flaky([error('server')], 'b/y')),
    ];
    const provider = fallingBack({ links: [a, b], order: ({ system }) => (system === 'b first' ? [b, a] : [a, b]) });
    const selections = async (system: string): Promise<Delta[]> => {
      const deltas: Delta[] = [];
      const stream = provider.stream({ ...request, system }, running);
      for (let step = await stream.next(); !step.done; step = await stream.next())
        if (step.value.type === 'selected') deltas.push(step.value);
      return deltas;
    };
    await expect(selections('b first')).rejects.toMatchObject({ kind: 'server' });
    expect(await selections('b first')).toEqual([{ type: 'selected', model: 'b/y', why: 'a/x failed a moment ago' }]);
    const listed = fallingBack({ links: [{ ...a, brief: flaky([], 'a/x') }, b] });
    expect((await collect(listed)).deltas[0]).toEqual({ type: 'selected', model: 'a/x', why: 'first choice' });
    rests = false;
    expect(await selections('b first')).toEqual([
      { type: 'selected', model: 'b/y', why: 'first choice for this request' },
    ]);
    expect((await selections('')).map((delta) => delta.type === 'selected' && delta.model)).toEqual(['a/x', 'b/y']);
  });

  it('hands the error of a single model on as it is', async () => {
    const failure = error('server', 'down');
    expect(await failureOf(chain(always(failure, 'a/x')))).toBe(failure);
  });

  it('says what each of several models answered when all fail, one line each', async () => {
    const last = error('server', 'down', { retryAfterMs: 5 });
    const failures = [
      error('auth', 'bad key', { hint: 'Set A_KEY.' }),
      last,
      error('network', 'no route'),
      error('auth', 'no key', { hint: 'Set B_KEY.' }),
    ];
    const failure = await failureOf(chain(...failures.map((one, index) => always(one, `p${index}/m`))));
    expect(failure).toMatchObject({
      kind: 'server',
      exitCode: 6,
      message: 'No model answered:\n  p0/m: bad key\n  p1/m: down\n  p2/m: no route\n  p3/m: no key\n  p1/m: down',
      hint: 'Set A_KEY.',
      retryAfterMs: 5,
    });
    expect((failure as Error).cause).toBe(last);
  });

  it.each([
    [['auth', 'auth'], 'auth', 3],
    [['invalid_request', 'auth'], 'invalid_request', 6],
    [['server', 'not_found'], 'server', 6],
    [['not_found', 'invalid_request'], 'invalid_request', 6],
  ] as const)('is of one kind when all fail: %j', async (kinds, kind, exitCode) => {
    const providers = kinds.map((one, index) => always(error(one), `p${index}/m`));
    expect(await failureOf(chain(...providers))).toMatchObject({ kind, exitCode });
  });

  it('is called like its first model and can what that one can', () => {
    const first = { ...flaky([], 'a/x'), capabilities: () => capabilitiesFrom(manifestOf({ contextWindow: 5000 })) };
    const provider = chain(first, flaky([], 'b/y'));
    expect([provider.name, provider.capabilities()]).toEqual(['a/x', first.capabilities()]);
    expect(fallingBack({ links: [linkOf(first)], name: 'route' }).name).toBe('route');
    expect(() => fallingBack({ links: [] })).toThrow('needs a model');
  });

  it('closes the stream within when nobody listens any more, and asks nobody else', async () => {
    const [first, other] = [flaky([], 'a/x'), flaky([], 'b/y')];
    await leaveEarly(chain(first, other));
    expect([first.closed, other.calls]).toEqual([1, 0]);
  });

  it('keeps a hundred calls at a time apart', async () => {
    const sick = stub(async function* (call) {
      await new Promise((resolve) => setTimeout(resolve, call % 7));
      yield { type: 'text.delta', text: 'x' };
      if (call % 2 === 0) throw error('server', `down ${call}`);
      return saying('a');
    }, 'a/x');
    const provider = chain(sick, flaky([], 'b/y'));
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => collect(provider)));
    const models = outcomes.map(({ reply }) => reply.model);
    expect([models.filter((name) => name === 'a/x').length, models.filter((name) => name === 'b/y').length]).toEqual([
      50, 50,
    ]);
    for (const { deltas, reply } of outcomes)
      expect(deltas.filter(({ type }) => type === 'selected').at(-1)).toMatchObject({ model: reply.model });
  });

  it('goes over at once after a refused connection, with retries and breakers around each model', async () => {
    const dead = always(error('network', 'ECONNREFUSED'), 'a/x');
    const health = breaker({ failures: 3 });
    const link = linkOf(dead, {
      brief: health.around(retrying(dead, { patience: 'brief' })),
      patient: health.around(retrying(dead)),
    });
    const provider = fallingBack({ links: [link, linkOf(flaky([], 'b/y'))] });
    const startedAt = performance.now();
    for (let call = 0; call < 10; call++) expect((await collect(provider)).reply.model).toBe('b/y');
    expect(performance.now() - startedAt).toBeLessThan(250);
    expect(dead.calls).toBe(3);
  });
});
