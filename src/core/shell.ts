/** A node of the syntax tree; web-tree-sitter's Node fits. */
export interface SyntaxNode {
  readonly type: string;
  readonly text: string;
  readonly isNamed: boolean;
  /** True when it or anything below it could not be parsed. */
  readonly hasError: boolean;
  /** True when the parser made it up to go on. */
  readonly isMissing: boolean;
  /** Offsets in the source, in UTF-16 units. */
  readonly startIndex: number;
  readonly endIndex: number;
  readonly children: readonly (SyntaxNode | null)[];
  childForFieldName(name: string): SyntaxNode | null;
  fieldNameForChild(index: number): string | null;
}

/** Parses shell source whole; undefined when there is no tree. What it returns needs no freeing. */
export type ParseShell = (source: string) => SyntaxNode | undefined;

/** What the world can tell while a command is taken apart. Synchronous; paths are absolute where nothing else is said. */
export interface Lookups {
  /** Names in a folder (for globs); undefined when it is none. */
  readonly list: (folder: string) => readonly string[] | undefined;
  /** Path with all symlinks of the longest existing part resolved. */
  readonly real: (path: string) => string;
  /** Content of a small text file (a shell script about to run); undefined when it cannot be read or is large. */
  readonly read: (path: string) => string | undefined;
  /** Other names of the same file (hard links), absolute, when cheap to know; else []. */
  readonly links: (path: string) => readonly string[];
  /** Files git tracks below the root, relative. */
  readonly tracked: () => readonly string[];
  /**
   * Files git holds in its index or history and that matter to whoever asks, relative to the root: what shows contents of
   * the repository is taken to read them. `*` stands for any.
   */
  readonly history?: () => readonly string[];
}

/** Where a command would run, with the look-ups on it. Paths are absolute. */
export interface ShellPlace extends Lookups {
  cwd: string;
  home: string;
  /** Absolute real path of the workspace. */
  root: string;
  /** Value a variable has in the commands' environment; undefined when it is not passed. */
  readonly env: (name: string) => string | undefined;
}
