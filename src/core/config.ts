import * as z from 'zod/mini';

const positive = z.number().check(z.positive());
const count = z.int().check(z.minimum(0));
const command = z.union([z.string().check(z.minLength(1)), z.literal(false)]);

const price = z.strictObject({
  inputPerMTok: z.number().check(z.minimum(0)),
  outputPerMTok: z.number().check(z.minimum(0)),
  cacheReadPerMTok: z.number().check(z.minimum(0)),
  cacheWritePerMTok: z.number().check(z.minimum(0)),
});

/** The configuration file's shape. Every key is optional; an unknown key is an error. */
export const configSchema = z.strictObject({
  model: z.optional(z.string()),
  fallbackModel: z.optional(z.string()),
  maxTurns: z.optional(z.int().check(z.minimum(1))),
  maxRepairs: z.optional(count),
  maxCostUsd: z.optional(positive),
  maxTokens: z.optional(z.int().check(z.minimum(1))),
  timeoutSeconds: z.optional(positive),
  stallTimeoutSeconds: z.optional(positive),
  verify: z.optional(z.enum(['auto', 'never'])),
  requireVerified: z.optional(z.boolean()),
  sandbox: z.optional(z.enum(['auto', 'local', 'docker', 'bubblewrap'])),
  permissions: z.optional(
    z.strictObject({
      mode: z.optional(z.enum(['plan', 'ask', 'accept-edits', 'auto', 'bypass'])),
      rules: z.optional(z.array(z.union([z.string(), z.record(z.string(), z.string())]))),
    }),
  ),
  checks: z.optional(
    z.strictObject({
      lint: z.optional(command),
      build: z.optional(command),
      test: z.optional(command),
      timeoutSeconds: z.optional(positive),
    }),
  ),
  models: z.optional(
    z.record(
      z.string(),
      z.strictObject({
        contextWindow: z.optional(z.int().check(z.minimum(1000))),
        maxOutputTokens: z.optional(z.int().check(z.minimum(1))),
        images: z.optional(z.boolean()),
        thinking: z.optional(z.boolean()),
        price: z.optional(z.union([price, z.null()])),
      }),
    ),
  ),
});

/** One layer of configuration, as written. */
export type Config = z.infer<typeof configSchema>;

/** Used where no layer says otherwise. */
export const defaults = {
  maxTurns: 100,
  maxRepairs: 2,
  stallTimeoutSeconds: 120,
  verify: 'auto',
  requireVerified: false,
  sandbox: 'auto',
  permissions: { mode: 'ask' },
  checks: { timeoutSeconds: 600 },
} as const satisfies Config;

const leaf = (name: string): string[] => [name];

/** Every key that holds a value, by its path. `models` is a table by `provider/model`. */
export const configKeys: readonly string[] = Object.entries(configSchema.shape).flatMap(([name, type]) => {
  const inner: unknown = '_zod' in type ? type._zod.def.innerType : undefined;
  const shape = inner !== null && typeof inner === 'object' && 'shape' in inner ? inner.shape : undefined;
  return shape !== null && typeof shape === 'object' ? Object.keys(shape).map((key) => `${name}.${key}`) : leaf(name);
});
