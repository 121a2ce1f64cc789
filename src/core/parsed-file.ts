/** A piece of a file that is found as one: a definition, or some lines between definitions. */
export interface Chunk {
  /** 1-based, both inclusive. */
  startLine: number;
  endLine: number;
  /** With its parents, such as `Class.method`; left out for lines outside of definitions. */
  symbol?: string;
  /** Such as `function`, `class`, `method`, `interface`, `type`, `constant`; of documents `section`. */
  kind?: string;
  /** Its first lines up to the body, on one line, cut at 200 characters. */
  signature?: string;
  /** The comment above it, or its docstring, without comment marks. */
  doc?: string;
  text: string;
}

/** What is read out of a file. */
export interface ParsedFile {
  /** Such as `typescript`; undefined when it is cut by lines only. */
  language: string | undefined;
  kind: 'code' | 'doc';
  chunks: Chunk[];
  /** What it imports, as written. */
  imports: string[];
  /** Names defined in it. */
  definitions: { name: string; line: number }[];
  /** Names used in it but not defined there, with how often. */
  references: Map<string, number>;
}
