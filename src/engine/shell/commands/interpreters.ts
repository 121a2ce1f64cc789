import { tidy } from '../scene.ts';
import type { Call, Handler } from '../call.ts';
import { readOptions } from '../options.ts';
import { known, type Arg } from '../value.ts';
import { scriptText } from './builtins.ts';
import { isFetched } from './readers.ts';

const network = 'runs what it gets from the network';

/** Notes that a script is run, and what makes that dangerous or unknown. */
const runsFile = (call: Call, file: Arg): void => {
  call.read(file);
  if (file.fromNet || (file.text !== undefined && isFetched(call, file.text))) call.danger(network);
  if (file.channel || file.text === undefined) call.doubt('it runs a script that is only known when it runs');
  else if (absolutes(call, file.text).some((path) => call.scene.isChanged(path))) call.doubt('it runs a script the line may have changed');
  call.program();
};

const absolutes = (call: Call, path: string): string[] =>
  path.startsWith('/') ? [tidy(path)] : (call.state.cwds ?? []).map((cwd) => tidy(`${cwd}/${path}`));

const shellOptions = /^(?:-[abefhiklmnoprstuvxBCEHPTcDO]+|\+[abefhkmnprtuvxBCEHPT]+|--(?:login|norc|noprofile|posix|verbose|restricted|noediting))$/;

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
    if (text === undefined || !shellOptions.test(text) || /^-\w*i|^-\w*l|^--login/.test(text)) call.doubt(`${name} may run other files first`);
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
    if (name !== 'bash' && /\$'/.test(first.text)) call.doubt(`${name} may read its text by other rules`);
    return call.script(first.text, { args: rest.slice(1) }).out;
  }
  const readsStdin = !first || args.slice(0, at).some(({ text }) => /^-\w*s\w*$/.test(text ?? ''));
  if (!readsStdin && !/^\/dev\/(?:stdin|fd\/0)$/.test(first.text ?? '')) {
    runsFile(call, first);
    const text = first.text === undefined ? undefined : scriptText(call, first.text);
    if (text === undefined) call.doubt('it runs a script nobody could look into');
    else return call.script(text, { args: rest }).out;
    return undefined;
  }
  if (stdin.value.fromNet) call.danger(network);
  if (!stdin.piped) return undefined;
  if (stdin.value.text === undefined) call.doubt(`${name} runs what it reads`);
  else return call.script(stdin.value.text, { args: first ? [first, ...rest] : [], stdin: { piped: true, value: { text: undefined } } }).out;
  return undefined;
};

/** How an interpreter takes code. */
interface Interpreter {
  /** Options that bring code, or code of another file, with them. */
  code: RegExp;
  /** Options that take the next word. */
  valued: RegExp;
  /** Options that make the next word a module or task: known, but not what it does. */
  module?: RegExp;
  /** Only asks for help or versions, or checks without running. */
  idle?: RegExp;
  /** First words that are commands of its own. */
  commands?: RegExp;
}

