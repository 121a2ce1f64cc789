import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { messageOf } from '../../base/errors.ts';
import { sandboxError } from './sandbox-error.ts';

/** A network with nothing but a loopback of its own, shared by all commands of one sandbox. */
export interface PrivateNetwork {
  /** Goes before a program and its arguments to start it in the network. */
  readonly prefix: readonly string[];
  /** Lets `127.0.0.1:port` in the network lead to a unix socket of this machine. */
  forward(socketPath: string, port: number): Promise<void>;
  close(): void;
}

const startMs = 5_000;

// Runs outside the confinement but in its network, and ends when we do: its stdin is held by us.
const forwarder = `
const net = require('node:net');
const [path, port] = process.argv.slice(1);
net.createServer({ allowHalfOpen: true }, (inside) => {
  const outside = net.connect({ path, allowHalfOpen: true });
  const end = () => { inside.destroy(); outside.destroy(); };
  inside.on('error', end).pipe(outside);
  outside.on('error', end).pipe(inside);
}).on('error', (error) => { console.log(error.message); process.exit(1); })
  .listen(Number(port), '127.0.0.1', () => console.log('ready'));
process.stdin.on('end', () => process.exit()).resume();`;

/** Waits for the first output of a process. */
const firstWords = (child: ChildProcess, stream: NodeJS.ReadableStream | null | undefined): Promise<string> =>
  new Promise((resolve, reject) => {
    let complaint = '';
    const timer = setTimeout(() => reject(new Error(`nothing happened for ${startMs / 1000} s`)), startMs);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
    };
    child.stderr?.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    child.once('error', fail);
    child.once('close', () => fail(new Error(complaint.trim().split('\n')[0] ?? 'it ended')));
    stream?.once('data', (chunk: Buffer) => {
      clearTimeout(timer);
      resolve(chunk.toString());
    });
  });

/**
 * Makes the network: a first confinement that ends at once leaves its namespaces to us.
 * @throws CopilotError `E_SANDBOX`
 */
export const openPrivateNetwork = async (programs: { bwrap: string; nsenter: string }): Promise<PrivateNetwork> => {
  const forwarders = new Set<ChildProcess>();
  const handles: number[] = [];
  const close = (): void => {
    for (const child of forwarders) child.kill('SIGKILL');
    for (const handle of handles.splice(0)) closeSync(handle);
  };
  const holder = spawn(
    programs.bwrap,
    ['--unshare-user', '--unshare-net', '--ro-bind', '/', '/', '--die-with-parent', '--info-fd', '3', '--', 'cat'],
    { stdio: ['pipe', 'ignore', 'pipe', 'pipe'], cwd: '/' },
  );
  try {
    const info = await firstWords(holder, holder.stdio[3] as NodeJS.ReadableStream | null);
    const pid = /"child-pid":\s*(\d+)/.exec(info)?.[1];
    if (pid === undefined) throw new Error('bwrap did not tell its process');
    for (const name of ['user', 'net']) handles.push(openSync(`/proc/${pid}/ns/${name}`, 'r'));
  } catch (error) {
    close();
    throw sandboxError(`bubblewrap could not make a network: ${messageOf(error)}.`, 'See `llm-copilot doctor`.', error);
  } finally {
    holder.stdin?.destroy();
    holder.once('exit', () => holder.removeAllListeners());
  }
  const [user = 0, net = 0] = handles;
  const own = `/proc/${process.pid}/fd`;
  const prefix = [programs.nsenter, '--preserve-credentials', `--user=${own}/${user}`, `--net=${own}/${net}`, '--'];
  return {
    prefix,
    forward: async (socketPath, port) => {
      const [program = '', ...args] = prefix;
      const child = spawn(program, [...args, process.execPath, '-e', forwarder, socketPath, String(port)], {
        stdio: ['pipe', 'pipe', 'pipe'],
        cwd: '/',
        env: {},
      });
      forwarders.add(child);
      child.once('exit', () => forwarders.delete(child));
      try {
        const said = await firstWords(child, child.stdout);
        if (said.trim() !== 'ready') throw new Error(said.trim());
      } catch (error) {
        child.kill('SIGKILL');
        throw sandboxError(`Commands could not be given a way out: ${messageOf(error)}.`, undefined, error);
      }
      child.unref();
      for (const stream of child.stdio) (stream as { unref?: () => void } | null)?.unref?.();
    },
    close,
  };
};
