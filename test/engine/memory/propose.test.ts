import { describe, expect, it } from 'vitest';
import type { Event, Recorded } from '../../../src/core/event.ts';
import { userMessage } from '../../../src/core/message.ts';
import { outcomeForRecalled, proposalsFrom } from '../../../src/engine/memory/propose.ts';

const record = (events: Event[]): Recorded[] =>
  events.map((event, index) => ({ ...event, session: 's', seq: index + 1, at: index, hash: '' }));

const wrote = (callId: string, path: string, isError = false): Event[] => [
  {
    ...{ run: 'r', type: 'tool.decided', callId, tool: 'edit', verdict: 'allow', by: 'mode', why: '' },
    effects: [
      { kind: 'read', path: '/w/read.ts' },
      { kind: 'write', path },
    ],
  },
  { run: 'r', type: 'tool.finished', callId, tool: 'edit', content: [], isError, durationMs: 1 },
];
const checked = (exitCode: number, tree: 'now' | 'start' = 'now'): Event => ({
  ...{
    run: 'w',
    type: 'tool.finished',
    callId: 'c',
    tool: 'check',
    content: [],
    isError: exitCode !== 0,
    durationMs: 1,
  },
  data: { check: 'test', command: 'npm test', exitCode, timedOut: false, digest: 'd', failing: null, tree },
});
const asked = (text: string): Event => ({ run: 'r', type: 'message.added', message: userMessage(text) });
const ended = (verified: boolean, status: 'done' | 'failed' | 'stopped' = 'done'): Event => ({
  ...{ run: 'w', type: 'workflow.finished', workflow: 'run' },
  outcome: { status, summary: '', claims: [], verified },
});

describe('what a run proposes to remember', () => {
  it('is one episode when it wrote files and its checks passed', () => {
    const log = record([
      asked('Fix the parser\nplease'),
      ...wrote('1', '/w/src/b.ts'),
      ...wrote('2', '/w/src/a.ts'),
      ...wrote('3', '/w/src/c.ts', true),
      ...wrote('4', '/elsewhere/d.ts'),
      checked(1),
      checked(0),
      ended(true),
    ]);
    expect(proposalsFrom(log, '/w')).toEqual([
      {
        kind: 'episode',
        text: 'Done: Fix the parser\nChanged: src/a.ts, src/b.ts\nPassed: `npm test`',
        sources: [{ type: 'session', session: 's', seq: log.length }],
        confidence: 0.6,
      },
    ]);
  });

  it.each([
    ['it only read', [asked('Look'), checked(0), ended(true)]],
    ['it was not verified', [asked('Fix'), ...wrote('1', '/w/a.ts'), checked(0), ended(false)]],
    ['its checks failed in the end', [asked('Fix'), ...wrote('1', '/w/a.ts'), checked(0), checked(1), ended(true)]],
    [
      'a check passed only on the tree as it was',
      [asked('Fix'), ...wrote('1', '/w/a.ts'), checked(0, 'start'), ended(true)],
    ],
    ['it did not end', [asked('Fix'), ...wrote('1', '/w/a.ts'), checked(0)]],
  ])('is nothing when %s', (_, events) => {
    expect(proposalsFrom(record(events), '/w')).toEqual([]);
  });

  it('is about the last workflow of a session only', () => {
    const first = [asked('First'), ...wrote('1', '/w/a.ts'), checked(0), ended(true)];
    const log = record([...first, asked('Second'), ...wrote('2', '/w/b.ts'), checked(0), ended(true)]);
    expect(proposalsFrom(log, '/w')[0]?.text).toBe('Done: Second\nChanged: b.ts\nPassed: `npm test`');
    expect(proposalsFrom(record([...first, asked('Only look'), ended(false)]), '/w')).toEqual([]);
  });

  it('carries where text in the session came from', () => {
    const page: Event = {
      ...{ run: 'r', type: 'tool.finished', callId: 'f', tool: 'fetch', content: [], isError: false, durationMs: 1 },
      origin: 'web',
    };
    const log = record([page, asked('Fix'), ...wrote('1', '/w/a.ts'), checked(0), ended(true)]);
    expect(proposalsFrom(log, '/w')).toMatchObject([{ origin: 'web' }]);
  });
});

describe('how a run ended for what was recalled into it', () => {
  it('helped when it was verified, harmed when it failed, and neither else', () => {
    expect(outcomeForRecalled(record([ended(true)]), 'w')).toBe('helped');
    expect(outcomeForRecalled(record([ended(false, 'failed')]), 'w')).toBe('harmed');
    expect(outcomeForRecalled(record([ended(false, 'done')]), 'w')).toBeUndefined();
    expect(outcomeForRecalled(record([ended(false, 'stopped')]), 'w')).toBeUndefined();
    expect(outcomeForRecalled([], 'w')).toBeUndefined();
    // Another run's end says nothing of this one, and no check decided where no model answered.
    expect(outcomeForRecalled(record([ended(true)]), 'another')).toBeUndefined();
    const down: Event = { ...{ run: 'r', type: 'run.finished', status: 'failed', text: '', turns: 1 } };
    expect(outcomeForRecalled(record([down, ended(false, 'failed')]), 'w')).toBeUndefined();
  });
});
