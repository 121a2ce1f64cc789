#!/usr/bin/env node
// CommonJS (see package.json beside this file): as a module it would start a few milliseconds later.
const { readFileSync, writeSync } = require('node:fs');

const { version } = JSON.parse(readFileSync(`${__dirname}/../package.json`, 'utf8'));
const argv = process.argv.slice(2);

const start = async () => {
  // Should the process end before there is an answer, that is no success.
  process.exitCode = 70;
  // Node 22 and later keep compiled code between starts.
  require('node:module').enableCompileCache?.();
  const { main, plugins } = await import('../dist/command.js');
  process.exitCode = await main(argv, { plugins, version });
};

if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-v')) writeSync(1, `${version}\n`);
else void start();
