import type { Contribution } from 'llm-copilot-agent';
import { recall } from './recall.ts';
import { remember } from './remember.ts';

/** The tools of this plugin. */
export const setup = (): Contribution => ({ tools: [recall, remember] });
