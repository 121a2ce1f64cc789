import type { IncomingMessage } from 'node:http';
import type { Readable, Transform } from 'node:stream';
import { ToolError } from '../../core/tool.ts';

/** The codings {@link readBody} understands, as a request's header says it. */
export const acceptedEncodings = 'gzip, deflate, br';

/** Nobody needs more than two, and each costs memory. */
const maxEncodings = 2;

const encodingsOf = (response: IncomingMessage): string[] =>
  (response.headers['content-encoding'] ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');

/** @param firstByte of the answer: what is called deflate comes with zlib's header or, from some servers, without. */
const decoder = async (encoding: string, firstByte: number): Promise<Transform> => {
  const zlib = await import('node:zlib');
  if (encoding === 'br') return zlib.createBrotliDecompress();
  if (encoding === 'gzip' || encoding === 'x-gzip') return zlib.createGunzip();
  if (encoding === 'deflate') return (firstByte & 15) === 8 ? zlib.createInflate() : zlib.createInflateRaw();
  throw new ToolError(
    `The answer comes as "${encoding.replace(/[^\w-]/g, '').slice(0, 20)}", a coding that cannot be read.`,
  );
};

/** The answer's bytes once they are decompressed; nothing is read ahead of what is asked for. */
export const decompressed = async (response: IncomingMessage): Promise<AsyncIterable<Buffer>> => {
  const encodings = encodingsOf(response);
  if (encodings.length === 0) return response;
  if (encodings.length > maxEncodings) throw new ToolError(`The answer is compressed ${encodings.length} times over.`);
  const bytes: AsyncIterator<Buffer, undefined> = response[Symbol.asyncIterator]();
  const first = await bytes.next();
  // Such as a 404 that says how it would have been compressed.
  if (first.done) return response;
  const { pipeline, Readable: readable } = await import('node:stream');
  const whole = async function* (): AsyncGenerator<Buffer, void> {
    let step: IteratorResult<Buffer, undefined> = first;
    while (!step.done) {
      yield step.value;
      step = await bytes.next();
    }
  };
  let source: Readable = readable.from(whole(), { objectMode: false });
  for (const encoding of encodings.toReversed()) {
    // A failure destroys both ends; whoever reads the last one hears of it.
    source = pipeline(source, await decoder(encoding, first.value[0] ?? 0), () => undefined);
  }
  return source;
};

/**
 * Reads an answer until its end or `maxBytes` after decompression, then hangs up. A small answer that would unpack to a
 * huge one is unpacked no further than that.
 * @throws ToolError for a coding that cannot be read; what the connection or zlib throws.
 */
export const readBody = async (
  response: IncomingMessage,
  maxBytes: number,
): Promise<{ body: Uint8Array; truncated: boolean }> => {
  const chunks: Buffer[] = [];
  let length = 0;
  let truncated = false;
  try {
    for await (const chunk of await decompressed(response)) {
      truncated = length + chunk.length > maxBytes;
      const kept = chunk.subarray(0, maxBytes - length);
      chunks.push(kept);
      length += kept.length;
      if (truncated) break;
    }
  } finally {
    response.destroy();
  }
  return { body: Buffer.concat(chunks), truncated };
};
