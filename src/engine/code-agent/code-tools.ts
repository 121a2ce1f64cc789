import { usageError } from '../../base/errors.ts';
import type { ModelProvider } from '../../core/provider.ts';
import type { CodeSmell, SyntaxProblem } from '../../core/syntax.ts';

/** Languages the functions know. */
export type AgentLanguage = 'javascript' | 'typescript' | 'python';

/** Who answers. */
export interface AskOptions {
  model: ModelProvider;
  signal?: AbortSignal;
}

/** What could be better, or what was made better. */
export interface Improvement {
  type: string;
  description: string;
  original: string;
  suggested: string;
  priority: 'high' | 'medium' | 'low';
  goal: string;
  /** 1-based, in the code given; left out of what a model says. */
  line?: number;
  endLine?: number;
}

/** Something a review found. */
export interface ReviewComment {
  /** Name of the rule; of a model's `model`. */
  rule: string;
  category: ReviewCategory;
  severity: 'critical' | 'high' | 'medium' | 'low';
  /** 1-based, inclusive. */
  line: number;
  endLine: number;
  message: string;
  suggestion?: string;
}

/** What a review looks for. */
export type ReviewCategory = 'security' | 'correctness' | 'performance' | 'maintainability';

/** A component or interface to write. */
export interface Wanted {
  name: string;
  description?: string;
  /** Of an interface what it must have; of a component what it should offer. */
  methods?: readonly (string | { name: string; description?: string })[];
  properties?: readonly string[];
}

/** Files that were written, each of which parses. */
export interface Implementation {
  name: string;
  language: AgentLanguage;
  files: { path: string; content: string }[];
  timestamp: string;
}

/** Parsers and rules, handed in. Paths only say which language it is. */
export interface CodeTools {
  problems(path: string, code: string): Promise<SyntaxProblem[]>;
  /** Names others can use. */
  names(path: string, code: string): Promise<string[]>;
  smells(path: string, code: string): Promise<CodeSmell[]>;
  /** What the rules of a review say of the whole text. */
  comments(path: string, code: string): Promise<ReviewComment[]>;
}

/** How files of a language end. */
export const endings: Readonly<Record<AgentLanguage, string>> = { javascript: 'js', typescript: 'ts', python: 'py' };

/** A name for code without one. @throws CopilotError exit 2 for a language nobody knows */
export const pathOf = (language: AgentLanguage, code: string): string => {
  if (!Object.hasOwn(endings, language))
    throw usageError(`The language "${language}" is none of ${Object.keys(endings).join(', ')}.`);
  if (typeof code !== 'string') throw usageError('The code is no text.');
  return `code.${endings[language]}`;
};

/** Code in a fence it cannot end. */
export const fenced = (language: string, code: string): string => {
  const mark = '`'.repeat(Math.max(3, ...(code.match(/`+/g) ?? []).map((ticks) => ticks.length + 1)));
  return `${mark}${language}\n${code}\n${mark}`;
};

/** A text in a JSON Schema. */
export const text = { type: 'string' } as const;
/** A list of objects of texts in a JSON Schema. */
export const listOf = (keys: readonly string[]): object => ({
  type: 'array',
  items: {
    ...{ type: 'object', additionalProperties: false, required: keys },
    properties: Object.fromEntries(keys.map((key) => [key, text])),
  },
});
/** An object in a JSON Schema. */
export const form = (properties: Record<string, object>): object => ({
  ...{ type: 'object', additionalProperties: false, required: Object.keys(properties), properties },
});
