import { isToolError, ToolError, type ToolContext } from 'llm-copilot-agent';

/** What to search for. */
export interface Search {
  pattern: string;
  /** Absolute path of a file or a folder. */
  target: string;
  glob: string | undefined;
  /** Lines before and after. */
  context: number;
  ignoreCase: boolean;
  filesOnly: boolean;
}

/** A line of the result; `isMatch` is false for one shown as context. */
export interface FoundLine {
  number: number;
  text: string;
  isMatch: boolean;
}

/** What was found in one file. No lines when only the files were asked for. */
export interface FileMatches {
  /** Absolute. */
  path: string;
  lines: FoundLine[];
}

/** What was found, and why it may not be all. */
export interface SearchResult {
  files: FileMatches[];
  partial?: string;
}

/** Longer lines are cut here. */
export const maxLineLength = 300;
const maxResultBytes = 4 * 1024 * 1024;
const timeoutMs = 60_000;

/**
 * A glob without a folder becomes a file type of its own: unlike `--glob`, which overrides every ignore rule, a type
 * only narrows. Globs with folders are left to the caller, who filters what was found.
 */
const globArguments = (glob: string | undefined): string[] => {
  if (glob === undefined || (glob.includes('/') && !glob.startsWith('!'))) return [];
  return glob.startsWith('!') ? ['--glob', glob] : ['--type-add', `wanted:${glob}`, '--type', 'wanted'];
};

const argumentsFor = (search: Search, hidden: readonly string[]): string[] => [
  '--no-config',
  '--no-messages',
  '--no-require-git',
  '--hidden',
  '--null',
  '--color=never',
  '--engine=auto',
  ...(search.filesOnly
    ? ['--files-with-matches']
    : [
        ...['--line-number', '--no-heading', '--with-filename', `--context=${search.context}`],
        ...[`--max-columns=${maxLineLength}`, '--max-columns-preview'],
      ]),
  ...(search.ignoreCase ? ['--ignore-case'] : []),
  ...(/\n|\\n/.test(search.pattern) ? ['--multiline'] : []),
  ...globArguments(search.glob),
  '--glob=!.git',
  // Left out here too, so that they never reach an output file. What a `!` rule lets back in, the caller decides.
  ...hidden.filter((rule) => rule !== '' && !rule.startsWith('!')).map((rule) => `--glob=!${rule}`),
  `--regexp=${search.pattern}`,
  '--',
  search.target,
];

const parse = (output: string): { files: FileMatches[]; rest: string[] } => {
  const files = new Map<string, FileMatches>();
  const rest: string[] = [];
  for (const line of output.split('\n')) {
    const [, end, number, mark, text = ''] = /^([^\0]+)\0(\d+)([:-])(.*)$/s.exec(line) ?? [];
    if (end === undefined) {
      if (line !== '' && line !== '--') rest.push(line);
      continue;
    }
    let path = end;
    // A name that holds a line feed came in pieces; every path begins at the top.
    while (!path.startsWith('/') && rest.length > 0) path = `${rest.pop() ?? ''}\n${path}`;
    const file = files.get(path) ?? { path, lines: [] };
    file.lines.push({ number: Number(number), text: text.replace(/\r$/, ''), isMatch: mark === ':' });
    files.set(path, file);
  }
  return { files: [...files.values()], rest };
};

const parseNames = (output: string): { files: FileMatches[]; rest: string[] } => {
  const parts = output.split('\0');
  const rest = (parts.pop() ?? '').split('\n').filter((line) => line !== '');
  return { files: parts.map((path) => ({ path, lines: [] })), rest };
};

const reasonOf = (lines: readonly string[]): string => {
  const text = lines.join('\n');
  return (text.split('PCRE2 regex engine error:\n')[1] ?? text).replace(/^rg: /, '').trim();
};

/**
 * Searches with ripgrep inside the sandbox. Undefined when there is no ripgrep there.
 * @throws ToolError when the pattern or the glob is not valid.
 */
export const searchByRipgrep = async (search: Search, context: ToolContext): Promise<SearchResult | undefined> => {
  const { sandbox, signal } = context;
  let rgPath: string;
  try {
    ({ rgPath } = await import('@vscode/ripgrep'));
  } catch {
    return undefined;
  }
  const command = [rgPath, ...argumentsFor(search, context.hidden)];
  const options = { timeoutMs, maxOutputBytes: maxResultBytes, readOnly: true };
  const result = await sandbox.exec(command, options, signal).catch((error: unknown) => {
    if (isToolError(error)) return undefined;
    throw error;
  });
  // 126 and 127: a sandbox that starts programs through a shell has none by that name.
  if (!result || result.exitCode === 126 || result.exitCode === 127) return undefined;
  const { files, rest } = search.filesOnly ? parseNames(result.output) : parse(result.output);
  if (result.exitCode === 2 && files.length === 0 && rest.length > 0) throw new ToolError(reasonOf(rest));
  if (result.timedOut) return { files, partial: `stopped after ${timeoutMs / 1000} s` };
  return result.outputBytes > maxResultBytes ? { files, partial: 'too many matches' } : { files };
};
