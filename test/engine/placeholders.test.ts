import { describe, expect, test } from 'vitest';
import { drain } from '../../src/base/streams.ts';
import { redactor } from '../../src/base/redact/redactor.ts';
import { text, textOf, userMessage, type Message } from '../../src/core/message.ts';
import type { Request } from '../../src/core/provider.ts';
import { placeholders, withoutSecrets } from '../../src/engine/placeholders.ts';
import { scriptedProvider } from '../../src/testing.ts';
import { harness, says, testTool } from '../support/run-harness.ts';

const secret = 'kX9-correct-7Qz_horse';
const names = () => placeholders(new Uint8Array(32));

describe('names of secrets', () => {
  test('are the same for the same secret and key, and differ between keys', () => {
    const name = names().label('known-value', secret);
    expect(name).toMatch(/^\[redacted:known-value:[0-9a-f]{8}\]$/);
    expect(names().label('known-value', secret)).toBe(name);
    expect(placeholders(new Uint8Array(32).fill(1)).label('known-value', secret)).not.toBe(name);
  });

  test('are put back where they are known, and refused where they are not', () => {
    const own = names();
    const name = own.label('known-value', secret);
    expect(own.restore({ a: [`x ${name}`], n: 1 })).toEqual({ a: [`x ${secret}`], n: 1 });
    expect(own.carries({ deep: [name] })).toBe(true);
    expect(own.carries({ deep: ['[redacted]'] })).toBe(false);
    expect(() => own.restore('[redacted:known-value:00000000]')).toThrow('read the file');
  });

  test('stay what they are when the secret is recognised by something else later', () => {
    const own = names();
    const name = own.label('assigned-secret', secret);
    expect(own.label('known-value', secret)).toBe(name);
  });

  test('tell whoever asks what was put back', () => {
    const told: string[] = [];
    const own = placeholders(new Uint8Array(32), (value) => told.push(value));
    own.restore(`x ${own.label('assigned-secret', secret)}`);
    expect(told).toEqual([secret]);
  });

  test('and marks that stand in a file are shown otherwise, and put back as they were', () => {
    const own = names();
    const name = own.label('known-value', secret);
    const file = `${name} [redacted:x:12345678] [U+202E] [U+005B] [U+\u001b[0m202E] real \u202e`;
    const shown = own.show(file, true);
    expect(shown).not.toContain('[redacted');
    expect(own.restore(shown)).toBe(file.replace('\u001b[0m', ''));
    // Another process knows them too.
    expect(names().restore(names().show('[redacted:x:12345678] [U+202E]', true))).toBe(
      '[redacted:x:12345678] [U+202E]',
    );
  });

  test('what looks like a mark and is none breaks nothing', () => {
    const own = names();
    own.show('\u202e [U+FFFFFF] [U+110000] [U+0041]');
    expect(own.restore('[U+202E] [U+FFFFFF] [U+0041]')).toBe('\u202e [U+FFFFFF] [U+0041]');
  });

  test('are not redacted again', () => {
    const own = names();
    const redact = redactor([secret], own.label);
    expect(redact(redact(`k=${secret}`))).toBe(redact(`k=${secret}`));
  });
});

