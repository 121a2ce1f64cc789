const issuer =
  'its certificate comes from an issuer unknown here (network.caFile or NODE_EXTRA_CA_CERTS can name a file with more issuers)';

/** OpenSSL's codes of a failed verification that people meet (its man page X509_STORE_CTX_get_error lists them). */
const byCode: Readonly<Partial<Record<string, string>>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  CERT_REVOKED: 'its certificate was revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: issuer,
  UNABLE_TO_GET_ISSUER_CERT: issuer,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: issuer,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: issuer,
};

const otherHost = (reason: unknown): string => {
  // Only the first name, and only what a name is made of: the server wrote it.
  const pattern = /(?:altnames: |cert's CN: )((?:DNS:|IP Address:)?[\w.*:-]{1,100})/;
  const names = typeof reason === 'string' ? pattern.exec(reason)?.[1] : undefined;
  return `its certificate is for another host${names === undefined ? '' : ` (${names})`}`;
};

// A server without TLS 1.3 answers an offer of nothing else with one of these; which one depends on its age.
const tooOld = /alert protocol version|unsupported protocol|alert handshake failure|no shared cipher/i;
const noTls = /wrong version number|http request|packet length too long/i;

const sentenceOf = (error: Error): string | undefined => {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return otherHost('reason' in error ? error.reason : undefined);
  const known = byCode[code];
  if (known !== undefined) return known;
  if (code.startsWith('CERT_') || /^(?:EE|CA)_(?:KEY_TOO_SMALL|MD_TOO_WEAK)$|^INVALID_(?:CA|PURPOSE)$/.test(code)) {
    return `its certificate cannot be trusted (${code})`;
  }
  // Node's own requests say EPROTO and the reason in the message only; `fetch` has a code for each reason.
  if (code !== 'EPROTO' && !code.startsWith('ERR_SSL_')) return undefined;
  if (tooOld.test(error.message))
    return 'it speaks no TLS version that web.minTlsVersion allows (TLSv1.3 unless set; network.minTlsVersions excepts a host)';
  // Anything else, such as an internal error of the server, may be gone at the next attempt.
  return noTls.test(error.message) ? 'it does not speak TLS at that port' : undefined;
};

/** What is wrong with a server's TLS, as the end of a sentence about it; undefined for failures that may pass. */
export const tlsProblem = (error: unknown): string | undefined => {
  const seen = new Set<unknown>();
  for (let at = error; at instanceof Error && !seen.has(at); at = at.cause) {
    seen.add(at);
    const sentence = sentenceOf(at);
    if (sentence !== undefined) return sentence;
  }
  return undefined;
};
