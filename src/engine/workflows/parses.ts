import type { SyntaxProblem, Syntax } from '../../core/syntax.ts';
import type { Proof } from '../patterns/proof.ts';
import { changedFiles, textNow, textsAt } from './changed-files.ts';
import { listed, proven, shellWord, tryCommand } from './trying.ts';

const prose = /\.(?:md|mdx|rst|txt|adoc|csv|svg|png|jpe?g|gif|lock)$|(?:^|\/)(?:LICENSE|[A-Z]+|\.[\w-]+)$/;
const python = /\.pyi?$/;

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
    if (inPython.length > 0) {
      const ran = yield* tryCommand(
        {
          name: 'parses',
          command: `python3 -m py_compile ${inPython.map(shellWord).join(' ')}`,
          timeoutMs: 60_000,
          env: { PYTHONPYCACHEPREFIX: `${context.sandbox.scratch}/bytecode` },
          trials: [{ label: 'python3' }],
        },
        context,
      );
      if ('denied' in ran) unread.push(...inPython);
      else if (ran.runs[0]?.exitCode === 0) parsers.add('python3 -m py_compile');
      // Without python3 nobody knows.
      else if (ran.runs[0]?.exitCode === 127) unread.push(...inPython);
      else places.push(ran.runs[0]?.output.trim() ?? '');
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
