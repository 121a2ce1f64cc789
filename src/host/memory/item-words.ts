import type { Database } from '../log/database.ts';

/** Words that items are found by: a cache of their texts. */
export interface ItemWords {
  /** For the owner's transaction; without a text they are taken away. */
  set(n: number, text: string | undefined): void;
  /** Numbers of items that have one of the words, only some of all; best first. */
  matches(words: readonly string[], among: ReadonlySet<number>, limit: number): number[];
  /** In how many items each word is, and how many items there are. */
  holding(words: readonly string[]): { items: number; counts: Map<string, number> };
  /** How many items have words. */
  count(): number;
  /** Writes the index anew without what was taken away: FTS5 only marks that in it. For the owner's transaction. */
  scrub(): void;
  /** Makes all of them anew; for the owner's transaction. */
  rebuild(): void;
}

/** Matches taken for each that is wanted: some belong to other repositories. */
const spare = 4;

const quoted = (word: string): string => `"${word.replaceAll('"', '""')}"`;

/** @param wordsOf what a text is found by, stemmed. */
export const itemWords = (database: Database, wordsOf: (text: string) => string[]): ItemWords => {
  const add = (n: number | bigint, text: string): void => {
    database.prepare('INSERT INTO item_words (rowid, words) VALUES (?, ?)').run(n, wordsOf(text).join(' '));
  };
  return {
    set: (n, text) => {
      database.prepare('DELETE FROM item_words WHERE rowid = ?').run(n);
      if (text !== undefined) add(n, text);
    },
    matches: (words, among, limit) => {
      if (words.length === 0 || among.size === 0) return [];
      const find = (most: number): number[] =>
        database
          .prepare<[string, number], { n: number }>(
            'SELECT rowid AS n FROM item_words WHERE item_words MATCH ? ORDER BY rank LIMIT ?',
          )
          .all(words.map(quoted).join(' OR '), most)
          .map(({ n }) => n);
      // Joining every match with its item to look where it belongs would take longer than ranking them all.
      const first = find(limit * spare);
      const wanted = first.filter((n) => among.has(n));
      if (wanted.length >= limit || first.length < limit * spare) return wanted.slice(0, limit);
      return find(-1)
        .filter((n) => among.has(n))
        .slice(0, limit);
    },
    holding: (words) => {
      const find = database.prepare<[string], { doc: number }>('SELECT doc FROM item_vocabulary WHERE term = ?');
      const items = database.prepare<[], { n: number }>('SELECT count(*) AS n FROM items').get()?.n ?? 0;
      return { items, counts: new Map(words.map((word) => [word, find.get(word)?.doc ?? 0])) };
    },
    count: () => database.prepare<[], { n: number }>('SELECT count(*) AS n FROM item_words').get()?.n ?? 0,
    scrub: () => {
      database.prepare("INSERT INTO item_words (item_words) VALUES ('optimize')").run();
    },
    rebuild: () => {
      database.prepare("INSERT INTO item_words (item_words) VALUES ('delete-all')").run();
      for (const { n, text } of database
        .prepare<[], { n: number; text: string }>('SELECT n, text FROM items ORDER BY n')
        .all())
        add(n, text);
    },
  };
};
