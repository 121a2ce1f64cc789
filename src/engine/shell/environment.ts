import type { Value } from './value.ts';

const steering =
  /^(?:PATH|LD_.*|DYLD_.*|NODE_(?:OPTIONS|PATH|REPL_EXTERNAL_MODULE)|PYTHON.*|PERL.*|RUBY.*|BUNDLE_.*|GEM_.*|BASH_ENV|ENV|BASH_FUNC_.*|PS4|PROMPT_COMMAND|SHELLOPTS|BASHOPTS|SHELL|GIT_.*|SSH_ASKPASS|SUDO_ASKPASS|.*PAGER|LESS.*|EDITOR|VISUAL|.*_EDITOR|BROWSER|TAR_OPTIONS|TAPE|RSYNC_.*|MAKEFLAGS|GNUMAKEFLAGS|MAKEFILES|MAKE|npm_config_.*|NPM_CONFIG_.*|YARN_.*|PNPM_.*|PIP_.*|CARGO_.*|RUSTC.*|RUSTFLAGS|RUSTDOC.*|GO(?:FLAGS|ROOT|PATH|BIN|TOOL\w*|PROXY|SUMDB|INSECURE|ENV|VCS|AUTH|PRIVATE|NO\w+)|CC|CXX|LD|AR|CGO_.*|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|MAVEN_OPTS|GRADLE_OPTS|CLASSPATH|DOCKER_.*|KUBECONFIG|AWS_.*|OPENSSL_.*|CURL_HOME|WGETRC|GREP_OPTIONS|RIPGREP_CONFIG_PATH|FZF_.*|BAT_.*|HOME|XDG_.*|GCONV_PATH|LOCPATH|TERMINFO.*|TERMCAP|PHPRC|PHP_INI_SCAN_DIR|LUA_.*|VIMINIT|EXINIT|MYVIMRC|JQ_.*|HOSTALIASES|.*_proxy|.*_PROXY|SSL_CERT.*|COMSPEC|PARALLEL|SKIP_.*|AWKPATH|AWKLIBPATH|POSIXLY_CORRECT|LLM_COPILOT_.*|LCA_.*)$/;

/** Variables of the families above that only change what is printed or counted. */
const harmless =
  /^(?:PYTHON(?:UNBUFFERED|DONTWRITEBYTECODE|IOENCODING|UTF8|HASHSEED|FAULTHANDLER|NOUSERSITE)|GIT_(?:TERMINAL_PROMPT|OPTIONAL_LOCKS|(?:AUTHOR|COMMITTER)_(?:NAME|EMAIL|DATE)|TRACE2?|MERGE_AUTOEDIT)|CARGO_(?:TERM_\w+|INCREMENTAL|PROFILE_\w+)|DOCKER_BUILDKIT|LESSCHARSET|npm_config_(?:loglevel|yes|audit|fund|progress)|NPM_CONFIG_(?:LOGLEVEL|YES|AUDIT|FUND|PROGRESS)|PIP_(?:DISABLE_PIP_VERSION_CHECK|NO_INPUT)|AWS_(?:REGION|DEFAULT_REGION)|CGO_ENABLED|YARN_ENABLE_\w+)$/;

const plainPager = /^(?:|cat|true|:)$/;
const memoryOnly =
  /^(?:\s*--(?:max[-_]old[-_]space[-_]size=\d+|no-warnings|no-deprecation|trace-\w+|experimental-vm-modules|enable-source-maps|stack-trace-limit=\d+))*\s*$/;

/** Why a variable set for a command makes its name say little of what it does; undefined when it does not. */
export const steers = (name: string, value: Value): string | undefined => {
  if (!steering.test(name) || harmless.test(name)) return undefined;
  if (/PAGER$|EDITOR$|^VISUAL$|^BROWSER$/.test(name) && value.text !== undefined && plainPager.test(value.text))
    return undefined;
  if (name === 'NODE_OPTIONS' && value.text !== undefined && memoryOnly.test(value.text)) return undefined;
  return `${name} changes what programs do`;
};

/** True for the variable by which git hooks are left out. */
export const skipsHooks = (name: string, value: Value): boolean =>
  name === 'SKIP' || (name === 'HUSKY' && value.text !== '1') || (name === 'HUSKY_SKIP_HOOKS' && value.text !== '0');
