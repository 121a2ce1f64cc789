import type { Neighbour } from '../../src/core/vector-index.ts';

/** Numbers from 0 up to 1, always the same for a seed. */
export const seededRandom = (seed: number): (() => number) => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** Numbers of a normal distribution, always the same for a seed. */
export const seededNormal = (seed: number): (() => number) => {
  const random = seededRandom(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
};

/** Vectors without any order. */
export const seededVectors = (count: number, dimensions: number, seed: number): Float32Array[] => {
  const normal = seededNormal(seed);
  return Array.from({ length: count }, () => Float32Array.from({ length: dimensions }, normal));
};

const cosine = (a: Float32Array, b: Float32Array): number => {
  let [product, lengthA, lengthB] = [0, 0, 0];
  for (const [index, value] of a.entries()) {
    product += value * (b[index] ?? 0);
    lengthA += value * value;
    lengthB += (b[index] ?? 0) ** 2;
  }
  return product / Math.sqrt(lengthA * lengthB);
};

/** The nearest as the definition says, by comparing with all. */
export const exactNearest = (
  query: Float32Array,
  among: readonly { id: number; vector: Float32Array }[],
  limit: number,
): Neighbour[] =>
  among
    .map(({ id, vector }) => ({ id, similarity: cosine(query, vector) }))
    .sort((a, b) => b.similarity - a.similarity || a.id - b.id)
    .slice(0, limit);

/** The vector of an id, always the same. */
export const vectorOf = (id: number, dimensions: number): Float32Array =>
  seededVectors(1, dimensions, id + 1)[0] ?? new Float32Array(dimensions);
