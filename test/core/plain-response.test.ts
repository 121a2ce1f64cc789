import { describe, expect, test } from 'vitest';
import { PlainResponse, plainResponse } from '../../src/core/plain-response.ts';

const parts = {
  status: 200,
  statusText: 'OK',
  headers: new Headers({ 'content-type': 'text/plain' }),
  url: 'http://a/',
};
const bodyOf = (...chunks: (string | Uint8Array)[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start: (controller) => {
      for (const chunk of chunks)
        controller.enqueue(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk);
      controller.close();
    },
  });

describe('a plain response', () => {
  test('is read once, in whatever form, across pieces that cut a letter', async () => {
    const euro = new TextEncoder().encode('€');
    const make = () => plainResponse(bodyOf('{"a":"', euro.slice(0, 1), euro.slice(1), '"}'), parts);
    expect(await make().text()).toBe('{"a":"€"}');
    expect(await make().json()).toEqual({ a: '€' });
    expect((await make().arrayBuffer()).byteLength).toBe(11);
    const blob = await make().blob();
    expect([blob.size, blob.type]).toEqual([11, 'text/plain']);
    const response = make();
    expect(response.bodyUsed).toBe(false);
    await response.text();
    expect(response.bodyUsed).toBe(true);
    await expect(response.text()).rejects.toThrow(TypeError);
    expect(() => response.clone()).toThrow(TypeError);
  });

  test('can be cloned before that, says whether all is well, and reads no forms', async () => {
    const response = plainResponse(bodyOf('twice'), { ...parts, status: 503 });
    const copy = response.clone();
    expect([await response.text(), await copy.text()]).toEqual(['twice', 'twice']);
    expect([response.ok, copy.status, copy.url]).toEqual([false, 503, 'http://a/']);
    expect(await plainResponse(null, parts).clone().text()).toBe('');
    expect(new PlainResponse(null, parts).ok).toBe(true);
    await expect(new PlainResponse(null, parts).formData()).rejects.toThrow(TypeError);
  });
});
