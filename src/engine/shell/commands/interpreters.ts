import { isStream } from '../scene.ts';
import type { Call, Handler } from '../call.ts';
import { anything, known, type Arg } from '../value.ts';
import { scriptText } from './scripts.ts';
import { absolutes, readIfFile } from './files.ts';
import { isFetched } from './readers.ts';

const network = 'runs what it gets from the network';

/** Notes that a script is run, and what makes that dangerous or unknown. */
const runsFile = (call: Call, file: Arg): void => {
  call.read(file);
  if (/(?:^|\/)(?:llm-copilot|lca)(?:\.[cm]?js)?$/.test(file.text ?? '')) {
    call.doubt('it starts this agent again');
    if (
      call.args.some(({ prefix }) =>
        /^(?:trust|undo|init|policy|sandbox)$|^--(?:permission-mode|trust|allowed-tools|add-dir)|^bypass$/.test(prefix),
      )
    )
      call.danger('changes what this agent is allowed to do');
  }
  if (file.fromNet || (file.text !== undefined && isFetched(call, file.text))) call.danger(network);
  if (file.channel || file.text === undefined || isStream(file.text) || file.text.startsWith('/proc/'))
    call.doubt('it runs a script that is only known when it runs');
  else if (absolutes(call, file.text).some((path) => call.scene.isChanged(path)))
    call.doubt('it runs a script the line may have changed');
  call.program();
};

const shellOptions =
  /^(?:-[abefhiklmnoprstuvxBCEHPTcDO]+|\+[abefhkmnprtuvxBCEHPT]+|--(?:login|norc|noprofile|posix|verbose|restricted|noediting))$/;

/** sh, bash and the like: text, file or stdin. */
const shell: Handler = (call) => {
  const { args, stdin, name } = call;
  const odd = !/^(?:sh|bash|dash)$/.test(name);
  if (odd) call.doubt(`${name} reads its text by other rules`);
  let at = 0;
  let inline = false;
  for (; at < args.length; at += 1) {
    const { text, prefix = '' } = args[at] ?? {};
    if (text === undefined && prefix === '') break;
    if (!/^[-+]/.test(prefix) || text === '-' || text === '--') break;
    if (text === undefined || !shellOptions.test(text) || /^-\w*i|^-\w*l|^--login/.test(text))
      call.doubt(`${name} may run other files first`);
    if (/^-[^-]*c/.test(prefix)) inline = true;
    if (/^[-+]\w*[oO]$/.test(prefix)) at += 1;
  }
  if (args[at]?.text === '--' || args[at]?.text === '-') at += 1;
  const [first, ...rest] = args.slice(at);
  // The shell reads BASH_ENV or ENV; the line would have set it, which is seen elsewhere.
  if (inline) {
    if (!first) return undefined;
    if (first.fromNet) call.danger(network);
    if (first.text === undefined) {
      call.doubt(`${name} runs text that is only known when it runs`);
      return undefined;
    }
    if (name !== 'bash' && first.text.includes("$'")) call.doubt(`${name} may read its text by other rules`);
    return call.freshScript(first.text, rest.slice(1)).out;
  }
  const readsStdin = !first || args.slice(0, at).some(({ text }) => /^-\w*s\w*$/.test(text ?? ''));
  if (!readsStdin && !/^\/dev\/(?:stdin|fd\/0)$/.test(first.text ?? '')) {
    runsFile(call, first);
    const text = first.text === undefined ? undefined : scriptText(call, first.text);
    if (text === undefined) call.doubt('it runs a script nobody could look into');
    else return call.freshScript(text, rest).out;
    return undefined;
  }
  if (stdin.value.fromNet) call.danger(network);
  if (!stdin.piped) return undefined;
  if (stdin.value.text === undefined) call.doubt(`${name} runs what it reads`);
  else return call.freshScript(stdin.value.text, first ? [first, ...rest] : [], { piped: true, value: anything }).out;
  return undefined;
};

/** How an interpreter takes code. */
interface Interpreter {
  /** Options that bring code, or code of another file, with them. */
  code: RegExp;
  /** Options that take the next word. */
  valued: RegExp;
  /** Modules that run code they are given. */
  codeModules?: RegExp;
  /** Code so plain that what it does is known; the files it reads. */
  plain?: (code: string) => readonly string[] | undefined;
  /** Options that make the next word a module or task: known, but not what it does. */
  module?: RegExp;
  /** Only asks for help or versions, or checks without running. */
  idle?: RegExp;
  /** First words that are commands of its own. */
  commands?: RegExp;
}

