import v8 from 'node:v8';

/**
 * Loads Node's HTTP client and keeps its WebAssembly from being optimised: that takes a third of a short run and 30 MB and
 * never pays back. The order matters: once a flag has changed, V8 no longer takes Node's own modules from its cache.
 */
export const lightenHttpClient = (): void => {
  Reflect.get(globalThis, 'Headers');
  v8.setFlagsFromString('--liftoff-only');
};
