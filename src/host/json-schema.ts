import { configError, messageOf } from '../base/errors.ts';

/** Compiles a JSON Schema (draft 2020-12 or 7) into a function that lists what is wrong with a value. */
export const schemaChecker = async (schema: object): Promise<(value: unknown) => string[]> => {
  // Draft 2020-12 is the newest and Ajv's own class for it; what says it is draft 7 gets the older one.
  const old = '$schema' in schema && typeof schema.$schema === 'string' && schema.$schema.includes('draft-07');
  const { Ajv } = old ? await import('ajv') : { Ajv: (await import('ajv/dist/2020.js')).Ajv2020 };
  try {
    const validate = new Ajv({ allErrors: true, strict: false, logger: false }).compile(schema);
    return (value) =>
      validate(value)
        ? []
        : (validate.errors ?? []).map((error) => `${error.instancePath || '/'} ${error.message ?? 'is invalid'}`);
  } catch (error) {
    throw configError(`The JSON Schema is not valid: ${messageOf(error)}`);
  }
};
