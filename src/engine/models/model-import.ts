import {
  isModelId,
  mostUsdPerMTok,
  type Feature,
  type Manifest,
  type Modality,
  type PriceFrom,
} from '../../core/capabilities.ts';

/**
 * Lists of models others keep: models.dev's `api.json` (https://models.dev, format read 2026-11-27) and LiteLLM's
 * `model_prices_and_context_window.json` (https://github.com/BerriAI/litellm, read 2026-11-27).
 */
export type PriceListFormat = 'models.dev' | 'litellm';

/** What a list says, by table and id. */
export interface ImportedModels {
  format: PriceListFormat;
  tables: ReadonlyMap<string, ReadonlyMap<string, Manifest>>;
  /** Entries that were left out because a part of them is not what it should be: `provider/id`. */
  broken: readonly string[];
  /** Entries for something else: embeddings, pictures, speech. */
  ignored: number;
}

type Entry = Readonly<Record<string, unknown>>;

const isEntry = (value: unknown): value is Entry =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A decimal number times ten to a power, without the dirt of binary fractions: 3e-06 by 6 is 3. */
export const shifted = (value: number, places: number): number => {
  const [digits = '0', exponent = '0'] = String(value).split('e');
  return Number(`${digits}e${Number(exponent) + places}`);
};

/** Thrown for a part that has the wrong type: the whole entry is left out. */
const wrong = (what: string): TypeError => new TypeError(what);

const amount = (value: unknown): number | undefined => {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) throw wrong('amount');
  return value;
};

/** Tokens; 0 stands for not known. */
const tokens = (value: unknown): number | undefined => {
  const count = amount(value);
  if (count !== undefined && !Number.isSafeInteger(count)) throw wrong('tokens');
  return count === 0 ? undefined : count;
};

const flag = (value: unknown): boolean | undefined => {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw wrong('flag');
  return value;
};

const words = (value: unknown): string[] | undefined => {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) throw wrong('words');
  return value;
};

const day = (value: unknown): string | undefined => {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(value) || Number.isNaN(Date.parse(value)))
    throw wrong('day');
  return value;
};

/** A price is whole or not known. */
const priceOf = (
  [input, output, read, write]: readonly (number | undefined)[],
  places: number,
): PriceFrom[] | undefined => {
  if (input === undefined || output === undefined) return undefined;
  const per = (value: number): number => {
    const usd = shifted(value, places);
    // Some lists give a price per million where theirs are per token.
    if (!(usd <= mostUsdPerMTok)) throw wrong('price');
    return usd;
  };
  return [
    {
      input: per(input),
      output: per(output),
      ...(read === undefined ? {} : { cache_read: per(read) }),
      ...(write === undefined ? {} : { cache_write: per(write) }),
    },
  ];
};

/** Leaves out what is not known, and what then is empty. */
const known = (value: Record<string, unknown>): Record<string, unknown> | undefined => {
  const entries = Object.entries(value).flatMap(([key, part]): [string, unknown][] => {
    const kept = isEntry(part) ? known(part) : part;
    return kept === undefined ? [] : [[key, kept]];
  });
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
};

const manifest = (parts: Record<string, unknown>): Manifest => known(parts) ?? {};

const noSampling = { temperature: { supported: false }, top_p: { supported: false }, top_k: { supported: false } };

const modalityNames: ReadonlyMap<string, Modality> = new Map([
  ['text', 'text'],
  ['image', 'image'],
  ['audio', 'audio'],
  ['video', 'video'],
  ['pdf', 'document'],
]);

/** Of Anthropic's models `thinking` means the adaptive kind, which models.dev does not tell from the older one. */
const thinksAdaptively = (table: string): boolean => table === 'anthropic';

const fromModelsDev = (model: Entry, table: string): Manifest | 'other' => {
  const { modalities } = model;
  const [limit, cost] = [model.limit ?? {}, model.cost ?? {}];
  if (!isEntry(modalities) || !isEntry(limit) || !isEntry(cost)) throw wrong('model');
  const [input = [], output = []] = [words(modalities.input), words(modalities.output)];
  if (!output.includes('text')) return 'other';
  const reasons = flag(model.reasoning);
  const features: Partial<Record<Feature, boolean | undefined>> = {
    tool_use: flag(model.tool_call),
    json_schema: flag(model.structured_output),
    thinking: reasons && thinksAdaptively(table) ? undefined : reasons,
  };
  return manifest({
    modalities: { input: input.length === 0 ? undefined : input.flatMap((kind) => modalityNames.get(kind) ?? []) },
    features,
    parameters: flag(model.temperature) === false ? noSampling : {},
    constraints: {
      tokens: {
        max_context_window: tokens(limit.context),
        max_input_tokens: tokens(limit.input),
        max_output_tokens: tokens(limit.output),
      },
    },
    prices: priceOf([cost.input, cost.output, cost.cache_read, cost.cache_write].map(amount), 0),
  });
};

