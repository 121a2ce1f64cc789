import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { authority, tlsServer, type TlsServer } from '../support/tls.ts';
import type { Said } from './provider-tls-client.ts';
import { subjects } from './provider-subjects.ts';

const folder = mkdtempSync(join(tmpdir(), 'provider-tls-'));
const servers: { close(): unknown }[] = [];
let asked = 0;
const urls: Record<string, string> = {};
let all: Said[] = [];

/** A server of before TLS 1.3: it finds nothing it knows in what it is offered. */
const ancient = async (): Promise<TlsServer> => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 40])));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
};

beforeAll(async () => {
  const trusted = authority();
  const stranger = authority();
  const answer: RequestListener = (_, reply) => {
    asked += 1;
    reply.writeHead(400, { 'content-type': 'application/json' }).end('{"error":{"message":"reached"}}');
  };
  const good = trusted.identity('localhost');
  const started = {
    good: await tlsServer(good, answer),
    old: await tlsServer(good, answer, { maxVersion: 'TLSv1.2' }),
    ancient: await ancient(),
    expired: await tlsServer(trusted.identity('localhost', { fromDays: -3, toDays: -1 }), answer),
    elsewhere: await tlsServer(trusted.identity('other.test'), answer),
    stranger: await tlsServer(stranger.identity('localhost'), answer),
    selfSigned: await tlsServer(stranger, answer),
  };
  for (const [name, server] of Object.entries(started)) {
    urls[name] = server.url;
    servers.push(server);
  }
  writeFileSync(join(folder, 'ca.pem'), trusted.cert);
  const outfile = join(folder, 'client.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'provider-tls-client.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    conditions: ['source'],
    logLevel: 'error',
  });
  const { stdout } = await promisify(execFile)(process.execPath, [outfile, ...Object.values(urls)], {
    env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') },
  });
  all = JSON.parse(stdout) as Said[];
});
afterAll(async () => {
  for (const server of servers) await server.close();
  rmSync(folder, { recursive: true, force: true });
});

it('only the good server hears of the request', () => {
  expect(asked).toBe(subjects.length);
});

it.each(subjects.map(({ name }) => name))('%s reaches a good server', (provider) => {
  expect(all.find((one) => one.provider === provider && one.url === urls.good)?.message).toMatch(
    /answered 400: reached/,
  );
});

it.each(
  subjects.flatMap(({ name }) => [
    [name, 'old', 'it speaks no TLS version that web.minTlsVersion allows'],
    [name, 'ancient', 'it speaks no TLS version that web.minTlsVersion allows'],
    [name, 'expired', 'its certificate has expired'],
    [name, 'elsewhere', 'its certificate is for another host (DNS:other.test)'],
    [name, 'stranger', 'its certificate comes from an issuer unknown here'],
    [name, 'selfSigned', 'its certificate is self-signed'],
  ]),
)('%s says once and plainly what is wrong with a server that is %s', (provider, server, words) => {
  const said = all.find((one) => one.provider === provider && one.url === urls[server]);
  expect(said).toMatchObject({ kind: 'invalid_request', retryable: false });
  expect(said?.message).toMatch(/^Cannot trust \S.* at https:\/\/localhost:\d+: /);
  expect(said?.message).toContain(words);
  const { urlEnv } = subjects.find(({ name }) => name === provider)!;
  expect(said?.hint).toMatch(new RegExp(`^Nothing was sent\\. Check ${urlEnv} `));
});
