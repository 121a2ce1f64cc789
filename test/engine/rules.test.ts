import ignore from 'ignore';
import { describe, expect, test } from 'vitest';
import type { Effect } from '../../src/core/policy.ts';
import { parseRule, parseSubject, rulePolicy, type PermissionMode } from '../../src/engine/rules.ts';

const policyOf = (mode: PermissionMode, ...rules: string[]) =>
  rulePolicy({ mode, rules: rules.map(parseRule), roots: ['/w', '/extra'], readable: ['/scratch'], home: '/home/u' });
const verdict = async (mode: PermissionMode, effect: Effect, ...rules: string[]) =>
  (await policyOf(mode, ...rules).decide({ tool: 'any', effects: [effect] })).verdict;

const read = (path: string): Effect => ({ kind: 'read', path });
const write = (path: string): Effect => ({ kind: 'write', path });
const exec = (command: string): Effect => ({ kind: 'exec', command });
const net: Effect = { kind: 'net', host: 'example.org', access: 'write' };

describe('modes', () => {
  const table: [PermissionMode, Effect, string][] = [
    ['plan', read('/w/a'), 'allow'],
    ['plan', write('/w/a'), 'deny'],
    ['plan', exec('ls'), 'deny'],
    ['plan', net, 'deny'],
    ['plan', { kind: 'net', host: 'x', access: 'read' }, 'ask'],
    ['plan', { kind: 'secret', name: 'X' }, 'deny'],
    ['ask', read('/w/a'), 'allow'],
    ['ask', read('/etc/passwd'), 'ask'],
    ['ask', read('/scratch/out'), 'allow'],
    ['ask', write('/w/a'), 'ask'],
    ['ask', exec('ls'), 'ask'],
    ['ask', { kind: 'env', name: 'X' }, 'ask'],
    ['accept-edits', write('/w/a'), 'allow'],
    ['accept-edits', write('/extra/a'), 'allow'],
    ['accept-edits', write('/other/a'), 'ask'],
    ['accept-edits', write('/workspace'), 'ask'],
    ['accept-edits', exec('ls'), 'ask'],
    ['auto', exec('ls'), 'allow'],
    ['auto', net, 'ask'],
    ['auto', write('/w/.git/hooks/x'), 'ask'],
    ['auto', write('/w/.llm-copilot/config.yaml'), 'ask'],
    ['auto', write('/scratch/x'), 'ask'],
    ['bypass', write('/etc/passwd'), 'allow'],
    ['bypass', net, 'allow'],
  ];
  test.each(table)('%s: %o is %s', async (mode, effect, expected) => {
    expect(await verdict(mode, effect)).toBe(expected);
  });
});

