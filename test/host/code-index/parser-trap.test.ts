import { expect, it } from 'vitest';
import { isParserBroken, parseFile } from '../../../src/host/code-index/parse-file.ts';

// In a file of its own: a parser that failed is not used again in its thread.
it('cuts a text by lines that breaks a parser', async () => {
  const text = `class Before\nend\n<<A${'x'.repeat(300)}\n`;
  const { chunks } = await parseFile('a.rb', text);
  expect(chunks.map((chunk) => chunk.text).join('\n')).toContain('class Before');
  expect(isParserBroken()).toBe(true);
});
