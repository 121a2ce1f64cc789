import type { MemorySource } from '../../core/memory.ts';

/** A date as `2026-11-20`, in UTC. */
export const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** A source in a few words. @param at when it was said, ms since the epoch. */
export const describeSource = (source: MemorySource, at: number): string => {
  switch (source.type) {
    case 'user':
      return `you, ${dateOf(at)}`;
    case 'session':
      return `session ${source.session.slice(0, 8)}, event ${source.seq}`;
    case 'commit':
      return `commit ${source.commit.slice(0, 10)}`;
    case 'file':
      return source.startLine === source.endLine
        ? `${source.path}:${source.startLine}`
        : `${source.path}:${source.startLine}-${source.endLine}`;
  }
};
