// What the command is made of, as one entry of the bundle: the command line and the plugins that ship with it.
export { main } from '../src/cli/main.ts';
export { default as plugins } from '../plugins/index.ts';
