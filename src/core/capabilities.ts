/** Kinds of content a model may take or give. */
export type Modality = 'text' | 'image' | 'audio' | 'video' | 'document';

/** What a model may be able to do beside answering text. */
export type Feature =
  | 'tool_use'
  | 'parallel_tool_use'
  | 'json_mode'
  | 'json_schema'
  | 'streaming'
  | 'thinking'
  | 'prompt_caching'
  | 'logprobs'
  | 'seed_support'
  | 'stop_sequences'
  | 'multiple_responses';

/** Every feature, in the order they are shown. */
export const features: readonly Feature[] = [
  'tool_use',
  'parallel_tool_use',
  'json_mode',
  'json_schema',
  'streaming',
  'thinking',
  'prompt_caching',
  'logprobs',
  'seed_support',
  'stop_sequences',
  'multiple_responses',
];

/** Sampling parameters. */
export type ParameterName =
  'temperature' | 'top_p' | 'top_k' | 'frequency_penalty' | 'presence_penalty' | 'repetition_penalty';

/** Every parameter, in the order they are shown. */
export const parameterNames: readonly ParameterName[] = [
  'temperature',
  'top_p',
  'top_k',
  'frequency_penalty',
  'presence_penalty',
  'repetition_penalty',
];

/** How a model takes a parameter; bounds are inclusive. */
export interface ParameterSupport {
  supported: boolean;
  min?: number;
  max?: number;
  default?: number;
}

/** Prices in USD per million tokens, in force from a day on. */
export interface PriceFrom {
  /** `YYYY-MM-DD`, UTC; always when left out. */
  from?: string | undefined;
  input: number;
  output: number;
  /** As dear as other input when left out. */
  cache_read?: number | undefined;
  cache_write?: number | undefined;
}

/** Limits a provider sets on its users. */
export interface RateLimits {
  requests_per_minute?: number;
  requests_per_day?: number;
  tokens_per_minute?: number;
  max_concurrent_requests?: number;
}

/** What pictures a model takes. */
export interface ImageLimits {
  /** Media types. */
  formats?: readonly string[];
  max_size_bytes?: number;
  max_images_per_request?: number;
  max_width?: number;
  max_height?: number;
}

/**
 * The manifest of one model: what it can do, where its limits are, what it costs. Names are those of Specado's capability
 * manifests, so that they can be exchanged; `parallel_tool_use`, `json_schema`, `thinking`, `prompt_caching`, `prices` and
 * `deprecation_date` are added. Token counts are in the model's own tokens.
 */
export interface Capabilities {
  /** Of the manifest's format. */
  version: string;
  modalities: {
    input: readonly Modality[];
    output: readonly Modality[];
    configs: { image?: ImageLimits };
  };
  features: Readonly<Record<Feature, boolean>>;
  /** What is not named is not supported. */
  parameters: Readonly<Partial<Record<ParameterName, ParameterSupport>>>;
  roles: { system: boolean; tool: boolean };
  constraints: {
    tokens: {
      max_context_window: number;
      /** Less than the window where a provider keeps room for the answer. */
      max_input_tokens?: number;
      max_output_tokens: number;
      /** A tokeniser's name, such as `o200k_base`. */
      encoding?: string;
    };
    rate_limits: RateLimits;
    messages: {
      allow_consecutive_same_role: boolean;
      /** A regular expression the whole id of a tool call must match; anything goes when left out. */
      tool_call_id?: string;
    };
    /** With the feature `json_schema`: which schemas it takes; all when left out. */
    json_schema?: 'any' | 'closed';
    /** Sets of parameters of which at most one may be given; the first one given stays. */
    mutually_exclusive: readonly (readonly ParameterName[])[];
  };
  /** By date; empty when the price is not known: cost is then reported as null, never as 0. */
  prices: readonly PriceFrom[];
  /** `YYYY-MM-DD`: the day the provider stops serving it. */
  deprecation_date?: string;
  extensions: Readonly<Record<string, unknown>>;
}

/** A part of a manifest: tables and configuration say only what they know. */
export type Manifest = DeepPartial<Capabilities>;

type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [Key in keyof T]?: DeepPartial<T[Key]> | undefined }
    : T;

/** The manifest format's version. */
export const manifestVersion = '1';

