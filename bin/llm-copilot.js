#!/usr/bin/env node
// CommonJS (see package.json beside this file): as a module it would start a few milliseconds later.
const { readFileSync, writeSync } = require('node:fs');

const readVersion = () => JSON.parse(readFileSync(`${__dirname}/../package.json`, 'utf8')).version;
const argv = process.argv.slice(2);

const start = async () => {
  // Should the process end before there is an answer, that is no success.
  process.exitCode = 70;
  const version = readVersion();
  // Node 22 and later keep compiled code between starts.
  require('node:module').enableCompileCache?.();
  if (argv[0] === 'hooks' && argv[1] === 'run') {
    // What nobody catches would end with 1 as well, which stops git.
    process.on('uncaughtException', (error) => {
      writeSync(2, `llm-copilot: ${error.stack}\n`);
      process.exit(70);
    });
    // Git waits for it, so the command tree is left out.
    const { hookProcess, isHookName } = await import('../dist/hook/hook.js');
    const [, , name, ...args] = argv;
    if (isHookName(name)) {
      const { stdin, stderr, env } = process;
      const loadPlugins = async () => (await import('../dist/command.js')).plugins;
      process.exitCode = await hookProcess(
        { stdin, stderr, env, cwd: process.cwd() },
        name,
        args,
        version,
        loadPlugins,
      );
      // What was given up may still be under way.
      setTimeout(() => process.exit(), 200).unref();
      return;
    }
  }
  const { main, plugins } = await import('../dist/command.js');
  process.exitCode = await main(argv, { plugins, version });
};

if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-v')) writeSync(1, `${readVersion()}\n`);
else
  start().catch((error) => {
    // Node would say 1, which is the code of an honest no: a hook would stop a commit.
    writeSync(2, `llm-copilot cannot start: ${error.stack}\n`);
    process.exitCode = 70;
  });
