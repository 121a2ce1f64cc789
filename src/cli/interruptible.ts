import { interruptedError } from '../base/errors.ts';
import type { Io } from './io.ts';

/** Does something that ends when the process is asked to end: exit 130, and what it had written stays whole. */
export const interruptible = async <T>(io: Io, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const controller = new AbortController();
  const stopListening = io.onInterrupt(() => controller.abort(interruptedError()));
  try {
    return await work(controller.signal);
  } finally {
    stopListening();
  }
};
