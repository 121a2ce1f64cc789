import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { embeddingCache } from '../../src/host/embedding-cache.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'embedding-cache-'));
  path = join(folder, 'data', 'embeddings.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const key = (text: string): string => createHash('sha256').update(text).digest('hex');
const entry = (text: string, length = 3) => ({ key: key(text), vector: Array.from({ length }, (_, at) => at + 0.5) });
const entries = (from: number, count: number, length: number) =>
  Array.from({ length: count }, (_, at) => entry(`t${from + at}`, length));

describe('the cache of embeddings', () => {
  test('finds again what was put in, in the order of the keys, also after it was closed', () => {
    const first = embeddingCache(path);
    first.put([entry('a'), entry('b', 2)]);
    expect(first.get([key('b'), key('x'), key('a')])).toEqual([
      Float32Array.of(0.5, 1.5),
      undefined,
      Float32Array.of(0.5, 1.5, 2.5),
    ]);
    first.close();
    const second = embeddingCache(path);
    expect(second.get([key('a')])).toEqual([Float32Array.of(0.5, 1.5, 2.5)]);
    expect(second.size()).toMatchObject({ vectors: 2 });
    second.close();
    expect(statSync(path).mode & 0o077).toBe(0);
  });

  test('is shared by two at a time, the last one to write counts', () => {
    const [one, other] = [embeddingCache(path), embeddingCache(path)];
    one.put([entry('a')]);
    other.put([entry('a', 1), entry('b')]);
    expect(one.get([key('a'), key('b')])).toEqual([Float32Array.of(0.5), Float32Array.of(0.5, 1.5, 2.5)]);
    one.close();
    other.close();
  });

  test('lets go of what was not used for longest when it is full', () => {
    let at = Date.UTC(2026, 0, 1);
    const cache = embeddingCache(path, { maxBytes: 2_000_000, now: () => at });
    for (let day = 0; day < 10; day++) {
      at += 2 * 86_400_000;
      cache.put(entries(day * 100, 100, 500));
      // The very first ones are used every day.
      expect(cache.get([key('t0')])).toEqual([expect.any(Float32Array)]);
    }
    expect(cache.size().bytes).toBeLessThanOrEqual(2_000_000);
    expect(cache.size().vectors).toBeGreaterThan(400);
    const [first, second, last] = cache.get([key('t0'), key('t1'), key('t999')]);
    expect([first, second, last].map((one) => one !== undefined)).toEqual([true, false, true]);
    cache.close();
  });

  test('takes no more than it may hold, even at once', () => {
    const cache = embeddingCache(path, { maxBytes: 100_000 });
    cache.put(entries(0, 200, 500));
    expect(cache.size().bytes).toBeLessThanOrEqual(100_000);
    cache.close();
  });

  test.each([
    [
      'something else',
      (file: string) => writeFileSync(file, 'this is no database, but it is long enough to be one. '.repeat(100)),
    ],
    ['cut off', (file: string) => truncateSync(file, 5000)],
    [
      'overwritten in the middle',
      (file: string) => {
        const bytes = readFileSync(file);
        bytes.fill(0xa5, 4096, bytes.length);
        writeFileSync(file, bytes);
      },
    ],
  ])('is made anew where the file is %s', (_what, spoil) => {
    const before = embeddingCache(path);
    before.put(entries(0, 200, 300));
    before.close();
    spoil(path);
    const cache = embeddingCache(path);
    expect(cache.get([key('t0')])).toEqual([undefined]);
    cache.put([entry('new')]);
    expect(cache.get([key('new')])).toEqual([Float32Array.of(0.5, 1.5, 2.5)]);
    cache.close();
  });

  test('is done without where it cannot be', () => {
    mkdirSync(join(folder, 'data', 'embeddings.db'), { recursive: true });
    const cache = embeddingCache(path);
    cache.put([entry('a')]);
    expect(cache.get([key('a')])).toEqual([undefined]);
    expect(cache.size()).toEqual({ vectors: 0, bytes: 0 });
    cache.close();
    cache.close();
    expect(cache.get([key('a')])).toEqual([undefined]);
  });
});
