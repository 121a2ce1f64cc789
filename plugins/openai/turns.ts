import type { Block, Message } from 'llm-copilot-agent';

const says = (block: Block): boolean => (block.type === 'text' ? block.text !== '' : block.type !== 'thinking');

/**
 * Messages as alternating turns: those without anything to send are left out, neighbours of one role become one, so that
 * the results of a turn's calls stand together right after it, as the APIs demand.
 */
export const turnsOf = (messages: readonly Message[]): Pick<Message, 'role' | 'content'>[] => {
  const turns: Pick<Message, 'role' | 'content'>[] = [];
  for (const { role, content } of messages) {
    const last = turns.at(-1);
    if (!content.some(says)) continue;
    if (last?.role === role) last.content.push(...content);
    else turns.push({ role, content: [...content] });
  }
  return turns;
};
