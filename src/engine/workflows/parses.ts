import type { SyntaxProblem, Syntax } from '../../core/syntax.ts';
import type { Proof } from '../patterns/proof.ts';
import { changedFiles, textNow, textsAt } from './changed-files.ts';
import { listed, proven, shellWord, tryCommand } from './trying.ts';

const prose = /\.(?:md|mdx|rst|txt|adoc|csv|svg|png|jpe?g|gif|lock)$|(?:^|\/)(?:LICENSE|[A-Z]+|\.[\w-]+)$/;
const python = /\.pyi?$/;
/** Files of one call: a command has room for so many names. */
const batch = 400;

const said = 'everything that was changed parses';

/** Every file the run changed is read by its language's own parser. */
export const parses = (syntax: Syntax): Proof => ({
  async *after(_work, context) {
    const changed = await changedFiles(context);
    const files = (changed?.present ?? []).filter((path) => !prose.test(path));
    if (!changed || files.length === 0) return { claims: [], notes: [], problems: [] };
    const parsers = new Set<string>();
    const wrong = new Map<string, SyntaxProblem[]>();
    const unread: string[] = [];
    for (const path of files.filter((one) => !python.test(one))) {
      const read = await syntax.problems(path, await textNow(context, path));
      if (!read) unread.push(path);
      else {
        parsers.add(read.parser);
        if (read.problems.length > 0) wrong.set(path, read.problems);
      }
    }
    // Templates and dialects are no defect of the run: what was not read before is not held against it.
    const before = await textsAt(context, changed.from, [...wrong.keys()]);
    for (const [path, text] of before) {
      if ((await syntax.problems(path, text))?.problems.length === 0) continue;
      wrong.delete(path);
      unread.push(path);
    }
    const places = [...wrong].map(([path, [first]]) => `${path}:${first?.line ?? 1}: ${first?.message ?? ''}`);
    const inPython = files.filter((path) => python.test(path));
    for (let at = 0; at < inPython.length; at += batch) {
      const some = inPython.slice(at, at + batch);
      // Isolated, so that a py_compile.py of the project is none; names that begin with a dash are no flags.
      const names = some.map((path) => shellWord(`./${path}`)).join(' ');
      const ran = yield* tryCommand(
        {
          name: 'parses',
          command: `python3 -I -X pycache_prefix=${shellWord(`${context.sandbox.scratch}/bytecode`)} -m py_compile ${names}`,
          timeoutMs: 60_000,
          trials: [{ label: 'python3' }],
        },
        context,
      );
      const run = 'runs' in ran ? ran.runs[0] : undefined;
      if (run?.exitCode === 0) parsers.add('python3 -m py_compile');
      // Without python3, or without an end, nobody knows.
      else if (!run || run.timedOut || run.exitCode === null || run.exitCode >= 126) unread.push(...some);
      else places.push(run.output.trim());
    }
    if (places.length > 0)
      return proven(
        'parses',
        'contradicted',
        said,
        `It does not parse: ${places[0] ?? ''}`,
        `What you wrote does not parse. Fix it:\n\n\`\`\`\n${places.join('\n')}\n\`\`\``,
      );
    if (unread.length > 0) return proven('parses', 'unverified', said, `No parser here could judge ${listed(unread)}.`);
    return proven('parses', 'verified', said, `${listed(files)} parsed by ${[...parsers].join(' and ')}.`);
  },
});
