import type { Plugin } from 'llm-copilot-agent';
import anthropic from './anthropic/index.ts';
import demo from './demo/index.ts';
import files from './files/index.ts';
import gemini from './gemini/index.ts';
import memory from './memory/index.ts';
import openai from './openai/index.ts';
import search from './search/index.ts';
import shell from './shell/index.ts';
import tasks from './tasks/index.ts';
import web from './web/index.ts';

/** The plugins that ship with llm-copilot. The first provider with a key set is the default one. */
const plugins: readonly Plugin[] = [anthropic, openai, gemini, files, search, memory, shell, tasks, web, demo];

export default plugins;
