import type { Detected } from '../../../core/finding.ts';
import type { ReviewFile, ReviewRule } from '../rule.ts';
import type { CodeLanguage } from './code-language.ts';
import { detected, freshMatches, groupOf } from './detected.ts';
import { isTestLine } from './test-lines.ts';

const script =
  /(?<![\w$.])((?:describe|it|test|context|suite|specify|scenario|t)(?:\.\w+)*\.skip)(?=\s*(?:\(\s*(?:['"`)]|[\w$.]+\s*,|$)|`|\.each))|(?<![\w$.])(x(?:describe|it|context|test|specify))\s*\(|(?<![\w$.])((?:this|t|ctx|context)\.skip)\(\s*['"`)]|(?<![\w$.])(skip:\s*(?:true|['"`]))/g;
const patterns: Partial<Record<CodeLanguage, RegExp>> = {
  javascript: script,
  typescript: script,
  python:
    /(@(?:pytest\.)?mark\.skip)\b(?!if)|(@(?:unittest\.)?skip)\b(?!If|Unless)|(?<![\w.])(pytest\.skip|self\.skipTest)\(|(?:^|\W)(pytestmark\s*=\s*pytest\.mark\.skip)\b(?!if)|(raise\s+(?:unittest\.)?SkipTest)\b|(\bmarks=pytest\.mark\.skip)\b(?!if)|(@pytest\.mark\.xfail)\s*(?:$|\()/g,
  go: /(?<![\w.])([tbfs]\.Skip(?:f|Now)?)\(|(?<![\w.])((?:ginkgo\.)?[PX](?:Describe|It|Context|When|Specify|Entry|DescribeTable))\(/g,
  rust: /(#\[ignore\b)|(#\[cfg\((?:any\(\)|FALSE)\)\])/g,
  java: /(@(?:Disabled|Ignore))\b(?!\w)/g,
  kotlin: /(@(?:Disabled|Ignore))\b(?!\w)|(?<![\w.])(x(?:describe|it|context))\(/g,
  'c-sharp': /\[(?:Fact|Theory|InlineData)\([^)\]]*(\bSkip\s*=)|(\[Ignore\b)/g,
  ruby: /^\s*(x(?:describe|it|context|example|specify|scenario))\b|^\s*((?:skip|pending|omit)(?:\s*(?:$|\(|['"])))|(?<!\w)(skip:\s*(?:true|['"])|,\s*:skip\b|:skip\s*=>)/g,
  php: /(->markTest(?:Skipped|Incomplete))\(|(->skip\(\s*(?:['")]))/g,
  swift: /(?<![\w.])(throw\s+XCTSkip)\(|(?<![\w.])(x(?:describe|it|context))\(|(\.disabled\()/g,
  c: /(\bDISABLED_\w+)|(\bGTEST_SKIP\(\))/g,
  shell: /^\s*(skip)(?:\s|$)/g,
};

/** What skips only where it cannot run. */
const isConditional = (file: ReviewFile, line: number, marked: string): boolean => {
  if (
    !/^(?:pytest\.skip|self\.skipTest|raise|[tbfs]\.Skip|->mark|->skip|throw|GTEST|skip|pending|omit|(?:this|t|ctx|context)\.skip)/.test(
      marked,
    )
  )
    return false;
  const own = file.afterCode[line - 1] ?? '';
  if (/\b(?:if|unless|when)\b|&&|\|\|/.test(own)) return true;
  const indent = own.search(/\S/);
  for (let number = line - 1; number > 0 && number > line - 12; number--) {
    const above = file.afterCode[number - 1];
    if (above === undefined) return false;
    if (above.trim() === '' || above.search(/\S/) >= indent) continue;
    return /\b(?:if|else|elif|except|catch|rescue|unless|case|when|switch|default|select|guard)\b/.test(above);
  }
  return false;
};

/** Tests that do not run any more. */
export const disabledTest: ReviewRule = {
  name: 'disabled-test',
  severity: 'medium',
  claim: 'A test was switched off wherever it runs.',
  cost: 'text',
  *look({ files }): Generator<Detected> {
    for (const file of files) {
      const pattern = file.language && patterns[file.language];
      if (!pattern || file.place === 'doc' || file.place === 'fixture') continue;
      for (const { at, match } of freshMatches(file, pattern)) {
        if (!isTestLine(file, at.line) && file.place !== 'test') continue;
        const marked = groupOf(match).trim();
        if (isConditional(file, at.line, marked)) continue;
        yield detected(this, file.path, at, {
          message: `\`${marked.replace(/[(\s'"`]+$/, '')}\` switches a test off; what it guards is not checked any more.`,
          suggestion: { text: 'Mend the test, or say beside it why it is off and until when.' },
        });
      }
    }
  },
};
