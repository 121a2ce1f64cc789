import { readTokens } from './tokens.ts';
import { vocabulary, type Word } from './vocabulary.ts';

/** The hashes of the words of a text, each once, as the local embedder knows them. */
export const localWords = (): ((text: string) => number[]) => {
  const known = vocabulary(1, () => 1);
  return (text) => {
    known.trim();
    const found: Word[] = [];
    const note = (words: readonly Word[]): void => {
      for (const word of words) if (word.count++ === 0) found.push(word);
    };
    readTokens(text, 0, text.length, {
      token: (start, end) => note(known.of(text.slice(start, end))),
      dense: (start, end) => note(known.ofDense(text.slice(start, end))),
      not: () => note(known.of('not')),
      gap: () => undefined,
    });
    return found.map((word) => {
      word.count = 0;
      return word.hash;
    });
  };
};
