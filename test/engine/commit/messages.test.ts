// Messages: taken apart, judged, put together – and what is put together is valid under commitlint itself.
import conventional from '@commitlint/config-conventional';
import lint from '@commitlint/lint';
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { learnConventions, noConventions } from '../../../src/engine/commit/conventions.ts';
import { conventionalProblems, lintMessage, withoutComments } from '../../../src/engine/commit/lint-message.ts';
import { assembleMessage, cleanSubject } from '../../../src/engine/commit/message.ts';
import { parseMessage, referencesIn } from '../../../src/engine/commit/parse-message.ts';
import { commitTypes } from '../../../src/engine/commit/types.ts';

const preset = (await import(conventional.parserPreset)) as {
  default: () => Promise<{ parserOpts: object }>;
};
const { parserOpts } = await preset.default();
const judge = (message: string) => lint(message, conventional.rules, { parserOpts });

describe('a message taken apart', () => {
  test('has type, scope, subject, body, footers and references', () => {
    const parsed = parseMessage(
      'feat(api)!: add retry (#12)\r\n\r\nUploads fail when offline.\n\nNote that ABC-7 stays.\n\nBREAKING CHANGE: upload is async\n  and may wait\nRefs: #34, owner/other#5\n',
    );
    expect(parsed).toMatchObject({
      type: 'feat',
      scope: 'api',
      breaking: true,
      subject: 'add retry (#12)',
      body: 'Uploads fail when offline.\n\nNote that ABC-7 stays.',
      breakingNotes: ['upload is async\nand may wait'],
      footers: [
        { token: 'BREAKING CHANGE', value: 'upload is async\nand may wait' },
        { token: 'Refs', value: '#34, owner/other#5' },
      ],
      references: ['#12', '#34', 'owner/other#5', 'ABC-7'],
    });
  });

  test('without a type is a subject', () => {
    expect(parseMessage('Update things')).toMatchObject({ subject: 'Update things', breaking: false, body: '' });
    expect(parseMessage('Update things').type).toBeUndefined();
  });

  test('does not take UTF-8 or SHA-256 for issues', () => {
    expect(referencesIn('read UTF-8 with SHA-256, see CVE-2024 and a&#39;b')).toEqual([]);
  });
});

describe('lint', () => {
  test.each([
    'feat: add a thing',
    'feat(core)!: add a thing',
    'Feat: add',
    'feature: add',
    'fix:no space',
    'fix: ',
    'fix: Upper case',
    'fix: `Upper` in quotes',
    "fix: don't Start 'now'",
    'fix: ends with a dot.',
    'fix: ends with dots...',
    ' fix: leading space',
    'fix: 1 number first',
    'fix: UPPER CASE',
    'fix: été',
    'fix: Éteindre',
    'fix: 日本語',
    'just words',
    `fix: ${'long '.repeat(30).trim()}`,
    `fix: short\n\n${'long '.repeat(30).trim()}`,
    'fix: short\nno blank line',
    'fix(a)(b): odd scope',
    'docs(readme): say it\n\nBREAKING CHANGE: all of it',
  ])('says of %j what commitlint says', async (message) => {
    const theirs = await judge(message);
    const ours = conventionalProblems(message);
    expect(ours.some(({ level }) => level === 'error')).toBe(!theirs.valid);
    // A header that does not parse has more than one name there.
    const names = theirs.errors.map(({ name }) => name);
    for (const { level, rule } of ours) if (level === 'error' && rule !== 'header-empty') expect(names).toContain(rule);
  });

  test('does not take an empty message', () => {
    expect(lintMessage('\n# a comment\n', noConventions)).toMatchObject([{ level: 'error', rule: 'header-empty' }]);
  });

  test.each([
    "Merge branch 'main' into x",
    'Revert "feat: a"',
    'fixup! feat: a',
    'squash! feat: a',
    'v1.2.3',
    '1.0.0-rc.1',
  ])('leaves %j alone', (message) => expect(lintMessage(message, noConventions)).toEqual([]));

  test('does not judge what git adds for the person who edits', () => {
    const file =
      'fix: short\n\nbody\n# Please enter the commit message\n#\n# On branch main\n# ------------------------ >8 ------------------------\ndiff --git a b\n' +
      '+'.repeat(200);
    expect(lintMessage(file, noConventions)).toEqual([]);
    expect(withoutComments('#12 stays\n# goes')).toBe('#12 stays');
  });

  test('only warns where nobody writes Conventional Commits', () => {
    const history = Array.from({ length: 20 }, (_, index) => ({
      subject: `Update part ${index}`,
      body: '',
      parents: ['x'],
    }));
    expect(lintMessage('Another update', learnConventions(history)).map(({ level }) => level)).toEqual(['warning']);
    expect(lintMessage('Another update', noConventions).map(({ level }) => level)).toEqual(['error']);
  });

  test('warns of a scope nobody has used and of a trailer everybody has', () => {
    const history = Array.from({ length: 40 }, (_, index) => ({
      subject: `fix(${index % 2 === 0 ? 'parser' : 'printer'}): part ${index}`,
      body: 'Signed-off-by: A <a@example.invalid>',
      parents: ['x'],
    }));
    const problems = lintMessage('fix(praser): this', learnConventions(history));
    expect(problems).toMatchObject([
      { level: 'warning', rule: 'scope-known', message: expect.stringContaining('"parser"') as string },
      { level: 'warning', rule: 'trailer-exists' },
    ]);
  });
});

