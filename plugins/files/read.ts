import { checkInput, text, ToolError, type Block, type ObjectSchema, type Sandbox, type Tool } from 'llm-copilot-agent';

const inputSchema = {
  type: 'object',
  properties: {
    path: { type: 'string' },
    offset: { type: 'integer', minimum: 1, description: 'first line' },
    limit: { type: 'integer', minimum: 1, description: 'lines, default 2000' },
  },
  required: ['path'],
  additionalProperties: false,
} as const satisfies ObjectSchema;

const defaultLines = 2000;
/** Bytes of text one call returns at most: about 16,000 tokens. */
const maxTextBytes = 64_000;
const maxLineBytes = 4_000;
const chunkBytes = 256 * 1024;
/** After the last line asked for, this much is still scanned to tell how many lines there are. */
const maxCountBytes = 8 * 1024 * 1024;
/** Providers refuse pictures of more than 5 MB in base64 (Anthropic's limit is the lowest). */
const maxImageBytes = 3_750_000;

const imageType = (head: Buffer): string | undefined => {
  const ascii = head.toString('latin1', 0, 12);
  if (ascii.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (ascii.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (ascii.startsWith('GIF87a') || ascii.startsWith('GIF89a')) return 'image/gif';
  return ascii.startsWith('RIFF') && ascii.endsWith('WEBP') ? 'image/webp' : undefined;
};

interface Line {
  /** Not more than {@link maxLineBytes} of it. */
  head: Buffer[];
  headBytes: number;
  bytes: number;
}

interface Excerpt {
  lines: string[];
  /** Lines in the file, when the end was reached. */
  total: number | undefined;
  crlf: boolean;
}

const shown = (line: Line): string => {
  const bytes = Buffer.concat(line.head);
  if (line.bytes <= maxLineBytes) return bytes.toString().replace(/\r$/, '');
  const start = bytes.toString().replace(/\uFFFD+$/, '');
  return `${start}… [${line.bytes - Buffer.byteLength(start)} more bytes in this line]`;
};

/** Reads lines `first` to `first + count - 1` in pieces, so that neither the file nor a line is ever held whole. */
const readLines = async (
  sandbox: Sandbox,
  path: string,
  { first, count, start }: { first: number; count: number; start: number },
  signal: AbortSignal,
): Promise<Excerpt> => {
  const lines: string[] = [];
  let room = maxTextBytes;
  let crlf = false;
  let number = 1;
  let scannedAfter = 0;
  let line: Line = { head: [], headBytes: 0, bytes: 0 };
  const wanted = (): boolean => number >= first && lines.length < count && room > 0;
  const add = (piece: Buffer): void => {
    line.bytes += piece.length;
    const space = maxLineBytes - line.headBytes;
    if (space <= 0 || !wanted()) return;
    const head = piece.subarray(0, space);
    line.head.push(head);
    line.headBytes += head.length;
  };
  const endLine = (): void => {
    if (wanted()) {
      const value = shown(line);
      room -= Buffer.byteLength(value);
      if (room > 0 || lines.length === 0) lines.push(value);
      crlf ||= line.head.at(-1)?.at(-1) === 0x0d;
    }
    number += 1;
    line = { head: [], headBytes: 0, bytes: 0 };
  };
  for (let offset = start; scannedAfter <= maxCountBytes;) {
    signal.throwIfAborted();
    const chunk = Buffer.from(await sandbox.readFile(path, { offsetBytes: offset, limitBytes: chunkBytes }));
    if (chunk.length === 0) {
      if (line.bytes > 0) endLine();
      return { lines, total: number - 1, crlf };
    }
    if (number >= first && !wanted()) scannedAfter += chunk.length;
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      add(chunk.subarray(from, at));
      endLine();
      from = at + 1;
    }
    add(chunk.subarray(from));
    offset += chunk.length;
  }
  return { lines, total: undefined, crlf };
};

const readText = async (
  sandbox: Sandbox,
  input: { path: string; offset?: number; limit?: number },
  head: Buffer,
  signal: AbortSignal,
) => {
  const first = input.offset ?? 1;
  const bom = head.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]));
  const range = { first, count: input.limit ?? defaultLines, start: bom ? 3 : 0 };
  const { lines, total, crlf } = await readLines(sandbox, input.path, range, signal);
  if (total === 0) return { content: [text('(empty file)')], data: { path: input.path, totalLines: 0 } };
  if (lines.length === 0) throw new ToolError(`offset ${first} is past the end: ${input.path} has ${total ?? 0} lines`);
  const last = first + lines.length - 1;
  const notes: string[] = [];
  if (total === undefined || last < total) {
    notes.push(`lines ${first}-${last} of ${total ?? 'many'}; go on with offset ${last + 1}`);
  }
  if (crlf) notes.push('lines end in CRLF');
  if (bom) notes.push('starts with a BOM');
  const body = lines.map((line, index) => `${first + index}\t${line}`).join('\n');
  return {
    content: [text(notes.length > 0 ? `${body}\n[${notes.join('; ')}]` : body)],
    data: { path: input.path, firstLine: first, lastLine: last, ...(total !== undefined && { totalLines: total }) },
  };
};

/** Reads a file: lines of text with their numbers, or a picture. Its data: `{ path, firstLine, lastLine, totalLines? }`. */
export const read: Tool = {
  name: 'read',
  description: 'Read a file (numbered lines) or an image.',
  inputSchema,
  prepare: (raw) => {
    const input = checkInput(inputSchema, raw);
    return {
      effects: [{ kind: 'read', path: input.path }],
      run: async ({ sandbox, signal }) => {
        const { path } = input;
        const info = await sandbox.stat(path);
        if (!info) throw new ToolError(`${path}: no such file`);
        if (info.kind === 'directory') throw new ToolError(`${path} is a directory; use list`);
        const head = Buffer.from(await sandbox.readFile(path, { offsetBytes: 0, limitBytes: 8192 }));
        const mediaType = imageType(head);
        if (mediaType !== undefined) {
          if (info.size > maxImageBytes) {
            throw new ToolError(`${path} is too large for a picture: ${info.size} bytes, at most ${maxImageBytes}`);
          }
          const base64 = Buffer.from(await sandbox.readFile(path)).toString('base64');
          const content: Block[] = [{ type: 'image', mediaType, base64 }];
          return { content, data: { path, mediaType, bytes: info.size } };
        }
        if (/^(\xff\xfe|\xfe\xff)/.test(head.toString('latin1', 0, 2))) {
          throw new ToolError(`${path} is UTF-16 text; convert it first (iconv -f UTF-16 -t UTF-8)`);
        }
        if (head.includes(0)) throw new ToolError(`${path} is a binary file of ${info.size} bytes`);
        return readText(sandbox, input, head, signal);
      },
    };
  },
};
