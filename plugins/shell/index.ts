import type { Plugin } from 'llm-copilot-agent';

/** Running commands, also in the background. */
const shell: Plugin = {
  name: 'shell',
  tools: ['shell'],
  load: () => import('./tools.ts'),
};

export default shell;
