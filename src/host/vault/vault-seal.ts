import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Something sealed with AES-256-GCM; all in base64. */
export interface Sealed {
  iv: string;
  /** Empty for a seal that only authenticates. */
  data: string;
  tag: string;
}

const algorithm = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;

/** Bytes of base64 in the one form we write; undefined for every other. */
export const bytesOf = (text: string): Buffer | undefined => {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
};

/** Encrypts and authenticates; `context` is authenticated only, and must be the same when it is opened. */
export const seal = (key: Buffer, context: string, plain = ''): Sealed => {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv(algorithm, key, iv, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(context));
  const data = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
  return { iv: iv.toString('base64'), data: data.toString('base64'), tag: cipher.getAuthTag().toString('base64') };
};

/** What was sealed; undefined when key, context or anything sealed is another. */
export const unseal = (key: Buffer, context: string, sealed: Sealed): string | undefined => {
  const [iv, data, tag] = [bytesOf(sealed.iv), bytesOf(sealed.data), bytesOf(sealed.tag)];
  // Shorter tags are valid GCM, and easier to forge.
  if (iv?.length !== ivBytes || tag?.length !== tagBytes || data === undefined) return undefined;
  const decipher = createDecipheriv(algorithm, key, iv, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(data), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
};
