import { platform } from 'node:os';
import type { Agent } from '../core/agent.ts';
import { agentFrom } from '../engine/markdown.ts';
import { systemPrompt, type Surroundings } from '../engine/prompt.ts';
import { readTemplates } from '../host/templates.ts';

/** The shipped agents, each with the whole system prompt for this place. */
export const loadAgents = (
  place: Omit<Surroundings, 'os' | 'date'>,
  options: {
    maxTurns: number;
    appended: string | undefined;
    without: ReadonlySet<string>;
    toolNames: readonly string[];
  },
): Map<string, Agent> => {
  const surroundings = { ...place, os: platform(), date: new Date().toISOString().slice(0, 10) };
  const left = (tools: readonly string[]): string[] => tools.filter((tool) => !options.without.has(tool));
  const agents = [...readTemplates('agents', '.md')].map(([name, source]) => {
    const agent = agentFrom(name, source, options.maxTurns);
    const instructions = systemPrompt(agent.instructions, surroundings, options.appended);
    return { ...agent, instructions, tools: left(agent.tools) };
  });
  // What no agent names is there for whoever asks for it.
  const named = new Set(agents.flatMap((agent) => agent.tools));
  const onDemand = left(options.toolNames.filter((tool) => !named.has(tool)));
  return new Map(agents.map((agent) => [agent.name, { ...agent, onDemand }]));
};
