import { configError, messageOf } from '../../base/errors.ts';
import type { Diff } from '../../core/diff.ts';
import { baselineFrom, baselinePath, type BaselineEntry } from '../../engine/review/baseline.ts';
import { suppressionsFrom, suppressionsPath, type Suppression } from '../../engine/review/suppressions.ts';
import type { Repository } from '../../host/git/repository.ts';
import { readProjectFile } from '../../host/review/project-file.ts';

/** What a project says about findings. */
export interface ProjectWord {
  baseline: readonly BaselineEntry[];
  suppressions: readonly Suppression[];
  /** What the human should know, one line each. */
  notices: string[];
}

/**
 * Reads the project's own files about reviews. In CI a change does not decide about itself: there they count as they were
 * before it.
 * @throws CopilotError exit 3
 */
export const projectWord = async (
  repository: Repository,
  diff: Diff,
  { isCi }: { isCi: boolean },
  signal: AbortSignal,
): Promise<ProjectWord> => {
  const notices: string[] = [];
  const read = async (path: string): Promise<string | undefined> => {
    const edited = diff.files.find((file) => file.path === path || file.oldPath === path);
    if (!edited) return readProjectFile(repository.root, path);
    notices.push(
      `This change edits ${path}, which decides what is raised${isCi ? '; in CI it counts as it was before' : ''}.`,
    );
    if (!isCi) return readProjectFile(repository.root, path);
    const { oldId } = edited;
    return oldId === undefined ? undefined : (await repository.contents([oldId], undefined, signal)).get(oldId);
  };
  const baseline = await read(baselinePath);
  const source = await read(suppressionsPath);
  let ignored: unknown;
  if (source !== undefined) {
    const { parse } = await import('../../host/yaml.ts');
    try {
      ignored = parse(source);
    } catch (error) {
      const [first = ''] = messageOf(error).split('\n', 1);
      throw configError(`${suppressionsPath} is no YAML: ${first}`, 'Mend it; entries begin with "- rule: …".', error);
    }
  }
  return {
    baseline: baseline === undefined ? [] : baselineFrom(baseline),
    suppressions: suppressionsFrom(ignored),
    notices,
  };
};
