import type { Contribution } from 'llm-copilot-agent';
import { grep } from './grep.ts';
import { search } from './search.ts';

/** The tools of this plugin. */
export const setup = (): Contribution => ({ tools: [grep, search] });
