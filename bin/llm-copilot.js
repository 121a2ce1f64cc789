#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import module from 'node:module';
import v8 from 'node:v8';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const argv = process.argv.slice(2);
if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-v')) {
  console.log(version);
} else {
  // Node's HTTP client is WebAssembly: optimising it takes a third of a short run and 30 MB, and never pays back.
  v8.setFlagsFromString('--liftoff-only');
  // Node 22 and later keep compiled code between starts.
  module.enableCompileCache?.();
  const [{ main }, { default: plugins }] = await Promise.all([import('../dist/main.js'), import('../dist/plugins.js')]);
  process.exitCode = await main(argv, { plugins, version });
}
