import type { Contribution } from 'llm-copilot-agent';
import { edit } from './edit.ts';
import { list } from './list.ts';
import { read } from './read.ts';
import { write } from './write.ts';

/** The tools of this plugin. */
export const setup = (): Contribution => ({ tools: [read, list, write, edit] });
