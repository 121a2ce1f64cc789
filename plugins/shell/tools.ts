import type { Contribution } from 'llm-copilot-agent';
import { shell } from './shell.ts';

/** The tools of this plugin. */
export const setup = (): Contribution => ({ tools: [shell] });
