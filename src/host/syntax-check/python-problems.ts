import { spawn } from 'node:child_process';
import type { SyntaxProblem } from '../../core/syntax.ts';

const script = `
import ast, sys
try:
    ast.parse(sys.stdin.buffer.read(), "<text>")
except (SyntaxError, ValueError) as error:
    print(getattr(error, "lineno", None) or 1, getattr(error, "msg", None) or error)
`;

const timeoutMs = 10_000;

/** What Python's own parser says of a text, which it does not run; undefined where there is no python3. */
export const pythonProblems = (text: string, signal?: AbortSignal): Promise<SyntaxProblem[] | undefined> =>
  new Promise((resolve) => {
    const child = spawn('python3', ['-I', '-S', '-c', script], {
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: timeoutMs,
      ...(signal ? { signal } : {}),
    });
    let output = '';
    child.on('error', () => resolve(undefined));
    child.stdin.on('error', () => undefined);
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('close', (code) => {
      const [, line, message] = /^(\d+) (.*)/.exec(output) ?? [];
      if (code !== 0) resolve(undefined);
      else resolve(line === undefined ? [] : [{ line: Number(line), message: message ?? '' }]);
    });
    child.stdin.end(text);
  });
