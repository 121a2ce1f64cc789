import type { Command } from 'commander';
import { usageError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import type { OpenMemory } from '../../app/memory/open-memory.ts';
import type { MemoryView } from './memory-view.ts';

interface Flags {
  all?: boolean;
}

const chosen = (open: OpenMemory, ids: readonly string[], { all }: Flags): readonly string[] => {
  if (all === true && ids.length > 0) throw usageError('Give ids or --all, not both.');
  if (all === true) return open.inbox().map(({ id }) => id);
  if (ids.length === 0) throw usageError('Say which: ids, or --all.', 'llm-copilot memory inbox lists them.');
  return ids;
};

/** `llm-copilot memory inbox [accept|reject]`. */
export const memoryInbox = (memory: Command, { use, print, tell, showAll }: MemoryView): void => {
  const inbox = memory.command('inbox').description('what agents want remembered, and your yes or no');
  inbox
    .command('list', { isDefault: true })
    .description('what waits, oldest first')
    .option('--all', 'of all repositories')
    .option('--json', 'as JSON')
    .action((flags: { all?: boolean; json?: boolean }) =>
      use((open) => {
        showAll(open.inbox({ everywhere: flags.all }), flags.json);
      }),
    );
  inbox
    .command('accept [id...]')
    .description('from now on they are recalled')
    .option('--all', 'everything that waits here')
    .action((ids: string[], flags: Flags) =>
      use((open) => {
        for (const { id, text, staleWhy } of open.accept(chosen(open, ids, flags))) {
          print(`accepted ${id}: ${printable(text.split('\n', 1)[0] ?? '')}`);
          if (staleWhy !== null)
            tell([
              `${id} is not recalled: ${staleWhy} (if it still holds: llm-copilot memory edit ${id} --still-holds)`,
            ]);
        }
      }),
    );
  inbox
    .command('reject [id...]')
    .description('delete them; who proposes the same again is told so')
    .option('--all', 'everything that waits here')
    .action((ids: string[], flags: Flags) =>
      use((open) => {
        for (const { id } of open.reject(chosen(open, ids, flags))) print(`rejected ${id}`);
      }),
    );
};
