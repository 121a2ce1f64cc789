/** How much a word says. */
export type Rarity = (word: string) => number;

// As if so many other texts had been seen: with three items in a store no word is common yet.
const assumedTexts = 50;

/** Words that few items hold say more. `holding` is how many items a word is in, `items` how many there are. */
export const rarity =
  (items: number, holding: ReadonlyMap<string, number>): Rarity =>
  (word) =>
    Math.log((items + assumedTexts) / ((holding.get(word) ?? 0) + 1));

const lengthOf = (words: Iterable<string>, weigh: (word: string) => number): number => {
  let sum = 0;
  for (const word of words) sum += weigh(word) ** 2;
  return Math.sqrt(sum);
};

/** A short question whose words an item has is about it, however much else the item says. */
const coverageCounts = 0.45;

/**
 * How much a question and an item say with the same words, 0 to 1: the cosine of their words by rarity, or a part of how
 * much of the question the item has. Words of the question that no item holds count half: they say that it is about
 * something else, or only how it was asked.
 */
export const overlap = (
  question: ReadonlySet<string>,
  item: ReadonlySet<string>,
  rare: Rarity,
  isKnown: (word: string) => boolean,
): number => {
  let shared = 0;
  for (const word of question) if (item.has(word)) shared += rare(word) ** 2;
  if (shared === 0) return 0;
  const asked = lengthOf(question, (word) => rare(word) * (isKnown(word) ? 1 : 0.5));
  return Math.max(shared / (asked * lengthOf(item, rare)), (coverageCounts * shared) / asked ** 2);
};

/** How much of their words two texts share, 0 to 1 (Dice). */
export const dice = (a: ReadonlySet<string>, b: ReadonlySet<string>): number => {
  if (a.size === 0 && b.size === 0) return 1;
  let shared = 0;
  for (const word of a) if (b.has(word)) shared += 1;
  return (2 * shared) / (a.size + b.size);
};

/** Cosine of two vectors of length 1; 0 when they are of different spaces. */
export const cosine = (a: Float32Array, b: Float32Array): number => {
  if (a.length !== b.length) return 0;
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += (a[index] ?? 0) * (b[index] ?? 0);
  return sum;
};
