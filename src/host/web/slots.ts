/** Hands out a bounded number of places, per key and in all; who comes too late waits, first come first served. */
export interface Slots {
  /** Gives the function that hands the place back. @throws the signal's reason when aborted while it waits. */
  take(key: string, signal: AbortSignal | undefined): Promise<() => void>;
}

interface Waiting {
  key: string;
  go: () => void;
}

/** Makes them. */
export const slots = (perKey: number, inAll: number): Slots => {
  const taken = new Map<string, number>();
  const queue: Waiting[] = [];
  let total = 0;
  const isFree = (key: string): boolean => total < inAll && (taken.get(key) ?? 0) < perKey;
  const occupy = (key: string): (() => void) => {
    total += 1;
    taken.set(key, (taken.get(key) ?? 0) + 1);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      total -= 1;
      const left = (taken.get(key) ?? 1) - 1;
      if (left > 0) taken.set(key, left);
      else taken.delete(key);
      const next = queue.findIndex((one) => isFree(one.key));
      if (next >= 0) queue.splice(next, 1)[0]?.go();
    };
  };
  return {
    take: (key, signal) => {
      if (isFree(key)) return Promise.resolve(occupy(key));
      return new Promise((resolve, reject) => {
        const waiting: Waiting = {
          key,
          go: () => {
            signal?.removeEventListener('abort', abort);
            resolve(occupy(key));
          },
        };
        const abort = (): void => {
          queue.splice(queue.indexOf(waiting), 1);
          reject(signal?.reason as Error);
        };
        signal?.addEventListener('abort', abort, { once: true });
        queue.push(waiting);
      });
    },
  };
};