const interpreter =
  ({ code, valued, module, idle, commands }: Interpreter): Handler =>
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
        for (const rest of args.slice(at + 1)) readIfFile(call, rest);
        return undefined;
      }
      if (prefix.startsWith('-') && prefix !== '-' && prefix !== '--') {
        if (code.test(prefix)) {
          call.doubt(`${name} runs code given to it`);
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

/** A word that is the name of a file that is there may be read. */
export const readIfFile = (call: Call, arg: Arg): void => {
  for (const text of [arg.prefix, arg.prefix.replace(/^-{1,2}[\w-]+=/, ''), arg.prefix.replace(/^-[A-Za-z]/, ''), arg.prefix.replace(/^[^@=]*[@=]/, '')]) {
    if (arg.text === undefined || text === '' || text.startsWith('-') || text.length > 4096 || /[\n\0]/.test(text)) continue;
    const isThere = absolutes(call, text).some((path) => call.scene.names(path.slice(0, path.lastIndexOf('/')) || '/')?.includes(path.slice(path.lastIndexOf('/') + 1)));
    if (isThere || (/^(?:\.{0,2}\/|~|\.\w)/.test(text) && !/\s/.test(text))) call.read(known(text));
  }
};

const node = interpreter({
  code: /^(?:-[epir]|-[a-z]*[ep]$|--eval|--print|--interactive|--require|--import|--loader|--experimental-loader|--env-file|--inspect|--run|--build-snapshot|--experimental-sea|--test-reporter|--watch-path|--snapshot|--openssl)/,
  valued: /^(?:-C|--conditions|--input-type|--stack-trace-limit|--test-name-pattern|--test-concurrency|--title)$/,
  idle: /^(?:-v|--version|-h|--help|-c|--check)$/,
});

const testRunner: Handler = (call) => {
  if (!call.args.some(({ text }) => text === '--test')) return node(call);
  call.program();
  for (const arg of call.args) {
    readIfFile(call, arg);
    if (/^(?:-[epr]|--eval|--require|--import|--loader|--experimental-loader|--test-reporter)/.test(arg.prefix) && !/^--test-reporter=(?:spec|tap|dot|junit)$/.test(arg.prefix)) call.doubt('node runs code given to it');
  }
  return undefined;
};

const python = interpreter({
  code: /^-[bBdEiIOqsSuvxP]*c/,
  valued: /^(?:-W|-X|--check-hash-based-pycs)$/,
  module: /^-[bBdEIOqsSuvxP]*m/,
  idle: /^(?:-V|-VV|--version|-h|--help)$/,
});

const perl = interpreter({
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

const deno = interpreter({ code: /^(?:--eval|--preload|--import-map|--require)/, valued: /^(?:-c|--config)$/, commands: /^(?:run|test|fmt|lint|check|task|bench|doc|info|cache|install|compile)$/, idle: /^(?:-V|--version)$/ });

const runtime =
  (inner: Handler): Handler =>
  (call) => {
    if (/^(?:eval|repl|-e|-p|--eval|--print|exec)$/.test(call.args[0]?.text ?? '')) call.doubt(`${call.name} runs code given to it`);
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

const make: Handler = (call) => {
  const { unknown, values } = readOptions(
    call,
    'f< file< makefile< C: directory: I: include-dir: o: old-file: W: what-if: new-file: assume-new: assume-old: j jobs l load-average output-sync O: shuffle n k s q t B i d p r R v w e S b m h keep-going silent quiet just-print dry-run recon question touch always-make ignore-errors debug print-data-base no-builtin-rules no-builtin-variables version print-directory no-print-directory environment-overrides warn-undefined-variables help eval! E!',
    {},
  );
  call.program();
  for (const file of values('f', 'file', 'makefile')) if (file.text === '-') call.doubt('make runs what it reads');
  for (const one of unknown) if (one.startsWith('--')) call.doubt(`nobody looked into make ${one}`);
  for (const arg of call.args) {
    if (/^(?:SHELL|\.SHELLFLAGS|MAKE|CC|CXX|LD|AR|RM|MAKEFLAGS|PATH|LD_\w+)\+?:?:?=/.test(arg.prefix)) call.doubt('which programs make starts is given to it');
    if (/^\w+\??[:+!]*=[^]*(?:\$|!)/.test(arg.prefix)) call.doubt('make runs what a variable holds');
    if (arg.text === undefined && arg.prefix === '') call.doubt(`${arg.source} is only known when it runs`);
  }
  return undefined;
};

const many = (names: string, handler: Handler): Record<string, Handler> => Object.fromEntries(names.split(' ').map((name) => [name, handler]));

/** Programs that run code. */
export const interpreters: Readonly<Record<string, Handler>> = {
  ...many('sh bash dash zsh ksh mksh ash fish csh tcsh rbash', shell),
  ...many('node nodejs', testRunner),
  ...many('python python2 python3 python3.9 python3.10 python3.11 python3.12 python3.13 python3.14 pypy pypy3', python),
  ...many('perl perl5', perl),
  ruby,
  php,
  deno: runtime(deno),
  bun: runtime(deno),
  ...many('lua luajit lua5.4 tclsh wish expect guile racket sbcl clisp ghci runghc runhaskell julia R Rscript octave elixir iex erl escript scala groovy jshell kotlin swift ts-node tsx node-gyp-build ipython bpython irb pry coffee crystal clojure janet gosh m4 dc osascript pwsh powershell nu xonsh elvish', generic),
  ...many('vi vim nvim view vimdiff gvim rvim ex ed red emacs emacsclient nano pico micro joe mcedit kak helix hx code subl atom gedit kate', editor),
  ...many('sqlite3 psql mysql mariadb mongo mongosh redis-cli duckdb clickhouse-client', sqlClient),
  ...many('make gmake', make),
};
