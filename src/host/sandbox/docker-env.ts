import { isAbsolute, sep } from 'node:path';
import type { ProcessEnv } from './launcher.ts';

/** A writable folder of the container: images rarely have a home for our user, and their file systems are read-only. */
export const homeInside = '/tmp/home';

/** Say where things are on this machine, or reach its services; the image has its own. */
const ofThisMachine =
  /^(?:PATH|HOME|SHELL|PWD|OLDPWD|HOSTNAME|TMPDIR|TMP|TEMP|XDG_.+|NVM_.+|DOCKER_.+|LD_.+|DYLD_.+|SSH_AUTH_SOCK|NODE_PATH|_)$/;

const isBelow = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}${sep}`);

/**
 * What of a command's environment goes into a container. Names of this machine's places stay out, and so does every
 * variable of our own environment (`inherited`) that names a path which is not bound (`JAVA_HOME`, `GOPATH`).
 */
export const envInside = (env: ProcessEnv, inherited: ProcessEnv, bound: readonly string[]): Record<string, string> => {
  const isElsewhere = (value: string): boolean =>
    value.split(':').some((part) => isAbsolute(part) && !bound.some((folder) => isBelow(part, folder)));
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || ofThisMachine.test(name) || !/^[A-Za-z_]\w*$/.test(name)) continue;
    if (inherited[name] === value && isElsewhere(value)) continue;
    kept[name] = value;
  }
  return kept;
};
