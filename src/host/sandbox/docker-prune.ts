import { runDocker, dockerCli } from './docker-cli.ts';
import { ownerLabel, startOf } from './docker-container.ts';
import type { ProcessEnv } from './launcher.ts';
import { isRunning } from './process.ts';

/** A container of ours whose owner is gone. */
export interface PrunedContainer {
  name: string;
  /** Process id of the llm-copilot that started it. */
  owner: number;
}

const listMs = 10_000;
const removeMs = 20_000;

/** A process id may have been given to another process since; its start tells them apart. */
const isGone = (pid: number, start: string): boolean =>
  !isRunning(pid) || (start !== '' && startOf(pid) !== undefined && startOf(pid) !== start);

/**
 * Removes containers of llm-copilot processes on this machine that are gone. Rarely finds any: a container ends with its
 * owner, unless the engine was stopped or stuck at that moment.
 * @throws CopilotError `E_SANDBOX` when there is no engine.
 */
export const pruneContainers = async (env: ProcessEnv = process.env): Promise<PrunedContainer[]> => {
  const cli = dockerCli(env);
  const format = `{{.Names}}\t{{.Label "${ownerLabel}"}}`;
  const listed = await runDocker(cli, ['ps', '--all', '--filter', `label=${ownerLabel}`, '--format', format], listMs);
  const gone = listed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name = '', label = ''] = line.split('\t');
      const [pid = '', start = ''] = label.split('/');
      return { name, owner: Number(pid), start };
    })
    .filter(({ owner, start }) => Number.isInteger(owner) && owner > 0 && isGone(owner, start));
  if (gone.length > 0) await runDocker(cli, ['rm', '--force', ...gone.map(({ name }) => name)], removeMs);
  return gone.map(({ name, owner }) => ({ name, owner }));
};
