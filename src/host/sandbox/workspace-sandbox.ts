import { existsSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join, resolve as absolute } from 'node:path';
import { unlessAborted } from '../../base/unless-aborted.ts';
import type { BackgroundProcess, ExecOptions, ExecResult, Sandbox } from '../../core/sandbox.ts';
import type { Confinement, Launch, Launcher, ProcessEnv } from './launcher.ts';
import { listFolder, readBytes, resolvePath, statPath, writeBytes } from './local-files.ts';
import { outputKeeper } from './output.ts';
import { argvOf, startProcess, waitFor, type RunningProcess } from './process.ts';
import { makeScratch, scratchPath } from './scratch.ts';
import { excludePattern, snapshotError } from '../shadow-git.ts';
import { openSnapshots, type Snapshots } from '../snapshots.ts';
import type { UndoStore, UndoStoreOptions } from '../undo/undo-store.ts';

/** How to open a sandbox on a folder of this machine. */
export interface WorkspaceOptions {
  /** The workspace; must exist. */
  root: string;
  /** Holds the shadow git dir and long outputs; made when missing. */
  dataDir: string;
  /** Environment of the commands; that of this process when left out. */
  env?: ProcessEnv;
  /** False: no state of the workspace is ever recorded; `digest()` and `snapshot()` fail. */
  snapshots?: boolean;
  /** What `snapshot()` leaves out, and which folders outside of the root it records too. */
  undo?: Omit<UndoStoreOptions, 'root' | 'dataDir'>;
}

/** What a launcher has to know of the folder its commands run in. */
export interface SandboxPlace extends Pick<Confinement, 'root' | 'dataDir' | 'folders'> {
  /** A private folder that is removed with the sandbox; made by the call. */
  scratch(): string;
}

/** What only a copy of another sandbox knows. */
interface CopyOptions {
  exclude: string[];
  alternates: string[];
  origin: string;
  /** Removed as a whole on close. */
  folder: string;
  /** That of the sandbox it was made from, which commands must not see either. */
  dataDir: string;
  folders: Confinement['folders'];
}

/** Nothing may wait for an answer on a terminal that is not there. */
const quietEnv = {
  GIT_TERMINAL_PROMPT: '0',
  GIT_EDITOR: 'true',
  GIT_SEQUENCE_EDITOR: 'true',
  EDITOR: 'true',
  VISUAL: 'true',
  PAGER: 'cat',
  GIT_PAGER: 'cat',
};

/** Ignored folders a copy needs to build and test; they are linked, not copied. */
const dependencyFolders = ['node_modules', '.venv', 'venv', 'vendor', 'target'];
/** Bytes of unread output of a background command kept in memory. */
const unreadBytes = 30_000;

/** Waits for what has to happen before a launch is spawned; when that fails, the launch is over as soon as it is there. */
const unlessDropped = (launched: Promise<Launch>, ready: Promise<Launch>): Promise<Launch> => {
  ready.catch(() => launched.then((launch) => launch.ended?.())).catch(() => undefined);
  return ready;
};

