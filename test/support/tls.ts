// Certificates made at run time, without any program: the few parts of X.509 and DER a server needs.
import { createSign, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerOptions } from 'node:https';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One element: its tag, its length, its content. */
const der = (tag: number, ...parts: Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};
const sequence = (...parts: Uint8Array[]): Buffer => der(0x30, ...parts);
const oid = (...bytes: number[]): Buffer => der(0x06, Buffer.from(bytes));
const bitString = (bytes: Uint8Array): Buffer => der(0x03, Buffer.from([0]), bytes);
const generalizedTime = (at: Date): Buffer =>
  der(
    0x18,
    Buffer.from(
      `${at
        .toISOString()
        .replace(/\.\d+Z$/, '')
        .replace(/\D/g, '')}Z`,
    ),
  );

const ecdsaWithSha256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
const nameOf = (common: string): Buffer =>
  sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from(common)))));
const critical = der(0x01, Buffer.from([0xff]));
const extension = (id: Buffer, content: Buffer, ...flags: Buffer[]): Buffer =>
  sequence(id, ...flags, der(0x04, content));
const basicConstraints = extension(oid(0x55, 0x1d, 0x13), sequence(critical), critical);
const altNames = (host: string): Buffer => extension(oid(0x55, 0x1d, 0x11), sequence(der(0x82, Buffer.from(host))));

const pem = (bytes: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${(
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  ).join('\n')}\n-----END CERTIFICATE-----\n`;

/** A certificate and its private key, both PEM. */
export interface Identity {
  cert: string;
  key: string;
}

interface Issuer {
  name: string;
  privateKey: KeyObject;
}

const dayMs = 86_400_000;

const issue = (name: string, from: number, to: number, issuer?: Issuer): Identity & Issuer => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signer = issuer ?? { name, privateKey };
  const content = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    nameOf(signer.name),
    sequence(generalizedTime(new Date(from)), generalizedTime(new Date(to))),
    nameOf(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(issuer ? altNames(name) : basicConstraints)),
  );
  const signature = createSign('sha256').update(content).sign(signer.privateKey);
  return {
    name,
    privateKey,
    cert: pem(sequence(content, ecdsaWithSha256, bitString(signature))),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
};

/** An issuer of certificates of its own. */
export interface Authority extends Identity {
  /** A certificate for a host; days count from now, negative ones back. */
  identity(host: string, validity?: { fromDays: number; toDays: number }): Identity;
}

/** Makes one, with a name of its own; nobody trusts it before they are told to. */
export const authority = (): Authority => {
  const root = issue(`tests ${randomBytes(8).toString('hex')}`, Date.now() - dayMs, Date.now() + dayMs);
  return {
    cert: root.cert,
    key: root.key,
    identity: (host, { fromDays, toDays } = { fromDays: -1, toDays: 1 }) => {
      const { cert, key } = issue(host, Date.now() + fromDays * dayMs, Date.now() + toDays * dayMs, root);
      return { cert, key };
    },
  };
};

/** An HTTPS server at `localhost`. */
export interface TlsServer {
  url: string;
  close(): Promise<void>;
}

/** Starts one on loopback. */
export const tlsServer = async (
  identity: Identity,
  answer: RequestListener,
  options: ServerOptions = {},
): Promise<TlsServer> => {
  const server = createServer({ ...options, ...identity }, answer);
  // Clients that refuse the certificate hang up; that is the point.
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};
