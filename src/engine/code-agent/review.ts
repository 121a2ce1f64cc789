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
  type ReviewCategory,
  type ReviewComment,
} from './code-tools.ts';

/** What a rule is about. */
export const categoryOf = (rule: string): ReviewCategory =>
  /secret|danger|permission|licence|ci-/.test(rule)
    ? 'security'
    : /debug|todo|large|complex|untested|dependenc/.test(rule)
      ? 'maintainability'
      : 'correctness';

/** Everything a review can look for. */
export const allCategories: readonly ReviewCategory[] = ['security', 'correctness', 'performance', 'maintainability'];

/** What a reviewer would say, seen without a model: the rules of `llm-copilot review` over the whole text, syntax, and known smells. */
export const commentsOn = async (
  tools: CodeTools,
  code: string,
  language: AgentLanguage,
  categories: readonly ReviewCategory[],
): Promise<ReviewComment[]> => {
  const path = pathOf(language, code);
  const goals = { performance: 'performance', memory: 'performance', correctness: 'correctness' } as const;
  const problems = (await tools.problems(path, code)).map(({ line, message }): ReviewComment => ({
    rule: 'syntax',
    category: 'correctness',
    severity: 'critical',
    line,
    endLine: line,
    message,
  }));
  const smells = (await tools.smells(path, code)).map(
    ({ type, goal, priority, line, endLine, description, suggested }): ReviewComment => ({
      ...{ rule: type, severity: priority, line, endLine, message: description, suggestion: suggested },
      category: goal === 'readability' || goal === 'maintainability' ? 'maintainability' : goals[goal],
    }),
  );
  return [...problems, ...(await tools.comments(path, code)), ...smells]
    .filter(({ category }) => categories.includes(category))
    .sort((a, b) => a.line - b.line);
};

/** A review by rules and a model; of what the model says only what quotes the line it is about is taken. @throws CopilotError */
export const reviewed = async (
  tools: CodeTools,
  code: string,
  language: AgentLanguage,
  categories: readonly ReviewCategory[],
  { model, signal = new AbortController().signal }: AskOptions,
) => {
  const findings = await commentsOn(tools, code, language, categories);
  const lines = code.split('\n');
  const known = findings.map(({ line, message }) => `- line ${line}: ${message}`).join('\n');
  const task = [
    `Review this code for ${categories.join(', ')}. Only what goes wrong, with the line's number and its exact text in "quote".`,
    ...(known === '' ? [] : [`Known already, do not repeat:\n${known}`]),
    fenced(language, lines.map((line, at) => `${at + 1}| ${line}`).join('\n')),
  ].join('\n\n');
  const keys = ['line', 'quote', 'category', 'severity', 'message', 'suggestion'];
  const answer = await askForCode(
    model,
    { task, schema: form({ summary: text, findings: listOf(keys) }), signal },
    async ({ findings: said }) => (Array.isArray(said) ? undefined : 'there is no list "findings" in it.'),
  );
  const severities = ['critical', 'high', 'medium', 'low'] as const;
  for (const { line = '', quote = '', category, severity, message = '', suggestion } of textsIn(
    answer.findings,
    keys,
  )) {
    const at = Number(line);
    const kind = categories.find((one) => one === category);
    const isQuoted = quote.trim() !== '' && lines[at - 1]?.includes(quote.trim().replace(/^\d+\| ?/, '')) === true;
    if (!kind || !isQuoted || message === '') continue;
    findings.push({
      ...{ rule: 'model', category: kind, line: at, endLine: at, message },
      severity: severities.find((one) => one === severity) ?? 'low',
      ...(suggestion === undefined || suggestion === '' ? {} : { suggestion }),
    });
  }
  const summary = typeof answer.summary === 'string' ? answer.summary : '';
  return { language, categories: [...categories], findings, summary, timestamp: new Date().toISOString() };
};
