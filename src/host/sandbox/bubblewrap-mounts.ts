import { accessSync, constants, existsSync, lstatSync, readdirSync } from 'node:fs';
import type { Confinement } from './launcher.ts';
import type { Mount } from './mounts.ts';

/** Other programs' sockets and files lie there; commands get empty ones. */
const privateFolders = ['/tmp', '/var/tmp', '/run', '/var/run'];
/** Of those, what toolchains need. */
const keptFolders = ['/run/current-system', '/run/opengl-driver'];
/** Readable to root alone, whom we may be. */
const rootSecrets = ['/etc/shadow', '/etc/shadow-', '/etc/gshadow', '/etc/gshadow-'];
/** Of the kernel's folders the first two are protected by bubblewrap, in the others nothing can be written. */
const harmless = new Set(['irq', 'bus', 'sysvipc', 'tty']);

const isFolder = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

const isReadable = (path: string): boolean => {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
};

/**
 * The kernel's settings: root could change them without any capability, as their files belong to it. bubblewrap leaves
 * them open (0.8 skips a folder that cannot be written itself, whatever lies in it).
 */
const kernelSettings = (): string[] => {
  if (process.getuid?.() !== 0) return [];
  // By name first: a process can end before it is looked at.
  const names = readdirSync('/proc').filter((name) => !/^\d+$/.test(name) && !harmless.has(name));
  return names.flatMap((name) => {
    const path = `/proc/${name}`;
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (!stats || stats.isSymbolicLink()) return [];
    return stats.isDirectory() || (stats.mode & 0o222) !== 0 ? [path] : [];
  });
};

/** Everything whose place is known before the first command. `homes` are the mounts for home folders. */
export const fixedMounts = ({ root, folders, dataDir }: Confinement, homes: readonly Mount[]): Mount[] => [
  ...privateFolders.filter(isFolder).map((path): Mount => ({ path, kind: 'empty' })),
  ...keptFolders.filter(existsSync).map((path): Mount => ({ path, kind: 'read' })),
  ...kernelSettings().map((path): Mount => ({ path, kind: 'read' })),
  ...rootSecrets.filter(isReadable).map((path): Mount => ({ path, kind: 'file' })),
  ...homes,
  ...(existsSync(dataDir) ? [{ path: dataDir, kind: 'empty' } as const] : []),
  ...folders.filter(({ path }) => existsSync(path)).map(({ path, access }): Mount => ({ path, kind: access })),
  { path: root, kind: 'write' },
];
