import type { Config } from '../../core/config.ts';
import type { Plugin } from '../../core/plugin.ts';
import type { ModelProvider } from '../../core/provider.ts';
import { purse } from '../../engine/models/purse.ts';
import { validate } from '../../host/config/config-file.ts';
import { openDatabase, type Database } from '../../host/log/database.ts';
import { ledger } from '../../host/log/ledger.ts';
import type { Env } from '../../host/paths.ts';
import { upToRepository } from '../../host/surroundings.ts';
import { limitsFrom } from '../budgets.ts';
import { openRedaction } from '../redaction.ts';
import { runCredentials } from '../run-credentials.ts';
import { sessionsPath } from '../sessions.ts';
import { loadSettings } from '../settings.ts';
import { guarding, wireModels } from './wire-models.ts';

/** The models of a configuration, for programs that need no agent. */
export interface OpenModels {
  /** The router over all that is configured. */
  provider: ModelProvider;
  /** One model alone. @throws CopilotError exit 3, ProviderError kind `auth` */
  only(name: string): Promise<ModelProvider>;
  close(): void;
}

/**
 * Opens the models of a folder's configuration with its budgets, limits and redaction.
 * @throws CopilotError exit 3
 */
export const openModels = async (options: {
  plugins: readonly Plugin[];
  env: Env;
  cwd: string;
  config: Config;
}): Promise<OpenModels> => {
  const { plugins, env, cwd } = options;
  const flags = validate(options.config, 'the configuration that was given', () => undefined);
  const { value: settings } = await loadSettings(env, cwd, { flags });
  const credentials = await runCredentials(env, settings.secrets, undefined);
  const models = await wireModels({ env, root: cwd, plugins, every: true }, settings, credentials);
  await credentials.reveal();
  let database: Database | undefined;
  const book = ledger(() => (database ??= openDatabase(sessionsPath(env))), upToRepository(cwd).at(-1) ?? cwd);
  const routing = await models.open(purse(limitsFrom(settings), book));
  const { redact } = openRedaction(env, credentials.values());
  const guarded = guarding(settings, redact);
  return {
    provider: guarded(routing.model([], 'work')),
    only: async (name) => guarded(await routing.only(name)),
    close: () => database?.close(),
  };
};
