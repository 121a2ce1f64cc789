import { printable } from '../base/printable.ts';

/** Shorter ones are no secrets, and would be found in ordinary words. */
const leastLength = 4;

/** The forms in which a server may give a secret back. */
const formsOf = (secret: string): string[] => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret),
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
];

/**
 * A server's words without the secrets it was sent, also where it masked a part of one (`sk-ab***yz`), and without what
 * could hide a secret or steer a terminal. What comes out may be shown and kept.
 */
export const withoutKeys = (text: string, secrets: readonly string[]): string => {
  let clean = printable(text);
  for (const secret of secrets) {
    if (secret.length < leastLength) continue;
    for (const form of formsOf(secret)) clean = clean.replaceAll(form, '[key]');
  }
  return clean.replace(/[\w-]{0,200}\*{3,}[\w-]{0,200}/g, '[key]');
};
