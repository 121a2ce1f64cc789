import type { Plugin } from 'llm-copilot-agent';

/** Searching files: by pattern, and by topic. */
const search: Plugin = {
  name: 'search',
  tools: ['grep', 'search'],
  load: () => import('./tools.ts'),
};

export default search;
