import { unknownNames } from '../changelog/unknown-names.ts';
import { factsText } from './facts-text.ts';
import type { Explained } from './explained.ts';

/** The shape a model answers in. */
export const proseSchema = {
  type: 'object',
  properties: {
    areas: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          area: { type: 'string', description: 'its name as it stands in the facts' },
          text: { type: 'string', description: 'two or three sentences' },
        },
        required: ['area', 'text'],
        additionalProperties: false,
      },
    },
  },
  required: ['areas'],
  additionalProperties: false,
};

/** Ends of sentences; not the dots of names and numbers. */
const sentences = /(?<=[.!?])\s+(?=[\p{Lu}`"(])/u;
const mostSentences = 3;

/** Takes a model's sentences over, without those that name what the facts do not have. */
export const withProse = (explained: Explained, answer: unknown): { explained: Explained; dropped: string[] } => {
  const said = (answer as { areas?: readonly { area: string; text: string }[] } | undefined)?.areas ?? [];
  const facts = factsText(explained, Infinity);
  const dropped: string[] = [];
  const kept = new Map<string, string>();
  for (const { area, text } of said) {
    const parts = text.trim().split(sentences);
    const proven = parts.filter((part) => {
      const isProven = part !== '' && unknownNames(part, facts).length === 0;
      if (!isProven && part !== '') dropped.push(part);
      return isProven;
    });
    if (proven.length > 0) kept.set(area.trim(), proven.slice(0, mostSentences).join(' '));
  }
  return {
    dropped,
    explained: {
      ...explained,
      areas: explained.areas.map((area) => {
        const prose = kept.get(area.name);
        return prose === undefined ? area : { ...area, prose };
      }),
    },
  };
};
