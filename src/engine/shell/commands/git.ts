import type { Handler } from '../call.ts';
import { skipsHooks } from '../environment.ts';
import { tidy } from '../scene.ts';
import { known, type Arg, type Value } from '../value.ts';
import { isHarmlessKey, skipsHooksKey } from './git-call.ts';
import { gitCommands } from './git-commands.ts';

/** Commands after which other files may be tracked than before. */
const reindexes =
  /^(?:add|stage|init|clone|mv|rm|checkout|switch|reset|restore|stash|merge|rebase|pull|apply|am|cherry-pick|revert|read-tree|update-index|commit|submodule|worktree|sparse-checkout|bisect)$/;

const git: Handler = (call): Value | undefined => {
  const { args, state } = call;
  let folders: readonly string[] | undefined = state.cwds;
  let at = 0;
  const value = (): Arg => args[(at += 1)] ?? known('');
  for (; at < args.length; at += 1) {
    const { text, prefix = '', source = '' } = args[at] ?? {};
    if (text === undefined) {
      call.doubt(`${source} is only known when it runs`);
      if (!prefix.startsWith('-')) break;
    } else if (text === '-C') {
      const folder = value().text;
      folders =
        folder === undefined
          ? undefined
          : folder.startsWith('/')
            ? [tidy(folder)]
            : folders?.map((one) => tidy(`${one}/${folder}`));
    } else if (text === '-c') {
      const setting = value();
      if (skipsHooksKey(setting.prefix)) call.danger('leaves git hooks out');
      if (setting.text === undefined || !isHarmlessKey(setting.text))
        call.doubt(`git -c ${setting.text ?? setting.source} may run something`);
    } else if (/^--(?:git-dir|work-tree|namespace)/.test(text)) {
      call.doubt('git works on a repository given by hand');
      if (!text.includes('=')) value();
    } else if (/^--(?:exec-path|config-env|super-prefix|attr-source|list-cmds)/.test(text))
      call.doubt(`git ${text} may run something`);
    else if (
      /^(?:-P|-p|--no-pager|--paginate|--no-optional-locks|--no-replace-objects|--literal-pathspecs|--glob-pathspecs|--noglob-pathspecs|--icase-pathspecs|--bare|--version|-v|--help|-h|--no-lazy-fetch|--no-advice|--html-path|--man-path|--info-path)$/.test(
        text,
      )
    )
      continue;
    else if (text.startsWith('-')) call.doubt(`nobody looked into git ${text}`);
    else break;
  }
  const command = args[at]?.text;
  if (command === undefined) return undefined;
  const rest = args.slice(at + 1);
  const husky =
    call.prefix.find(({ name }) => /^(?:HUSKY|SKIP$)/.test(name)) ??
    ['HUSKY', 'HUSKY_SKIP_HOOKS', 'SKIP'].flatMap((name) => {
      const set = state.variables.get(name);
      return set ? [{ name, value: set }] : [];
    })[0];
  if (husky && skipsHooks(husky.name, husky.value)) call.danger('leaves git hooks out');
  for (const [index, { prefix }] of rest.entries()) {
    const file = /^--pathspec-from-file(?:=([^]*))?$/.exec(prefix);
    if (!file) continue;
    call.doubt('which files it is about stands in a file');
    const named = file[1] === undefined ? rest[index + 1] : known(file[1]);
    for (const folder of folders ?? [])
      if (named && named.prefix !== '-')
        call.read(named.text?.startsWith('/') ? named : known(`${folder}/${named.prefix}`));
  }
  if (!folders) call.doubt('the folder it runs in is not known');
  const { root } = call.scene.place;
  // Whatever is asked about a repository elsewhere, the answer comes from there.
  for (const folder of folders ?? []) if (folder !== root && !folder.startsWith(`${root}/`)) call.read(known(folder));
  if (rest.some((arg) => arg.text === undefined && arg.prefix === '' && arg.several) && command !== 'add')
    call.doubt('an option of git is only known when it runs');
  const handler = gitCommands[command];
  if (!handler) {
    // An alias or a program called git-something: it may be anything.
    call.doubt(`nobody looked into git ${command}`);
    return undefined;
  }
  const out = handler({ call, command, args: rest, folders: folders ?? [] });
  if (reindexes.test(command)) call.scene.reindex();
  return out;
};

/** Version control. */
export const versionControl: Readonly<Record<string, Handler>> = { git };
