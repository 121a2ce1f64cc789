// Functions over single texts of code, for who uses this package as a library.
import type { SyntaxProblem } from './core/syntax.ts';
import type {
  AgentLanguage,
  AskOptions,
  CodeTools,
  Implementation,
  Improvement,
  ReviewCategory,
  ReviewComment,
  Wanted,
} from './engine/code-agent/code-tools.ts';
import { implementation } from './engine/code-agent/implement.ts';
import type { CodeIssue, ErrorInfoGiven } from './engine/code-agent/issues.ts';
import { allCategories, categoryOf, commentsOn, reviewed } from './engine/code-agent/review.ts';
import { findIssues, mended, rewritten, smellsFor } from './engine/code-agent/rewrite.ts';

export type {
  AgentLanguage,
  AskOptions,
  Implementation,
  Improvement,
  ReviewCategory,
  ReviewComment,
  Wanted,
} from './engine/code-agent/code-tools.ts';
export type { CodeIssue, ErrorInfoGiven } from './engine/code-agent/issues.ts';

const problemsOf = async (path: string, code: string): Promise<SyntaxProblem[]> => {
  if (path.endsWith('.py')) {
    const { pythonProblems } = await import('./host/syntax-check/python-problems.ts');
    const problems = await pythonProblems(code);
    if (problems) return problems;
    const { treeProblems } = await import('./host/syntax-check/tree-problems.ts');
    return treeProblems(path, code);
  }
  const { syntax } = await import('./host/syntax-check/syntax.ts');
  return (await syntax.problems(path, code))?.problems ?? [];
};

const namesOf = async (path: string, code: string): Promise<string[]> => {
  const { exportedNames } = await import('./host/syntax-check/exported-names.ts');
  return exportedNames(path, code);
};

const smellsOf = async (path: string, code: string): Promise<Awaited<ReturnType<CodeTools['smells']>>> => {
  const { codeSmells } = await import('./host/syntax-check/code-smells.ts');
  return (await codeSmells(path, code)) ?? [];
};

const ruleComments = async (path: string, code: string): Promise<ReviewComment[]> => {
  const [{ reviewInput }, { runRules }, { parseFile }, { wholeFileDiff }] = await Promise.all([
    import('./engine/review/review-input.ts'),
    import('./engine/review/run-rules.ts'),
    import('./host/code-index/parse-file.ts'),
    import('./engine/workflows/whole-file-diff.ts'),
  ]);
  const input = await reviewInput(
    wholeFileDiff(path, code),
    { before: new Map(), after: new Map([[path, code]]) },
    parseFile,
  );
  return runRules(input, { rules: { 'untested-export': 'off' } }).map(
    ({ rule, severity, line, endLine, message, suggestion }) => ({
      ...{ rule, category: categoryOf(rule), severity, line, endLine, message },
      ...(suggestion ? { suggestion: suggestion.text } : {}),
    }),
  );
};

/** Each loads what it needs when it is first asked. */
const tools: CodeTools = { problems: problemsOf, names: namesOf, smells: smellsOf, comments: ruleComments };

/** What could be faster or use less memory, seen without a model. @throws CopilotError exit 2 for another language */
export const analyzeCodeForOptimization = (
  code: string,
  language: AgentLanguage,
  goals: readonly string[] = ['performance', 'memory'],
): Promise<Improvement[]> => smellsFor(tools, code, language, goals);

/** What could be easier to read or to change, seen without a model. @throws CopilotError exit 2 for another language */
export const analyzeCodeForRefactoring = (
  code: string,
  language: AgentLanguage,
  goals: readonly string[] = ['readability', 'maintainability'],
): Promise<Improvement[]> => smellsFor(tools, code, language, goals);

/**
 * Code rewritten to be faster or smaller. It parses and has every exported name it had; that it behaves the same, and is
 * faster, only tests and measurements can say (`llm-copilot optimize` runs them).
 * @throws CopilotError exit 2 when the code given does not parse; `E_UNUSABLE_CODE` when the model's does not, or lost names
 */
