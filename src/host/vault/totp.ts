/** One-time codes as RFC 6238 makes them and most apps expect: SHA-1, six digits, a new one every 30 seconds. */
const form = { algorithm: 'SHA1', digits: 6, period: 30 } as const;
const periodMs = form.period * 1000;
/** Steps a clock may be off, to both sides. */
const window = 1;

/** A new secret and the address an authenticator app takes it from. */
export const newTotp = async (label: string): Promise<{ secret: string; uri: string }> => {
  const { Secret, TOTP } = await import('otpauth');
  // As long as what SHA-1 gives.
  const secret = new Secret({ size: 20 });
  const uri = new TOTP({ ...form, issuer: 'llm-copilot', label, secret }).toString();
  return { secret: secret.base32, uri };
};

/** The time step (30 seconds each since 1970) that a code belongs to; undefined when it is not one of now. */
export const verifyTotp = async (secretBase32: string, code: string, nowMs: number): Promise<number | undefined> => {
  if (!/^\d{6}$/.test(code)) return undefined;
  const { Secret, TOTP } = await import('otpauth');
  const secret = Secret.fromBase32(secretBase32);
  const delta = TOTP.validate({ ...form, token: code, secret, timestamp: nowMs, window });
  return delta === null ? undefined : Math.floor(nowMs / periodMs) + delta;
};
