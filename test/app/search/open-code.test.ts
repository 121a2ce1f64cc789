import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import openai from '../../../plugins/openai/index.ts';
import { remoteParts } from '../../../src/app/embedding/remote-parts.ts';
import { codeStorePath, openCode, type CodePlace, type OpenCode } from '../../../src/app/search/open-code.ts';
import type { Config } from '../../../src/core/config.ts';
import type { Found } from '../../../src/core/found.ts';
import { removeCodeStore } from '../../../src/host/code-index/store.ts';
import { openDatabase } from '../../../src/host/log/database.ts';
import { codeIndexSteps } from '../../../src/host/code-index/schema.ts';
import { vectorSpaces } from '../../../src/host/vectors/vectors.ts';
import { tempProject, type TempProject } from '../../../src/testing.ts';
import { embeddingsAnswer, type EmbeddingsBody } from '../../support/wire/embeddings.ts';
import { wireServer, type Script, type WireServer } from '../../support/wire/wire-server.ts';

const never = new AbortController().signal;
const remote: Config = { embedding: { model: 'openai/text-embedding-3-small' } };

let project: TempProject;
let home = '';
let server: WireServer | undefined;
let opened: OpenCode[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'llm-copilot-open-code-'));
  project = tempProject(
    Object.fromEntries(
      Array.from({ length: 40 }, (_, at) => [
        `src/f${at}.ts`,
        `/** Paints picture ${at}. */\nexport const paint${at} = () => ${at};\n`,
      ]),
    ),
  );
});
afterEach(async () => {
  for (const one of opened) await one.close();
  opened = [];
  await server?.close();
  server = undefined;
  project.close();
  rmSync(home, { recursive: true, force: true });
});