const open = (
  options: WorkspaceOptions,
  makeLauncher: (place: SandboxPlace) => Launcher,
  copy?: CopyOptions,
): Sandbox => {
  const root = realpathSync(options.root);
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  const dataDir = realpathSync(options.dataDir);
  const scratch = scratchPath(dataDir);
  const env = { ...(options.env ?? process.env), ...quietEnv };
  const snapshots: Snapshots | undefined =
    options.snapshots === false ? undefined : openSnapshots({ root, dataDir, ...copy });
  const processes = new Set<RunningProcess>();
  const jobs = new Map<string, BackgroundProcess>();
  const copies = new Set<Sandbox>();
  const launcher = makeLauncher({
    root,
    dataDir: copy?.dataDir ?? dataDir,
    folders: copy?.folders ?? [],
    scratch: () => {
      makeScratch(scratch);
      return scratch;
    },
  });
  let origin: Promise<string> | undefined = copy && Promise.resolve(copy.origin);
  let undo: Promise<UndoStore> | undefined;
  let files = 0;
  let hostsAreClosed = false;
  let closing: Promise<void> | undefined;

  const at = (path: string): Promise<string> => resolvePath(absolute(root, path));
  const recorded = (): Snapshots => {
    if (!snapshots) throw snapshotError('snapshots are switched off.');
    return snapshots;
  };
  const undoStore = (): Promise<UndoStore> => {
    recorded();
    return (undo ??= import('../undo/undo-store.ts').then(({ openUndoStore }) =>
      openUndoStore({ root, dataDir, ...options.undo }),
    ));
  };
  const newFile = (): string => {
    makeScratch(scratch);
    files += 1;
    return join(scratch, `output-${files}.log`);
  };
  /** The first effect waits until the state before it is known. A failure is kept for `origin()`, not for the effect. */
  const beforeEffect = async (): Promise<void> => {
    if (!snapshots || closing) return;
    origin ??= snapshots.digest();
    await origin.catch(() => undefined);
  };
  const mustBeOpen = (): void => {
    if (closing) throw new Error('The sandbox is closed.');
  };
  /** A container may start while the state before the first effect is taken. */
  const prepare = async (
    command: string | readonly string[],
    { env: added, ...place }: { cwd: string; env?: ProcessEnv | undefined; background?: boolean },
  ): Promise<Launch> => {
    mustBeOpen();
    const launched = Promise.resolve(launcher.launch(command, { ...place, env: added ? { ...env, ...added } : env }));
    return unlessDropped(
      launched,
      Promise.all([launched, beforeEffect()]).then(([launch]) => launch),
    );
  };
  const spawned = ({ argv, ...launch }: Launch, exec: Partial<ExecOptions>): RunningProcess => {
    try {
      mustBeOpen();
      return startProcess(argv, { ...exec, ...launch, newFile });
    } catch (error) {
      launch.ended?.();
      throw error;
    }
  };
  const begin = (launch: Launch, exec: Partial<ExecOptions>): RunningProcess => {
    const running = spawned(launch, exec);
    processes.add(running);
    const forget = (): void => {
      if (!running.isAlive()) processes.delete(running);
    };
    running.done.then(forget, () => {
      forget();
      // Its program could not be started.
      launch.ended?.();
    });
    return running;
  };

  const exec: Sandbox['exec'] = async (command, options, signal) => {
    const cwd = options.cwd === undefined ? root : await at(options.cwd);
    signal.throwIfAborted();
    // Our own ripgrep and git: nothing of the model's runs, so nothing has to be confined.
    if (options.readOnly) {
      const launch = { argv: argvOf(command), cwd, env: options.env ? { ...env, ...options.env } : env };
      return waitFor(begin(launch, options), signal);
    }
    const prepared = prepare(command, { cwd, env: options.env });
    const launch = await unlessDropped(prepared, unlessAborted(prepared, signal));
    return waitFor(begin(launch, options), signal);
  };

  const start = async (command: string): Promise<BackgroundProcess> => {
    const launch = await prepare(command, { cwd: root, background: true });
    let unread = outputKeeper(unreadBytes);
    let result: ExecResult | undefined;
    const running = begin(launch, { onOutput: (chunk) => unread.add(Buffer.from(chunk)) });
    const done = running.done.then((ended) => (result = ended));
    done.catch(() => undefined);
    const job: BackgroundProcess = {
      id: String(jobs.size + 1),
      command,
      read: () => {
        const text = unread.text(running.outputFile());
        unread = outputKeeper(unreadBytes);
        return text;
      },
      result: () => result,
      stop: () => {
        running.kill();
        return done;
      },
    };
    jobs.set(job.id, job);
    return job;
  };

  const copyOf = async (digest: string): Promise<Sandbox> => {
    makeScratch(scratch);
    files += 1;
    const folder = join(scratch, `copy-${files}`);
    const work = join(folder, 'work');
    await recorded().checkout(digest, work);
    const links = (await recorded().ignored(dependencyFolders)).filter((path) => existsSync(join(work, dirname(path))));
    for (const path of links) symlinkSync(join(root, path), join(work, path));
    const made = open({ ...options, root: work, dataDir: join(folder, 'data') }, makeLauncher, {
      folder,
      origin: digest,
      dataDir: copy?.dataDir ?? dataDir,
      folders: links.map((path) => ({ path: join(root, path), access: 'read' })),
      // A rule such as `node_modules/` names folders only and would miss the link.
      exclude: links.map(excludePattern),
      alternates: await recorded().objectFolders(),
    });
    copies.add(made);
    if (hostsAreClosed) made.closeHosts();
    return made;
  };

  const endProcesses = async (): Promise<void> => {
    for (const running of processes) running.kill();
    await Promise.allSettled([...processes].map((running) => running.done));
    for (const running of processes) running.destroy();
    processes.clear();
    await launcher.endProcesses?.();
  };

  const close = async (): Promise<void> => {
    await endProcesses();
    await Promise.all([...copies].map((made) => made.close()));
    await launcher.close();
    await snapshots?.close();
    await (await undo?.catch(() => undefined))?.close();
    await rm(copy?.folder ?? scratch, { recursive: true, force: true });
  };

  return {
    name: launcher.name,
    root,
    scratch,
    enforces: () => launcher.enforces(),
    resolve: at,
    stat: async (path) => statPath(await at(path)),
    list: async (path) => listFolder(await at(path)),
    readFile: async (path, range) => readBytes(await at(path), range),
    writeFile: async (path, data) => {
      await beforeEffect();
      await writeBytes(await at(path), data);
    },
    exec,
    start,
    background: (id) => jobs.get(id),
    endProcesses,
    digest: async () => recorded().digest(),
    origin: async () => origin,
    changes: async (from, to) => recorded().changes(from, to),
    diff: async (from, to) => recorded().diff(from, to),
    snapshot: async (paths) => (await undoStore()).snapshot(paths),
    allowHosts: (hosts) => launcher.allowHosts(hosts),
    closeHosts: () => {
      hostsAreClosed = true;
      launcher.closeHosts();
      for (const made of copies) made.closeHosts();
    },
    copyOf,
    close: () => (closing ??= close()),
  };
};

/**
 * Effects on a folder of this machine: files are read and written here, commands run where the launcher puts them.
 * Our own read-only commands always run here.
 * @throws when the root does not exist.
 */
export const workspaceSandbox = (options: WorkspaceOptions, makeLauncher: (place: SandboxPlace) => Launcher): Sandbox =>
  open(options, makeLauncher);
