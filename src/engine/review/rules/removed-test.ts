import type { Detected } from '../../../core/finding.ts';
import type { ReviewFile, ReviewInput, ReviewRule } from '../rule.ts';
import type { CodeLanguage } from './code-language.ts';
import { detected, evidenceOf } from './detected.ts';
import { isTestLine, plainLines, testsOf, type TestCase } from './test-lines.ts';

const assertions: Partial<Record<CodeLanguage, RegExp>> = {
  javascript:
    /(?<![\w$.])(?:expect(?:\.(?:soft|poll))?\s*(?:<[^<>()]*>)?\(|(?:assert|chai\.assert|sinon\.assert|should)(?:\.\w+)*\()|(?<![\w$])(?:t|tap|tester)\.(?:assert\.\w+|is|isNot|equal|equals|not|notEqual|deepEqual|same|strictSame|true|false|truthy|falsy|ok|notOk|throws|throwsAsync|notThrows|notThrowsAsync|rejects|like|match|regex|snapshot|error|ifError|strictEqual|deepStrictEqual|contains|has)\(|\.should\b/g,
  python:
    /^\s*assert\b|\bself\.(?:assert|fail)\w*\(|\bpytest\.(?:raises|warns|fail)\(|\b(?:mock|m)\w*\.assert_\w+\(|\.assert_\w+\(|\bassert_\w+\(/g,
  go: /\b(?:t|b|tb)\.(?:Error|Errorf|Fatal|Fatalf|Fail|FailNow)\(|\b(?:assert|require|is|qt|c)\.\w+\(/g,
  rust: /\b(?:debug_)?assert(?:_\w+)?!|\bpanic!|\b(?:insta::)?assert_\w+!/g,
  java: /(?<![\w])(?:assert\w*|verify|fail|expect\w*)\s*\(|\bassert\s/g,
  kotlin: /(?<![\w])(?:assert\w*|verify|fail|expect\w*)\s*[({]|\bshould\w*\b/g,
  'c-sharp': /\bAssert\.\w+|\.Should\(\)|\.Received\(/g,
  ruby: /\bexpect(?:\(|\s*\{|\s+do)|\b(?:assert|refute)\w*\b|\.(?:must|wont)_\w+|\.should\b|\bis_expected\b/g,
  php: /(?:->|::)(?:assert|expect)\w*\(|(?<!\w)expect\(/g,
};
assertions.typescript = assertions.javascript ?? /$^/g;

/** What an assertion on a value became when it says next to nothing. */
const weak =
  /\.(?:toBeTruthy|toBeDefined|toBeFalsy)\(\)|\.not\.toBe(?:Null|Undefined)\(\)|\.to\.(?:exist|be\.ok)\b|(?<![\w])(?:assertTrue|assertNotNull|assertIsNotNone|assert_not_nil)\b|(?:toBe|toEqual|toStrictEqual)\(expect\.anything\(\)\)|\b(?:expect|assert)(?:\.ok)?\((?:true|1)\b|^\s*assert\s+True\b|assert!\(true\)|\bassert(?:True)?\(true\)|is not None\s*$|^\s*assert\s+[\w.]+(?:\([^()]*\))?\s*$|\.truthy\(|\.ok\(/;
const strong =
  /\.(?:toBe|toEqual|toStrictEqual|toMatchObject|toThrow\w*|toHaveLength|toContain\w*|toMatch\w*|toHaveBeenCalledWith)\(|\.(?:deepEqual|strictEqual|equal|deepStrictEqual|is|same|eql|match|throws|rejects)\(|\bassert(?:Equals?|_equal|_eq!|Same|That)\b|==/;

const countOf = (lines: readonly (string | undefined)[], test: TestCase, pattern: RegExp): number => {
  let count = 0;
  for (let number = test.start; number <= test.end; number++) count += lines[number - 1]?.match(pattern)?.length ?? 0;
  return count;
};

interface Sides {
  before: TestCase[];
  after: TestCase[];
}

const sidesOf = (file: ReviewFile): Sides => {
  const { before, after, language } = file;
  const keep = (side: 'old' | 'new') => (test: TestCase) => isTestLine(file, test.start, side);
  return {
    before: before === undefined ? [] : testsOf(file.beforeCode, plainLines(before), language).filter(keep('old')),
    after: after === undefined ? [] : testsOf(file.afterCode, plainLines(after), language).filter(keep('new')),
  };
};

const touched = (file: ReviewFile): boolean =>
  file.removed.length > 0 && file.diff.status !== 'deleted' && file.place !== 'fixture' && file.place !== 'doc';

const elsewhere =
  /\bfor\b|\.each|forEach|\b(?:check|verify|assert|expect|ensure|validate|compare|should|test)\w*\(|snapshot|parametrize/i;

const wordsOf = (code: string): string[] =>
  (code.match(/[A-Za-z_$][\w$]{2,}/g) ?? []).map((word) => word.toLowerCase());

/** Words that say nothing of what code is about. */
const common = new Set(
  'the and for not with from this that self const let var new return function async await import export def class if else true false null none undefined string number test expect assert equal use pub mut int err nil func type value'.split(
    ' ',
  ),
);

/** Names that stand less often in code outside of tests than before: what went with them needs no test. */
const vanishedNames = ({ files }: ReviewInput): Set<string> => {
  const count = new Map<string, number>();
  for (const file of files) {
    if (file.place === 'test') continue;
    for (const line of file.removed)
      if (!isTestLine(file, line.line, 'old'))
        for (const word of wordsOf(line.text)) count.set(word, (count.get(word) ?? 0) - 1);
    for (const line of file.added)
      if (!isTestLine(file, line.line))
        for (const word of wordsOf(line.text)) count.set(word, (count.get(word) ?? 0) + 1);
  }
  return new Set([...count].flatMap(([word, sum]) => (sum < 0 && !common.has(word) ? [word] : [])));
};

/** Tests that check less than they did. */
export const removedAssertion: ReviewRule = {
  name: 'removed-assertion',
  severity: 'medium',
  claim: 'A test stays but checks less: assertions went without others in their place, or say next to nothing now.',
  cost: 'syntax',
  *look(input): Generator<Detected> {
    const vanished = vanishedNames(input);
    for (const file of input.files) {
      const pattern = file.language && assertions[file.language];
      if (!pattern || !touched(file)) continue;
      const single = new RegExp(pattern.source);
      if (!file.removed.some((line) => single.test(line.code))) continue;
      const { before, after } = sidesOf(file);
      const later = new Map<string, TestCase[]>();
      for (const test of after) later.set(test.name, [...(later.get(test.name) ?? []), test]);
      for (const test of before) {
        const [same, ...more] = later.get(test.name) ?? [];
        if (!same || more.length > 0) continue;
        const had = countOf(file.beforeCode, test, pattern);
        const has = countOf(file.afterCode, same, pattern);
        const gone = file.removed.filter(
          (line) => line.line >= test.start && line.line <= test.end && single.test(line.code),
        );
        if (gone.length === 0) continue;
        // A test around others lost what they lost.
        if (before.some((other) => other !== test && other.start > test.start && other.end <= test.end)) continue;
        const fresh = file.added.filter((line) => line.line >= same.start && line.line <= same.end);
        const first = gone[0];
        if (has < had && first) {
          // Written in another way it is no loss; nor is one that moved into a function or a loop.
          if (fresh.some((line) => single.test(line.code) || elsewhere.test(line.code))) continue;
          if (wordsOf(gone.map((line) => line.text).join(' ')).some((word) => vanished.has(word))) continue;
          const lost = had - has;
          yield detected(
            this,
            file.path,
            { line: first.line, text: first.text },
            {
              side: 'old',
              message: `${lost === 1 ? 'An assertion' : `${lost} assertions`} went from the test ${JSON.stringify(test.name)}, which stays: it checks less than it did.`,
              evidence: gone
                .slice(0, 3)
                .map((line) => evidenceOf(line.text))
                .join('\n'),
              confidence: fresh.length === 0 ? 'high' : 'medium',
              suggestion: { text: 'Keep the assertion, or say why what it checked does not matter any more.' },
            },
          );
          continue;
        }
        const weakened = fresh.find((line) => weak.test(line.code) && single.test(line.code));
        const wasStrong = gone.find((line) => strong.test(line.code) && !weak.test(line.code));
        if (weakened && wasStrong && !fresh.some((line) => strong.test(line.code) && !weak.test(line.code)))
          yield detected(this, file.path, weakened, {
            message: `An assertion of the test ${JSON.stringify(test.name)} says less than before: it was \`${evidenceOf(wasStrong.text)}\`.`,
            confidence: 'medium',
            suggestion: { text: 'Assert the value itself.' },
          });
      }
    }
  },
};

/** Tests that went while their file stays. */
export const removedTest: ReviewRule = {
  name: 'removed-test',
  severity: 'medium',
  claim: 'A test went, and neither the code it tests nor its file did.',
  cost: 'syntax',
  *look(input): Generator<Detected> {
    const pairs = input.files.filter(touched).map((file) => ({ file, ...sidesOf(file) }));
    if (!pairs.some(({ before, after }) => after.length < before.length)) return;
    // How many more of a name there were before than there are now, in all changed files.
    const missing = new Map<string, number>();
    for (const { before } of pairs) for (const { name } of before) missing.set(name, (missing.get(name) ?? 0) + 1);
    for (const file of input.files)
      if (file.after !== undefined && file.language)
        for (const { name } of testsOf(file.afterCode, plainLines(file.after), file.language))
          missing.set(name, (missing.get(name) ?? 0) - 1);
    const vanished = vanishedNames(input);
    for (const { file, before, after } of pairs) {
      const lost = before.filter((test) => (missing.get(test.name) ?? 0) > 0);
      const found: TestCase[] = [];
      let surplus = before.length - after.length;
      const removed = new Set(file.removed.map((line) => line.line));
      for (const test of lost) {
        if (surplus <= 0) break;
        // Its lines have to be gone, too: else it was given another name or another form.
        let wordy = 0;
        let away = 0;
        for (let number = test.start; number <= test.end; number++) {
          if (!/\w/.test(file.beforeCode[number - 1] ?? '')) continue;
          wordy++;
          if (removed.has(number)) away++;
        }
        if (away < wordy * 0.7) continue;
        const body = plainLines(file.before)
          .slice(test.start - 1, test.end)
          .join('\n');
        if (wordsOf(`${test.name} ${body}`).some((word) => vanished.has(word))) continue;
        surplus--;
        missing.set(test.name, (missing.get(test.name) ?? 0) - 1);
        found.push(test);
      }
      const [first] = found;
      if (!first) continue;
      const listed = found.slice(0, 3).map(({ name }) => JSON.stringify(name));
      const more = found.length > 3 ? ` and ${found.length - 3} more` : '';
      const text = plainLines(file.before)[first.start - 1] ?? '';
      yield detected(
        this,
        file.path,
        { line: first.start, text },
        {
          side: 'old',
          endLine: first.end,
          message: `${found.length === 1 ? 'The test' : 'The tests'} ${listed.join(', ')}${more} went; the code tested did not change with ${found.length === 1 ? 'it' : 'them'}.`,
          confidence: 'medium',
          suggestion: { text: 'Keep it, or say what tests this now.' },
        },
      );
    }
  },
};
