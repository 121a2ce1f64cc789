import { isCopilotError } from '../../base/errors.ts';
import type { StoredItem } from '../../host/memory/item-row.ts';
import type { MemoryParts } from './memory-parts.ts';

/** What was found of a memory. */
export interface VerifyReport {
  path: string;
  /** False when something cannot be read: then {@link VerifyReport.problems} says what, and what to do. */
  ok: boolean;
  problems: string[];
  items: number;
  /** Numbers of rows that are not as they were written; they are left alone. */
  unreadable: number[];
  /** Items that could not be found by their words; they can again. */
  wordsMended: boolean;
  /** Items that had no vector, and how many have still none. */
  vectorsMade: number;
  vectorsMissing: number;
  expired: StoredItem[];
  /** Items of this repository whose cited lines changed or went. */
  stale: StoredItem[];
  /** Items with files in other repositories: they are looked at there. */
  elsewhere: number;
}

const advice = (path: string): string =>
  `What can be read is written by: llm-copilot memory export > memory.jsonl – then move ${path} (and its -wal and -shm) away and import that file.`;

/** The report of a memory that cannot even be opened. */
export const unopenable = (path: string, error: unknown): VerifyReport => {
  if (!isCopilotError(error)) throw error;
  return {
    path,
    ok: false,
    problems: [
      error.message,
      `The file is ${path}; it is left as it is. To begin anew, move it (and its -wal and -shm) away.`,
    ],
    items: 0,
    unreadable: [],
    wordsMended: false,
    vectorsMade: 0,
    vectorsMissing: 0,
    expired: [],
    stale: [],
    elsewhere: 0,
  };
};

/** Looks at everything remembered, and mends what can be made again from the items: words and vectors. Items it never changes. */
export const verifyMemory = async (parts: MemoryParts, signal: AbortSignal): Promise<VerifyReport> => {
  const { bank, space, states, place, now } = parts;
  const integrity = bank.integrity();
  const { items, unreadable } = bank.reading(() => bank.items.salvage());
  const problems = integrity.map((line) => `SQLite finds: ${line}`);
  if (unreadable.length > 0)
    problems.push(
      `${unreadable.length} ${unreadable.length === 1 ? 'item' : 'items'} cannot be read (row ${unreadable.slice(0, 10).join(', ')}); the others are not touched by it.`,
    );
  let [wordsMended, vectorsMade, vectorsMissing] = [false, 0, 0];
  try {
    if (bank.reading(() => bank.words.count()) !== items.length + unreadable.length && integrity.length === 0) {
      bank.change(() => {
        bank.words.rebuild();
      });
      wordsMended = true;
    }
    if (space.missing() > 0) vectorsMade = await space.fill(signal);
    vectorsMissing = space.missing();
  } catch (error) {
    signal.throwIfAborted();
    problems.push(error instanceof Error ? error.message : String(error));
  }
  if (integrity.length > 0 || unreadable.length > 0) problems.push(advice(bank.path));
  const cites = items.filter(({ sources }) => sources.some(({ type }) => type === 'file'));
  const isHere = ({ scope }: StoredItem): boolean => scope.type !== 'user' && scope.repo === place.repo;
  return {
    path: bank.path,
    ok: problems.length === 0,
    problems,
    items: items.length,
    unreadable,
    wordsMended,
    vectorsMade,
    vectorsMissing,
    expired: items.filter(({ expiresAt }) => expiresAt !== null && expiresAt <= now()),
    stale: cites
      .filter(isHere)
      .map((item) => states.settle(item).item)
      .filter(({ staleSince }) => staleSince !== null),
    elsewhere: cites.filter((item) => !isHere(item)).length,
  };
};
