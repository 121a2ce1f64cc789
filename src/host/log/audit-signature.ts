import { createHash } from 'node:crypto';
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { configError, messageOf, usageError } from '../../base/errors.ts';
import { isSignedBy, type AuditKey } from './audit-key.ts';

/** The last line of a signed export, or the file beside it. */
export interface Signature {
  type: 'signature';
  algorithm: 'Ed25519';
  /** How many events were exported. */
  events: number;
  /** Hex, over all bytes before this line, or of the file. */
  sha256: string;
  /** Hash of the newest head when it was made; null when there was none. */
  head: string | null;
  /** Milliseconds since the epoch. */
  at: number;
  publicKey: string;
  signature: string;
}

/** What is said of a signed file. */
export interface CheckedExport {
  signature: Signature;
  /** Undefined when the file is as it was signed. */
  problem: string | undefined;
}

const chunkBytes = 1024 * 1024;
const mostTailBytes = 64 * 1024;

const signedText = ({ events, sha256, head, at }: Omit<Signature, 'publicKey' | 'signature'>): string =>
  `llm-copilot audit export\nsha256 ${sha256}\nevents ${events}\nhead ${head ?? 'none'}\nat ${at}\n`;

/** Signs what was exported. */
export const signExport = (key: AuditKey, what: Pick<Signature, 'events' | 'sha256' | 'head' | 'at'>): Signature => {
  const unsigned = { type: 'signature', algorithm: 'Ed25519', ...what } as const;
  return { ...unsigned, publicKey: key.publicKey, signature: key.sign(signedText(unsigned)) };
};

/** Whole, and small enough for a date. */
const isCount = (value: unknown): boolean => Number.isInteger(value) && Math.abs(Number(value)) <= 8.64e15;

const isSignature = (value: unknown): value is Signature =>
  typeof value === 'object' &&
  value !== null &&
  'type' in value &&
  value.type === 'signature' &&
  ['sha256', 'publicKey', 'signature'].every((name) => typeof Reflect.get(value, name) === 'string') &&
  ['events', 'at'].every((name) => isCount(Reflect.get(value, name))) &&
  'head' in value &&
  (value.head === null || typeof value.head === 'string');

const parse = (line: string): Signature | undefined => {
  try {
    const value: unknown = JSON.parse(line);
    return isSignature(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

/** Where the last line of a file begins. */
const lastLineAt = (file: number, bytes: number): number => {
  const tail = Buffer.alloc(Math.min(bytes, mostTailBytes));
  readSync(file, tail, 0, tail.length, bytes - tail.length);
  return bytes - tail.length + tail.lastIndexOf('\n', tail.length - 2) + 1;
};

const hashOf = (file: number, bytes: number): string => {
  const hash = createHash('sha256');
  const chunk = Buffer.alloc(chunkBytes);
  for (let at = 0; at < bytes;) {
    const count = readSync(file, chunk, 0, Math.min(chunkBytes, bytes - at), at);
    if (count === 0) break;
    hash.update(chunk.subarray(0, count));
    at += count;
  }
  return hash.digest('hex');
};

/**
 * Checks the signature of an export: its last line, or the file of the same name with `.sig`. It says that the owner of
 * the key signed these bytes; whose key that is, its fingerprint must tell.
 * @throws CopilotError exit 2 when there is no signature, exit 3 when the file cannot be read.
 */
export const checkExport = (path: string): CheckedExport => {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const { size } = fstatSync(file);
    const lastAt = lastLineAt(file, size);
    const line = Buffer.alloc(size - lastAt);
    readSync(file, line, 0, line.length, lastAt);
    const own = parse(line.toString());
    // A file beside one that holds its own signature is of an export that had this name before.
    const bytes = own ? lastAt : size;
    const signature = own ?? (existsSync(`${path}.sig`) ? parse(readFileSync(`${path}.sig`, 'utf8')) : undefined);
    if (!signature) throw usageError(`${path} is not signed.`, 'Exports are signed with "audit export --sign".');
    if (hashOf(file, bytes) !== signature.sha256) return { signature, problem: 'the file is not as it was signed' };
    const isRight = isSignedBy(signature.publicKey, signedText(signature), signature.signature);
    return { signature, problem: isRight ? undefined : 'the signature is not that of its key' };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'E_USAGE') throw error;
    throw configError(`${path} cannot be read: ${messageOf(error)}`, undefined, error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
};
