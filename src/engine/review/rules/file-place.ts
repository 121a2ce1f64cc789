import { languageOf, nameOf } from './code-language.ts';

/**
 * What a file is for, as its path says: `fixture` is data of tests, `script` is run by people or by a build (also
 * settings of tools), `example` shows something.
 */
export type FilePlace = 'code' | 'test' | 'fixture' | 'script' | 'example' | 'doc';

const fixtures =
  /(?:^|\/)(?:__)?(?:fixtures?|testdata|test[-_]data|test[-_]?cases|mocks?|snapshots?|cassettes|golden|corpus|certs?)(?:__)?\/|(?:^|\/)tests?\/(?:[\w-]+\/)*(?:data|resources|samples?|input|output|expected|format|cases|inputs)\//i;
const testFolders =
  /(?:^|\/)(?:tests?|__tests?__|specs?|testing|e2e|cypress|playwright|integration[-_]tests?|unit[-_]tests?|[\w.-]+[-_.]tests?|test[-_]utils?|test[-_]helpers?)\//i;
const testNames =
  /(?:^|[._-])(?:test|tests|spec|specs|e2e|cy)\.[a-z]+$|^test[_-].*\.\w+$|_test\.\w+$|(?:Tests?|Spec|IT)\.(?:java|kt|cs|scala|groovy|swift|php)$|^conftest\.py$|\.bats$/;
const scripts =
  /(?:^|\/)(?:scripts?|tools?|bin|build|ci|\.ci|\.github|\.circleci|hack|tasks?|dev|devtools|contrib|extras?|release|packaging|utils\/scripts)\/|(?:^|\/)(?:gulpfile|gruntfile|makefile|rakefile|setup|noxfile|fabfile|tasks|manage|build|webpack|rollup|vite|jest|babel|karma|eslint)(?:\.[\w.-]+)?$|\.config\.[cm]?[jt]s$|\.(?:sh|bash|zsh|ksh)$/i;
const examples =
  /(?:^|\/)(?:_?examples?|samples?|demos?|playgrounds?|tutorials?|benchmarks?|benches|bench|sandbox(?:es)?|starters?|templates?|storybook|stories|website|recipes|perf)\/|\.stories\.\w+$|[._-](?:bench|benchmark)\.\w+$/i;
const documents = /(?:^|\/)(?:docs?|documentation)\/|\.(?:md|mdx|markdown|rst|adoc|txt|html?)$/i;

/** What a file is for. @param text whose first line may say that it is run. */
export const placeOf = (path: string, text?: string): FilePlace => {
  const name = nameOf(path);
  if (fixtures.test(path)) return 'fixture';
  if (testNames.test(name)) return 'test';
  if (testFolders.test(path)) return languageOf(path) ? 'test' : 'fixture';
  if (examples.test(path)) return 'example';
  if (documents.test(path)) return 'doc';
  if (scripts.test(path) || (text?.startsWith('#!') ?? false)) return 'script';
  return 'code';
};
