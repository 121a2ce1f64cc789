import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Config } from '../../src/core/config.ts';
import type { Decision, Effect } from '../../src/core/policy.ts';
import { permissionsFor, rulesFor } from '../../src/app/permissions.ts';
import { managedRole, mayAdminister, requireAdministrator } from '../../src/app/roles.ts';
import { loadSettings } from '../../src/app/settings.ts';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'roles-')));
afterAll(() => rmSync(base, { recursive: true, force: true }));
const env = { HOME: base, XDG_CONFIG_HOME: join(base, 'config'), LLM_COPILOT_DATA_DIR: join(base, 'data') };
const root = join(base, 'work');
mkdirSync(root);
const managed = join(base, 'managed.yaml');
const userFile = join(base, 'config/llm-copilot/config.yaml');
const put = (path: string, text: string): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};

const settings = (flags: Config = {}) => loadSettings(env, root, { flags, managed, user: 'ann' });
const verdict = async (effect: Effect, flags: Config = {}): Promise<Decision['verdict']> => {
  const place = { roots: [root], readable: [], home: base, temp: ['/tmp'], own: [], env: {} };
  const { policy } = permissionsFor(rulesFor(await settings(flags)), place);
  return (await policy.decide({ tool: 'shell', effects: [effect] })).verdict;
};

const actions = {
  'read the workspace': { kind: 'read', path: join(root, 'a.ts') },
  'read elsewhere': { kind: 'read', path: '/srv/data' },
  'edit the workspace': { kind: 'write', path: join(root, 'a.ts') },
  'write elsewhere': { kind: 'write', path: '/srv/data' },
  'look around': { kind: 'exec', command: 'git status', reach: 'listed' },
  'run a program': { kind: 'exec', command: 'npm test', reach: 'program' },
  'run anything': { kind: 'exec', command: 'eval x', reach: 'opaque' },
  'read from a host': { kind: 'net', host: 'a.example', access: 'read' },
  push: { kind: 'net', host: 'github.com', access: 'write' },
  'use a secret': { kind: 'secret', name: 'KEY' },
} as const satisfies Record<string, Effect>;

// What each role may do of it: the promise this project makes about roles.
const matrix: Record<string, Record<keyof typeof actions | 'administer', Decision['verdict']>> = {
  viewer: {
    'read the workspace': 'allow',
    'read elsewhere': 'ask',
    'edit the workspace': 'deny',
    'write elsewhere': 'deny',
    'look around': 'allow',
    'run a program': 'deny',
    'run anything': 'deny',
    'read from a host': 'deny',
    push: 'deny',
    'use a secret': 'deny',
    administer: 'deny',
  },
  developer: {
    'read the workspace': 'allow',
    'read elsewhere': 'ask',
    'edit the workspace': 'allow',
    'write elsewhere': 'ask',
    'look around': 'allow',
    'run a program': 'ask',
    'run anything': 'ask',
    'read from a host': 'ask',
    push: 'ask',
    'use a secret': 'ask',
    administer: 'deny',
  },
  operator: {
    'read the workspace': 'allow',
    'read elsewhere': 'ask',
    'edit the workspace': 'ask',
    'write elsewhere': 'ask',
    'look around': 'allow',
    'run a program': 'allow',
    'run anything': 'ask',
    'read from a host': 'ask',
    push: 'ask',
    'use a secret': 'ask',
    administer: 'deny',
  },
  admin: {
    'read the workspace': 'allow',
    'read elsewhere': 'ask',
    'edit the workspace': 'allow',
    'write elsewhere': 'ask',
    'look around': 'allow',
    'run a program': 'allow',
    'run anything': 'ask',
    'read from a host': 'ask',
    push: 'ask',
    'use a secret': 'ask',
    administer: 'allow',
  },
};

describe('roles', () => {
  test.each(Object.entries(matrix))('%s may do what the table says', async (role, expected) => {
    put(managed, `permissions:\n  users:\n    ann: ${role}\n`);
    const found: Record<string, string> = {};
    for (const [name, effect] of Object.entries(actions)) found[name] = await verdict(effect);
    found.administer = mayAdminister(managedRole(await settings())) ? 'allow' : 'deny';
    expect(found).toEqual(expected);
  });
});

describe('what the administrator of a machine set', () => {
  test('nobody widens: no flag, no configuration, no role of his own by that name', async () => {
    put(managed, "permissions:\n  users:\n    '*': viewer\n");
    put(
      userFile,
      'permissions:\n  mode: bypass\n  role: admin\n  roles:\n    viewer:\n      mode: bypass\n      rules: ["allow: write(*)"]\n  rules: ["allow: write(**)"]\n',
    );
    expect(await verdict(actions['edit the workspace'])).toBe('deny');
    expect(await verdict(actions['edit the workspace'], { permissions: { mode: 'bypass' } })).toBe('deny');
    expect(rulesFor(await settings({ permissions: { mode: 'bypass' } })).mode).toBe('plan');
    rmSync(userFile);
  });

  test('stays his, also beside roles he defined himself: a role of his own by another name counts for nothing', async () => {
    put(managed, "permissions:\n  users:\n    '*': viewer\n  roles:\n    qa:\n      mode: auto\n");
    put(userFile, 'permissions:\n  roles:\n    viewer:\n      mode: bypass\n      rules: ["allow: write(*)"]\n');
    expect(await verdict(actions['edit the workspace'])).toBe('deny');
    expect(rulesFor(await settings()).mode).toBe('plan');
    rmSync(userFile);
  });

  test('of a mode for all widens no role', async () => {
    put(managed, "permissions:\n  mode: auto\n  users:\n    '*': viewer\n");
    expect(await verdict(actions['run a program'])).toBe('deny');
  });

  test('everybody may narrow', async () => {
    put(managed, "permissions:\n  users:\n    '*': admin\n");
    expect(rulesFor(await settings({ permissions: { mode: 'plan' } })).mode).toBe('plan');
  });

  test('is said by who set it, and keeps from administering with exit 4', async () => {
    put(managed, 'permissions:\n  users:\n    ann: developer\nbudget:\n  day: 5\n');
    const loaded = await settings({ budget: { day: 100 } });
    expect(loaded.settings.find(({ key }) => key === 'budget.day')).toMatchObject({ layer: 'managed', value: 5 });
    await expect(requireAdministrator(env, root, 'secrets set', { managed, user: 'ann' })).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringContaining('developer') as string,
    });
    await expect(requireAdministrator(env, root, 'secrets set', { managed, user: 'bob' })).resolves.toBeUndefined();
  });

  test('stops the start where it cannot be looked at', async () => {
    const loop = join(base, 'loop.yaml');
    symlinkSync(loop, loop);
    await expect(loadSettings(env, root, { managed: loop })).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining('cannot be looked at') as string,
    });
  });

  test('counts only in its own file', async () => {
    put(managed, '');
    put(userFile, 'permissions:\n  users:\n    ann: viewer\n');
    expect(managedRole(await settings())).toBeUndefined();
    rmSync(userFile);
  });
});

describe('profiles', () => {
  test('bring mode and role, and are named when they do not exist', async () => {
    put(managed, '');
    put(userFile, 'profiles:\n  prod:\n    production: true\n    role: operator\n');
    const set = rulesFor(await settings({ profile: 'prod' }));
    expect(set).toMatchObject({ mode: 'auto', production: true });
    expect(rulesFor(await settings()).production).toBe(false);
    const wrong = await settings({ profile: 'prdo' });
    expect(() => rulesFor(wrong)).toThrow('did you mean "prod"');
    rmSync(userFile);
  });
});
