import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from '../core/capabilities.ts';
import { packageDir } from './templates.ts';

/** What is known of one provider's models. */
export interface ModelTable {
  /** Where it was read, and when (`YYYY-MM-DD`). */
  source: string;
  readAt: string;
  /** Holds for every model of the table. */
  defaults?: Manifest;
  /** Holds for models that are not in the table. */
  unknown?: Manifest;
  /** By the id the provider knows. */
  models: Record<string, Manifest>;
}

/** The shipped table of a provider; undefined when there is none. */
export const shippedTable = (name: string): ModelTable | undefined => {
  const file = join(packageDir(), 'templates', 'models', `${name}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ModelTable) : undefined;
};
