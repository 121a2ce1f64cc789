import type { Plugin, ProviderManifest } from 'llm-copilot-agent';
import { azure, openai, presets, type Preset } from './presets.ts';

const all: readonly Preset[] = [...openai, azure, ...presets];

const manifestOf = ({ name, keyEnv, defaultModel, table, local, urlEnv, optionalKeyEnv, settingsEnv }: Preset) =>
  ({
    name,
    keyEnv,
    defaultModel,
    ...(table !== undefined && { table }),
    ...(local && { local }),
    settingsEnv: [urlEnv, ...(settingsEnv ?? [])],
    ...(optionalKeyEnv === undefined ? {} : { optionalKeyEnv }),
  }) satisfies ProviderManifest;

/** OpenAI's Responses API, and Chat Completions for every server that speaks it. */
const plugin: Plugin = {
  name: 'openai',
  providers: all.map(manifestOf),
  embedders: all.flatMap(({ name, keyEnv, embeddings }) =>
    embeddings ? [{ name, keyEnv, defaultModel: embeddings.defaultModel }] : [],
  ),
  load: () => import('./provider.ts'),
};

export default plugin;
