import type { Plugin } from 'llm-copilot-agent';

/** What agents take to the next run. */
const memory: Plugin = {
  name: 'memory',
  tools: ['recall', 'remember'],
  load: () => import('./tools.ts'),
};

export default memory;
