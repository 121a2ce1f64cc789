import { describe, expect, it } from 'vitest';
import type { MemoryItem } from '../../../src/core/memory.ts';
import { linesHash, linesOf, standingOf } from '../../../src/engine/memory/cited-lines.ts';
import { itemId, itemIdPattern } from '../../../src/engine/memory/item-id.ts';
import { boundedQuestion } from '../../../src/engine/memory/limits.ts';
import { learnedConfidence, pickDiverse, recencyOf, scored, type Candidate } from '../../../src/engine/memory/rank.ts';
import { memoryWords } from '../../../src/engine/memory/words.ts';

const now = 1_000_000_000_000;
const day = 24 * 60 * 60 * 1000;
const item = (id: string, more: Partial<MemoryItem> = {}): MemoryItem => ({
  ...{
    id,
    kind: 'strategy',
    text: id,
    scope: { type: 'user' },
    sources: [],
    confidence: 0.5,
    uses: 0,
    helped: 0,
    harmed: 0,
  },
  ...{ createdAt: now, updatedAt: now, usedAt: null, expiresAt: null, status: 'accepted', contradicts: [] },
  ...more,
});
const candidate = (id: string, overlap: number, vector: number[], more: Partial<MemoryItem> = {}): Candidate => ({
  ...{ item: item(id, more), words: new Set([id]), overlap, vector: Float32Array.from(vector) },
});
const idsOf = (list: Candidate[]): string[] => list.map((one) => one.item.id);
const rank = (list: Candidate[]) => scored(list, { now, background: 0.1 });

describe('ranking', () => {
  it('puts what is about the question first, and breaks ties by confidence and age', () => {
    const about = candidate('about', 0.8, [1, 0], { confidence: 0.1, updatedAt: now - 400 * day });
    const sure = candidate('sure', 0.4, [0, 1], { confidence: 1 });
    const old = candidate('old', 0.4, [0, 1], { confidence: 1, updatedAt: now - 60 * day });
    const unsure = candidate('unsure', 0.4, [0, 1], { confidence: 0.2 });
    expect(idsOf(rank([unsure, old, sure, about]))).toEqual(['about', 'sure', 'old', 'unsure']);
  });

  it('leaves out what is only as near as anything', () => {
    const near = { ...candidate('near', 0, [1, 0]), similarity: 0.6 };
    const chance = { ...candidate('chance', 0, [1, 0], { confidence: 1 }), similarity: 0.15 };
    expect(idsOf(rank([near, chance]))).toEqual(['near']);
  });

  it('takes one of several that are alike before it takes a second, and one that does not hold costs nothing', () => {
    const list = rank([candidate('a', 0.9, [1, 0]), candidate('a2', 0.88, [1, 0]), candidate('b', 0.6, [0, 1])]);
    expect(idsOf(pickDiverse(list, 2, () => true))).toEqual(['a', 'b']);
    expect(idsOf(pickDiverse(list, 2, (one) => one.item.id !== 'a'))).toEqual(['a2', 'b']);
    expect(idsOf(pickDiverse(list, 9, () => true))).toEqual(['a', 'b', 'a2']);
  });

  it('learns from how runs ended, slowly where it was sure', () => {
    const of = (confidence: number, helped: number, harmed: number) =>
      learnedConfidence({ confidence, helped, harmed });
    expect(of(0.5, 0, 0)).toBe(0.5);
    expect(of(0.5, 2, 0)).toBe(0.75);
    expect(of(0.9, 0, 1)).toBeCloseTo(0.6);
    expect(of(0.9, 0, 8)).toBeLessThan(0.2);
  });

  it('halves recency with every half-life, that of facts later', () => {
    const aged = (kind: MemoryItem['kind'], days: number) =>
      recencyOf({ kind, updatedAt: now - days * day, usedAt: null }, now);
    expect(aged('strategy', 30)).toBeCloseTo(0.5);
    expect(aged('fact', 30)).toBeGreaterThan(0.75);
    expect(recencyOf({ kind: 'strategy', updatedAt: 0, usedAt: now }, now)).toBe(1);
    expect(recencyOf({ kind: 'strategy', updatedAt: now + day, usedAt: null }, now)).toBe(1);
  });
});

describe('words of the memory', () => {
  it('take identifiers apart, leave out common ones and meet in their stems', () => {
    expect(memoryWords('How is parseHTTPRequest2 configured?')).toEqual(['pars', 'http', 'request', '2', 'configur']);
    expect(memoryWords('configures, configuring, running, libraries, classes')).toEqual(
      memoryWords('configure configure run library class'),
    );
    expect(memoryWords('設定画面')).toEqual(['設定', '定画', '画面']);
  });
});

describe('cited lines', () => {
  const lines = linesOf('alpha beta\r\n}\ngamma delta\n}\n');
  const cite = (startLine: number, endLine: number) => ({
    startLine,
    endLine,
    hash: linesHash(lines, startLine, endLine),
  });

  it('are found where they moved to, the nearest place first', () => {
    expect(standingOf(cite(1, 2), lines)).toEqual({ state: 'ok' });
    const copies = ['gamma delta', 'x', 'x', 'gamma delta', 'x', 'gamma delta'];
    expect(standingOf(cite(3, 3), copies)).toEqual({ state: 'moved', startLine: 4, endLine: 4 });
    expect(standingOf(cite(3, 3), ['gamma delta'])).toEqual({ state: 'moved', startLine: 1, endLine: 1 });
    expect(standingOf(cite(1, 2), ['alpha beta', 'x', '}'])).toMatchObject({ state: 'changed' });
    expect(standingOf(cite(1, 2), [])).toMatchObject({ state: 'changed' });
  });

  it('that could stand anywhere are not taken for moved', () => {
    expect(standingOf(cite(2, 2), ['x', 'y', '}'])).toEqual({ state: 'changed', why: 'the lines are no longer there' });
  });
});

describe('ids', () => {
  it('sort by time and look like ids', () => {
    const ids = [itemId(now, 0), itemId(now + 1000, 0), itemId(now + 40 * day, 5)];
    expect(ids.toSorted()).toEqual(ids);
    for (const id of [...ids, itemId(Date.UTC(2999, 0), (1 << 20) - 1)]) expect(id).toMatch(itemIdPattern);
  });
});

describe('a question', () => {
  it('of any length is bounded, with its beginning and its end', () => {
    const long = boundedQuestion(`begin ${'x'.repeat(5_000_000)} end`);
    expect(long.length).toBeLessThan(4100);
    expect(long).toMatch(/^begin [\s\S]* end$/);
    expect(boundedQuestion('  short ')).toBe('short');
  });
});
