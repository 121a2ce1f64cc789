/** Something a parser does not accept. */
export interface SyntaxProblem {
  /** 1-based. */
  line: number;
  message: string;
}

/** A text with one thing in it broken on purpose. */
export interface Mutant {
  /** Such as `line 3: + becomes -`. */
  label: string;
  /** 1-based. */
  line: number;
  text: string;
  /** The text with a space more at the same place, and nothing broken. */
  spaced: string;
  /** It stands in a function, so loading the file does not meet it. */
  isInFunction: boolean;
}

/** Parsers, as workflows see them. */
export interface Syntax {
  /** What the file's own parser says; undefined where there is none here. Python is for `python3` to judge. */
  problems(path: string, text: string): Promise<{ parser: string; problems: SyntaxProblem[] } | undefined>;
  /** The code of a file without its comments and the space between: equal for two texts that differ in comments only. */
  code(path: string, text: string): Promise<string | undefined>;
  /** The text with single things in it broken, those in `lines` only when given; empty where nobody can. */
  mutants(path: string, text: string, lines?: readonly (readonly [number, number])[]): Promise<Mutant[]>;
  /** Definitions, one a line: `12 function name(a, b)`. */
  outline(path: string, text: string): Promise<string[]>;
}

/** Something in a text that could be better, seen without a model. */
export interface CodeSmell {
  /** Such as `await-in-loop`. */
  type: string;
  /** What improving it is good for. */
  goal: 'performance' | 'memory' | 'readability' | 'maintainability' | 'correctness';
  priority: 'high' | 'medium' | 'low';
  /** 1-based, inclusive. */
  line: number;
  endLine: number;
  description: string;
  /** The code it is about, its first lines. */
  original: string;
  suggested: string;
}
