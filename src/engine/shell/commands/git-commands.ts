import { known } from '../value.ts';
import { isHarmlessKey, skipsHooksKey, type GitHandler } from './git-call.ts';
import { has, isOption, pathsBehind, readHistory, readTracked, seenFrom, touch } from './git-paths.ts';
import {
  archive,
  bundle,
  diff,
  formatPatch,
  grep,
  hashObject,
  listFiles,
  readsWords,
  revParse,
  show,
} from './git-readers.ts';
import { clone, fetches, push } from './git-remotes.ts';

const listed: GitHandler = () => undefined;

const program: GitHandler = ({ call }) => {
  call.program();
  return undefined;
};

/** Turns names of commits and files around. */
const unclear: GitHandler = ({ call, command }) => {
  call.doubt(`nobody looked into git ${command}`);
  return undefined;
};

/** Changes files of the work tree, nobody knows which. */
const rewrites: GitHandler = (git) => {
  const { call, args, folders } = git;
  call.program();
  if (has(args, /^--(?:exec|strategy|upload-pack|ext-diff|no-verify)|^-x|^-s$/)) {
    if (has(args, /^--no-verify/)) call.danger('leaves git hooks out');
    else call.doubt(`nobody looked into an option of git ${git.command}`);
  }
  const { root } = call.scene.place;
  const staged = git.command === 'reset' && !has(args, /^--(?:hard|merge|keep)/);
  const onlyNames =
    /^(?:checkout|switch)$/.test(git.command) &&
    has(args, /^-[bBcC]$|^--create$/) &&
    args.filter((arg) => !isOption(arg)).length === 1;
  if (!staged && !onlyNames)
    for (const folder of folders)
      call.write(known(folder.startsWith(`${root}/`) ? root : folder), { deep: true, brings: true });
  return undefined;
};

