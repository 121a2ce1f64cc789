import type { Detected } from '../../../core/finding.ts';
import type { ReviewFile, ReviewRule } from '../rule.ts';
import type { CodeLanguage } from './code-language.ts';
import { detected } from './detected.ts';
import { isTestLine, plainLines } from './test-lines.ts';

const braces = /(?<![\w$.])catch\s*(?:\([^()]*(?:\([^()]*\)[^()]*)*\)\s*|when[^{]*)?\{\s*;?\s*\}/g;
const script = [
  braces,
  /\.catch\s*\(\s*(?:\(\s*[\w$]*\s*(?::\s*\w+)?\s*\)|[\w$]+)\s*=>\s*(?:\{\s*(?:return(?:\s+undefined)?;?)?\s*\}|undefined|void 0)\s*,?\s*\)/g,
  /\.catch\s*\(\s*(?:async\s+)?function\s*\w*\s*\([^)]*\)\s*\{\s*(?:return;?)?\s*\}\s*\)/g,
  /\.catch\s*\(\s*(?:_\.|lodash\.)?noop\s*\)/g,
  /\.then\s*\([^()]*,\s*\(\s*\)\s*=>\s*\{\s*\}\s*\)/g,
];
const broad = String.raw`(?:Exception|BaseException|Error|StandardError|OSError|IOError|RuntimeError|ValueError|TypeError|\w+\.\w*(?:Error|Exception))`;
const patterns: Partial<Record<CodeLanguage, RegExp[]>> = {
  javascript: script,
  typescript: script,
  python: [
    new RegExp(
      String.raw`^[ \t]*except\s*(?:\(?[^:\n]*\b${broad}\b[^:\n]*\)?\s*(?:as\s+\w+\s*)?)?:[ \t]*(?:\n\s*)?(?:pass|\.\.\.)[ \t]*$`,
      'gm',
    ),
    /\bsuppress\(\s*(?:Base)?Exception\s*\)/g,
  ],
  java: [braces],
  kotlin: [braces],
  'c-sharp': [braces],
  php: [braces],
  c: [braces],
  swift: [/\bcatch\s*\{\s*\}/g, /^\s*(?:_\s*=\s*)?try\?\s/gm],
  go: [
    /\bif\s+(?:[^{}\n]*;\s*)?\w*[eE]rr\w*\s*!=\s*nil\s*\{\s*\}/g,
    /^[ \t]*_\s*=\s*(?!.*\b(?:Close|Flush|Sync|Fprint\w*|Write\w*|Remove\w*|Body|Unlock|Stop|Shutdown|SetDeadline|Rollback|Register\w*|Set\w*|MarkFlag\w*|Mark\w*)\()[\w.]*[\w]\([^\n]*\)[ \t]*$/gm,
    /\b\w+\s*,\s*_\s*:?=\s*(?:strconv\.\w+|json\.\w*arshal\w*|os\.(?!Getwd|Executable|UserHomeDir|Hostname|LookupEnv)\w+|ioutil\.\w+|io\.ReadAll|http\.(?:Get|Post|NewRequest)\w*|exec\.\w+|url\.Parse\w*|time\.Parse\w*|base64\.\w+\.\w+|hex\.\w+|xml\.\w*arshal|yaml\.\w*arshal|sql\.Open|net\.\w+|template\.\w+)\(/g,
  ],
  rust: [
    /\bif\s+let\s+Err\(\s*_\w*\s*\)\s*=[^{}\n]*\{\s*\}/g,
    /\bErr\(\s*_\w*\s*\)\s*=>\s*(?:\{\s*\}|\(\s*\))/g,
    /^[ \t]*(?!let\b|return\b|if\b|while\b|match\b)[\w.:]+\([^=\n]*\)\s*\.ok\(\)\s*;/gm,
    /^[ \t]*let\s+_\s*=\s*(?!.*\b(?:write|writeln|send|join|lock|flush|drop)\b)[^\n]*\([^\n]*\)\s*;/gm,
  ],
  ruby: [/^[ \t]*rescue\b[^\n]*\n(?:\s*nil[ \t]*\n)?\s*end\b/gm, /\S[ \t]+rescue[ \t]+nil\b/g],
};

/** Errors that are expected, and a sign that says what comes next, so that passing over them is an answer. */
const expected =
  /\b(?:ImportError|ModuleNotFoundError|KeyError|AttributeError|IndexError|StopIteration|StopAsyncIteration|FileNotFoundError|FileExistsError|ProcessLookupError|NotImplementedError|LookupError|KeyboardInterrupt|CancelledError|Timeout\w*|\w*NotFound\w*|DoesNotExist|Interrupted\w*|LoadError|Errno::\w+)\b/;

/** Gives the line of an offset; quick when offsets rise. */
const lineCounter = (text: string): ((index: number) => number) => {
  let line = 1;
  let from = 0;
  return (index) => {
    if (index < from) [line, from] = [1, 0];
    for (let at = text.indexOf('\n', from); at >= 0 && at < index; at = text.indexOf('\n', from)) {
      line++;
      from = at + 1;
    }
    return line;
  };
};

interface Handler {
  start: number;
  end: number;
  text: string;
  /** To pass over what it catches is an answer. */
  isExpected: boolean;
}

/** True when a handler of Python catches some of what another one does, and nothing else. */
const isNarrower = (is: string, was: string): boolean => {
  const caught = (head: string): string[] => (/except\b([^:]*):/.exec(head)?.[1] ?? '').match(/[\w.]+/g) ?? [];
  const [now, before] = [caught(is), caught(was)];
  return now.length > 0 && now.every((name) => before.includes(name));
};

/** Handlers on one side: where each begins and ends, without those that a comment explains. */
const handlersOf = (file: ReviewFile, side: 'old' | 'new'): Handler[] => {
  const lines = side === 'new' ? file.afterCode : file.beforeCode;
  const source = plainLines(side === 'new' ? file.after : file.before);
  const changed = side === 'new' ? file.added : file.removed;
  const byNumber = new Map(changed.map((line) => [line.line, line.text]));
  const code = Array.from(lines, (line) => line ?? '').join('\n');
  const found: Handler[] = [];
  const lineAt = lineCounter(code);
  for (const pattern of (file.language && patterns[file.language]) ?? [])
    for (const match of code.matchAll(pattern)) {
      const lead = match[0].length - match[0].trimStart().length;
      const start = lineAt(match.index + lead);
      const end = lineAt(match.index + match[0].trimEnd().length);
      const raw = Array.from(
        { length: end - start + 1 },
        (_, index) => source[start + index - 1] ?? byNumber.get(start + index) ?? '',
      );
      // What is blank in the code but not in the text is a comment, and that says why.
      const isExplained =
        raw.some(
          (text, index) => text.replace(/\s/g, '').length > (lines[start + index - 1] ?? '').replace(/\s/g, '').length,
        ) ||
        /^\s*(?:\/\/|#|\*|\/\*)/.test(source[start - 2] ?? '') ||
        /^\s*(?:\/\/|#)/.test(source[end] ?? '');
      if (isExplained) continue;
      const isExpected = /^(?:python|ruby)$/.test(file.language ?? '') && expected.test(match[0]);
      found.push({ start, end, text: match[0].replace(/\s+/g, ' ').trim(), isExpected });
    }
  return found;
};

/** Errors that nobody will hear of. */
export const swallowedError: ReviewRule = {
  name: 'swallowed-error',
  severity: 'medium',
  claim: 'An error of any kind, or of a broad one, is caught or thrown away, and nothing is done or said about it.',
  cost: 'text',
  *look({ files }): Generator<Detected> {
    for (const file of files) {
      if (!file.language || !patterns[file.language]) continue;
      if (file.place !== 'code' && file.place !== 'script') continue;
      if (!file.added.some((line) => /catch|except|suppress|rescue|try\?|_|\.ok\(\)|Err|err/.test(line.code))) continue;
      const added = new Set(file.added.map((line) => line.line));
      const old = new Map<string, number>();
      for (const { text } of file.diff.status === 'added' ? [] : handlersOf(file, 'old'))
        old.set(text, (old.get(text) ?? 0) + 1);
      // Those that stood before come first, wherever they stand now.
      const all = handlersOf(file, 'new');
      const isNew = ({ start, end }: { start: number; end: number }): boolean => {
        for (let number = start; number <= end; number++) if (added.has(number)) return true;
        return false;
      };
      for (const one of all) if (!isNew(one)) old.set(one.text, (old.get(one.text) ?? 0) - 1);
      for (const one of all) {
        if (!isNew(one) || one.isExpected || isTestLine(file, one.start)) continue;
        const left = old.get(one.text) ?? 0;
        if (left > 0) {
          old.set(one.text, left - 1);
          continue;
        }
        const wider =
          file.language === 'python'
            ? [...old].find(([was, count]) => count > 0 && isNarrower(one.text, was))
            : undefined;
        if (wider) {
          old.set(wider[0], wider[1] - 1);
          continue;
        }
        const text =
          plainLines(file.after)
            .slice(one.start - 1, one.end)
            .join('\n') || one.text;
        yield detected(
          this,
          file.path,
          { line: one.start, text },
          {
            endLine: one.end,
            message: 'An error is thrown away here: whatever goes wrong, nobody hears of it.',
            confidence: 'medium',
            suggestion: {
              text: 'Handle it, pass it on or log it; where it truly does not matter, catch only that kind and say why.',
            },
          },
        );
      }
    }
  },
};
