import { usageError } from '../../base/errors.ts';
import { askForCode, textsIn } from './ask-for-code.ts';
import {
  endings,
  fenced,
  form,
  listOf,
  pathOf,
  type AgentLanguage,
  type AskOptions,
  type CodeTools,
  type Implementation,
  type Wanted,
} from './code-tools.ts';

/** Writes files for what is wanted, checked before they are given back. @throws CopilotError `E_UNUSABLE_CODE` */
export const implementation = async (
  tools: CodeTools,
  kind: string,
  wanted: Wanted,
  language: AgentLanguage,
  { model, signal = new AbortController().signal }: AskOptions,
): Promise<Implementation> => {
  pathOf(language, '');
  if (!/^[A-Za-z_$][\w$]*$/.test(wanted.name)) throw usageError(`"${wanted.name}" is no name for code.`);
  const must = (wanted.methods ?? []).map((one) => (typeof one === 'string' ? one : one.name));
  const style = {
    javascript: 'ES modules',
    typescript: 'strict TypeScript with types for everything exported',
    python: 'Python 3 with type hints',
  };
  const task = `Write ${kind} in ${style[language]}. It must be usable by the exact names given; files end in .${endings[language]}.\n\n${fenced('json', JSON.stringify(wanted, undefined, 2))}`;
  const fits = { javascript: /\.[cm]?jsx?$/, typescript: /\.[cm]?tsx?$/, python: /\.pyi?$/ }[language];
  const schema = form({ files: listOf(['path', 'content']) });
  const filesIn = (answer: Record<string, unknown>): { path: string; content: string }[] =>
    textsIn(answer.files, ['path', 'content']).map(({ path = '', content = '' }) => ({ path, content }));
  const answer = await askForCode(model, { task, schema, signal }, async (given) => {
    const files = filesIn(given);
    if (files.length === 0) return 'there are no files in it.';
    const names = new Set<string>();
    let all = '';
    for (const { path, content } of files) {
      if (path.startsWith('/') || path.split(/[/\\]/).includes('..') || path === '')
        return `"${path}" is no relative path.`;
      if (!fits.test(path) || /\\|^[A-Za-z]:|(?:^|\/)\.git\//.test(path))
        return `"${path}" is no path of a file that ends in .${endings[language]}.`;
      const [first] = await tools.problems(path, content);
      if (first) return `${path} does not parse: line ${first.line}: ${first.message}`;
      for (const name of await tools.names(path, content)) names.add(name);
      all += content;
    }
    if (!names.has(wanted.name)) return `nothing in it exports ${wanted.name}.`;
    const missing = must.filter((name) => !new RegExp(`\\b${name.replace(/[^\w$]/g, '')}\\b`).test(all));
    return missing.length > 0 ? `these are missing: ${missing.join(', ')}.` : undefined;
  });
  return { name: wanted.name, language, files: filesIn(answer), timestamp: new Date().toISOString() };
};
