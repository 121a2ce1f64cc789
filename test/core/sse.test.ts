import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readJsonEvents, readSse } from '../../src/core/sse.ts';

const read = async (chunks: Iterable<Uint8Array>): Promise<string[]> => {
  const events: string[] = [];
  for await (const event of readSse(chunks)) events.push(event);
  return events;
};
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

it('reads events whatever their line breaks are', async () => {
  for (const end of ['\n', '\r', '\r\n']) {
    const stream = [
      'data: one',
      '',
      'data:two',
      'data:  lines',
      '',
      ': comment',
      'event: x',
      'id: 7',
      '',
      'data',
      '',
      '',
    ];
    expect(await read([bytes(stream.join(end))])).toEqual(['one', 'two\n lines', '']);
  }
});

it('reads the same events however the bytes are cut', async () => {
  const whole = bytes('data: Grüße 🎉\r\n\r\ndata: a\r\ndata: b\r\n\r\n: hm\r\n\r\ndata: {"x":"é"}\r\n\r\n');
  const cuts = fc.array(fc.integer({ min: 0, max: whole.length }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(cuts, async (places) => {
      const ends = [...places.sort((a, b) => a - b), whole.length];
      const chunks = ends.map((end, at) => whole.subarray(ends[at - 1] ?? 0, end));
      expect(await read(chunks)).toEqual(['Grüße 🎉', 'a\nb', '{"x":"é"}']);
    }),
  );
  expect(await read([...whole].map((byte) => Uint8Array.of(byte)))).toHaveLength(3);
});

it('leaves out an event that is cut off, and words that are none', async () => {
  expect(await read([bytes('data: one\n\ndata: tw')])).toEqual(['one']);
  expect(await read([bytes('hello\nworld\n')])).toEqual([]);
  expect(await read([])).toEqual([]);
});

it('gives JSON that stands outside of events at the end', async () => {
  const error = '{\n  "error": {\n    "code": 503\n  }\n}';
  expect(await read([bytes(`data: one\n\n${error}\n`)])).toEqual(['one', error]);
});

it('reads one long line in small pieces in good time', async () => {
  const piece = bytes('x'.repeat(16));
  const chunks = [bytes('data: '), ...Array<Uint8Array>(60_000).fill(piece), bytes('\n\n')];
  const started = performance.now();
  const [event] = await read(chunks);
  expect(event).toHaveLength(960_000);
  expect(performance.now() - started).toBeLessThan(3000);
});

it('reads JSON up to the end mark, and the rest without heeding it', async () => {
  let isReadToEnd = false;
  const source = async function* (): AsyncGenerator<Uint8Array, void> {
    yield bytes('data: {"a":1}\n\ndata: [DONE]\n\n');
    yield bytes('data: no JSON\n\n');
    isReadToEnd = true;
  };
  const events: unknown[] = [];
  for await (const event of readJsonEvents(source(), (data) => new Error(data))) events.push(event);
  expect([events, isReadToEnd]).toEqual([[{ a: 1 }], true]);
});

it('says what an event is that is not JSON', async () => {
  const events = readJsonEvents([bytes('data: {"a"\n\n')], (data) => new Error(`not ${data}`));
  await expect(events.next()).rejects.toThrow('not {"a"');
});
