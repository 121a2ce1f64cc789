import ignore from 'ignore';
import { describe, expect, test } from 'vitest';
import type { Effect } from '../../src/core/policy.ts';
import type { PermissionMode } from '../../src/engine/modes.ts';
import { parseRule, parseSubject, type Rule } from '../../src/engine/rule.ts';
import { matchesExample, rulePolicy, type PolicyOptions } from '../../src/engine/rules.ts';

const ruleOf = (line: string): Rule => {
  const rule = parseRule(line);
  if (rule.verdict === 'limit') throw new Error(`${line} is a limit`);
  return rule;
};
const optionsOf = (mode: PermissionMode, ...rules: string[]): PolicyOptions => ({
  mode,
  rules: rules.map(ruleOf),
  roots: ['/w', '/extra'],
  readable: ['/scratch'],
  home: '/home/u',
  temp: ['/tmp'],
  own: ['/home/u/.config/llm-copilot', '/data'],
});
const policyOf = (mode: PermissionMode, ...rules: string[]) => rulePolicy(optionsOf(mode, ...rules));
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
    ['ask', { kind: 'env', name: 'X' }, 'allow'],
    ['plan', { kind: 'exec', command: 'ls', reach: 'listed' }, 'allow'],
    ['ask', { kind: 'exec', command: 'ls', reach: 'listed' }, 'allow'],
    ['ask', { kind: 'exec', command: 'npm test', reach: 'program' }, 'ask'],
    ['auto', { kind: 'exec', command: 'npm test', reach: 'program' }, 'allow'],
    ['auto', { kind: 'exec', command: 'node -e x', reach: 'opaque' }, 'ask'],
    ['auto', read('/usr/include/stdio.h'), 'allow'],
    ['auto', read('/etc/shadow'), 'ask'],
    ['auto', read('/home/u/notes'), 'ask'],
    ['auto', write('/tmp/x'), 'allow'],
    ['auto', { kind: 'write', path: '/tmp/x', recursive: true, how: 'delete' }, 'ask'],
    ['accept-edits', write('/tmp/x'), 'ask'],
    ['accept-edits', write('/w/a'), 'allow'],
    ['accept-edits', write('/extra/a'), 'allow'],
    ['accept-edits', write('/other/a'), 'ask'],
    ['accept-edits', write('/workspace'), 'ask'],
    ['accept-edits', exec('ls'), 'ask'],
    ['auto', exec('ls'), 'allow'],
    ['auto', net, 'ask'],
    ['auto', write('/w/.git/HEAD'), 'ask'],
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

  test.each([
    ['127.0.0.1', '127.1', true],
    ['127.0.0.1', '0x7f000001', true],
    ['127.0.0.1', '2130706433', true],
    ['127.0.0.1', '0177.0.0.1', true],
    ['127.0.0.1', '[::ffff:127.0.0.1]', true],
    ['localhost', '0', true],
    ['localhost', 'x.localhost.', true],
    ['evil.example', 'a.evil.example', true],
    ['evil.example', 'EVIL.example.', true],
    ['evil.example', 'notevil.example', false],
    ['evil.example', '*', true],
    ['evil.example.:443', 'evil.example', true],
    ['::1', '::1', true],
    ['2001:db8::5', '[2001:DB8:0::5]', true],
    ['[2001:db8::5]:443', '2001:db8::5', true],
    ['[2001:db8::5]', '2001:db8::6', false],
    ['münchen.example', 'xn--mnchen-3ya.example', true],
    ['*.münchen.example', 'a.xn--mnchen-3ya.example', true],
    ['xn--mnchen-3ya.example', 'MÜNCHEN.example', true],
    ['10.0.0.1', '127.0.0.1', false],
  ])('deny: net(%s) and the host %s: %s', async (pattern, host, denied) => {
    const effect: Effect = { kind: 'net', host, access: 'read' };
    expect(await verdict('auto', effect, `deny: net(${pattern})`)).toBe(denied ? 'deny' : 'ask');
  });

  test('a host is allowed by its own name only', async () => {
    const of = (host: string) => verdict('auto', { kind: 'net', host, access: 'read' }, 'allow: net(example.org)');
    expect(await of('example.org')).toBe('allow');
    for (const host of ['a.example.org', '*', 'example.org.evil']) expect(await of(host), host).toBe('ask');
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
    for (const effect of [read('/x'), write('/w/a'), exec('ls\nrm'), net, { kind: 'secret', name: 'A' } as const])
      expect((await policyOf('ask').decide({ tool: 'x', effects: [effect] })).hint).toMatch(/--|rule/);
  });

  test('a hint names only what would really allow it', async () => {
    const hint = async (path: string) => (await policyOf('ask').decide({ tool: 'x', effects: [write(path)] })).hint;
    expect(await hint('/w/a')).toContain('accept-edits');
    for (const path of ['/elsewhere/a', '/w/.git/HEAD', '/w/sub/.GIT/index'])
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

  test('repositories are guarded at any depth', async () => {
    expect(await verdict('auto', write('/w/sub/.git/index'))).toBe('ask');
    expect(await verdict('auto', write('/w/.gitignore'))).toBe('allow');
  });

  test('the file a rule was written in is named by the decision', async () => {
    const rules = [{ ...ruleOf('deny: exec(rm *)'), origin: '/c.yaml:3', reason: 'We keep things.' }];
    const decision = await rulePolicy({ ...optionsOf('auto'), rules }).decide({ tool: 'x', effects: [exec('rm a')] });
    expect(decision).toMatchObject({ origin: '/c.yaml:3', why: expect.stringContaining('We keep things.') as string });
  });

  test('a rule added later holds from then on', async () => {
    const rules: Rule[] = [];
    const policy = rulePolicy({ ...optionsOf('ask'), rules });
    expect((await policy.decide({ tool: 'x', effects: [exec('make')] })).verdict).toBe('ask');
    rules.push(ruleOf('allow: exec(make)'));
    expect((await policy.decide({ tool: 'x', effects: [exec('make')] })).verdict).toBe('allow');
  });

  test('$TMPDIR in a pattern is every temporary folder', async () => {
    expect(await verdict('ask', write('/tmp/a/b'), 'allow: write($TMPDIR/**)')).toBe('allow');
  });
});

