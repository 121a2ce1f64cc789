import type { ReviewFile } from '../rule.ts';
import type { CodeLines } from './changed-lines.ts';
import type { CodeLanguage } from './code-language.ts';
import { blockEnd } from './blocks.ts';

const known = new WeakMap<CodeLines, Set<number>>();

/** Lines of Rust that are compiled for tests only. */
const rustTests = (lines: CodeLines): Set<number> => {
  let marked = known.get(lines);
  if (marked) return marked;
  marked = new Set();
  for (let number = 1; number <= lines.length; number++) {
    if (!/#\[(?:cfg\(test\)|cfg\(all\(test\b|test\]|(?:\w+::)+test\b)/.test(lines[number - 1] ?? '')) continue;
    let head = number;
    while (head < lines.length && /^\s*(?:#\[|$)/.test(lines[head - 1] ?? '')) head++;
    const end = blockEnd(lines, head);
    for (; number <= end; number++) marked.add(number);
    number--;
  }
  known.set(lines, marked);
  return marked;
};

/** True of a line that belongs to tests: of a test file, or of the tests some languages keep beside the code. */
export const isTestLine = (file: ReviewFile, line: number, side: 'old' | 'new' = 'new'): boolean =>
  file.place === 'test' ||
  (file.language === 'rust' && rustTests(side === 'new' ? file.afterCode : file.beforeCode).has(line));

/** A test in a file. Lines are 1-based, inclusive. */
export interface TestCase {
  name: string;
  start: number;
  end: number;
}

const scriptHead =
  /^\s*(?:(?:await\s+)?t\.test|(?:it|test|specify)(?:\.(?:only|skip|concurrent|sequential|serial|failing|fails|todo|fixme|slow|(?:skipIf|runIf|for)\([^)]*\)|each(?:\(.*?\)|`[^`]*`)))*)\s*\(\s*(['"`])/;

/** How a test begins; the name is in the text at the place of group 1, or is group 2. */
const heads: Partial<Record<CodeLanguage, RegExp>> = {
  javascript: scriptHead,
  typescript: scriptHead,
  python: /^\s*(?:async\s+)?def\s+()(test\w*)\s*\(/,
  go: /^func\s+(?:\([^)]*\)\s*)?()((?:Test|Example|Fuzz)\w*)\(/,
  rust: /^\s*(?:pub\s+)?(?:async\s+)?fn\s+()(\w+)\s*\(/,
  java: /^\s*(?:public\s+|protected\s+|private\s+)?void\s+()(\w+)\s*\(/,
  kotlin: /^\s*(?:suspend\s+)?fun\s+()(`[^`]+`|\w+)\s*\(/,
  'c-sharp': /^\s*public\s+(?:async\s+)?(?:void|Task)\s+()(\w+)\s*\(/,
  ruby: /^\s*(?:it|specify|scenario|test|should)\s*\(?\s*(['"])|^\s*def\s+(test_\w+)/,
  php: /^\s*(?:public\s+)?function\s+()(test\w*|\w+)\s*\(|^\s*(?:it|test)\s*\(\s*(['"])/,
};
const marks: Partial<Record<CodeLanguage, RegExp>> = {
  rust: /#\[(?:\w+::)*(?:test|rstest|test_case)\b/,
  java: /@(?:Test|ParameterizedTest|RepeatedTest)\b/,
  kotlin: /@(?:Test|ParameterizedTest)\b/,
  'c-sharp': /\[(?:Fact|Theory|Test|TestMethod|TestCase)\b/,
};

const nameAt = (text: string, from: number): string => {
  const quote = text[from] ?? '';
  for (let end = from + 1; end < text.length; end++) {
    if (text[end] === '\\') end++;
    else if (text[end] === quote) return text.slice(from + 1, end);
  }
  return text.slice(from + 1);
};

/** The tests of a file. @param lines its code. @param texts its lines as they are, for names in strings. */
export const testsOf = (
  lines: CodeLines,
  texts: readonly (string | undefined)[],
  language: CodeLanguage | undefined,
): TestCase[] => {
  const head = language && heads[language];
  if (!head) return [];
  const mark = marks[language];
  const tests: TestCase[] = [];
  for (const [index, line] of lines.entries()) {
    const match = line === undefined ? null : head.exec(line);
    if (!match || line === undefined) continue;
    if (mark) {
      let isMarked = mark.test(line);
      for (let up = index - 1; up >= 0 && up > index - 8 && !isMarked; up--) {
        const above = lines[up]?.trim() ?? '';
        if (/[;}]$/.test(above)) break;
        isMarked = mark.test(above);
      }
      if (!isMarked) continue;
    }
    const name = match[2] ?? nameAt(texts[index] ?? '', match[0].length - 1);
    tests.push({ name, start: index + 1, end: blockEnd(lines, index + 1) });
  }
  return tests;
};

/** Lines of a text as they are, without line ends. */
export const plainLines = (text: string | undefined): string[] =>
  text === undefined ? [] : text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
