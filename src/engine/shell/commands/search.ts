import { tidy } from '../scene.ts';
import type { Call, Handler } from '../call.ts';
import { readOptions } from '../options.ts';
import { known, linesOf, someNumber, type Arg, type Value } from '../value.ts';

const here = known('.');

const oddNames = new WeakMap<readonly string[], boolean>();

/** True when a file git tracks has a name that could be taken for several words, or for an option. */
const hasOddNames = (call: Call): boolean => {
  const files = call.scene.place.tracked();
  let odd = oddNames.get(files);
  if (odd === undefined) {
    odd = files.some((path) => /[\s'"\\]|^-/.test(path));
    oddNames.set(files, odd);
  }
  return odd;
};

/** The value of a list of names found below folders. Names that could be taken for something else are no such list. */
export const namesIn = (call: Call, folders: readonly Arg[], partial = false): Value | undefined => {
  if (hasOddNames(call)) return undefined;
  const { cwds } = call.state;
  const cwd = cwds?.length === 1 ? cwds[0] : undefined;
  const paths = folders.map(({ text }) =>
    text === undefined
      ? undefined
      : text.startsWith('/')
        ? tidy(text)
        : cwd === undefined
          ? undefined
          : tidy(`${cwd}/${text}`),
  );
  const [first, ...others] = paths;
  if (first === undefined || paths.includes(undefined)) return undefined;
  let common = first;
  for (const path of others)
    while (path !== undefined && common !== '/' && path !== common && !path.startsWith(`${common}/`))
      common = common.slice(0, common.lastIndexOf('/')) || '/';
  const relative = folders.some(({ text }) => text?.startsWith('/') !== true);
  return {
    text: undefined,
    within: common,
    ...(relative && cwd !== undefined ? { from: cwd } : {}),
    ...(partial ? { partial } : {}),
  };
};

const grepOptions =
  'e: regexp: f< file< m: max-count: A: after-context: B: before-context: C: context: d: directories: D: devices: binary-files: color colour label: include: exclude: exclude-from< exclude-dir: group-separator: r recursive R dereference-recursive l files-with-matches L files-without-match c count o only-matching';

const grep: Handler = (call) => {
  const { operands, has, values } = readOptions(call, grepOptions);
  const patternGiven = has('e', 'regexp', 'f', 'file');
  const files = patternGiven ? operands : operands.slice(1);
  if (!patternGiven && operands[0]?.several) call.doubt('which files it searches is only known when it runs');
  const follow = has('R', 'dereference-recursive');
  const deep =
    follow ||
    has('r', 'recursive') ||
    call.name === 'rgrep' ||
    values('d', 'directories').some(({ text }) => text !== 'read' && text !== 'skip');
  const searched = files.length > 0 ? files : deep ? [here] : [];
  for (const one of searched) if (one.text !== '-') call.read(one, { deep, follow });
  if (has('c', 'count') && searched.length < 2 && !deep) return someNumber;
  if (has('l', 'files-with-matches', 'L', 'files-without-match')) return namesIn(call, searched);
  return searched.length > 0 || has('o', 'only-matching') ? undefined : linesOf(call.stdin.value);
};

const rgOptions =
  'e: regexp: f< file< g: glob: iglob: t: type: T: type-not: type-add: A: after-context: B: before-context: C: context: m: max-count: d: max-depth: maxdepth: M: max-columns: j: threads: r: replace: sort: sortr: color: colors: context-separator: field-match-separator: path-separator: E: encoding: engine: ignore-file< max-filesize: pre! pre-glob: hostname-bin! hyperlink-format: search-zip! z! dfa-size-limit: regex-size-limit: l files-with-matches files-without-match files c count L follow n i S s w v x o p q u a U P F H I N 0 hidden no-ignore no-ignore-vcs ignore-case smart-case line-number no-line-number no-heading heading json stats vimgrep multiline fixed-strings word-regexp invert-match only-matching pcre2 no-messages null trim text unrestricted count-matches pretty quiet . no-filename with-filename column debug type-list version no-config crlf line-regexp case-sensitive binary block-buffered line-buffered one-file-system passthru max-columns-preview no-ignore-parent no-ignore-dot no-ignore-global no-ignore-exclude no-ignore-files multiline-dotall byte-offset help';

/** What ripgrep looks through: hidden names are left out unless asked for. */
const searchFolder = (call: Call, one: Arg): void => {
  const { cwds } = call.state;
  const path =
    one.text === undefined
      ? undefined
      : one.text.startsWith('/')
        ? one.text
        : cwds?.length === 1
          ? `${cwds[0] ?? ''}/${one.text}`
          : undefined;
  const names = path === undefined ? undefined : call.scene.names(path);
  const shown = names?.filter((name) => !name.startsWith('.'));
  if (path === undefined || !shown || shown.length > maxListed) call.read(one, { deep: true });
  else
    for (const name of shown)
      call.read(known(`${path}/${name}`), { deep: call.scene.place.list(`${path}/${name}`) !== undefined });
};

const maxListed = 100;

const rg: Handler = (call) => {
  const { operands, has } = readOptions(call, rgOptions, { strict: true });
  const patternGiven = has('e', 'regexp', 'f', 'file', 'files', 'type-list');
  const files = patternGiven ? operands : operands.slice(1);
  if (!patternGiven && operands[0]?.several) call.doubt('which files it searches is only known when it runs');
  const searched = files.length > 0 ? files : call.stdin.piped && !has('files') ? [] : [here];
  const all = has('hidden', 'u', 'unrestricted', 'L', 'follow', 'g', 'glob', 'iglob', '.');
  for (const one of searched)
    if (one.text === '-') continue;
    else if (all) call.read(one, { deep: true, follow: has('L', 'follow') });
    else searchFolder(call, one);
  return has('files', 'l', 'files-with-matches', 'files-without-match') ? namesIn(call, searched) : undefined;
};

const ag: Handler = (call) => {
  const { operands } = readOptions(
    call,
    'A: B: C: G: g: m: p< ignore: ignore-dir: pager! depth: type: type-set: pre!',
    {},
  );
  for (const one of operands.slice(1)) call.read(one, { deep: true, follow: true });
  if (operands.length < 2) call.read(here, { deep: true });
  return undefined;
};

const fd: Handler = (call) => {
  const { operands, has } = readOptions(
    call,
    'x! exec! X! exec-batch! e: extension: t: type: d: max-depth: maxdepth: min-depth: exact-depth: E: exclude: c: color: S: size: changed-within: changed-before: o: owner: j: threads: search-path: base-directory: ignore-file< path-separator: max-results: format: H hidden I no-ignore s i g a l L p 0 1 q F u follow glob regex absolute-path full-path print0 unrestricted no-ignore-vcs strip-cwd-prefix one-file-system',
    { strict: true },
  );
  const folders = operands.length > 1 ? operands.slice(1) : [here];
  if (has('base-directory')) call.doubt('where it searches is not known');
  for (const one of folders) call.read(one);
  return namesIn(call, folders);
};

/** Programs that search files for a text. */
export const searchers: Readonly<Record<string, Handler>> = {
  grep,
  egrep: grep,
  fgrep: grep,
  rgrep: grep,
  zgrep: grep,
  zegrep: grep,
  zfgrep: grep,
  bzgrep: grep,
  xzgrep: grep,
  rg,
  ag,
  ack: ag,
  fd,
  fdfind: fd,
};
