import type { Enforcement, Sandbox } from '../../core/sandbox.ts';
import type { Confinement, Launcher, PathRules, ProcessEnv } from './launcher.ts';
import { localLauncher } from './local-launcher.ts';
import { isWithin } from '../../base/within.ts';
import { sandboxError } from './sandbox-error.ts';
import type { UndoStoreOptions } from '../undo/undo-store.ts';
import { workspaceSandbox, type SandboxPlace } from './workspace-sandbox.ts';

/** What configuration, rules and flags ask of the sandbox. */
export interface SandboxSettings extends Omit<Confinement, 'folders'> {
  /** `auto`: docker where an image is configured, else bubblewrap where it works, else local. */
  kind: 'auto' | 'docker' | 'bubblewrap' | 'local';
  image?: string;
  /**
   * What happens when something asked for cannot be enforced: `strict` refuses to start, `moderate` says so, `minimal`
   * says nothing. What the sandbox can do, it does at every level. That commands reach no host but those allowed is
   * always asked for; under `moderate` a sandbox that cannot do it is named only when hosts are listed.
   */
  level: 'strict' | 'moderate' | 'minimal';
  /** Folders added by the user: readable and writable. */
  addedFolders: readonly string[];
  /** The commands' whole environment. */
  env: ProcessEnv;
  /** What snapshots for undo leave out, and how long they are kept. */
  undo?: Omit<UndoStoreOptions, 'root' | 'dataDir' | 'addedFolders'>;
}

/** A sandbox and what the human should know about it before it starts. */
export interface OpenedSandbox {
  sandbox: Sandbox;
  notices: string[];
  /** What is known only once commands ran; grows. */
  laterNotices(): string[];
}

interface Choice {
  make: (confinement: Confinement, scratch: () => string) => Launcher;
  notice?: string;
}

const localHint = 'Use --sandbox local to run commands with your own rights.';

const docker = async (settings: SandboxSettings): Promise<Choice> => {
  const { image } = settings;
  if (image === undefined)
    throw sandboxError(
      'The sandbox "docker" needs an image, and none is configured.',
      'Set sandbox.image; `llm-copilot sandbox image build` makes one.',
    );
  const { dockerLauncher } = await import('./docker-launcher.ts');
  return { make: (confinement) => dockerLauncher(confinement, { image }) };
};

const bubblewrap = async (settings: SandboxSettings): Promise<Choice | { why: string; hint: string }> => {
  const [{ probeBubblewrap }, { bubblewrapLauncher }] = await Promise.all([
    import('./probe-bubblewrap.ts'),
    import('./bubblewrap-launcher.ts'),
  ]);
  const probe = await probeBubblewrap();
  if (!probe.available) return probe;
  const { env } = settings;
  return { make: (confinement, scratch) => bubblewrapLauncher(confinement, { found: probe.found, env, scratch }) };
};

const local = (settings: SandboxSettings): Choice => ({ make: () => localLauncher(settings.limits) });

const choose = async (settings: SandboxSettings): Promise<Choice> => {
  const { kind, image } = settings;
  if (kind === 'docker' || (kind === 'auto' && image !== undefined)) return docker(settings);
  if (kind === 'local') return local(settings);
  const choice = await bubblewrap(settings);
  if ('make' in choice) return choice;
  if (kind === 'bubblewrap')
    throw sandboxError(`The sandbox "bubblewrap" cannot be started: ${choice.why}.`, `${choice.hint} ${localHint}`);
  const notice = `Commands run with your own rights, without a sandbox: ${choice.why}. ${choice.hint}`;
  return { ...local(settings), notice };
};

/** What was asked for and does not hold, in words that end "the sandbox cannot …". */
const unenforced = (settings: SandboxSettings, launcher: Launcher): string[] => {
  const holds: Enforcement = launcher.enforces();
  const { limits, hidden, readOnly, allowedHosts, level, context } = settings;
  const asked: [boolean, boolean, string][] = [
    [hidden !== undefined, holds.fs, 'keep commands from reading what deny rules name'],
    [readOnly !== undefined, holds.fs, 'keep commands from writing what deny rules name'],
    [allowedHosts.length > 0 || level === 'strict', holds.net, 'keep commands from hosts that are not allowed'],
    [limits.memoryBytes !== undefined, holds.memory, 'limit the memory of all processes together'],
    [limits.cpuSeconds !== undefined, holds.cpu, 'limit the CPU time of all processes together'],
    [limits.pids !== undefined, launcher.name === 'docker', 'limit the number of processes for certain'],
    [limits.maxConnections !== undefined, holds.net, 'limit connections'],
    [limits.memoryThreshold !== undefined, holds.memory, 'reclaim memory above a threshold'],
    [context === 'isolated', holds.fs, 'give every command a temporary folder of its own'],
  ];
  return asked.flatMap(([wanted, held, words]) => (wanted && !held ? [words] : []));
};

/** Rules for the workspace, seen from a copy of it: what they name in the one they name in the other. */
const rulesFor = (rules: PathRules, root: string, copy: string): PathRules => ({
  bases: rules.bases.some((base) => isWithin(copy, base)) ? rules.bases : [...rules.bases, copy],
  matches: (path) => rules.matches(isWithin(path, copy) ? root + path.slice(copy.length) : path),
});

/**
 * Chooses and opens the sandbox; nothing runs in it before the first command, and a container starts only then.
 * @throws CopilotError `E_SANDBOX` (exit 7) when a named sandbox cannot start, or, under `strict`, cannot do what was
 * asked for.
 */
export const openSandbox = async (settings: SandboxSettings): Promise<OpenedSandbox> => {
  const { root, dataDir, hidden, readOnly, addedFolders, allowedHosts, limits, context, level, undo } = settings;
  const choice = await choose(settings);
  const launchers: Launcher[] = [];
  const launcherFor = (place: SandboxPlace): Launcher => {
    const own = (rules: PathRules): PathRules => (place.root === root ? rules : rulesFor(rules, root, place.root));
    const confinement: Confinement = {
      root: place.root,
      dataDir: place.dataDir,
      folders: [...place.folders, ...addedFolders.map((path) => ({ path, access: 'write' as const }))],
      ...(hidden && { hidden: own(hidden) }),
      ...(readOnly && { readOnly: own(readOnly) }),
      allowedHosts,
      limits,
      context,
    };
    const launcher = choice.make(confinement, () => place.scratch());
    launchers.push(launcher);
    return launcher;
  };
  const { env } = settings;
  const sandbox = workspaceSandbox({ root, dataDir, env, undo: { ...undo, addedFolders } }, launcherFor);
  const [launcher] = launchers;
  const missing = launcher ? unenforced(settings, launcher) : [];
  const cannot = `The sandbox "${sandbox.name}" cannot ${missing.join(', nor ')}.`;
  if (missing.length > 0 && level === 'strict') {
    await sandbox.close();
    const why = choice.notice === undefined ? '' : ` ${choice.notice}`;
    throw sandboxError(
      `${cannot}${why}`,
      'Use --sandbox docker with an image, ask for less, or set sandbox.isolation.level to moderate.',
    );
  }
  const notices = [...(choice.notice === undefined ? [] : [choice.notice]), ...(missing.length > 0 ? [cannot] : [])];
  return {
    sandbox,
    notices: level === 'minimal' ? [] : notices,
    laterNotices: () => [...new Set(launchers.flatMap((one) => [...(one.notices?.() ?? [])]))],
  };
};
