import type { ToolSpec } from '../core/provider.ts';

interface Schema {
  type?: unknown;
  description?: unknown;
  enum?: unknown;
  const?: unknown;
  items?: unknown;
  properties?: unknown;
  required?: unknown;
  anyOf?: unknown;
  oneOf?: unknown;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Schemas may come from anywhere, and may contain themselves: this much of one is looked at. */
const mostParts = 5000;
const deepest = 50;

interface Depth {
  level: number;
  /** Parts that may still be looked at, in all. */
  left: { parts: number };
}
const below = ({ level, left }: Depth): Depth => ({ level: level + 1, left });

const typeOf = (schema: unknown, depth: Depth): string => {
  depth.left.parts -= 1;
  if (!isRecord(schema) || depth.left.parts < 0 || depth.level > deepest) return 'any';
  const { type, enum: values, const: only, items, anyOf, oneOf } = schema as Schema;
  const choices = values === undefined ? (only === undefined ? [] : [only]) : listOf(values);
  if (choices.length > 0) return choices.map((value) => JSON.stringify(value)).join(' | ');
  const unions = [...listOf(anyOf), ...listOf(oneOf)];
  if (unions.length > 0) return unions.map((one) => typeOf(one, below(depth))).join(' | ');
  if (Array.isArray(type))
    return type.map((one) => typeOf({ ...schema, type: one as unknown }, below(depth))).join(' | ');
  switch (type) {
    case 'array':
      return `${typeOf(items, below(depth))}[]`;
    case 'object':
      return `{\n${propertiesOf(schema, below(depth))}\n}`;
    case 'integer':
      return 'number';
    default:
      return typeof type === 'string' ? type : 'any';
  }
};

const propertiesOf = ({ properties, required }: Schema, depth: Depth): string =>
  Object.entries(isRecord(properties) ? properties : {})
    .flatMap(([name, schema]) => {
      const description = isRecord(schema) ? schema.description : undefined;
      const said = typeof description === 'string' && depth.level < 2 ? [`// ${description}`] : [];
      return [...said, `${name}${listOf(required).includes(name) ? '' : '?'}: ${typeOf(schema, depth)},`];
    })
    .join('\n');

/**
 * Tools as OpenAI's models read them: functions of a TypeScript namespace. That nobody documents it is why it is only an
 * estimate; recorded counts of the API agree with it.
 */
export const toolText = (tools: readonly ToolSpec[]): string => {
  const functions = tools.map(({ name, description, inputSchema }) => {
    const parameters = propertiesOf(inputSchema, { level: 0, left: { parts: mostParts } });
    const type = parameters === '' ? `type ${name} = () => any;` : `type ${name} = (_: {\n${parameters}\n}) => any;`;
    return `${description === '' ? '' : `// ${description}\n`}${type}\n`;
  });
  return `namespace functions {\n\n${functions.join('\n')}\n} // namespace functions`;
};
