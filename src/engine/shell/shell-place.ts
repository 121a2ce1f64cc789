/** What may be looked up while a command is taken apart. Synchronous. All paths absolute. */
export interface ShellPlace {
  cwd: string;
  home: string;
  /** Absolute real path of the workspace. */
  root: string;
  /** Value a variable has in the commands' environment; undefined when it is not passed. */
  env(name: string): string | undefined;
  /** Names in a folder (for globs); undefined when it is none. */
  list(folder: string): readonly string[] | undefined;
  /** Path with all symlinks of the longest existing part resolved. */
  real(path: string): string;
  /** Content of a small text file (a shell script about to run); undefined when it cannot be read or is large. */
  read(path: string): string | undefined;
  /** Other names of the same file (hard links), absolute, when cheap to know; else []. */
  links(path: string): readonly string[];
  /** Files git tracks below the root, relative. */
  tracked(): readonly string[];
  /**
   * Files git holds in its index or history and that matter to whoever asks, relative to the root: what shows contents of
   * the repository is taken to read them. `*` stands for any.
   */
  history?(): readonly string[];
}
