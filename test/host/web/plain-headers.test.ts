import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PlainHeaders } from '../../../src/host/web/plain-headers.ts';

type Step = ['append' | 'set', string, string] | ['delete' | 'get' | 'has', string];

const name = fc.oneof(
  fc.constantFrom('Accept', 'accept', 'X-Key', 'set-cookie', 'Set-Cookie', 'content-type', 'bad name', '', 'ü', 'a:b'),
  fc.string({ maxLength: 6 }),
);
const value = fc.oneof(
  fc.constantFrom('a', ' padded\t', 'a, b', '', 'ünder', 'line\nbreak', '\r\n', 'nul\0', '€', '\n'),
  fc.string({ maxLength: 8 }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.constantFrom('append' as const, 'set' as const), name, value),
  fc.tuple(fc.constantFrom('delete' as const, 'get' as const, 'has' as const), name),
);

/** What a step gives, or that it is refused. */
const take = (headers: Headers | PlainHeaders, [method, name, value = '']: readonly string[]): unknown => {
  try {
    switch (method) {
      case 'append': {
        headers.append(name ?? '', value);
        return;
      }
      case 'set': {
        headers.set(name ?? '', value);
        return;
      }
      case 'delete': {
        headers.delete(name ?? '');
        return;
      }
      case 'has':
        return headers.has(name ?? '');
      default:
        return headers.get(name ?? '');
    }
  } catch (error) {
    return error instanceof TypeError;
  }
};

describe('our headers', () => {
  test('do what those of the platform do, whatever is done to them', () => {
    const { Headers: Platform } = globalThis;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const [own, real] = [new PlainHeaders(), new Platform()];
        for (const one of steps) expect(take(own, one)).toEqual(take(real, one));
        expect([...own]).toEqual([...real]);
        expect([...own.keys()]).toEqual([...real.keys()]);
        expect([...own.values()]).toEqual([...real.values()]);
        expect(own.getSetCookie()).toEqual(real.getSetCookie());
      }),
      { numRuns: 2000 },
    );
  });

  test('are made from pairs, records and other headers, and can be given to a response', () => {
    const pairs: [string, string][] = [
      ['A', '1'],
      ['a', '2'],
    ];
    expect([...new PlainHeaders(pairs)]).toEqual([['a', '1, 2']]);
    expect([...new PlainHeaders(new PlainHeaders(pairs))]).toEqual([['a', '1, 2']]);
    expect([...new PlainHeaders({ B: 'x' })]).toEqual([['b', 'x']]);
    expect([...new PlainHeaders(null)]).toEqual([]);
    const seen: string[] = [];
    new PlainHeaders(pairs).forEach((text, key) => seen.push(`${key}=${text}`));
    expect(seen).toEqual(['a=1, 2']);
    expect(new Response(null, { headers: new PlainHeaders(pairs) as unknown as Headers }).headers.get('a')).toBe(
      '1, 2',
    );
  });

  test('say which header is wrong, never its value', () => {
    expect(() => new PlainHeaders([['x-api-key', 'sk-secret\nvalue']])).toThrow(/x-api-key/);
    expect(() => new PlainHeaders([['x-api-key', 'sk-secret\nvalue']])).not.toThrow(/secret/);
  });
});
