import type { Plugin } from 'llm-copilot-agent';

/** Reading pages of the web. */
const web: Plugin = {
  name: 'web',
  tools: ['fetch'],
  load: () => import('./tools.ts'),
};

export default web;
