import { existsSync } from 'node:fs';
import { scanSecrets } from '../../base/redact/scanner.ts';
import type { Config } from '../../core/config.ts';
import type { ReviewFile, ReviewInput } from '../../engine/review/rule.ts';
import type { CommandPlace } from '../search/place.ts';

/** Repositories of so many files are indexed on the way; larger ones only when somebody did already. */
const smallRepository = 500;
const mostNames = 6;
const perName = 3;
const waitMs = 3000;

/** Names of definitions that changed and that others may use, those with most changed lines first. */
export const changedDefinitions = (files: readonly ReviewFile[]): { name: string; path: string }[] => {
  const found = new Map<string, { name: string; path: string; lines: number }>();
  for (const { path, place, afterParsed, diff } of files) {
    if (place !== 'code' || !afterParsed) continue;
    const defined = new Set(afterParsed.definitions.map(({ name }) => name));
    for (const { symbol, startLine, endLine } of afterParsed.chunks) {
      const name = symbol?.split('.').at(-1) ?? '';
      if (!/^[\w$]{4,}$/.test(name) || !defined.has(name)) continue;
      let lines = 0;
      for (const hunk of diff.hunks)
        for (const { kind, newLine = 0 } of hunk.lines)
          if (kind === 'added' && newLine >= startLine && newLine <= endLine) lines += 1;
      // What is new as a whole has no callers that could break.
      if (lines > 0 && lines <= endLine - startLine) found.set(`${path} ${name}`, { name, path, lines });
    }
  }
  return [...found.values()].sort((a, b) => b.lines - a.lines).slice(0, mostNames);
};

/**
 * Lines elsewhere that use what changed, each `path:line: code`, as the code index finds them. None where there is no
 * index, it would send text away, or it takes too long.
 */
export const callersOf = async (
  input: ReviewInput,
  place: CommandPlace,
  settings: Config,
  signal: AbortSignal,
): Promise<string[]> => {
  const names = changedDefinitions(input.files);
  if (names.length === 0 || (settings.embedding?.model ?? 'local') !== 'local') return [];
  const { codeStorePath, openCode } = await import('../search/open-code.ts');
  if (!existsSync(codeStorePath(place.env, place.cwd)) && input.paths.size > smallRepository) return [];
  const changed = new Set(input.files.map(({ path }) => path));
  const lines: string[] = [];
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(waitMs)]);
  let code: Awaited<ReturnType<typeof openCode>> | undefined;
  try {
    const { codePlace } = await import('../search/place.ts');
    code = await openCode(await codePlace(place));
    for (const { name, path } of names) {
      const isUse = new RegExp(`(?<![\\w$])${name.replaceAll('$', '\\$')}(?![\\w$])`);
      let count = 0;
      for (const found of await code.search({ query: name, limit: 12, kinds: ['code'] }, bounded)) {
        if (count === perName || found.path === path || changed.has(found.path)) continue;
        const rows = found.text.split('\n');
        const at = rows.findIndex((row) => isUse.test(row) && !/^\s*(?:import|from|use|#include|export \{)/.test(row));
        const row = rows[at]?.trim() ?? '';
        if (row === '' || scanSecrets(row).length > 0) continue;
        lines.push(`${found.path}:${found.startLine + at}: ${row.slice(0, 160)}`);
        count += 1;
      }
    }
  } catch {
    // Without callers a review is less, not wrong.
    signal.throwIfAborted();
  } finally {
    await code?.close();
  }
  return lines;
};
