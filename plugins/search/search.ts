import { checkInput, text, type Found, type ObjectSchema, type Tool } from 'llm-copilot-agent';

const inputSchema = {
  type: 'object',
  properties: {
    query: { type: 'string', description: 'words or identifiers' },
    paths: { type: 'array', items: { type: 'string' }, description: 'globs' },
    kind: { type: 'string', enum: ['code', 'doc', 'commit'] },
    files: { type: 'boolean', description: 'one result per file' },
    limit: { type: 'integer', minimum: 1, maximum: 50 },
  },
  required: ['query'],
  additionalProperties: false,
} as const satisfies ObjectSchema;

/** Lines of one result, and bytes of all. */
const maxLines = 12;
const maxBytes = 12_000;

/** A name that is more than one line would pose as another result. */
const onOneLine = (name: string): string => name.replace(/[\n\r\u2028\u2029]/g, ' ');

/** Models write paths from the top of the file system as well; patterns are seen from the workspace. */
const patternBelow = (root: string, pattern: string): string =>
  pattern === root || pattern.startsWith(`${root}/`) ? `.${pattern.slice(root.length)}` : pattern;

const placeOf = ({ kind, path, startLine, endLine, symbol }: Found): string => {
  const place = startLine === 0 ? path : `${path}:${startLine}-${endLine}`;
  return onOneLine([kind === 'commit' ? 'commit' : '', place, symbol ?? ''].filter((part) => part !== '').join(' '));
};

const shown = (found: Found, filesOnly: boolean): string => {
  if (filesOnly) return placeOf(found);
  const lines = found.text.split('\n');
  const cut = lines.length > maxLines ? [...lines.slice(0, maxLines), '…'] : lines;
  return [placeOf(found), ...cut].join('\n');
};

/** Finds places by meaning, words, names and history. Its data: `{ results: Found[], leftOut }`. */
export const search: Tool = {
  name: 'search',
  description: 'Find code or docs by topic.',
  inputSchema,
  prepare: (raw) => {
    const { query, paths, kind, files = false, limit = files ? 20 : 8 } = checkInput(inputSchema, raw);
    return {
      effects: [{ kind: 'read', path: '.' }],
      run: async ({ code, hidden, sandbox, signal }) => {
        const below = paths?.map((pattern) => patternBelow(sandbox.root, pattern));
        const results = await code.search(
          { query, limit, files, hidden, ...(below && { paths: below }), ...(kind && { kinds: [kind] }) },
          signal,
        );
        if (results.length === 0) return { content: [text('nothing found')], data: { results, leftOut: 0 } };
        const parts: string[] = [];
        let bytes = 0;
        for (const result of results) {
          const part = shown(result, files);
          if (parts.length > 0 && bytes + part.length > maxBytes) break;
          parts.push(part);
          bytes += part.length;
        }
        const leftOut = results.length - parts.length;
        const more = leftOut > 0 ? [`[${leftOut} more left out]`] : [];
        const body = [...parts, ...more].join(files ? '\n' : '\n\n');
        return { content: [text(body)], data: { results: results.slice(0, parts.length), leftOut } };
      },
    };
  },
};
