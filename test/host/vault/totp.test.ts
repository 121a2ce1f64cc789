import { expect, test } from 'vitest';
import { newTotp, verifyTotp } from '../../../src/host/vault/totp.ts';

// RFC 6238, appendix B, the rows of SHA-1; codes of six digits are the last six of eight.
const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const vectors = [
  [59, '94287082', 0x1],
  [1111111109, '07081804', 0x23523ec],
  [1111111111, '14050471', 0x23523ed],
  [1234567890, '89005924', 0x273ef07],
  [2000000000, '69279037', 0x3f940aa],
  [20000000000, '65353130', 0x27bc86aa],
] as const;

test.each(vectors)('at %i seconds the code of the RFC is right', async (seconds, code, step) => {
  expect(await verifyTotp(secret, code.slice(-6), seconds * 1000)).toBe(step);
});

test('a code of one step before or after is right, and says which; of two steps it is not', async () => {
  const [seconds, code, step] = vectors[3];
  const at = (steps: number) => verifyTotp(secret, code.slice(-6), (seconds + 30 * steps) * 1000);
  expect(await Promise.all([-2, -1, 0, 1, 2].map(at))).toEqual([undefined, step, step, step, undefined]);
});

test.each(['', '12345', '1234567', '89005924', 'abcdef', '00592 ', '-05924', '٠٠٥٩٢٤'])(
  '%j is no code',
  async (code) => {
    expect(await verifyTotp(secret, code, 1234567890_000)).toBeUndefined();
  },
);

test('a new secret has 160 bits and an address for the app', async () => {
  const [one, other] = [await newTotp('my machine'), await newTotp('my machine')];
  expect(one.secret).toMatch(/^[A-Z2-7]{32}$/);
  expect(one.secret).not.toBe(other.secret);
  const uri = new URL(one.uri);
  expect(uri.protocol).toBe('otpauth:');
  expect(decodeURIComponent(uri.pathname)).toContain('llm-copilot:my machine');
  expect(Object.fromEntries(uri.searchParams)).toEqual({
    issuer: 'llm-copilot',
    secret: one.secret,
    algorithm: 'SHA1',
    digits: '6',
    period: '30',
  });
});
