// Runs a TypeScript program of the repository: node .ci/run-ts.js <file.ts> [arguments]
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { build } from 'esbuild';

const [file, ...args] = process.argv.slice(2);
const outfile = `dist/tools/${file.replace(/[/\\]/g, '-').replace(/\.ts$/, '.js')}`;
mkdirSync('dist/tools', { recursive: true });
await build({
  entryPoints: [file],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  conditions: ['source'],
  external: [
    'better-sqlite3',
    'hnswlib-node',
    'sqlite-vec',
    '@napi-rs/keyring',
    '@vscode/ripgrep',
    'gpt-tokenizer',
    'gpt-tokenizer/*',
    'esbuild',
  ],
  banner: {
    js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url),__filename=import.meta.filename;',
  },
  logLevel: 'warning',
});
process.exitCode = spawnSync(process.execPath, [outfile, ...args], { stdio: 'inherit' }).status ?? 1;
