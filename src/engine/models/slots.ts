import { onAbort } from '../../base/on-abort.ts';

/** Gives a place back. To be called once. */
export type Leave = () => void;

/** Places for a number of calls. Who comes when all are taken waits in line. */
export interface Slots {
  /** Takes a place if one is free. */
  tryTake(): Leave | undefined;
  /** Takes a place as soon as everybody who came before has one. @throws signal.reason when aborted in line. */
  take(signal: AbortSignal): Promise<Leave>;
}

/** That many places, first come first served. */
export const slots = (count: number): Slots => {
  let free = count;
  const line = new Set<() => void>();
  const leave: Leave = () => {
    const [next] = line;
    if (next) next();
    else free++;
  };
  const tryTake = (): Leave | undefined => {
    if (free === 0) return undefined;
    free--;
    return leave;
  };
  return {
    tryTake,
    take: (signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const place = tryTake();
        if (place) {
          resolve(place);
          return;
        }
        const enter = (): void => {
          line.delete(enter);
          forget();
          resolve(leave);
        };
        line.add(enter);
        const forget = onAbort(signal, () => {
          line.delete(enter);
          // An abort's reason is whatever the aborter gave; it is handed on as it is.
          reject(signal.reason as Error);
        });
      }),
  };
};
