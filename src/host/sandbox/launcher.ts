import type { Enforcement } from '../../core/sandbox.ts';

/** Environment of a command; undefined values are left out. */
export type ProcessEnv = Readonly<Record<string, string | undefined>>;

/** How a program is started on this machine so that it runs where it should. */
export interface Launch {
  /** Program and arguments to spawn. */
  argv: readonly string[];
  /** Folder to spawn it in. */
  cwd: string;
  /** Its whole environment. */
  env: ProcessEnv;
  /**
   * Ends what runs inside, where signals to the spawned process group do not reach (a container's processes). SIGTERM is
   * then left to this function alone, so that the spawned program can report how the command ended; SIGKILL goes to both.
   * May be called again, also after the command ended: then for what it left behind. `pid` leads the spawned group.
   */
  signal?: (name: 'SIGTERM' | 'SIGKILL', pid: number) => void;
  /** File descriptor 3 of the program is to be a pipe that stays open as long as this process lives. */
  lifeline?: boolean;
  /** Called once when the command ended. */
  ended?: () => void;
}

/** Where and with what a program is to run. */
export interface LaunchPlace {
  cwd: string;
  env: ProcessEnv;
  /** It goes on while others run, and they may talk to it. */
  background?: boolean;
}

/** Where commands of a sandbox run: on this machine, in bubblewrap, in a container. Files are not its business. */
export interface Launcher {
  readonly name: 'local' | 'bubblewrap' | 'docker';
  /** What holds for commands started here. Truthful: decisions are built on it. */
  enforces(): Enforcement;
  /**
   * How to start a program; the first call may start a container. A string is a command line for the shell inside.
   * @throws CopilotError `E_SANDBOX` (exit 7) when it cannot be started.
   */
  launch(command: string | readonly string[], place: LaunchPlace): Launch | Promise<Launch>;
  /** Hosts commands may reach from now on, besides those configured. */
  allowHosts(hosts: readonly string[]): void;
  /** No host from now on, until one is allowed anew; connections that are open stay. */
  closeHosts(): void;
  /** What the human should know about commands started here, one line each; may grow with every launch. */
  notices?(): readonly string[];
  /** Ends what commands left behind, as far as it can be known; called when background processes have to end. */
  endProcesses?(): Promise<void>;
  /** Ends everything inside. Safe to call twice. */
  close(): Promise<void>;
}

/** Limits on commands. What a launcher cannot enforce it must not claim in `enforces()`. */
export interface Limits {
  memoryBytes?: number;
  /** Share of the limit, 0 to 1, above which memory is reclaimed first. */
  memoryThreshold?: number;
  /** CPU time of one command. */
  cpuSeconds?: number;
  /** Niceness, 0 (normal) to 19 (last). */
  cpuPriority?: number;
  /** Processes at the same time. */
  pids?: number;
  /** Connections through the proxy at the same time. */
  maxConnections?: number;
}

/** Which paths a rule names, as the engine compiled it. */
export interface PathRules {
  /** Absolute folders and files to look under, none inside another. */
  bases: readonly string[];
  /** True for an absolute path the rule names. */
  matches(path: string): boolean;
}

/** What commands may do in a sandbox, whatever launches them. */
export interface Confinement {
  /** Absolute real path of the workspace: bound at its own path, writable. */
  root: string;
  /** More folders to bind: `--add-dir`, and what a throw-away copy links to. */
  folders: readonly { path: string; access: 'read' | 'write' }[];
  /** Holds our own database, snapshots and rules: commands never see it. */
  dataDir: string;
  /** Paths commands must not read: they are masked. */
  hidden?: PathRules;
  /** Paths commands must not write. */
  readOnly?: PathRules;
  /** Hosts commands may reach, `example.org` or `*.example.org`, each with an optional `:port`; none by default. */
  allowedHosts: readonly string[];
  limits: Limits;
  /** `isolated`: every command has its own temporary folder; `shared`: one for the whole run. */
  context: 'isolated' | 'shared';
}
