import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isCopilotError } from '../../base/errors.ts';
import type { WorkflowDefinition } from '../../core/workflow-definition.ts';
import { workflowFrom } from '../../engine/workflows/workflow-from.ts';
import { trustedFolders, trustOf } from '../../host/config/trust.ts';
import type { Env } from '../../host/paths.ts';
import { workflowFolder } from './workflow-folder.ts';

/** A workflow of the project, or what is wrong with its file. */
export type ProjectWorkflow = { name: string } & ({ definition: WorkflowDefinition } | { error: Error });

const maxBytes = 64 * 1024;
const mostWorkflows = 50;

/**
 * The workflows a project brings, `.llm-copilot/workflows/*.md`; none where the folder is not trusted as it is now. Read
 * at each start, so nothing is looked at where there are none.
 */
export const projectWorkflows = (env: Env, cwd: string): ProjectWorkflow[] => {
  try {
    const folder = workflowFolder(cwd);
    if (folder === undefined || !trustedFolders(env).some((entry) => entry.folder === folder)) return [];
    if (trustOf(env, folder) !== 'trusted') return [];
    const place = join(folder, '.llm-copilot', 'workflows');
    return readdirSync(place)
      .filter(
        (file) =>
          /^[a-z][a-z0-9-]{0,39}\.md$/.test(file) &&
          statSync(join(place, file)).isFile() &&
          statSync(join(place, file)).size <= maxBytes,
      )
      .slice(0, mostWorkflows)
      .map((file): ProjectWorkflow => {
        const name = file.slice(0, -3);
        try {
          return { name, definition: workflowFrom(name, readFileSync(join(place, file), 'utf8'), join(place, file)) };
        } catch (error) {
          if (isCopilotError(error)) return { name, error };
          throw error;
        }
      });
  } catch {
    // Whatever is wrong here must not keep any other command from starting; those that use trust say it.
    return [];
  }
};
