import { readFile } from 'node:fs/promises';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { configError, messageOf } from '../base/errors.ts';
import type { Config } from '../core/config.ts';
import type { Check } from '../core/evidence.ts';
import { checkFiles, detectChecks, resolveChecks } from '../engine/checks.ts';

/** The checks of a workspace and what was looked at to find them. */
export interface FoundChecks {
  checks: Check[];
  notes: string[];
}

const textOf = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: unknown) => {
    throw configError(`${path} cannot be read: ${messageOf(error)}`, undefined, error);
  });

/** Configured checks over detected ones. @throws CopilotError exit 3 when a file that names them cannot be read. */
export const findChecks = async (root: string, config: Config): Promise<FoundChecks> => {
  const present = checkFiles.filter((name) => statSync(join(root, name), { throwIfNoEntry: false })?.isFile());
  const files = new Map(
    await Promise.all(present.map(async (name) => [name, await textOf(join(root, name))] as const)),
  );
  const detected = detectChecks(files);
  const { timeoutSeconds, ...configured } = config.checks ?? {};
  const given = Object.fromEntries(Object.entries(configured).filter(([, value]) => value !== undefined));
  const checks = resolveChecks(given, detected.checks);
  return {
    checks: checks.map((check) => ({ ...check, timeoutMs: (timeoutSeconds ?? 600) * 1000 })),
    notes: detected.notes,
  };
};
