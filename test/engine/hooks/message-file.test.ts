import { describe, expect, it } from 'vitest';
import { mayDraft, writtenMessage } from '../../../src/engine/hooks/message-file.ts';

const scissors = '# ------------------------ >8 ------------------------';

describe("the file of a commit's message", () => {
  it('is read without comments and without the diff below the scissors', () => {
    expect(writtenMessage(`feat: a\n\n# a comment\nbody\n${scissors}\n# rest\ndiff --git\n`)).toBe('feat: a\n\nbody');
  });

  it('knows another mark of comments', () => {
    expect(writtenMessage('#12 is fixed\n; a comment\n', ';')).toBe('#12 is fixed');
  });

  it.each([
    ['\n# comments\n', undefined, true],
    ['\n# comments\n', '', true],
    ['# a template of comments\n', 'template', true],
    [`\n${scissors}\ndiff --git a b\n`, undefined, true],
    ['A template\n', 'template', false],
    ['words\n', undefined, false],
    ['\n', 'message', false],
    ['\n', 'merge', false],
    ['\n', 'squash', false],
    ['\n', 'commit', false],
  ])('%j from %s may get a draft: %s', (text, source, may) => {
    expect(mayDraft(text, source)).toBe(may);
  });
});
