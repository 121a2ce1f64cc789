/** One line of a hunk, without its line end. */
export interface DiffLine {
  kind: 'added' | 'deleted' | 'context';
  text: string;
  /** 1-based; left out for added lines. */
  oldLine?: number;
  /** 1-based; left out for deleted lines. */
  newLine?: number;
  /** The file ends here, without a line end. */
  noNewline?: true;
}

/** A run of changed lines with what stands around them. */
export interface Hunk {
  oldStart: number;
  oldLines: number;
  newStart: number;
  newLines: number;
  /** What git says it is in, such as a function's first line; may be empty. */
  section: string;
  lines: DiffLine[];
}

/** What happened to one file. */
export interface FileDiff {
  /** Relative to the repository's top, with `/`; of a deleted file where it was. */
  path: string;
  /** Where it was, when it was renamed or copied. */
  oldPath?: string;
  status: 'added' | 'deleted' | 'modified' | 'renamed' | 'copied' | 'retyped' | 'unmerged';
  /** Octal, such as `100644`; left out where the file is not there. */
  oldMode?: string;
  newMode?: string;
  /** Object ids; left out where the file is not there, or when it is not in git yet. */
  oldId?: string;
  newId?: string;
  /** What its content is after the change (before it, when deleted). */
  content: 'text' | 'binary' | 'lfs' | 'submodule' | 'symlink';
  /** Left empty where there are no lines to show: binary, mode only, renamed as it was, too large. */
  hunks: Hunk[];
  added: number;
  deleted: number;
  /** Why the hunks are left out although lines changed. */
  omitted?: 'too large';
  /** A lockfile, or made by a program: summarised, not read. */
  made?: 'lockfile' | 'generated' | 'vendored' | 'minified' | 'snapshot';
}

/** What changes between two states of a repository, files in git's order. */
export interface Diff {
  files: FileDiff[];
  /** What it is between, for people: `staged`, `main...HEAD`, … */
  title: string;
}

/** A commit as the log tells it. */
export interface Commit {
  hash: string;
  parents: string[];
  /** Author; ms since epoch. */
  author: string;
  email: string;
  at: number;
  subject: string;
  /** Without the subject, trailers included; may be empty. */
  body: string;
  /** Names of tags and branches that point at it. */
  refs: string[];
}