const deep = (kind: 'read' | 'write', path: string, how?: 'delete' | 'mode'): Effect => ({
  kind,
  path,
  recursive: true,
  ...(how && { how }),
});

describe('folders read or written whole', () => {
  const withFiles = (files: string[], ...rules: string[]) =>
    rulePolicy({
      ...optionsOf('auto', ...rules),
      findBelow: (folder, fits) => files.find((path) => path.startsWith(`${folder}/`) && fits(path)),
    });
  const of = async (policy: ReturnType<typeof rulePolicy>, effect: Effect) =>
    (await policy.decide({ tool: 'shell', effects: [effect] })).verdict;

  test('are denied when a forbidden file lies in them, and only then', async () => {
    const policy = withFiles(['/w/a/.env', '/w/src/x.ts'], 'deny: read(**/.env*)');
    expect(await of(policy, deep('read', '/w'))).toBe('deny');
    expect(await of(policy, deep('read', '/w/a'))).toBe('deny');
    expect(await of(policy, deep('read', '/w/src'))).toBe('allow');
  });

  test('are denied without a look when there is no way to look', async () => {
    expect(await verdict('auto', deep('read', '/w/src'), 'deny: read(.env)')).toBe('deny');
    expect(await verdict('auto', deep('read', '/w/src'), 'deny: read(/w/other/**)')).toBe('allow');
  });

  test('are left to a sandbox that masks what is denied', async () => {
    const enforces = { fs: true, net: true, pids: true, memory: false, cpu: false, user: true };
    const policy = rulePolicy({ ...optionsOf('auto', 'deny: read(.env)'), enforces });
    expect(await of(policy, deep('read', '/w'))).toBe('allow');
    expect(await of(policy, read('/w/.env'))).toBe('deny');
  });

  test('are allowed by a rule only when it names everything below', async () => {
    expect(await verdict('ask', deep('write', '/w/dist'), 'allow: write(dist/**)')).toBe('allow');
    expect(await verdict('ask', deep('write', '/w/dist'), 'allow: write(dist/*.js)')).toBe('ask');
    expect(await verdict('ask', deep('write', '/w'), 'allow: write(dist/**)')).toBe('ask');
  });
});

