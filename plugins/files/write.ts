import { checkInput, text, ToolError, type ObjectSchema, type Tool } from 'llm-copilot-agent';

const inputSchema = {
  type: 'object',
  properties: { path: { type: 'string' }, content: { type: 'string' } },
  required: ['path', 'content'],
  additionalProperties: false,
} as const satisfies ObjectSchema;

/** Creates a file or replaces it whole. Its data: `{ path, bytes, created }`. */
export const write: Tool = {
  name: 'write',
  description: 'Create or overwrite a file.',
  inputSchema,
  prepare: (raw) => {
    const { path, content } = checkInput(inputSchema, raw);
    return {
      effects: [{ kind: 'write', path }],
      run: async ({ sandbox }) => {
        const before = await sandbox.stat(path);
        if (before?.kind === 'directory') throw new ToolError(`${path} is a directory`);
        await sandbox.writeFile(path, content);
        const bytes = Buffer.byteLength(content);
        const created = before === undefined;
        const lines = content.split('\n').length - (content.endsWith('\n') || content === '' ? 1 : 0);
        return {
          content: [text(`${created ? 'created' : 'replaced'} ${path}: ${lines} lines, ${bytes} bytes`)],
          data: { path, bytes, created },
        };
      },
    };
  },
};
