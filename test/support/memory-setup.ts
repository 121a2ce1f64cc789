import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { redactor, type Redact } from '../../src/base/redact/redactor.ts';
import type { Embedder } from '../../src/core/embedder.ts';
import { openMemory, type OpenMemory } from '../../src/app/memory/open-memory.ts';
import type { Speaker } from '../../src/app/memory/memory-parts.ts';
import { localEmbedder } from '../../src/engine/embedding/local-embedder.ts';
import type { Env } from '../../src/host/paths.ts';

/** A workspace with a git repository, and a data folder beside it. */
export interface MemorySetup {
  root: string;
  data: string;
  env: Env;
  write(path: string, content: string): void;
  git(...args: string[]): string;
  open(options?: {
    speaker?: Speaker;
    now?: () => number;
    root?: string;
    redact?: Redact;
    embedder?: Embedder;
  }): Promise<OpenMemory>;
  /** Closes what was opened and removes everything. */
  remove(): Promise<void>;
}

/** Git without anything of this machine's user. */
export const gitIn = (root: string, ...args: string[]): string =>
  execFileSync(
    'git',
    ['-c', 'user.name=T', '-c', 'user.email=t@example.org', '-c', 'init.defaultBranch=main', ...args],
    { cwd: root, encoding: 'utf8', env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' }, stdio: 'pipe' },
  ).trim();

export const memorySetup = (): MemorySetup => {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'memory-')));
  const [root, data] = [join(base, 'workspace'), join(base, 'data')];
  mkdirSync(root);
  const opened: OpenMemory[] = [];
  const env = { ...process.env, LLM_COPILOT_DATA_DIR: data };
  const setup: MemorySetup = {
    root,
    data,
    env,
    write: (path, content) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    },
    git: (...args) => gitIn(root, ...args),
    open: async ({
      speaker = { by: 'user' as const },
      redact = redactor([]),
      embedder = localEmbedder(),
      ...rest
    } = {}) => {
      const memory = await openMemory({ env, root, redact, embedder, speaker, ...rest });
      opened.push(memory);
      return memory;
    },
    remove: async () => {
      await Promise.all(opened.map((memory) => memory.close()));
      rmSync(base, { recursive: true, force: true });
    },
  };
  setup.git('init', '-q');
  setup.git('commit', '-q', '--allow-empty', '-m', 'first');
  return setup;
};

/** Bundles a program of this folder so that Node can start it by itself. */
export const buildProgram = async (name: string, folder: string): Promise<string> => {
  const file = join(folder, `${name}.mjs`);
  const require = createRequire(import.meta.url);
  await build({
    entryPoints: [join(import.meta.dirname, `${name}.ts`)],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: {
      js: `import{createRequire as __cr}from"node:module";const require=__cr(${JSON.stringify(import.meta.url)});`,
    },
    plugins: [
      {
        name: 'installed here',
        setup: (one) =>
          one.onResolve({ filter: /^(?:better-sqlite3|hnswlib-node|sqlite-vec)$/ }, ({ path }) => ({
            path: require.resolve(path),
            external: true,
          })),
      },
    ],
    logLevel: 'error',
  });
  return file;
};
