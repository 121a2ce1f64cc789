const waiting = new WeakMap<AbortSignal, Set<() => void>>();

const waitingFor = (signal: AbortSignal): Set<() => void> => {
  const known = waiting.get(signal);
  if (known) return known;
  const calls = new Set<() => void>();
  waiting.set(signal, calls);
  signal.addEventListener('abort', () => calls.forEach((call) => call()), { once: true });
  return calls;
};

/**
 * Calls when the signal aborts, unless what it returns was called before. However many wait for one signal, it has one
 * listener: Node takes a dozen of them for a leak and warns, but a hundred calls of one run are none. A signal that is
 * aborted already calls nobody.
 */
export const onAbort = (signal: AbortSignal, call: () => void): (() => void) => {
  const calls = waitingFor(signal);
  const mine = (): void => call();
  calls.add(mine);
  return () => void calls.delete(mine);
};
