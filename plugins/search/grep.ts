import { relative } from 'node:path';
import {
  checkInput,
  isDependency,
  patternPath,
  text,
  ToolError,
  type ObjectSchema,
  type Tool,
  type ToolContext,
} from 'llm-copilot-agent';
import { searchByReading } from './fallback.ts';
import { searchByRipgrep, type FileMatches } from './ripgrep.ts';

const inputSchema = {
  type: 'object',
  properties: {
    pattern: { type: 'string', description: 'regex' },
    path: { type: 'string' },
    glob: { type: 'string' },
    context: { type: 'integer', minimum: 0, maximum: 20, description: 'lines around' },
    ignoreCase: { type: 'boolean' },
    filesOnly: { type: 'boolean' },
  },
  required: ['pattern'],
  additionalProperties: false,
} as const satisfies ObjectSchema;

const maxLines = 250;
const maxBytes = 40_000;
const maxFiles = 500;

/** False for files the policy hides and those a glob with folders does not name. */
const filterOf = async (context: ToolContext, target: string, glob: string | undefined) => {
  const { root } = context.sandbox;
  const { default: ignore } = await import('ignore');
  const hidden = ignore().add([...context.hidden]);
  let matches = (_: string): boolean => true;
  if (glob?.includes('/') === true && !glob.startsWith('!')) {
    const { default: picomatch } = await import('picomatch');
    matches = picomatch(glob.replace(/^\.?\//, ''), { dot: true });
  }
  return (path: string): boolean =>
    !hidden.ignores(patternPath(root, path)) && (matches(relative(target, path)) || matches(relative(root, path)));
};

const isBelow = (name: string): boolean => name !== '' && name !== '..' && !name.startsWith('../');

/** Groups lines under their file until the limits are reached, and counts what was left out. */
const render = (files: readonly FileMatches[], nameOf: (path: string) => string) => {
  const parts: string[] = [];
  const shown: { path: string; line: number; text: string }[] = [];
  let lines = 0;
  let bytes = 0;
  const left = { matches: 0, files: 0 };
  for (const file of files) {
    const name = nameOf(file.path);
    const block: string[] = [];
    let previous = 0;
    let cut = false;
    for (const line of file.lines) {
      if (lines >= maxLines || bytes >= maxBytes) {
        cut ||= line.isMatch;
        left.matches += line.isMatch ? 1 : 0;
        continue;
      }
      if (block.length > 0 && line.number > previous + 1 && file.lines.some((other) => !other.isMatch))
        block.push('--');
      const entry = `${line.number}${line.isMatch ? ':' : '-'}${line.text}`;
      block.push(entry);
      if (line.isMatch) shown.push({ path: name, line: line.number, text: line.text });
      previous = line.number;
      lines += 1;
      bytes += entry.length;
    }
    if (cut) left.files += 1;
    if (block.length > 0) parts.push([name, ...block].join('\n'));
  }
  return { body: parts.join('\n\n'), shown, left };
};

/** Searches the content of files. Its data: `{ files, matches: [{ path, line, text }], leftOut }`. */
export const grep: Tool = {
  name: 'grep',
  description: 'Search file contents (ripgrep; .gitignore applies).',
  inputSchema,
  prepare: (raw) => {
    const input = checkInput(inputSchema, raw);
    const { path = '.', glob, filesOnly = false } = input;
    return {
      effects: [{ kind: 'read', path }],
      run: async (context) => {
        const { sandbox } = context;
        const target = await sandbox.resolve(path);
        if (!(await sandbox.stat(target))) throw new ToolError(`${path}: no such file or directory`);
        const search = {
          pattern: input.pattern,
          target,
          glob,
          context: input.context ?? 0,
          ignoreCase: input.ignoreCase ?? false,
          filesOnly,
        };
        const isWanted = await filterOf(context, target, glob);
        const found = (await searchByRipgrep(search, context)) ?? (await searchByReading(search, isWanted, context));
        const files = found.files.filter((file) => isWanted(file.path));
        files.sort((a, b) => (a.path < b.path ? -1 : 1));
        const nameOf = (absolute: string): string => {
          const name = relative(sandbox.root, absolute);
          return isBelow(name) ? name : absolute;
        };
        // Of a folder read whole only what was found is known to be somebody else's.
        const [others] = files.filter((file) => isDependency(file.path));
        const from = others && ({ origin: 'file', source: others.path } as const);
        const notes = found.partial === undefined ? [] : [`${found.partial}; this is not all`];
        const names = files.map((file) => nameOf(file.path));
        if (files.length === 0) {
          const content = [text(['no matches', ...notes.map((note) => `[${note}]`)].join('\n'))];
          return { content, data: { files: [], matches: [], leftOut: 0 } };
        }
        if (filesOnly) {
          const leftOut = Math.max(0, names.length - maxFiles);
          if (leftOut > 0) notes.push(`${leftOut} more files left out`);
          const body = names.slice(0, maxFiles).join('\n');
          const content = [text(notes.length > 0 ? `${body}\n[${notes.join('; ')}]` : body)];
          return { ...from, content, data: { files: names.slice(0, maxFiles), matches: [], leftOut } };
        }
        const { body, shown, left } = render(files, nameOf);
        if (left.matches > 0)
          notes.push(`${left.matches} more matching lines in ${left.files} files left out; narrow the search`);
        const content = [text(notes.length > 0 ? `${body}\n[${notes.join('; ')}]` : body)];
        return { ...from, content, data: { files: names.slice(0, maxFiles), matches: shown, leftOut: left.matches } };
      },
    };
  },
};
