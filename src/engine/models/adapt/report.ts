import type { Loss } from '../../../core/loss.ts';

/** A loss without its place. Of those with the same `once`, a request reports the first. */
export interface Found extends Omit<Loss, 'path'> {
  once?: string;
}

/** Collects the losses of one request. */
export interface Report {
  add(found: Found, path: string): void;
  /** True when a loss with this `once` was added. */
  has(once: string): boolean;
  readonly losses: Loss[];
}

/** A report with nothing in it. */
export const report = (): Report => {
  const seen = new Set<string>();
  const losses: Loss[] = [];
  return {
    losses,
    has: (once) => seen.has(once),
    add: ({ once, code, ...rest }, path) => {
      if (once !== undefined) {
        if (seen.has(once)) return;
        seen.add(once);
      }
      losses.push({ code, path, ...rest });
    },
  };
};
