import type { Plugin } from 'llm-copilot-agent';

/** Searching the content of files. */
const search: Plugin = {
  name: 'search',
  tools: ['grep'],
  load: () => import('./tools.ts'),
};

export default search;
