import { configError } from '../../base/errors.ts';
import { nearest } from '../../base/nearest.ts';
import type { Config } from '../../core/config.ts';
import type { Plugin } from '../../core/plugin.ts';
import type { Env } from '../../host/paths.ts';
import { offersOf } from './model-tables.ts';
import { chooseModel, type HasKey, type ModelChoice } from './models.ts';

/** A model somebody may route to. */
export interface RoutedModel {
  choice: ModelChoice;
  /** `provider/model`. */
  name: string;
  weight: number;
}

/** What a configuration routes to. */
export interface RoutedModels {
  /** In the user's order. */
  models: RoutedModel[];
  /** For summaries. */
  small: RoutedModel | undefined;
  notices: string[];
}

/** `provider/model` of a choice. */
export const nameOf = ({ provider, model }: ModelChoice): string => `${provider.name}/${model}`;

/** The names in a list such as `--fallback-model a,b`. */
const listed = (names: string | undefined): string[] =>
  (names ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** The providers a configuration names; undefined when it leaves the choice to the keys that are there. */
export const providersIn = ({ model, fallbackModel, smallModel, route }: Config): string[] | undefined => {
  if (model === undefined && route?.models === undefined) return undefined;
  const names = (route?.models ?? []).map((entry) => (typeof entry === 'string' ? entry : entry.model));
  const all = [...listed(model), ...listed(fallbackModel), ...listed(smallModel), ...names];
  return all.map((name) => name.split('/', 1)[0] ?? name);
};

/** True when a provider can be asked: it needs no key, has one, or is a server of one's own. */
const isReachable = ({ plugin, provider }: ModelChoice, hasKey: HasKey, env: Env): boolean =>
  provider.keyEnv.length === 0 ||
  hasKey(provider, plugin.name) ||
  (provider.settingsEnv ?? []).some((name) => /_(?:URL|HOST|ENDPOINT|API_BASE)$/.test(name) && Boolean(env[name]));

/** What is set for providers nobody knows: a mistyped name would be as if nothing were set. */
const strangers = ({ models = {}, rateLimits = {} }: Config, plugins: readonly Plugin[]): string[] => {
  const known = new Set(offersOf(plugins).map(({ provider }) => provider.name));
  const told = (key: string, provider: string): string[] => {
    if (known.has(provider)) return [];
    const guess = nearest(provider, known);
    return [`${key}: there is no provider "${provider}"${guess === undefined ? '' : ` – did you mean "${guess}"?`}`];
  };
  return [
    ...Object.keys(rateLimits).flatMap((provider) => told(`rateLimits.${provider}`, provider)),
    ...Object.keys(models).flatMap((name) => told(`models.${name}`, name.split('/', 1)[0] ?? name)),
  ];
};

/**
 * The models of a configuration in the user's order: `model`, `fallbackModel`, `route.models`, each once, and the small
 * one. What the route lists without a key is left out and told, and so is a small model without one.
 * @throws CopilotError exit 3 for a provider nobody knows, a fallback without a key, or when nothing is left.
 */
export const modelsOf = (settings: Config, plugins: readonly Plugin[], hasKey: HasKey, env: Env): RoutedModels => {
  const routed = settings.route?.models ?? [];
  const notices = strangers(settings, plugins);
  const models = new Map<string, RoutedModel>();
  const add = (choice: ModelChoice, weight = 1): void => {
    const name = nameOf(choice);
    if (!models.has(name)) models.set(name, { choice, name, weight });
  };
  const weights = new Map(
    routed.map((entry) => (typeof entry === 'string' ? [entry, 1] : [entry.model, entry.weight ?? 1])),
  );
  if (settings.model !== undefined || routed.length === 0)
    add(chooseModel(settings.model, plugins, hasKey), weights.get(settings.model ?? ''));
  for (const name of listed(settings.fallbackModel)) {
    const choice = chooseModel(name, plugins, hasKey);
    if (!isReachable(choice, hasKey, env))
      throw configError(
        `The fallback model ${name} cannot be used: ${choice.provider.keyEnv.join(' or ')} is not set.`,
        'Set it, or leave the model out of --fallback-model (fallbackModel).',
      );
    add(choice, weights.get(name));
  }
  for (const [name, weight] of weights) {
    const choice = chooseModel(name, plugins, hasKey);
    if (isReachable(choice, hasKey, env)) add(choice, weight);
    else notices.push(`${name} is left out of the route: ${choice.provider.keyEnv.join(' or ')} is not set.`);
  }
  if (models.size === 0)
    throw configError(`No model of the route can be used.\n${notices.join('\n')}`, 'Set one of the keys.');
  const { smallModel } = settings;
  const choice = smallModel === undefined ? undefined : chooseModel(smallModel, plugins, hasKey);
  const canAsk = choice !== undefined && isReachable(choice, hasKey, env);
  if (choice && !canAsk)
    notices.push(`The small model ${nameOf(choice)} is left out: ${choice.provider.keyEnv.join(' or ')} is not set.`);
  const small = canAsk ? { choice, name: nameOf(choice), weight: 1 } : undefined;
  return { models: [...models.values()], small, notices };
};
