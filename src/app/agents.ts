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
  const agents = [...readTemplates('agents', '.md')].map(([name, source]): [string, Agent] => {
    const agent = agentFrom(name, source, options.maxTurns);
    // Who only answers is given all it needs with the question.
    const isAlone = agent.tools.length === 0;
    const instructions = isAlone
      ? agent.instructions
      : systemPrompt(agent.instructions, surroundings, options.appended);
    const wanted = agent.onDemand?.includes('others') ? options.toolNames : (agent.onDemand ?? []);
    const onDemand = left(wanted.filter((tool) => !agent.tools.includes(tool)));
    return [agent.name, { ...agent, instructions, tools: left(agent.tools), onDemand }];
  });
  return new Map(agents);
};
