import { messageOf, type CopilotError } from '../../base/errors.ts';
import type { ProcessEnv } from './launcher.ts';
import { sandboxError } from './sandbox-error.ts';

/** Which docker command is called, and with what environment. */
export interface DockerCli {
  program: string;
  env: ProcessEnv;
}

/** The docker command's own settings: nothing else of our environment reaches it, or what runs inside. */
const ownNames = /^(?:PATH|HOME|USER|XDG_RUNTIME_DIR|XDG_CONFIG_HOME|SSH_AUTH_SOCK|DOCKER_.+)$/;

/** The docker command with what it needs of an environment: `DOCKER_HOST`, its configuration, its programs. */
export const dockerCli = (env: ProcessEnv = process.env, program = 'docker'): DockerCli => ({
  program,
  env: Object.fromEntries(Object.entries(env).filter(([name]) => ownNames.test(name))),
});

const without = 'Without Docker: --sandbox bubblewrap, or --sandbox local, which enforces nothing.';

/** What docker's last words mean for a human. */
export const explainDocker = (words: string, image?: string): CopilotError => {
  const said = words.trim();
  const lines = said.split('\n').filter((line) => line !== '' && !/^(?:Run|See) 'docker/.test(line));
  const last = lines.at(-1)?.replace(/^(?:docker: )?(?:Error response from daemon: )?/, '') ?? '';
  if (/permission denied while trying to connect|connect: permission denied/.test(said))
    return sandboxError('Docker may not be used by this account.', `Join the group "docker". ${without}`);
  if (/Cannot connect to the Docker daemon|error during connect|failed to connect|no such host|dial unix/.test(said))
    return sandboxError('The Docker engine does not run.', `Start it. ${without}`);
  if (/No such image|Unable to find image|pull access denied|manifest unknown/.test(said)) {
    const name = image ?? 'the image';
    const own = /^llm-copilot\/(\w+)/.exec(name)?.[1];
    const how =
      own === undefined
        ? `docker pull ${name}, or llm-copilot sandbox image build node`
        : `llm-copilot sandbox image build ${own}`;
    return sandboxError(`Docker has no image ${name}.`, `Get it: ${how}`);
  }
  if (/"\/bin\/sh": (?:stat|exec)|\/bin\/sh: no such file/.test(said))
    return sandboxError(`${image ?? 'The image'} has no /bin/sh.`, 'Use an image with a shell.');
  if (said.includes('bind source path does not exist'))
    return sandboxError(`Docker does not see this machine's files: ${last}`, 'Use an engine on this machine.');
  return sandboxError(`Docker failed: ${last === '' ? 'it said nothing' : last}`, without);
};

/** The error of a docker command that could not even be started. */
export const dockerMissing = (error: unknown): CopilotError =>
  (error as NodeJS.ErrnoException).code === 'ENOENT'
    ? sandboxError('The docker command was not found.', `Install Docker. ${without}`, error)
    : sandboxError(`The docker command cannot be started: ${messageOf(error)}`, without, error);

/** The error of an engine that did not answer in time. */
export const dockerSilent = (waitedMs: number): CopilotError =>
  sandboxError(
    `Docker did not answer within ${Math.round(waitedMs / 1000)} seconds.`,
    `Restart the engine. ${without}`,
  );

/**
 * Runs a docker command to its end and gives its standard output. For rare calls: execa loads when first used.
 * @throws CopilotError `E_SANDBOX`, also when it takes longer than `timeoutMs`.
 */
export const runDocker = async (cli: DockerCli, args: readonly string[], timeoutMs: number): Promise<string> => {
  const { execa } = await import('execa');
  const result = await execa(cli.program, args, {
    cwd: '/',
    env: cli.env,
    extendEnv: false,
    stdin: 'ignore',
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    reject: false,
  });
  if (result.timedOut) throw dockerSilent(timeoutMs);
  if (result.exitCode === 0) return result.stdout;
  if (result.exitCode === undefined) throw dockerMissing(result.cause ?? result);
  throw explainDocker(result.stderr);
};

const probeMs = 3000;

/** Whether an engine answers, within three seconds; `why` says what is wrong when none does. Never throws. */
export const probeDocker = async (env: ProcessEnv = process.env): Promise<{ available: boolean; why?: string }> => {
  try {
    await runDocker(dockerCli(env), ['version', '--format', '{{.Server.Version}}'], probeMs);
    return { available: true };
  } catch (error) {
    return { available: false, why: messageOf(error) };
  }
};
