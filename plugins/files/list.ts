import { join, relative } from 'node:path';
import {
  checkInput,
  isToolError,
  patternPath,
  text,
  ToolError,
  walk,
  type ObjectSchema,
  type Tool,
  type ToolContext,
} from 'llm-copilot-agent';

const inputSchema = {
  type: 'object',
  properties: {
    path: { type: 'string' },
    glob: { type: 'string', description: 'e.g. src/**/*.ts' },
  },
  additionalProperties: false,
} as const satisfies ObjectSchema;

const maxEntries = 500;
/** Names of about 100,000 files. */
const maxListingBytes = 8 * 1024 * 1024;
const timeoutMs = 60_000;

/** Files below a folder by ripgrep; undefined when there is none in this sandbox. */
const listByRipgrep = async ({ sandbox, signal }: ToolContext, folder: string): Promise<string[] | undefined> => {
  try {
    const { rgPath } = await import('@vscode/ripgrep');
    const rules = ['--no-config', '--no-messages', '--no-require-git', '--hidden', '--glob', '!.git'];
    const command = [rgPath, '--files', '--null', ...rules, '--', folder];
    const result = await sandbox.exec(command, { timeoutMs, maxOutputBytes: maxListingBytes, readOnly: true }, signal);
    if (result.exitCode !== 0 && result.exitCode !== 1 && result.exitCode !== 2) return undefined;
    return result.output.split('\0').filter((path) => path.startsWith('/'));
  } catch (error) {
    if (signal.aborted || (!isToolError(error) && !(error instanceof Error && error.message.includes('ripgrep'))))
      throw error;
    return undefined;
  }
};

const filesBelow = async (context: ToolContext, folder: string): Promise<string[]> => {
  const found = await listByRipgrep(context, folder);
  if (found) return found;
  const { default: ignore } = await import('ignore');
  const files: string[] = [];
  for await (const path of walk(context.sandbox, folder, (content) => ignore().add(content), context.signal)) {
    files.push(path);
  }
  return files;
};

const listNames = async (context: ToolContext, path: string, glob: string | undefined): Promise<string[]> => {
  const folder = await context.sandbox.resolve(path);
  const { default: ignore } = await import('ignore');
  const hidden = ignore().add([...context.hidden]);
  const isShown = (name: string): boolean => {
    const candidate = patternPath(context.sandbox.root, join(folder, name)) + (name.endsWith('/') ? '/' : '');
    return !hidden.ignores(candidate);
  };
  if (glob === undefined) return (await context.sandbox.list(folder)).filter(isShown);
  if ((await context.sandbox.stat(folder))?.kind !== 'directory') throw new ToolError(`${path}: is not a directory`);
  const { default: picomatch } = await import('picomatch');
  const matches = picomatch(glob.replace(/^\.?\//, ''), { dot: true, basename: !glob.includes('/') });
  const names = (await filesBelow(context, folder)).map((file) => relative(folder, file));
  return names.filter((name) => matches(name) && isShown(name)).sort();
};

/** Names in a folder, or files below it that match a pattern. Its data: `{ path, names, leftOut }`. */
export const list: Tool = {
  name: 'list',
  description: 'List a directory, or the files below it matching a glob (.gitignore applies).',
  inputSchema,
  prepare: (raw) => {
    const { path = '.', glob } = checkInput(inputSchema, raw);
    return {
      effects: [{ kind: 'read', path }],
      run: async (context) => {
        const all = await listNames(context, path, glob);
        const names = all.slice(0, maxEntries);
        const leftOut = all.length - names.length;
        const shown = names.length === 0 ? (glob === undefined ? '(empty)' : '(no files match)') : names.join('\n');
        const note = leftOut > 0 ? `\n[${leftOut} more left out; narrow path or glob]` : '';
        return { content: [text(shown + note)], data: { path, names, leftOut } };
      },
    };
  },
};