const interpreter =
  ({ code, valued, module, idle, commands, codeModules, plain }: Interpreter): Handler =>
  (call) => {
    const { args, name, stdin } = call;
    call.program();
    for (let at = 0; at < args.length; at += 1) {
      const arg = args[at];
      if (!arg) break;
      const { text, prefix } = arg;
      if (arg.fromNet) call.danger(network);
      if (module?.test(prefix)) {
        const attached = prefix.length > 2 ? known(prefix.slice(2)) : args[at + 1];
        if (attached?.text === undefined) call.doubt('which module it runs is only known when it runs');
        else if (codeModules?.test(attached.text)) call.doubt(`${name} runs code given to it`);
        for (const rest of args.slice(at + 1))
          if (rest.channel) call.doubt('what it is given is only known when it runs');
        for (const rest of args.slice(at + 1)) readIfFile(call, rest);
        return undefined;
      }
      if (prefix.startsWith('-') && prefix !== '-' && prefix !== '--') {
        if (code.test(prefix)) {
          const files = args[at + 1]?.text === undefined ? undefined : plain?.(args[at + 1]?.text ?? '');
          if (files && args.length === at + 2) for (const path of files) call.read(known(path));
          else call.doubt(`${name} runs code given to it`);
          // What it surely reads is still worth telling.
          for (const rest of args.slice(at + 1)) {
            if (rest.fromNet) call.danger(network);
            readIfFile(call, rest);
          }
          return undefined;
        }
        if (idle?.test(prefix) && args.length <= 2) {
          for (const rest of args.slice(at + 1)) call.read(rest);
          return undefined;
        }
        if (text === undefined) call.doubt('an option is only known when it runs');
        if (valued.test(prefix)) at += 1;
        continue;
      }
      const file = text === '--' ? args[at + 1] : arg;
      if (!file || file.text === '-') break;
      if (commands?.test(file.text ?? '') !== true) runsFile(call, file);
      for (const rest of args.slice(at + 1)) if (rest !== file) readIfFile(call, rest);
      return undefined;
    }
    if (stdin.value.fromNet) call.danger(network);
    call.doubt(stdin.piped ? `${name} runs what it reads` : `${name} runs what is typed`);
    return undefined;
  };

const requiresJson =
  /^(?:console\.log\()?require\((['"])(\.{0,2}\/[\w./-]+\.json)\1\)(?:\.\w+|\[['"][\w@/.-]+['"]\])*\)?;?$/;

/** Prints a part of a JSON file, or a version. */
const plainNode = (code: string): readonly string[] | undefined => {
  const path = requiresJson.exec(code.trim())?.[2];
  if (path !== undefined) return [path];
  return /^(?:console\.log\()?process\.(?:versions?(?:\.\w+)?|platform|arch)\)?;?$/.test(code.trim()) ? [] : undefined;
};

const node = interpreter({
  plain: plainNode,
  code: /^(?:-[epir]|-[a-z]*[ep]$|--eval|--print|--interactive|--require|--import|--loader|--experimental-loader|--env-file|--inspect|--run|--build-snapshot|--experimental-sea|--test-reporter|--watch-path|--snapshot|--openssl)/,
  valued: /^(?:-C|--conditions|--input-type|--stack-trace-limit|--test-name-pattern|--test-concurrency|--title)$/,
  idle: /^(?:-v|--version|-h|--help|-c|--check)$/,
});

const testRunner: Handler = (call) => {
  if (!call.args.some(({ text }) => text === '--test')) return node(call);
  call.program();
  for (const arg of call.args) {
    readIfFile(call, arg);
    if (arg.channel || isStream(arg.text ?? '')) call.doubt('it runs a script that is only known when it runs');
    if (arg.text !== undefined && absolutes(call, arg.text).some((path) => call.scene.isChanged(path)))
      call.doubt('it runs a script the line may have changed');
    if (
      /^(?:-[epr]|--eval|--require|--import|--loader|--experimental-loader|--test-reporter)/.test(arg.prefix) &&
      !/^--test-reporter=(?:spec|tap|dot|junit)$/.test(arg.prefix)
    )
      call.doubt('node runs code given to it');
  }
  return undefined;
};

const python = interpreter({
  code: /^-[bBdEiIOqsSuvxP]*c/,
  valued: /^(?:-W|-X|--check-hash-based-pycs)$/,
  module: /^-[bBdEIOqsSuvxP]*m/,
  codeModules:
    /^(?:timeit|pdb|bdb|code|codeop|cProfile|profile|trace|runpy|IPython|ipykernel|jupyter|asyncio|sqlite3|dotenv(?:\.\w+)?|webbrowser|idlelib.*|http\.server|zipapp|compileall|pickle|dis|ast|tokenize|test.*|lib2to3.*)$/,
  idle: /^(?:-V|-VV|--version|-h|--help)$/,
});

