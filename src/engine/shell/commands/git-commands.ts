import type { Call } from '../call.ts';
import { tidy } from '../scene.ts';
import { known, type Arg, type Value } from '../value.ts';
import { globExpression } from '../glob-names.ts';
import { isHarmlessKey, skipsHooksKey, topFolder, type GitCall } from './git-call.ts';
import { clone, fetches, push } from './git-remotes.ts';
import { namesIn } from './search.ts';

type GitHandler = (git: GitCall) => Value | undefined;

const maxSingle = 200;

const isOption = ({ prefix }: Arg): boolean => prefix.startsWith('-') && prefix !== '-';

const has = (args: readonly Arg[], pattern: RegExp): boolean => {
  const end = args.findIndex(({ text }) => text === '--');
  return args.slice(0, end < 0 ? undefined : end).some(({ prefix }) => pattern.test(prefix));
};

/** Absolute paths of a word as seen from the folders git runs in. */
const seenFrom = ({ folders }: GitCall, path: string): string[] =>
  path.startsWith('/') ? [path] : folders.map((folder) => tidy(`${folder}/${path}`));

const touch = (git: GitCall, arg: Arg, kind: 'read' | 'write', depth: { deep?: boolean; brings?: boolean; how?: 'delete' } = {}): void => {
  if (arg.text === undefined) {
    if (kind === 'read') git.call.read(arg, depth);
    else git.call.write(arg, depth);
  } else
    for (const path of seenFrom(git, arg.text))
      if (kind === 'read') git.call.read(known(path), depth);
      else git.call.write(known(path), depth);
};

