import { existsSync, lstatSync, readFileSync, realpathSync } from 'node:fs';
import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { configError, messageOf } from '../base/errors.ts';
import { isWithin } from '../base/within.ts';
import type { Config } from '../core/config.ts';
import { agentsText, unnamedCommands } from '../engine/init/agents-file.ts';
import { differences } from '../engine/init/differences.ts';
import { proposedRules } from '../engine/init/proposed-rules.ts';
import { redactor } from '../base/redact/redactor.ts';
import { probeDocker } from '../host/sandbox/docker-cli.ts';
import { hasImage } from '../host/sandbox/docker-image.ts';
import type { Env } from '../host/paths.ts';
import { projectInstructions } from '../host/surroundings.ts';
import { readTemplates } from '../host/templates.ts';
import { findChecks } from './checks.ts';
import { projectFacts } from './init-facts.ts';
import { projectFolder, settingsPaths } from './settings.ts';

/** What `init` would write for a folder. */
export interface Proposal {
  /** The project's folder. */
  folder: string;
  /** Its configuration file. */
  path: string;
  /** It is there already: nothing is ever written over it. */
  exists: boolean;
  config: Config;
  /** The same as YAML. */
  text: string;
  /** What is written there otherwise than it would be proposed now, one line each. */
  differs: string[];
  /** What tells agents about the project. */
  agents: ProposedAgents;
  /** Why it is so and what is left to do, one line each. */
  notes: string[];
}

/** The AGENTS.md that would be written. */
export interface ProposedAgents {
  path: string;
  /** Instructions are there, in it or in another file: nothing is written. */
  exists: boolean;
  text: string;
  differs: string[];
}

/** True for a link that leads nowhere too: it is somebody's. */
const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** A file that tells the toolchain, and the image for it. */
const toolchains: readonly (readonly [file: string, image: string])[] = [
  ['package.json', 'node'],
  ['pyproject.toml', 'python'],
  ['requirements.txt', 'python'],
  ['go.mod', 'go'],
  ['Cargo.toml', 'rust'],
];
const devcontainers = ['.devcontainer/devcontainer.json', '.devcontainer.json'];

/** The image a devcontainer names; its file is JSON with comments, which YAML reads once the comments are gone. */
const devcontainerImage = async (root: string): Promise<{ image: string; file: string } | undefined> => {
  for (const file of devcontainers) {
    const path = join(root, file);
    if (!existsSync(path)) continue;
    const text = readFileSync(path, 'utf8').replace(/("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, '$1');
    const { parse } = await import('../host/yaml.ts');
    const found: unknown = ((): unknown => {
      try {
        return parse(text);
      } catch {
        return undefined;
      }
    })();
    if (typeof found === 'object' && found !== null && 'image' in found && typeof found.image === 'string')
      return { image: found.image, file };
  }
  return undefined;
};

const chooseSandbox = async (
  env: Env,
  root: string,
): Promise<{ sandbox: NonNullable<Config['sandbox']>; notes: string[] }> => {
  const probe = await probeDocker(env);
  if (!probe.available)
    return {
      sandbox: { kind: 'auto' },
      notes: [`Docker is not used: ${probe.why ?? 'no engine answers.'} Commands run in bubblewrap where it works.`],
    };
  const named = await devcontainerImage(root);
  const toolchain = toolchains.find(([file]) => existsSync(join(root, file)));
  const image = named?.image ?? (toolchain && `llm-copilot/${toolchain[1]}`);
  if (image === undefined)
    return { sandbox: { kind: 'auto' }, notes: ['No toolchain was recognised, so no container image is proposed.'] };
  const notes = [`Image ${image}: because of ${named?.file ?? toolchain?.[0] ?? ''}.`];
  if (!(await hasImage(image, env)))
    notes.push(
      named || !toolchain
        ? `The image is not on this machine yet: docker pull ${image}`
        : `The image is not on this machine yet: llm-copilot sandbox image build ${toolchain[1]}`,
    );
  return { sandbox: { kind: 'docker', image }, notes };
};

/** What a configuration that is there says otherwise; one that cannot be read is told as such. */
const configDiffers = async (path: string, config: Config): Promise<string[]> => {
  const { parse } = await import('../host/yaml.ts');
  try {
    return differences(parse(readFileSync(path, 'utf8')) as unknown, config);
  } catch (error) {
    return [`it cannot be read: ${messageOf(error).split('\n', 1)[0] ?? ''}`];
  }
};

const proposeAgents = async (
  folder: string,
  facts: Awaited<ReturnType<typeof projectFacts>>['facts'],
): Promise<ProposedAgents> => {
  const text = redactor([])(agentsText(readTemplates('init', '.md').get('agents') ?? '', facts));
  const there = await projectInstructions(folder);
  if (!there) return { path: join(folder, 'AGENTS.md'), exists: isThere(join(folder, 'AGENTS.md')), text, differs: [] };
  const missing = unnamedCommands(there.text, facts);
  return {
    ...{ path: there.path, exists: true, text },
    differs: missing.map((command) => `it does not name the command ${command}`),
  };
};

/** Looks at a folder and says what its configuration could be; nothing is written. @throws CopilotError exit 3 */
export const propose = async (env: Env, cwd: string): Promise<Proposal> => {
  const root = realpathSync(cwd);
  const [{ sandbox, notes }, found, { stringify }] = await Promise.all([
    chooseSandbox(env, root),
    findChecks(root, {}),
    import('../host/yaml.ts'),
  ]);
  const { facts, present } = await projectFacts(env, root, found.checks);
  const rules = proposedRules(facts, present).map(({ deny, reason }) => ({ deny, reason }));
  const checks = Object.fromEntries(found.checks.map(({ name, command }) => [name, command]));
  const config: Config = {
    sandbox,
    ...(found.checks.length > 0 && { checks }),
    ...(rules.length > 0 && { permissions: { rules } }),
  };
  const { project: path } = settingsPaths(env, root);
  const folder = projectFolder(env, root);
  const exists = isThere(path);
  const [agents, differs] = await Promise.all([
    proposeAgents(folder, facts),
    exists ? configDiffers(path, config) : Promise.resolve([]),
  ]);
  return { folder, path, exists, config, text: stringify(config), differs, agents, notes: [...notes, ...found.notes] };
};

/** Writes a file below `root` that is not there yet. @throws CopilotError exit 3 when it is there meanwhile, or cannot be written */
export const writeProposed = async ({
  root,
  path,
  text,
}: {
  root: string;
  path: string;
  text: string;
}): Promise<void> => {
  try {
    await mkdir(dirname(path), { recursive: true });
    if (!isWithin(await realpath(dirname(path)), await realpath(root)))
      throw new Error('a link leads out of the project');
    await writeFile(path, text, { flag: 'wx' });
  } catch (error) {
    throw configError(`${path} cannot be written: ${messageOf(error)}`, undefined, error);
  }
};
