import { checkInput } from '../core/input.ts';
import { callsOf, text, type Message } from '../core/message.ts';
import { ToolError, type Tool } from '../core/tool.ts';

const name = 'load_tool';

/** Tools that are shown to a model in one line until it asks for them: every turn pays for the rest. */
export const loadTool = (onDemand: readonly Tool[]): Tool => {
  const names = onDemand.map((tool) => tool.name);
  const inputSchema = {
    type: 'object',
    properties: { name: { type: 'string', enum: names } },
    required: ['name'],
    additionalProperties: false,
  } as const;
  return {
    name,
    description: `Get another tool. ${onDemand.map((tool) => `${tool.name}: ${tool.description}`).join(' ')}`,
    inputSchema,
    prepare: (raw) => {
      const input = checkInput(inputSchema, raw);
      const tool = onDemand.find((one) => one.name === input.name);
      if (!tool) throw new ToolError(`there is no tool "${input.name}"; there are: ${names.join(', ')}`);
      return { effects: [], run: async () => ({ content: [text(`${tool.name} can be called from now on.`)] }) };
    },
  };
};

/** Names of the tools a conversation asked for, or called already. */
export const loadedIn = (messages: readonly Message[]): Set<string> =>
  new Set(
    messages.flatMap(({ content }) =>
      callsOf(content).flatMap((call) => {
        if (call.name !== name) return [call.name];
        const { input } = call;
        return typeof input === 'object' && input !== null && 'name' in input && typeof input.name === 'string'
          ? [input.name]
          : [];
      }),
    ),
  );
