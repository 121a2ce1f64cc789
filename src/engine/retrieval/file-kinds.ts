import type { Question } from '../../core/retrieval.ts';
import type { Weights } from './weights.ts';

const testFolder =
  /(?:^|\/)(?:tests?|specs?|__tests__|__mocks__|testing|e2e|fixtures?|testdata|benchmarks?|examples?)\//i;
const testName =
  /[._-](?:test|tests|spec|tst|bench)\.[a-z]+$|(?:Test|Tests|Spec)\.[a-z]+$|(?:^|\/)(?:test_[^/]*|conftest\.py)$/;
const data =
  /\.(?:json[c5]?|ya?ml|toml|ini|cfg|conf|lock|xml|csv|tsv|svg|css|scss|less|properties|gradle|mod|editorconfig|txt)$|(?:^|\/)\.[^/]+$/i;

/** What a file is, as far as its path tells. */
export const fileKind = (path: string, kind: 'code' | 'doc'): 'source' | 'test' | 'data' | 'doc' => {
  if (kind === 'doc') return 'doc';
  if (data.test(path)) return 'data';
  return testFolder.test(path) || testName.test(path) ? 'test' : 'source';
};

/** The factor a file's kind is worth to a question. */
export const kindFactor = (path: string, kind: 'code' | 'doc', question: Question, weights: Weights): number => {
  const what = fileKind(path, kind);
  if (what === 'test') return question.wantsTests ? weights.wantedTest : weights.test;
  if (what === 'doc') return question.wantsDocs ? weights.wantedDoc : weights.doc;
  return what === 'data' ? weights.data : 1;
};
