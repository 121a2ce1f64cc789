import { describe, expect, test } from 'vitest';
import {
  analyzeCodeForIssues,
  analyzeCodeForOptimization,
  analyzeCodeForRefactoring,
  analyzeCodeForReview,
  debugCode,
  generateComponentImplementation,
  generateInterfaceImplementation,
  optimizeCode,
  refactorCode,
  reviewCode,
} from '../src/code-agent.ts';
import { textOf } from '../src/core/message.ts';
import { scriptedProvider } from '../src/testing.ts';

const answering = (...answers: unknown[]) => {
  const asked: string[] = [];
  const model = scriptedProvider((request) => {
    asked.push(textOf(request.messages[0]?.content ?? []));
    const answer = answers[asked.length - 1];
    return { text: typeof answer === 'string' ? answer : JSON.stringify(answer) };
  });
  return { model, asked };
};

const slow = 'export const both = (a, b) => a.filter((x) => b.includes(x));\n';
const fast =
  'export const both = (a, b) => {\n  const known = new Set(b);\n  return a.filter((x) => known.has(x));\n};\n';

describe('analyses without a model', () => {
  test('find what takes time, with lines and goals', async () => {
    expect(await analyzeCodeForOptimization(slow, 'javascript')).toMatchObject([
      { type: 'search-in-loop', line: 1, priority: 'high', goal: 'performance', original: 'b.includes(x)' },
    ]);
    expect(await analyzeCodeForOptimization(slow, 'javascript', ['memory'])).toEqual([]);
  });

  test('find what is hard to read', async () => {
    const found = await analyzeCodeForRefactoring('var a = b ? 1 : c ? 2 : 3;\n', 'typescript');
    expect(found.map(({ type }) => type).sort()).toEqual(['nested-ternary', 'var']);
  });

  test('go from a stack to the line, and say what the message means', async () => {
    const code = 'def price(item):\n    return item["price"]\n\nprice({})\n';
    const stack = `Traceback (most recent call last):\n  File "x.py", line 4, in <module>\n  File "x.py", line 2, in price\nKeyError: 'price'`;
    const [first] = await analyzeCodeForIssues(code, 'python', { message: "KeyError: 'price'", stack });
    expect(first).toMatchObject({ type: 'error-location', line: 2 });
    expect(first?.suggestion).toContain('The key price is not there');
  });

  test('find syntax errors by the language’s own parser', async () => {
    expect(await analyzeCodeForIssues('const a = ;\n', 'typescript')).toMatchObject([{ type: 'syntax', line: 1 }]);
    expect(await analyzeCodeForIssues('def f(:\n', 'python')).toMatchObject([{ type: 'syntax', line: 1 }]);
  });

  test('review with the rules of the review, by category', async () => {
    const code = 'export const run = (text) => {\n  debugger;\n  return eval(text);\n};\n';
    const all = await analyzeCodeForReview(code, 'javascript');
    expect(all.map(({ line }) => line)).toEqual([2, 3]);
    expect(await analyzeCodeForReview(code, 'javascript', ['security'])).toMatchObject([
      { rule: 'dangerous-call', category: 'security', line: 3 },
    ]);
  });

  test('refuse another language', async () => {
    await expect(analyzeCodeForReview('x', 'cobol' as never)).rejects.toMatchObject({ exitCode: 2 });
  });
});

describe('code that a model rewrites', () => {
  const improvement = {
    type: 'set',
    description: 'looks up',
    original: 'b.includes',
    suggested: 'known.has',
    priority: 'high',
    goal: 'performance',
  };

  test('is given back with sizes when it parses and keeps its names', async () => {
    const { model, asked } = answering({ code: fast, improvements: [improvement] });
    const result = await optimizeCode(slow, 'javascript', undefined, { model });
    expect(result).toMatchObject({
      original: slow,
      optimized: fast,
      language: 'javascript',
      goals: ['performance', 'memory'],
      improvements: [improvement],
      metrics: { originalSize: slow.length, optimizedSize: fast.length, improvementCount: 1 },
    });
    expect(new Date(result.timestamp).getTime()).toBeGreaterThan(0);
    expect(asked[0]).toContain('b.includes looks through the whole list');
  });

  test('is asked for once more when it does not parse, then refused', async () => {
    const { model, asked } = answering(
      { code: 'export const both = (', improvements: [] },
      { code: 'still (', improvements: [] },
    );
    await expect(refactorCode(slow, 'javascript', undefined, { model })).rejects.toMatchObject({
      code: 'E_UNUSABLE_CODE',
      exitCode: 1,
    });
    expect(asked).toHaveLength(2);
    expect(asked[1]).toContain('the code does not parse: line 1');
  });

  test('is refused when it lost a name that others use', async () => {
    const lost = { code: 'export const other = 1;\n', improvements: [] };
    const { model } = answering(lost, lost);
    await expect(refactorCode(slow, 'javascript', undefined, { model })).rejects.toThrow(
      'names that others use are gone: both',
    );
  });

  test('must be more than words', async () => {
    const { model } = answering('Here you are!', { improvements: [] });
    await expect(optimizeCode(slow, 'javascript', undefined, { model })).rejects.toThrow('there is no code in it');
  });

  test('is not asked for when what was given does not parse', async () => {
    const { model, asked } = answering();
    await expect(optimizeCode('const = 1', 'typescript', undefined, { model })).rejects.toMatchObject({ exitCode: 2 });
    expect(asked).toEqual([]);
  });

  test('is debugged in Python too', async () => {
    const code = 'def f(a):\n    return a[0\n';
    const { model } = answering({
      code: 'def f(a):\n    return a[0]\n',
      suggestions: [{ description: 'close it', autoFix: ']' }],
    });
    const result = await debugCode(code, 'python', 'SyntaxError', { model });
    expect(result).toMatchObject({ debugged: 'def f(a):\n    return a[0]\n', suggestions: [{ autoFix: ']' }] });
    expect(result.issues.some(({ type }) => type === 'syntax')).toBe(true);
  });
});

test('of a model’s review only what quotes its line is taken', async () => {
  const said = (line: string, quote: string) => ({
    line,
    quote,
    category: 'correctness',
    severity: 'high',
    message: 'wrong',
    suggestion: '',
  });
  const { model } = answering({
    summary: 'One thing.',
    findings: [said('2', 'return a'), said('1', 'return a'), said('9', 'x')],
  });
  const result = await reviewCode('export const f = (a) => {\n  return a;\n};\n', 'javascript', ['correctness'], {
    model,
  });
  expect(result.findings.filter(({ rule }) => rule === 'model')).toMatchObject([{ line: 2, severity: 'high' }]);
  expect(result.summary).toBe('One thing.');
});

describe('what is generated', () => {
  test('is files that parse, and one exports the name', async () => {
    const files = [{ path: 'stack.ts', content: 'export class Stack<T> {\n  push(item: T): void {}\n}\n' }];
    const { model } = answering({ files });
    const made = await generateComponentImplementation({ name: 'Stack', methods: ['push'] }, 'typescript', { model });
    expect(made).toMatchObject({ name: 'Stack', language: 'typescript', files });
  });

  test('is refused without a method of its interface, or with a path that leads out', async () => {
    const without = { files: [{ path: 'q.py', content: 'class Queue:\n    def put(self, item): ...\n' }] };
    const { model } = answering(without, { files: [{ path: '../q.py', content: 'class Queue: ...\n' }] });
    await expect(
      generateInterfaceImplementation({ name: 'Queue', methods: [{ name: 'put' }, { name: 'take' }] }, 'python', {
        model,
      }),
    ).rejects.toThrow('is no relative path');
  });
});
