// What git's hooks start, as an entry of its own: neither the command tree nor the plugins are needed for it.
export { hookProcess, isHookName } from '../src/cli/hook-process.ts';
