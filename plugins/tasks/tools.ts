import type { Contribution } from 'llm-copilot-agent';
import { tasks } from './tasks.ts';

/** The tools of this plugin. */
export const setup = (): Contribution => ({ tools: [tasks] });
