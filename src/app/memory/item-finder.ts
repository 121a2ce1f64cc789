import { usageError } from '../../base/errors.ts';
import type { StoredItem } from '../../host/memory/item-row.ts';
import type { MemoryBank } from '../../host/memory/memory-bank.ts';

const shownMatches = 10;

/** Finds items by id or its unique beginning, with or without `m_`. @throws CopilotError exit 2 when none or several have it */
export const itemFinder =
  (bank: MemoryBank) =>
  (id: string): StoredItem => {
    const written = id.trim().toLowerCase();
    const prefix = written.startsWith('m_') ? written : `m_${written}`;
    const exact = bank.reading(() => bank.items.byId(prefix));
    if (exact) return exact;
    const found = /^m_[0-9a-z]+$/.test(prefix) ? bank.reading(() => bank.items.byPrefix(prefix, shownMatches + 1)) : [];
    const [only] = found;
    if (!only) throw usageError(`Nothing is remembered under ${id}.`, 'llm-copilot memory list --all shows what is.');
    if (found.length > 1) {
      const names = found.slice(0, shownMatches).map((item) => item.id);
      throw usageError(
        `${id} could be ${names.join(', ')}${found.length > shownMatches ? ' or others' : ''}.`,
        'Write more of it.',
      );
    }
    return only;
  };
