import { expect, it } from 'vitest';
import { stallWatch } from '../../src/core/stall-watch.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const heard = (chunks: Iterable<Uint8Array>): ReadableStream<Uint8Array> => {
  const watch = stallWatch('Acme', 5000, new AbortController().signal);
  const source = chunks[Symbol.iterator]();
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const step = source.next();
      if (step.done) controller.close();
      else controller.enqueue(step.value);
    },
  });
  watch.close();
  return watch.hear(new Response(body)).body ?? new ReadableStream();
};
const texts = async (chunks: Iterable<Uint8Array>): Promise<string[]> => {
  const all: string[] = [];
  for await (const chunk of heard(chunks)) all.push(new TextDecoder().decode(chunk));
  return all;
};

it('hands on whole lines, and what is left in the end', async () => {
  const sent = ['da', 'ta: 1\n\nda', 'ta: 2\r', '\n\r\nrest', ' of it'].map(bytes);
  expect(await texts(sent)).toEqual(['data: 1\n\n', 'data: 2\r', '\n\r\n', 'rest of it']);
});

it('takes time with the length of a line, not with its square', async () => {
  const piece = new Uint8Array(1000).fill(97);
  const started = performance.now();
  const all = await texts(Array.from({ length: 20_000 }, () => piece));
  expect(all.map((text) => text.length)).toEqual([20_000_000]);
  expect(performance.now() - started).toBeLessThan(5000);
});

it('gives an answer up that does not end', async () => {
  const piece = new Uint8Array(1024 * 1024).fill(10);
  let sent = 0;
  const endless = function* (): Generator<Uint8Array> {
    for (;;) {
      sent += 1;
      yield piece;
    }
  };
  const read = async (): Promise<void> => {
    for await (const _ of heard(endless()));
  };
  await expect(read()).rejects.toMatchObject({
    kind: 'malformed',
    message: 'Acme sent more than 128 MiB and did not end',
  });
  expect(sent).toBeLessThan(140);
});
