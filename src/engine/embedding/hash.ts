const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

/** Spreads every bit of a 32-bit number over all of them. */
export const mix = (hash: number): number => {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
};

/** Takes one more code unit into a hash; what comes out still wants {@link mix}. */
export const take = (hash: number, unit: number): number =>
  Math.imul(rotate(hash ^ Math.imul(rotate(Math.imul(unit, 0xcc9e2d51), 15), 0x1b873593), 13), 5) + 0x6b64e654;

/** A 32-bit hash of a text's code units. */
export const hashOf = (text: string, seed: number): number => {
  let hash = seed;
  for (let at = 0; at < text.length; at++) hash = take(hash, text.charCodeAt(at));
  return mix(hash ^ text.length);
};
