import { describe, expect, test } from 'vitest';
import {
  analyzeCodeForIssues,
  generateComponentImplementation,
  refactorCode,
  type AgentLanguage,
} from '../src/code-agent.ts';
import { scriptedProvider } from '../src/testing.ts';

const answers = (answer: unknown) => scriptedProvider(() => ({ text: JSON.stringify(answer) }));

describe('the functions over code', () => {
  test.each<[string, AgentLanguage, string, string]>([
    ['a star', 'javascript', "export * from './a.js';\nexport const b = 1;\n", 'export const b = 1;\n'],
    ['module.exports', 'javascript', 'module.exports = function a() {};\n', 'function a() {}\n'],
    ['export =', 'typescript', 'class A {}\nexport = A;\n', 'class A {}\n'],
    ['__all__', 'python', "from a import b\n__all__ = ['b']\n", 'x = 1\n'],
    ['a branch', 'python', 'try:\n    import a\nexcept ImportError:\n    def b(): pass\n', 'x = 1\n'],
  ])('do not take an answer that lost %s', async (_, language, before, code) => {
    const model = answers({ code, improvements: [] });
    await expect(refactorCode(before, language, undefined, { model })).rejects.toMatchObject({
      code: 'E_UNUSABLE_CODE',
    });
  });

  test('say that code is nested too deeply', async () => {
    const code = `${'('.repeat(20_000)}1${')'.repeat(20_000)}`;
    const [first] = await analyzeCodeForIssues(code, 'typescript');
    expect(first).toMatchObject({ type: 'syntax', description: 'It is nested too deeply to be parsed.' });
  });

  test('come to an end with a message of any length', async () => {
    const message = '/'.repeat(300_000);
    expect(await analyzeCodeForIssues('const a = 1;\n', 'javascript', { message, stack: message })).toEqual([]);
  });

  test.each(['run.sh', '.git/hooks/a.js', 'C:\\a.js'])('write no file %s', async (path) => {
    const model = answers({
      files: [
        { path: 'A.js', content: 'export class A {}\n' },
        { path, content: 'a' },
      ],
    });
    await expect(generateComponentImplementation({ name: 'A' }, 'javascript', { model })).rejects.toThrow('is no path');
  });
});
