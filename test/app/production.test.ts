import { describe, expect, test } from 'vitest';
import type { Answer, Effect, Question } from '../../src/core/policy.ts';
import { askingForCodes, stepUp } from '../../src/app/step-up.ts';
import { rulePolicy } from '../../src/engine/rules.ts';
import { parseRule, type Rule } from '../../src/engine/rule.ts';
import type { PermissionMode } from '../../src/engine/modes.ts';

const decide = (mode: PermissionMode, effects: Effect[], ...lines: string[]) =>
  rulePolicy({
    mode,
    production: true,
    rules: lines.map((line) => parseRule(line) as Rule),
    roots: ['/w'],
    readable: [],
    home: '/h',
  }).decide({ tool: 'shell', effects });

const program: Effect = { kind: 'exec', command: 'make deploy', reach: 'program' };
const push: Effect = { kind: 'net', host: 'github.com', access: 'write' };

describe('in a production profile', () => {
  test.each<[string, PermissionMode, Effect, string[], 'allow' | 'ask']>([
    ['a program', 'auto', program, [], 'allow'],
    ['a program in mode bypass', 'bypass', program, [], 'allow'],
    ['a program that is asked about anyway', 'ask', program, [], 'ask'],
    ['a push', 'auto', push, ['allow: net(*)'], 'allow'],
    ['a secret', 'auto', { kind: 'secret', name: 'KEY' }, ['allow: secret(*)'], 'allow'],
  ])('%s needs a one-time code', async (_name, mode, effect, rules, then) => {
    expect(await decide(mode, [effect], ...rules)).toMatchObject({ verdict: 'ask', stepUp: then });
  });

  test('reading, editing and looking around do not', async () => {
    for (const effect of [
      { kind: 'read', path: '/w/a' },
      { kind: 'write', path: '/w/a' },
      { kind: 'exec', command: 'ls', reach: 'listed' },
      { kind: 'net', host: 'a.example', access: 'read' },
    ] satisfies Effect[])
      expect((await decide('auto', [effect], 'allow: net(*)')).stepUp, effect.kind).toBeUndefined();
  });

  test('what is denied is not offered for a code', async () => {
    const decision = await decide('auto', [push], 'deny: net(*)');
    expect(decision).toMatchObject({ verdict: 'deny' });
    expect(decision.stepUp).toBeUndefined();
  });
});

describe('one-time codes', () => {
  const question: Question = { tool: 'shell', effects: [program], why: 'w', stepUp: 'allow' };
  const signal = new AbortController().signal;
  const setUp = (answers: Answer[]) => {
    const asked: Question[] = [];
    const time = { now: 1_000_000 };
    const codes = stepUp(
      async (code) =>
        code === '123456' ? { passed: true, why: 'right' } : { passed: false, why: 'the code is wrong' },
      () => time.now,
    );
    const ask = askingForCodes(async (one) => {
      asked.push(one);
      return answers.shift() ?? { allow: false };
    }, codes);
    return { asked, codes, ask, time };
  };

  test('a right one is a yes and counts for five minutes', async () => {
    const { ask, asked, time } = setUp([{ allow: true, code: '123456' }]);
    expect((await ask(question, signal)).allow).toBe(true);
    time.now += 299_000;
    expect((await ask(question, signal)).allow).toBe(true);
    expect(asked).toHaveLength(1);
    time.now += 2_000;
    expect((await ask(question, signal)).allow).toBe(false);
    expect(asked).toHaveLength(2);
  });

  test('a clock that goes back makes an old one count no longer', async () => {
    const { codes, time } = setUp([]);
    await codes.give('123456');
    expect(codes.isFresh()).toBe(true);
    time.now -= 1;
    expect(codes.isFresh()).toBe(false);
  });

  test('a wrong one, or none, is a no that says why', async () => {
    const { ask } = setUp([{ allow: true, code: '000000' }, { allow: true }]);
    expect(await ask(question, signal)).toMatchObject({
      allow: false,
      feedback: expect.stringContaining('wrong') as string,
    });
    expect(await ask(question, signal)).toMatchObject({ allow: false });
  });

  test('what is asked about besides is still asked', async () => {
    const { ask, asked } = setUp([
      { allow: true, code: '123456' },
      { allow: false, feedback: 'not today' },
    ]);
    expect(await ask({ ...question, stepUp: 'ask' }, signal)).toMatchObject({ allow: false, feedback: 'not today' });
    expect(asked.map((one) => one.wantsCode)).toEqual([true, undefined]);
  });
});
