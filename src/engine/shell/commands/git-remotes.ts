import { known, type Arg, type Value } from '../value.ts';
import { isHarmlessKey, skipsHooksKey, type GitCall } from './git-call.ts';
import { remoteHost } from './archives.ts';

const isOption = ({ prefix }: Arg): boolean => prefix.startsWith('-');

/** The URL a remote has in the repository's own settings. */
const urlOf = ({ call, folders }: GitCall, remote: string, pushing: boolean): string | undefined => {
  const { place } = call.scene;
  const config = [...folders, place.root]
    .map((folder) => place.read(`${folder}/.git/config`))
    .find((text) => text !== undefined);
  // Settings that rewrite URLs or pull in others leave the host open.
  if (config === undefined || /^\s*(?:insteadof|pushinsteadof)\s*=|^\s*\[include/im.test(config)) return undefined;
  const sections = config.split(/^\s*(?=\[)/m).filter((section) => section.startsWith(`[remote "${remote}"]`));
  const [section, ...others] = sections;
  if (section === undefined || others.length > 0) return undefined;
  const value = (key: string): string[] =>
    [...section.matchAll(new RegExp(`^\\s*${key}\\s*=\\s*(\\S+)\\s*$`, 'gim'))].map((found) => found[1] ?? '');
  const urls = pushing && value('pushurl').length > 0 ? value('pushurl') : value('url');
  return urls.length === 1 ? urls[0] : undefined;
};

/** Notes the host of a URL or remote; a path of this machine is none. */
const reaches = (git: GitCall, target: Arg | undefined, access: 'read' | 'write'): void => {
  const { call } = git;
  const text = target?.text;
  if (target && text === undefined) {
    call.net('*', access);
    return;
  }
  const isName = text === undefined || /^[\w.-]+$/.test(text);
  const url = isName ? urlOf(git, text ?? 'origin', access === 'write') : text;
  if (url !== undefined && (url.includes('::') || url.startsWith('-')))
    call.doubt('git runs a program to reach that repository');
  const [, scheme, host] = /^([a-z][\w+.-]*):\/\/(?:[^@/]*@)?(\[[^\]]*\]|[^/:]*)/i.exec(url ?? '') ?? [];
  const isFile = url !== undefined && (scheme?.toLowerCase() === 'file' || /^[./~]/.test(url));
  if (url === undefined) call.net('*', access);
  else if (isFile) {
    const path = known(url.replace(/^file:\/\//i, ''));
    if (access === 'read') call.read(path, { deep: true });
    else call.write(path, { deep: true });
  } else call.net((host ?? remoteHost(url) ?? '*').toLowerCase(), access);
};

const runsElsewhere =
  /^(?:--upload-pack|--receive-pack|--exec|-u$|--template|--server-option|--recurse-submodules-default)/;

const checkOptions = ({ call, args, command }: GitCall): void => {
  for (const [index, { prefix }] of args.entries()) {
    if (runsElsewhere.test(prefix) && !(prefix === '-u' && command === 'push'))
      call.doubt(`git ${command} ${prefix} may run something`);
    const setting =
      /^(?:--config=|-c(?=.))([^]*)$/.exec(prefix)?.[1] ??
      (prefix === '-c' || prefix === '--config' ? (args[index + 1]?.text ?? '?') : undefined);
    if (setting === undefined || command !== 'clone') continue;
    if (skipsHooksKey(setting)) call.danger('leaves git hooks out');
    if (!isHarmlessKey(setting)) call.doubt(`git clone -c ${setting} may run something`);
  }
};

/** `git fetch`, `pull` and `ls-remote`. */
export const fetches = (git: GitCall): Value | undefined => {
  const { call, args } = git;
  checkOptions(git);
  call.program();
  const [target] = args.filter((arg) => !isOption(arg));
  const all = args.some(({ text }) => text === '--all' || text === '--multiple');
  if (all) call.net('*', 'read');
  else reaches(git, target, 'read');
  return undefined;
};

/** `git clone`: a repository from elsewhere into a new folder. */
export const clone = (git: GitCall): Value | undefined => {
  const { call, args } = git;
  checkOptions(git);
  call.program();
  const valued =
    /^(?:-b|--branch|-o|--origin|--depth|-j|--jobs|--reference|--reference-if-able|--separate-git-dir|--shallow-since|--shallow-exclude|-c|--config|--filter|--bundle-uri)$/;
  const words = args.filter((arg, index) => !isOption(arg) && !valued.test(args[index - 1]?.text ?? ''));
  const [source, folder] = words;
  if (args.some(({ prefix }) => /^--(?:separate-git-dir|reference|bundle-uri)/.test(prefix)))
    call.doubt('nobody looked into an option of git clone');
  if (source) {
    const isPath = source.text !== undefined && /^[\w.-]+$/.test(source.text);
    reaches(git, isPath ? known(`./${source.text}`) : source, 'read');
  }
  const name = source?.text
    ?.replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .replace(/^.*[/:]/, '');
  const to = folder ?? (name === undefined ? undefined : known(name));
  if (to) call.write(to, { deep: true, brings: true });
  else call.doubt('where it writes is only known when it runs');
  return undefined;
};

const defaultBranch = /^(?:main|master|trunk|develop|default)$/;

const branchOf = (refspec: Arg): string | undefined => {
  const text = refspec.text?.replace(/^\+/, '');
  if (text === undefined) return undefined;
  return (text.includes(':') ? text.slice(text.indexOf(':') + 1) : text).replace(/^refs\/heads\//, '');
};

/** `git push`: sends to a remote, and may overwrite what others rely on. */
export const push = (git: GitCall): Value | undefined => {
  const { call, args } = git;
  checkOptions(git);
  call.program();
  const valued = /^(?:-o|--push-option|--repo|--receive-pack|--exec|--signed)$/;
  const words = args.filter((arg, index) => !isOption(arg) && !valued.test(args[index - 1]?.text ?? ''));
  const repo = args.flatMap(({ prefix }, index) =>
    prefix.startsWith('--repo=') ? [known(prefix.slice(7))] : prefix === '--repo' ? [args[index + 1] ?? known('')] : [],
  )[0];
  const [target, ...refspecs] = words;
  const options = args.filter(isOption).map(({ prefix }) => prefix);
  const flag = (letter: string): boolean =>
    options.some((option) => /^-[A-Za-z0-9]+$/.test(option) && option.includes(letter));
  if (options.some((option) => /^--no-v(?:e(?:r(?:i(?:f(?:y)?)?)?)?)?$/.test(option)))
    call.danger('leaves git hooks out');
  reaches(git, target ?? repo, 'write');
  const mirrors = options.some((option) => /^--(?:mi\w*|prune)$/.test(option));
  const forces =
    mirrors || flag('f') || options.some((option) => option.startsWith('--for') && option !== '--force-if-includes');
  const deletes = flag('d') || options.some((option) => option.startsWith('--del'));
  const everything = mirrors || options.some((option) => /^--(?:all|branches)$/.test(option)) || refspecs.length === 0;
  const hits = refspecs.some((refspec) => {
    const overwrites =
      forces || deletes || (refspec.text?.startsWith('+') ?? false) || (refspec.text?.startsWith(':') ?? false);
    const branch = branchOf(refspec);
    return (
      overwrites &&
      (branch === undefined ||
        branch === '' ||
        branch === 'HEAD' ||
        branch === '@' ||
        branch.includes('*') ||
        defaultBranch.test(branch))
    );
  });
  const forced = refspecs.some((refspec) => refspec.text?.startsWith('+:') ?? false) || (everything && forces);
  if (hits || forced) call.danger('force-pushes to a default branch');
  return undefined;
};
