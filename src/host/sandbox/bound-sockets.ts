import { readFileSync, realpathSync } from 'node:fs';

/**
 * Real paths of unix sockets that processes of this machine listen at or were bound to. A read-only file system does not
 * keep anybody from talking to them.
 */
export const boundSockets = (): string[] => {
  try {
    const paths = readFileSync('/proc/net/unix', 'utf8')
      .split('\n')
      .flatMap((line) => /^\S+ \S+ \S+ \S+ \S+ \S+ +\d+ (\/.*)$/.exec(line)?.[1] ?? []);
    return [...new Set(paths)].flatMap((path) => {
      try {
        return [realpathSync(path)];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
};
