import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  isDamagedStore,
  openReviewStore,
  type RaisedFinding,
  type ReviewStore,
} from '../../../src/host/review/review-store.ts';

const raised = (fingerprint: string, over: Partial<RaisedFinding> = {}): RaisedFinding => ({
  ...{ fingerprint, rule: 'secret', path: 'src/a.js', line: 1, severity: 'high', confidence: 'high', message: 'm' },
  ...{ status: 'open', reason: null, quoteHash: null, quoteLines: 1 },
  ...over,
});

describe('what reviews said before', () => {
  let folder: string;
  let store: ReviewStore;
  const open = (repo = 'here'): ReviewStore => openReviewStore(join(folder, 'findings.db'), repo);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'llm-copilot-reviews-'));
    store = open();
  });
  afterEach(() => {
    store.close();
    rmSync(folder, { recursive: true });
  });
  const record = (findings: RaisedFinding[], fixed: string[] = [], at = 1): void =>
    store.record(findings, fixed, { branch: 'main', at });
  const statusOf = (fingerprint: string) => store.known([fingerprint]).get(fingerprint)?.status;

  test('is updated when it is raised again, and keeps when it was first seen', () => {
    record([raised('a')], [], 1);
    record([raised('a', { line: 9, message: 'now' })], [], 5);
    expect(store.known(['a', 'b'])).toEqual(
      new Map([['a', expect.objectContaining({ line: 9, message: 'now', firstSeenAt: 1, lastSeenAt: 5 })]]),
    );
  });

  test('stays dismissed when it is raised again; what was fixed is open again', () => {
    record([raised('a'), raised('b')]);
    store.setStatus(['a'], 'dismissed', 'fine', 2);
    record([], ['b'], 3);
    expect([statusOf('a'), statusOf('b')]).toEqual(['dismissed', 'fixed']);
    record([raised('a'), raised('b')], [], 4);
    expect([statusOf('a'), statusOf('b')]).toEqual(['dismissed', 'open']);
    expect(store.known(['a']).get('a')?.reason).toBe('fine');
  });

  test('does not count as fixed when it was dismissed', () => {
    record([raised('a')]);
    store.setStatus(['a'], 'dismissed', 'fine', 2);
    record([], ['a'], 3);
    expect(statusOf('a')).toBe('dismissed');
  });

  test('is of one repository and one branch', () => {
    record([raised('a')]);
    const other = open('there');
    expect(other.known(['a']).size).toBe(0);
    expect(other.stats()).toEqual([]);
    other.close();
    expect(store.open('main', 10)).toHaveLength(1);
    expect(store.open('feature', 10)).toEqual([]);
  });

  test('knows which rules were dismissed in a folder again and again', () => {
    record(['a', 'b', 'c'].map((one) => raised(one)));
    record([raised('d', { path: 'lib/x.js' })]);
    store.setStatus(['a', 'b', 'd'], 'dismissed', 'x', 2);
    expect(store.dismissedClasses(3).size).toBe(0);
    store.setStatus(['c'], 'dismissed', 'x', 2);
    expect(store.dismissedClasses(3)).toEqual(new Map([['secret\0src', 3]]));
  });

  test('counts what became of findings by rule', () => {
    record([
      raised('a'),
      raised('b'),
      raised('c', { rule: 'model/bug' }),
      raised('d', { status: 'kept', reason: 'x' }),
    ]);
    store.setStatus(['b'], 'dismissed', 'x', 2);
    record([], ['c'], 3);
    expect(store.stats()).toEqual([
      { rule: 'secret', raised: 3, fixed: 0, dismissed: 1, kept: 1, open: 1 },
      { rule: 'model/bug', raised: 1, fixed: 1, dismissed: 0, kept: 0, open: 0 },
    ]);
  });

  test('is found by how its fingerprint begins', () => {
    record([raised('abcd1'), raised('abcd2'), raised('abce')]);
    expect(store.withPrefix('abcd').map(({ fingerprint }) => fingerprint)).toEqual(['abcd1', 'abcd2']);
    expect(store.withPrefix('ff')).toEqual([]);
  });

  test('of a damaged file is told from other failures', () => {
    const path = join(folder, 'broken.db');
    writeFileSync(path, 'no database at all, but long enough to be looked at'.repeat(100));
    let error: unknown;
    try {
      openReviewStore(path, 'here');
    } catch (caught) {
      error = caught;
    }
    expect(isDamagedStore(error)).toBe(true);
    expect(isDamagedStore(new Error('something else'))).toBe(false);
  });
});
