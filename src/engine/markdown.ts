import { configError } from '../base/errors.ts';
import type { Agent } from '../core/agent.ts';
import { isNeed, needs, type Need } from '../core/capabilities.ts';
import { frontMatter } from './front-matter.ts';

export { frontMatter } from './front-matter.ts';

const needsIn = (agent: string, line: string): Need[] =>
  line.split(',').flatMap((word): Need[] => {
    const need = word.trim();
    if (need === '') return [];
    if (!isNeed(need))
      throw configError(
        `Agent ${agent}: it needs "${need}", which no model is described by.`,
        `Needs: ${Object.keys(needs).join(', ')}.`,
      );
    return [need];
  });

/**
 * Reads an agent from Markdown: the body is its instructions; `tools` are its own (`none`: it only answers), `on-demand`
 * those it may ask for (`others`: all it does not have); `needs` says what its model must be able to do.
 * @throws CopilotError exit 3 when it has no tools, or needs what nobody knows.
 */
export const agentFrom = (name: string, source: string, maxTurns: number): Agent => {
  const { fields, body } = frontMatter(source);
  const list = (key: string): string[] => (fields.get(key) ?? '').split(',').map((tool) => tool.trim());
  const tools = list('tools');
  if (tools[0] === '')
    throw configError(
      `Agent ${name}: "tools" is missing in its front matter.`,
      'An agent without tools says "tools: none".',
    );
  return {
    name: fields.get('name') ?? name,
    instructions: body,
    tools: tools.filter((tool) => tool !== '' && tool !== 'none'),
    ...(fields.has('on-demand') ? { onDemand: list('on-demand') } : {}),
    maxTurns,
    ...(fields.has('needs') ? { needs: needsIn(name, fields.get('needs') ?? '') } : {}),
  };
};
