import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import builtins from '../../../plugins/index.ts';
import { localServers } from '../../../src/app/models/local-servers.ts';
import type { Plugin, ProviderManifest } from '../../../src/core/plugin.ts';
import { httpFetch } from '../../../src/host/web/http-fetch.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const serve = async (answer: RequestListener): Promise<string> => {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
};
const json =
  (value: unknown): RequestListener =>
  (_, reply) =>
    reply.end(JSON.stringify(value));
const plugin = (...local: [name: string, local: ProviderManifest['local']][]): Plugin => ({
  name: 'test',
  providers: local.map(([name, place]) => ({ name, keyEnv: [], defaultModel: 'm', ...(place && { local: place }) })),
  load: () => Promise.reject(new Error('nothing of it is loaded')),
});
const get = httpFetch({ env: {}, root: '/', minTlsVersion: 'TLSv1.3' });
const look = (plugins: readonly Plugin[], env: Record<string, string> = {}, timeoutMs?: number) =>
  localServers(plugins, env, get, timeoutMs);

describe('servers of models on this machine', () => {
  it('are found in both forms of lists, with the names of their models', async () => {
    const asked: (string | undefined)[] = [];
    const ollama = await serve((request, reply) => {
      asked.push(request.url);
      reply.end(JSON.stringify({ models: [{ name: 'llama3.2:latest' }, { name: 'qwen3' }, { size: 3 }] }));
    });
    const studio = await serve(json({ object: 'list', data: [{ id: 'gpt-oss' }] }));
    const { found } = await look([
      plugin(['ollama', { url: `http://${ollama}/api/tags` }], ['none', undefined]),
      plugin(['lmstudio', { url: `http://${studio}/v1/models` }]),
    ]);
    expect(found).toEqual([
      { name: 'ollama', url: `http://${ollama}`, models: ['llama3.2:latest', 'qwen3'] },
      { name: 'lmstudio', url: `http://${studio}`, models: ['gpt-oss'] },
    ]);
    expect(asked).toEqual(['/api/tags']);
  });

  it.each([
    ['host and port', (place: string) => place],
    ['a URL', (place: string) => `http://${place}`],
    ['a URL with a path', (place: string) => `http://${place}/v1`],
    ['a URL with credentials, which are left out', (place: string) => `http://me:hunter2@${place}`],
    ['a port', (place: string) => place.slice(place.indexOf(':'))],
    ['the address for everybody', (place: string) => place.replace('127.0.0.1', '0.0.0.0')],
  ])('are asked where a variable says, which may be %s', async (_, said) => {
    const place = await serve((request, reply) =>
      reply.end(
        JSON.stringify({ models: [{ name: `${String(request.url)} ${String(request.headers.authorization)}` }] }),
      ),
    );
    const one = plugin(['ollama', { url: 'http://127.0.0.1:9/api/tags', urlEnv: 'OLLAMA_HOST' }]);
    const { found } = await look([one], { OLLAMA_HOST: said(place) });
    expect(found).toEqual([{ name: 'ollama', url: `http://${place}`, models: ['/api/tags undefined'] }]);
  });

  it('keep their usual port when a variable names only the host, and are not asked when it names none', async () => {
    const one = plugin(['ollama', { url: 'http://127.0.0.1:9/api/tags', urlEnv: 'OLLAMA_HOST' }]);
    expect((await look([one], { OLLAMA_HOST: '127.0.0.2' })).asked).toEqual(['ollama at http://127.0.0.2:9']);
    for (const said of ['http://[no host', 'ftp://127.0.0.1:9', 'not an address'])
      expect((await look([one], { OLLAMA_HOST: said })).asked, said).toEqual(['ollama not: OLLAMA_HOST is no address']);
    expect((await look([one], { OLLAMA_HOST: ' ' })).asked).toEqual(['ollama at http://127.0.0.1:9']);
  });

  it.each<[string, RequestListener]>([
    ['answers with an error', (_, reply) => reply.writeHead(500).end('{"models":[]}')],
    ['is something else', (_, reply) => reply.end('<html>')],
    ['lists nothing', json({ version: 1 })],
    ['lists no list', json({ models: 'many' })],
    ['answers with null', json(null)],
    ['breaks off', (request) => request.socket.destroy()],
    [
      'sends without an end',
      (_, reply) => {
        const send = (): void => {
          while (!reply.destroyed && reply.write('x'.repeat(65_536)));
          reply.once('drain', send);
        };
        send();
      },
    ],
    ['says nothing', () => undefined],
    ['sends somewhere else', (_, reply) => reply.writeHead(302, { location: 'http://example.test/' }).end()],
  ])('are none where a server %s', async (_, answer) => {
    const place = await serve(answer);
    const started = Date.now();
    const { found } = await look([plugin(['x', { url: `http://${place}/` }])]);
    expect(found).toEqual([]);
    expect(Date.now() - started).toBeLessThan(5000);
  });

  it('are asked at the same time', async () => {
    const silent = await serve(() => undefined);
    const many = Array.from({ length: 5 }, (_, index): [string, { url: string }] => [
      `p${index}`,
      { url: `http://${silent}/` },
    ]);
    const started = Date.now();
    expect((await look([plugin(...many)], {}, 400)).found).toEqual([]);
    expect(Date.now() - started).toBeLessThan(1900);
  });

  it('are known for Ollama and LM Studio', async () => {
    const never = () => Promise.reject(new Error('not asked'));
    const { asked } = await localServers(builtins, {}, never);
    expect(asked).toEqual(
      expect.arrayContaining(['ollama at http://127.0.0.1:11434', 'lmstudio at http://127.0.0.1:1234']),
    );
  });
});
