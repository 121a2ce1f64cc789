import { configError } from '../../base/errors.ts';
import { nearest } from '../../base/nearest.ts';
import { priceOf, type Capabilities, type Need } from '../../core/capabilities.ts';
import { defaults, type Config } from '../../core/config.ts';
import type { Purpose } from '../../core/event.ts';
import type { Plugin, PluginHost } from '../../core/plugin.ts';
import type { ModelProvider, Request } from '../../core/provider.ts';
import type { Strategy, Transform } from '../../core/route.ts';
import { adapting } from '../../engine/models/adapt/adapting.ts';
import { breaker } from '../../engine/models/breaker.ts';
import { budgeted, sentRequests } from '../../engine/models/budget.ts';
import { bulkhead } from '../../engine/models/bulkhead.ts';
import { estimateRequest } from '../../engine/context.ts';
import { fallingBack, type Link } from '../../engine/models/fallback.ts';
import { unpriced, type Purse } from '../../engine/models/purse.ts';
import { rateLimiter, type RateLimiter } from '../../engine/models/rate-limit.ts';
import { limitsOf } from '../../engine/models/rate-limit-presets.ts';
import { briefWaitMs, retrying } from '../../engine/models/resilience.ts';
import { roomy } from '../../engine/models/room.ts';
import { router, strategies } from '../../engine/models/route.ts';
import { wellFormed } from '../../engine/models/well-formed.ts';
import { timed } from '../../engine/models/timeouts.ts';
import { tokenBound } from '../../engine/models/token-bound.ts';
import { chooseModel, makeProvider, type HasKey } from './models.ts';
import { nameOf, type RoutedModel, type RoutedModels } from './route-models.ts';

/** What routing is made from. */
export interface RoutingOptions {
  settings: Config;
  routed: RoutedModels;
  plugins: readonly Plugin[];
  hasKey: HasKey;
  hostOf: (plugin: string) => PluginHost;
  purse: Purse;
}

/** The models of a process. */
export interface Routing {
  /** The first choice, as it is shown before anybody was asked. */
  readonly name: string;
  /** The model for a purpose: the router over all that is configured. */
  model(needs: readonly Need[], purpose: Purpose): ModelProvider;
  /** One model and no other. @throws CopilotError exit 3, ProviderError kind `auth` */
  only(name: string): Promise<ModelProvider>;
}

/** A provider that is made when it is first asked; `prepare` is to be waited for before it is. */
const lazily = (
  name: string,
  capabilities: Capabilities,
  make: () => Promise<ModelProvider>,
): { provider: ModelProvider; prepare: () => Promise<void> } => {
  let made: ModelProvider | undefined;
  let making: Promise<ModelProvider> | undefined;
  return {
    provider: {
      name,
      // What is known beforehand is what tables say; the provider itself may know better.
      capabilities: () => made?.capabilities() ?? capabilities,
      stream: (request, signal) => {
        if (!made) throw new Error(`${name} was not prepared`);
        return made.stream(request, signal);
      },
    },
    prepare: async () => {
      try {
        made ??= await (making ??= make());
      } finally {
        making = undefined;
      }
    },
  };
};

/** Waits for something before every call; nothing is waited for twice. */
const after = (prepare: (() => Promise<void>) | undefined, provider: ModelProvider): ModelProvider =>
  prepare === undefined
    ? provider
    : {
        name: provider.name,
        capabilities: () => provider.capabilities(),
        async *stream(request, signal) {
          await prepare();
          return yield* provider.stream(request, signal);
        },
      };

/** The strategy of a name. @throws CopilotError exit 3 naming the nearest. */
export const findStrategy = async (
  name: string,
  plugins: readonly Plugin[],
  hostOf: RoutingOptions['hostOf'],
): Promise<Strategy> => {
  const own = Object.hasOwn(strategies, name) ? strategies[name] : undefined;
  if (own) return own;
  const plugin = plugins.find((one) => one.strategies?.includes(name));
  const brought = plugin && (await plugin.load()).setup(hostOf(plugin.name)).strategies?.[name];
  if (brought) return brought;
  const names = [...Object.keys(strategies), ...plugins.flatMap((one) => one.strategies ?? [])];
  const guess = nearest(name, names);
  throw configError(
    `route.strategy: there is no strategy "${name}"${guess === undefined ? '' : ` – did you mean "${guess}"?`}`,
    `Strategies: ${names.join(', ')}.`,
  );
};

const findTransforms = async (
  plugins: readonly Plugin[],
  hostOf: RoutingOptions['hostOf'],
): Promise<readonly (Transform & { name: string })[]> => {
  const brought = await Promise.all(
    plugins
      .filter((plugin) => plugin.transforms?.length)
      .map(async (plugin) => {
        const { transforms = {} } = (await plugin.load()).setup(hostOf(plugin.name));
        return (plugin.transforms ?? []).flatMap((name) => transforms[name] ?? []);
      }),
  );
  return brought.flat();
};

/**
 * Puts the models of a configuration behind one provider: limits, budgets, adaptation, retries and failover around each,
 * and the strategy that says who is asked first. The first choice is made at once, so that its missing key is told before
 * anything begins; the others when they are needed.
 * @throws CopilotError exit 3
 */
