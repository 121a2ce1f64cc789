import { randomUUID } from 'node:crypto';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { permissionError, usageError, type CopilotError } from '../base/errors.ts';
import type { Redact } from '../base/redact/redactor.ts';
import type { Task } from '../core/agent.ts';
import { defaults, type Config } from '../core/config.ts';
import type { Recorded } from '../core/event.ts';
import { messagesOf, sourcesIn } from '../core/fold.ts';
import { text, textOf, type Block, type Message } from '../core/message.ts';
import { keyNamesOf, type Plugin, type PluginHost } from '../core/plugin.ts';
import type { Ask } from '../core/policy.ts';
import type { Sandbox } from '../core/sandbox.ts';
import type { SessionInfo, SessionStore } from '../core/session.ts';
import type { AskSecret } from '../core/secret.ts';
import type { Tool, WebGet } from '../core/tool.ts';
import type { WorkflowContext } from '../core/workflow.ts';
import { act } from '../engine/act.ts';
import { purse } from '../engine/models/purse.ts';
import { checkTool } from '../engine/patterns/check-tool.ts';
import { taint } from '../engine/taint.ts';
import { trialTool } from '../engine/workflows/trial-tool.ts';
import { run, type RunContext } from '../engine/run.ts';
import { lightenHttpClient } from '../host/http-client.ts';
import { openDatabase, type Database } from '../host/log/database.ts';
import { ledger } from '../host/log/ledger.ts';
import { retentionDaysIn } from '../host/log/audit-retention.ts';
import { addFolderRules, type LoadedConfig } from '../host/config/config.ts';
import type { Env } from '../host/paths.ts';
import { gitFacts, projectInstructions, upToRepository } from '../host/surroundings.ts';
import { requireTls } from '../host/web/web-tls.ts';
import { loadAgents } from './agents.ts';
import { remembering } from './asking.ts';
import { limitsFrom } from './budgets.ts';
import { findChecks } from './checks.ts';
import { confine } from './confine.ts';
import type { SecretUse } from './credentials.ts';
import { journal } from './journal.ts';
import { runMemory } from './memory/run-memory.ts';
import { openRedaction } from './redaction.ts';
import { guarding, wireModels } from './models/wire-models.ts';
import { runCredentials } from './run-credentials.ts';
import { runCode } from './search/run-code.ts';
import { askingForCodes, stepUp } from './step-up.ts';
import { chooseSession, openSessions, sessionsPath, type SessionChoice } from './sessions.ts';
import { loadSettings, projectFolder } from './settings.ts';

/** What a caller wants done, as flags and files gave it. */
export interface JobOptions {
  prompt: string;
  images: readonly Block[];
  cwd: string;
  env: Env;
  plugins: readonly Plugin[];
  /** Flags that are configuration. */
  flags: Config;
  allowedTools: readonly string[];
  disallowedTools: readonly string[];
  addDirs: readonly string[];
  /** What the project's configuration says counts this once, although the folder is not trusted. */
  trust?: boolean;
  appendSystemPrompt?: string;
  /** Who does it; the coder when left out. */
  agent?: string;
  outputSchema?: object;
  session: SessionChoice;
  /** How to ask the human; undefined when nobody can answer. */
  ask?: Ask;
  /** How to ask for a passphrase. */
  askSecret?: AskSecret | undefined;
  /** A one-time code given beforehand. */
  otp?: string | undefined;
  signal: AbortSignal;
}

/** Everything wired for one task. */
export interface Job {
  config: LoadedConfig;
  /** What the human should know before it starts, one line each. */
  notices: string[];
  /** The same, known only at the end. */
  laterNotices: () => string[];
  model: string;
  session: SessionInfo;
  store: SessionStore;
  sandbox: Sandbox;
  /** Takes known secrets out of what is shown. */
  redact: Redact;
  /** Secrets that were read while it was opened, to be recorded first. */
  uses: readonly SecretUse[];
  task: Task;
  context: WorkflowContext;
  /** After its end: what it leaves in memory. What the human should know of that is in `laterNotices`. */
  learn(worth: { verified: boolean; wrote: boolean }): Promise<void>;
  close(): Promise<void>;
}

const existingFolder = (path: string, flag: string): string => {
  if (!existsSync(path) || !statSync(path).isDirectory()) throw usageError(`${flag} ${path}: there is no such folder.`);
  return realpathSync(path);
};

