import { checkInput, text, type ObjectSchema, type Tool } from 'llm-copilot-agent';

const inputSchema = {
  type: 'object',
  properties: {
    items: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          text: { type: 'string' },
          status: { type: 'string', enum: ['todo', 'doing', 'done'] },
        },
        required: ['text', 'status'],
        additionalProperties: false,
      },
    },
  },
  required: ['items'],
  additionalProperties: false,
} as const satisfies ObjectSchema;

/** Shows the user what is planned and how far it is. Each call replaces the list. Its data: `{ items }`. */
export const tasks: Tool = {
  name: 'tasks',
  description: 'Show the user your task list in long work; replaces the last one.',
  inputSchema,
  prepare: (raw) => {
    const { items } = checkInput(inputSchema, raw);
    const done = items.filter((item) => item.status === 'done').length;
    return {
      effects: [],
      run: async () => ({ content: [text(`${done} of ${items.length} done`)], data: { items } }),
    };
  },
};
