import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { dockerCli } from './docker-cli.ts';
import { startContainer, type Container } from './docker-container.ts';
import { envInside, homeInside } from './docker-env.ts';
import {
  busyScript,
  commandVariable,
  endScript,
  enterScript,
  enterScriptWithin,
  signalScript,
} from './docker-inside.ts';
import { limitArguments } from './docker-limits.ts';
import { mountArguments, mountFinder, notHeld, type Mounts, type Stand } from './docker-mounts.ts';
import { openEgressProxy, type EgressProxy } from './egress-proxy.ts';
import type { Confinement, Launcher, ProcessEnv } from './launcher.ts';
import { sandboxError } from './sandbox-error.ts';
import { makeScratch, scratchPath } from './scratch.ts';

/** Which image commands run in, and how Docker is reached. */
export interface DockerOptions {
  /** Must be there: nothing is pulled. */
  image: string;
  /** The docker command; found on the PATH when left out. */
  docker?: string;
  /** Where `DOCKER_HOST` and docker's configuration come from, this process when left out. */
  env?: ProcessEnv;
}

/** One container with what is bound into it. */
interface Place {
  container: Container;
  mounts: Mounts;
  /** CPU time everything inside has used. */
  usedMs: number;
}

const proxyPort = 3128;
/** The path of a unix socket holds about 100 bytes. */
const maxStandPath = 80;

const proxyEnv = ((): Record<string, string> => {
  const url = `http://127.0.0.1:${proxyPort}`;
  const names = { HTTP_PROXY: url, HTTPS_PROXY: url, ALL_PROXY: url, NO_PROXY: 'localhost,127.0.0.1,::1' };
  const lower = Object.fromEntries(Object.entries(names).map(([name, value]) => [name.toLowerCase(), value]));
  return { ...names, ...lower };
})();

/**
 * Commands run in containers of one image: a read-only system, the bound folders at their own paths, no network but the
 * proxy, no capabilities, our own user. When we are root they are root inside too, but without any capability: they can do
 * what the owner of a file can, and nothing else root can. A CPU limit counts everything in the container while a command
 * runs; reaching it ends everything inside. In an `isolated` context every command has a container of its own.
 *
 * What appears in the workspace and has to be masked is masked before the next command, not while one runs. The end of one
 * command reaches its session and whatever inherited its environment; processes that left both end with `endProcesses`.
 */