export const openRouting = async (options: RoutingOptions): Promise<Routing> => {
  const { settings, plugins, hasKey, hostOf, purse } = options;
  const { models, small } = options.routed;
  const strategyName = settings.route?.strategy ?? defaults.route.strategy;
  const [strategy, transforms] = await Promise.all([
    findStrategy(strategyName, plugins, hostOf),
    findTransforms(plugins, hostOf),
  ]);
  const mode = settings.lossiness ?? defaults.lossiness;
  const totalMs = (settings.timeouts?.totalSeconds ?? defaults.timeouts.totalSeconds) * 1000;
  const { maxCalls = defaults.concurrency.maxCalls, whenFull = defaults.concurrency.whenFull } =
    settings.concurrency ?? {};
  const gate = bulkhead({ maxCalls, whenFull });
  const limiters = new Map<string, RateLimiter>();
  const limiterOf = (provider: string): RateLimiter => {
    let limiter = limiters.get(provider);
    if (!limiter) {
      const setting = settings.rateLimits?.[provider];
      limiter = rateLimiter(setting === undefined ? {} : limitsOf(setting));
      limiters.set(provider, limiter);
    }
    return limiter;
  };

  const links = new Map<string, Link>();
  const linkOf = (
    { choice, name, weight }: RoutedModel,
    { provider, prepare }: { provider: ModelProvider; prepare?: () => Promise<void> },
  ): Link => {
    const known = links.get(name);
    if (known) return known;
    const limiter = limiterOf(choice.provider.name);
    const [sent, bound] = [sentRequests(), tokenBound()];
    const asked = sent.around(wellFormed(provider));
    const inner = (maxWaitMs?: number): ModelProvider => {
      const limited = limiter.around(asked, estimateRequest, maxWaitMs);
      return timed(adapting(roomy(budgeted(limited, purse, { sent, bound })), { mode, transforms }), { totalMs });
    };
    const health = breaker();
    const link: Link = {
      name,
      capabilities: provider.capabilities(),
      weight,
      brief: after(prepare, health.around(retrying(inner(briefWaitMs), { patience: 'brief' }))),
      patient: after(prepare, health.around(retrying(inner()))),
      isResting: () => health.isResting(),
    };
    links.set(name, link);
    return link;
  };
  /** A limit in USD is refused where it cannot be kept before anything is asked, not when a run goes over to it. */
  const made = async ({ choice, name }: RoutedModel): Promise<{ provider: ModelProvider }> => {
    const provider = await makeProvider(choice, hostOf(choice.plugin.name));
    if (purse.needsPrice && priceOf(provider.capabilities()) === null) throw unpriced(name);
    return { provider };
  };
  const later = async (model: RoutedModel): Promise<Link> => {
    const { choice, name } = model;
    const host = hostOf(choice.plugin.name);
    const told = host.model(choice.provider.name, choice.model);
    // What tables do not know the provider itself may know.
    if (purse.needsPrice && priceOf(told) === null) return linkOf(model, await made(model));
    return linkOf(
      model,
      lazily(name, told, () => makeProvider(choice, host)),
    );
  };
  const [first, ...others] = models;
  if (!first) throw new Error('a route has a model');
  const [head, cheap, ...rest] = await Promise.all([
    made(first).then((one) => linkOf(first, one)),
    small && later(small),
    ...others.map(later),
  ]);
  const work = [head, ...rest];

  const own = strategies[primary] ?? strategy;
  const through = (candidates: readonly Link[], needs: readonly Need[], byStrategy: Strategy): ModelProvider => {
    const way = router(candidates, { strategy: byStrategy, needs, sticky: byStrategy !== own });
    const order = (request: Request): readonly Link[] => way.order(request);
    const chain = gate.around(fallingBack({ links: candidates, order, name: candidates[0]?.name ?? first.name }));
    return {
      ...chain,
      alternatives: () => candidates.map(({ capabilities }) => capabilities),
      async *stream(request, signal) {
        const reply = yield* chain.stream(request, signal);
        if (reply.model !== undefined) way.answered(request, reply.model);
        return reply;
      },
    };
  };
  const routers = new Map<string, ModelProvider>();
  const only = async (wanted: string): Promise<ModelProvider> => {
    const choice = chooseModel(wanted, plugins, hasKey);
    const model = { choice, name: nameOf(choice), weight: 1 };
    const known = routers.get(`only ${model.name}`);
    if (known) return known;
    const alone = through([linkOf(model, await made(model))], [], own);
    routers.set(`only ${model.name}`, alone);
    return alone;
  };
  return {
    only,
    name: first.name,
    model: (needs, purpose) => {
      const isSmall = purpose !== 'work' && cheap !== undefined;
      const key = isSmall ? 'small' : needs.join();
      const known = routers.get(key);
      if (known) return known;
      // A small model that fails is no reason to fail: the others can do what it can.
      const provider = isSmall ? through([cheap, ...work], [], own) : through(work, needs, strategy);
      routers.set(key, provider);
      return provider;
    },
  };
};

const primary = defaults.route.strategy;
