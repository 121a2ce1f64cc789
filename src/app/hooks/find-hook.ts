import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasBlock } from '../../engine/hooks/hook-block.ts';
import { hookNames, type HookName } from '../../engine/hooks/hook-names.ts';
import { readHook, type HookFile } from '../../host/hooks/hook-file.ts';
import { lefthookLocal, managerOf, type HookManager, type HooksPlace } from '../../host/hooks/hooks-place.ts';
import { lefthookPath } from '../../host/hooks/install-record.ts';

/** What other managers append to the name of a hook they put theirs in place of. pre-commit goes on running it. */
export const movedEndings = ['', '.legacy', '.old'] as const;

/** A hook as it is in a repository. */
export interface FoundHook {
  hook: HookName;
  /** Where people would write it. */
  path: string;
  file?: HookFile;
  manager?: HookManager;
  /** It hands over to llm-copilot: by its own lines, by lefthook, or by what pre-commit moved and still runs. */
  by?: 'itself' | 'lefthook' | 'legacy';
}

/** The hooks lefthook is told to hand over to us. */
export const lefthookHooks = (commonDir: string): HookName[] => {
  const path = lefthookPath(commonDir);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return hookNames.filter((name) => text.includes(`\n${name}:\n`));
};

/** Looks at one hook. */
export const findHook = (place: HooksPlace, hook: HookName): FoundHook => {
  const path = join(place.written, hook);
  const file = readHook(path);
  const husky = place.written === place.folder ? undefined : 'husky';
  const manager = husky ?? (file && managerOf(file.text));
  const by = (): FoundHook['by'] => {
    if (file && hasBlock(file.text)) return 'itself';
    if (manager === 'pre-commit' && hasBlock(readHook(`${path}.legacy`)?.text ?? '')) return 'legacy';
    const local = manager === 'lefthook' ? lefthookLocal(place.root) : undefined;
    const isTold = local?.isThere === true && hasBlock(readHook(local.path)?.text ?? '');
    return isTold && lefthookHooks(place.commonDir).includes(hook) ? 'lefthook' : undefined;
  };
  const known = by();
  return { hook, path, ...(file && { file }), ...(manager && { manager }), ...(known && { by: known }) };
};
