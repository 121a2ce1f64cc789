import { defaults, type Config } from '../core/config.ts';
import type { UndoStoreOptions } from '../host/undo-store.ts';

const megabyte = 1024 ** 2;

/** What the configuration says of the undo store. */
export const undoSettings = (config: Config): Required<Pick<UndoStoreOptions, 'exclude' | 'maxFileBytes' | 'keep'>> => {
  const { exclude, maxFileMB, keepDays, maxSizeMB } = config.undo ?? {};
  const usual = defaults.undo;
  return {
    exclude: exclude ?? usual.exclude,
    maxFileBytes: Math.round((maxFileMB ?? usual.maxFileMB) * megabyte),
    keep: { days: keepDays ?? usual.keepDays, bytes: Math.round((maxSizeMB ?? usual.maxSizeMB) * megabyte) },
  };
};