/** Reads what git tracks, or what of it lies below some paths. */
const readTracked = (git: GitCall, paths: readonly Arg[] = []): void => {
  const { call, folders } = git;
  const { root } = call.scene.place;
  if (folders.some((folder) => folder !== root && !folder.startsWith(`${root}/`))) for (const folder of folders) call.read(known(folder), { deep: true });
  const plain = paths.every(({ text }) => text !== undefined && !/[*?[\\]|^:/.test(text));
  const below = plain ? paths.flatMap(({ text }) => seenFrom(git, text ?? '')) : [];
  const { tracked, history } = { tracked: call.scene.place.tracked(), history: call.scene.place.history?.() ?? [] };
  const files = tracked.map((path) => `${root}/${path}`);
  const wanted = below.length === 0 ? files : files.filter((file) => below.some((path) => file === path || file.startsWith(`${path}/`)));
  if (wanted.length > maxSingle) call.read(known(below.length === 1 ? (below[0] ?? root) : root), { deep: true });
  else for (const path of new Set([...wanted, ...below])) call.read(known(path));
  if (history.includes('*')) call.doubt('the history of the repository is too large to look through');
  else for (const path of history) call.read(known(`${root}/${path}`));
};

/** Reads whatever a folder, or some paths in it, ever held. */
const readHistory = (git: GitCall, paths: readonly Arg[]): void => {
  const { call, folders } = git;
  const plain = paths.length > 0 && paths.every(({ text }) => text !== undefined && !/[*?[\\]|^:/.test(text));
  if (plain) for (const path of paths) touch(git, path, 'read', { deep: true });
  else for (const folder of new Set([call.scene.place.root, ...folders])) call.read(known(folder), { deep: true });
};

/** The words behind `--`, or those that are no options and no revisions as far as can be told. */
const pathsBehind = (args: readonly Arg[]): Arg[] => {
  const at = args.findIndex(({ text }) => text === '--');
  return at < 0 ? [] : args.slice(at + 1);
};

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
  const onlyNames = /^(?:checkout|switch)$/.test(git.command) && has(args, /^-[bBcC]$|^--create$/) && args.filter((arg) => !isOption(arg)).length === 1;
  if (!staged && !onlyNames) for (const folder of folders) call.write(known(folder.startsWith(`${root}/`) ? root : folder), { deep: true, brings: true });
  return undefined;
};

const checkout: GitHandler = (git) => {
  const { call, args } = git;
  const paths = pathsBehind(args);
  const named = git.command === 'restore' ? args.filter((arg) => !isOption(arg)) : paths;
  if (has(args, /^--pathspec-from-file/)) call.doubt('which files it writes stands in a file');
  if (named.length === 0 || named.some(({ text }) => text === undefined || /[*?[]|^:|^\.$/.test(text))) return rewrites(git);
  call.program();
  for (const path of named) {
    touch(git, path, 'read');
    if (!has(args, /^--staged$/)) touch(git, path, 'write', { deep: true });
  }
  return undefined;
};

const diff: GitHandler = (git) => {
  const { call, args, command } = git;
  if (has(args, /^--(?:ext-diff|textconv|output-indicator)/) && has(args, /^--(?:ext-diff|textconv)/)) call.doubt('git may run other programs to show files');
  for (const { prefix, text } of args) {
    const [, file] = /^(?:--output=|-O)([^]*)$/.exec(prefix) ?? [];
    if (file === undefined) continue;
    if (prefix.startsWith('--output')) touch(git, { ...known(file), text: text === undefined ? undefined : file }, 'write');
    else touch(git, known(file), 'read');
  }
  const outputs = args.findIndex(({ text }) => text === '--output');
  const output = args[outputs + 1];
  if (outputs >= 0 && output) touch(git, output, 'write');
  const words = args.filter((arg) => !isOption(arg));
  if (has(args, /^--no-index/)) {
    for (const word of words) touch(git, word, 'read', { deep: true });
    return undefined;
  }
  const names = /^--(?:name-only|name-status|stat|numstat|shortstat|dirstat|summary|raw|quiet|check)\b/;
  const patches = /^(?:-p|-u|--patch|-U.*|--unified.*|--patch-with-stat|--patch-with-raw|-c|--cc|--word-diff.*|-L.*|--full-diff|-S.*|-G.*)$/;
  const printsPatch = command === 'diff' || command === 'show' || /^(?:whatchanged|format-patch|range-diff)$/.test(command) ? !has(args, names) || has(args, patches) : has(args, patches);
  if (has(args, /^--name-only/)) return command === 'diff' && !printsPatch ? fromRoot(call) : undefined;
  if (!printsPatch) return undefined;
  // Outside a repository two paths are compared, and inside a path may stand without --.
  const { place } = call.scene;
  const isPath = ({ text }: Arg): boolean =>
    text !== undefined && seenFrom(git, text).some((path) => place.list(path) !== undefined || place.list(path.slice(0, path.lastIndexOf('/')) || '/')?.includes(path.slice(path.lastIndexOf('/') + 1)));
  // Other versions than the present one may hold files that are gone.
  const behind = pathsBehind(args);
  const loose = behind.length > 0 ? [] : words.filter(isPath);
  for (const path of loose) touch(git, path, 'read');
  const revisions = behind.length > 0 ? words.length > behind.length : words.length > loose.length;
  const old = command !== 'diff' || revisions || has(args, /^--(?:cached|staged|merge-base)$/);
  const paths = behind.length > 0 ? behind : loose;
  if (old) readHistory(git, paths);
  else readTracked(git, paths);
  return undefined;
};

/** Names git prints as seen from the top folder. */
const fromRoot = (call: Call): Value | undefined => {
  const names = namesIn(call, [known(call.scene.place.root)]);
  return names && { ...names, from: call.scene.place.root };
};

/** Words such as `HEAD:path` and `:path` name a file. */
const show: GitHandler = (git) => {
  const { call, args, command } = git;
  const { root } = call.scene.place;
  const words = args.filter((arg) => !isOption(arg));
  let all = words.length === 0;
  for (const { text } of words) {
    const [, revision = '', file] = /^([^:]*):(?:[0-3]:)?([^]*)$/.exec(text ?? '') ?? [];
    if (text === undefined) call.read(known(root), { deep: true });
    else if (file === undefined) all = true;
    else if (revision === '' && file.startsWith('/')) call.read(known(root), { deep: true });
    else if (file === '' || file.startsWith('./') || file.startsWith('../')) touch(git, known(file || '.'), 'read', { deep: file === '' });
    else {
      call.read(known(`${root}/${file}`));
      // In a repository below the workspace the path counts from there.
      for (const path of seenFrom(git, file)) call.read(known(path));
    }
  }
  if (!all) return undefined;
  if (command === 'show') return diff(git);
  if (!has(args, /^-[te]$|^--batch-check/)) call.read(known(root), { deep: true });
  return undefined;
};

const grep: GitHandler = (git) => {
  const { call, args, folders } = git;
  if (has(args, /^(?:-O|--open-files-in-pager|--ext-grep|--textconv)/)) call.doubt('git grep may open files in another program');
  const file = args.findIndex(({ text }) => text === '-f');
  const patterns = args[file + 1];
  if (file >= 0 && patterns) touch(git, patterns, 'read');
  const outside = has(args, /^--(?:no-index|untracked|no-exclude-standard)/);
  if (outside) for (const folder of folders) call.read(known(folder), { deep: true });
  const paths = pathsBehind(args);
  const words = args.slice(0, args.length - paths.length).filter((arg, index) => !isOption(arg) && arg.text !== '--' && !/^-[eABCm]$/.test(args[index - 1]?.text ?? ''));
  // Behind the pattern come revisions or paths.
  const more = words.slice(has(args, /^-e/) ? 0 : 1);
  if (more.length > 0 || has(args, /^--cached$/)) readHistory(git, paths);
  else if (outside) for (const path of paths) touch(git, path, 'read', { deep: true });
  else readTracked(git, paths);
  return has(args, /^(?:-l|--files-with-matches|--name-only)$/) ? namesIn(call, folders.map((folder) => known(folder))) : undefined;
};

const readsWords =
  (depth: { deep?: boolean } = {}): GitHandler =>
  (git) => {
    for (const arg of git.args) if (!isOption(arg)) touch(git, arg, 'read', depth);
    return undefined;
  };

const archive: GitHandler = (git) => {
  const { call, args } = git;
  if (has(args, /^--(?:exec|remote)/)) call.doubt('git archive may run something elsewhere');
  for (const [index, { prefix, text }] of args.entries()) {
    const attached = /^(?:--output=|-o(?=.))([^]*)$/.exec(prefix)?.[1];
    const value = attached !== undefined ? known(attached) : text === '-o' || text === '--output' ? args[index + 1] : undefined;
    if (value) touch(git, value, 'write');
    const added = /^--add-file=([^]*)$/.exec(prefix)?.[1];
    if (added !== undefined) touch(git, known(added), 'read');
  }
  const [tree, ...paths] = args.filter((arg, index) => !isOption(arg) && args[index - 1]?.text !== '-o');
  if (tree) readHistory(git, paths);
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
    if (/^--(?:file|template|message|author|date|reuse-message|reedit-message|fixup|squash|trailer|cleanup|pathspec-from-file)$/.test(text ?? '')) {
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
  if (has(args, /^--pathspec-from-file|^-[ep]|^--edit|^-i|^--interactive|^--patch/) && has(args, /^-e|^--edit/)) call.doubt('git add -e runs an editor');
  const { place } = call.scene;
  for (const arg of args) {
    if (isOption(arg) || arg.text === undefined) continue;
    // A folder brings in only what git does not ignore.
    for (const path of seenFrom(git, arg.text)) if (place.list(path) === undefined && !/[*?[]|^:/.test(arg.text)) call.read(known(path));
  }
  return undefined;
};

const config: GitHandler = (git) => {
  const { call, args, folders } = git;
  const { place } = call.scene;
  const words = args.filter((arg) => !isOption(arg));
  const fileAt = args.findIndex(({ text }) => text === '-f' || text === '--file' || text === '--blob');
  const file = args[fileAt + 1];
  const given = fileAt >= 0 && file ? file : args.flatMap(({ prefix }) => (prefix.startsWith('--file=') ? [known(prefix.slice(7))] : []))[0];
  const rest = words.filter((word) => word !== given && !/^(?:get|set|list|unset|edit|get-all|--)$/.test(word.text ?? ''));
  const verb = words[0]?.text;
  const reads = has(args, /^(?:--get.*|-l|--list|--name-only|--show-origin|--get-regexp)$/) || verb === 'get' || verb === 'list' || (rest.length === 1 && !has(args, /^--(?:unset|add|replace|remove|rename|edit|unset-all)|^-e$/) && !['set', 'unset', 'edit'].includes(verb ?? ''));
  const home = has(args, /^--(?:global|system)$/);
  const target = given ? seenFrom(git, given.text ?? '') : home ? [`${place.home}/.gitconfig`] : folders.map((folder) => `${folder}/.git/config`);
  if (given) touch(git, given, 'read');
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
      const kept = new Set(['.git', ...place.tracked().map((path) => path.split('/', 1)[0] ?? '').filter((name) => place.list(`${folder}/${name}`) === undefined)]);
      for (const name of place.list(folder) ?? []) if (!kept.has(name)) call.write(known(`${folder}/${name}`), { deep: true, how: 'delete' });
      call.write(known(folder), { deep: true });
    }
  return undefined;
};

const stash: GitHandler = (git) => {
  const [verb] = git.args.filter((arg) => !isOption(arg));
  if (verb?.text === 'list') return undefined;
  return verb?.text === 'show' ? (has(git.args, /^(?:-p|--patch|-u)$/) ? (readHistory(git, []), undefined) : undefined) : rewrites(git);
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
  const quiet = git.args.every((arg) => isOption(arg) && !/^(?:-[dDmMcCuft]|--(?:delete|move|copy|set|unset|edit|force|track))/.test(arg.prefix));
  for (const [index, { text }] of git.args.entries()) {
    const value = git.args[index + 1];
    if (/^(?:-F|--file)$/.test(text ?? '') && value) touch(git, value, 'read');
    const attached = /^(?:--file=|-F(?=.))([^]*)$/.exec(text ?? '')?.[1];
    if (attached !== undefined) touch(git, known(attached), 'read');
  }
  const asks = has(git.args, /^(?:-l|--list|--contains|--merged|--no-merged|--show-current|--points-at|-v+|-a|-r|-n\d*)$/);
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
  return has(git.args, /^--(?:check|stat|numstat|summary)$/) ? undefined : rewrites(git);
};

const formatPatch: GitHandler = (git) => {
  const at = git.args.findIndex(({ text }) => text === '-o' || text === '--output-directory');
  const folder = git.args[at + 1];
  if (!has(git.args, /^--stdout$/)) touch(git, at >= 0 && folder ? folder : known('.'), 'write', { deep: true });
  readHistory(git, []);
  return undefined;
};

const worktree: GitHandler = (git) => {
  const [verb, path] = git.args.filter((arg) => !isOption(arg));
  if (verb?.text === 'list') return undefined;
  git.call.program();
  if (path && verb?.text !== 'prune') touch(git, path, 'write', { deep: true, brings: true, ...(verb?.text === 'remove' ? { how: 'delete' as const } : {}) });
  return undefined;
};

const revParse: GitHandler = (git) => (git.args.length === 1 && git.args[0]?.text === '--show-toplevel' ? topFolder(git) : undefined);

const maxAmong = 300;

/** Names git tracks, as far as they can be listed. */
const listFiles: GitHandler = (git) => {
  const { call, args, folders } = git;
  const names = namesIn(call, [known('.')]);
  const [folder, ...others] = folders;
  if (!names || folder === undefined || others.length > 0 || folder !== names.from) return undefined;
  if (has(args, /^-[a-z]*[oiukt]|^--(?:others|ignored|unmerged|killed|full-name|format|stage|debug)|^-s/)) return has(args, /^-[a-z]*[skut]|^--(?:full-name|format|stage|debug|unmerged)/) ? undefined : names;
  const { root } = call.scene.place;
  const patterns = args.filter((arg) => !isOption(arg)).map(({ text }) => text);
  const expressions = patterns.map((pattern) => (pattern === undefined || pattern.startsWith(':') ? undefined : globExpression(pattern)));
  const files = call.scene.place.tracked().filter((path) => `${root}/${path}`.startsWith(`${folder}/`));
  const fits = (path: string): boolean => {
    const relative = `${root}/${path}`.slice(folder.length + 1);
    return patterns.length === 0 || patterns.some((pattern, index) => !expressions[index] || expressions[index].test(relative) || relative.startsWith(`${pattern ?? ''}/`));
  };
  const among = files.filter(fits).map((path) => `${root}/${path}`);
  return among.length > maxAmong ? names : { ...names, among };
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

const hashObject: GitHandler = (git) => {
  if (has(git.args, /^--stdin-paths/)) git.call.doubt('it reads files that are named on its input');
  return readsWords()(git);
};

const bundle: GitHandler = (git) => {
  const [verb, file] = git.args.filter((arg) => !isOption(arg));
  git.call.program();
  if (file) touch(git, file, verb?.text === 'create' ? 'write' : 'read');
  if (verb?.text === 'create') readHistory(git, []);
  return undefined;
};

const readOnly =
  'status rev-list describe shortlog show-ref merge-base name-rev cherry count-objects for-each-ref var check-ignore check-attr check-mailmap check-ref-format ls-tree version help diff-files diff-index diff-tree show-branch verify-commit verify-tag verify-pack get-tar-commit-id fsck stripspace rerere';
const changesItself =
  'gc prune repack maintenance update-index pack-refs read-tree write-tree commit-tree mktree mktag prune-packed pack-objects unpack-objects index-pack multi-pack-index commit-graph lfs';

const named = (names: string, handler: GitHandler): Record<string, GitHandler> => Object.fromEntries(names.split(' ').map((name) => [name, handler]));

/** What git commands do, by name; those not named here may do anything. */
export const gitCommands: Readonly<Record<string, GitHandler>> = {
  ...named(readOnly, listed),
  ...named(changesItself, program),
  ...named('merge rebase reset switch pull cherry-pick revert am sparse-checkout checkout-index', rewrites),
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