export const optimizeCode = async (
  code: string,
  language: AgentLanguage,
  goals: readonly string[] = ['performance', 'memory'],
  options: AskOptions,
) => {
  const { code: optimized, improvements } = await rewritten(
    tools,
    'Optimise this code.',
    code,
    { language, goals },
    options,
  );
  const [originalSize, optimizedSize] = [Buffer.byteLength(code), Buffer.byteLength(optimized)];
  return {
    ...{ original: code, optimized, language, goals: [...goals], improvements },
    /** Sizes in bytes; the reduction as a share of 1, below 0 when it grew. */
    metrics: {
      ...{ originalSize, optimizedSize, improvementCount: improvements.length },
      sizeReduction: originalSize === 0 ? 0 : (originalSize - optimizedSize) / originalSize,
    },
    timestamp: new Date().toISOString(),
  };
};

/**
 * Code rewritten to be easier to read or to change; it parses and has every exported name it had.
 * @throws CopilotError as {@link optimizeCode}
 */
export const refactorCode = async (
  code: string,
  language: AgentLanguage,
  goals: readonly string[] = ['readability', 'maintainability'],
  options: AskOptions,
) => {
  const { code: refactored, improvements } = await rewritten(
    tools,
    'Refactor this code.',
    code,
    { language, goals },
    options,
  );
  return {
    ...{ original: code, refactored, language, goals: [...goals], improvements },
    metrics: {
      originalLines: code.split('\n').length,
      refactoredLines: refactored.split('\n').length,
      improvementCount: improvements.length,
    },
    timestamp: new Date().toISOString(),
  };
};

/** What is or may be wrong, seen without a model: syntax, the line an error points at, known mistakes. */
export const analyzeCodeForIssues = (
  code: string,
  language: AgentLanguage,
  errorInfo?: ErrorInfoGiven | string,
): Promise<CodeIssue[]> => findIssues(tools, code, language, errorInfo);

/**
 * Code with what is wrong mended; it parses and has every exported name it had. That the failure is gone only the command
 * that showed it can say (`llm-copilot debug` runs it).
 * @throws CopilotError `E_UNUSABLE_CODE` when the model's code does not parse or lost names
 */
export const debugCode = (
  code: string,
  language: AgentLanguage,
  errorInfo: ErrorInfoGiven | string | undefined,
  options: AskOptions,
): ReturnType<typeof mended> => mended(tools, code, language, errorInfo, options);

/** What a reviewer would say, seen without a model: the rules of `llm-copilot review` over the whole text, syntax, and known smells. */
export const analyzeCodeForReview = (
  code: string,
  language: AgentLanguage,
  categories: readonly ReviewCategory[] = allCategories,
): Promise<ReviewComment[]> => commentsOn(tools, code, language, categories);

/** A review by rules and a model; of what the model says only what quotes the line it is about is taken. @throws CopilotError */
export const reviewCode = (
  code: string,
  language: AgentLanguage,
  categories: readonly ReviewCategory[] = allCategories,
  options: AskOptions,
): ReturnType<typeof reviewed> => reviewed(tools, code, language, categories, options);

/** Writes a component; each file parses, and one exports its name. @throws CopilotError `E_UNUSABLE_CODE` */
export const generateComponentImplementation = (
  component: Wanted,
  language: AgentLanguage,
  options: AskOptions,
): Promise<Implementation> => implementation(tools, 'a component', component, language, options);

/** Writes what fulfils an interface, all its methods by name; each file parses. @throws CopilotError `E_UNUSABLE_CODE` */
export const generateInterfaceImplementation = (
  wanted: Wanted,
  language: AgentLanguage,
  options: AskOptions,
): Promise<Implementation> => implementation(tools, 'an implementation of this interface', wanted, language, options);
