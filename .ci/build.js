// Builds dist/: one split ESM bundle (a single file starts slower) and the type declarations.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const { dependencies, optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
rmSync('dist', { recursive: true, force: true });
const common = {
  bundle: true,
  splitting: true,
  minify: true,
  metafile: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  conditions: ['source'],
  external: Object.keys({ ...dependencies, ...optionalDependencies }),
  define: { 'process.env.NODE_ENV': '"production"' },
  // Bundled CommonJS packages call require, and TypeScript asks for its file name; every output gets both.
  banner: {
    js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url),__filename=import.meta.filename;',
  },
  logLevel: 'warning',
};
// Threads of their own.
const workers = { 'vector-worker': 'bin/vector-worker.ts', 'parser-worker': 'bin/parser-worker.ts' };
const built = await Promise.all([
  build({
    ...common,
    entryPoints: { command: 'bin/command.ts', index: 'src/index.ts', testing: 'src/testing.ts' },
    outdir: 'dist',
  }),
  // By itself: what two entries share is cut into smaller files, and the command would have to load more of them.
  build({ ...common, entryPoints: { client: 'bin/client.ts' }, outdir: 'dist/client' }),
  build({ ...common, entryPoints: { hook: 'bin/hook.ts' }, outdir: 'dist/hook' }),
  build({ ...common, splitting: false, entryPoints: workers, outdir: 'dist/workers' }),
]);
// Parsers are WebAssembly: copied, because the packages they come from are not installed with ours.
const languages = 'bash c-sharp cpp go java javascript php python ruby rust tsx typescript'.split(' ');
const grammars = [
  'node_modules/web-tree-sitter/web-tree-sitter.wasm',
  ...languages.map((name) => `node_modules/@vscode/tree-sitter-wasm/wasm/tree-sitter-${name}.wasm`),
];
mkdirSync('dist/grammars');
for (const file of grammars) copyFileSync(file, join('dist/grammars', basename(file)));
// The list of what was bundled is what THIRD-PARTY-NOTICES.md is made from.
writeFileSync(
  'dist/meta.json',
  JSON.stringify([...new Set(built.flatMap(({ metafile }) => Object.keys(metafile.inputs))), ...grammars]),
);
if (!process.argv.includes('--no-types') && existsSync('node_modules/typescript')) {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
    stdio: 'inherit',
  });
  const { writePlainTypes } = await import('./plain-types.js');
  writePlainTypes('dist/types/src/core/config.d.ts');
}