describe('a message put together', () => {
  test('wraps its body, ends with footers and marks what breaks', () => {
    const message = assembleMessage({
      type: 'feat',
      scope: 'api',
      subject: 'Add the retry.',
      body: `${'word '.repeat(40)}\n# heading\n- item ${'x'.repeat(150)}`,
      breaking: 'upload is async',
      footers: [{ token: 'Refs', value: 'ABC-1' }],
    });
    const lines = message.split('\n');
    expect(lines[0]).toBe('feat(api)!: add the retry');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(message).not.toContain('#');
    expect(message.trimEnd().endsWith('BREAKING CHANGE: upload is async\nRefs: ABC-1')).toBe(true);
  });

  test('keeps the case of names and lowers that of words', () => {
    expect(cleanSubject('Add it', 50)).toBe('add it');
    expect(cleanSubject('README says it', 50)).toBe('`README` says it');
    expect(cleanSubject('HttpClient waits', 50)).toBe('`HttpClient` waits');
  });

  test('does not let a body pass for a footer or a breaking change', () => {
    const message = assembleMessage({
      type: 'fix',
      subject: 'a thing',
      body: 'First.\n\nNote: this is text\nBREAKING CHANGE: not so',
    });
    const { breaking, footers, body } = parseMessage(message);
    expect(breaking).toBe(false);
    expect(footers).toEqual([]);
    expect(body).toContain('Note: this is text');
  });

  test('signs for nobody and skips no checks, wherever a body hides that', () => {
    const sign = 'Signed-off-by: Eve <eve@example.org>';
    for (const body of [
      `It retries.\n${sign}`,
      `It retries.\n\nCo-authored-by: Eve <eve@example.org>\n${sign}`,
      'Signed-off-by : Eve <eve@example.org>',
      `${'word '.repeat(19)}${sign}`,
      `It retries.\n(cherry picked from commit ${'0'.repeat(40)})`,
    ]) {
      const message = assembleMessage({ type: 'feat', subject: 'retry uploads [skip ci]', body: `${body} [CI skip]` });
      const trailers = execFileSync('git', ['interpret-trailers', '--parse'], { input: message, encoding: 'utf8' });
      expect({ body, trailers }).toEqual({ body, trailers: '' });
      expect(message).not.toMatch(/cherry|skip/i);
    }
    expect(assembleMessage({ type: 'feat', subject: 'add', body: 'One.\n---\nTwo.' })).not.toContain('---');
  });

  test('is valid under commitlint whatever it is made of', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 160 }),
      fc.string({
        unit: fc.constantFrom(
          'A',
          'b',
          ' ',
          '.',
          '`',
          '"',
          "'",
          '#',
          '\n',
          '(',
          ')',
          ':',
          '!',
          'é',
          'ß',
          '1',
          '\r',
          '\u001b',
          '日',
        ),
        maxLength: 220,
      }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          type: fc.constantFrom(...commitTypes.filter((type) => type !== 'revert')),
          scope: fc.option(text, { nil: undefined }),
          subject: text,
          body: fc.option(text, { nil: undefined }),
          breaking: fc.option(text, { nil: undefined }),
        }),
        async (parts) => {
          const message = assembleMessage(parts);
          const { valid, errors } = await judge(message);
          expect({ message, valid, errors }).toEqual({ message, valid: true, errors: [] });
          expect(parseMessage(message).type).toBe(parts.type);
        },
      ),
      { numRuns: 300, seed: 7 },
    );
  });
});
