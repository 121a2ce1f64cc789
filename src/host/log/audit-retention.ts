import { defaults } from '../../core/config.ts';
import type { LoadedConfig } from '../config/config.ts';

/**
 * How long sessions are kept, by the user's own files and environment. Undefined when a project says it, however
 * trusted: the log is not its own.
 */
export const retentionDaysIn = ({ settings }: LoadedConfig): number | undefined => {
  const setting = settings.find(({ key }) => key === 'audit.retentionDays');
  if (setting === undefined) return defaults.audit.retentionDays;
  return setting.layer !== 'project' && typeof setting.value === 'number' ? setting.value : undefined;
};
