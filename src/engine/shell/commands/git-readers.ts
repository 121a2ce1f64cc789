import type { Call } from '../call.ts';
import { globExpression } from '../glob-names.ts';
import { known, type Arg, type Value } from '../value.ts';
import { topFolder, type GitHandler } from './git-call.ts';
import { has, isOption, pathsBehind, readHistory, readTracked, seenFrom, touch } from './git-paths.ts';
import { namesIn } from './search.ts';

/** `git diff` and all that prints differences. */
export const diff: GitHandler = (git) => {
  const { call, args, command } = git;
  if (has(args, /^--(?:ext-diff|textconv|output-indicator)/) && has(args, /^--(?:ext-diff|textconv)/))
    call.doubt('git may run other programs to show files');
  for (const { prefix, text } of args) {
    const [, file] = /^(?:--output=|-O)([^]*)$/.exec(prefix) ?? [];
    if (file === undefined) continue;
    if (prefix.startsWith('--output'))
      touch(git, { ...known(file), text: text === undefined ? undefined : file }, 'write');
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
  const patches =
    /^(?:-p|-u|--patch|-U.*|--unified.*|--patch-with-stat|--patch-with-raw|-c|--cc|--word-diff.*|-L.*|--full-diff|-S.*|-G.*)$/;
  const printsPatch =
    command === 'diff' || command === 'show' || /^(?:whatchanged|format-patch|range-diff)$/.test(command)
      ? !has(args, names) || has(args, patches)
      : has(args, patches);
  if (has(args, /^--name-only/)) return command === 'diff' && !printsPatch ? fromRoot(call) : undefined;
  if (!printsPatch) return undefined;
  // Outside a repository two paths are compared, and inside a path may stand without --.
  const { place } = call.scene;
  const isPath = ({ text }: Arg): boolean =>
    text !== undefined &&
    seenFrom(git, text).some(
      (path) =>
        place.list(path) !== undefined ||
        place.list(path.slice(0, path.lastIndexOf('/')) || '/')?.includes(path.slice(path.lastIndexOf('/') + 1)),
    );
  // Other versions than the present one may hold files that are gone.
  const behind = pathsBehind(args);
  const loose = behind.length > 0 ? [] : words.filter(isPath);
  for (const path of loose) touch(git, path, 'read');
  const revisions = behind.length > 0 ? words.length > behind.length : words.length > loose.length;
  const old = command !== 'diff' || revisions || has(args, /^--(?:cached|staged|merge-base)$/);
  const paths = has(args, /^--full-diff/) ? [] : behind.length > 0 ? behind : loose;
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
export const show: GitHandler = (git) => {
  const { call, args, command } = git;
  const { root } = call.scene.place;
  const words = args.filter((arg) => !isOption(arg));
  let all = words.length === 0;
  for (const { text } of words) {
    const [, revision = '', file] = /^([^:]*):(?:[0-3]:)?([^]*)$/.exec(text ?? '') ?? [];
    if (text === undefined) call.read(known(root), { deep: true });
    else if (file === undefined) all = true;
    else if (revision === '' && file.startsWith('/')) call.read(known(root), { deep: true });
    else if (file === '' || file.startsWith('./') || file.startsWith('../'))
      touch(git, known(file || '.'), 'read', { deep: file === '' });
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

/** `git grep`. */
export const grep: GitHandler = (git) => {
  const { call, args, folders } = git;
  if (has(args, /^(?:-O|--open-files-in-pager|--ext-grep|--textconv)/))
    call.doubt('git grep may open files in another program');
  const file = args.findIndex(({ text }) => text === '-f');
  const patterns = args[file + 1];
  if (file >= 0 && patterns) touch(git, patterns, 'read');
  const outside = has(args, /^--(?:no-index|untracked|no-exclude-standard)/);
  if (outside) for (const folder of folders) call.read(known(folder), { deep: true });
  const paths = pathsBehind(args);
  const words = args
    .slice(0, args.length - paths.length)
    .filter((arg, index) => !isOption(arg) && arg.text !== '--' && !/^-[eABCm]$/.test(args[index - 1]?.text ?? ''));
  // Behind the pattern come revisions or paths.
  const more = words.slice(has(args, /^-e/) ? 0 : 1);
  if (more.length > 0 || has(args, /^--cached$/)) readHistory(git, paths);
  else if (outside) for (const path of paths) touch(git, path, 'read', { deep: true });
  else readTracked(git, paths);
  return has(args, /^(?:-l|--files-with-matches|--name-only)$/)
    ? namesIn(
        call,
        folders.map((folder) => known(folder)),
      )
    : undefined;
};

/** Reads every word that is no option. */
export const readsWords =
  (depth: { deep?: boolean } = {}): GitHandler =>
  (git) => {
    for (const arg of git.args) if (!isOption(arg)) touch(git, arg, 'read', depth);
    return undefined;
  };

/** `git archive`: a tree as a file. */
export const archive: GitHandler = (git) => {
  const { call, args } = git;
  if (has(args, /^--(?:exec|remote)/)) call.doubt('git archive may run something elsewhere');
  for (const [index, { prefix, text }] of args.entries()) {
    const attached = /^(?:--output=|-o(?=.))([^]*)$/.exec(prefix)?.[1];
    const value =
      attached !== undefined ? known(attached) : text === '-o' || text === '--output' ? args[index + 1] : undefined;
    if (value) touch(git, value, 'write');
    const added = /^--add-file=([^]*)$/.exec(prefix)?.[1];
    if (added !== undefined) touch(git, known(added), 'read');
  }
  const [tree, ...paths] = args.filter((arg, index) => !isOption(arg) && args[index - 1]?.text !== '-o');
  if (tree) readHistory(git, paths);
  return undefined;
};

const maxAmong = 300;

/** Names git tracks, as far as they can be listed. */
export const listFiles: GitHandler = (git) => {
  const { call, args, folders } = git;
  const names = namesIn(call, [known('.')]);
  const [folder, ...others] = folders;
  if (!names || folder === undefined || others.length > 0 || folder !== names.from) return undefined;
  if (has(args, /^-[a-z]*[oiukt]|^--(?:others|ignored|unmerged|killed|full-name|format|stage|debug)|^-s/))
    return has(args, /^-[a-z]*[skut]|^--(?:full-name|format|stage|debug|unmerged)/) ? undefined : names;
  const { root } = call.scene.place;
  const patterns = args.filter((arg) => !isOption(arg)).map(({ text }) => text);
  const expressions = patterns.map((pattern) =>
    pattern === undefined || pattern.startsWith(':') ? undefined : globExpression(pattern),
  );
  const files = call.scene.place.tracked().filter((path) => `${root}/${path}`.startsWith(`${folder}/`));
  const fits = (path: string): boolean => {
    const relative = `${root}/${path}`.slice(folder.length + 1);
    return (
      patterns.length === 0 ||
      patterns.some(
        (pattern, index) =>
          !expressions[index] || expressions[index].test(relative) || relative.startsWith(`${pattern ?? ''}/`),
      )
    );
  };
  const among = files.filter(fits).map((path) => `${root}/${path}`);
  return among.length > maxAmong || call.scene.isReindexed() ? names : { ...names, among };
};

/** `git hash-object`. */
export const hashObject: GitHandler = (git) => {
  if (has(git.args, /^--stdin-paths/)) git.call.doubt('it reads files that are named on its input');
  return readsWords()(git);
};

/** `git bundle`. */
export const bundle: GitHandler = (git) => {
  const [verb, file] = git.args.filter((arg) => !isOption(arg));
  git.call.program();
  if (file) touch(git, file, verb?.text === 'create' ? 'write' : 'read');
  if (verb?.text === 'create') readHistory(git, []);
  return undefined;
};

/** `git rev-parse`. */
export const revParse: GitHandler = (git) =>
  git.args.length === 1 && git.args[0]?.text === '--show-toplevel' ? topFolder(git) : undefined;

/** `git format-patch`. */
export const formatPatch: GitHandler = (git) => {
  const at = git.args.findIndex(({ text }) => text === '-o' || text === '--output-directory');
  const folder = git.args[at + 1];
  if (!has(git.args, /^--stdout$/)) touch(git, at >= 0 && folder ? folder : known('.'), 'write', { deep: true });
  readHistory(git, []);
  return undefined;
};
