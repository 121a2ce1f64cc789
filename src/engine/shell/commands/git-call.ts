import type { Call } from '../call.ts';
import { literally, type Arg, type Value } from '../value.ts';

/** A git command with its own options taken away. */
export interface GitCall {
  readonly call: Call;
  readonly command: string;
  readonly args: readonly Arg[];
  /** Folders it runs in, absolute. */
  readonly folders: readonly string[];
}

const harmlessKeys =
  /^(?:user\.(?:name|email)|author\.\w+|committer\.\w+|color\.[\w.]+|advice\.\w+|core\.(?:quotepath|autocrlf|eol|filemode|abbrev|safecrlf|ignorecase|longpaths|precomposeunicode|symlinks|bare|preloadindex|untrackedcache|commentchar|checkstat)|init\.defaultbranch|commit\.(?:gpgsign|verbose)|tag\.(?:gpgsign|sort)|push\.(?:default|autosetupremote|followtags)|pull\.(?:rebase|ff)|merge\.(?:ff|conflictstyle|renames)|fetch\.(?:prune|parallel)|diff\.(?:renames|algorithm|noprefix|mnemonicprefix|colormoved|context|renamelimit)|log\.\w+|status\.\w+|rebase\.(?:autostash|autosquash|updaterefs)|rerere\.enabled|gc\.auto|help\.autocorrect|column\.\w+|branch\.sort|pack\.\w+|protocol\.version|http\.(?:postbuffer|lowspeedlimit|lowspeedtime)|safe\.directory|submodule\.recurse|worktree\.\w+)$/i;

/** True for a setting that steers no program; `core.pager` and the like do. */
export const isHarmlessKey = (setting: string): boolean => {
  const [key = '', value = ''] = setting.split('=', 2);
  return (
    harmlessKeys.test(key) ||
    (/^(?:core\.pager|core\.editor|pager\.\w+|sequence\.editor|core\.fsmonitor|credential\.helper)$/i.test(key) &&
      /^(?:|cat|true|:|false)$/.test(value))
  );
};

/** True for a setting by which hooks are left out. */
export const skipsHooksKey = (setting: string): boolean => /^core\.hookspath(?:=|$)/i.test(setting);

/** What a repository's top folder is, when it is plainly the workspace. */
export const topFolder = ({ call, folders }: GitCall): Value | undefined => {
  const { place } = call.scene;
  const [folder] = folders;
  if (folders.length !== 1 || folder === undefined) return undefined;
  if (!place.list(place.root)?.includes('.git')) return undefined;
  for (let at = folder; at.startsWith(`${place.root}/`); at = at.slice(0, at.lastIndexOf('/')))
    if (place.list(at)?.includes('.git')) return undefined;
  return folder === place.root || folder.startsWith(`${place.root}/`) ? literally(`${place.root}\n`) : undefined;
};

/** Says what one git command does; what it prints, when something of that is known. */
export type GitHandler = (git: GitCall) => Value | undefined;
