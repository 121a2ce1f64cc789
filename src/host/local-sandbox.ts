import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join, resolve as absolute } from 'node:path';
import type { BackgroundProcess, ExecOptions, ExecResult, Sandbox } from '../core/sandbox.ts';
import { listFolder, readBytes, resolvePath, statPath, writeBytes } from './local-files.ts';
import { outputKeeper } from './output.ts';
import { isRunning, startProcess, waitFor, type RunningProcess } from './process.ts';
import { excludePattern, snapshotError } from './shadow-git.ts';
import { openSnapshots, type Snapshots } from './snapshots.ts';

/** How to open a local sandbox. */
export interface LocalSandboxOptions {
  /** The workspace; must exist. */
  root: string;
  /** Holds the shadow git dir and long outputs; made when missing. */
  dataDir: string;
  /** Environment of the commands; that of this process when left out. */
  env?: Readonly<Record<string, string | undefined>>;
  /** False: no state of the workspace is ever recorded, and `digest()` fails. */
  snapshots?: boolean;
}

/** What only a copy of another sandbox knows. */
interface CopyOptions {
  exclude: string[];
  alternates: string[];
  origin: string;
  /** Removed as a whole on close. */
  folder: string;
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
const staleMs = 24 * 60 * 60 * 1000;

/** A folder for this process, and the end of those that killed processes left behind. */
const makeScratch = (path: string): void => {
  if (existsSync(path)) return;
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const all = dirname(path);
  for (const name of readdirSync(all)) {
    const info = statSync(join(all, name), { throwIfNoEntry: false });
    const old = info !== undefined && Date.now() - info.mtimeMs > staleMs;
    if (old && !isRunning(Number.parseInt(name, 10))) rmSync(join(all, name), { recursive: true, force: true });
  }
};

/** Settles with the promise, or rejects as soon as the signal aborts. */
const unlessAborted = async <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> => {
  signal.throwIfAborted();
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
};

const openSandbox = (options: LocalSandboxOptions, copy?: CopyOptions): Sandbox => {
  const root = realpathSync(options.root);
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  const dataDir = realpathSync(options.dataDir);
  const scratch = join(dataDir, 'scratch', `${process.pid}-${randomBytes(4).toString('hex')}`);
  const env = { ...(options.env ?? process.env), ...quietEnv };
  const snapshots: Snapshots | undefined =
    options.snapshots === false ? undefined : openSnapshots({ root, dataDir, ...copy });
  const processes = new Set<RunningProcess>();
  const jobs = new Map<string, BackgroundProcess>();
  const copies = new Set<Sandbox>();
  let origin: Promise<string> | undefined = copy && Promise.resolve(copy.origin);
  let files = 0;
  let closing: Promise<void> | undefined;

  const at = (path: string): Promise<string> => resolvePath(absolute(root, path));
  const recorded = (): Snapshots => {
    if (!snapshots) throw snapshotError('snapshots are switched off.');
    return snapshots;
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
  const begin = (command: string | readonly string[], cwd: string, exec: Partial<ExecOptions>): RunningProcess => {
    if (closing) throw new Error('The sandbox is closed.');
    const running = startProcess(command, { ...exec, cwd, env: exec.env ? { ...env, ...exec.env } : env, newFile });
    processes.add(running);
    const forget = (): void => {
      if (!running.isAlive()) processes.delete(running);
    };
    running.done.then(forget, forget);
    return running;
  };

  const start = async (command: string): Promise<BackgroundProcess> => {
    await beforeEffect();
    let unread = outputKeeper(unreadBytes);
    let result: ExecResult | undefined;
    const running = begin(command, root, { onOutput: (chunk) => unread.add(Buffer.from(chunk)) });
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
    const made = openSandbox(
      { ...options, root: work, dataDir: join(folder, 'data') },
      {
        folder,
        origin: digest,
        // A rule such as `node_modules/` names folders only and would miss the link.
        exclude: links.map(excludePattern),
        alternates: await recorded().objectFolders(),
      },
    );
    copies.add(made);
    return made;
  };

  const endProcesses = async (): Promise<void> => {
    for (const running of processes) running.kill();
    await Promise.allSettled([...processes].map((running) => running.done));
    for (const running of processes) running.destroy();
    processes.clear();
  };

  const close = async (): Promise<void> => {
    await endProcesses();
    await Promise.all([...copies].map((made) => made.close()));
    await snapshots?.close();
    await rm(copy?.folder ?? scratch, { recursive: true, force: true });
  };

  return {
    name: 'local',
    root,
    scratch,
    enforces: () => ({ fs: false, net: false, pids: false, memory: false, cpu: false }),
    resolve: at,
    stat: async (path) => statPath(await at(path)),
    list: async (path) => listFolder(await at(path)),
    readFile: async (path, range) => readBytes(await at(path), range),
    writeFile: async (path, data) => {
      await beforeEffect();
      await writeBytes(await at(path), data);
    },
    exec: async (command, exec, signal) => {
      await unlessAborted(exec.readOnly ? Promise.resolve() : beforeEffect(), signal);
      return waitFor(begin(command, exec.cwd === undefined ? root : await at(exec.cwd), exec), signal);
    },
    start,
    background: (id) => jobs.get(id),
    endProcesses,
    digest: async () => recorded().digest(),
    origin: async () => origin,
    changes: async (from, to) => recorded().changes(from, to),
    diff: async (from, to) => recorded().diff(from, to),
    copyOf,
    close: () => (closing ??= close()),
  };
};

/**
 * Effects on this machine, with nothing in the way: who may do what is the policy's business.
 * @throws when the root does not exist.
 */
export const localSandbox = (options: LocalSandboxOptions): Sandbox => openSandbox(options);