const checkout: GitHandler = (git) => {
  const { call, args } = git;
  const paths = pathsBehind(args);
  const named = git.command === 'restore' ? args.filter((arg) => !isOption(arg)) : paths;
  if (has(args, /^--pathspec-from-file/)) call.doubt('which files it writes stands in a file');
  if (named.length === 0 || named.some(({ text }) => text === undefined || /[*?[]|^:|^\.$/.test(text)))
    return rewrites(git);
  call.program();
  for (const path of named) {
    touch(git, path, 'read');
    if (!has(args, /^--staged$/)) touch(git, path, 'write', { deep: true });
  }
  return undefined;
};

const commit: GitHandler = ({ call, args }) => {
  call.program();
  for (let at = 0; at < args.length; at += 1) {
    const { prefix = '', text } = args[at] ?? {};
    if (text === '--') break;
    if (/^--no-v(?:e(?:r(?:i(?:f(?:y)?)?)?)?)?$/.test(text ?? '')) call.danger('leaves git hooks out');
    const [, file] = /^--(?:file|template|pathspec-from-file)=([^]*)$/.exec(prefix) ?? [];
    if (file !== undefined && file !== '-') call.read(known(file));
    if (
      /^--(?:file|template|message|author|date|reuse-message|reedit-message|fixup|squash|trailer|cleanup|pathspec-from-file)$/.test(
        text ?? '',
      )
    ) {
      const value = args[(at += 1)];
      if (value && /file|template/.test(text ?? '') && value.text !== '-') call.read(value);
      continue;
    }
    if (!/^-[^-]/.test(prefix)) continue;
    const [, flags = '', letter, tail = ''] = /^-([^mFCctSu]*)([mFCctSu]?)([^]*)$/.exec(prefix) ?? [];
    if (flags.includes('n')) call.danger('leaves git hooks out');
    if (letter === undefined || letter === '' || letter === 'S' || letter === 'u') continue;
    const value = tail === '' && text !== undefined ? args[(at += 1)] : known(tail);
    if (value && /[Ft]/.test(letter) && value.text !== '-') call.read(value);
  }
  return undefined;
};

const add: GitHandler = (git) => {
  const { call, args } = git;
  call.program();
  if (has(args, /^--pathspec-from-file|^-[ep]|^--edit|^-i|^--interactive|^--patch/) && has(args, /^-e|^--edit/))
    call.doubt('git add -e runs an editor');
  const { place } = call.scene;
  for (const arg of args) {
    if (isOption(arg) || arg.text === undefined) continue;
    // A folder brings in only what git does not ignore.
    for (const path of seenFrom(git, arg.text))
      if (place.list(path) === undefined && !/[*?[]|^:/.test(arg.text)) call.read(known(path));
  }
  return undefined;
};

const config: GitHandler = (git) => {
  const { call, args, folders } = git;
  const { place } = call.scene;
  const words = args.filter((arg) => !isOption(arg));
  const fileAt = args.findIndex(({ text }) => text === '-f' || text === '--file' || text === '--blob');
  const file = args[fileAt + 1];
  const given =
    fileAt >= 0 && file
      ? file
      : args.flatMap(({ prefix }) => (prefix.startsWith('--file=') ? [known(prefix.slice(7))] : []))[0];
  const rest = words.filter(
    (word) => word !== given && !/^(?:get|set|list|unset|edit|get-all|--)$/.test(word.text ?? ''),
  );
  const verb = words[0]?.text;
  const reads =
    has(args, /^(?:--get.*|-l|--list|--name-only|--show-origin|--get-regexp)$/) ||
    verb === 'get' ||
    verb === 'list' ||
    (rest.length === 1 &&
      !has(args, /^--(?:unset|add|replace|remove|rename|edit|unset-all)|^-e$/) &&
      !['set', 'unset', 'edit'].includes(verb ?? ''));
  const home = has(args, /^--(?:global|system)$/);
  const target = given
    ? seenFrom(git, given.text ?? '')
    : home
      ? [`${place.home}/.gitconfig`]
      : folders.map((folder) => `${folder}/.git/config`);
  if (given) touch(git, given, 'read');
  if (has(args, /^--blob/)) readHistory(git, []);
  if (reads) return undefined;
  call.program();
  const [key, value] = rest;
  const setting = `${key?.text ?? ''}=${value?.text ?? ''}`;
  const harmless = key?.text !== undefined && isHarmlessKey(setting) && !has(args, /^--(?:rename|remove|edit)|^-e$/);
  if (skipsHooksKey(setting)) call.danger('leaves git hooks out');
  if (!harmless) call.doubt('it changes what git runs');
  for (const path of target) call.write(known(path));
  return undefined;
};

const clean: GitHandler = (git) => {
  const { call, args, folders } = git;
  call.program();
  if (has(args, /^(?:-\w*n\w*|--dry-run)$/)) return undefined;
  const paths = args.filter((arg, index) => !isOption(arg) && args[index - 1]?.text !== '-e');
  if (paths.length > 0) for (const path of paths) touch(git, path, 'write', { deep: true, how: 'delete' });
  else
    for (const folder of folders) {
      // What git tracks stays, and so does the folder itself.
      const { place } = call.scene;
      const kept = new Set([
        '.git',
        ...place
          .tracked()
          .map((path) => path.split('/', 1)[0] ?? '')
          .filter((name) => place.list(`${folder}/${name}`) === undefined),
      ]);
      for (const name of place.list(folder) ?? [])
        if (!kept.has(name)) call.write(known(`${folder}/${name}`), { deep: true, how: 'delete' });
      call.write(known(folder), { deep: true });
    }
  return undefined;
};

const stash: GitHandler = (git) => {
  const [verb] = git.args.filter((arg) => !isOption(arg));
  if (verb?.text === 'list') return undefined;
  return verb?.text === 'show'
    ? has(git.args, /^(?:-p|--patch|-u)$/)
      ? (readHistory(git, []), undefined)
      : undefined
    : rewrites(git);
};

const move: GitHandler = (git) => {
  git.call.program();
  const words = git.args.filter((arg) => !isOption(arg));
  const to = words.at(-1);
  for (const word of words.slice(0, -1)) {
    touch(git, word, 'read', { deep: true });
    touch(git, word, 'write', { deep: true, how: 'delete' });
  }
  if (to) touch(git, to, 'write', { deep: true });
  return undefined;
};

const remove: GitHandler = (git) => {
  git.call.program();
  if (has(git.args, /^--cached$/)) return undefined;
  for (const arg of git.args) if (!isOption(arg)) touch(git, arg, 'write', { deep: true, how: 'delete' });
  return undefined;
};

/** Lists by itself; with words it changes something of git's own. */
const listsOrSets: GitHandler = (git) => {
  const quiet = git.args.every(
    (arg) => isOption(arg) && !/^(?:-[dDmMcCuft]|--(?:delete|move|copy|set|unset|edit|force|track))/.test(arg.prefix),
  );
  for (const [index, { text }] of git.args.entries()) {
    const value = git.args[index + 1];
    if (/^(?:-F|--file)$/.test(text ?? '') && value) touch(git, value, 'read');
    const attached = /^(?:--file=|-F(?=.))([^]*)$/.exec(text ?? '')?.[1];
    if (attached !== undefined) touch(git, known(attached), 'read');
  }
  const asks = has(
    git.args,
    /^(?:-l|--list|--contains|--merged|--no-merged|--show-current|--points-at|-v+|-a|-r|-n\d*)$/,
  );
  if (has(git.args, /^--edit-description/)) git.call.doubt('it runs an editor');
  if (!quiet && !asks) git.call.program();
  return undefined;
};

const bisect: GitHandler = (git) => {
  if (git.args[0]?.text === 'run') git.call.doubt('git bisect run runs what it is given');
  return rewrites(git);
};

const patches: GitHandler = (git) => {
  for (const arg of git.args) if (!isOption(arg)) touch(git, arg, 'read');
  if (has(git.args, /^--unsafe-paths/)) git.call.doubt('it may write anywhere');
  for (const { prefix } of git.args) {
    const folder = /^--directory=([^]*)$/.exec(prefix)?.[1];
    if (folder !== undefined) touch(git, known(folder), 'write', { deep: true });
  }
  return has(git.args, /^--(?:check|stat|numstat|summary)$/) ? undefined : rewrites(git);
};

const worktree: GitHandler = (git) => {
  const [verb, path] = git.args.filter((arg) => !isOption(arg));
  if (verb?.text === 'list') return undefined;
  git.call.program();
  if (path && verb?.text !== 'prune')
    touch(git, path, 'write', {
      deep: true,
      brings: true,
      ...(verb?.text === 'remove' ? { how: 'delete' as const } : {}),
    });
  return undefined;
};

const submodule: GitHandler = (git) => {
  const [verb] = git.args.filter((arg) => !isOption(arg));
  if (verb?.text === 'foreach') git.call.doubt('git submodule foreach runs what it is given');
  if (verb === undefined || verb.text === 'status' || verb.text === 'summary') return undefined;
  git.call.net('*', 'read');
  return rewrites(git);
};

const remote: GitHandler = (git) => {
  const [verb] = git.args.filter((arg) => !isOption(arg));
  if (verb === undefined || verb.text === 'get-url') return undefined;
  if (verb.text === 'show' || verb.text === 'update') git.call.net('*', 'read');
  if (git.args.some(({ prefix }) => prefix.includes('::'))) {
    git.call.doubt('git runs a program to reach that repository');
    for (const folder of git.folders) git.call.write(known(`${folder}/.git/config`));
  }
  return program(git);
};

const readOnly =
  'status rev-list describe shortlog show-ref merge-base name-rev cherry count-objects for-each-ref var check-ignore check-attr check-mailmap check-ref-format ls-tree version help diff-files diff-index diff-tree show-branch verify-commit verify-tag verify-pack get-tar-commit-id fsck stripspace rerere';
const changesItself =
  'gc prune repack maintenance update-index pack-refs read-tree write-tree commit-tree mktree mktag prune-packed pack-objects unpack-objects index-pack multi-pack-index commit-graph lfs';

const named = (names: string, handler: GitHandler): Record<string, GitHandler> =>
  Object.fromEntries(names.split(' ').map((name) => [name, handler]));

/** What git commands do, by name; those not named here may do anything. */
export const gitCommands: Readonly<Record<string, GitHandler>> = {
  ...named(readOnly, listed),
  ...named(changesItself, program),
  ...named('merge rebase reset switch pull cherry-pick revert am sparse-checkout', rewrites),
  ...named('log reflog diff whatchanged range-diff diff-tree diff-index diff-files', diff),
  ...named('blame annotate interpret-trailers mailinfo', readsWords()),
  ...named('update-ref replace symbolic-ref send-pack', unclear),
  notes: (git) => listsOrSets(git),
  'cat-file': show,
  'format-patch': formatPatch,
  'hash-object': hashObject,
  'ls-files': listFiles,
  'rev-parse': revParse,
  add,
  stage: add,
  apply: patches,
  archive,
  bisect,
  branch: listsOrSets,
  bundle,
  checkout,
  clean,
  clone,
  commit,
  config,
  fetch: fetches,
  'ls-remote': fetches,
  grep,
  'checkout-index': (git) => {
    for (const { prefix } of git.args) {
      const folder = /^--prefix=([^]*)$/.exec(prefix)?.[1];
      if (folder !== undefined) touch(git, known(folder.replace(/\/*$/, '')), 'write', { deep: true, brings: true });
    }
    if (has(git.args, /^--(?:stdin|temp)|^-z/)) git.call.doubt('which files it writes is only known when it runs');
    const words = git.args.filter((arg) => !isOption(arg));
    for (const word of words) touch(git, word, 'read');
    if (has(git.args, /^-[a-z]*a|^--all/)) readTracked(git);
    return rewrites(git);
  },
  init: (git) => {
    if (has(git.args, /^--(?:template|separate-git-dir)/)) {
      git.call.doubt('it fills a repository with hooks');
      for (const folder of git.folders) git.call.write(known(`${folder}/.git/hooks`), { deep: true });
    }
    return program(git);
  },
  mv: move,
  pull: (git) => {
    fetches(git);
    return rewrites(git);
  },
  push,
  remote,
  restore: checkout,
  rm: remove,
  show,
  stash,
  submodule,
  tag: listsOrSets,
  worktree,
};
