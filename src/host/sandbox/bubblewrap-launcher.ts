import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ToolError } from '../../core/tool.ts';
import { boundSockets } from './bound-sockets.ts';
import { fixedMounts } from './bubblewrap-mounts.ts';
import { openPrivateNetwork, type PrivateNetwork } from './bubblewrap-network.ts';
import { descendantsOf } from './descendants.ts';
import { openEgressProxy, type EgressProxy } from './egress-proxy.ts';
import { findProgram } from '../find-program.ts';
import type { Confinement, Launcher, ProcessEnv } from './launcher.ts';
import { onLifeline } from './lifeline.ts';
import { limited } from './limits.ts';
import { maskFinder } from './masks.ts';
import { isWithin } from '../../base/within.ts';
import { foldersAbove, kindAt, sortedMounts, type Mount } from './mounts.ts';
import type { Bubblewrap } from './probe-bubblewrap.ts';
import { argvOf } from './process.ts';
import { guardRepositories } from './repositories.ts';
import { sandboxError } from './sandbox-error.ts';
import { homeMounts } from './toolchains.ts';

/** What bubblewrap needs besides the confinement. */
export interface BubblewrapOptions {
  found: Bubblewrap;
  /** The commands' environment: tells where their home and their toolchains are. */
  env: ProcessEnv;
  /** A private folder; asked for at the first launch, removed by whoever gives it. */
  scratch: () => string;
}

const proxyPort = 3128;
const proxyUrl = `http://127.0.0.1:${proxyPort}`;
const aroundProxy = 'localhost,127.0.0.1,::1';
const proxyEnv = {
  ...{ HTTP_PROXY: proxyUrl, HTTPS_PROXY: proxyUrl, ALL_PROXY: proxyUrl, NO_PROXY: aroundProxy },
  ...{ http_proxy: proxyUrl, https_proxy: proxyUrl, all_proxy: proxyUrl, no_proxy: aroundProxy },
};

/** The kernel's limit on all arguments is 2 MB, the environment included. */
const maxArgumentBytes = 1_500_000;

/**
 * Commands run in namespaces of their own: a read-only system without home folders, the workspace, a private /tmp, no
 * network but a loopback all commands share (and a proxy to allowed hosts), only their own processes, no rights to gain.
 * When a command ends, everything it started ends. Limits hold for each process, so memory and CPU are not enforced.
 */
