/** What a sandbox really enforces on commands, as opposed to what was asked for. */
export interface Enforcement {
  /** Only the workspace and a private temporary folder can be written; denied paths cannot be read. */
  fs: boolean;
  /** No host can be reached but those that are allowed. */
  net: boolean;
  /** Processes see only each other, and none outlives the sandbox, however it ends. */
  pids: boolean;
  /** All processes together stay under the memory limit. */
  memory: boolean;
  /** All processes together stay under the CPU limit. */
  cpu: boolean;
  /** Commands cannot gain rights the user has not. */
  user: boolean;
}

/** How to run a command. */
export interface ExecOptions {
  /** After this the whole process group is killed. */
  timeoutMs: number;
  /** Directory to start in; the root when left out. */
  cwd?: string;
  /** Added to the environment. */
  env?: Readonly<Record<string, string>>;
  /** Called with output as it comes, stdout and stderr interleaved. */
  onOutput?: (chunk: string) => void;
  /** Bytes of output kept in memory (head and tail); the rest goes to `outputFile` only. */
  maxOutputBytes?: number;
  /** The caller knows that it changes nothing (ripgrep, `git status`): the state before it need not be recorded. */
  readOnly?: boolean;
}

/** How a command ended. */
export interface ExecResult {
  /** Null when a signal ended it. */
  exitCode: number | null;
  signal: string | null;
  timedOut: boolean;
  /** Stdout and stderr interleaved; head and tail with a line saying what was left out when too long. */
  output: string;
  /** Bytes the command wrote in all. */
  outputBytes: number;
  /** Holds the whole output when `output` does not. */
  outputFile?: string;
  durationMs: number;
}

/** A command running in the background. */
export interface BackgroundProcess {
  /** Short id within this sandbox, such as `1`. */
  readonly id: string;
  readonly command: string;
  /** Output since the last call of this function. */
  read(): string;
  /** Undefined while it runs. */
  result(): ExecResult | undefined;
  /** Ends the whole process group; resolves when it is gone. */
  stop(): Promise<ExecResult>;
}

/** One entry of a directory or one matched file. */
export interface FileInfo {
  kind: 'file' | 'directory' | 'other';
  /** Bytes. */
  size: number;
}

/** A difference between two states of the workspace. */
export interface Change {
  kind: 'added' | 'modified' | 'deleted';
  /** Relative to the root, with `/`. */
  path: string;
}

/**
 * Where effects happen; tools touch the world only through it.
 * Started lazily, at the first write or exec. Paths may be absolute or relative to `root`.
 */
export interface Sandbox {
  readonly name: string;
  /** Absolute real path of the workspace. */
  readonly root: string;
  /** Absolute real path of a folder for long outputs; readable by tools, outside the workspace. */
  readonly scratch: string;
  enforces(): Enforcement;
  /** Absolute path with symlinks of the longest existing part resolved. Never fails on a missing file. */
  resolve(path: string): Promise<string>;
  /** Undefined when there is nothing. */
  stat(path: string): Promise<FileInfo | undefined>;
  /** Names in a directory; directories end in `/`. @throws ToolError when it is not a directory. */
  list(path: string): Promise<string[]>;
  /** `limitBytes` reads only that much from `offsetBytes` on. @throws ToolError when it cannot be read. */
  readFile(path: string, range?: { offsetBytes: number; limitBytes: number }): Promise<Uint8Array>;
  /** Replaces the file whole (temp file + rename, mode kept, symlink followed), creating folders. @throws ToolError */
  writeFile(path: string, data: Uint8Array | string): Promise<void>;
  /** A string goes through the shell, an array is a program and its arguments. */
  exec(command: string | readonly string[], options: ExecOptions, signal: AbortSignal): Promise<ExecResult>;
  /** Starts a shell command in the background; it ends with the sandbox at the latest. */
  start(command: string): Promise<BackgroundProcess>;
  /** Background processes started here, by id. */
  background(id: string): BackgroundProcess | undefined;
  /** Ends everything that runs in the background, also what finished commands left behind in their groups. */
  endProcesses(): Promise<void>;
  /**
   * Content id of the workspace: same files, modes and links, same id. Files git ignores do not count.
   * @throws CopilotError `E_SNAPSHOT` when it cannot be taken (git missing, disk full).
   */
  digest(): Promise<string>;
  /** The digest before the first write or exec; undefined when there was none yet. */
  origin(): Promise<string | undefined>;
  /** What differs between two digests, by path. */
  changes(from: string, to: string): Promise<Change[]>;
  /** Unified diff between two digests, git's format. */
  diff(from: string, to: string): Promise<string>;
  /**
   * Records the workspace for undo, ignored files included, and gives the id of that state. With `paths` only those are
   * recorded. Called before and after everything that may change files.
   * @throws CopilotError `E_SNAPSHOT` when it cannot be taken: then the call must not happen.
   */
  snapshot(paths?: readonly string[]): Promise<string>;
  /** Hosts commands may reach from now on, besides those configured. Nothing to do where `enforces().net` is false. */
  allowHosts(hosts: readonly string[]): void;
  /** Commands reach no host from now on, configured or allowed before, until one is allowed anew. */
  closeHosts(): void;
  /** A throw-away copy of the workspace as it was at a digest, with ignored folders such as `node_modules` linked in. */
  copyOf(digest: string): Promise<Sandbox>;
  /** Ends every process started here and removes temporary files. Safe to call twice. */
  close(): Promise<void>;
}