const substitutes =
  /^(?:s([/|,#!])(?:[\w\s.,:;<>=%&~"'()[\]*+?^-]|\\[^a-zA-Z])*\1(?:[\w\s.,:;<>=%&~"'()[\]*+?^-]|\\[^a-zA-Z])*\1[gimsx]*;?\s*)+$/;

/** `perl -pi -e 's/a/b/'`: changes lines and runs nothing. */
const perlLines: Handler = (call) => {
  const [flags, code, ...files] = call.args.filter(({ text }, index) => !(text === '-e' && index > 0));
  const isLoop =
    /^-(?:p|pi|i|pe|pie|p0|p0e|0pe|0777pe)$/.test(flags?.text ?? '') &&
    call.args.some(({ text }) => (text ?? '').endsWith('e') && text?.startsWith('-'));
  if (!flags || !isLoop || code?.text === undefined || !substitutes.test(code.text) || /\(\?\??\{/.test(code.text))
    return perlAny(call);
  const inPlace = flags.text?.includes('i') === true;
  for (const file of files) {
    if (file.prefix.startsWith('-') || /[|<>]/.test(file.prefix)) call.doubt('perl may run what it is given');
    call.read(file);
    if (inPlace) call.write(file);
  }
  return undefined;
};

const perlAny = interpreter({
  code: /^-(?:[a-zA-Z0-9]*[eEnpiMmdsSxI]|-)/,
  valued: /^$/,
  idle: /^(?:-v|-V|-c)$/,
});

const ruby = interpreter({
  code: /^-(?:[a-zA-Z0-9]*[enpirISxs]|-(?:encoding|require|enable|disable))/,
  valued: /^(?:-C|-E)$/,
  idle: /^(?:-v|--version|-c)$/,
});

const php = interpreter({
  code: /^-(?:[rRBEaFdczS]|-(?:run|process|interactive|define|php-ini|server))/,
  valued: /^(?:-t)$/,
  idle: /^(?:-v|--version|-l|--syntax-check|-i|-m)$/,
});

const deno = interpreter({
  code: /^(?:--eval|--preload|--import-map|--require)/,
  valued: /^(?:-c|--config)$/,
  commands: /^(?:run|test|fmt|lint|check|task|bench|doc|info|cache|install|compile)$/,
  idle: /^(?:-V|--version)$/,
});

const runtime =
  (inner: Handler): Handler =>
  (call) => {
    if (/^(?:eval|repl|-e|-p|--eval|--print|exec)$/.test(call.args[0]?.text ?? ''))
      call.doubt(`${call.name} runs code given to it`);
    return inner(call);
  };

const generic = interpreter({
  code: /^(?:-[a-zA-Z]*[eErcxil]|--(?:eval|expr|execute|exec|run|load|require|command|init|script|args))/,
  valued: /^$/,
  idle: /^(?:-v|-V|--version|--help|-h|-version)$/,
});

const editor: Handler = (call) => {
  call.doubt(`${call.name} runs commands of its own`);
  for (const arg of call.args) {
    if (arg.prefix.startsWith('-') || arg.prefix.startsWith('+') || arg.text === undefined) continue;
    call.read(arg);
    call.write(arg);
  }
  if (call.stdin.value.fromNet) call.danger(network);
  return undefined;
};

const sqlClient: Handler = (call) => {
  call.doubt(`${call.name} has commands that run programs and read files`);
  for (const arg of call.args) readIfFile(call, arg);
  return undefined;
};

const many = (names: string, handler: Handler): Record<string, Handler> =>
  Object.fromEntries(names.split(' ').map((name) => [name, handler]));

/** Programs that run code. */
export const interpreters: Readonly<Record<string, Handler>> = {
  ...many('sh bash dash zsh ksh mksh ash fish csh tcsh rbash', shell),
  ...many('node nodejs', testRunner),
  ...many('python python2 python3 python3.9 python3.10 python3.11 python3.12 python3.13 python3.14 pypy pypy3', python),
  ...many('perl perl5', perlLines),
  ruby,
  php,
  deno: runtime(deno),
  bun: runtime(deno),
  ...many(
    'lua luajit lua5.4 tclsh wish expect guile racket sbcl clisp ghci runghc runhaskell julia R Rscript octave elixir iex erl escript scala groovy jshell kotlin swift ts-node tsx node-gyp-build ipython bpython irb pry coffee crystal clojure janet gosh m4 dc osascript pwsh powershell nu xonsh elvish',
    generic,
  ),
  ...many(
    'vi vim nvim view vimdiff gvim rvim ex ed red emacs emacsclient nano pico micro joe mcedit kak helix hx code subl atom gedit kate',
    editor,
  ),
  ...many('sqlite3 psql mysql mariadb mongo mongosh redis-cli duckdb clickhouse-client', sqlClient),
};
