import { dockerCli, dockerMissing, explainDocker, runDocker } from './docker-cli.ts';
import type { ProcessEnv } from './launcher.ts';
import { sandboxError } from './sandbox-error.ts';

/** An image that was built. */
export interface BuiltImage {
  tag: string;
  /** `sha256:…`: names exactly this image, whatever the tag leads to later. */
  id: string;
  /** The base image with its digest, `node@sha256:…`; without one when it was never pulled. */
  base: string;
}

/** How to build an image. */
export interface BuildOptions {
  /** Text of a Dockerfile with `ARG BASE=<image>` and `FROM ${BASE}`. */
  dockerfile: string;
  tag: string;
  env?: ProcessEnv;
  /** What docker says while it works. */
  onOutput: (chunk: string) => void;
}

const askMs = 10_000;

/** True when the engine has an image of this name. @throws CopilotError `E_SANDBOX` when there is no engine. */
export const hasImage = async (image: string, env: ProcessEnv = process.env): Promise<boolean> =>
  (await runDocker(dockerCli(env), ['images', '--quiet', image], askMs)) !== '';

/**
 * Pulls the base image, pins it by the digest it was pulled with, and builds on it. A base that cannot be pulled is taken
 * from this machine when it is there.
 * @throws CopilotError `E_SANDBOX` when there is no base or docker fails; the signal's reason when it is aborted.
 */
export const buildImage = async (options: BuildOptions, signal: AbortSignal): Promise<BuiltImage> => {
  const { dockerfile, tag, onOutput } = options;
  const cli = dockerCli(options.env);
  const base = /^ARG BASE=(\S+)$/m.exec(dockerfile)?.[1] ?? '';
  const { execa } = await import('execa');
  const run = async (args: readonly string[], input = ''): Promise<string | undefined> => {
    const child = execa(cli.program, args, {
      ...{ cwd: '/', env: cli.env, extendEnv: false, input, all: true, reject: false, buffer: { all: true } },
      cancelSignal: signal,
    });
    child.all.on('data', (chunk: Buffer) => onOutput(chunk.toString()));
    const result = await child;
    signal.throwIfAborted();
    if (result.exitCode === undefined) throw dockerMissing(result.cause ?? result);
    return result.exitCode === 0 ? undefined : result.all;
  };
  const digestsOf = async (): Promise<string[]> =>
    JSON.parse(
      await runDocker(cli, ['image', 'inspect', '--format', '{{json .RepoDigests}}', base], askMs),
    ) as string[];

  const refused = await run(['pull', base]);
  const [pinned = base] = await digestsOf().catch(() => {
    throw explainDocker(refused ?? '', base);
  });
  const failed = await run(['build', '--tag', tag, '--build-arg', `BASE=${pinned}`, '-'], dockerfile);
  if (failed !== undefined) throw sandboxError(`The image ${tag} could not be built.`, 'See what docker said above.');
  const id = await runDocker(cli, ['image', 'inspect', '--format', '{{.Id}}', tag], askMs);
  return { tag, id, base: pinned };
};
