/** The oldest TLS a server may speak. */
export type MinTlsVersion = 'TLSv1.2' | 'TLSv1.3';

/**
 * Sets the oldest TLS of every connection this process makes from now on, those of the SDK clients' `fetch` too. What was
 * set by NODE_OPTIONS no longer counts.
 */
export const requireTls = async (minVersion: MinTlsVersion): Promise<void> => {
  const { default: tls } = await import('node:tls');
  Object.assign(tls, { DEFAULT_MIN_VERSION: minVersion, DEFAULT_MAX_VERSION: 'TLSv1.3' });
};
