import { isWithin } from '../base/within.ts';
import type { Decision, Effect } from '../core/policy.ts';
import type { Enforcement } from '../core/sandbox.ts';
import { isTemp, type PatternPlace } from './path-patterns.ts';

/** How much is allowed without asking. */
export const permissionModes = ['plan', 'ask', 'accept-edits', 'auto', 'bypass'] as const;

/** One of {@link permissionModes}. */
export type PermissionMode = (typeof permissionModes)[number];

/** What a mode looks at. */
export interface ModePlace extends PatternPlace {
  mode: PermissionMode;
  /** Absolute real paths that may be read besides the roots. */
  readable: readonly string[];
  enforces?: Enforcement;
}

/** Folders inside the workspace whose files make programs run or rule us: no mode but bypass writes them unasked. */
const guarded = ['.git', '.llm-copilot'];

/** True inside the workspace, but for guarded folders: also those of repositories within, and whatever their case. */
const isEditable = (path: string, roots: readonly string[]): boolean => {
  const root = roots.find((folder) => isWithin(path, folder));
  const names = path.slice(root?.length).toLowerCase().split('/');
  return root !== undefined && !names.some((name) => guarded.includes(name));
};

/** Programs, libraries and facts of the system that every command reads anyway. */
const system = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/opt', '/etc', '/nix/store', '/sys/fs/cgroup'];
const systemFiles = ['/proc/cpuinfo', '/proc/meminfo', '/proc/loadavg', '/proc/version', '/proc/uptime'];
const devices = ['/dev/null', '/dev/zero', '/dev/random', '/dev/urandom', '/dev/full'];
const systemSecrets = ['shadow', 'shadow-', 'gshadow', 'gshadow-', 'sudoers', 'sudoers.d', 'ssl/private', 'ssh'];

/** True for programs, libraries, devices and facts of the system that hold no secret. */
export const isSystem = (path: string): boolean =>
  (system.some((folder) => isWithin(path, folder)) && !systemSecrets.some((name) => isWithin(path, `/etc/${name}`))) ||
  systemFiles.includes(path) ||
  devices.includes(path);

/** What the mode says of an effect no rule is about. */
export const byMode = (effect: Effect, place: ModePlace): Decision['verdict'] => {
  const { mode, roots, readable } = place;
  if (mode === 'bypass') return 'allow';
  switch (effect.kind) {
    case 'read': {
      if ([...roots, ...readable].some((folder) => isWithin(effect.path, folder))) return 'allow';
      if (devices.includes(effect.path)) return 'allow';
      return mode === 'auto' && (isSystem(effect.path) || isTemp(effect.path, place)) ? 'allow' : 'ask';
    }
    case 'write': {
      if (mode === 'plan') return 'deny';
      if (isEditable(effect.path, roots) && mode !== 'ask') return 'allow';
      return mode === 'auto' && isTemp(effect.path, place) && !(effect.recursive && effect.how) ? 'allow' : 'ask';
    }
    case 'exec':
      // Everything it does is judged beside it.
      if (effect.reach === 'listed') return 'allow';
      if (mode === 'plan') return 'deny';
      // Auto stays in the workspace and asks before the network: where nobody can see that a command does, and no sandbox
      // sees to it, it asks.
      if (effect.reach === 'opaque' && !(place.enforces?.fs === true && place.enforces.net)) return 'ask';
      return mode === 'auto' ? 'allow' : 'ask';
    case 'net':
      return mode === 'plan' && effect.access === 'write' ? 'deny' : 'ask';
    case 'env':
      // The environment of commands is built from an allow-list: what is in it may be read.
      return 'allow';
    case 'secret':
      return mode === 'plan' ? 'deny' : 'ask';
  }
};

/** What would allow an effect, in one line. */
export const hintFor = (effect: Effect, { roots }: ModePlace): string => {
  switch (effect.kind) {
    case 'read':
      return `--add-dir for a whole folder, or the rule "allow: read(${effect.path})"`;
    case 'write':
      return `${isEditable(effect.path, roots) ? '--permission-mode accept-edits, or ' : ''}the rule "allow: write(${effect.path})"`;
    case 'exec':
      return effect.reach === 'opaque'
        ? `--sandbox bubblewrap or docker, or --allowed-tools "exec(${effect.command.split('\n', 1)[0] ?? ''})"`
        : `--permission-mode auto, or --allowed-tools "exec(${effect.command.split('\n', 1)[0] ?? ''})"`;
    case 'net':
      return `the rule "allow: net(${effect.host})"`;
    case 'env':
    case 'secret':
      return `the rule "allow: ${effect.kind}(${effect.name})"`;
  }
};
