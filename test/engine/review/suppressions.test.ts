import { describe, expect, test } from 'vitest';
import type { Finding } from '../../../src/core/finding.ts';
import { baselineFrom, baselineWith } from '../../../src/engine/review/baseline.ts';
import { standing, type Knowledge } from '../../../src/engine/review/standing.ts';
import { commentReason, suppressionOf, suppressionsFrom } from '../../../src/engine/review/suppressions.ts';

const finding = (over: Partial<Finding> = {}): Finding => ({
  ...{
    rule: 'debug-leftover',
    severity: 'low',
    confidence: 'high',
    path: 'src/a.js',
    line: 2,
    endLine: 2,
    side: 'new',
  },
  ...{ message: 'It prints.', evidence: 'log(x);', fingerprint: '0123456789abcdef0123' },
  ...over,
});
const exit3 = expect.objectContaining({ exitCode: 3 }) as unknown;

describe('the file of suppressions', () => {
  test.each([
    ['no list', { rule: 'x' }],
    ['no mapping', ['x']],
    ['no reason', [{ rule: 'x' }]],
    ['an empty reason', [{ rule: 'x', reason: ' ' }]],
    ['nothing it is about', [{ reason: 'x' }]],
    ['a key nobody knows', [{ rule: 'x', reason: 'y', paths: 'z' }]],
    ['a fingerprint that YAML took for a number', [{ fingerprint: 12345678, reason: 'y' }]],
    ['a fingerprint that is none', [{ fingerprint: 'xyz', reason: 'y' }]],
    ['a day there is not', [{ rule: 'x', reason: 'y', until: '2026-02-30' }]],
  ])('with %s is refused', (_what, value) => {
    expect(() => suppressionsFrom(value)).toThrow(exit3);
  });

  test('may be empty', () => {
    expect(suppressionsFrom(null)).toEqual([]);
  });

  test.each([
    [{ rule: 'debug-leftover' }, true],
    [{ rule: 'secret' }, false],
    [{ rule: '*', path: 'src/**' }, true],
    [{ rule: 'debug-leftover', path: 'lib/**' }, false],
    [{ path: '*.js' }, true],
    [{ fingerprint: '01234567' }, true],
    [{ fingerprint: '11234567' }, false],
    [{ rule: 'debug-leftover', until: '2026-11-28' }, true],
    [{ rule: 'debug-leftover', until: '2026-11-27' }, false],
    [{ rule: 'model' }, false],
  ])('with %j holds for a finding: %s', (entry, holds) => {
    const entries = suppressionsFrom([{ ...entry, reason: 'because' }]);
    expect(suppressionOf(entries, finding(), '2026-11-28') !== undefined).toBe(holds);
  });

  test('names all findings of models at once', () => {
    const entries = suppressionsFrom([{ rule: 'model', reason: 'not here' }]);
    expect(suppressionOf(entries, finding({ rule: 'model/bug' }), '2026-11-28')?.reason).toBe('not here');
  });
});

describe('a comment', () => {
  const of = (above: string, line: string, over: Partial<Finding> = {}) => commentReason(finding(over), [above, line]);
  test.each([
    ['// llm-copilot-ignore debug-leftover: people read it', 'log(x);', 'people read it'],
    ['', 'log(x); /* llm-copilot-ignore debug-leftover: people read it */', 'people read it'],
    ['<!-- llm-copilot-ignore debug-leftover: people read it -->', 'log(x)', 'people read it'],
    ['# llm-copilot-ignore secret, debug-leftover: both', 'log(x)', 'both'],
    ['# llm-copilot-ignore *: all', 'log(x)', 'all'],
    ['# llm-copilot-ignore secret: other', 'log(x)', undefined],
    ['// llm-copilot-ignore debug-leftovers: no such rule', 'log(x);', undefined],
    ['log(x); // nothing', 'log(x)', undefined],
  ])('"%s" above "%s" gives %s', (above, line, reason) => {
    expect(of(above, line)).toBe(reason);
  });

  test.each([
    '// llm-copilot-ignore debug-leftover',
    '// llm-copilot-ignore debug-leftover:',
    '/* llm-copilot-ignore debug-leftover: */',
  ])('"%s" without a reason is refused', (above) => {
    expect(() => of(above, 'log(x)')).toThrow(exit3);
    expect(() => of(above, 'log(x)')).toThrow(/src\/a\.js:1/);
  });

  test('says nothing of lines that went and of whole files', () => {
    const line = '// llm-copilot-ignore debug-leftover: x';
    expect(of(line, line, { side: 'old' })).toBeUndefined();
    expect(of(line, line, { line: 0 })).toBeUndefined();
  });
});

describe('a baseline', () => {
  test('reads what it writes, sorted, and keeps what it had', () => {
    const [b, a] = [finding({ path: 'b.js' }), finding({ path: 'a.js', fingerprint: 'f'.repeat(20) })];
    const text = baselineWith(baselineFrom(baselineWith([], [b])), [a]);
    expect(baselineFrom(text).map(({ path }) => path)).toEqual(['a.js', 'b.js']);
    expect(baselineWith(baselineFrom(text), [b])).toBe(text);
  });

  test.each(['', '[]', '{"version":2,"findings":[]}', '{"version":1,"findings":[{}]}', '{"version":1}'])(
    'that says %s is refused',
    (source) => {
      expect(() => baselineFrom(source)).toThrow(exit3);
    },
  );
});

describe('where a finding stands', () => {
  const knowing = (over: Partial<Knowledge> = {}): Knowledge => ({
    ...{ baseline: [], suppressions: [], today: '2026-11-28', linesOf: () => [], before: () => undefined },
    dismissals: () => 0,
    ...over,
  });
  const stateOf = (over: Partial<Knowledge>, of: Partial<Finding> = {}) =>
    standing([finding(of)], knowing(over))[0]?.state;

  test('depends on what was said of it before', () => {
    expect(stateOf({})).toBe('new');
    expect(stateOf({ before: () => ({ isDismissed: false, wasOpen: true, reason: null }) })).toBe('known');
    expect(stateOf({ before: () => ({ isDismissed: false, wasOpen: false, reason: null }) })).toBe('new');
    expect(stateOf({ before: () => ({ isDismissed: true, wasOpen: false, reason: 'x' }) })).toBe('dismissed');
    expect(stateOf({ baseline: [finding()] })).toBe('baseline');
    expect(stateOf({ suppressions: [{ rule: 'debug-leftover', reason: 'x' }] })).toBe('suppressed');
  });

  test('goes quiet after three dismissals of its like, but never when it is critical', () => {
    expect(stateOf({ dismissals: () => 2 })).toBe('new');
    expect(stateOf({ dismissals: () => 3 })).toBe('quiet');
    expect(stateOf({ dismissals: () => 9 }, { severity: 'critical' })).toBe('new');
  });
});
