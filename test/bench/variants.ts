import { copyFileSync, cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';

const doNothing = `
  export const redactor = () => (text) => text;
  export const redacted = (value) => value;
  export const secretValues = () => [];
  export const isOrdinary = () => false;
  export const relabelled = (text) => text;
`;

const withoutRedaction: Plugin = {
  name: 'without redaction',
  setup: (one) => one.onLoad({ filter: /base\/redact\/redactor\.ts$/ }, () => ({ contents: doNothing, loader: 'js' })),
};

/**
 * The command as it is built, with its redactor or with one that lets everything through: what redaction costs is the
 * difference. Both are built alike and lie side by side.
 */
export const buildVariant = async (folder: string, isRedacting: boolean): Promise<string> => {
  mkdirSync(join(folder, 'bin'), { recursive: true });
  for (const name of ['llm-copilot.js', 'package.json']) copyFileSync(join('bin', name), join(folder, 'bin', name));
  for (const name of ['package.json', 'templates', 'node_modules']) symlinkSync(resolve(name), join(folder, name));
  await build({
    entryPoints: { command: 'bin/command.ts' },
    outdir: join(folder, 'dist'),
    bundle: true,
    splitting: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    conditions: ['source'],
    external: ['better-sqlite3', '@vscode/ripgrep', '@napi-rs/keyring'],
    define: { 'process.env.NODE_ENV': '"production"' },
    banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
    logLevel: 'error',
    plugins: isRedacting ? [] : [withoutRedaction],
  });
  cpSync('dist/grammars', join(folder, 'dist/grammars'), { recursive: true });
  return join(folder, 'bin', 'llm-copilot.js');
};
