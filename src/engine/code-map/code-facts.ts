/** What an index knows of a repository's files, in columns; files and names are places in `paths` and in `names`. */
export interface CodeFacts {
  paths: readonly string[];
  /** 1 for files that are read by people. */
  isDoc: Uint8Array;
  /** Defined in code. */
  names: readonly string[];
  definitions: { file: Uint32Array; name: Uint32Array; line: Uint32Array };
  /** Names used in files that do not define them, in the order of files. */
  uses: { file: Uint32Array; name: Uint32Array; count: Uint32Array };
  imports: readonly { file: number; target: string }[];
}

const testPath =
  /(?:^|\/)(?:tests?|specs?|__tests__|__mocks__|testdata|fixtures?|examples?|benchmarks?|bench|e2e)\/|[._-](?:test|spec|tests)\.[^/]+$|(?:^|\/)test_[^/]+$|_test\.[^/]+$/i;

/** True for files that try the code out: who looks for what matters looks past them. */
export const isTestPath = (path: string): boolean => testPath.test(path);
