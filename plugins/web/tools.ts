import type { Contribution } from 'llm-copilot-agent';
import { fetch } from './fetch.ts';

/** The tools of this plugin. */
export const setup = (): Contribution => ({ tools: [fetch] });
