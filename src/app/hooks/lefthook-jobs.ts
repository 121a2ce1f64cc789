import type { HookName } from '../../engine/hooks/hook-names.ts';
import { writeHook } from '../../host/hooks/hook-file.ts';
import { lefthookPath, runnerPath } from '../../host/hooks/install-record.ts';

const jobsOf = (hooks: readonly HookName[], commonDir: string): string =>
  `# Written by llm-copilot hooks install.\n${hooks
    .map((hook) => {
      const run = `sh '${runnerPath(commonDir).replaceAll("'", `'\\''`)}' ${hook} '' '' {0}`;
      const stdin = hook === 'pre-push' ? '      use_stdin: true\n' : '';
      return `${hook}:\n  jobs:\n    - name: llm-copilot\n      run: ${JSON.stringify(run)}\n${stdin}`;
    })
    .join('')}`;

/** Writes what lefthook is told to run; its local file only names this one. */
export const writeJobs = (hooks: readonly HookName[], commonDir: string): void =>
  writeHook(lefthookPath(commonDir), {
    text: Buffer.from(jobsOf(hooks, commonDir)).toString('latin1'),
    mode: 0o644,
  });
