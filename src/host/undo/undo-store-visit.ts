import { chmodSync } from 'node:fs';
import { onDisk } from './undo-store-paths.ts';

/** One pass over the workspace. */
export interface Visit {
  /** Lets others work now and then. @throws once the visit shall end. */
  rest(): Promise<void> | undefined;
  /**
   * Opens what its owner may not read until `relock`: a program may well have hidden its traces so. `rights` are those
   * needed of the owner, such as 0o500 of a folder.
   */
  unlock(path: string, mode: number, rights: number): void;
  /** Gives everything its mode back. */
  relock(): void;
}

const sliceMs = 15;

/** Lets others work now and then: everything here is synchronous, which is five times as fast. */
export const breather = (): (() => Promise<void> | undefined) => {
  let since = performance.now();
  return () => {
    if (performance.now() - since < sliceMs) return undefined;
    return new Promise((resolve) =>
      setImmediate(() => {
        since = performance.now();
        resolve();
      }),
    );
  };
};

/** Starts one. Root needs no rights, and files of others cannot be opened: then `unlock` does nothing. */
export const visiting = (isStopped: () => boolean): Visit => {
  const isRoot = process.getuid?.() === 0;
  const opened: { path: string; mode: number }[] = [];
  const rest = breather();
  return {
    rest: () => {
      if (isStopped()) throw new Error('the store was closed meanwhile');
      return rest();
    },
    unlock: (path, mode, rights) => {
      if (isRoot || (mode & rights) === rights) return;
      try {
        chmodSync(onDisk(path), (mode & 0o7777) | rights);
        opened.push({ path, mode: mode & 0o7777 });
      } catch {
        // Not ours: it stays out of the snapshot, and the snapshot says so.
      }
    },
    relock: () => {
      for (const { path, mode } of opened.splice(0).reverse()) {
        try {
          chmodSync(onDisk(path), mode);
        } catch {
          // It went meanwhile.
        }
      }
    },
  };
};
