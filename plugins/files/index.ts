import type { Plugin } from 'llm-copilot-agent';

/** Reading, finding, writing and editing files. */
const files: Plugin = {
  name: 'files',
  tools: ['read', 'list', 'write', 'edit'],
  load: () => import('./tools.ts'),
};

export default files;
