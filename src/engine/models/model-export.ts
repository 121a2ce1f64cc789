import { priceOf, type Capabilities } from '../../core/capabilities.ts';
import { shifted, type PriceListFormat } from './model-import.ts';

/** A model to be listed. */
export interface ListedModel {
  table: string;
  id: string;
  capabilities: Capabilities;
}

const modelsDevModel = ({ id, capabilities }: ListedModel, day: string | undefined): object => {
  const { modalities, features, parameters, constraints } = capabilities;
  const kinds = (list: readonly string[]): string[] => list.map((kind) => (kind === 'document' ? 'pdf' : kind));
  const { max_context_window, max_input_tokens, max_output_tokens } = constraints.tokens;
  const price = priceOf(capabilities, day);
  return {
    id,
    attachment: modalities.input.some((kind) => kind !== 'text'),
    reasoning: features.thinking,
    tool_call: features.tool_use,
    structured_output: features.json_schema,
    temperature: parameters.temperature?.supported === true,
    modalities: { input: kinds(modalities.input), output: kinds(modalities.output) },
    limit: {
      context: max_context_window,
      ...(max_input_tokens === undefined ? {} : { input: max_input_tokens }),
      output: max_output_tokens,
    },
    ...(price && {
      cost: {
        input: price.inputPerMTok,
        output: price.outputPerMTok,
        cache_read: price.cacheReadPerMTok,
        cache_write: price.cacheWritePerMTok,
      },
    }),
  };
};

const liteLlmModel = ({ table, capabilities }: ListedModel, day: string | undefined): object => {
  const { modalities, features, parameters, roles, constraints, deprecation_date } = capabilities;
  const { max_context_window, max_input_tokens = max_context_window, max_output_tokens } = constraints.tokens;
  const price = priceOf(capabilities, day);
  return {
    litellm_provider: table,
    mode: 'chat',
    max_input_tokens,
    max_output_tokens,
    max_tokens: max_output_tokens,
    ...(price && {
      input_cost_per_token: shifted(price.inputPerMTok, -6),
      output_cost_per_token: shifted(price.outputPerMTok, -6),
      cache_read_input_token_cost: shifted(price.cacheReadPerMTok, -6),
      cache_creation_input_token_cost: shifted(price.cacheWritePerMTok, -6),
    }),
    supports_function_calling: features.tool_use,
    supports_parallel_function_calling: features.parallel_tool_use,
    supports_response_schema: features.json_schema,
    supports_reasoning: features.thinking,
    ...(table === 'anthropic' ? { supports_adaptive_thinking: features.thinking } : {}),
    supports_prompt_caching: features.prompt_caching,
    supports_vision: modalities.input.includes('image'),
    supports_pdf_input: modalities.input.includes('document'),
    supports_audio_input: modalities.input.includes('audio'),
    ...(parameters.temperature?.supported ? {} : { supports_sampling_params: false }),
    supports_system_messages: roles.system,
    ...(deprecation_date === undefined ? {} : { deprecation_date }),
  };
};

const bareIn: ReadonlySet<string> = new Set(['anthropic', 'openai']);

/** Writes models as one of the lists others keep, with the prices of a day (today when left out). */
export const exportModels = (models: readonly ListedModel[], format: PriceListFormat, day?: string): object => {
  if (format === 'litellm')
    return Object.fromEntries(
      models.map((model) => [
        bareIn.has(model.table) ? model.id : `${model.table}/${model.id}`,
        liteLlmModel(model, day),
      ]),
    );
  const providers = new Map<string, [string, object][]>();
  for (const model of models) {
    const list = providers.get(model.table) ?? [];
    list.push([model.id, modelsDevModel(model, day)]);
    providers.set(model.table, list);
  }
  return Object.fromEntries(
    [...providers].map(([table, list]) => {
      const name = table === 'gemini' ? 'google' : table;
      return [name, { id: name, name, models: Object.fromEntries(list) }];
    }),
  );
};
