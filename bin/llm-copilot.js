#!/usr/bin/env node
// CommonJS (see package.json beside this file): as a module it would start a few milliseconds later.
const { readFileSync, writeSync } = require('node:fs');

const { version } = JSON.parse(readFileSync(`${__dirname}/../package.json`, 'utf8'));
const argv = process.argv.slice(2);

const start = async () => {
  // Node's HTTP client is WebAssembly: optimising it takes a third of a short run and 30 MB, and never pays back.
  require('node:v8').setFlagsFromString('--liftoff-only');
  // Node 22 and later keep compiled code between starts.
  require('node:module').enableCompileCache?.();
  const [{ main }, { default: plugins }] = await Promise.all([import('../dist/main.js'), import('../dist/plugins.js')]);
  process.exitCode = await main(argv, { plugins, version });
};

if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-v')) writeSync(1, `${version}\n`);
else void start();
