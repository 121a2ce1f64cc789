import { basename } from 'node:path';
import { isWithin } from '../base/within.ts';
import type { Effect } from '../core/policy.ts';
import { isTemp, type PatternPlace } from './path-patterns.ts';

/** What built-in denials need to know of this machine. */
export interface DenialPlace extends PatternPlace {
  /** Our own configuration and data: no agent writes them. */
  own?: readonly string[];
}

/** Files in the home folder that shells, git and ssh act on. */
const startUp: ReadonlySet<string> = new Set([
  '.bashrc',
  '.bash_profile',
  '.bash_login',
  '.bash_logout',
  '.profile',
  '.zshrc',
  '.zshenv',
  '.zprofile',
  '.zlogin',
  '.zlogout',
  '.cshrc',
  '.tcshrc',
  '.kshrc',
  '.inputrc',
  '.gitconfig',
]);
const startUpFolders = ['.ssh', '.config/fish', '.config/git', '.bashrc.d', '.zshrc.d'];
const systemStartUp = ['/etc/profile', '/etc/profile.d', '/etc/bash.bashrc', '/etc/zsh', '/etc/environment'];

/** `.git/hooks`, `.git/config` and the like of any repository, whatever the case of its letters. */
const steersGit =
  /\/\.git(?:\/modules\/.+?|\/worktrees\/[^/]+)?\/(?:hooks(?:\/|$)|config(?:\.worktree)?$|info\/attributes$)/i;
const ownFolder = /\/\.llm-copilot(?:\/|$)/i;

const ofPath = (effect: Extract<Effect, { path: string }>, place: DenialPlace): string | undefined => {
  const { path } = effect;
  const { roots, home, own = [] } = place;
  if (effect.recursive && effect.how) {
    const verb = effect.how === 'delete' ? 'deletes' : 'changes the mode or owner of';
    const outside = !roots.some((root) => isWithin(path, root));
    if (path === '/' || path === home || isWithin(home, path)) return `it ${verb} ${path} and everything below it`;
    if (outside && !(isTemp(path, place) && !place.temp?.includes(path)))
      return `it ${verb} ${path}, outside the workspace, and everything below it`;
    if (effect.how === 'delete' && roots.some((root) => isWithin(root, path))) return `it deletes the workspace itself`;
  }
  const deletesGit = effect.how === 'delete' && /\/\.git$/i.test(path);
  if (deletesGit) return `it deletes the repository ${path}`;
  if (steersGit.test(path)) return `${path} decides which programs git runs`;
  const isOurs = own.some((folder) => isWithin(path, folder) || (effect.recursive && isWithin(folder, path)));
  if (isOurs || ownFolder.test(path)) return `${path} rules this agent`;
  if (systemStartUp.some((one) => isWithin(path, one))) return `${path} is run by every shell`;
  if (!isWithin(path, home)) return undefined;
  const below = path.slice(home.length + 1);
  if (startUp.has(below) || startUpFolders.some((folder) => isWithin(below, folder)))
    return `${basename(path)} in your home folder steers your shell, git or ssh`;
  return undefined;
};

// What needs nobody's permission: it shows something and changes nothing.
const harmlessOfOurs =
  /^(?:--?v(?:ersion)?|--?h(?:elp)?|help|doctor|checks|completion|policy|sessions (?:list|show|verify))\b/;

/** Our own command, through whatever starts it: it could give itself other permissions. */
const callsUs = (command: string): boolean => {
  const [, rest] =
    /^(?:\S*\/)?(?:(?:npx|bunx|npm exec|pnpm dlx|pnpm exec|yarn dlx|node|bun|deno run)\s+(?:-\S+\s+)*)?(?:\S*\/)?(?:llm-copilot(?:-agent)?(?:\.js)?|lca)(?=\s|$)\s*(.*)$/s.exec(
      command,
    ) ?? [];
  return rest !== undefined && !harmlessOfOurs.test(rest);
};

/** Why an effect is denied whatever the rules say (mode bypass aside); undefined when it is not. */
export const builtinDenial = (effect: Effect, place: DenialPlace): string | undefined => {
  if (effect.kind === 'exec') {
    if (effect.danger !== undefined) return `it ${effect.danger}`;
    return callsUs(effect.command) ? 'an agent does not change its own rules or start itself with others' : undefined;
  }
  return effect.kind === 'write' ? ofPath(effect, place) : undefined;
};
