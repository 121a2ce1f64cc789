import { messageOf } from './errors.ts';

const brand = Symbol.for('llm-copilot.ConnectionError');

/** Codes of {@link ConnectionError} that Node has no code of its own for. */
export const connectionCodes = {
  /** No connection in time. The code is the one Node's own `fetch` uses. */
  timeout: 'UND_ERR_CONNECT_TIMEOUT',
  /** A proxy wants other credentials. */
  proxyAuth: 'ERR_PROXY_AUTH',
  /** A proxy does not let us through. */
  proxyRefused: 'ERR_PROXY_REFUSED',
} as const;

/** There is no way to a server: nothing was sent. Its message is the end of a sentence about the server. */
export class ConnectionError extends Error {
  readonly code: string;

  constructor(message: string, code: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = 'ConnectionError';
    this.code = code;
    Object.defineProperty(this, brand, { value: true });
  }
}

const isConnectionError = (error: Error): error is ConnectionError => brand in error;

/**
 * What stood between here and a server, as the end of a sentence about it; undefined when nothing is known but a code.
 * `lasting`: it will be the same at the next attempt.
 */
export const connectionProblem = (error: unknown): { says: string; lasting: boolean } | undefined => {
  const seen = new Set<unknown>();
  for (let at = error; at instanceof Error && !seen.has(at); at = at.cause) {
    seen.add(at);
    if (isConnectionError(at)) return { says: at.message, lasting: at.code === connectionCodes.proxyAuth };
  }
  return undefined;
};

/** The code of what made a connection fail, which `fetch` buries in causes, or its message. */
export const causeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return messageOf(error);
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.cause === undefined ? error.message : causeOf(error.cause);
};
