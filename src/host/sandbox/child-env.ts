import { isAbsolute } from 'node:path';
import type { ProcessEnv } from './launcher.ts';

/** What rules add to and take from the commands' environment: names, `*` for any text. */
export interface ChildEnvOptions {
  allowed?: readonly string[];
  denied?: readonly string[];
}

/** Facts programs need about the user, the terminal, toolchains and CI; none of them a credential. */
const harmless = [
  ...[
    'PATH',
    'HOME',
    'USER',
    'LOGNAME',
    'SHELL',
    'LANG',
    'LANGUAGE',
    'LC_*',
    'TERM',
    'TZ',
    'TMPDIR',
    'COLUMNS',
    'LINES',
  ],
  ...['COLORTERM', 'NO_COLOR', 'FORCE_COLOR', 'CLICOLOR', 'CLICOLOR_FORCE', 'CI', 'NODE_ENV', 'XDG_*_HOME'],
  ...[
    'NVM_DIR',
    'NVM_BIN',
    'NVM_INC',
    'VOLTA_HOME',
    'FNM_DIR',
    'ASDF_DIR',
    'ASDF_DATA_DIR',
    'MISE_DATA_DIR',
    'SDKMAN_DIR',
  ],
  ...['PYENV_ROOT', 'PYENV_VERSION', 'VIRTUAL_ENV', 'CONDA_PREFIX', 'CONDA_DEFAULT_ENV', 'CONDA_EXE', 'PYTHONPATH'],
  ...['CARGO_HOME', 'RUSTUP_HOME', 'RUSTUP_TOOLCHAIN', 'GOPATH', 'GOROOT', 'GOCACHE', 'GOFLAGS', 'JAVA_HOME'],
  ...['MAVEN_HOME', 'GRADLE_HOME', 'ANDROID_HOME', 'ANDROID_SDK_ROOT', 'DOTNET_ROOT', 'DOTNET_CLI_TELEMETRY_OPTOUT'],
  ...['RBENV_ROOT', 'GEM_HOME', 'GEM_PATH', 'PNPM_HOME', 'BUN_INSTALL', 'DENO_INSTALL', 'COREPACK_HOME'],
  ...['npm_config_cache', 'npm_config_prefix', 'PLAYWRIGHT_BROWSERS_PATH', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
  ...['NODE_EXTRA_CA_CERTS', 'PKG_CONFIG_PATH', 'LD_LIBRARY_PATH', 'NIX_PATH', 'NIX_PROFILES', 'NIX_SSL_CERT_FILE'],
  ...['GITHUB_ACTIONS', 'GITHUB_WORKSPACE', 'GITHUB_REPOSITORY', 'GITHUB_REF', 'GITHUB_REF_NAME', 'GITHUB_SHA'],
  ...['GITHUB_BASE_REF', 'GITHUB_HEAD_REF', 'GITHUB_EVENT_NAME', 'GITHUB_JOB', 'GITHUB_RUN_ID', 'GITHUB_RUN_NUMBER'],
  ...['RUNNER_OS', 'RUNNER_ARCH', 'RUNNER_NAME', 'RUNNER_TEMP', 'RUNNER_TOOL_CACHE', 'RUNNER_ENVIRONMENT'],
  ...['GITLAB_CI', 'CI_PROJECT_DIR', 'CI_COMMIT_SHA', 'CI_COMMIT_REF_NAME', 'LLM_COPILOT_RUN'],
];

/** Never taken from the list above, whatever its patterns: only a rule that names it lets one through. */
const secretName = /KEY|TOKEN|SECRET|PASSW|CREDENTIAL|AUTH/i;
/** Of these, not even a `*` in a rule: they make programs run others before their own code. */
const loaderName = /^(?:LD_PRELOAD|LD_AUDIT|BASH_ENV|ENV|PROMPT_COMMAND|BASH_FUNC_.*|SHELLOPTS|BASHOPTS)$/;

/** What opens the vault: no rule lets it through. */
const vaultNames = 'LLM_COPILOT_VAULT_';

const matcher = (patterns: readonly string[]): ((name: string) => boolean) => {
  const sources = patterns.map((pattern) => pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*'));
  const expression = new RegExp(`^(?:${sources.join('|')})$`);
  return (name) => sources.length > 0 && expression.test(name);
};

const isHarmless = matcher(harmless);

/** Programs are not looked for where a command happens to stand. */
const absolutePath = (value: string): string =>
  value
    .split(':')
    .filter((folder) => isAbsolute(folder))
    .join(':');

/**
 * The environment of commands, out of our own: what is known to be harmless, what rules allow, minus what rules deny. A
 * pattern with `*` lets a name that looks like a secret through as well: the user wrote it. What opens the vault stays out.
 */
export const childEnv = (
  env: ProcessEnv,
  { allowed = [], denied = [] }: ChildEnvOptions = {},
): Record<string, string> => {
  const isAllowed = matcher(allowed);
  const isDenied = matcher(denied);
  const isNamed = (name: string): boolean => allowed.includes(name);
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || isDenied(name) || name.startsWith(vaultNames)) continue;
    if (loaderName.test(name) && !isNamed(name)) continue;
    if (!(isHarmless(name) && !secretName.test(name)) && !isAllowed(name)) continue;
    result[name] = name === 'PATH' ? absolutePath(value) : value;
  }
  return result;
};
