import { checkNames, type Check, type CheckName } from '../core/evidence.ts';
import { makeChecks, nativeChecks, otherChecks, pythonChecks } from './check-sources/manifests.ts';
import { packageChecks } from './check-sources/package-json.ts';
import type { Source } from './check-sources/source.ts';

const timeoutMs = 600_000;

/**
 * Names of the files at a workspace's root that say how to check it. Of lockfiles and the like only the presence counts: an
 * empty text will do.
 */
export const checkFiles: readonly string[] = [
  'package.json',
  'package-lock.json',
  'npm-shrinkwrap.json',
  'pnpm-lock.yaml',
  'yarn.lock',
  'bun.lock',
  'bun.lockb',
  'deno.json',
  'deno.jsonc',
  'Cargo.toml',
  'clippy.toml',
  '.clippy.toml',
  'go.mod',
  '.golangci.yml',
  '.golangci.yaml',
  '.golangci.toml',
  'pyproject.toml',
  'setup.cfg',
  'tox.ini',
  'pytest.ini',
  'conftest.py',
  'ruff.toml',
  '.ruff.toml',
  '.flake8',
  'uv.lock',
  'poetry.lock',
  'pdm.lock',
  'Pipfile.lock',
  'pom.xml',
  'mvnw',
  'build.gradle',
  'build.gradle.kts',
  'gradlew',
  'composer.json',
  'Gemfile',
  '.rspec',
  'GNUmakefile',
  'makefile',
  'Makefile',
];

// A Makefile often only calls the language's own tool, so it comes last.
const sources: readonly Source[] = [packageChecks, nativeChecks, pythonChecks, otherChecks, makeChecks];

/**
 * Finds the checks of a workspace from the texts of its root files ({@link checkFiles}), one of each name, in the order they run.
 * The notes say what was looked at and why something in it was not taken.
 */
export const detectChecks = (files: ReadonlyMap<string, string>): { checks: Check[]; notes: string[] } => {
  const notes: string[] = [];
  const taken = new Map<CheckName, Check>();
  for (const source of sources) {
    const found = source(files);
    notes.push(...found.notes);
    for (const candidate of found.checks) {
      const before = taken.get(candidate.name);
      if (!before) taken.set(candidate.name, { ...candidate, timeoutMs });
      else
        notes.push(
          `${candidate.source}: \`${candidate.command}\` not taken, ${before.source} has the ${before.name} check.`,
        );
    }
  }
  const checks = checkNames.flatMap((name) => taken.get(name) ?? []);
  const missing = checkNames.filter((name) => !taken.has(name));
  if (files.size === 0)
    notes.push('No file that names checks was found (package.json, pyproject.toml, Cargo.toml, go.mod, Makefile, …).');
  if (missing.length > 0) notes.push(`No ${missing.join(', no ')} check was found.`);
  return { checks, notes };
};

/** Configured checks over detected ones: a command replaces what was found, `false` switches it off. */
export const resolveChecks = (
  configured: Readonly<Partial<Record<CheckName, string | false>>>,
  detected: readonly Check[],
): Check[] =>
  checkNames.flatMap((name): Check[] => {
    const given = configured[name];
    if (given === false) return [];
    if (given !== undefined) return [{ name, command: given, source: `config checks.${name}`, timeoutMs }];
    return detected.filter((check) => check.name === name);
  });
