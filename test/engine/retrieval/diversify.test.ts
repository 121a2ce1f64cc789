import { describe, expect, it } from 'vitest';
import { diversify } from '../../../src/engine/retrieval/diversify.ts';

const item = (id: number, file: number, startLine: number, score: number) => ({
  chunk: { id, file, startLine, endLine: startLine + 9 },
  score,
});

describe('diversity', () => {
  it('prefers another file to the same lines again', () => {
    const items = [item(1, 1, 1, 1), item(2, 1, 3, 0.95), item(3, 2, 1, 0.85)];
    expect(diversify(items, 2).map(({ chunk }) => chunk.id)).toEqual([1, 3]);
  });

  it('leaves out what vectors say is the same', () => {
    const items = [item(1, 1, 1, 1), item(2, 2, 1, 0.95), item(3, 3, 1, 0.85)];
    const similarity = (one: number, other: number) => (one + other === 3 ? 1 : 0);
    expect(diversify(items, 2, similarity).map(({ chunk }) => chunk.id)).toEqual([1, 3]);
  });

  it('keeps the best first, and gives no more than there are', () => {
    expect(diversify([item(1, 1, 1, 2), item(2, 2, 1, 1)], 10).map(({ chunk }) => chunk.id)).toEqual([1, 2]);
    expect(diversify([], 10)).toEqual([]);
  });
});