const envFor = (): Record<string, string> => ({
  HOME: home,
  LLM_COPILOT_DATA_DIR: join(home, 'data'),
  XDG_CONFIG_HOME: join(home, 'config'),
  OPENAI_API_KEY: 'test-key-that-is-secret',
  ...(server && { OPENAI_BASE_URL: `${server.url}/v1` }),
});
const open = async (settings: Config = {}, more: Partial<CodePlace> = {}): Promise<OpenCode> => {
  const env = envFor();
  const plugins = [openai];
  const code = await openCode({
    ...{ env, root: project.root, settings, plugins },
    remote: () => remoteParts({ env, root: project.root, plugins }, settings),
    ...more,
  });
  opened.push(code);
  return code;
};
const close = async (code: OpenCode): Promise<void> => {
  opened = opened.filter((one) => one !== code);
  await code.close();
};
const spaces = () => {
  const database = openDatabase(codeStorePath(envFor(), project.root), 5000, codeIndexSteps);
  const all = vectorSpaces(database).map(({ name, dimensions, vectors }) => ({
    name: name.replace(/#.*|@.*/, ''),
    dimensions,
    vectors,
  }));
  database.close();
  return all;
};
const byVector = (found: readonly Found[]): number => found.filter(({ why }) => why.vector !== undefined).length;

const vectorOf = (text: string, length = 4): number[] =>
  Array.from({ length }, (_, at) => (at === 0 ? 1 : (text.charCodeAt(at) || 1) / 256));
const answering =
  (length = 4): Script =>
  ({ body }) => ({
    fault: 'status',
    status: 200,
    body: embeddingsAnswer(body as EmbeddingsBody, (text) => vectorOf(text, length)),
  });

describe('an index that is thrown away while it is searched', () => {
  test('is found through all the same, whenever that happens', async () => {
    for (const stage of ['listing', 'reading', 'history', 'vectors']) {
      let times = 0;
      const code = await open(
        {},
        {
          onProgress: (progress) => {
            if (progress.stage === stage && times++ === 0) removeCodeStore(code.path);
          },
        },
      );
      const found = await code.search({ query: 'paint7' }, never);
      expect(found[0]?.path, stage).toBe('src/f7.ts');
      expect(times, stage).toBeGreaterThan(0);
      await close(code);
      removeCodeStore(codeStorePath(envFor(), project.root));
    }
  });

  test('is thrown away by several at once without a complaint', async () => {
    const code = await open();
    await code.refreshAll(never);
    const path = codeStorePath(envFor(), project.root);
    for (let times = 0; times < 20; times += 1) removeCodeStore(path);
    expect((await code.search({ query: 'paint7' }, never))[0]?.path).toBe('src/f7.ts');
  });
});

describe('another embedder than before', () => {
  test('takes over once its vectors are there; until then the old ones answer, and none are mixed', async () => {
    const local = await open();
    expect(byVector(await local.search({ query: 'paints picture' }, never))).toBeGreaterThan(0);
    await close(local);
    expect(spaces()).toEqual([{ name: 'local/1', dimensions: 384, vectors: 40 }]);

    server = await wireServer(answering());
    const searching = await open(remote);
    expect(byVector(await searching.search({ query: 'paints picture' }, never))).toBeGreaterThan(0);
    expect(server.requests).toEqual([]);
    expect(searching.notices().join()).toMatch(/40 pieces have no vector by openai.* yet/);
    await searching.refreshAll(never);
    expect(spaces()).toEqual([{ name: 'openai/text-embedding-3-small', dimensions: 4, vectors: 40 }]);
    expect(byVector(await searching.search({ query: 'paints picture' }, never))).toBeGreaterThan(0);
    expect(searching.notices()).toEqual([]);
    await close(searching);

    const back = await open();
    expect(byVector(await back.search({ query: 'paints picture' }, never))).toBeGreaterThan(0);
    await close(back);
    expect(spaces()).toEqual([{ name: 'local/1', dimensions: 384, vectors: 40 }]);
    const asked = server.requests.length;
    const again = await open(remote);
    expect((await again.refreshAll(never)).withoutVector).toBe(0);
    // What was paid for was kept.
    expect(server.requests).toHaveLength(asked);
  });

  test('goes on where its server broke off, and says what happened without the key', async () => {
    let isDown = true;
    let calls = 0;
    server = await wireServer((request, index) => {
      calls += 1;
      if (isDown && calls > 1)
        return { fault: 'status', status: 401, body: { error: { message: 'bad key test-key-that-is-secret' } } };
      return (answering() as (r: typeof request, i: number) => never)(request, index);
    });
    for (let at = 40; at < 400; at += 1)
      writeFileSync(join(project.root, `src/f${at}.ts`), `export const paint${at} = () => ${at};\n`);
    const code = await open(remote);
    const failed = await code.refreshAll(never).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(Error);
    expect(String(failed)).not.toContain('test-key-that-is-secret');
    const [{ vectors } = { vectors: 0 }] = spaces();
    expect(vectors).toBe(256);
    expect((await code.search({ query: 'paint7' }, never))[0]?.path).toBe('src/f7.ts');
    expect(code.notices().join(' ')).not.toContain('test-key-that-is-secret');
    isDown = false;
    const sent = (): number =>
      (server?.requests ?? []).reduce((sum, { body }) => sum + (body as EmbeddingsBody).input.length, 0);
    const before = sent();
    expect((await code.refreshAll(never)).withoutVector).toBe(0);
    expect(sent() - before).toBe(400 - 256);
    const kept = readdirSync(join(home, 'data'), { recursive: true, withFileTypes: true }).filter((one) =>
      one.isFile(),
    );
    for (const one of kept)
      expect(readFileSync(join(one.parentPath, one.name)).includes('test-key-that-is-secret'), one.name).toBe(false);
  });

  test('that gives vectors of another length than before makes them all anew', async () => {
    let length = 4;
    server = await wireServer((request, index) =>
      (answering(length) as (r: typeof request, i: number) => never)(request, index),
    );
    const first = await open(remote);
    await first.refreshAll(never);
    await close(first);
    length = 6;
    writeFileSync(join(project.root, 'src/f0.ts'), 'export const changed = 1;\n');
    const second = await open(remote);
    expect((await second.refreshAll(never)).withoutVector).toBe(0);
    expect(byVector(await second.search({ query: 'another question' }, never))).toBeGreaterThan(0);
    expect(spaces()).toEqual([{ name: 'openai/text-embedding-3-small', dimensions: 6, vectors: 40 }]);
  });
});
