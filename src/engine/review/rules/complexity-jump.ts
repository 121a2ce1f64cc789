import type { ParsedFile } from '../../../core/parsed-file.ts';
import type { Detected } from '../../../core/finding.ts';
import type { ReviewRule } from '../rule.ts';
import { blockEnd } from './blocks.ts';
import type { CodeLines } from './changed-lines.ts';
import type { CodeLanguage } from './code-language.ts';
import { detected } from './detected.ts';
import { plainLines } from './test-lines.ts';

/** Ways through a function above which it is hard to follow (McCabe's 10, with room), and how many came with the change. */
const many = 15;
const jump = 6;

const braces = /\b(?:if|for|foreach|while|case|catch|guard)\b|&&|\|\||\?\?|\?(?![.?:)\],>])(?=\s)/g;
const decisions: Partial<Record<CodeLanguage, RegExp>> = {
  python: /\b(?:if|elif|for|while|except|and|or|case)\b/g,
  ruby: /\b(?:if|elsif|unless|for|while|until|when|rescue|and|or)\b|&&|\|\||\s\?\s/g,
  rust: /\b(?:if|for|while|loop)\b|&&|\|\||=>|\?(?=[;.)])/g,
  go: /\b(?:if|for|case|select)\b|&&|\|\|/g,
  shell: /\b(?:if|elif|for|while|until)\b|&&|\|\||;;/g,
};

interface Measured {
  name: string;
  start: number;
  end: number;
  ways: number;
}

const functionLike: Partial<Record<CodeLanguage, RegExp>> = {
  python: /^\s*(?:async\s+)?def\b/,
  ruby: /^\s*def\b/,
  go: /^func\b/,
  rust: /\bfn\b/,
  php: /\bfunction\b/,
  shell: /\(\)|\bfunction\b/,
  java: /\w\s*\([^;]*$/,
  kotlin: /\bfun\b/,
  'c-sharp': /\w\s*\([^;]*$/,
  c: /\w\s*\([^;]*$/,
  swift: /\bfunc\b/,
};
const scriptFunction =
  /\bfunction\b|=>|=\s*(?:async\s*)?\(|^\s*(?:(?:public|private|protected|static|override|readonly|async|get|set|\*)\s+)*[#\w$]+\s*(?:<[^>]*>)?\(/;

/** Functions by name and order with how many ways lead through them, and how many share a name. */
const measure = (
  parsed: ParsedFile,
  lines: CodeLines,
  language: CodeLanguage,
): { found: Map<string, Measured>; counts: Map<string, number> } => {
  const looksLike = functionLike[language] ?? scriptFunction;
  const pattern = decisions[language] ?? braces;
  const found = new Map<string, Measured>();
  const counts = new Map<string, number>();
  for (const { name, line } of parsed.definitions) {
    const head = `${lines[line - 1] ?? ''} ${lines[line] ?? ''}`;
    if (
      !looksLike.test(head) ||
      /^\s*(?:export\s+)?(?:default\s+)?(?:abstract\s+)?(?:class|interface|enum|type|struct|trait|impl|namespace|module)\b/.test(
        head,
      )
    )
      continue;
    const end = blockEnd(lines, line);
    let ways = 1;
    for (let number = line; number <= end; number++) ways += lines[number - 1]?.match(pattern)?.length ?? 0;
    // Those that share a name are told apart by their order.
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    found.set(`${name} ${count}`, { name, start: line, end, ways });
  }
  return { found, counts };
};

/** Functions that became hard to follow. */
export const complexityJump: ReviewRule = {
  name: 'complexity-jump',
  severity: 'low',
  claim: 'A function got many more branches with this change and is hard to follow now.',
  cost: 'syntax',
  *look({ files }): Generator<Detected> {
    for (const file of files) {
      const { language, beforeParsed, afterParsed } = file;
      if (!language || !beforeParsed || !afterParsed || file.added.length < jump / 2) continue;
      if (file.place === 'test' || file.place === 'fixture' || file.place === 'example') continue;
      const before = measure(beforeParsed, file.beforeCode, language);
      const after = measure(afterParsed, file.afterCode, language);
      const grown = [...after.found].flatMap(([key, is]) => {
        const { name } = is;
        const was = before.counts.get(name) === after.counts.get(name) ? before.found.get(key) : undefined;
        if (!was || is.ways < many || is.ways - was.ways < Math.max(jump, was.ways * 0.4)) return [];
        return file.added.some(({ line }) => line >= is.start && line <= is.end) ? [{ name, was, is }] : [];
      });
      for (const { name, was, is } of grown) {
        if (grown.some((other) => other.is !== is && other.is.start >= is.start && other.is.end <= is.end)) continue;
        yield detected(
          this,
          file.path,
          { line: is.start, text: plainLines(file.after)[is.start - 1] ?? name },
          {
            message: `\`${name}\` has ${is.ways} ways through it now, ${was.ways} before.`,
            suggestion: { text: 'Take a part of it out into a function of its own.' },
          },
        );
      }
    }
  },
};
