import { readFile } from 'node:fs/promises';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../core/config.ts';
import type { Check } from '../core/evidence.ts';
import { checkFiles, detectChecks, resolveChecks } from '../engine/checks.ts';

/** The checks of a workspace and what was looked at to find them. */
export interface FoundChecks {
  checks: Check[];
  notes: string[];
}

/** Configured checks over detected ones. */
export const findChecks = async (root: string, config: Config): Promise<FoundChecks> => {
  const present = checkFiles.filter((name) => statSync(join(root, name), { throwIfNoEntry: false })?.isFile());
  const files = new Map(
    await Promise.all(present.map(async (name) => [name, await readFile(join(root, name), 'utf8')] as const)),
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
