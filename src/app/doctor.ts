import { accessSync, constants, mkdirSync } from 'node:fs';
import { messageOf } from '../base/errors.ts';
import { printable } from '../base/printable.ts';
import { keyNamesOf, type Plugin } from '../core/plugin.ts';
import type { Enforcement } from '../core/sandbox.ts';
import { openDatabase } from '../host/log/database.ts';
import { configPaths, type LoadedConfig } from '../host/config/config.ts';
import { dataDir, type Env } from '../host/paths.ts';
import { runProgram } from '../host/programs.ts';
import { ripgrepPath } from '../host/ripgrep.ts';
import type { LocalServer } from './models/local-servers.ts';
import { loadSettings } from './settings.ts';

/** One thing doctor looked at. `warn` does not stop the main job, `fail` does. */
export interface Finding {
  name: string;
  state: 'ok' | 'warn' | 'fail';
  detail: string;
  /** What a sandbox would really hold up. */
  enforces?: Enforcement;
}

const attempt = async (
  name: string,
  state: 'warn' | 'fail',
  look: () => Promise<string> | string,
): Promise<Finding> => {
  try {
    return { name, state: 'ok', detail: await look() };
  } catch (error) {
    return { name, state, detail: messageOf(error).split('\n', 1)[0] ?? '' };
  }
};

const firstLine = async (program: string, args: readonly string[]): Promise<string> =>
  (await runProgram(program, args, { timeoutMs: 5000 })).split('\n', 1)[0] ?? '';

const atLeast = (version: string, major: number, minor: number): boolean => {
  const [a = 0, b = 0] = version.split('.').map(Number);
  return a > major || (a === major && b >= minor);
};

const heldUp = (enforces: Enforcement): string => {
  const held = Object.entries(enforces).flatMap(([name, isHeld]) => (isHeld ? [name] : []));
  return held.length > 0 ? `enforces ${held.join(', ')}` : 'enforces nothing: commands run with your own rights';
};

/** The sandbox a run here would use. */
const sandboxFinding = async (
  env: Env,
  root: string,
  plugins: readonly Plugin[],
  settings: Promise<LoadedConfig>,
): Promise<Finding> => {
  try {
    const { confine } = await import('./confine.ts');
    const secretEnv = plugins.flatMap((plugin) => (plugin.providers ?? []).flatMap(keyNamesOf));
    const { sandbox, notices } = await confine({ root, env, config: await settings, secretEnv });
    const enforces = sandbox.enforces();
    await sandbox.close();
    const detail = [`${sandbox.name}: ${heldUp(enforces)}`, ...notices].join(' – ');
    return { name: 'sandbox', state: enforces.fs && enforces.net ? 'ok' : 'warn', detail, enforces };
  } catch (error) {
    return { name: 'sandbox', state: 'fail', detail: messageOf(error) };
  }
};

/** Whether a sandbox could be used here. */
const available = (kind: 'bubblewrap' | 'docker'): Promise<Finding> =>
  attempt(`sandbox ${kind}`, 'warn', async () => {
    const probe =
      kind === 'docker'
        ? await (await import('../host/sandbox/docker-cli.ts')).probeDocker()
        : await (await import('../host/sandbox/probe-bubblewrap.ts')).probeBubblewrap();
    if (probe.available) return 'works here';
    throw new Error(probe.why ?? 'does not work here');
  });

const serverLine = ({ name, url, models }: LocalServer): string => {
  const [first] = models;
  if (first === undefined) return `${name} at ${url}: no models yet`;
  const listed = `${models.slice(0, 3).map(printable).join(', ')}${models.length > 3 ? ', …' : ''}`;
  const count = models.length === 1 ? '1 model' : `${models.length} models`;
  return `${name} at ${url}: ${count} (${listed}); use --model ${name}/${printable(first)}`;
};

/** Servers of models on this machine; that there are none is no fault. */
const localModels = (env: Env, root: string, plugins: readonly Plugin[]): Promise<Finding> =>
  attempt('local models', 'warn', async () => {
    const [{ localServers }, { httpFetch }] = await Promise.all([
      import('./models/local-servers.ts'),
      import('../host/web/http-fetch.ts'),
    ]);
    // This machine is asked directly, whatever the variables of proxies say.
    const get = httpFetch({ env: {}, root, minTlsVersion: 'TLSv1.2' });
    const { found, asked } = await localServers(plugins, env, get);
    if (found.length > 0) return found.map(serverLine).join(' – ');
    return asked.length === 0 ? 'no provider has any' : `none found (${asked.join(', ')})`;
  });

