import * as z from 'zod/mini';
import { features, isModelId, mostUsdPerMTok, parameterNames } from './capabilities.ts';

// Made when a configuration speaks of models, which few do: making it takes a part of every start otherwise.

const positive = (): z.ZodMiniNumber => z.number().check(z.positive());
const maxCount = () => z.optional(z.int().check(z.minimum(1)));

const limits = () =>
  z.strictObject({
    requests_per_minute: z.optional(positive()),
    requests_per_day: z.optional(positive()),
    tokens_per_minute: z.optional(positive()),
    max_concurrent_requests: maxCount(),
  });

/** `rateLimits`: by provider, a preset's name, or limits. */
export const rateLimitsSchema = () => z.record(z.string(), z.union([z.string(), limits()]));

const compiles = (pattern: string): boolean => {
  try {
    return Boolean(new RegExp(pattern));
  } catch {
    return false;
  }
};

/** `models`: by name, parts of a capability manifest or the few facts one writes by hand. */
export const modelsSchema = () => {
  const usdPerMTok = z.number().check(z.minimum(0), z.maximum(mostUsdPerMTok));
  const price = z.strictObject({
    inputPerMTok: usdPerMTok,
    outputPerMTok: usdPerMTok,
    cacheReadPerMTok: usdPerMTok,
    cacheWritePerMTok: usdPerMTok,
  });
  const day = z
    .string()
    .check(z.regex(/^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/, 'must be a day such as 2026-11-27'));
  const modality = z.enum(['text', 'image', 'audio', 'video', 'document']);
  const parameter = z.strictObject({
    supported: z.boolean(),
    min: z.optional(z.number()),
    max: z.optional(z.number()),
    default: z.optional(z.number()),
  });
  /** The parts of a capability manifest, as the tables of models have them. */
  const sections = {
    modalities: z.optional(
      z.strictObject({
        input: z.optional(z.array(modality)),
        output: z.optional(z.array(modality)),
        configs: z.optional(
          z.strictObject({
            image: z.optional(
              z.strictObject({
                formats: z.optional(z.array(z.string())),
                max_size_bytes: maxCount(),
                max_images_per_request: maxCount(),
                max_width: maxCount(),
                max_height: maxCount(),
              }),
            ),
          }),
        ),
      }),
    ),
    features: z.optional(z.partialRecord(z.enum(features), z.boolean())),
    parameters: z.optional(z.partialRecord(z.enum(parameterNames), parameter)),
    roles: z.optional(z.strictObject({ system: z.optional(z.boolean()), tool: z.optional(z.boolean()) })),
    constraints: z.optional(
      z.strictObject({
        tokens: z.optional(
          z.strictObject({
            max_context_window: maxCount(),
            max_input_tokens: maxCount(),
            max_output_tokens: maxCount(),
            encoding: z.optional(z.string()),
          }),
        ),
        rate_limits: z.optional(limits()),
        messages: z.optional(
          z.strictObject({
            allow_consecutive_same_role: z.optional(z.boolean()),
            tool_call_id: z.optional(z.string().check(z.refine(compiles, 'must be a regular expression'))),
          }),
        ),
        json_schema: z.optional(z.enum(['any', 'closed'])),
        mutually_exclusive: z.optional(z.array(z.array(z.enum(parameterNames)))),
      }),
    ),
    prices: z.optional(
      z.array(
        z.strictObject({
          from: z.optional(day),
          input: usdPerMTok,
          output: usdPerMTok,
          cache_read: z.optional(usdPerMTok),
          cache_write: z.optional(usdPerMTok),
        }),
      ),
    ),
    deprecation_date: z.optional(day),
    extensions: z.optional(z.record(z.string(), z.unknown())),
  };

  const modelName = z.string().check(
    z.refine((name) => {
      const [provider, ...id] = name.split('/');
      return provider !== '' && isModelId(id.join('/'));
    }, 'is no name such as openai/gpt-5.4: provider/model'),
  );

  return z.record(
    modelName,
    z.strictObject({
      ...sections,
      contextWindow: z.optional(z.int().check(z.minimum(1000))),
      maxOutputTokens: z.optional(z.int().check(z.minimum(1))),
      images: z.optional(z.boolean()),
      thinking: z.optional(z.boolean()),
      price: z.optional(z.union([price, z.null()])),
    }),
  );
};
