import type { Redact } from '../../base/redact/redactor.ts';
import type { Config } from '../../core/config.ts';
import type { Plugin, PluginHost } from '../../core/plugin.ts';
import { purse, type Purse } from '../../engine/models/purse.ts';
import { openDatabase, type Database } from '../../host/log/database.ts';
import { ledger } from '../../host/log/ledger.ts';
import type { Env } from '../../host/paths.ts';
import { upToRepository } from '../../host/surroundings.ts';
import { limitsFrom } from '../budgets.ts';
import type { Credentials } from '../credentials.ts';
import { modelTables, userTablesFor } from '../models/model-tables.ts';
import { pluginHosts } from '../models/plugin-hosts.ts';
import { openRedaction } from '../redaction.ts';
import { runCredentials } from '../run-credentials.ts';
import { sessionsPath } from '../sessions.ts';

/** What an embedder of a provider needs; a run has it already. */
export interface RemoteParts {
  hostOf: (plugin: string) => PluginHost;
  credentials: Pick<Credentials, 'resolve'>;
  purse: Purse;
  redact: Redact;
  close?(): void;
}

/** Makes it for a command that runs no agent. @throws CopilotError exit 3 */
export const remoteParts = async (
  { env, root, plugins }: { env: Env; root: string; plugins: readonly Plugin[] },
  settings: Config,
): Promise<RemoteParts> => {
  const credentials = await runCredentials(env, settings.secrets, undefined);
  const tables = modelTables(settings, plugins, await userTablesFor(env, plugins));
  await credentials.reveal();
  let database: Database | undefined;
  const book = ledger(() => (database ??= openDatabase(sessionsPath(env))), upToRepository(root).at(-1) ?? root);
  return {
    hostOf: pluginHosts({ env, root }, settings, tables, credentials),
    credentials,
    purse: purse(limitsFrom(settings), book),
    redact: openRedaction(env, credentials.values()).redact,
    close: () => database?.close(),
  };
};
