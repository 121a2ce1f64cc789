import type { Plugin } from 'llm-copilot-agent';

/** A visible list of tasks for long work. */
const tasks: Plugin = {
  name: 'tasks',
  tools: ['tasks'],
  load: () => import('./tools.ts'),
};

export default tasks;