describe('what is always denied', () => {
  test.each<[string, Effect]>([
    ['the root', deep('write', '/', 'delete')],
    ['home', deep('write', '/home/u', 'delete')],
    ['the folder of homes', deep('write', '/home', 'mode')],
    ['a folder outside', deep('write', '/srv/data', 'delete')],
    ['the temporary folder itself', deep('write', '/tmp', 'delete')],
    ['the workspace', deep('write', '/w', 'delete')],
    ['the repository', deep('write', '/w/.git', 'delete')],
    ['hooks', write('/w/sub/.git/hooks/pre-commit')],
    ['hooks of a submodule', write('/w/.git/modules/a/b/hooks/post-checkout')],
    ['git configuration, in any case of letters', write('/w/.GIT/Config')],
    ['shell start-up files', write('/home/u/.bashrc')],
    ['ssh', write('/home/u/.ssh/authorized_keys')],
    ['start-up files of all', write('/etc/profile.d/x.sh')],
    ['our configuration', write('/home/u/.config/llm-copilot/config.yaml')],
    ['our data', write('/data/sessions.db')],
    ['our data from above', deep('write', '/data', 'delete')],
    ['the project’s rules', write('/w/.llm-copilot/config.yaml')],
    [
      'what the shell parser calls dangerous',
      { ...exec('git push -f'), reach: 'program', danger: 'rewrites main' } as Effect,
    ],
  ])('%s', async (_name, effect) => {
    const allowAll = ['allow: write(**)', 'allow: exec(*)', 'allow: tool(any)'];
    const decision = await policyOf('auto', ...allowAll).decide({ tool: 'any', effects: [effect] });
    expect(decision).toMatchObject({ verdict: 'deny', by: 'builtin' });
    expect(await verdict('bypass', effect)).toBe('allow');
  });

  test.each([
    'llm-copilot trust add',
    'lca run --permission-mode bypass x',
    'npx -y llm-copilot undo prune',
    'node bin/llm-copilot.js config set a b',
  ])('our own command: %s', async (command) => {
    expect(await verdict('auto', { kind: 'exec', command, reach: 'program' })).toBe('deny');
  });

  test('ordinary work near it is not', async () => {
    for (const command of ['llm-copilot --version', 'llm-copilot policy explain ls', 'cat llm-copilot', 'npm test'])
      expect(await verdict('auto', { kind: 'exec', command, reach: 'program' }), command).toBe('allow');
    expect(await verdict('auto', deep('write', '/w/dist', 'delete'))).toBe('allow');
    expect(await verdict('auto', deep('write', '/w/src', 'mode'))).toBe('allow');
    expect(await verdict('auto', write('/w/.github/workflows/ci.yml'))).toBe('allow');
    expect(await verdict('auto', write('/w/config'))).toBe('allow');
  });
});

