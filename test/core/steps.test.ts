import { describe, expect, it } from 'vitest';
import type { Event, Recorded } from '../../src/core/event.ts';
import { stepsOf } from '../../src/core/steps.ts';

const log = (...events: Event[]): Recorded[] =>
  events.map((event, index) => ({ ...event, session: 's', seq: index + 1, at: index * 1000, hash: '' }));
const decided = (callId: string, command: string): Event => ({
  type: 'tool.decided',
  run: 'r',
  callId,
  tool: 'shell',
  verdict: 'allow',
  by: 'mode',
  why: '',
  effects: [{ kind: 'exec', command }],
});
const taken = (callId: string, when: 'before' | 'after', snapshot: string, run = 'r'): Event => ({
  type: 'snapshot.taken',
  run,
  callId,
  when,
  snapshot,
});
const call = (callId: string, before: string, after: string): Event[] => [
  decided(callId, `do ${callId}`),
  taken(callId, 'before', before),
  taken(callId, 'after', after),
];
const undo = (callId: string, undone: string[], before: string, after: string): Event[] => [
  taken(callId, 'before', before, callId),
  taken(callId, 'after', after, callId),
  { type: 'undo.applied', run: callId, callId, undone },
];

describe('stepsOf', () => {
  it('numbers the calls that changed something', () => {
    const steps = stepsOf(log(...call('a', '1', '2'), ...call('b', '2', '2'), ...call('c', '2', '3')));
    expect(steps).toMatchObject([
      { number: 1, callId: 'a', tool: 'shell', what: 'do a', before: '1', after: '2', undone: false },
      { number: 2, callId: 'c', before: '2', after: '3' },
    ]);
  });

  it('keeps a call that was killed, without a state after it', () => {
    const [step] = stepsOf(log(decided('a', 'sleep'), taken('a', 'before', '1')));
    expect(step).toMatchObject({ number: 1, before: '1' });
    expect(step?.after).toBeUndefined();
  });

  it('tells calls apart that a model gave the same id', () => {
    const steps = stepsOf(log(...call('a', '1', '2'), ...call('a', '2', '3')));
    expect(steps.map(({ before, after }) => [before, after])).toEqual([
      ['1', '2'],
      ['2', '3'],
    ]);
    expect(new Set(steps.map((step) => step.id)).size).toBe(2);
  });

  it('shows the command as the model wrote it', () => {
    const message: Event = {
      type: 'message.added',
      run: 'r',
      message: {
        role: 'assistant',
        content: [{ type: 'tool_call', callId: 'a', name: 'shell', input: { command: 'x && y' } }],
      },
    };
    expect(stepsOf(log(message, ...call('a', '1', '2')))[0]?.what).toBe('x && y');
  });

  it('knows what was taken back, and what was brought back again', () => {
    const first = log(...call('a', '1', '2'), ...call('b', '2', '3'));
    const ids = stepsOf(first).map((step) => step.id);
    const second = log(...first, ...undo('u', ids, '3', '1'));
    expect(stepsOf(second)).toMatchObject([
      { undone: true },
      { undone: true },
      { undone: false, undoes: ids, what: 'took back steps 1, 2', tool: 'undo' },
    ]);
    const own = stepsOf(second)[2]?.id ?? '';
    const third = log(...second, ...undo('v', [own], '1', '3'));
    expect(stepsOf(third).map((step) => step.undone)).toEqual([false, false, true, false]);
    const last = stepsOf(third)[3]?.id ?? '';
    expect(stepsOf(log(...third, ...undo('w', [last], '3', '1'))).map((step) => step.undone)).toEqual([
      true,
      true,
      false,
      true,
      false,
    ]);
  });
});