/** What is taken to be true of a model nobody knows: little, so that nothing is sent it could refuse. */
export const conservative: Capabilities = {
  version: manifestVersion,
  modalities: { input: ['text'], output: ['text'], configs: {} },
  features: {
    tool_use: true,
    parallel_tool_use: true,
    json_mode: false,
    json_schema: false,
    streaming: true,
    thinking: false,
    prompt_caching: false,
    logprobs: false,
    seed_support: false,
    stop_sequences: true,
    multiple_responses: false,
  },
  parameters: { temperature: { supported: true, min: 0, max: 1 }, top_p: { supported: true, min: 0, max: 1 } },
  roles: { system: true, tool: true },
  constraints: {
    tokens: { max_context_window: 32_000, max_output_tokens: 4096 },
    rate_limits: {},
    messages: { allow_consecutive_same_role: false },
    mutually_exclusive: [],
  },
  prices: [],
  extensions: {},
};

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const merged = (below: unknown, above: unknown): unknown => {
  if (above === undefined) return below;
  if (!isTable(below) || !isTable(above)) return above;
  const keys = new Set([...Object.keys(below), ...Object.keys(above)]);
  return Object.fromEntries([...keys].map((key) => [key, merged(below[key], above[key])]));
};

/** Lays manifests over the conservative one; later ones win, lists are replaced whole. */
export const capabilitiesFrom = (...layers: readonly (Manifest | undefined)[]): Capabilities =>
  layers.reduce<unknown>(merged, conservative) as Capabilities;

/** No model costs more; what does is a price per something else. */
export const mostUsdPerMTok = 10_000;

const longestId = 200;

/** True for what can be a model's id: something a person can read, on one line. */
export const isModelId = (id: string): boolean => id.trim() !== '' && id.length <= longestId && !/\p{C}/u.test(id);

/** Prices in USD per million tokens. */
export interface ModelPrice {
  inputPerMTok: number;
  outputPerMTok: number;
  cacheReadPerMTok: number;
  cacheWritePerMTok: number;
}

/** The price in force on a day (`YYYY-MM-DD`, today when left out); null when it is not known. */
export const priceOf = (
  { prices }: Pick<Capabilities, 'prices'>,
  day: string = new Date().toISOString().slice(0, 10),
): ModelPrice | null => {
  let current: PriceFrom | undefined;
  for (const price of prices)
    if ((price.from ?? '') <= day && (current === undefined || (price.from ?? '') >= (current.from ?? '')))
      current = price;
  if (!current) return null;
  const { input, output, cache_read = input, cache_write = input } = current;
  return { inputPerMTok: input, outputPerMTok: output, cacheReadPerMTok: cache_read, cacheWritePerMTok: cache_write };
};

/** A capability an agent or a user may ask for. */
export type Need =
  'images' | 'tools' | 'parallel-tools' | 'thinking' | 'json' | 'json-schema' | 'caching' | 'streaming';

/** Every need, with how a manifest answers it. */
export const needs: Readonly<Record<Need, (capabilities: Capabilities) => boolean>> = {
  images: ({ modalities }) => modalities.input.includes('image'),
  tools: ({ features: has }) => has.tool_use,
  'parallel-tools': ({ features: has }) => has.parallel_tool_use,
  thinking: ({ features: has }) => has.thinking,
  json: ({ features: has }) => has.json_mode || has.json_schema,
  'json-schema': ({ features: has }) => has.json_schema,
  caching: ({ features: has }) => has.prompt_caching,
  streaming: ({ features: has }) => has.streaming,
};

/** True for the name of a need. */
export const isNeed = (name: string): name is Need => Object.hasOwn(needs, name);

/** The few facts of a model one writes by hand. */
export interface ModelFacts {
  contextWindow?: number | undefined;
  maxOutputTokens?: number | undefined;
  images?: boolean | undefined;
  thinking?: boolean | undefined;
  /** Null when it is not known, whatever a table says. */
  price?: ModelPrice | null | undefined;
}

/** The manifest a few facts make. */
export const manifestOf = ({ contextWindow, maxOutputTokens, images, thinking, price }: ModelFacts): Manifest => ({
  ...(images === undefined ? {} : { modalities: { input: images ? ['text', 'image'] : ['text'] } }),
  ...(thinking === undefined ? {} : { features: { thinking } }),
  constraints: { tokens: { max_context_window: contextWindow, max_output_tokens: maxOutputTokens } },
  ...(price === undefined
    ? {}
    : {
        prices: price
          ? [
              {
                input: price.inputPerMTok,
                output: price.outputPerMTok,
                cache_read: price.cacheReadPerMTok,
                cache_write: price.cacheWritePerMTok,
              },
            ]
          : [],
      }),
});
