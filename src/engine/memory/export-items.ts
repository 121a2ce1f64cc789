import type { MemoryItem, MemoryKind } from '../../core/memory.ts';
import { dateOf, describeSource } from './describe-source.ts';
import { describeScope } from './scope.ts';

/** The first line of an export. */
export interface ExportHeader {
  type: 'llm-copilot-memory';
  version: 1;
  /** Milliseconds since the epoch. */
  exportedAt: number;
}

/** The first line of an export, as JSON. */
export const exportHeader = (exportedAt: number): string =>
  JSON.stringify({ type: 'llm-copilot-memory', version: 1, exportedAt } satisfies ExportHeader);

/** An item as one line of JSON, its properties in a fixed order. */
export const exportLine = (item: MemoryItem): string => {
  const { id, kind, text, scope, sources, confidence, uses, helped, harmed } = item;
  const { createdAt, updatedAt, usedAt, expiresAt, status, contradicts, origin } = item;
  const times = { createdAt, updatedAt, usedAt, expiresAt };
  const rest = { status, contradicts, ...(origin === undefined ? {} : { origin }) };
  return JSON.stringify({ id, kind, text, scope, sources, confidence, uses, helped, harmed, ...times, ...rest });
};

const titles: Readonly<Record<MemoryKind, string>> = {
  fact: 'Facts',
  strategy: 'Strategies',
  episode: 'Episodes',
  skill: 'Skills',
};

const entry = (item: MemoryItem): string => {
  const facts = [
    item.id,
    describeScope(item.scope),
    `${Math.round(item.confidence * 100)} % sure`,
    ...(item.status === 'proposed' ? ['proposed'] : []),
    ...(item.expiresAt === null ? [] : [`expires ${dateOf(item.expiresAt)}`]),
    ...(item.contradicts.length === 0 ? [] : [`contradicts ${item.contradicts.join(', ')}`]),
    ...item.sources.map((source) => `from ${describeSource(source, item.updatedAt)}`),
  ];
  return `- ${item.text.trim().replace(/\n/g, '\n  ')}\n  *${facts.join(' · ')}*`;
};

/** Items as Markdown to be read, by kind. It cannot be imported. */
export const exportMarkdown = (items: readonly MemoryItem[]): string => {
  const parts = (Object.keys(titles) as MemoryKind[]).flatMap((kind) => {
    const own = items.filter((item) => item.kind === kind);
    return own.length === 0 ? [] : [`## ${titles[kind]}\n\n${own.map(entry).join('\n\n')}`];
  });
  return `# Memory\n\n${parts.length === 0 ? 'Nothing is remembered.' : parts.join('\n\n')}\n`;
};
