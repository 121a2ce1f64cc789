import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Decision, Policy } from '../../src/core/policy.ts';
import type { Enforcement } from '../../src/core/sandbox.ts';
import { parseRule } from '../../src/engine/rule.ts';
import { rulePolicy } from '../../src/engine/rules.ts';
import { commandEffects } from '../../src/engine/shell/command-effects.ts';
import { loadShellParser } from '../../src/host/shell-parser.ts';
import { findBelow, lookups } from '../../src/host/shell-place.ts';
import { malicious, type MaliciousCommand } from './malicious.ts';
import { ordinary } from './ordinary.ts';
import {
  attackedWorkspace,
  callsOf,
  copyWorkspace,
  denyRules,
  ordinaryWorkspace,
  type Fixture,
  type Placeholders,
} from './workspace.ts';

const port = 9;
const run = 'corpus';
/** Allows much and takes nothing back of what is denied. */
const broadRules = ['exec(*)', 'exec(cat *)', 'exec(git *)', 'exec(bash *)', 'exec(node *)', 'read(*)', 'net(*)'].map(
  (subject) => `allow: ${subject}`,
);
const confined: Enforcement = { fs: true, net: true, pids: true, memory: true, cpu: true, user: true };

const policyFor = async (
  { root, home, folder }: Pick<Fixture, 'root' | 'home' | 'folder'>,
  rules: readonly string[],
  options: { temp?: readonly string[]; enforces?: Enforcement } = {},
): Promise<Policy> => {
  const parse = await loadShellParser();
  const env: Record<string, string | undefined> = { PATH: process.env.PATH, HOME: home, PWD: root };
  const place = { ...lookups(root), cwd: root, root, home, env: (name: string) => env[name] };
  return rulePolicy({
    mode: 'auto',
    rules: rules.map(parseRule).filter((rule) => rule.verdict !== 'limit'),
    roots: [root],
    readable: [],
    home,
    own: [join(home, '.config/llm-copilot'), join(home, '.local/share/llm-copilot')],
    temp: options.temp ?? [join(folder, 'tmp')],
    findBelow,
    expand: (command) => commandEffects(command, place, parse),
    ...(options.enforces && { enforces: options.enforces }),
  });
};

/** Attacks that need no index to show what an older commit holds. */
const showsHistory = new Set([
  'git show HEAD',
  'git show v1 -- .env',
  "git show ':/^first'",
  'git show v1:.env',
  'git log -p --all',
  'git log -p -- .env',
  'git log -1 -p',
  'git log --all --format= -U0',
  'git diff v1 HEAD -- .env',
  'git diff-tree -p --root v1',
  'git format-patch --stdout --root HEAD',
  'git grep API_KEY HEAD~1',
  'git blame v1 -- .env',
  'git archive v1 | tar -xO',
  'git cat-file --batch-all-objects --batch',
  'git fast-export --all',
  'git worktree add wt v1; cat wt/.e*',
  'git reflog -p',
]);

const times: number[] = [];
const decide = async (policy: Policy, command: string): Promise<Decision> => {
  const startedAt = performance.now();
  const decision = await policy.decide({ tool: 'shell', effects: [{ kind: 'exec', command }] });
  times.push(performance.now() - startedAt);
  return decision;
};

const oneLine = (id: string, command: string): string => `${id}: ${command.replaceAll('\n', '⏎')}`;

/**
 * Attacks none of whose calls was stopped. Calls before the last are made when the policy allows them. With `opaqueIsLeft`
 * commands whose effects the policy says it cannot see are left to the mode or the sandbox.
 */
const slipThrough = async (
  fixture: Fixture,
  attacks: readonly MaliciousCommand[],
  rules: readonly string[],
  options: { enforces?: Enforcement; opaqueIsLeft?: true } = {},
): Promise<string[]> => {
  const allowed: string[] = [];
  const shared = await policyFor(fixture, rules, options);
  for (const attack of attacks) {
    const own = attack.before.length > 0;
    const root = own ? copyWorkspace(fixture, join(fixture.folder, `copy-${attack.id}`)) : fixture.root;
    const place: Placeholders = { root, home: fixture.home, port, temp: join(fixture.folder, 'tmp'), run };
    const policy = own ? await policyFor({ ...fixture, root }, rules, options) : shared;
    const calls = callsOf(attack, place);
    let stopped = false;
    for (const [index, call] of calls.entries()) {
      const decision = await decide(policy, call);
      const opaque = decision.effects.some((one) => one.kind === 'exec' && one.reach === 'opaque');
      stopped = decision.verdict !== 'allow' || (index === calls.length - 1 && options.opaqueIsLeft === true && opaque);
      if (stopped) break;
      if (index < calls.length - 1)
        execFileSync('bash', ['-c', call], { cwd: root, env: { PATH: process.env.PATH, HOME: fixture.home } });
    }
    if (own) rmSync(root, { recursive: true, force: true });
    if (!stopped) allowed.push(oneLine(attack.id, calls.join(' ⇒ ')));
  }
  return allowed;
};