const fromLiteLlm = (model: Entry, table: string): Manifest | 'other' => {
  const { mode = 'chat' } = model;
  if (mode !== 'chat' && mode !== 'responses') return 'other';
  const takes = (
    [
      ['supports_vision', 'image'],
      ['supports_pdf_input', 'document'],
      ['supports_audio_input', 'audio'],
    ] as const
  ).flatMap(([name, kind]) => (flag(model[name]) ? [kind] : []));
  const seesImages = flag(model.supports_vision);
  const thinking = flag(model[thinksAdaptively(table) ? 'supports_adaptive_thinking' : 'supports_reasoning']);
  const features: Partial<Record<Feature, boolean | undefined>> = {
    tool_use: flag(model.supports_function_calling),
    parallel_tool_use: flag(model.supports_parallel_function_calling),
    json_schema: flag(model.supports_response_schema),
    thinking,
    prompt_caching: flag(model.supports_prompt_caching),
  };
  const costs = [
    model.input_cost_per_token,
    model.output_cost_per_token,
    model.cache_read_input_token_cost,
    model.cache_creation_input_token_cost,
  ];
  return manifest({
    modalities: { input: seesImages === undefined ? undefined : ['text', ...takes] },
    features,
    parameters: flag(model.supports_sampling_params) === false ? noSampling : {},
    roles: { system: flag(model.supports_system_messages) },
    constraints: {
      tokens: {
        max_context_window: tokens(model.max_input_tokens),
        max_output_tokens: tokens(model.max_output_tokens ?? model.max_tokens),
      },
    },
    prices: priceOf(costs.map(amount), 6),
    deprecation_date: day(model.deprecation_date),
  });
};

/** Our tables by the names these lists use; the same name where nothing stands here. */
const tableNames: ReadonlyMap<string, string> = new Map([['google', 'gemini']]);

/** Whose entries say of another table's models what that table's own entries say. Azure's models are those of OpenAI. */
const doubles: ReadonlySet<string> = new Set(['azure', 'azure_ai', 'azure-cognitive-services']);

/**
 * Reads a list of models; which one it is shows in its shape. An entry is taken whole or not at all. Undefined when it is
 * neither list.
 */
export const importModels = (data: unknown): ImportedModels | undefined => {
  if (!isEntry(data)) return undefined;
  const tables = new Map<string, Map<string, Manifest>>();
  const broken: string[] = [];
  let ignored = 0;
  const add = (provider: string, id: string, entry: unknown, read: typeof fromLiteLlm): void => {
    const table = tableNames.get(provider) ?? provider;
    try {
      if (!isEntry(entry) || !isModelId(id)) throw wrong('entry');
      const model = doubles.has(provider) ? 'other' : read(entry, table);
      if (model === 'other') ignored++;
      else tables.set(table, (tables.get(table) ?? new Map<string, Manifest>()).set(id, model));
    } catch {
      broken.push(`${provider}/${id}`);
    }
  };
  const entries = Object.entries(data);
  if (entries.some(([, provider]) => isEntry(provider) && isEntry(provider.models))) {
    for (const [name, provider] of entries)
      if (isEntry(provider) && isEntry(provider.models))
        for (const [id, model] of Object.entries(provider.models)) add(name, id, model, fromModelsDev);
      else broken.push(name);
    return { format: 'models.dev', tables, broken, ignored };
  }
  if (entries.some(([, model]) => isEntry(model) && typeof model.litellm_provider === 'string')) {
    for (const [key, model] of entries) {
      // It describes the format.
      if (key === 'sample_spec') continue;
      const provider = isEntry(model) ? model.litellm_provider : undefined;
      if (typeof provider !== 'string') broken.push(key);
      else add(provider, key.startsWith(`${provider}/`) ? key.slice(provider.length + 1) : key, model, fromLiteLlm);
    }
    return { format: 'litellm', tables, broken, ignored };
  }
  return undefined;
};
