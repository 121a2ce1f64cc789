import type { IndexProgress } from '../core/code-index.ts';
import type { Io } from './io.ts';

const everyMs = 200;
/** What takes less is not spoken of. */
const quietMs = 1000;

/** One line on a terminal's standard error that says how far indexing is, and goes away. */
export const indexingProgress = (io: Io): { show: (progress: IndexProgress) => void; end: () => void } => {
  const startedAt = performance.now();
  let shownAt = 0;
  return {
    show: ({ stage, done, total }) => {
      const now = performance.now();
      if (!io.stderr.isTTY || now - startedAt < quietMs || now - shownAt < everyMs) return;
      shownAt = now;
      io.stderr.write(`\r\u001b[Kindexing: ${stage} ${done}${total > 0 ? ` of ${total}` : ''}`);
    },
    end: () => {
      if (shownAt > 0) io.stderr.write('\r\u001b[K');
    },
  };
};
