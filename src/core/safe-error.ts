import { ProviderError, type ProviderErrorKind } from './provider.ts';
import { withoutKeys } from './without-keys.ts';

/** A server's words as they may be shown: it may quote the key it refuses. */
export const shown = (text: string, secrets: readonly string[], length = 500): string =>
  withoutKeys(text.slice(0, 20_000), secrets).slice(0, length);

/** An error around what went wrong, without keys. */
export const safeError = (
  kind: ProviderErrorKind,
  message: string,
  secrets: readonly string[],
  details: { hint?: string; cause?: unknown } = {},
): ProviderError => {
  const { cause } = details;
  // Causes are kept for logs, so one that repeats a key is not.
  const tells = cause instanceof Error && withoutKeys(cause.message, secrets) !== cause.message;
  return new ProviderError(kind, withoutKeys(message, secrets), { ...details, cause: tells ? undefined : cause });
};
