import { describe, expect, test } from 'vitest';
import { limitError } from '../../../src/base/errors.ts';
import type { Embedder } from '../../../src/core/embedder.ts';
import { ProviderError } from '../../../src/core/provider.ts';
import { fillSpace } from '../../../src/engine/embedding/fill.ts';
import { chooseSpace } from '../../../src/engine/embedding/spaces.ts';
import { never, stubEmbedder } from './embedder-stub.ts';

/** Texts in a table, and the vectors they got. */
const table = (count: number, textOf = (id: number): string => `text ${id}`) => {
  const got = new Map<number, number[]>();
  const puts: number[] = [];
  return {
    got,
    puts,
    pending: (limit: number) =>
      Array.from({ length: count }, (_, id) => id)
        .filter((id) => !got.has(id))
        .slice(0, limit)
        .map((id) => ({ id, text: textOf(id) })),
    put: (rows: { id: number; vector: number[] }[]) => {
      puts.push(rows.length);
      for (const { id, vector } of rows) got.set(id, vector);
    },
  };
};

describe('filling a space', () => {
  test('gives each text its vector, batch by batch, and tells how far it is', async () => {
    const rows = table(25, (id) => 'x'.repeat(id));
    const embedder = stubEmbedder(undefined, { maxBatch: 10 });
    const told: number[] = [];
    const report = await fillSpace({ ...rows, embedder, onProgress: (done) => told.push(done) }, never);
    expect(report).toEqual({ filled: 25, leftOut: [] });
    expect([...rows.got]).toEqual(Array.from({ length: 25 }, (_, id) => [id, [id, 1]]));
    expect(rows.puts).toEqual([10, 10, 5]);
    expect(told).toEqual([10, 20, 25]);
  });

  test('with several calls under way every text is asked once', async () => {
    const rows = table(95);
    const embedder = stubEmbedder(undefined, { maxBatch: 10 });
    await fillSpace({ ...rows, embedder, parallel: 4 }, never);
    expect(rows.got.size).toBe(95);
    expect(embedder.asked.flat().length).toBe(95);
  });

  test('stopped between batches it loses nothing and goes on from there', async () => {
    const rows = table(30);
    const abort = new AbortController();
    const embedder = stubEmbedder(undefined, { maxBatch: 10 });
    const onProgress = (done: number): void => {
      if (done === 10) abort.abort(new Error('stop'));
    };
    await expect(fillSpace({ ...rows, embedder, onProgress }, abort.signal)).rejects.toThrow('stop');
    expect(rows.got.size).toBe(10);
    expect(await fillSpace({ ...rows, embedder }, never)).toEqual({ filled: 20, leftOut: [] });
    expect(embedder.asked.flat().length).toBe(30);
  });

  test.each(['invalid_request', 'malformed'] as const)('leaves out the one text at fault (%s)', async (kind) => {
    const rows = table(40);
    const embedder = stubEmbedder(
      (text) => {
        if (text === 'text 17') throw new ProviderError(kind, 'this text is bad');
        return [1];
      },
      { maxBatch: 16 },
    );
    expect(await fillSpace({ ...rows, embedder }, never)).toEqual({
      filled: 39,
      leftOut: [{ id: 17, why: 'this text is bad' }],
    });
    expect(rows.got.has(17)).toBe(false);
  });

  test('tries less of a text that is too long', async () => {
    const rows = table(3, (id) => 'y'.repeat(id === 1 ? 5000 : 10));
    const embedder = stubEmbedder((text) => {
      if (text.length > 1300) throw new ProviderError('context_too_long', 'too long');
      return [text.length];
    });
    expect(await fillSpace({ ...rows, embedder }, never)).toEqual({ filled: 3, leftOut: [] });
    expect(rows.got.get(1)).toEqual([1250]);
  });

  test('gives up where every text fails, for it is not theirs', async () => {
    const rows = table(1000);
    const embedder = stubEmbedder(
      () => {
        throw new ProviderError('invalid_request', 'this model embeds nothing');
      },
      { maxBatch: 64 },
    );
    await expect(fillSpace({ ...rows, embedder }, never)).rejects.toThrow('this model embeds nothing');
    expect(embedder.asked.length).toBeLessThan(30);
  });

  test.each([
    new ProviderError('auth', 'refused'),
    new ProviderError('rate_limit', 'later'),
    limitError('too dear'),
    new TypeError('bug'),
  ])('a failure that is no text’s fault ends it, and what is there stays: %s', async (error) => {
    const rows = table(30);
    let calls = 0;
    const embedder: Embedder = {
      ...stubEmbedder(undefined, { maxBatch: 10 }),
      embed: async (texts) => {
        if (++calls > 1) throw error;
        return { vectors: texts.map(() => [1]) };
      },
    };
    await expect(fillSpace({ ...rows, embedder }, never)).rejects.toBe(error);
    expect(rows.got.size).toBe(10);
    expect(calls).toBe(2);
  });

  test('lets others in between two batches', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const rows = table(40);
    const slow = stubEmbedder(
      () => {
        const until = performance.now() + 1;
        while (performance.now() < until);
        return [1];
      },
      { maxBatch: 4 },
    );
    await fillSpace({ ...rows, embedder: slow }, never);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });
});

describe('which space answers', () => {
  const space = (name: string, vectors: number) => ({ name, vectors });
  const all = (): boolean => true;

  test('the wanted one when it is whole: the others go', () => {
    expect(chooseSpace([space('new', 10), space('old', 10)], 'new', 10, all)).toEqual({
      serves: 'new',
      isToFill: false,
      toDrop: ['old'],
    });
  });

  test('until then the one that holds most and can still embed a question', () => {
    const spaces = [space('old', 10), space('gone', 12), space('new', 3)];
    expect(chooseSpace(spaces, 'new', 12, (name) => name === 'old')).toEqual({
      serves: 'old',
      isToFill: true,
      toDrop: [],
    });
    expect(chooseSpace(spaces, 'new', 12, () => false).serves).toBe('new');
    expect(chooseSpace([space('old', 3), space('new', 3)], 'new', 12, all).serves).toBe('new');
  });

  test('none where there is nothing yet', () => {
    expect(chooseSpace([], 'new', 5, all)).toEqual({ serves: undefined, isToFill: true, toDrop: [] });
    expect(chooseSpace([space('gone', 5)], 'new', 5, () => false).serves).toBeUndefined();
    expect(chooseSpace([], 'new', 0, all)).toEqual({ serves: undefined, isToFill: false, toDrop: [] });
  });
});
