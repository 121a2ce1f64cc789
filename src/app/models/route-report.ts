import { configError } from '../../base/errors.ts';
import { nearest } from '../../base/nearest.ts';
import { isNeed, needs as allNeeds, type Need } from '../../core/capabilities.ts';
import { defaults, type Config } from '../../core/config.ts';
import type { Loss } from '../../core/loss.ts';
import { text, type Block } from '../../core/message.ts';
import type { Plugin } from '../../core/plugin.ts';
import type { Request } from '../../core/provider.ts';
import type { Judged } from '../../core/route.ts';
import { judge } from '../../engine/models/route.ts';
import type { Env } from '../../host/paths.ts';
import { modelTables, userTablesFor } from './model-tables.ts';
import { chooseModel, type HasKey } from './models.ts';
import { pluginHosts } from './plugin-hosts.ts';
import { modelsOf, nameOf, type RoutedModel } from './route-models.ts';
import { findStrategy } from './routing.ts';
import { runCredentials } from '../run-credentials.ts';
import { loadSettings } from '../settings.ts';

/** What a route is asked for. */
export interface RouteQuestion {
  /** Names of needs, as written. */
  needs: readonly string[];
  inputTokens: number;
  outputTokens: number;
  /** Instead of the configuration's models. */
  models?: readonly string[] | undefined;
  strategy?: string | undefined;
}

/** One model's place. */
export interface RankedModel {
  model: string;
  fits: boolean;
  /** Why it is where it is, in words. */
  why: string[];
  losses: readonly Loss[];
  /** Of this request at most; null when the price is not known. */
  costUsd: number | null;
  hasKey: boolean;
}

/** Who would be asked, in order. */
export interface RouteReport {
  strategy: string;
  needs: Need[];
  inputTokens: number;
  outputTokens: number;
  candidates: RankedModel[];
  notices: readonly string[];
}

const pixel: Block = {
  type: 'image',
  mediaType: 'image/png',
  base64: 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==',
};

/** The smallest request that has what is needed: what a model loses of it, it loses of every one like it. */
const exampleOf = (needs: readonly Need[], maxOutputTokens: number): Request => {
  const asks = new Set(needs);
  const form = asks.has('json-schema') || asks.has('json');
  return {
    system: 'Be brief.',
    tools:
      asks.has('tools') || asks.has('parallel-tools')
        ? [{ name: 'look', description: 'Looks.', inputSchema: { type: 'object', properties: {} } }]
        : [],
    messages: [{ role: 'user', content: [text('Hello.'), ...(asks.has('images') ? [pixel] : [])] }],
    maxOutputTokens,
    ...(form
      ? {
          output: asks.has('json-schema')
            ? ({ type: 'json_schema', name: 'answer', schema: { type: 'object' } } as const)
            : ({ type: 'json' } as const),
        }
      : {}),
  };
};

const readNeeds = (words: readonly string[]): Need[] =>
  words.map((word) => {
    if (isNeed(word)) return word;
    const names = Object.keys(allNeeds);
    const guess = nearest(word, names);
    throw configError(
      `There is no need "${word}"${guess === undefined ? '' : ` – did you mean "${guess}"?`}`,
      `Needs: ${names.join(', ')}.`,
    );
  });

const reasons: Readonly<Record<string, (one: Judged, place: number) => string>> = {
  'primary-with-fallbacks': (_, place) => (place === 0 ? 'first in your order' : `fallback ${place}`),
  'cheapest-that-fits': ({ costUsd }) => (costUsd === null ? 'its price is not known' : 'by its price'),
  'least-lossy': ({ losses }) => (losses.length === 0 ? 'loses nothing' : 'by what it loses'),
  'round-robin': (_, place) => (place === 0 ? 'its turn' : 'after it'),
};

/**
 * Ranks the models of a configuration, or those named, for a request.
 * @throws CopilotError exit 3 for unknown providers, needs or strategies.
 */
export const routeReport = async (
  env: Env,
  cwd: string,
  plugins: readonly Plugin[],
  question: RouteQuestion,
): Promise<RouteReport> => {
  const needs = readNeeds(question.needs);
  const { value: settings } = await loadSettings(env, cwd);
  const tables = modelTables(settings, plugins, await userTablesFor(env, plugins));
  const credentials = await runCredentials(env, settings.secrets, undefined);
  const hasKey: HasKey = (provider, plugin) =>
    provider.keyEnv.length === 0 || provider.keyEnv.some((name) => credentials.has(name, plugin));
  const hostOf = pluginHosts({ env, root: cwd }, settings, tables, credentials);
  const asked = question.models?.map((name) => {
    const choice = chooseModel(name, plugins, hasKey);
    return [nameOf(choice), choice] as const;
  });
  const named = asked && [...new Map(asked)].map(([name, choice]): RoutedModel => ({ choice, name, weight: 1 }));
  const anybody: HasKey = () => true;
  const { models, notices } = named ? { models: named, notices: [] } : configured(settings, plugins, hasKey, anybody);
  const strategyName = question.strategy ?? settings.route?.strategy ?? defaults.route.strategy;
  const strategy = await findStrategy(strategyName, plugins, hostOf);
  const candidates = models.map(({ choice, name, weight }) => ({
    name,
    weight,
    capabilities: hostOf(choice.plugin.name).model(choice.provider.name, choice.model),
    hasKey: hasKey(choice.provider, choice.plugin.name),
  }));
  const { inputTokens, outputTokens } = question;
  const demand = { needs, inputTokens, outputTokens, request: exampleOf(needs, outputTokens) };
  const ranked = strategy(judge(candidates, demand), { calls: 0, demand });
  return {
    strategy: strategyName,
    needs,
    inputTokens,
    outputTokens,
    candidates: ranked.map((one, place) => ({
      model: one.candidate.name,
      fits: one.misfits.length === 0,
      why: one.misfits.length > 0 ? [...one.misfits] : [reasons[strategyName]?.(one, place) ?? `by ${strategyName}`],
      losses: one.losses,
      costUsd: one.costUsd,
      hasKey: one.candidate.hasKey,
    })),
    notices,
  };
};

/** What the configuration routes to, also without a key: what would be asked is worth knowing before one has it. */
const configured = (
  settings: Config,
  plugins: readonly Plugin[],
  hasKey: HasKey,
  anybody: HasKey,
): { models: RoutedModel[]; notices: string[] } =>
  settings.model === undefined && settings.route?.models === undefined
    ? modelsOf(settings, plugins, hasKey, {})
    : modelsOf(settings, plugins, anybody, {});
