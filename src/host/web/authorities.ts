import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { configError, messageOf } from '../../base/errors.ts';
import type { Env } from '../paths.ts';

const hint = 'It must be a file with certificates in PEM (-----BEGIN CERTIFICATE-----).';

/**
 * The certificates of `network.caFile`, in PEM. A relative path starts at `root`, `~/` at the user's home.
 * @throws CopilotError exit 3 naming the key, when there is none that can be read.
 */
export const readAuthorities = (file: string, root: string, env: Env): string[] => {
  const path = file.startsWith('~/') && env.HOME !== undefined ? join(env.HOME, file.slice(2)) : resolve(root, file);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw configError(`network.caFile: ${path} cannot be read: ${messageOf(error)}`, hint, error);
  }
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (found.length === 0) throw configError(`network.caFile: ${path} holds no certificate.`, hint);
  found.forEach((pem, index) => {
    try {
      new X509Certificate(pem);
    } catch (error) {
      throw configError(`network.caFile: certificate ${index + 1} in ${path} cannot be read.`, hint, error);
    }
  });
  return found;
};

/** What Node trusts by itself, with the file of NODE_EXTRA_CA_CERTS: a list of one's own takes the place of both. */
export const usualAuthorities = async (env: Env): Promise<readonly string[]> => {
  const tls = await import('node:tls');
  // Since Node 22.15; it knows of --use-system-ca too.
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default') => string[] };
  const usual = getCACertificates?.('default') ?? tls.rootCertificates;
  const extra = env.NODE_EXTRA_CA_CERTS;
  if (!extra) return usual;
  try {
    // Node may know it already; an authority may be named twice.
    return [...usual, readFileSync(extra, 'utf8')];
  } catch {
    // Node itself only warns about it.
    return usual;
  }
};