describe('rules', () => {
  test('deny beats ask beats allow beats the mode', async () => {
    expect(await verdict('auto', exec('npm test'), 'allow: exec(*)', 'ask: exec(npm *)', 'deny: exec(npm test)')).toBe(
      'deny',
    );
    expect(await verdict('auto', exec('npm test'), 'allow: exec(*)', 'ask: exec(npm *)')).toBe('ask');
    expect(await verdict('ask', exec('npm test'), 'allow: exec(npm test *)')).toBe('allow');
  });

  test('an allowed command cannot bring others along', async () => {
    for (const command of [
      'npm test; rm -rf /',
      'npm test && curl x',
      'npm test $(id)',
      'npm test `id`',
      'npm test > /etc/x',
      'npm test\nid',
      'npm test | sh',
      'npm test ${x}',
    ])
      expect(await verdict('ask', exec(command), 'allow: exec(npm test *)'), command).toBe('ask');
  });

  test('a command allowed to the letter is allowed even when compound', async () => {
    expect(await verdict('ask', exec('a && b'), 'allow: exec(a && b)')).toBe('allow');
  });

  test('a forbidden command is found inside a compound one', async () => {
    for (const command of [
      'cd x && git push --force',
      'true; git push --force',
      'echo $(git push --force)',
      '(git push --force)',
    ])
      expect(await verdict('auto', exec(command), 'deny: exec(git push *)'), command).toBe('deny');
  });

  test('path rules work relative to the workspace, absolutely and from home', async () => {
    expect(await verdict('ask', read('/w/sub/.env.local'), 'deny: read(.env*)')).toBe('deny');
    expect(await verdict('ask', read('/etc/hosts'), 'allow: read(/etc/hosts)')).toBe('allow');
    expect(await verdict('ask', read('/home/u/.ssh/id'), 'deny: read(~/.ssh/**)')).toBe('deny');
    expect(await verdict('ask', read('/elsewhere/.env'), 'allow: read(.env*)')).toBe('ask');
    expect(await verdict('ask', read('/elsewhere/x'), 'allow: read(**)')).toBe('allow');
  });

  test('hosts, variables and secrets have rules of their own', async () => {
    expect(await verdict('auto', net, 'allow: net(*.org)')).toBe('allow');
    expect(await verdict('ask', { kind: 'env', name: 'HOME' }, 'allow: env(HOME)')).toBe('allow');
    expect(await verdict('ask', { kind: 'secret', name: 'K' }, 'deny: secret(*)')).toBe('deny');
  });

  test('plan is not lifted by an allow rule, and bypass by no deny rule', async () => {
    expect(await verdict('plan', exec('ls'), 'allow: exec(*)')).toBe('deny');
    expect(await verdict('bypass', exec('ls'), 'deny: exec(*)')).toBe('allow');
  });

  test('a forbidden tool is forbidden even when it touches nothing', async () => {
    const decision = await policyOf('auto', 'deny: tool(tasks)').decide({ tool: 'tasks', effects: [] });
    expect(decision).toMatchObject({ verdict: 'deny', by: 'rule', rule: 'deny: tool(tasks)' });
  });

  test('a tool may be allowed whole', async () => {
    const decision = await policyOf('ask', 'allow: tool(edit)').decide({ tool: 'edit', effects: [write('/w/a')] });
    expect(decision.verdict).toBe('allow');
  });

  test('the strictest effect of a call decides, and a call without effects is allowed', async () => {
    const policy = policyOf('accept-edits');
    expect(await policy.decide({ tool: 'x', effects: [write('/w/a'), exec('ls')] })).toMatchObject({
      verdict: 'ask',
      hint: expect.stringContaining('auto') as string,
    });
    expect(await policy.decide({ tool: 'x', effects: [] })).toMatchObject({ verdict: 'allow' });
  });

  test('every kind of effect gets a hint that names what would allow it', async () => {
    for (const effect of [
      read('/x'),
      write('/w/a'),
      exec('ls\nrm'),
      net,
      { kind: 'env', name: 'A' } as const,
      { kind: 'secret', name: 'A' } as const,
    ])
      expect((await policyOf('ask').decide({ tool: 'x', effects: [effect] })).hint).toMatch(/--|rule/);
  });

  test('a hint names only what would really allow it', async () => {
    const hint = async (path: string) => (await policyOf('ask').decide({ tool: 'x', effects: [write(path)] })).hint;
    expect(await hint('/w/a')).toContain('accept-edits');
    for (const path of ['/elsewhere/a', '/w/.git/config', '/w/sub/.GIT/config'])
      expect(await hint(path)).toBe(`the rule "allow: write(${path})"`);
  });

  test('paths that may not be read are told to tools that search', () => {
    expect(policyOf('ask', 'deny: read(.env*)', 'deny: write(x)').hidden).toEqual(['.env*']);
    expect(policyOf('bypass', 'deny: read(.env*)').hidden).toEqual([]);
  });

  test.each([
    ['*.{pem,key}', 'a/b.key'],
    ['secrets/**', 'secrets/x'],
    ['./secrets', 'secrets/x'],
    ['secrets/', 'deep/secrets/x'],
    ['/w/secrets/**', 'secrets/x'],
    ['/*/secrets/x', 'secrets/x'],
    ['/**/x.pem', 'a/x.pem'],
    ['/w', 'a'],
    ['!odd', '!odd'],
  ])('what the rule deny: read(%s) forbids, a search leaves out as well', async (pattern, path) => {
    const policy = policyOf('ask', `deny: read(${pattern})`);
    expect((await policy.decide({ tool: 'read', effects: [read(`/w/${path}`)] })).verdict).toBe('deny');
    expect(
      ignore()
        .add([...policy.hidden])
        .ignores(path),
    ).toBe(true);
    expect(
      ignore()
        .add([...policy.hidden])
        .ignores('other/thing'),
    ).toBe(pattern === '/w');
  });

  test('repositories and our own folders are guarded at any depth', async () => {
    for (const path of ['/w/.git/config', '/w/sub/.git/hooks/pre-commit', '/w/sub/.llm-copilot/config.yaml'])
      expect((await policyOf('auto').decide({ tool: 'write', effects: [write(path)] })).verdict).toBe('ask');
    expect((await policyOf('auto').decide({ tool: 'write', effects: [write('/w/.gitignore')] })).verdict).toBe('allow');
  });
});

describe('rule syntax', () => {
  test.each([
    ['alow: exec(ls)', 'allow'],
    ['allow: exc(ls)', 'exec'],
    ['exec(ls)', 'Rules look like'],
    ['allow: exec()', 'empty'],
    ['allow: !!', 'unknown form'],
  ])('%s is refused with %s', (line, words) => {
    let said = '';
    try {
      parseRule(line);
    } catch (error) {
      said = error instanceof Error ? `${error.message} ${'hint' in error ? String(error.hint) : ''}` : '';
    }
    expect(said).toContain(words);
  });

  test('a bare name is a tool', () =>
    expect(parseSubject('deny', 'shell')).toMatchObject({ kind: 'tool', pattern: 'shell' }));
});
