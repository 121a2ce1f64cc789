import { describe, expect, it } from 'vitest';
import { capabilitiesFrom } from '../../src/core/capabilities.ts';
import { isToolError, type Effect, type ObjectSchema, type PluginHost, type Tool } from 'llm-copilot-agent';
import { loadTool } from '../../src/engine/load-tool.ts';
import files from '../../plugins/files/index.ts';
import memory from '../../plugins/memory/index.ts';
import search from '../../plugins/search/index.ts';
import shell from '../../plugins/shell/index.ts';
import tasks from '../../plugins/tasks/index.ts';
import web from '../../plugins/web/index.ts';

const host: PluginHost = {
  secret: () => undefined,
  env: () => undefined,
  model: () => capabilitiesFrom(),
  fetch,
  stallTimeoutMs: 1000,
};
const plugins = [files, search, memory, shell, tasks, web];
const tools: Tool[] = [];
for (const plugin of plugins) tools.push(...((await plugin.load()).setup(host).tools ?? []));

/** A smallest valid call of each tool, and the effects it must declare. */
const examples: Record<string, { input: Record<string, unknown>; effects: Effect[] }> = {
  read: { input: { path: 'a' }, effects: [{ kind: 'read', path: 'a' }] },
  list: { input: {}, effects: [{ kind: 'read', path: '.' }] },
  write: { input: { path: 'a', content: '' }, effects: [{ kind: 'write', path: 'a' }] },
  // A read too: a failed edit shows the lines most alike.
  edit: {
    input: { path: 'a', old: 'x', new: 'y' },
    effects: [
      { kind: 'read', path: 'a' },
      { kind: 'write', path: 'a' },
    ],
  },
  grep: { input: { pattern: 'x', path: 'src' }, effects: [{ kind: 'read', path: 'src' }] },
  search: { input: { query: 'x' }, effects: [{ kind: 'read', path: '.' }] },
  recall: { input: { query: 'x' }, effects: [] },
  remember: { input: { text: 'x', file: 'a.ts:1-2' }, effects: [{ kind: 'read', path: 'a.ts' }] },
  shell: { input: { command: 'ls' }, effects: [{ kind: 'exec', command: 'ls' }] },
  tasks: { input: { items: [] }, effects: [] },
  fetch: { input: { url: 'https://example.org/a' }, effects: [{ kind: 'net', host: 'example.org', access: 'read' }] },
};

const refusal = (tool: Tool, input: unknown): string => {
  try {
    tool.prepare(input);
  } catch (error) {
    expect(isToolError(error)).toBe(true);
    return (error as Error).message;
  }
  return 'accepted';
};

it('every plugin brings the tools its manifest names, in that order', async () => {
  for (const plugin of plugins) {
    const { tools: brought = [] } = (await plugin.load()).setup(host);
    expect(brought.map((tool) => tool.name)).toEqual(plugin.tools);
  }
});

it('the set every request carries costs at most 650 tokens', async () => {
  const { encode } = await import('gpt-tokenizer/encoding/o200k_base');
  // What is loaded on demand is one line of `load_tool` until then.
  const onDemand = new Set(['fetch', 'search', 'recall', 'remember']);
  const everyTime = [
    ...tools.filter((tool) => !onDemand.has(tool.name)),
    loadTool(tools.filter((tool) => onDemand.has(tool.name))),
  ];
  const set = everyTime.map((tool) => ({
    name: tool.name,
    description: tool.description,
    input_schema: tool.inputSchema,
  }));
  expect(encode(JSON.stringify(set)).length).toBeLessThanOrEqual(650);
});

describe.each(tools.map((tool) => [tool.name, tool] as const))('the tool %s', (name, tool) => {
  const schema = tool.inputSchema as ObjectSchema;
  const example = examples[name]!;

  it('has a name and a description a model can use', () => {
    expect(name).toMatch(/^[a-z][a-zA-Z0-9]{0,40}$/);
    expect(tool.description).toMatch(/^[A-Z].{10,200}\.$/);
  });

  it('has the schema of an object that refuses other properties and whose required ones exist', () => {
    expect(schema.type).toBe('object');
    expect(schema.additionalProperties).toBe(false);
    for (const property of Object.keys(schema.properties)) expect(property).toMatch(/^[a-z][a-zA-Z]*$/);
    for (const property of schema.required ?? []) expect(Object.keys(schema.properties)).toContain(property);
  });

  it('declares its effects before it does anything, by the input alone', () => {
    expect(tool.prepare(example.input).effects).toEqual(example.effects);
    expect(tool.prepare(example.input).effects).toEqual(example.effects);
  });

  it.each([[null], [undefined], [[]], [3], [true]])('refuses %j', (input) => {
    expect(refusal(tool, input)).toMatch(/^arguments must be an object, not /);
  });

  it('says that what it got is not valid JSON', () => {
    expect(refusal(tool, '{"path": "a')).toMatch(/^arguments are not valid JSON: /);
  });

  it('names a property it does not know', () => {
    expect(refusal(tool, { ...example.input, surprise: 1 })).toContain('unknown property "surprise"');
  });

  it('names each required property that is missing', () => {
    for (const property of schema.required ?? []) {
      const { [property]: _, ...rest } = example.input;
      expect(refusal(tool, rest)).toContain(`"${property}" is missing`);
    }
  });

  it('names each property of the wrong type', () => {
    for (const [property, { type }] of Object.entries(schema.properties)) {
      const wrong = type === 'string' ? 7 : 'seven';
      expect(refusal(tool, { ...example.input, [property]: wrong })).toContain(`"${property}" must be `);
    }
  });
});
