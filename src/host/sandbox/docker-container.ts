import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Socket } from 'node:net';
import { dockerMissing, dockerSilent, explainDocker, runDocker, type DockerCli } from './docker-cli.ts';
import { forwarderOrder, mainScript, readReady, type Inside } from './docker-inside.ts';
import { sandboxError } from './sandbox-error.ts';

/** A container that runs until it is closed or this process ends, however that happens. */
export interface Container extends Inside {
  readonly name: string;
  /** `uid:gid` for commands. */
  readonly user: string;
  /** False once it ended, whoever ended it. */
  isOpen(): boolean;
  /** Runs a script of ours as the commands' user and gives what it prints; nothing when that fails. Bounded. */
  control(script: string, args?: readonly string[]): Promise<string>;
  /**
   * Lets 127.0.0.1 at a port lead to the socket of this name in the folder for it; resolves when it does.
   * @throws CopilotError `E_SANDBOX` when the image has nothing that could forward.
   */
  forward(socketName: string, port: number): Promise<void>;
  /** Ends it and everything inside. Safe to call twice. */
  close(): Promise<void>;
}

/** How to start a container. */
export interface ContainerOptions {
  cli: DockerCli;
  image: string;
  /** Limits and mounts, as docker's arguments. */
  args: readonly string[];
  /** Told twice a second how much CPU time everything inside has used; undefined when the kernel does not tell. */
  onCpu?: ((usedMs: number | undefined) => void) | undefined;
}

/** The label on every container of ours; its value is `<process id>/<start of that process, as startOf gives it>`. */
export const ownerLabel = 'llm-copilot';

const startMs = 8_500;
const closeMs = 5_000;
const forwardMs = 5_000;
const controlMs = 10_000;
const cpuEveryMs = 500;
const keptWords = 4_000;

/** When a process was started, in ticks since the machine was; undefined where nobody tells. */
export const startOf = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
};

/** The main process must not be the user of the commands, or they could stop it. */
const mainUser = (uid: number): string => (uid === 65534 ? '65533:65533' : '65534:65534');

const ids = (): { uid: number; gid: number } => ({ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 });

const letGo = (child: ChildProcess): void => {
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as Socket | null)?.unref();
};

/**
 * Starts a container and waits until it is ready. Its standard input is a pipe that only this process holds: the system
 * closes it when we end, and with that the container ends.
 * @throws CopilotError `E_SANDBOX` when it is not ready within nine seconds; whatever the engine makes of it later ends at
 * once, or is left for `sandbox prune`.
 */
export const startContainer = async ({ cli, image, args, onCpu }: ContainerOptions): Promise<Container> => {
  const { uid, gid } = ids();
  const name = `llm-copilot-${randomBytes(6).toString('hex')}`;
  const owner = [process.pid, startOf(process.pid) ?? ''].join('/');
  const whole = [
    ...[
      'run',
      '--interactive',
      '--rm',
      '--init',
      '--pull',
      'never',
      '--name',
      name,
      '--label',
      `${ownerLabel}=${owner}`,
    ],
    ...['--network', 'none', '--hostname', 'sandbox', '--read-only', '--tmpfs', '/tmp:exec,mode=1777'],
    ...['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--user', mainUser(uid), '--workdir', '/'],
    ...['--log-driver', 'none', '--no-healthcheck', '--ulimit', 'core=0', ...args],
    ...['--entrypoint', '/bin/sh', image, '-c', mainScript],
  ];
  const child = spawn(cli.program, whole, { cwd: '/', env: cli.env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  // What is written after its end is lost, and nobody's failure.
  child.stdin.on('error', () => undefined);
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-keptWords)));
  let open = true;
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      open = false;
      resolve();
    };
    child.once('close', end);
    child.once('error', end);
  });
  const lines = createInterface({ input: child.stdout });
  let timer: NodeJS.Timeout | undefined;
  try {
    const ready = await new Promise<string>((resolve, reject) => {
      timer = setTimeout(() => reject(dockerSilent(startMs)), startMs);
      child.once('error', (error) => reject(dockerMissing(error)));
      child.once('close', () => reject(explainDocker(words, image)));
      lines.once('line', resolve);
    });
    if (!ready.startsWith('ready')) throw sandboxError(`The container of ${image} said: ${ready}`);
    // A limit that the engine throws away is one that does not hold.
    const discarded = /^.*(?:limit|capabilit)\w*.*discarded.*$/im.exec(words)?.[0];
    if (discarded !== undefined) throw sandboxError(`The Docker engine cannot hold a limit: ${discarded.trim()}`);
    letGo(child);
    const inside = readReady(ready, uid);
    const user = `${inside.uid}:${inside.uid === uid ? gid : 0}`;
    const listening = new Promise<void>((resolve) => {
      lines.on('line', (line) => {
        if (line === 'proxy') resolve();
        else if (line.startsWith('cpu ')) onCpu?.(/^cpu \d+$/.test(line) ? Number(line.slice(4)) : undefined);
      });
    });
    const order = (line: string): unknown => child.stdin.write(`${line}\n`);
    const asking = onCpu && setInterval(() => order('cpu'), cpuEveryMs).unref();
    void ended.then(() => clearInterval(asking));

    const pending = new Set<Promise<string>>();
    const control = (script: string, args: readonly string[] = []): Promise<string> => {
      if (!open) return Promise.resolve('');
      const asked = ['exec', '--user', user, name, '/bin/sh', '-c', script, ...args];
      const done = runDocker(cli, asked, controlMs).catch(() => '');
      pending.add(done);
      void done.finally(() => pending.delete(done));
      return done;
    };
    const forward = async (socketName: string, port: number): Promise<void> => {
      const line = forwarderOrder(inside.tools, socketName, port);
      if (line === undefined)
        throw sandboxError(
          `${image} has neither node, python3 nor socat: the allowed hosts cannot be reached from it.`,
          'Use an image that has one of them, or allow no hosts.',
        );
      order(line);
      let late: NodeJS.Timeout | undefined;
      const silent = new Promise<never>((_, reject) => {
        const fail = (): void => reject(sandboxError(`The way out of the container of ${image} did not open.`));
        late = setTimeout(fail, forwardMs);
        void ended.then(fail);
      });
      await Promise.race([listening, silent]).finally(() => clearTimeout(late));
    };
    const close = async (): Promise<void> => {
      child.stdin.end();
      const late = setTimeout(() => {
        const removed = runDocker(cli, ['rm', '--force', name], closeMs).catch(() => undefined);
        void removed.then(() => child.kill('SIGKILL'));
      }, closeMs);
      await Promise.all([ended, ...pending]);
      clearTimeout(late);
    };
    let closing: Promise<void> | undefined;
    let forwarding: Promise<void> | undefined;
    return {
      ...inside,
      name,
      user,
      isOpen: () => open && closing === undefined,
      control,
      forward: (socketName, port) => (forwarding ??= forward(socketName, port)),
      close: () => (closing ??= close()),
    };
  } catch (error) {
    child.kill('SIGKILL');
    letGo(child);
    throw error;
  } finally {
    clearTimeout(timer);
  }
};
