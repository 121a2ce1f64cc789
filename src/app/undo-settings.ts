import { defaults, type Config } from '../core/config.ts';
import type { UndoStoreOptions } from '../host/undo-store.ts';

const megabyte = 1024 ** 2;

/** What the configuration says of the undo store. */
export const undoSettings = (config: Config): Required<Pick<UndoStoreOptions, 'exclude' | 'maxFileBytes' | 'keep'>> => {
  const undo = { ...defaults.undo, ...config.undo };
  return {
    exclude: undo.exclude,
    maxFileBytes: Math.round(undo.maxFileMB * megabyte),
    keep: { days: undo.keepDays, bytes: Math.round(undo.maxSizeMB * megabyte) },
  };
};
