import { checkInput, text, ToolError, type MemoryDraft, type ObjectSchema, type Tool } from 'llm-copilot-agent';

const inputSchema = {
  type: 'object',
  properties: {
    text: { type: 'string', description: 'one fact, short' },
    kind: { type: 'string', enum: ['fact', 'strategy', 'skill'] },
    file: { type: 'string', description: 'what it rests on: path:start-end' },
  },
  required: ['text'],
  additionalProperties: false,
} as const satisfies ObjectSchema;

type CitedFile = Extract<MemoryDraft['sources'][number], { type: 'file' }>;

const fileOf = (written: string): CitedFile => {
  const { path, start, end } = /^(?<path>.+?):(?<start>\d+)(?:-(?<end>\d+))?$/.exec(written)?.groups ?? {};
  if (path === undefined) throw new ToolError(`file "${written}" is not written like src/a.ts:10-20`);
  return { type: 'file', path, startLine: Number(start), endLine: Number(end ?? start) };
};

/** Proposes something to remember: it waits for the user's yes. Its data: `Remembered`. */
export const remember: Tool = {
  name: 'remember',
  description: 'Propose a note to keep.',
  inputSchema,
  prepare: (raw) => {
    const { text: words, kind = 'fact', file } = checkInput(inputSchema, raw);
    const cited = file === undefined ? undefined : fileOf(file);
    const sources = cited ? [cited] : [];
    return {
      effects: cited ? [{ kind: 'read', path: cited.path }] : [],
      run: async ({ memory, signal }) => {
        const remembered = await memory.remember({ kind, text: words, sources }, signal);
        const said = {
          added: 'remembered',
          merged: 'known already',
          proposed: 'proposed; the user decides',
        }[remembered.outcome];
        return { content: [text(said)], data: remembered };
      },
    };
  },
};