export const dockerLauncher = (confinement: Confinement, options: DockerOptions): Launcher => {
  const { limits, context, dataDir } = confinement;
  const { image } = options;
  const ownEnv = options.env ?? process.env;
  const cli = dockerCli(ownEnv, options.docker);
  const bound = [confinement.root, ...confinement.folders.map(({ path }) => path)];
  const look = mountFinder(confinement, ownEnv.HOME);
  const hosts = new Set(confinement.allowedHosts);
  const places = new Set<Place>();
  /** Commands that run, with the CPU time their container had used before. */
  const running = new Map<string, { place: Place; fromMs: number }>();
  const notices = new Set<string>();
  let cpuIsKnown = true;
  /** What was seen last: it knows repositories that appeared after a container was started. */
  let seen: Mounts | undefined;
  let stand: (Stand & { all: string }) | undefined;
  let proxy: Promise<EgressProxy> | undefined;
  let refused = (): readonly string[] => [];
  let shared: Place | undefined;
  let spare: Promise<Place> | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let closing: Promise<void> | undefined;
  if (process.getuid?.() === 0)
    notices.add('Commands are root inside the container, as you are here, but without any capability.');

  const makeStand = (): Stand => {
    if (stand) return stand;
    let all = scratchPath(dataDir);
    if (Buffer.byteLength(all) > maxStandPath) all = mkdtempSync(join(tmpdir(), 'llm-copilot-'));
    else makeScratch(all);
    stand = { all, file: join(all, 'masked'), net: join(all, 'net') };
    mkdirSync(stand.net);
    // The forwarder is another user; `all` is closed to others on this machine.
    chmodSync(stand.net, 0o755);
    writeFileSync(stand.file, '', { mode: 0 });
    return stand;
  };

  const openProxy = async (): Promise<EgressProxy> => {
    const { maxConnections } = limits;
    const made = await openEgressProxy({
      folder: makeStand().net,
      allowed: [...hosts],
      ...(maxConnections === undefined ? {} : { maxConnections }),
    });
    chmodSync(made.socketPath, 0o666);
    // What was closed meanwhile stays closed.
    made.allowNone();
    made.allow([...hosts]);
    refused = () => made.refused();
    return made;
  };

  const onCpu = (place: Place, usedMs: number | undefined): void => {
    const { cpuSeconds } = limits;
    if (cpuSeconds === undefined) return;
    if (usedMs === undefined) {
      cpuIsKnown = false;
      notices.add(
        'The kernel does not tell how much CPU time the container uses: the limit holds for each process only.',
      );
      return;
    }
    place.usedMs = usedMs;
    const here = [...running].filter(([, one]) => one.place === place);
    if (!here.some(([, { fromMs }]) => usedMs - fromMs > cpuSeconds * 1000)) return;
    for (const [id] of here) running.delete(id);
    notices.add(`Commands were ended: they used more than ${cpuSeconds} s of CPU time.`);
    void place.container.control(endScript);
  };

  const open = async (mounts: Mounts): Promise<Place> => {
    const opened: { place?: Place } = {};
    const container = await startContainer({
      cli,
      image,
      args: [...limitArguments(limits), ...mountArguments(mounts, makeStand())],
      onCpu: limits.cpuSeconds === undefined ? undefined : (usedMs) => opened.place && onCpu(opened.place, usedMs),
    });
    const place = { container, mounts, usedMs: 0 };
    opened.place = place;
    places.add(place);
    return place;
  };
  const findMounts = async (): Promise<Mounts> => {
    seen = await look();
    for (const notice of seen.repositories.notices) notices.add(notice);
    return seen;
  };
  const mendRepositories = (): void => {
    for (const notice of seen?.repositories.mend() ?? []) notices.add(notice);
  };
  const leave = (place: Place): Promise<void> => place.container.close().finally(() => places.delete(place));

  const ownPlace = async (): Promise<Place> => {
    const mounts = await findMounts();
    const ready = await spare?.catch(() => undefined);
    spare = undefined;
    if (ready?.container.isOpen()) {
      const { must, may } = notHeld(ready.mounts, mounts);
      if (must.length + may.length === 0) return ready;
    }
    if (ready) void leave(ready);
    return open(mounts);
  };
  const commonPlace = async (): Promise<Place> => {
    const mounts = await findMounts();
    if (shared?.container.isOpen()) {
      const { must, may } = notHeld(shared.mounts, mounts);
      if (must.length + may.length === 0) return shared;
      const runsHere = [...running.values()].some(({ place }) => place === shared);
      if (runsHere || (await shared.container.control(busyScript)) !== '') {
        const [path, ...more] = must;
        if (path === undefined) return shared;
        throw sandboxError(
          `${path}${more.length > 0 ? ` and ${more.length} more` : ''} must be kept from commands, which needs a new container, but a command still runs in this one.`,
          'End what runs in the background; the next command then starts in a new container.',
        );
      }
      await leave(shared);
    } else if (shared) {
      places.delete(shared);
      notices.add('The container was ended from outside; commands went on in a new one.');
    }
    return (shared = await open(mounts));
  };

  const launch: Launcher['launch'] = async (command, { cwd, env }) => {
    if (closing) throw sandboxError('The sandbox is closed.');
    const next = context === 'isolated' ? ownPlace : commonPlace;
    const soon = queue.then(next, next);
    queue = soon;
    const place = await soon;
    const { container } = place;
    if (hosts.size > 0) {
      const way = await (proxy ??= openProxy().catch((error: unknown) => {
        // The next command tries again.
        proxy = undefined;
        throw error;
      }));
      await container.forward(basename(way.socketPath), proxyPort);
    }

    const id = randomBytes(6).toString('hex');
    const given = envInside(env, ownEnv, bound);
    const set = {
      ...{ HOME: homeInside, [commandVariable]: id },
      ...(hosts.size > 0 && proxyEnv),
      ...place.mounts.repositories.env,
    };
    // A string's two outputs are one from the start: two streams lose their order.
    const inner =
      typeof command === 'string'
        ? [container.tools.has('bash') ? 'bash' : '/bin/sh', '-c', `exec 2>&1; ${command}`]
        : command;
    const enter = limits.cpuSeconds === undefined ? enterScript : enterScriptWithin(limits.cpuSeconds);
    running.set(id, { place, fromMs: place.usedMs });
    let isOver = false;
    return {
      argv: [
        ...[cli.program, 'exec', '--user', container.user, '--workdir', cwd],
        // Values only in the environment of the docker command: its arguments are for everybody to see.
        ...Object.keys(given).flatMap((name) => (name in set ? [] : ['--env', name])),
        ...Object.entries(set).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
        ...[container.name, '/bin/sh', '-c', enter, id, ...inner],
      ],
      cwd: '/',
      env: { ...given, ...cli.env },
      signal: (name) => void container.control(signalScript, [id, name.slice(3), isOver ? 'over' : '']),
      ended: () => {
        isOver = true;
        running.delete(id);
        mendRepositories();
        if (context === 'shared') return;
        void leave(place);
        if (!closing) spare ??= findMounts().then(open);
        spare?.catch(() => undefined);
      },
    };
  };

  const close = async (): Promise<void> => {
    await queue.catch(() => undefined);
    await spare?.catch(() => undefined);
    await Promise.all([...places].map(leave));
    mendRepositories();
    await (await proxy?.catch(() => undefined))?.close();
    if (stand) await rm(stand.all, { recursive: true, force: true });
  };

  return {
    name: 'docker',
    enforces: () => ({
      fs: true,
      net: true,
      pids: true,
      memory: true,
      cpu: limits.cpuSeconds !== undefined && cpuIsKnown,
      user: true,
    }),
    launch,
    allowHosts: (more) => {
      for (const host of more) hosts.add(host);
      proxy?.then((made) => made.allow(more)).catch(() => undefined);
    },
    closeHosts: () => {
      hosts.clear();
      proxy?.then((made) => made.allowNone()).catch(() => undefined);
    },
    notices: () => [
      ...notices,
      ...refused().map((host) => `A command asked for ${host}, which is not an allowed host.`),
    ],
    endProcesses: async () => {
      running.clear();
      const open = [...places];
      if (context === 'isolated') await Promise.all(open.map(leave));
      else await Promise.all(open.map(({ container }) => container.control(endScript)));
    },
    close: () => (closing ??= close()),
  };
};
