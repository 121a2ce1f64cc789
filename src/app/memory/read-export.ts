import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { messageOf, usageError } from '../../base/errors.ts';
import type { MemoryItem } from '../../core/memory.ts';
import { readHeader, readItem } from '../../engine/memory/read-item.ts';

/** What a file of an export says. */
export interface ReadExport {
  items: { line: number; item: MemoryItem }[];
  invalid: { line: number; problem: string }[];
}

const maxBytes = 64 << 20;
const maxLineChars = 256 << 10;
const mostProblems = 100;

type Decoder = InstanceType<typeof TextDecoder>;

const decoderFor = (start: Uint8Array): Decoder => {
  const [a, b] = start;
  const encoding = a === 0xff && b === 0xfe ? 'utf-16le' : a === 0xfe && b === 0xff ? 'utf-16be' : 'utf-8';
  // A byte order mark is taken off by the decoder.
  return new TextDecoder(encoding, { fatal: true });
};

const tooLarge = (path: string): Error =>
  usageError(`${path} is larger than ${maxBytes >> 20} MB.`, 'Split it: every part needs the first line.');

async function* linesIn(path: string): AsyncGenerator<{ line: number; text: string }, void> {
  let decoder: Decoder | undefined;
  let rest = '';
  let line = 0;
  let bytes = 0;
  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk === undefined
        ? (decoder?.decode() ?? '')
        : (decoder ??= decoderFor(chunk)).decode(chunk, { stream: true });
    } catch (error) {
      throw usageError(
        `${path} is no UTF-8 after line ${line}.`,
        `Save it as UTF-8 and try again (${messageOf(error)}).`,
      );
    }
  };
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(path);
    const parts = (rest + decode(chunk)).split('\n');
    rest = parts.pop() ?? '';
    for (const text of parts) yield { line: ++line, text };
    if (rest.length > maxLineChars) throw usageError(`${path}:${line + 1} is longer than any item can be.`);
  }
  rest += decode();
  if (rest !== '') yield { line: ++line, text: rest };
}

/**
 * Reads an export, line by line, and judges every one of them; nothing in it is believed.
 * @throws CopilotError exit 2 when it is no export, too large or not readable.
 */
export const readExport = async (path: string): Promise<ReadExport> => {
  const info = await stat(path).catch((error: unknown) => {
    throw usageError(`${path} cannot be read: ${messageOf(error)}`);
  });
  if (!info.isFile()) throw usageError(`${path} is no file.`);
  if (info.size > maxBytes) throw tooLarge(path);
  const read: ReadExport = { items: [], invalid: [] };
  let hasHeader = false;
  for await (const { line, text } of linesIn(path)) {
    if (text.trim() === '') continue;
    try {
      if (text.length > maxLineChars) throw new Error('it is longer than any item can be');
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        throw new Error('it is no JSON');
      }
      if (hasHeader) read.items.push({ line, item: readItem(value) });
      else {
        readHeader(value);
        hasHeader = true;
      }
    } catch (error) {
      if (!hasHeader)
        throw usageError(`${path}:${line}: ${messageOf(error)}.`, 'Make one with: llm-copilot memory export');
      if (read.invalid.length < mostProblems) read.invalid.push({ line, problem: messageOf(error) });
    }
  }
  if (!hasHeader) throw usageError(`${path} is empty.`, 'Make an export with: llm-copilot memory export');
  return read;
};
