import type { Contribution } from 'llm-copilot-agent';
import { grep } from './grep.ts';

/** The tools of this plugin. */
export const setup = (): Contribution => ({ tools: [grep] });
