const plain: ReadonlySet<string> = new Set([
  ...['type', 'properties', 'required', 'additionalProperties', 'items', 'enum', 'const', 'anyOf'],
  ...['title', 'description', 'default'],
]);

const closed = new WeakMap<object, boolean>();

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const check = (schema: unknown, depth: number): boolean => {
  if (!isTable(schema) || depth > 20) return false;
  if (Object.keys(schema).some((key) => !plain.has(key))) return false;
  const { type, properties, additionalProperties, items, anyOf } = schema;
  if ((type === 'object' || properties !== undefined) && additionalProperties !== false) return false;
  const inner = [
    ...(isTable(properties) ? Object.values(properties) : []),
    ...(items === undefined ? [] : [items]),
    ...(Array.isArray(anyOf) ? (anyOf as unknown[]) : []),
  ];
  return inner.every((one) => check(one, depth + 1));
};

/**
 * True for a schema that services with constrained output take everywhere: no further properties in any object, and no
 * keyword beyond the common ones (platform.claude.com/docs, structured outputs, read 2026-11-27). What is doubtful is not.
 */
export const isClosed = (schema: object): boolean => {
  let known = closed.get(schema);
  if (known === undefined) {
    known = check(schema, 0);
    closed.set(schema, known);
  }
  return known;
};
