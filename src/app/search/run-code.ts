import type { CodeSearcher } from '../../core/code-index.ts';
import type { CodePlace, OpenCode } from './open-code.ts';

/** The code index of a run. Nothing is loaded or opened before its first question. */
export const runCode = (
  place: CodePlace,
): { code: CodeSearcher; notices: () => string[]; close: () => Promise<void> } => {
  let opening: Promise<OpenCode> | undefined;
  let opened: OpenCode | undefined;
  const open = (): Promise<OpenCode> =>
    (opening ??= import('./open-code.ts').then(async ({ openCode }) => (opened = await openCode(place))));
  return {
    code: {
      search: async (wanted, signal) => (await open()).search(wanted, signal),
      map: async (options, signal) => (await open()).map(options, signal),
    },
    notices: () => opened?.notices() ?? [],
    close: async () => {
      await opening?.catch(() => undefined);
      await opened?.close();
    },
  };
};
