import type { Call, Handler } from '../call.ts';
import { tidy } from '../scene.ts';
import { known, type Arg, type Value } from '../value.ts';
import { namesIn } from './search.ts';

/** Tests and actions of find that take a value which is no path. */
const withValue = new Set(
  '-name -iname -path -ipath -wholename -iwholename -regex -iregex -lname -ilname -type -xtype -size -mtime -atime -ctime -mmin -amin -cmin -perm -user -group -uid -gid -inum -links -maxdepth -mindepth -regextype -fstype -printf -used -D -flags -Bmin -Bnewer -context'.split(
    ' ',
  ),
);
const alone = new Set(
  '-print -print0 -ls -prune -quit -true -false -empty -readable -writable -executable -nouser -nogroup -depth -d -xdev -mount -daystart -follow -noleaf -not -a -and -o -or ( ) ! , -E -L -H -P -X -x -s -warn -nowarn -ignore_readdir_race -noignore_readdir_race -help --help -version --version'.split(
    ' ',
  ),
);
const comparing = /^-(?:newer(?:[aBcmt][aBcmt])?|anewer|cnewer|samefile)$/;
const writing = new Set(['-fprint', '-fprint0', '-fls', '-fprintf']);
const executing = new Set(['-exec', '-execdir', '-ok', '-okdir']);

/** Words with a file found below a folder in the place of `{}`. */
const withFound = (words: readonly Arg[], folder: Arg, exact: boolean, partial: boolean): Arg[] =>
  words.map((word) => {
    if (!word.text?.includes('{}')) return word;
    const within = exact ? folder.text : undefined;
    return {
      text: undefined,
      source: word.text,
      prefix: word.text.startsWith('-') ? word.text : '',
      ...(word.text === '{}' && within !== undefined ? { within, ...(partial ? { partial } : {}) } : {}),
    };
  });

const runs = (call: Call, action: string, words: readonly Arg[], folders: readonly Arg[], partial: boolean): void => {
  const { cwds } = call.state;
  const state = action.endsWith('dir') ? { ...call.state, cwds: undefined } : call.state;
  for (const folder of folders) {
    const base =
      folder.text === undefined
        ? undefined
        : folder.text.startsWith('/')
          ? folder.text
          : cwds?.length === 1
            ? tidy(`${cwds[0] ?? ''}/${folder.text}`)
            : undefined;
    const at = base === undefined ? { ...folder, text: undefined } : known(base);
    call.run(withFound(words, at, base !== undefined, partial), {
      external: true,
      state,
      stdin: { piped: false, value: { text: '' } },
    });
  }
};

const selecting = /^-(?:i?name|i?path|i?regex|i?wholename)$/;

/** True for a folder that is the workspace. */
const isHere = (call: Call, folder: Arg): boolean =>
  folder.text !== undefined &&
  (call.state.cwds ?? []).every(
    (cwd) => tidy(folder.text?.startsWith('/') ? folder.text : `${cwd}/${folder.text ?? ''}`) === call.scene.place.root,
  );

/** Finds names; what it runs or deletes is looked at for everything below its folders. */
export const find: Handler = (call): Value | undefined => {
  const { args } = call;
  let at = 0;
  while (/^-(?:[LHPEXxs]|O\d|D)$/.test(args[at]?.text ?? '')) at += args[at]?.text === '-D' ? 2 : 1;
  const first = at;
  while (at < args.length && !/^[-(!),]/.test(args[at]?.prefix ?? '')) at += 1;
  const folders = at > first ? args.slice(first, at) : [known('.')];
  const partial = args.some(
    ({ text }, index) => selecting.test(text ?? '') && !/^\.?\*+$/.test(args[index + 1]?.text ?? ''),
  );
  const follow = args.some(({ text }) => text === '-L' || text === '-follow');
  for (const folder of folders) {
    // A word nobody knows may be an action as well as a folder.
    if (folder.text === undefined && folder.prefix === '') call.doubt(`${folder.source} is only known when it runs`);
    call.read(folder, { follow: follow && args.some(({ text }) => executing.has(text ?? '') || text === '-delete') });
  }
  for (; at < args.length; at += 1) {
    const { text } = args[at] ?? {};
    const value = args[at + 1];
    if (text === undefined) call.doubt(`${args[at]?.source ?? ''} is only known when it runs`);
    else if (executing.has(text)) {
      const end = args.findIndex(
        (arg, index) => index > at && (arg.text === ';' || (arg.text === '+' && args[index - 1]?.text === '{}')),
      );
      if (end < 0) call.doubt('what it runs can be read in more than one way');
      runs(call, text, args.slice(at + 1, end < 0 ? undefined : end), folders, partial);
      at = end < 0 ? args.length : end;
    } else if (text === '-delete')
      for (const folder of folders)
        call.write(
          partial && isHere(call, folder) ? { ...known(call.scene.place.root) } : folder,
          partial && isHere(call, folder) ? { deep: true } : { deep: true, how: 'delete' },
        );
    else if (writing.has(text)) {
      if (value) call.write(value);
      at += text === '-fprintf' ? 2 : 1;
    } else if (comparing.test(text)) at += 1;
    else if (text === '-files0-from') {
      call.doubt('it looks at files that are named in a file');
      if (value) call.read(value);
      at += 1;
    } else if (withValue.has(text)) at += 1;
    else if (!alone.has(text)) call.doubt(`nobody looked into find ${text}`);
  }
  return args.some(({ text }) => text === '-printf' || text === '-ls') ? undefined : namesIn(call, folders, partial);
};