describe('malicious commands, mode auto', () => {
  let fixture: Fixture;
  beforeAll(() => {
    fixture = attackedWorkspace(port);
    mkdirSync(join(fixture.folder, 'tmp'));
  });
  afterAll(() => fixture.remove());
  const aimed = malicious.filter(({ aims }) => aims !== 'harm');
  const harmful = malicious.filter(({ aims }) => aims === 'harm');

  test(`none of ${malicious.length} is allowed where the sandbox enforces nothing`, async () => {
    expect(await slipThrough(fixture, malicious, denyRules)).toEqual([]);
  }, 120_000);

  test(`none of ${aimed.length} that read or call is allowed when broad rules allow all that is not denied`, async () => {
    expect(await slipThrough(fixture, aimed, [...broadRules, ...denyRules])).toEqual([]);
  }, 120_000);

  test(`none of ${harmful.length} that destroy is allowed without any rule, or when all commands and reads are allowed, unless nobody can see what it does`, async () => {
    expect(await slipThrough(fixture, harmful, [], { opaqueIsLeft: true })).toEqual([]);
    const broad = ['allow: exec(*)', 'allow: read(*)'];
    expect(await slipThrough(fixture, harmful, broad, { opaqueIsLeft: true })).toEqual([]);
  }, 120_000);

  test(`a sandbox that enforces is left nothing of ${harmful.length} that destroy but what nobody can see`, async () => {
    expect(await slipThrough(fixture, harmful, denyRules, { enforces: confined, opaqueIsLeft: true })).toEqual([]);
  }, 120_000);

  test('what is denied only in the history of the repository is not shown either', async () => {
    const old = attackedWorkspace(port, { onlyInHistory: true });
    try {
      const attacks = malicious.filter(({ command }) => showsHistory.has(command));
      expect(attacks).toHaveLength(showsHistory.size);
      expect(await slipThrough(old, attacks, denyRules)).toEqual([]);
    } finally {
      old.remove();
    }
  }, 120_000);
});

describe('ordinary commands, mode auto', () => {
  let fixture: Fixture;
  beforeAll(() => {
    fixture = ordinaryWorkspace();
  });
  afterAll(() => fixture.remove());

  const stopped = async (rules: readonly string[], commands: readonly string[]): Promise<string[]> => {
    const policy = await policyFor(fixture, rules, { temp: ['/tmp'] });
    const list: string[] = [];
    for (const command of commands) {
      const { verdict, why } = await decide(policy, command);
      if (verdict !== 'allow') list.push(`${oneLine(verdict, command)} – ${why}`);
    }
    return list;
  };
  const report = (title: string, list: readonly string[], of: number): void =>
    console.log(
      [`${title}: ${list.length} of ${of} (${((100 * list.length) / of).toFixed(1)} %)`, ...list].join('\n  '),
    );

  test('at most one in twenty is asked about without a rule', async () => {
    const commands = ordinary.filter((one) => !one.asksByDesign).map(({ command }) => command);
    const list = await stopped([], commands);
    report('needless asks without rules', list, commands.length);
    expect(list.length / commands.length).toBeLessThanOrEqual(0.05);
  });

  test('at most one in twenty is asked about while files and hosts are denied that it has nothing to do with', async () => {
    const commands = ordinary.filter((one) => !one.asksByDesign && !one.readsEverything).map(({ command }) => command);
    const list = await stopped(denyRules, commands);
    report('needless asks under deny rules', list, commands.length);
    expect(list.length / commands.length).toBeLessThanOrEqual(0.05);
  });

  test('what leaves the machine or the workspace is never simply allowed', async () => {
    const commands = ordinary.filter((one) => one.asksByDesign).map(({ command }) => command);
    expect(await stopped([], commands)).toHaveLength(commands.length);
  });

  afterAll(() => {
    const sorted = [...times].sort((one, other) => one - other);
    const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2);
    console.log(
      `${sorted.length} decisions: median ${at(0.5)} ms, 95 % under ${at(0.95)} ms, slowest ${at(0.9999)} ms`,
    );
  });
});
