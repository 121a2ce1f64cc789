import type { Found } from '../../core/found.ts';
import type { CommandPlace } from '../search/place.ts';
import { withMemory } from './user-memory.ts';

/** What is remembered here about something, as search shows it. @throws CopilotError exit 3 */
export const findInMemory = async (
  command: CommandPlace,
  query: string,
  limit: number,
  signal: AbortSignal,
): Promise<{ results: Found[]; notices: string[] }> => {
  const { result, notices } = await withMemory(command, (memory) => memory.recall({ text: query, limit }, signal));
  const results = result.map(({ item, score, why }): Found => ({
    ...{ kind: 'memory', path: item.id, startLine: 0, endLine: 0, symbol: item.kind, score },
    why: { vector: why.similarity },
    text: item.text,
  }));
  return { results, notices };
};
