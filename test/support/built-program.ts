import { mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Bundles a TypeScript program of the repository, so that it can be a process or a thread; `remove` deletes the bundle. */
export const builtProgram = async (file: string): Promise<{ path: string; remove: () => void }> => {
  // Below the repository: what is not bundled is found in its node_modules.
  const folder = join(
    root,
    'dist',
    'tools',
    `${basename(file, '.ts')}-${process.pid}-${Math.random().toString(36).slice(2)}`,
  );
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'program.js');
  await build({
    entryPoints: [join(root, file)],
    outfile: path,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    conditions: ['source'],
    external: ['better-sqlite3', 'hnswlib-node', 'sqlite-vec'],
    banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
    logLevel: 'warning',
  });
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
};
