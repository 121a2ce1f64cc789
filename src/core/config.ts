import * as z from 'zod/mini';
import { findingSeverities } from './finding.ts';
import { modelsSchema, rateLimitsSchema } from './manifest-schema.ts';

const positive = z.number().check(z.positive());
/** Beside it anybody else's share is none. */
const share = z.number().check(z.positive(), z.maximum(1e6));
const count = z.int().check(z.minimum(0));
const command = z.union([z.string().check(z.minLength(1)), z.literal(false)]);

/** A host as URLs spell it. */
const host = z
  .string()
  .check(
    z.regex(
      /^(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::\d+)?$/,
      'is no host such as api.example.com (lower case, no https://)',
    ),
  );

const tokens = z.int().check(z.minimum(1));
/** Money in USD, or money and tokens. */
const budget = z.union([positive, z.strictObject({ usd: z.optional(positive), tokens: z.optional(tokens) })]);

const size = z.union([z.int().check(z.minimum(1)), z.string().check(z.regex(/^\d+(?:\.\d+)?\s*[kmgt]?i?b?$/i))]);

const gate = z.enum([...findingSeverities, 'never']);

/** One line of `permissions.rules`: text, or a mapping such as `deny: read(.env)` with a reason and examples. */
export const ruleSchema = z.union([z.string(), z.record(z.string(), z.union([z.string(), z.array(z.string())]))]);
const mode = z.enum(['plan', 'ask', 'accept-edits', 'auto', 'bypass']);

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
  sandbox: z.optional(
    z.strictObject({
      kind: z.optional(z.enum(['auto', 'local', 'docker', 'bubblewrap'])),
      image: z.optional(z.string().check(z.minLength(1))),
      permissions: z.optional(
        z.strictObject({ allow: z.optional(z.array(z.string())), deny: z.optional(z.array(z.string())) }),
      ),
      resources: z.optional(
        z.strictObject({
          memory: z.optional(
            z.strictObject({ limit: z.optional(size), threshold: z.optional(z.number().check(z.gt(0), z.lte(1))) }),
          ),
          cpu: z.optional(
            z.strictObject({
              timeLimit: z.optional(positive),
              priority: z.optional(z.int().check(z.minimum(0), z.maximum(19))),
            }),
          ),
          network: z.optional(
            z.strictObject({
              maxConnections: z.optional(z.int().check(z.minimum(1))),
              allowedHosts: z.optional(z.array(z.string().check(z.minLength(1)))),
            }),
          ),
        }),
      ),
      isolation: z.optional(
        z.strictObject({
          level: z.optional(z.enum(['strict', 'moderate', 'minimal'])),
          context: z.optional(z.enum(['isolated', 'shared'])),
        }),
      ),
    }),
  ),
  permissions: z.optional(
    z.strictObject({
      mode: z.optional(mode),
      role: z.optional(z.string()),
      roles: z.optional(
        z.record(z.string(), z.strictObject({ mode: z.optional(mode), rules: z.optional(z.array(ruleSchema)) })),
      ),
      /** Roles by user, `*` for everybody else: counts in the machine's own file only. */
      users: z.optional(z.record(z.string(), z.string())),
      rules: z.optional(z.array(ruleSchema)),
    }),
  ),
  budget: z.optional(
    z.strictObject({
      run: z.optional(budget),
      day: z.optional(budget),
      month: z.optional(budget),
      perRepo: z.optional(budget),
    }),
  ),
  secrets: z.optional(
    z.strictObject({
      keychain: z.optional(z.enum(['auto', 'off'])),
      warnAfterDays: z.optional(positive),
      blockAfterDays: z.optional(z.union([positive, z.literal(false)])),
    }),
  ),
  redact: z.optional(z.strictObject({ requests: z.optional(z.boolean()) })),
  audit: z.optional(z.strictObject({ retentionDays: z.optional(positive) })),
  web: z.optional(
    z.strictObject({
      privateHosts: z.optional(z.array(z.string().check(z.minLength(1)))),
      minTlsVersion: z.optional(z.enum(['TLSv1.2', 'TLSv1.3'])),
    }),
  ),
  profile: z.optional(z.string()),
  profiles: z.optional(
    z.record(
      z.string(),
      z.strictObject({ production: z.optional(z.boolean()), role: z.optional(z.string()), mode: z.optional(mode) }),
    ),
  ),
  undo: z.optional(
    z.strictObject({
      exclude: z.optional(z.array(z.string())),
      maxFileMB: z.optional(positive),
      keepDays: z.optional(positive),
      maxSizeMB: z.optional(positive),
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
  /** Models that answer, and who is asked first. */
  route: z.optional(
    z.strictObject({
      strategy: z.optional(z.string()),
      /** `provider/model`, or that with its share in round-robin. */
      models: z.optional(
        z.array(z.union([z.string(), z.strictObject({ model: z.string(), weight: z.optional(share) })])),
      ),
    }),
  ),
  /** For titles, summaries and compaction. */
  smallModel: z.optional(z.string()),
  lossiness: z.optional(z.enum(['strict', 'warn', 'coerce'])),
  timeouts: z.optional(z.strictObject({ connectSeconds: z.optional(positive), totalSeconds: z.optional(positive) })),
  /** By provider: a preset's name, or limits. */
  rateLimits: z.optional(z.lazy(rateLimitsSchema)),
  /** Model calls of this process under way at a time; what comes after waits, or fails. */
  concurrency: z.optional(
    z.strictObject({
      maxCalls: z.optional(z.int().check(z.minimum(1))),
      whenFull: z.optional(z.enum(['wait', 'fail'])),
    }),
  ),
  network: z.optional(
    z.strictObject({
      /** PEM file of authorities trusted beside the usual ones. */
      caFile: z.optional(z.string()),
      /** Hosts that may speak an older TLS. */
      minTlsVersions: z.optional(z.record(host, z.enum(['TLSv1.2', 'TLSv1.3']))),
    }),
  ),
  models: z.optional(z.lazy(modelsSchema)),
  embedding: z.optional(
    z.strictObject({
      /** `local`, or `provider/model`: then text of the workspace goes there. */
      model: z.optional(z.string().check(z.minLength(1))),
    }),
  ),
  memory: z.optional(
    z.strictObject({
      /** What fits a task is put before it. */
      recall: z.optional(z.boolean()),
      /** What agents want remembered needs nobody's yes, unless it came from outside. */
      autoAccept: z.optional(z.boolean()),
    }),
  ),
  review: z.optional(
    z.strictObject({
      /** Findings this bad or worse make `review` fail. */
      failOn: z.optional(gate),
      /** By name: how bad findings of a rule are, or `off`. */
      rules: z.optional(z.record(z.string(), z.enum(['critical', 'high', 'medium', 'low', 'off']))),
      /** Not reviewed (gitignore's patterns). */
      exclude: z.optional(z.array(z.string())),
    }),
  ),
  hooks: z.optional(
    z.strictObject({
      /** Hooks may ask a model. */
      model: z.optional(z.boolean()),
      /** After this a hook lets git go on. */
      timeoutSeconds: z.optional(z.number().check(z.positive(), z.maximum(600))),
      /** Findings this bad or worse stop a commit or push. */
      failOn: z.optional(gate),
    }),
  ),
  index: z.optional(
    z.strictObject({
      /** Not searched, beside what git ignores (gitignore's patterns). */
      exclude: z.optional(z.array(z.string())),
    }),
  ),
});

/** One layer of configuration, as written. */
export type Config = z.infer<typeof configSchema>;

/** One limit as it is written: USD, or USD and tokens. */
export type BudgetSetting = z.infer<typeof budget>;

/** One limit spelled out; what is left out is not limited. */
export const limitOf = (setting: BudgetSetting | undefined): { usd?: number; tokens?: number } => {
  if (setting === undefined) return {};
  if (typeof setting === 'number') return { usd: setting };
  const { usd, tokens: most } = setting;
  return { ...(usd === undefined ? {} : { usd }), ...(most === undefined ? {} : { tokens: most }) };
};

/** Used where no layer says otherwise. */
export const defaults = {
  maxTurns: 100,
  maxRepairs: 2,
  stallTimeoutSeconds: 120,
  timeouts: { connectSeconds: 10, totalSeconds: 1800 },
  route: { strategy: 'primary-with-fallbacks' },
  lossiness: 'warn',
  concurrency: { maxCalls: 100, whenFull: 'wait' },
  verify: 'auto',
  requireVerified: false,
  sandbox: { kind: 'auto', isolation: { level: 'moderate', context: 'shared' } },
  permissions: { mode: 'ask' },
  secrets: { keychain: 'auto', warnAfterDays: 75, blockAfterDays: 90 },
  redact: { requests: true },
  audit: { retentionDays: 400 },
  web: { privateHosts: [], minTlsVersion: 'TLSv1.3' },
  undo: { exclude: ['node_modules/', '.venv/', 'venv/', '__pycache__/'], maxFileMB: 50, keepDays: 7, maxSizeMB: 1024 },
  checks: { timeoutSeconds: 600 },
  embedding: { model: 'local' },
  memory: { recall: true, autoAccept: false },
  review: { failOn: 'high', exclude: [] },
  hooks: { model: false, timeoutSeconds: 10, failOn: 'high' },
  index: { exclude: [] },
} as const satisfies Config;

/** One rule as it may be written. */
export type WrittenRule = z.infer<typeof ruleSchema>;

const leaf = (name: string): string[] => [name];

/** Every key that holds a value, by its path. `models`, `rateLimits` and `profiles` are tables by name. */
export const configKeys: readonly string[] = Object.entries(configSchema.shape).flatMap(([name, type]) => {
  const inner: unknown = '_zod' in type ? type._zod.def.innerType : undefined;
  const shape = inner !== null && typeof inner === 'object' && 'shape' in inner ? inner.shape : undefined;
  return shape !== null && typeof shape === 'object' ? Object.keys(shape).map((key) => `${name}.${key}`) : leaf(name);
});

/** The keys a mapping at a path may have, as far as they are fixed. */
export const keysAt = (path: readonly PropertyKey[], type: z.core.$ZodType = configSchema): string[] => {
  const { def } = (type as z.core.$ZodTypes)._zod;
  const [head, ...rest] = path;
  switch (def.type) {
    case 'optional':
      return keysAt(path, def.innerType);
    case 'lazy':
      return keysAt(path, def.getter());
    case 'union':
      return def.options.flatMap((one) => keysAt(path, one));
    case 'record':
      return head === undefined ? keysOf(def.keyType) : keysAt(rest, def.valueType);
    case 'array':
      return head === undefined ? [] : keysAt(rest, def.element);
    case 'object': {
      if (head === undefined) return Object.keys(def.shape);
      const inner = def.shape[String(head)];
      return inner === undefined ? [] : keysAt(rest, inner);
    }
    default:
      return [];
  }
};

const keysOf = (type: z.core.$ZodType): string[] => {
  const { def } = (type as z.core.$ZodTypes)._zod;
  return def.type === 'enum' ? Object.values(def.entries).map(String) : [];
};
