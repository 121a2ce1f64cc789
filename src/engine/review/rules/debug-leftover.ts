import type { Detected } from '../../../core/finding.ts';
import type { ReviewFile, ReviewRule } from '../rule.ts';
import type { CodeLanguage } from './code-language.ts';
import { detected, freshMatches } from './detected.ts';
import { linePatch } from './line-patch.ts';
import { isTestLine } from './test-lines.ts';

/** Calls that stop the program for a debugger, or print a value for the one who writes the code. Nobody ships them. */
const stops: Partial<Record<CodeLanguage, RegExp>> = {
  javascript: /(?<![\w$.'"-])(debugger)\s*(?:;|$)/g,
  typescript: /(?<![\w$.'"-])(debugger)\s*(?:;|$)/g,
  python:
    /(?<![\w.])(breakpoint\(\)|(?:i?pdb|pudb|wdb|ipdb)\.set_trace\(|(?:import|from)\s+(?:i?pdb|pudb)\b|import\s+pdb|(?:pydevd|debugpy)\.\w+\(|IPython\.embed\(|(?:ic|pprint|pp)\()/g,
  go: /(?<![\w.])(spew\.(?:Dump|Printf|Println)\(|runtime\.Breakpoint\(|litter\.Dump\(|pp\.Println\()/g,
  rust: /(?<![\w.])(dbg!\s*[([{])/g,
  'c-sharp': /(?<![\w.])((?:System\.Diagnostics\.)?Debugger\.(?:Break|Launch)\()/g,
  ruby: /(?<![\w.])(binding\.(?:pry|irb|b|break)\b|byebug\b|debugger\s*$|save_and_open_page\b)/g,
  php: /(?<![\w$>:])((?:var_dump|dd|ddd|dump|xdebug_break|var_export|debug_zval_refcount|debug_print_backtrace)\s*\()/g,
  swift: /(?<![\w.])((?:debugPrint|dump)\()/g,
};

/** Prints to the terminal; code that is not run in one does not mean it. */
const prints: Partial<Record<CodeLanguage, RegExp>> = {
  javascript: /(?<![\w$.])((?:window\.|globalThis\.)?console\.(?:log|debug|dir|trace|table|dirxml)|alert)\s*\(/g,
  typescript: /(?<![\w$.])((?:window\.|globalThis\.)?console\.(?:log|debug|dir|trace|table|dirxml)|alert)\s*\(/g,
  python: /(?:^|[;:]\s*)\s*(print)\s*\((?!.*\bfile\s*=)/g,
  go: /(?<![\w.])(fmt\.Print(?:ln|f)?|println|print|log\.Print(?:ln|f)?)\(/g,
  rust: /(?<![\w.])(e?print(?:ln)?!)\s*[([{]/g,
  java: /(?<![\w.])(System\.(?:out|err)\.print(?:ln|f)?\s*\(|(?<=\.)printStackTrace\(\))|(\w\.printStackTrace\(\))/g,
  kotlin: /(?<![\w.])(print(?:ln)?\(|System\.out\.print(?:ln|f)?\()/g,
  'c-sharp':
    /(?<![\w.])((?:System\.)?Console\.Write(?:Line)?\(|(?:System\.Diagnostics\.)?Debug\.(?:Write|Print)(?:Line)?\()/g,
  ruby: /^\s*((?:puts|p|pp)(?:\s+(?![=+\-*/.&|)])|\())/g,
  php: /(?<![\w$>:])(print_r\s*\((?!.*,\s*true)|error_log\s*\()/g,
  swift: /(?<![\w.])(print|NSLog)\(/g,
};

const printer =
  /(?:^|[/._-])(?:cli|cmd|commands?|console|print(?:er|ing)?|log(?:s|ger|ging)?|report(?:er|ers|s|ing)?|output|debug(?:ger)?|terminal|repl|main|__main__|shell|usage|help|progress|spinner|prompts?|trace|tracing|echo|dump|utils\/log)(?:[/._-]|$)/i;

/** Where printing is what the file is for: it did so before, it is run by hand, or its name says so. */
const isMeant = (file: ReviewFile, pattern: RegExp): boolean => {
  if (printer.test(file.path.replace(/([a-z])([A-Z])/g, '$1-$2'))) return true;
  const removed = new Set(file.added.map((line) => line.line));
  let old = 0;
  let fresh = 0;
  for (const [index, line] of file.afterCode.entries())
    if (line !== undefined && line.match(pattern) !== null) {
      if (removed.has(index + 1)) fresh++;
      else old++;
    }
  if (old > 0 || fresh > 3) return true;
  return file.afterCode.some(
    (line) =>
      line !== undefined &&
      /^if __name__ ==|^package main\b|^func main\(|\bfn main\(|process\.argv|\bargparse\b|public static void main|static (?:async )?(?:void|int|Task\S*) Main\(/.test(
        line,
      ),
  );
};

/** Prints and stops that were left behind. */
export const debugLeftover: ReviewRule = {
  name: 'debug-leftover',
  severity: 'medium',
  claim: 'A call made for debugging was left in: it stops the program or prints where nothing was printed before.',
  cost: 'text',
  *look({ files }): Generator<Detected> {
    for (const file of files) {
      const { language, place } = file;
      if (!language || place === 'doc' || place === 'fixture') continue;
      const stop = stops[language];
      const print = prints[language];
      const fix = (at: { line: number; text: string }) => {
        const patch = /[;)]\s*$|^\s*[\w.]+\s*$/.test(at.text) ? linePatch(file, at.line, at.line, []) : undefined;
        const isWhole = /^\s*(?:debugger;?|breakpoint\(\)|binding\.\w+|byebug|[\w.:!]+\s*\(.*\)\s*;?)\s*$/.test(
          at.text,
        );
        return { text: 'Remove it.', ...(patch !== undefined && isWhole ? { patch } : {}) };
      };
      if (stop && place !== 'example')
        for (const { at, match } of freshMatches(file, stop)) {
          const called = (match[1] ?? match[0]).replace(/[\s([{]+$/, '');
          // Some of them are functions the file has itself, or prints on purpose.
          if (/^(?:ic|pp|pprint|dump|dd|var_export)$/.test(called) && (place !== 'code' || isMeant(file, stop)))
            continue;
          if (
            new RegExp(`\\b(?:def|function|func|fn|import)\\s+${called.replace(/\W/g, '\\$&')}`).test(at.code) &&
            !called.includes('pdb')
          )
            continue;
          yield detected(this, file.path, at, {
            message: `\`${called}\` was made for debugging and is left in the code.`,
            suggestion: fix(at),
          });
        }
      if (!print || place !== 'code' || isMeant(file, print)) continue;
      for (const { at, match } of freshMatches(file, print)) {
        if (isTestLine(file, at.line)) continue;
        const called = (match[1] ?? match[2] ?? match[0]).replace(/[\s([{]+$/, '').trim();
        yield detected(this, file.path, at, {
          severity: 'low',
          confidence: 'medium',
          message: `\`${called}\` prints, in a file that printed nothing before: it looks left over from debugging.`,
          suggestion: fix(at),
        });
      }
    }
  },
};
