import { PlainHeaders } from './web/plain-headers.ts';

/** What requests are compared with; none of ours is one. */
const NoFormData = (): never => {
  throw new TypeError('Forms are not sent from here.');
};
NoFormData.prototype = {};

/**
 * Makes requests light in a process of ours. Our own `fetch` needs nothing of Node's HTTP client, but the SDKs make
 * `Headers` and compare bodies with `FormData`, and with either name the whole client would be loaded before the first
 * request.
 */
export const lightenHttpClient = (): void => {
  for (const [name, value] of Object.entries({ Headers: PlainHeaders, FormData: NoFormData }))
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
};
