import { usageError } from '../../base/errors.ts';
import { askForCode, textsIn } from './ask-for-code.ts';
import {
  fenced,
  form,
  listOf,
  pathOf,
  text,
  type AgentLanguage,
  type AskOptions,
  type CodeTools,
  type Improvement,
} from './code-tools.ts';
import { issuesIn, type CodeIssue, type ErrorInfoGiven } from './issues.ts';

/** What could be better in a text, for some goals. */
export const smellsFor = async (
  tools: CodeTools,
  code: string,
  language: AgentLanguage,
  goals: readonly string[],
): Promise<Improvement[]> =>
  (await tools.smells(pathOf(language, code), code)).filter(({ goal }) => goals.includes(goal));

const requireParsing = async (tools: CodeTools, path: string, code: string): Promise<void> => {
  const [first] = await tools.problems(path, code);
  if (first)
    throw usageError(
      `The code given does not parse: line ${first.line}: ${first.message}`,
      'Mend it first; debugCode can help.',
    );
};

/** What is wrong with code that is to stand in place of other code. */
const problemWith = async (
  tools: CodeTools,
  path: string,
  before: string,
  after: unknown,
): Promise<string | undefined> => {
  if (typeof after !== 'string' || after.trim() === '') return 'there is no code in it.';
  const [first] = await tools.problems(path, after);
  if (first) return `the code does not parse: line ${first.line}: ${first.message}`;
  const now = new Set(await tools.names(path, after));
  const lost = (await tools.names(path, before)).filter((name) => !now.has(name));
  return lost.length > 0 ? `names that others use are gone: ${lost.join(', ')}.` : undefined;
};

const improvementKeys = ['type', 'description', 'original', 'suggested', 'priority', 'goal'];

const asImprovement = (entry: Record<string, string>): Improvement => {
  const { type = 'other', description = '', original = '', suggested = '', priority, goal = '' } = entry;
  const isKnown = priority === 'high' || priority === 'low';
  return { type, description, original, suggested, priority: isKnown ? priority : 'medium', goal };
};

/** Code rewritten for some goals: it parses, and has every name it had. */
export const rewritten = async (
  tools: CodeTools,
  what: string,
  code: string,
  { language, goals }: { language: AgentLanguage; goals: readonly string[] },
  { model, signal }: AskOptions,
): Promise<{ code: string; improvements: Improvement[] }> => {
  const path = pathOf(language, code);
  await requireParsing(tools, path, code);
  const seen = await smellsFor(tools, code, language, goals);
  const known = seen.map(({ line, description, suggested }) => `- line ${line ?? 0}: ${description} ${suggested}`);
  const task = [
    `${what} Goals: ${goals.join(', ')}. What it does must stay the same.`,
    ...(known.length > 0 ? [`Seen already:\n${known.join('\n')}`] : []),
    fenced(language, code),
  ].join('\n\n');
  const schema = form({ code: text, improvements: listOf(improvementKeys) });
  const answer = await askForCode(
    model,
    { task, schema, signal: signal ?? new AbortController().signal },
    ({ code: after }) => problemWith(tools, path, code, after),
  );
  return { code: String(answer.code), improvements: textsIn(answer.improvements, improvementKeys).map(asImprovement) };
};

/** What is or may be wrong with a text. */
export const findIssues = async (
  tools: CodeTools,
  code: string,
  language: AgentLanguage,
  errorInfo?: ErrorInfoGiven | string,
): Promise<CodeIssue[]> => {
  const path = pathOf(language, code);
  const [problems, smells, comments] = [
    await tools.problems(path, code),
    await tools.smells(path, code),
    await tools.comments(path, code),
  ];
  return issuesIn(code, typeof errorInfo === 'string' ? { message: errorInfo } : errorInfo, {
    problems,
    smells,
    comments,
  });
};

/** Code with what is wrong mended. */
export const mended = async (
  tools: CodeTools,
  code: string,
  language: AgentLanguage,
  errorInfo: ErrorInfoGiven | string | undefined,
  { model, signal = new AbortController().signal }: AskOptions,
) => {
  const path = pathOf(language, code);
  const issues = await findIssues(tools, code, language, errorInfo);
  const told =
    typeof errorInfo === 'string' ? errorInfo : [errorInfo?.message, errorInfo?.stack].filter(Boolean).join('\n');
  const task = [
    'Find the cause of what is wrong with this code and mend it with the smallest change.',
    ...(told ? [`What happened:\n${fenced('text', told.slice(0, 6000))}`] : []),
    ...(issues.length > 0
      ? [`Seen already:\n${issues.map(({ line, description }) => `- line ${line}: ${description}`).join('\n')}`]
      : []),
    fenced(language, code),
  ].join('\n\n');
  const keys = ['description', 'autoFix'];
  const answer = await askForCode(
    model,
    { task, schema: form({ code: text, suggestions: listOf(keys) }), signal },
    ({ code: after }) => problemWith(tools, path, code, after),
  );
  return {
    ...{ original: code, debugged: String(answer.code), language, issues },
    suggestions: textsIn(answer.suggestions, keys).map(({ description = '', autoFix = '' }) => ({
      description,
      autoFix,
    })),
    timestamp: new Date().toISOString(),
  };
};
