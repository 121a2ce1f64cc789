import { checkInput, text, ToolError, type ObjectSchema, type Tool } from 'llm-copilot-agent';
import { findPlaces, linesOf, type Found, type Replacement } from './match.ts';
import { nearest } from './nearest.ts';

const inputSchema = {
  type: 'object',
  properties: {
    path: { type: 'string' },
    old: { type: 'string', description: 'text to replace; must be unique' },
    new: { type: 'string' },
    all: { type: 'boolean', description: 'replace every match' },
  },
  required: ['path', 'old', 'new'],
  additionalProperties: false,
} as const satisfies ObjectSchema;

const maxFileBytes = 32 * 1024 * 1024;
const maxShownLines = 12;
const maxShownLength = 200;
const bom = '\uFEFF';

/** How to get from bytes to text and back without losing one. */
interface Codec {
  decode(bytes: Uint8Array): string;
  encode(text: string): Uint8Array;
  /** What the model wrote, as it reads in the decoded text. */
  spell(text: string): string;
}

const utf8: Codec = {
  decode: (bytes) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
  encode: (value) => Buffer.from(value),
  spell: (value) => value,
};

/** Every byte is a letter: whatever the encoding is, bytes outside the edit stay as they are. */
const bytewise: Codec = {
  decode: (bytes) => Buffer.from(bytes).toString('latin1'),
  encode: (value) => Buffer.from(value, 'latin1'),
  spell: (value) => Buffer.from(value).toString('latin1'),
};

const decoded = (bytes: Uint8Array): { codec: Codec; content: string } => {
  try {
    return { codec: utf8, content: utf8.decode(bytes) };
  } catch {
    return { codec: bytewise, content: bytewise.decode(bytes) };
  }
};

const lineNumber = (content: string, offset: number): number => {
  let number = 1;
  for (let at = content.indexOf('\n'); at >= 0 && at < offset; at = content.indexOf('\n', at + 1)) number += 1;
  return number;
};

const clipped = (line: string): string => (line.length > maxShownLength ? `${line.slice(0, maxShownLength)}…` : line);

const shownLines = (lines: readonly string[], mark: string): string[] => {
  const shown = lines.slice(0, maxShownLines).map((line) => mark + clipped(line));
  return lines.length > maxShownLines ? [...shown, `${mark}… ${lines.length - maxShownLines} more lines`] : shown;
};

const notFound = (path: string, content: string, old: string): ToolError => {
  const numbered = old.split('\n').every((line) => /^\s*\d+\t/.test(line) || line === '');
  const hint = numbered ? ' Leave out the line numbers that read shows.' : '';
  const candidate = nearest(content, old);
  if (!candidate)
    return new ToolError(`old was not found in ${path}, nor anything like it.${hint} Read the file again.`);
  const { firstLine, lines } = candidate;
  const numbers = `${firstLine}-${firstLine + lines.length - 1}`;
  const shown = lines.slice(0, maxShownLines).map((line, index) => `${firstLine + index}\t${clipped(line)}`);
  const more = lines.length > maxShownLines ? '\n…' : '';
  return new ToolError(
    `old was not found in ${path}.${hint} Most alike are lines ${numbers}:\n${shown.join('\n')}${more}`,
  );
};

const apply = (content: string, replacements: readonly Replacement[]): string => {
  const parts: string[] = [];
  let from = 0;
  for (const { start, end, text: value } of replacements) {
    parts.push(content.slice(from, start), value);
    from = end;
  }
  return parts.join('') + content.slice(from);
};

/** One hunk in the manner of a unified diff: the lines a replacement touches, with a line before and after. */
const hunk = (content: string, after: string, { start, end, text: value }: Replacement): string => {
  const from = content.lastIndexOf('\n', start - 1) + 1;
  const ends = (whole: string, at: number): number => {
    if (at > from && whole[at - 1] === '\n') return at;
    const next = whole.indexOf('\n', at);
    return next < 0 ? whole.length : next + 1;
  };
  const texts = (whole: string, to: number): string[] => linesOf(whole.slice(from, to)).map((line) => line.text);
  const oldLines = texts(content, ends(content, end));
  const newLines = texts(after, ends(after, start + value.length));
  let head = 0;
  while (head < Math.min(oldLines.length, newLines.length) && oldLines[head] === newLines[head]) head += 1;
  let tail = 0;
  const most = Math.min(oldLines.length, newLines.length) - head;
  while (tail < most && oldLines.at(-1 - tail) === newLines.at(-1 - tail)) tail += 1;
  const first = lineNumber(content, start) + head;
  const removed = oldLines.slice(head, oldLines.length - tail);
  const added = newLines.slice(head, newLines.length - tail);
  return [
    `@@ -${first},${removed.length} +${first},${added.length} @@`,
    ...shownLines(removed, '-'),
    ...shownLines(added, '+'),
  ].join('\n');
};

const confirmation = (path: string, content: string, after: string, found: Found): string => {
  const { tolerance, replacements } = found;
  const [first] = replacements;
  const how =
    tolerance === 'exact'
      ? ''
      : ` (${tolerance} differed${tolerance === 'indentation' ? '; new text re-indented' : ''})`;
  const places = replacements.length === 1 ? '' : `, ${replacements.length} places`;
  return `edited ${path}${places}${how}\n${first ? hunk(content, after, first) : ''}`;
};

/** Replaces a piece of a file. Its data: `{ path, line, replacements, tolerance }`. */
export const edit: Tool = {
  name: 'edit',
  description: 'Replace text in a file.',
  inputSchema,
  prepare: (raw) => {
    const { path, old, new: fresh, all = false } = checkInput(inputSchema, raw);
    if (old === '') throw new ToolError('old must not be empty; use write to create or replace a file');
    if (old === fresh) throw new ToolError('old and new are the same');
    return {
      // A read too: what it answers shows lines of the file.
      effects: [
        { kind: 'read', path },
        { kind: 'write', path },
      ],
      run: async ({ sandbox }) => {
        const info = await sandbox.stat(path);
        if (!info) throw new ToolError(`${path}: no such file; use write to create it`);
        if (info.size > maxFileBytes) throw new ToolError(`${path} is too large to edit: ${info.size} bytes`);
        const bytes = await sandbox.readFile(path);
        if (bytes.includes(0)) throw new ToolError(`${path} is a binary file`);
        const { codec, content: whole } = decoded(bytes);
        const mark = whole.startsWith(codec.spell(bom)) ? codec.spell(bom) : '';
        const content = whole.slice(mark.length);
        const found = findPlaces(content, codec.spell(old), codec.spell(fresh), all);
        if (!found) throw notFound(path, content, codec.spell(old));
        const { replacements } = found;
        const lines = replacements.map(({ start }) => lineNumber(content, start));
        if (replacements.length > 1 && !all) {
          const some = lines.slice(0, 20).join(', ') + (lines.length > 20 ? ', …' : '');
          throw new ToolError(
            `old is there ${lines.length} times in ${path} (lines ${some}); make it unique or set all`,
          );
        }
        const after = apply(content, replacements);
        if (after === content) throw new ToolError(`${path} already reads like that; nothing was changed`);
        await sandbox.writeFile(path, codec.encode(mark + after));
        const data = { path, line: lines[0], replacements: replacements.length, tolerance: found.tolerance };
        return { content: [text(confirmation(path, content, after, found))], data };
      },
    };
  },
};
