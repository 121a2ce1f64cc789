import { isCopilotError } from '../../base/errors.ts';
import type { CodeSearcher } from '../../core/code-index.ts';
import { ToolError } from '../../core/tool.ts';
import type { CodePlace, OpenCode } from './open-code.ts';

/**
 * The code index of a run. Nothing is loaded or opened before its first question. Where it cannot be used (no key for its
 * embedder, a full disk), the model hears that and goes on without; what the human can do about it is in the notices.
 */
export const runCode = (
  place: CodePlace,
): { code: CodeSearcher; notices: () => string[]; close: () => Promise<void> } => {
  let opening: Promise<OpenCode> | undefined;
  let opened: OpenCode | undefined;
  const told = new Set<string>();
  const open = (): Promise<OpenCode> =>
    (opening ??= import('./open-code.ts').then(async ({ openCode }) => (opened = await openCode(place))));
  const asking = async <T>(signal: AbortSignal, ask: (code: OpenCode) => Promise<T>): Promise<T> => {
    try {
      return await ask(await open());
    } catch (error) {
      if (signal.aborted || !isCopilotError(error)) throw error;
      told.add([`The code could not be searched: ${error.message}`, error.hint ?? ''].join(' ').trim());
      throw new ToolError(`the index cannot be used here (${error.message}); look with grep and list`, {
        cause: error,
      });
    }
  };
  return {
    code: {
      search: (wanted, signal) => asking(signal, (code) => code.search(wanted, signal)),
      map: (options, signal) => asking(signal, (code) => code.map(options, signal)),
    },
    notices: () => [...told, ...(opened?.notices() ?? [])],
    close: async () => {
      await opening?.catch(() => undefined);
      await opened?.close();
    },
  };
};