describe('commands taken apart', () => {
  const expand = (command: string): Effect[] =>
    command.split(' && ').map((part) => {
      if (part.startsWith('node -e')) return { kind: 'exec', command: part, reach: 'opaque', why: 'It runs code' };
      return part.startsWith('cat ')
        ? { kind: 'read', path: `/w/${part.slice(4)}` }
        : { kind: 'exec', command: part, reach: 'program' };
    });
  const decide = (command: string, more: Partial<PolicyOptions>, mode: PermissionMode, ...rules: string[]) =>
    rulePolicy({ ...optionsOf(mode, ...rules), expand, ...more }).decide({ tool: 'shell', effects: [exec(command)] });
  const held = { fs: true, net: true, pids: true, memory: false, cpu: false, user: true };

  test('are judged part by part, and the decision lists the parts', async () => {
    const decision = await decide('npm test && cat .env', {}, 'auto', 'deny: read(.env)');
    expect(decision).toMatchObject({ verdict: 'deny', rule: 'deny: read(.env)', enforced: 'parse-only' });
    expect(decision.effects).toHaveLength(2);
    expect((await decide('npm test && make', {}, 'ask', 'allow: exec(npm test)')).verdict).toBe('ask');
    expect((await decide('npm test && make', {}, 'ask', 'allow: exec(npm test)', 'allow: exec(make)')).verdict).toBe(
      'allow',
    );
  });

  test('ask when they may do anything and nothing but parsing holds a rule up', async () => {
    for (const rule of ['deny: read(.env)', 'deny: write(src/**)', 'deny: net(*)', 'deny: exec(git push *)'])
      expect(await decide('node -e x', {}, 'auto', rule, 'allow: exec(node *)'), rule).toMatchObject({
        verdict: 'ask',
        // No sandbox knows which programs run, so there another rule is all that helps.
        hint: expect.stringContaining(rule.includes('exec') ? 'allow: exec(node -e x)' : 'bubblewrap') as string,
      });
    expect((await decide('node -e x', {}, 'auto', 'allow: exec(node *)', 'ask: net(*)')).verdict).toBe('allow');
    expect((await decide('node -e x', { enforces: held }, 'auto', 'deny: read(.env)')).verdict).toBe('allow');
    expect((await decide('node -e x', {}, 'auto', 'deny: read(.env)', 'allow: exec(node -e x)')).verdict).toBe('allow');
  });

  test('say what holds the verdict up', async () => {
    expect(await decide('make', { enforces: held }, 'auto')).toMatchObject({ enforced: 'sandbox' });
    expect(await decide('make', { enforces: { ...held, net: false } }, 'auto')).toMatchObject({
      enforced: 'parse-only',
    });
    expect(await decide('cat .env && make', { enforces: held }, 'auto', 'deny: read(.env)')).toMatchObject({
      verdict: 'deny',
      enforced: 'sandbox',
    });
  });
});

describe('rule syntax', () => {
  test.each([
    ['alow: exec(ls)', 'allow'],
    ['allow: exc(ls)', 'exec'],
    ['exec(ls)', 'Rules look like'],
    ['limit: memry(2GB)', 'memory'],
    ['limit: memory(lots)', 'no amount'],
    ['limit: pids(2.5)', 'no amount'],
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

  test('limits are amounts of something', () => {
    const amounts = ['memory(1.5GB)', 'memory(512m)', 'cpu(10m)', 'cpu(1.5)', 'pids(200)', 'connections(3)'];
    expect(amounts.map((one) => parseRule(`limit: ${one}`))).toMatchObject(
      [1.5 * 1024 ** 3, 512 * 1024 ** 2, 600, 1.5, 200, 3].map((amount) => ({ verdict: 'limit', amount })),
    );
  });

  test('examples are read as what the rule is about', () => {
    const fits = (rule: string, example: string) => matchesExample(ruleOf(rule), example, optionsOf('auto'));
    expect(fits('deny: read(**/.env*)', 'a/.env.local')).toBe(true);
    expect(fits('deny: read(~/.ssh/**)', '~/.ssh/id')).toBe(true);
    expect(fits('deny: exec(git push *)', 'git push origin')).toBe(true);
    expect(fits('deny: exec(git push *)', 'git pull')).toBe(false);
    expect(fits('ask: net(*.org)', 'example.org')).toBe(true);
    expect(fits('deny: tool(shell)', 'shell')).toBe(true);
    expect(fits('allow: env(CI)', 'CI')).toBe(true);
  });

  test('a bare name is a tool', () =>
    expect(parseSubject('deny', 'shell')).toMatchObject({ kind: 'tool', pattern: 'shell' }));
});