const loadTools = async (
  plugins: readonly Plugin[],
  hostOf: (plugin: string) => PluginHost,
): Promise<Map<string, Tool>> => {
  const loaded = await Promise.all(
    plugins
      .filter((plugin) => plugin.tools?.length)
      .map(async (plugin) => (await plugin.load()).setup(hostOf(plugin.name)).tools ?? []),
  );
  return new Map(loaded.flat().map((tool) => [tool.name, tool]));
};

const emptyTask = (): CopilotError =>
  usageError('The task is empty.', 'Say what to do: llm-copilot run "fix the failing test".');

/** Environment variables that hold credentials of models. */
const keyNames = (plugins: readonly Plugin[]): string[] =>
  plugins.flatMap((plugin) => (plugin.providers ?? []).flatMap(keyNamesOf));

/**
 * The only wiring: reads the configuration, opens the log, loads plugins, and puts the floors together.
 * @throws CopilotError for anything the human must mend first.
 */
export const open = async (options: JobOptions): Promise<Job> => {
  const { env, plugins, signal } = options;
  const root = existingFolder(options.cwd, '--cd');
  const addDirs = options.addDirs.map((path) =>
    existingFolder(isAbsolute(path) ? path : resolve(root, path), '--add-dir'),
  );
  const gitSoon = gitFacts(root, env);
  const instructionsSoon = projectInstructions(root);
  lightenHttpClient();
  // Awaited below; should something else fail first, this is not a second failure.
  instructionsSoon.catch(() => undefined);
  const config = await loadSettings(env, root, options);
  const settings = config.value;
  const minTlsVersion = settings.web?.minTlsVersion ?? defaults.web.minTlsVersion;
  const credentials = await runCredentials(env, settings.secrets, options.askSecret);
  const models = await wireModels({ env, root, plugins }, settings, credentials);
  let database: Database | undefined;
  const shareDatabase = (): Database => (database ??= openDatabase(sessionsPath(env)));
  const book = ledger(shareDatabase, upToRepository(root).at(-1) ?? root);
  const shared = purse(limitsFrom(settings), book);
  await credentials.reveal();
  const { redact, placeholders } = openRedaction(env, credentials.values());
  const toolNames = plugins.flatMap((plugin) => plugin.tools ?? []);
  const [tools, routing, checks, confined] = await Promise.all([
    loadTools(plugins, models.hostOf),
    models.open(shared),
    findChecks(root, settings),
    confine({ ...options, root, addedFolders: addDirs, config, toolNames, secretEnv: keyNames(plugins) }),
    requireTls(minTlsVersion),
  ]);
  const { sandbox, permissions } = confined;
  const guarded = guarding(settings, redact);
  // A host that was open before text from outside came in would be a way out for every program.
  const tainted = taint(() => {
    if (permissions.mode !== 'bypass') sandbox.closeHosts();
  });
  const codes = stepUp(async (code) => {
    const { checkCode } = await import('./mfa.ts');
    const checked = await checkCode(env, settings.secrets, code, options.askSecret);
    journal(env, root, 'one-time code', [{ type: 'mfa.checked', ...checked }]);
    return checked;
  });

  // A schema that is wrong costs no model call.
  if (options.outputSchema) (await import('../host/json-schema.ts')).schemaChecker(options.outputSchema);
  const sessions = openSessions(env, { redact, retentionDays: retentionDaysIn(config), database: shareDatabase() });
  let newest: Recorded | undefined;
  const store: SessionStore = { ...sessions, append: (id, event) => (newest = sessions.append(id, event)) };
  const remote = async () => ({ hostOf: models.hostOf, credentials, purse: shared, redact });
  const code = runCode({ env, root, settings, plugins, remote, background: true });
  const memory = runMemory({
    ...{ env, root, settings, plugins, redact, remote },
    at: () => ({ session: newest?.session ?? '', seq: newest?.seq ?? 0 }),
    origin: () => tainted.sources[0]?.origin,
  });
  try {
    const active = settings.verify === 'never' ? [] : checks.checks;
    const [git, instructions] = [await gitSoon, await instructionsSoon];
    // Files and their names are not ours: what hides in them is shown.
    const show = (words: string): string => placeholders.show(words);
    const place = {
      root,
      addedFolders: addDirs,
      git: git && { ...git, changes: git.changes.map(show) },
      instructions: instructions && { ...instructions, text: show(instructions.text) },
      checks: active,
    };
    const agents = loadAgents(place, {
      maxTurns: settings.maxTurns ?? 100,
      appended: options.appendSystemPrompt,
      without: permissions.barredTools,
      toolNames,
    });
    const isEmpty = options.prompt.trim() === '' && options.images.length === 0;
    const { session: wanted } = options;
    // Said before a session is made for nothing.
    if (isEmpty && !wanted.continue && wanted.resume === undefined) throw emptyTask();
    const title = options.prompt.trim().split('\n', 1)[0] ?? '';
    const opened = chooseSession(store, options.session, root, title);
    const { info: session, last } = opened;
    // The run to go on from is folded from what was just read; later ones need the log as it is then.
    let past: Iterable<Recorded> | undefined = opened.past;
    // Also what only a check or a sub-run read: a message that repeats it says not where it is from.
    for (const source of sourcesIn(opened.past)) tainted.note(source);
    if (isEmpty && last?.finished !== false) throw emptyTask();
    const said = (): string =>
      (last ? messagesOf(opened.past, last.run) : []).map(({ content }) => textOf(content)).join('\n');
    const recalled = isEmpty ? undefined : await memory.recalled(options.prompt, said, signal);
    const before = recalled ? [text(recalled.text)] : [];
    const typed = (content: Block[]): Message => ({ role: 'user', origin: 'user', content });
    const { images, prompt } = options;
    let messages = isEmpty ? [] : [typed([...images, ...before, text(prompt)])];
    if (recalled?.origin !== undefined) {
      const { origin } = recalled;
      tainted.note({ origin, source: 'what is remembered' });
      // A message of its own, which taints whatever goes on from this conversation.
      messages = [{ role: 'user', origin, content: before }, typed([...images, text(prompt)])];
    }
    const asked = remembering(options.ask, {
      policy: permissions.policy,
      root,
      keep: async (rules) => {
        permissions.add(rules);
        await addFolderRules(
          env,
          projectFolder(env, root),
          rules.map((rule) => rule.text),
        );
      },
    });
    if (options.otp !== undefined) {
      const { passed, why } = await codes.give(options.otp);
      if (!passed) throw permissionError(`The one-time code was not accepted: ${why}`);
    }
    const web: WebGet = async (url, request, stop) => {
      const { webGet } = await import('../host/web/web-get.ts');
      const privateHosts = settings.web?.privateHosts ?? [];
      const knownSecrets = (words: string): boolean => redact(words) !== words;
      return webGet({ privateHosts, minTlsVersion, knownSecrets })(url, request, stop);
    };
    const runContext: RunContext = {
      agents,
      tools,
      model: (needs, purpose) => guarded(routing.model(needs, purpose)),
      policy: permissions.policy,
      ask: askingForCodes(asked, codes),
      sandbox,
      web,
      code: code.code,
      memory: memory.memory,
      taint: tainted,
      placeholders,
      history: (id) => {
        const log = id === last?.run && past ? past : store.read(session.id);
        past = undefined;
        return messagesOf(log, id);
      },
      inbox: () => [],
      problemsWith: async (schema, value) => (await import('../host/json-schema.ts')).schemaChecker(schema)(value),
      signal,
    };
    const id = randomUUID();
    let calls = 0;
    const context: WorkflowContext = {
      id,
      run: (task) => run(task, runContext),
      async *tool(name, input) {
        const acting = {
          ...runContext,
          run: id,
          tools: new Map([[checkTool.name, checkTool], [trialTool.name, trialTool], ...tools]),
          delegate: (task: Task) => run(task, runContext, id),
        };
        const [result] = yield* act([{ type: 'tool_call', callId: `${id}-${++calls}`, name, input }], acting);
        if (!result) throw new Error(`the call of ${name} gave no result`);
        return result;
      },
      checks: checks.checks,
      sandbox,
      log: () => store.read(session.id),
      signal,
    };
    const history = place.git
      ? []
      : [`${root} is in no git repository: it works, but there is no history to look at or compare with.`];
    return {
      config,
      notices: [...config.notices, ...credentials.notices, ...models.notices, ...confined.notices, ...history],
      laterNotices: () => [...confined.laterNotices(), ...code.notices(), ...memory.notices()],
      model: routing.name,
      session,
      store,
      sandbox,
      redact,
      uses: credentials.uses(),
      task: {
        agent: options.agent ?? 'coder',
        messages,
        ...(last ? { continues: last.run } : {}),
        ...(options.outputSchema ? { outputSchema: options.outputSchema } : {}),
      },
      context,
      learn: (worth) => memory.learn(() => store.read(session.id), { workflow: id, ...worth }, signal),
      close: async () => {
        await sandbox.close();
        await Promise.all([code.close(), memory.close()]);
        store.close();
      },
    };
  } catch (error) {
    await memory.close();
    store.close();
    throw error;
  }
};
