import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configError, messageOf } from '../../base/errors.ts';

/** What signs exports on this machine. */
export interface AuditKey {
  /** SPKI in DER, base64. */
  publicKey: string;
  /** Base64. */
  sign(text: string): string;
}

const keyPath = (dataDir: string): string => join(dataDir, 'audit-key.pem');

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw configError(`${path} cannot be read: ${messageOf(error)}`, undefined, error);
  }
};

const spkiOf = (key: KeyObject): string =>
  createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');

const parse = (pem: string, path: string): KeyObject => {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw configError(`${path} is damaged.`, 'Move it away; the next signed export makes a new key.', cause);
  }
  throw configError(`${path} holds no Ed25519 key.`, 'Move it away; the next signed export makes a new key.');
};

/** Written whole under another name first: of two processes one wins, and nobody reads half a key. */
const make = (path: string, dataDir: string): string => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const own = `${path}.${process.pid}`;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    writeFileSync(own, pem, { mode: 0o600 });
    linkSync(own, path);
    return pem;
  } catch (error) {
    const made = read(path);
    if (made !== undefined) return made;
    throw configError(`${path} cannot be written: ${messageOf(error)}`, undefined, error);
  } finally {
    rmSync(own, { force: true });
  }
};

/** The key pair of this data folder, made at its first use. @throws CopilotError exit 3 */
export const auditKey = (dataDir: string): AuditKey => {
  const path = keyPath(dataDir);
  const key = parse(read(path) ?? make(path, dataDir), path);
  return { publicKey: spkiOf(key), sign: (text) => sign(null, Buffer.from(text), key).toString('base64') };
};

/** The public key of this data folder, when one was made. @throws CopilotError exit 3 when it is damaged. */
export const ownPublicKey = (dataDir: string): string | undefined => {
  const path = keyPath(dataDir);
  const pem = read(path);
  return pem === undefined ? undefined : spkiOf(parse(pem, path));
};

/** A public key in a form people compare: `SHA256:` and base64, as SSH has it. */
export const fingerprint = (publicKey: string): string =>
  `SHA256:${createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('base64').replace(/=+$/, '')}`;

/** True when the owner of the public key signed the text. */
export const isSignedBy = (publicKey: string, text: string, signature: string): boolean => {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), type: 'spki', format: 'der' });
    return (
      key.asymmetricKeyType === 'ed25519' && verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'))
    );
  } catch {
    return false;
  }
};
