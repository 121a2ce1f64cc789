import { defaults, type Config } from '../../core/config.ts';

const megabyte = 1024 ** 2;

/** What the configuration says of the undo store, the usual where it says nothing. */
export const undoSettings = (
  config: Config = {},
): { exclude: readonly string[]; maxFileBytes: number; keep: { days: number; bytes: number } } => {
  const { exclude, maxFileMB, keepDays, maxSizeMB } = config.undo ?? {};
  const usual = defaults.undo;
  return {
    exclude: exclude ?? usual.exclude,
    maxFileBytes: Math.round((maxFileMB ?? usual.maxFileMB) * megabyte),
    keep: { days: keepDays ?? usual.keepDays, bytes: Math.round((maxSizeMB ?? usual.maxSizeMB) * megabyte) },
  };
};
