import type { CheckName } from '../../core/evidence.ts';
import { runsOnce, unfit } from './scripts.ts';
import type { Candidate, Source } from './source.ts';

type Scripts = ReadonlyMap<string, string>;
type PackageManager = 'npm' | 'pnpm' | 'yarn' | 'bun';

// First of them that is fit.
const scriptNames: Readonly<Record<CheckName, readonly string[]>> = {
  lint: ['lint', 'lint:check', 'lint:ci', 'eslint'],
  build: ['build', 'compile', 'typecheck', 'type-check', 'check-types', 'check:types', 'types', 'tsc'],
  test: ['test', 'test:run', 'test:ci', 'test:once', 'test:unit'],
};

/** Scripts of package.json, tasks of deno.json. */
export const packageChecks: Source = (files) => {
  const notes: string[] = [];
  const checks: Candidate[] = [];
  const text = files.get('package.json');
  if (text !== undefined) {
    const manifest = objectIn(text);
    if (!manifest) notes.push('package.json: not taken, it is not a JSON object.');
    else {
      const manager = managerOf(manifest, files, notes);
      checks.push(
        ...scriptChecks(textsOf(manifest.scripts), 'package.json scripts', (name) => commandOf(manager, name), notes),
      );
      if (checks.length === 0 && manifest.workspaces !== undefined)
        notes.push('package.json: it has workspaces, but no scripts for all of them at the root.');
    }
  }
  for (const name of ['deno.json', 'deno.jsonc']) {
    const deno = files.get(name);
    if (deno === undefined) continue;
    const manifest = objectIn(withoutComments(deno));
    if (manifest)
      checks.push(...scriptChecks(textsOf(manifest.tasks), `${name} tasks`, (task) => `deno task ${task}`, notes));
    else notes.push(`${name}: not taken, it is not a JSON object.`);
  }
  return { checks, notes };
};

const scriptChecks = (
  scripts: Scripts,
  source: string,
  command: (name: string) => string,
  notes: string[],
): Candidate[] =>
  (['lint', 'build', 'test'] as const).flatMap((check): Candidate[] => {
    for (const name of scriptNames[check]) {
      const script = scripts.get(name);
      if (script === undefined) continue;
      const whole = expand(script, scripts);
      const why = unfit(whole);
      if (why) {
        notes.push(`${source}.${name}: not taken, \`${script}\` ${why}.`);
        continue;
      }
      const once = runsOnce(whole);
      if (once) notes.push(`${source}.${name}: ${once}.`);
      if (name !== check) notes.push(`${source}.${name}: taken as the ${check} check.`);
      return [{ name: check, command: command(name), source: `${source}.${name}` }];
    }
    return [];
  });

// A script may call another one: what that does counts too.
const expand = (script: string, scripts: Scripts, depth = 0): string =>
  depth > 4
    ? script
    : script.replace(/\b(?:npm|pnpm|yarn|bun|deno)\s+(?:(?:run|task)\s+)?([\w:.-]+)/g, (whole, name: string) => {
        const called = scripts.get(name);
        return called === undefined || called === script ? whole : expand(called, scripts, depth + 1);
      });

const locks: readonly [string, PackageManager][] = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['package-lock.json', 'npm'],
  ['npm-shrinkwrap.json', 'npm'],
];

const managerOf = (
  manifest: Readonly<Record<string, unknown>>,
  files: ReadonlyMap<string, string>,
  notes: string[],
): PackageManager => {
  const field = manifest.packageManager;
  const named = typeof field === 'string' ? field.split('@')[0] : undefined;
  const known = (['npm', 'pnpm', 'yarn', 'bun'] as const).find((one) => one === named);
  if (known) return known;
  if (named !== undefined) notes.push(`package.json packageManager: ${named} is not known here.`);
  const present = locks.filter(([file]) => files.has(file));
  const [first] = present;
  if (!first) {
    notes.push('package.json: no lockfile and no packageManager, so npm is used.');
    return 'npm';
  }
  if (new Set(present.map(([, manager]) => manager)).size > 1)
    notes.push(
      `Lockfiles of several package managers (${present.map(([file]) => file).join(', ')}): ${first[1]} is used.`,
    );
  return first[1];
};

// `bun test` would start Bun's own runner instead of the script.
const commandOf = (manager: PackageManager, script: string): string =>
  script === 'test' && manager !== 'bun' ? `${manager} test` : `${manager} run ${script}`;

const objectIn = (json: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(json.replace(/^\ufeff/, ''));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
};

// Scripts are texts; a Deno task may be an object with a command.
const textsOf = (value: unknown): Scripts => {
  const texts = new Map<string, string>();
  if (typeof value !== 'object' || value === null) return texts;
  for (const [name, entry] of Object.entries(value as Record<string, unknown>)) {
    if (typeof entry === 'string') texts.set(name, entry);
    else if (typeof entry === 'object' && entry !== null && 'command' in entry && typeof entry.command === 'string')
      texts.set(name, entry.command);
  }
  return texts;
};

// JSON with comments and trailing commas; strings are passed over whole.
const withoutComments = (text: string): string =>
  text
    .replace(/("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (_, string?: string) => string ?? '')
    .replace(/("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/g, (_, string?: string) => string ?? '');
