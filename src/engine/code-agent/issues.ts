import type { SyntaxProblem } from '../../core/syntax.ts';

/** What is known of a failure. */
export interface ErrorInfoGiven {
  message?: string;
  stack?: string;
  /** 1-based. */
  line?: number;
}

/** Something that is or may be wrong. */
export interface CodeIssue {
  /** `syntax`, `error-location`, or the name of a rule. */
  type: string;
  severity: 'critical' | 'high' | 'medium' | 'low';
  /** 1-based, inclusive. */
  line: number;
  endLine: number;
  description: string;
  suggestion?: string;
}

interface Known {
  problems: readonly SyntaxProblem[];
  smells: readonly {
    type: string;
    goal: string;
    priority: 'high' | 'medium' | 'low';
    line: number;
    endLine: number;
    description: string;
    suggested: string;
  }[];
  comments: readonly {
    rule: string;
    category: string;
    severity: CodeIssue['severity'];
    line: number;
    endLine: number;
    message: string;
    suggestion?: string;
  }[];
}

/** Characters of a message or stack that are looked at: the patterns take the square of a line's length. */
const mostChars = 8000;

/** What well-known messages mean for the line they name. */
const meanings: readonly { pattern: RegExp; suggest: (name: string) => string }[] = [
  {
    pattern:
      /Cannot read propert(?:y|ies) (?:of (?:undefined|null) \(reading '([^']+)'\)|'([^']+)' of (?:undefined|null))/,
    suggest: (name) =>
      `What stands before .${name} is undefined or null here: find where it should have come from, or handle that it is not there (?.${name}).`,
  },
  {
    pattern: /(\S+) is not a function/,
    suggest: (name) => `${name} is something else than a function here: look at where it is set or imported.`,
  },
  {
    pattern: /(?:(\S+) is not defined|name '([^']+)' is not defined)/,
    suggest: (name) => `${name} is not declared or imported where it is used.`,
  },
  {
    pattern: /KeyError: ['"]?([^'"\n]+)/,
    suggest: (name) => `The key ${name} is not there: use .get(), or see that it is set before.`,
  },
  {
    pattern: /'NoneType' object has no attribute '([^']+)'/,
    suggest: (name) => `What stands before .${name} is None here: find the call that gave None.`,
  },
  {
    pattern: /(?:list )?index out of range/,
    suggest: () => 'The list is shorter than the index: look at the bounds, and at empty lists.',
  },
  { pattern: /(?:division by zero|ZeroDivisionError)/, suggest: () => 'The divisor can be 0: handle that case first.' },
  {
    pattern: /Maximum call stack|maximum recursion depth/,
    suggest: () => 'It calls itself without an end: look at the condition that stops it.',
  },
];

const linesIn = (info: ErrorInfoGiven, count: number): number[] => {
  const found = info.line === undefined ? [] : [info.line];
  const text = `${info.stack ?? ''}\n${info.message ?? ''}`;
  // Frames of the code itself come first, those of the runtime have names of their own.
  for (const line of text.split('\n')) {
    if (/node:internal|node_modules|site-packages|\/lib\/python/.test(line)) continue;
    const number =
      /:(\d+):\d+\)?\s*$/.exec(line)?.[1] ??
      /\bline (\d+)\b/.exec(line)?.[1] ??
      /\.(?:[cm]?[jt]sx?|py):(\d+)\b/.exec(line)?.[1];
    if (number !== undefined) found.push(Number(number));
  }
  // Python tells the innermost frame last.
  const isPython = text.includes('Traceback (most recent call last)');
  return (isPython ? found.toReversed() : found).filter((line) => line >= 1 && line <= count);
};

/** Everything known to be wrong, what the error points at first. Pure: parsers and rules are asked before. */
export const issuesIn = (code: string, given: ErrorInfoGiven | undefined, known: Known): CodeIssue[] => {
  const info = given && {
    ...given,
    ...(given.message === undefined ? {} : { message: given.message.slice(0, mostChars) }),
    ...(given.stack === undefined ? {} : { stack: given.stack.slice(0, mostChars) }),
  };
  const lines = code.split('\n');
  const issues: CodeIssue[] = [];
  if (info) {
    const told = `${info.message ?? ''}\n${info.stack ?? ''}`;
    const meaning = meanings.flatMap(({ pattern, suggest }) => {
      const match = pattern.exec(told);
      return match ? [{ name: match[1] ?? match[2] ?? '', suggestion: suggest(match[1] ?? match[2] ?? '') }] : [];
    })[0];
    const named = meaning && meaning.name !== '' ? lines.findIndex((line) => line.includes(meaning.name)) + 1 : 0;
    const [at = named] = linesIn(info, lines.length);
    if (at > 0)
      issues.push({
        ...{ type: 'error-location', severity: 'critical', line: at, endLine: at },
        description: `${(info.message ?? told.trim()).split('\n', 1)[0] ?? ''} – at \`${lines[at - 1]?.trim() ?? ''}\``,
        ...(meaning ? { suggestion: meaning.suggestion } : {}),
      });
  }
  for (const { line, message } of known.problems)
    issues.push({ type: 'syntax', severity: 'critical', line, endLine: line, description: message });
  const rest: CodeIssue[] = [
    ...known.smells
      .filter(({ goal }) => goal === 'correctness')
      .map(({ type, priority, line, endLine, description, suggested }) => ({
        ...{ type, severity: priority, line, endLine, description, suggestion: suggested },
      })),
    ...known.comments
      .filter(({ category }) => category !== 'maintainability')
      .map(({ rule, severity, line, endLine, message, suggestion }) => ({
        ...{ type: rule, severity, line, endLine, description: message },
        ...(suggestion === undefined ? {} : { suggestion }),
      })),
  ];
  return [...issues, ...rest.sort((a, b) => a.line - b.line)];
};