export const bubblewrapLauncher = (confinement: Confinement, options: BubblewrapOptions): Launcher => {
  const { root, limits, context, hidden, readOnly } = confinement;
  const { found } = options;
  const bound = [root, ...confinement.folders.map(({ path }) => path)];
  const ofHomes = homeMounts(options.env, bound);
  const fixed = fixedMounts(confinement, ofHomes);
  const homes = ofHomes.filter(({ kind }) => kind === 'empty').map(({ path }) => path);
  const guardGit = guardRepositories(confinement, homes);
  const findHidden = hidden && maskFinder(hidden);
  const findReadOnly = readOnly && maskFinder(readOnly);
  const hosts = new Set(confinement.allowedHosts);
  const said = new Set<string>();
  let stand: { file: string; folder: string; temporary: string } | undefined;
  let network: Promise<PrivateNetwork> | undefined;
  let proxy: Promise<EgressProxy> | undefined;
  let refused: () => string[] = () => [];
  let last: { key: string; args: readonly string[] } | undefined;
  let isShared = false;
  let closing: Promise<void> | undefined;

  const makeStand = (): { file: string; folder: string; temporary: string } => {
    if (stand) return stand;
    const all = join(options.scratch(), 'confined');
    const made = { file: join(all, 'file'), folder: join(all, 'folder'), temporary: join(all, 'tmp') };
    mkdirSync(made.temporary, { recursive: true, mode: 0o700 });
    mkdirSync(made.folder);
    writeFileSync(made.file, '', { mode: 0 });
    chmodSync(made.folder, 0);
    return (stand = made);
  };

  const openProxy = async (through: PrivateNetwork): Promise<EgressProxy> => {
    const { maxConnections } = limits;
    const opened = await openEgressProxy({
      folder: dirname(makeStand().file),
      allowed: [...hosts],
      ...(maxConnections === undefined ? {} : { maxConnections }),
    });
    refused = () => opened.refused();
    await through.forward(opened.socketPath, proxyPort);
    // What was closed meanwhile stays closed.
    opened.allowNone();
    opened.allow([...hosts]);
    return opened;
  };
  /** The network commands run in; what failed is tried again by the next command. */
  const enter = async (): Promise<PrivateNetwork> => {
    const entered = await (network ??= openPrivateNetwork(found).catch((error: unknown) => {
      network = undefined;
      throw error;
    }));
    if (hosts.size > 0)
      await (proxy ??= openProxy(entered).catch((error: unknown) => {
        proxy = undefined;
        throw error;
      }));
    return entered;
  };

  /** What rules hide and protect now, and the folders above that and above what belongs to git. */
  const ruled = (below: readonly Mount[], ofGit: readonly Mount[]): Mount[] => {
    const masked = findHidden?.();
    const kept = findReadOnly?.();
    if (masked?.complete === false || kept?.complete === false)
      throw sandboxError(
        'There are too many files to find all that deny rules name.',
        'Start in a smaller folder, or name folders in the rules that lie further down.',
      );
    const seen = (path: string): boolean => kindAt(path, below) !== 'empty';
    const mounts: Mount[] = [];
    for (const path of masked?.folders ?? []) {
      // Over a folder that holds what commands need goes an empty one, with that in it.
      const holds = below.some((mount) => mount.path !== path && isWithin(mount.path, path));
      if (holds ? path !== root : seen(path)) mounts.push({ path, kind: holds ? 'empty' : 'folder' });
    }
    for (const path of masked?.files ?? []) if (seen(path)) mounts.push({ path, kind: 'file' });
    for (const path of [...(kept?.folders ?? []), ...(kept?.files ?? [])])
      if (path !== root && kindAt(path, below) === 'write') mounts.push({ path, kind: 'read' });
    const held = [...mounts, ...ofGit].map(({ path }) => path);
    return [...mounts, ...foldersAbove(held, sortedMounts([...below, ...mounts]))];
  };

  const mountsNow = (ofGit: readonly Mount[]): Mount[] => {
    const own: Mount[] = [...fixed, ...ofGit];
    if (existsSync(join(root, '.llm-copilot'))) own.push({ path: join(root, '.llm-copilot'), kind: 'read' });
    const below = sortedMounts(own);
    const rules = ruled(below, ofGit);
    const sorted = rules.length === 0 ? below : sortedMounts([...below, ...rules]);
    const sockets = boundSockets().filter((path) => !['empty', 'file', 'folder'].includes(kindAt(path, sorted)));
    const covered = sorted.filter(({ kind }) => kind === 'folder').map(({ path }) => path);
    return [...sorted, ...sockets.map((path): Mount => ({ path, kind: 'file' }))].filter(
      // Below a masked folder there is nothing left to mount on.
      ({ path }) => !covered.some((folder) => folder !== path && isWithin(path, folder)),
    );
  };

  const argumentsFor = (mounts: readonly Mount[]): readonly string[] => {
    const key = mounts.map(({ path, kind, from = '' }) => `${kind}\0${path}\0${from}`).join('\n');
    if (last?.key === key) return last.args;
    const { file, folder, temporary } = makeStand();
    const seen = new Set<string>();
    const args = mounts.flatMap(({ path, kind, from = path }) => {
      if (seen.has(`${kind} ${path}`)) return [];
      seen.add(`${kind} ${path}`);
      if (kind === 'empty' && path === '/tmp' && context === 'shared') return ['--bind', temporary, path];
      if (kind === 'empty') return ['--tmpfs', path];
      if (kind === 'write') return ['--bind', from, path];
      return ['--ro-bind', kind === 'file' ? file : kind === 'folder' ? folder : from, path];
    });
    if (args.reduce((sum, one) => sum + Buffer.byteLength(one) + 9, 0) > maxArgumentBytes)
      throw sandboxError(
        `Rules hide more paths (${mounts.length}) than bubblewrap takes.`,
        'Name the folders that hold them instead.',
      );
    last = { key, args };
    return args;
  };

  const launch: Launcher['launch'] = async (command, { cwd, env, background = false }) => {
    if (closing) throw sandboxError('The sandbox is closed.');
    // As long as nobody listens, a network that ends with the command does, and starts faster.
    isShared ||= background || hosts.size > 0;
    const prefix = isShared ? (await enter()).prefix : [];
    if (typeof command !== 'string' && !command[0]?.includes('/') && !findProgram(command[0] ?? '', env.PATH))
      throw new ToolError(`cannot start ${command[0] ?? ''}: there is no such program on the PATH`);
    const git = await guardGit();
    for (const notice of git.notices) said.add(notice);
    const mounts = argumentsFor(mountsNow(git.mounts));
    const system = ['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc'];
    return {
      argv: [
        ...prefix,
        ...[
          found.bwrap,
          ...found.flags,
          ...(isShared ? [] : ['--unshare-net']),
          ...system,
          ...mounts,
          '--chdir',
          cwd,
          '--',
        ],
        ...onLifeline(limited(argvOf(command), limits, true)),
      ],
      lifeline: true,
      cwd: '/',
      env: { ...env, ...git.env, TMPDIR: '/tmp', ...(hosts.size > 0 && proxyEnv) },
      signal: (name, pid) => {
        // SIGKILL goes to the group, and nothing inside survives bwrap.
        if (name === 'SIGKILL') return;
        for (const inside of descendantsOf(pid)) {
          try {
            process.kill(inside, name);
          } catch {
            // It ended by itself.
          }
        }
      },
      ended: () => {
        for (const notice of git.mend()) said.add(notice);
      },
    };
  };

  const close = async (): Promise<void> => {
    await (await proxy?.catch(() => undefined))?.close();
    (await network?.catch(() => undefined))?.close();
  };

  return {
    name: 'bubblewrap',
    enforces: () => ({ fs: true, net: true, pids: true, memory: false, cpu: false, user: true }),
    launch,
    allowHosts: (more) => {
      for (const host of more) hosts.add(host);
      proxy?.then((opened) => opened.allow(more)).catch(() => undefined);
    },
    closeHosts: () => {
      hosts.clear();
      proxy?.then((opened) => opened.allowNone()).catch(() => undefined);
    },
    notices: () => [...said, ...refused().map((host) => `A command asked for ${host}, which is not an allowed host.`)],
    close: () => (closing ??= close()),
  };
};
