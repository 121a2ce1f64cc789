import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plugin } from '../../src/core/plugin.ts';
import { cliHarness } from '../support/cli.ts';
import { authority } from '../support/tls.ts';

const home = cliHarness();
const server = createServer((_, reply) => {
  const models = ['llama3.2', 'qwen3', 'gpt-oss', 'e\u001b[31mvil'].map((name) => ({ name }));
  reply.end(JSON.stringify({ models }));
});
let place = '';
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  place = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  home.close();
  server.close();
  server.closeAllConnections();
});

const plugins = (): readonly Plugin[] => [
  {
    name: 'local',
    providers: [{ name: 'ollama', keyEnv: [], defaultModel: 'm', local: { url: `${place}/api/tags` } }],
    load: () => Promise.reject(new Error('nothing of it is loaded')),
  },
];
const configure = (yaml: string): void => {
  mkdirSync(join(home.home, 'config', 'llm-copilot'), { recursive: true });
  writeFileSync(join(home.home, 'config', 'llm-copilot', 'config.yaml'), yaml);
};
const examine = async (env: Record<string, string> = {}, own: readonly Plugin[] = plugins()) => {
  const { code, stdout } = await home.cli(['doctor', '--json'], { env, plugins: own });
  const { findings } = JSON.parse(stdout) as { findings: { name: string; state: string; detail: string }[] };
  const of = (name: string) => findings.find((finding) => finding.name === name);
  return { code, stdout, local: of('local models'), network: of('network') };
};

describe('doctor', () => {
  it('finds a server of models on this machine, past any proxy, and says how to use it', async () => {
    const { local } = await examine({ HTTP_PROXY: 'http://127.0.0.1:9' });
    expect(local).toEqual({
      name: 'local models',
      state: 'ok',
      detail: `ollama at ${place}: 3 models (llama3.2, qwen3, gpt-oss); use --model ollama/llama3.2`,
    });
  });

  it('has nothing against there being none', async () => {
    const [one] = plugins();
    const absent: Plugin[] = [
      {
        ...one,
        name: 'x',
        load: () => Promise.reject(new Error()),
        providers: [
          { name: 'lmstudio', keyEnv: [], defaultModel: 'm', local: { url: 'http://127.0.0.1:9/v1/models' } },
        ],
      },
    ];
    const { code, local } = await examine({}, absent);
    expect([code, local?.state, local?.detail]).toEqual([0, 'ok', 'none found (lmstudio at http://127.0.0.1:9)']);
    expect((await examine({}, [])).local?.detail).toBe('no provider has any');
  });

  it('says how servers are reached, without passwords', async () => {
    configure('');
    expect((await examine()).network?.detail).toBe('TLS 1.3 or newer; no proxy');
    writeFileSync(join(home.home, 'ca.pem'), authority().cert);
    configure(`network: { caFile: ca.pem, minTlsVersions: { old.test: TLSv1.2 } }\n`);
    const env = {
      HTTPS_PROXY: 'http://me:hunter2@proxy.test:3128',
      NO_PROXY: '.test',
      NODE_EXTRA_CA_CERTS: '/extra.pem',
    };
    const { network, stdout } = await examine(env);
    expect(network).toEqual({
      name: 'network',
      state: 'ok',
      detail:
        'TLS 1.3 or newer, TLS 1.2 for old.test; https through http://proxy.test:3128 (HTTPS_PROXY, with a password); ' +
        'not for .test (NO_PROXY); authorities beside the usual ones: 1 from ca.pem (network.caFile), ' +
        'those of /extra.pem (NODE_EXTRA_CA_CERTS)',
    });
    expect(stdout).not.toContain('hunter2');
  });

  it('fails with exit 3 for a file of authorities that cannot be read, naming the key', async () => {
    configure('network: { caFile: missing.pem }\n');
    const { code, network } = await examine();
    expect([code, network?.state]).toEqual([3, 'fail']);
    expect(network?.detail).toMatch(/^network\.caFile: .*missing\.pem cannot be read: ENOENT/);
    configure('');
  });

  it('fails with exit 3 for a proxy that is none, naming the variable and not its value', async () => {
    const { code, network, stdout } = await examine({ https_proxy: 'socks5://me:hunter2@proxy.test' });
    expect([code, network?.detail]).toEqual([3, 'https_proxy: a proxy that speaks socks5 cannot be used.']);
    expect(stdout).not.toContain('hunter2');
  });
});
