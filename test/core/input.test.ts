import { describe, expect, expectTypeOf, it } from 'vitest';
import { checkInput, isToolError, type ObjectSchema } from 'llm-copilot-agent';

const schema = {
  type: 'object',
  properties: {
    path: { type: 'string', minLength: 1 },
    count: { type: 'integer', minimum: 1, maximum: 10 },
    ratio: { type: 'number' },
    deep: { type: 'boolean' },
    items: {
      type: 'array',
      items: {
        type: 'object',
        properties: { status: { type: 'string', enum: ['todo', 'done'] } },
        required: ['status'],
        additionalProperties: false,
      },
    },
  },
  required: ['path'],
  additionalProperties: false,
} as const satisfies ObjectSchema;

const problem = (raw: unknown): string => {
  try {
    checkInput(schema, raw);
  } catch (error) {
    expect(isToolError(error)).toBe(true);
    return (error as Error).message;
  }
  return 'accepted';
};

describe('checkInput', () => {
  it('returns what fits, typed by the schema', () => {
    const input = checkInput(schema, { path: 'a', count: 3, ratio: 0.5, deep: false, items: [{ status: 'done' }] });
    expect(input).toEqual({ path: 'a', count: 3, ratio: 0.5, deep: false, items: [{ status: 'done' }] });
    expectTypeOf(input.path).toEqualTypeOf<string>();
    expectTypeOf(input.count).toEqualTypeOf<number | undefined>();
    expectTypeOf(input.items).toEqualTypeOf<{ status: 'todo' | 'done' }[] | undefined>();
  });

  it('takes null for an optional property as left out, but not for a required one', () => {
    expect(checkInput(schema, { path: 'a', count: null })).toEqual({ path: 'a' });
    expect(problem({ path: null })).toBe('"path" must be a string, not null');
  });

  it('says that a string is not valid JSON, and where', () => {
    expect(problem('{"path": ')).toMatch(/^arguments are not valid JSON: Unexpected end of JSON input/);
    expect(problem('"a"')).toBe('arguments must be an object, not a string');
  });

  it.each([
    [null, 'null'],
    [[], 'an array'],
    [3, '3'],
    [undefined, 'undefined'],
  ])('refuses %j instead of an object', (raw, name) => {
    expect(problem(raw)).toBe(`arguments must be an object, not ${name}`);
  });

  it('names everything that is wrong at once', () => {
    expect(problem({ file: 'a', count: '3', ratio: NaN, deep: 1 })).toBe(
      'unknown property "file" (known: path, count, ratio, deep, items); "path" is missing (a string); ' +
        '"count" must be an integer, not the string "3"; "ratio" must be a number, not NaN; ' +
        '"deep" must be a boolean, not 1',
    );
  });

  it('checks bounds, empty strings and fractions', () => {
    expect(problem({ path: '', count: 0 })).toBe('"path" must not be empty; "count" must be at least 1');
    expect(problem({ path: 'a', count: 11 })).toBe('"count" must be at most 10');
    expect(problem({ path: 'a', count: 1.5 })).toBe('"count" must be an integer, not 1.5');
  });

  it('says where in a list something is wrong', () => {
    expect(problem({ path: 'a', items: [{ status: 'todo' }, { status: 'open' }] })).toBe(
      '"items[1].status" must be one of "todo", "done", not the string "open"',
    );
    expect(problem({ path: 'a', items: [{}, 3] })).toBe(
      '"items[0].status" is missing (one of "todo", "done"); "items[1]" must be an object, not 3',
    );
    expect(problem({ path: 'a', items: {} })).toBe('"items" must be an array, not an object');
  });

  it('does not take inherited names for properties', () => {
    expect(problem(JSON.parse('{"path":"a","__proto__":1}'))).toContain('unknown property "__proto__"');
    expect(problem({ path: 'a', toString: 1 })).toContain('unknown property "toString"');
  });
});
