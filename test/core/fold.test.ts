import { describe, expect, test } from 'vitest';
import type { Event, Recorded } from '../../src/core/event.ts';
import { messagesOf, sourcesIn, topRunsOf } from '../../src/core/fold.ts';
import { text, userMessage, type Message } from '../../src/core/message.ts';

const log = (...events: Event[]): Recorded[] =>
  events.map((event, index) => ({ ...event, session: 's', seq: index + 1, at: 0, hash: '' }));

const started = (run: string, more: { continues?: string; parent?: string } = {}): Event => ({
  type: 'run.started',
  run,
  agent: 'coder',
  ...more,
});
const said = (run: string, message: Message): Event => ({ type: 'message.added', run, message });
const calling = (...ids: string[]): Message => ({
  role: 'assistant',
  content: ids.map((callId) => ({ type: 'tool_call', callId, name: 'read', input: {} })),
});
const finished = (run: string, callId: string, words: string): Event => ({
  type: 'tool.finished',
  run,
  callId,
  tool: 'read',
  content: [text(words)],
  isError: false,
  durationMs: 1,
});

describe('the conversation is a fold over the log', () => {
  test('results come in the order of the calls, not of their ends', () => {
    const messages = messagesOf(
      log(
        started('r'),
        said('r', userMessage('go')),
        said('r', calling('a', 'b')),
        finished('r', 'b', 'B'),
        finished('r', 'a', 'A'),
      ),
      'r',
    );
    expect(messages[2]?.content.map((block) => block.type === 'tool_result' && block.callId)).toEqual(['a', 'b']);
  });

  test('a call that never finished gets an interrupted result', () => {
    const messages = messagesOf(log(started('r'), said('r', calling('a', 'b')), finished('r', 'a', 'A')), 'r');
    expect(messages[1]?.content).toMatchObject([
      { callId: 'a', isError: false },
      { callId: 'b', isError: true, content: [{ text: expect.stringContaining('Interrupted') as string }] },
    ]);
  });

  test('text from outside is found wherever in a session it came in', () => {
    const check = { ...finished('workflow', 'w-1', 'x'), origin: 'file', source: '/w/node_modules/x/log' } as const;
    const recalled: Message = { role: 'user', content: [], origin: 'web' };
    const own = [said('a', userMessage('typed')), finished('a', '1', 'own')];
    expect(sourcesIn(log(started('a'), ...own, check, said('a', recalled)))).toEqual([
      { origin: 'file', source: '/w/node_modules/x/log' },
      { origin: 'web', source: 'web' },
    ]);
  });

  test('a run that continues another one begins with its conversation', () => {
    const events = log(
      started('one'),
      said('one', userMessage('first')),
      said('one', calling('a')),
      started('two', { continues: 'one' }),
      said('two', userMessage('second')),
    );
    expect(messagesOf(events, 'two').map((message) => message.content[0]?.type)).toEqual([
      'text',
      'tool_call',
      'tool_result',
      'text',
    ]);
  });

  test('what a sub-run said does not leak into its parent', () => {
    const events = log(
      started('outer'),
      said('outer', calling('a')),
      started('inner', { parent: 'outer' }),
      said('inner', userMessage('secret plan')),
      finished('outer', 'a', 'A'),
    );
    expect(JSON.stringify(messagesOf(events, 'outer'))).not.toContain('secret plan');
  });

  test('a compaction replaces everything before it', () => {
    const events = log(
      started('r'),
      said('r', userMessage('long story')),
      {
        type: 'context.compacted',
        run: 'r',
        replacement: [userMessage('short story')],
        beforeTokens: 9,
        afterTokens: 3,
      },
      said('r', userMessage('more')),
    );
    expect(messagesOf(events, 'r')).toEqual([userMessage('short story'), userMessage('more')]);
  });

  test('a chain of continues that bites its own tail ends', () => {
    expect(
      messagesOf(
        log(started('a', { continues: 'b' }), started('b', { continues: 'a' }), said('a', userMessage('x'))),
        'a',
      ),
    ).toHaveLength(1);
  });

  test('top-level runs say whether they finished', () => {
    const events = log(
      started('one'),
      { type: 'run.finished', run: 'one', status: 'answered', text: '', turns: 1 },
      started('two'),
      started('inner', { parent: 'two' }),
    );
    expect(topRunsOf(events)).toEqual([
      { run: 'one', finished: true },
      { run: 'two', finished: false },
    ]);
  });
});
