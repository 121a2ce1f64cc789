// The built package as a program uses it. `npm test` builds it first.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { wireServer, type WireServer } from '../../support/wire/wire-server.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: { './client': { default: string; types: string } };
};
const { default: built, types } = exports['./client'];

const program = `
import dns from 'node:dns';
import { createClient } from 'llm-copilot-agent/client';
// As on machines where localhost is ::1 first.
const { lookup } = dns;
dns.lookup = (host, options, done) => {
  const all = [{ address: '::1', family: 6 }, { address: '127.0.0.1', family: 4 }];
  if (host !== 'localhost') lookup(host, options, done);
  else setImmediate(() => (options.all ? done(null, all) : done(null, all[0].address, 6)));
};
const client = createClient({ config: { budget: { day: 20 } } });
const body = { model: 'openai-chat/gpt-5.4', messages: [{ role: 'user', content: 'hello' }] };
const { choices } = await client.chat.completions.create(body);
console.log(choices[0].message.content);
for await (const chunk of await client.chat.completions.create({ ...body, stream: true })) break;
process.on('warning', (warning) => console.log(warning.message));
await client.chat.completions.create({ ...body, messages: null }).catch((error) => console.log(error.code, error.exitCode));
`;

const typed = `
import type { Plugin } from 'llm-copilot-agent';
import { createClient, type ChatBody, type ChatChunk, type Client } from 'llm-copilot-agent/client';
const plugin: Plugin = { name: 'mine', load: () => Promise.reject(new Error('none')) };
const client: Client = createClient({ plugins: [plugin], config: { model: 'ollama/x', fallbackModel: 'a/b' } });
const messages: ChatBody['messages'] = [{ role: 'user', content: 'hello' }];
const { choices, extensions } = await client.chat.completions.create({ messages });
const first = choices[0];
if (first) await client.chat.completions.create({ messages: [...messages, first.message] });
const cost: number | null = extensions.cost_usd;
for await (const chunk of await client.chat.completions.create({ messages, stream: true })) {
  const piece: ChatChunk = chunk;
  if (piece.extensions && 'restarted' in piece.extensions) console.log(cost);
}
const either: ChatBody = { messages, stream: Math.random() > 0.5 };
void client.chat.completions.create(either);
// @ts-expect-error a key nobody knows
createClient({ config: { modle: 'x' } });
// @ts-expect-error messages are a list
void client.chat.completions.create({ messages: 'hello' });
client.close();
`;

describe('a program that has the package installed', () => {
  let folder = '';
  let server: WireServer | undefined;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'llm-copilot-user-'));
    mkdirSync(join(folder, 'node_modules', '@types'), { recursive: true });
    const [installed, own] = [join(folder, 'node_modules'), join(root, 'node_modules')];
    // Without the packages it is built from.
    mkdirSync(join(installed, 'llm-copilot-agent'));
    for (const name of ['package.json', 'dist'])
      symlinkSync(join(root, name), join(installed, 'llm-copilot-agent', name));
    for (const name of ['@types/node', 'undici-types']) symlinkSync(join(own, name), join(installed, name));
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(join(folder, 'program.js'), program);
    writeFileSync(join(folder, 'typed.ts'), typed);
    server = await wireServer([{ text: 'Hi.' }, { fault: 'drip', everyMs: 50, answer: { text: 'x '.repeat(500) } }]);
  });
  afterAll(async () => {
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test.skipIf(!existsSync(join(root, built)))(
    'ends by itself after its last call, also when it read no stream to its end',
    async () => {
      const { port } = new URL(server?.url ?? '');
      const env = {
        OPENAI_API_KEY: 'key',
        OPENAI_BASE_URL: `http://localhost:${port}/v1`,
        HTTP_PROXY: 'http://127.0.0.1:1',
      };
      const { stdout, stderr } = await run(process.execPath, ['program.js'], {
        cwd: folder,
        env: { PATH: process.env.PATH, HOME: folder, LLM_COPILOT_DATA_DIR: join(folder, 'data'), ...env },
        timeout: 15_000,
      });
      expect([stdout, stderr]).toEqual(['Hi.\nE_USAGE 2\n', '']);
      expect(server?.requests.map(({ hungUp }) => hungUp)).toEqual([false, true]);
    },
    20_000,
  );

  test.skipIf(!existsSync(join(root, types)))(
    'compiles against its types, which need no other package',
    async () => {
      const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
      const flags = ['--strict', '--noEmit', '--exactOptionalPropertyTypes', '--preserveSymlinks', '--types', 'node'];
      const target = ['--module', 'nodenext', '--target', 'es2022', '--skipLibCheck', 'false'];
      const { stdout } = await run(process.execPath, [tsc, ...flags, ...target, 'typed.ts'], { cwd: folder }).catch(
        (error: unknown) => error as { stdout: string },
      );
      expect(stdout).toBe('');
    },
    60_000,
  );
});
