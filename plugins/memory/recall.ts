import { checkInput, text, type MemorySource, type ObjectSchema, type Recalled, type Tool } from 'llm-copilot-agent';

const inputSchema = {
  type: 'object',
  properties: { query: { type: 'string' }, limit: { type: 'integer', minimum: 1, maximum: 20 } },
  required: ['query'],
  additionalProperties: false,
} as const satisfies ObjectSchema;

const sourceOf = (source: MemorySource): string => {
  switch (source.type) {
    case 'user':
      return 'the user';
    case 'session':
      return `session ${source.session.slice(0, 8)}`;
    case 'commit':
      return `commit ${source.commit.slice(0, 10)}`;
    case 'file':
      return `${source.path}:${source.startLine}-${source.endLine}`;
  }
};

const line = ({ item }: Recalled): string =>
  `- ${item.kind} (${item.sources.map(sourceOf).join(', ')}; confidence ${item.confidence.toFixed(2)}): ${item.text}`;

/** Finds what was remembered here. Its data: `{ items: Recalled[] }`. */
export const recall: Tool = {
  name: 'recall',
  description: 'Find kept notes.',
  inputSchema,
  prepare: (raw) => {
    const { query, limit = 5 } = checkInput(inputSchema, raw);
    return {
      effects: [],
      run: async ({ memory, signal }) => {
        const items = await memory.recall({ text: query, limit }, signal);
        const foreign = items.find(({ item }) => item.origin !== undefined && item.origin !== 'user')?.item;
        const from = foreign?.origin === undefined ? {} : { origin: foreign.origin, source: foreign.id };
        const body = items.length === 0 ? 'nothing remembered' : items.map(line).join('\n');
        return { ...from, content: [text(body)], data: { items } };
      },
    };
  },
};
