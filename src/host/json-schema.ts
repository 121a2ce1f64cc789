import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { configError, messageOf } from '../base/errors.ts';

/**
 * Compiles a JSON Schema (draft 2020-12, or 7 where it says so) into a function that lists what is wrong with a value.
 * Import this file lazily: the validator is large.
 * @throws CopilotError exit 3 when the schema itself is not valid.
 */
export const schemaChecker = (schema: object): ((value: unknown) => string[]) => {
  const old = '$schema' in schema && typeof schema.$schema === 'string' && schema.$schema.includes('draft-07');
  try {
    const validate = new (old ? Ajv : Ajv2020)({ allErrors: true, strict: false, logger: false }).compile(schema);
    return (value) =>
      validate(value)
        ? []
        : (validate.errors ?? []).map((error) => `${error.instancePath || '/'} ${error.message ?? 'is invalid'}`);
  } catch (error) {
    throw configError(`The JSON Schema is not valid: ${messageOf(error)}`);
  }
};