/** Looks at everything the main job needs. Never throws. */
export const examine = async (
  env: Env,
  root: string,
  plugins: readonly Plugin[],
  isTerminal: boolean,
): Promise<Finding[]> => {
  const folder = dataDir(env);
  const settings = loadSettings(env, root);
  // The findings that need it say so when it fails.
  settings.catch(() => undefined);
  const providers = plugins
    .flatMap((plugin) => plugin.providers ?? [])
    .filter((provider) => provider.keyEnv.length > 0);
  return Promise.all([
    attempt('node', 'fail', () => {
      if (!atLeast(process.versions.node, 20, 19))
        throw new Error(`Node.js ${process.versions.node} is too old: 20.19 or newer is needed.`);
      return process.versions.node;
    }),
    attempt('better-sqlite3', 'fail', () => {
      const database = openDatabase(':memory:');
      const version =
        database.prepare<[], { version: string }>('SELECT sqlite_version() AS version').get()?.version ?? 'unknown';
      database.close();
      return `SQLite ${version}`;
    }),
    attempt('data folder', 'fail', () => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      accessSync(folder, constants.W_OK);
      return folder;
    }),
    attempt('git', 'fail', () => firstLine('git', ['--version'])),
    attempt('ripgrep', 'warn', async () => firstLine(await ripgrepPath(), ['--version'])),
    attempt('repository', 'warn', async () => {
      try {
        return await runProgram('git', ['rev-parse', '--show-toplevel'], { cwd: root, timeoutMs: 5000 });
      } catch {
        throw new Error(`${root} is not in a git repository: it works, but there is no history to look at.`);
      }
    }),
    attempt('configuration', 'fail', async () => {
      await settings;
      return configPaths(env, root).user;
    }),
    attempt('keys', 'warn', async () => {
      const { openCredentials } = await import('./credentials.ts');
      const credentials = openCredentials(env, (await settings).value.secrets);
      const set = plugins.flatMap((plugin) =>
        (plugin.providers ?? []).flatMap(({ keyEnv }) => keyEnv.filter((name) => credentials.has(name, plugin.name))),
      );
      if (set.length > 0) return `set: ${[...new Set(set)].join(', ')}`;
      throw new Error(`none set (${[...new Set(providers.flatMap((provider) => provider.keyEnv))].join(', ')})`);
    }),
    attempt('vault', 'fail', async () => {
      const { listSecrets } = await import('./secrets.ts');
      const place = { env, settings: (await settings).value.secrets, record: () => () => undefined };
      const { secrets } = listSecrets(place);
      const old = secrets.filter(({ state }) => state !== 'ok').map(({ name, state }) => `${name} is ${state}`);
      if (secrets.length === 0) return 'empty (llm-copilot secrets set keeps keys encrypted)';
      return [`${secrets.length} ${secrets.length === 1 ? 'secret' : 'secrets'}`, ...old].join(', ');
    }),
    attempt('network', 'fail', async () => {
      const { networkReport } = await import('./models/network-report.ts');
      return networkReport(env, root, (await settings).value);
    }),
    localModels(env, root, plugins),
    attempt('embedding', 'fail', async () => {
      const [{ embeddingReport }, { remoteParts }] = await Promise.all([
        import('./embedding/report.ts'),
        import('./embedding/remote-parts.ts'),
      ]);
      const { value } = await settings;
      const remote = (): ReturnType<typeof remoteParts> => remoteParts({ env, root, plugins }, value);
      const report = await embeddingReport({ settings: value, plugins, env, remote }, new AbortController().signal);
      return `${report.name}: ${report.lines.join('; ')}`;
    }),
    attempt('search', 'warn', async () => {
      const { vectorReport } = await import('./search/vector-report.ts');
      return vectorReport();
    }),
    sandboxFinding(env, root, plugins, settings),
    ...(['bubblewrap', 'docker'] as const).map((kind) => available(kind)),
    attempt('terminal', 'warn', () => {
      if (isTerminal) return 'interactive';
      throw new Error('none: questions cannot be asked, so the answer is always no.');
    }),
  ]);
};
