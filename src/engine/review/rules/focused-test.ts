import type { Detected } from '../../../core/finding.ts';
import type { ReviewRule } from '../rule.ts';
import type { CodeLanguage } from './code-language.ts';
import { detected, freshMatches, groupOf } from './detected.ts';
import { linePatch } from './line-patch.ts';
import { isTestLine } from './test-lines.ts';

const script =
  /(?<![\w$.])((?:describe|it|test|context|suite|specify|bench|fixture|experiment|t|tap|scenario|ruleTester)(?:\.\w+)*\.only)(?=\s*[(`.<])|(?<![\w$.])(f(?:describe|it|context|test))\s*\(|(?<![\w$.])(only:\s*true)\b/g;
const patterns: Partial<Record<CodeLanguage, RegExp>> = {
  javascript: script,
  typescript: script,
  ruby: /^\s*(f(?:describe|it|context|example|specify|scenario))\b|(?<!\w)(focus:\s*true|:focus\s*=>\s*true|,\s*:focus\b)|^\s*(focus)\s*$/g,
  go: /(?<![\w.])((?:ginkgo\.)?F(?:Describe|It|Context|When|Specify|Entry|DescribeTable))\(/g,
  python: /(@pytest\.mark\.(?:only|focus))\b/g,
  php: /(->only\(\))/g,
  swift: /(?<![\w.])(f(?:describe|it|context))\(/g,
  kotlin: /(?<![\w.])(f(?:describe|it|context)|"f:)/g,
  shell: /(bats:focus)/g,
};

/** Tests that keep all others from running. */
export const focusedTest: ReviewRule = {
  name: 'focused-test',
  severity: 'high',
  claim: 'A test is marked to run alone, so that the others do not run.',
  cost: 'text',
  *look({ files }): Generator<Detected> {
    for (const file of files) {
      const pattern = file.language && patterns[file.language];
      if (!pattern || file.place === 'doc' || file.place === 'fixture') continue;
      for (const { at, match } of freshMatches(file, pattern, file.language === 'shell' ? 'text' : 'code')) {
        if (!isTestLine(file, at.line)) continue;
        const marked = groupOf(match);
        const without = marked.endsWith('.only')
          ? at.text.slice(0, match.index) + marked.slice(0, -5) + at.text.slice(match.index + marked.length)
          : /^f[a-z]+$/.test(marked) && match[2] === marked
            ? at.text.slice(0, match.index) + marked.slice(1) + at.text.slice(match.index + marked.length)
            : undefined;
        const patch = without === undefined ? undefined : linePatch(file, at.line, at.line, [without]);
        yield detected(this, file.path, at, {
          message: `\`${marked}\` keeps the other tests from running; the checks would pass without them.`,
          suggestion: { text: 'Take the mark away.', ...(patch === undefined ? {} : { patch }) },
        });
      }
    }
  },
};
