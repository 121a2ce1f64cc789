import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { isIdf, isOutgrown, learnIdf } from '../../../src/engine/embedding/idf.ts';
import { localEmbedder, localVectors, withLead, withoutLead } from '../../../src/engine/embedding/local-embedder.ts';
import { lookalikes, otherLookalikes, otherRewordings, paraphrases, rewordings, type Pair } from './near-duplicates.ts';

const signal = new AbortController().signal;
const vectorOf = localVectors();
const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
const near = (one: string, other: string, by = vectorOf): number => dot(by(one), by(other));
const share = (pairs: readonly Pair[], isSo: (pair: Pair) => boolean): number =>
  pairs.filter(isSo).length / pairs.length;

describe('the local embedder', () => {
  test('gives 384 numbers of length one for each text, in their order, and says who it is', async () => {
    const embedder = localEmbedder();
    const { vectors } = await embedder.embed(['read the file', 'write the file', ''], signal);
    expect(embedder.name).toBe('local/1');
    expect(vectors.map((vector) => vector.length)).toEqual([384, 384, 384]);
    expect(vectors.map((vector) => Math.hypot(...vector))).toEqual([expect.closeTo(1, 5), expect.closeTo(1, 5), 0]);
    expect(vectors[0]).toEqual(Array.from(vectorOf('read the file')));
    await expect(embedder.embed(['x'], AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
  });

  test('makes the vectors of its version: whoever changes them has to name a new one', () => {
    const vector = vectorOf(
      withLead('src/parse.ts parseArgs', "It doesn't read 3 files; エラー 🙂 naïve HTTPServer_v2"),
    );
    const shown = Array.from(vector, (value) => value.toFixed(3)).join(' ');
    expect(createHash('sha256').update(shown).digest('hex').slice(0, 12)).toBe('9deeb7224d2d');
  });

  test.each(['', ' \n\t', '.,;:!?', '— …', '\u0000'])('knows no word in %j', (text) => {
    expect(vectorOf(text).every((value) => value === 0)).toBe(true);
  });

  test.each([
    'エラーが発生しました',
    'Ошибка при чтении файла',
    'خطأ في قراءة الملف',
    'ไม่พบไฟล์',
    '🙂🚀',
    '\ud800 lone \udc00 halves',
    '𝒳𝒴',
    'x'.repeat(100_000),
    'a_'.repeat(50_000),
  ])('takes any text: %#', (text) => {
    const vector = vectorOf(text);
    expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    expect(near(text, `${text} `)).toBeCloseTo(1, 5);
  });

  test('finds parts of scripts without spaces, and accents however they are written', () => {
    expect(near('データベースの接続エラー', '接続エラーが出た')).toBeGreaterThan(0.3);
    expect(near('データベースの接続エラー', '画面の色を変える')).toBeLessThan(0.2);
    expect(near('café naïve', 'cafe\u0301 nai\u0308ve')).toBeCloseTo(1, 5);
  });

  test('an identifier is near to its words, however it is written', () => {
    const other = 'renderUserTable';
    for (const text of ['parse http request', 'parse_http_request', 'PARSE_HTTP_REQUEST', 'parse-http-request'])
      expect(near('parseHTTPRequest', text)).toBeGreaterThan(near('parseHTTPRequest', other) + 0.5);
    expect(near('parseHTTPRequest', 'parse_http_request')).toBeGreaterThan(0.95);
  });

  test('forms of a word are near, and words that share a part a little', () => {
    expect(near('caching retries', 'cached retry')).toBeGreaterThan(0.75);
    expect(near('authentication', 'authenticator')).toBeGreaterThan(0.6);
    expect(near('deserialize', 'serialize')).toBeGreaterThan(0.1);
    expect(near('deserialize', 'kubernetes')).toBeLessThan(0.1);
  });

  test("a shortened not is a not: don't is do not", () => {
    expect(near("don't cache", 'do not cache')).toBeGreaterThan(0.9);
    expect(near('don’t cache', 'do not cache')).toBeGreaterThan(0.9);
    expect(near('cannot cache', 'can not cache')).toBeGreaterThan(0.95);
    expect(near("don't cache", 'do cache')).toBeLessThan(0.7);
  });

  test('the order of words matters a little, how often one is said grows slowly', () => {
    expect(near('server calls client', 'client calls server')).toBeLessThan(0.99);
    expect(near('cache '.repeat(50) + 'proxy', 'proxy')).toBeGreaterThan(0.1);
  });

  test('a lead weighs more than the same words later on', () => {
    const body = 'opens the file and reads every line of it into memory before anything else happens';
    const withName = withLead('parseCsv', body);
    expect(near(withName, 'parse csv')).toBeGreaterThan(near(`${body} parseCsv`, 'parse csv') + 0.1);
    expect(withoutLead(withName)).toBe(`parseCsv\n${body}`);
    expect(withoutLead('plain')).toBe('plain');
  });

  test('gives the same vector whatever it read before, also when it had to forget words', () => {
    const used = localVectors();
    for (let at = 0; at < 70; at++) used(Array.from({ length: 500 }, (_, word) => `w${at}x${word}`).join(' '));
    expect(used('the quick parser')).toEqual(vectorOf('the quick parser'));
  });

  test('reads a text of five megabytes', () => {
    expect(Math.hypot(...vectorOf('const value = readFile(path); // 1\n'.repeat(150_000)))).toBeCloseTo(1, 5);
  });
});

describe('what is learnt of a corpus', () => {
  const corpus = Array.from({ length: 200 }, (_, at) => `handler for request ${at}${at === 7 ? ' quota' : ''}`);

  test('rare words count more, common ones less', () => {
    const idf = learnIdf(corpus);
    const by = localVectors(idf);
    expect(near('handler quota', 'quota', by)).toBeGreaterThan(near('handler quota', 'quota') + 0.1);
    expect(near('handler quota', 'handler', by)).toBeLessThan(near('handler quota', 'handler') - 0.1);
  });

  test('it is small, the same for the same texts, and part of the name', async () => {
    const idf = learnIdf(corpus);
    expect(learnIdf(corpus)).toEqual(idf);
    expect(learnIdf([...corpus, 'one more']).id).not.toBe(idf.id);
    expect(JSON.stringify(idf).length).toBeLessThan(100_000);
    expect(localEmbedder(idf).name).toBe(`local/1#${idf.id}`);
    const again: unknown = JSON.parse(JSON.stringify(idf));
    expect(isIdf(again)).toBe(true);
    expect(localVectors(again as typeof idf)('quota')).toEqual(localVectors(idf)('quota'));
  });

  test('what was changed or cut is not taken for it', () => {
    const idf = learnIdf(corpus);
    for (const bad of [
      null,
      'x',
      {},
      { ...idf, id: 'x' },
      { ...idf, table: idf.table.slice(4) },
      { ...idf, version: 2 },
    ])
      expect(isIdf(bad)).toBe(false);
    expect(isIdf({ ...idf, texts: 3 })).toBe(false);
  });

  test('nothing learnt is no failure', () => {
    expect(Math.hypot(...localVectors(learnIdf([]))('some words'))).toBeCloseTo(1, 5);
  });

  test('is outgrown when there are twice or half as many texts', () => {
    expect([150, 500, 2200].map((texts) => isOutgrown({ texts: 1000 }, texts))).toEqual([true, false, true]);
    expect(isOutgrown({ texts: 0 }, 50)).toBe(false);
  });
});

describe('near duplicates', () => {
  const isNear = (pair: Pair): boolean => near(...pair) > 0.87;

  test('short notes that say the same in other order are near, look-alikes are not', () => {
    expect(share(rewordings, isNear)).toBeGreaterThanOrEqual(0.95);
    expect(share(lookalikes, isNear)).toBe(0);
  });

  test('in longer notes one other word is too little to be told by a vector: words have to be compared as well', () => {
    expect(share(otherLookalikes, isNear)).toBeGreaterThan(0.3);
    expect(share(otherRewordings, isNear)).toBeGreaterThanOrEqual(0.6);
  });

  test('what shares no word is never near: meanings are not known', () => {
    for (const pair of paraphrases) expect(near(...pair)).toBeLessThan(0.2);
  });
});
