import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The nearest folder with workflows of its own, up to the repository's top. Looked for at each start, so it loads nothing. */
export const workflowFolder = (cwd: string): string | undefined => {
  for (let folder = cwd; ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.llm-copilot', 'workflows'))) return folder;
    if (existsSync(join(folder, '.git')) || dirname(folder) === folder) return undefined;
  }
};