describe('what a model is sent', () => {
  const own = names();
  const redact = redactor([secret], own.label);
  const ask = async (messages: readonly Message[], system = 'S'): Promise<Request> => {
    let sent: Request | undefined;
    const provider = withoutSecrets(
      scriptedProvider((request) => ((sent = request), { text: 'ok' })),
      redact,
    );
    const request = { system, tools: [], messages, maxOutputTokens: 100 };
    await drain(provider.stream(request, new AbortController().signal));
    if (!sent) throw new Error('nothing was sent');
    return sent;
  };

  test('has no secret in its system prompt, texts, calls and results', async () => {
    const sent = await ask(
      [
        userMessage(`use ${secret}`),
        { role: 'assistant', content: [{ type: 'tool_call', callId: 'c', name: 'x', input: { a: secret } }] },
        { role: 'user', content: [{ type: 'tool_result', callId: 'c', content: [text(secret)], isError: false }] },
      ],
      `the key is ${secret}`,
    );
    expect(JSON.stringify(sent)).not.toContain(secret);
    expect(JSON.stringify(sent).match(/\[redacted:/g)).toHaveLength(4);
  });

  test('keeps messages without a secret as they are, and reasoning as it was signed', async () => {
    const plain = userMessage('hello');
    const thought: Message = { role: 'assistant', content: [{ type: 'thinking', text: secret, signature: 's' }] };
    const sent = await ask([plain, thought]);
    expect(sent.messages[0]).toBe(plain);
    expect(sent.messages[1]).toBe(thought);
  });
});

describe('a run over a file with a secret', () => {
  const read = testTool(
    'read',
    () => says(`KEY=${secret}\n`),
    () => [{ kind: 'read', path: '/w/config' }],
  );
  const run = async (call: { name: string; input: unknown }) => {
    const own = names();
    const redact = redactor([secret], own.label);
    const got: unknown[] = [];
    const write = testTool(
      'write',
      (input) => (got.push(input), says('written')),
      () => [{ kind: 'write', path: '/w/config' }],
    );
    const sends = testTool(
      'send',
      (input) => (got.push(input), says('sent')),
      () => [{ kind: 'net', host: 'a.example', access: 'write' }],
    );
    const look = testTool(
      'look',
      (input) => (got.push(input), says('looked')),
      () => [{ kind: 'read', path: '/w/config' }],
    );
    const put = testTool(
      'put',
      (input) => (got.push(input), says('put')),
      (input) => [{ kind: 'write', path: (input as { body: string }).body }],
    );
    const shell = testTool(
      'run',
      (input) => (got.push(input), says('ran')),
      () => [{ kind: 'exec', command: 'x' }],
    );
    const seen: string[] = [];
    const one = harness({
      tools: [read, write, sends, shell, look, put],
      provider: withoutSecrets(
        scriptedProvider((request, turn) => {
          seen.push(JSON.stringify(request));
          return turn === 0
            ? { calls: [{ name: 'read', input: {} }] }
            : turn === 1
              ? { calls: [call] }
              : { text: 'Done.' };
        }),
        redact,
      ),
      policy: {
        hidden: [],
        foreign: () => undefined,
        decide: ({ effects }) => ({ verdict: 'allow', by: 'mode', why: '', effects: [...effects] }),
      },
      context: { placeholders: own },
    });
    await one.run('change the file');
    const results = one.events.flatMap((event) => (event.type === 'tool.finished' ? [textOf(event.content)] : []));
    await one.close();
    return { got, seen, results, name: own.label('known-value', secret) };
  };

  test('writes it back as it was, though the model never saw it', async () => {
    const name = names().label('known-value', secret);
    const { got, seen } = await run({ name: 'write', input: { content: `KEY=${name}\nMORE=1\n` } });
    expect(got).toEqual([{ content: `KEY=${secret}\nMORE=1\n` }]);
    expect(seen[1]).toContain(name);
    expect(seen.join('')).not.toContain(secret);
  });

  test.each(['send', 'run'])('does not put it back for %s', async (tool) => {
    const name = names().label('known-value', secret);
    const { got, results } = await run({ name: tool, input: { body: `stolen ${name}` } });
    expect(got).toEqual([]);
    expect(results[1]).toContain('put back only into files');
  });

  test.each(['look', 'put'])('does not put it back into a pattern or a path: %s', async (tool) => {
    const name = names().label('known-value', secret);
    const { got, results } = await run({ name: tool, input: { body: `/w/${name}` } });
    expect(got).toEqual([]);
    expect(results[1]).toContain('put back only into files');
    expect(results[1]).not.toContain(secret);
  });
});
