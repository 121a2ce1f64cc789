import { ToolError } from './tool.ts';

/** A JSON Schema as tools declare it: the part that {@link checkInput} understands, and nothing else. */
export type InputSchema =
  | {
      readonly type: 'string';
      readonly enum?: readonly string[];
      readonly minLength?: number;
      readonly description?: string;
    }
  | {
      readonly type: 'integer' | 'number';
      readonly minimum?: number;
      readonly maximum?: number;
      readonly description?: string;
    }
  | { readonly type: 'boolean'; readonly description?: string }
  | { readonly type: 'array'; readonly items: InputSchema; readonly description?: string }
  | ObjectSchema;

/** The schema of an object; properties it does not name are refused. */
export interface ObjectSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, InputSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false;
}

type Flat<T> = { [K in keyof T]: T[K] };
type RequiredOf<S> = S extends { required: readonly (infer K)[] } ? K : never;

/** The TypeScript type of what fits a schema (declare the schema `as const`). */
export type InputOf<S> = S extends { enum: readonly (infer E)[] }
  ? E
  : S extends { type: 'string' }
    ? string
    : S extends { type: 'integer' | 'number' }
      ? number
      : S extends { type: 'boolean' }
        ? boolean
        : S extends { type: 'array'; items: infer I }
          ? InputOf<I>[]
          : S extends { type: 'object'; properties: infer P }
            ? Flat<
                { -readonly [K in keyof P as K extends RequiredOf<S> ? K : never]: InputOf<P[K]> } & {
                  -readonly [K in keyof P as K extends RequiredOf<S> ? never : K]?: InputOf<P[K]>;
                }
              >
            : never;

const shown = (value: unknown): string => {
  if (typeof value === 'string') return `the string ${JSON.stringify(value.slice(0, 60))}`;
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
};

const wanted = (schema: InputSchema): string => {
  if (schema.type === 'string' && schema.enum) return `one of ${schema.enum.map((name) => `"${name}"`).join(', ')}`;
  return /^[aeiou]/.test(schema.type) ? `an ${schema.type}` : `a ${schema.type}`;
};

const fits = (schema: InputSchema, value: unknown): boolean => {
  switch (schema.type) {
    case 'string':
      return typeof value === 'string' && (!schema.enum || schema.enum.includes(value));
    case 'integer':
      return Number.isSafeInteger(value);
    case 'number':
      return Number.isFinite(value);
    case 'boolean':
      return typeof value === 'boolean';
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
  }
};

/** Says in `problems` what does not fit; returns the value without the nulls that stand for "left out". */
const check = (schema: InputSchema, value: unknown, at: string, problems: string[]): unknown => {
  const name = at === '' ? 'arguments' : `"${at}"`;
  if (!fits(schema, value)) {
    problems.push(`${name} must be ${wanted(schema)}, not ${shown(value)}`);
    return value;
  }
  switch (schema.type) {
    case 'string':
      if ((value as string).length < (schema.minLength ?? 0)) problems.push(`${name} must not be empty`);
      return value;
    case 'integer':
    case 'number':
      if ((value as number) < (schema.minimum ?? -Infinity))
        problems.push(`${name} must be at least ${schema.minimum ?? ''}`);
      if ((value as number) > (schema.maximum ?? Infinity))
        problems.push(`${name} must be at most ${schema.maximum ?? ''}`);
      return value;
    case 'array':
      return (value as unknown[]).map((item, index) => check(schema.items, item, `${at}[${index}]`, problems));
    case 'object':
      return checkObject(schema, value as Record<string, unknown>, at === '' ? '' : `${at}.`, problems);
    case 'boolean':
      return value;
  }
};

const checkObject = (
  schema: ObjectSchema,
  value: Record<string, unknown>,
  within: string,
  problems: string[],
): object => {
  const known = Object.keys(schema.properties);
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) problems.push(`unknown property "${within}${name}" (known: ${known.join(', ')})`);
  }
  const result: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(schema.properties)) {
    const item = Object.hasOwn(value, name) ? value[name] : undefined;
    const needed = schema.required?.includes(name) === true;
    if (item === undefined && needed) problems.push(`"${within}${name}" is missing (${wanted(property)})`);
    // Some models send null for what they leave out.
    if (item === undefined || (item === null && !needed)) continue;
    result[name] = check(property, item, within + name, problems);
  }
  return result;
};

const invalidJson = (raw: string): string => {
  try {
    JSON.parse(raw);
    return 'arguments must be an object, not a string';
  } catch (error) {
    return `arguments are not valid JSON: ${(error as Error).message}`;
  }
};

/**
 * Checks what a model sent against a tool's schema and returns it typed.
 * Optional properties that are null count as left out. A string is what is left of arguments that were not valid JSON.
 * @throws ToolError that names everything that is wrong.
 */
export const checkInput = <const S extends ObjectSchema>(schema: S, raw: unknown): InputOf<S> => {
  if (typeof raw === 'string') throw new ToolError(invalidJson(raw));
  const problems: string[] = [];
  const value = check(schema, raw, '', problems);
  if (problems.length > 0) throw new ToolError(problems.join('; '));
  return value as InputOf<S>;
};
