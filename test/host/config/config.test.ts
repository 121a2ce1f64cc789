import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addFolderRules, configPaths, loadConfig, setConfig } from '../../../src/host/config/config.ts';
import { configDir, dataDir } from '../../../src/host/paths.ts';

let folder = '';
let env: Record<string, string> = {};
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'llm-copilot-config-')));
  env = { XDG_CONFIG_HOME: join(folder, 'xdg'), HOME: folder };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (which: 'user' | 'project', text: string): string => {
  const path = configPaths(env, folder)[which];
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
};
const load = (flags = {}) => loadConfig(env, folder, { flags });

describe('layers', () => {
  test('defaults < user < project < environment < flags, and every value knows where it came from', async () => {
    const user = write('user', 'model: user/model\nmaxTurns: 10\nmaxRepairs: 1\nchecks:\n  test: npm test\n');
    const project = write('project', 'maxTurns: 20\nchecks:\n  lint: npm run lint\n');
    env.LLM_COPILOT_MAX_REPAIRS = '3';
    env.LLM_COPILOT_PERMISSIONS_MODE = 'plan';
    env.LLM_COPILOT_DATA_DIR = '/somewhere';
    const flags = { model: 'flag/model', permissions: { mode: 'auto' } } as const;
    const { value, settings } = await loadConfig(env, folder, { flags, trusted: true });
    expect(value).toMatchObject({
      model: 'flag/model',
      maxTurns: 20,
      maxRepairs: 3,
      verify: 'auto',
      permissions: { mode: 'auto' },
      checks: { test: 'npm test', lint: 'npm run lint', timeoutSeconds: 600 },
    });
    const origin = Object.fromEntries(settings.map(({ key, layer, source }) => [key, [layer, source]]));
    expect(origin).toMatchObject({
      model: ['flag', '--model'],
      'permissions.mode': ['flag', '--permission-mode'],
      maxTurns: ['project', project],
      maxRepairs: ['env', 'LLM_COPILOT_MAX_REPAIRS'],
      'checks.test': ['user', user],
      verify: ['default', 'default'],
    });
  });

  test('rules of all layers are kept, in both spellings', async () => {
    write('user', 'permissions:\n  rules:\n    - allow: exec(npm test *)\n    - "deny: read(.env*)"\n');
    write('project', 'permissions:\n  rules:\n    - ask: net(*)\n');
    const { rules } = await load();
    expect(rules.map((rule) => [rule.layer, rule.line])).toEqual([
      ['user', 'allow: exec(npm test *)'],
      ['user', 'deny: read(.env*)'],
      ['project', 'ask: net(*)'],
    ]);
  });
});

describe('a project may only narrow', () => {
  test('what would widen is left out and said', async () => {
    write('user', 'maxCostUsd: 1\n');
    write(
      'project',
      'permissions:\n  mode: bypass\n  rules:\n    - allow: exec(*)\nmaxCostUsd: 5\nverify: never\nrequireVerified: false\nmodels:\n  a/b: {price: null}\n',
    );
    const { value, rules, notices } = await load();
    expect(value).toMatchObject({ permissions: { mode: 'ask' }, maxCostUsd: 1, verify: 'auto' });
    expect(value.models).toBeUndefined();
    expect(rules).toEqual([]);
    expect(notices).toHaveLength(6);
    expect(notices.join()).toContain('permissions.mode "bypass" is ignored');
  });

  test('what narrows holds', async () => {
    write('project', 'permissions:\n  mode: plan\nmaxCostUsd: 0.5\nrequireVerified: true\n');
    const { value, notices } = await load();
    expect(value).toMatchObject({ permissions: { mode: 'plan' }, maxCostUsd: 0.5, requireVerified: true });
    expect(notices).toEqual([]);
  });
});

describe('mistakes are named', () => {
  test.each([
    ['modle: x\n', /config\.yaml:1: unknown key "modle" – did you mean "model"/],
    [
      '\npermissions:\n  mod: ask\n',
      /config\.yaml:3: unknown key "permissions\.mod" – did you mean "permissions\.mode"/,
    ],
    ['zzzzzzzz: 1\n', /unknown key "zzzzzzzz"$/],
    ['maxTurns: many\n', /config\.yaml:1: maxTurns/],
    ['permissions:\n  mode: yolo\n', /config\.yaml:2: permissions\.mode/],
    ['model: "unfinished\n', /config\.yaml:\d+: /],
    ['- a\n- b\n', /config\.yaml.*the file/],
  ])('%j', async (text, message) => {
    write('user', text);
    await expect(load()).rejects.toMatchObject({ exitCode: 3, message: expect.stringMatching(message) as string });
  });

  test.each([
    ['rateLimits:\n  openai: {requests_per_minut: 3}\n', 'did you mean "rateLimits.openai.requests_per_minute"'],
    ['models:\n  a/b: {contextWindo: 5000}\n', 'did you mean "models.a/b.contextWindow"'],
    ['models:\n  a/b: {constraints: {token: {}}}\n', 'did you mean "models.a/b.constraints.tokens"'],
    ['sandbox: {resources: {memory: {limits: 5}}}\n', 'did you mean "sandbox.resources.memory.limit"'],
    ['models:\n  gpt-5.4: {images: true}\n', 'models.gpt-5.4: is no name such as openai/gpt-5.4'],
    ['models:\n  "a/b\\ec": {images: true}\n', 'is no name such as'],
    ['models:\n  a/b: {deprecation_date: soon}\n', 'deprecation_date: must be a day such as'],
    ['models:\n  a/b: {constraints: {messages: {tool_call_id: "["}}}\n', 'must be a regular expression'],
    ['models:\n  a/b: {prices: [{input: 1.0e300, output: 1}]}\n', 'input: must be at most 10000'],
    ['route: {models: [{model: a/b, weight: 1.0e300}]}\n', 'weight: must be at most'],
    ['network: {minTlsVersions: {"https://a.example/": TLSv1.2}}\n', 'is no host such as api.example.com'],
  ])('also deep inside: %j', async (text, message) => {
    write('user', text);
    await expect(load()).rejects.toMatchObject({ exitCode: 3, message: expect.stringContaining(message) as string });
  });

  test('names in variables stay text', async () => {
    env.LLM_COPILOT_PROFILE = '7';
    env.LLM_COPILOT_NETWORK_CA_FILE = '1.0';
    expect((await load()).value).toMatchObject({ profile: '7', network: { caFile: '1.0' } });
  });

  test('an unknown variable of ours is an error, not silence', async () => {
    env.LLM_COPILOT_PERMISSION_MODE = 'plan';
    await expect(load()).rejects.toThrow('did you mean LLM_COPILOT_PERMISSIONS_MODE?');
  });

  test('an empty file is an empty layer', async () => {
    write('user', '');
    expect((await load()).value.maxTurns).toBe(100);
  });
});

describe('rules', () => {
  test('may be text or a mapping with reason and examples, and know their line', async () => {
    const path = write(
      'user',
      'permissions:\n  rules:\n    - "allow: exec(ls)"\n    - deny: read(.env)\n      reason: secrets\n      match: .env\n      noMatch: [a, b]\n',
    );
    expect((await load()).rules).toEqual([
      { line: 'allow: exec(ls)', layer: 'user', source: `${path}:3` },
      {
        line: 'deny: read(.env)',
        layer: 'user',
        source: `${path}:4`,
        reason: 'secrets',
        match: ['.env'],
        noMatch: ['a', 'b'],
      },
    ]);
  });

  test.each([
    ['- deny: read(.env)\n      reson: x', /config\.yaml:3: .*"reson".*did you mean "reason"/],
    ['- deny: read(a)\n      allow: read(b)', /config\.yaml:3: a rule has exactly one/],
    ['- reason: because', /config\.yaml:3: a rule has exactly one/],
    ['- deny: [a, b]', /config\.yaml:3: a rule has exactly one/],
  ])('%j is refused', async (rule, message) => {
    write('user', `permissions:\n  rules:\n    ${rule}\n`);
    await expect(load()).rejects.toMatchObject({ exitCode: 3, message: expect.stringMatching(message) as string });
  });

  test('that are always allowed in a folder have a file of their own and hold only there', async () => {
    const path = await addFolderRules(env, folder, ['allow: exec(make)']);
    await addFolderRules(env, folder, ['allow: exec(make)', 'allow: net(example.org)']);
    expect(readFileSync(path, 'utf8')).toContain(`# Always allowed in ${folder}`);
    expect((await load()).rules.map((rule) => [rule.line, rule.layer])).toEqual([
      ['allow: exec(make)', 'folder'],
      ['allow: net(example.org)', 'folder'],
    ]);
    expect((await loadConfig(env, join(folder, 'other'))).rules).toEqual([]);
  });
});

describe('sandbox', () => {
  test('may be named alone, also by its variable and when set', async () => {
    write('user', 'sandbox: docker\n');
    expect((await load()).value.sandbox).toMatchObject({ kind: 'docker', isolation: { level: 'moderate' } });
    env.LLM_COPILOT_SANDBOX = 'local';
    expect((await load()).value.sandbox?.kind).toBe('local');
    const path = write('user', 'sandbox: docker\n');
    await setConfig(path, 'sandbox', 'bubblewrap');
    await setConfig(path, 'sandbox.image', 'node:22');
    expect(readFileSync(path, 'utf8')).toBe('sandbox:\n  kind: bubblewrap\n  image: node:22\n');
  });

  test('takes permissions, resources and isolation whole, and refuses what it does not know', async () => {
    const whole = {
      permissions: { allow: ['read(src/**)'], deny: ['net(*)'] },
      resources: {
        memory: { limit: '2GB', threshold: 0.8 },
        cpu: { timeLimit: 60, priority: 5 },
        network: { maxConnections: 4, allowedHosts: ['example.org'] },
      },
      isolation: { level: 'strict', context: 'isolated' },
    };
    write('user', JSON.stringify({ sandbox: whole }));
    expect((await load()).value.sandbox).toMatchObject(whole);
    write('user', 'sandbox:\n  resources:\n    memory: { limit: lots }\n');
    await expect(load()).rejects.toMatchObject({ exitCode: 3 });
    write('user', 'sandbox:\n  isolation:\n    level: paranoid\n');
    await expect(load()).rejects.toThrow('sandbox.isolation.level');
  });
});

describe('a project nobody trusts', () => {
  const text = [
    'sandbox: { kind: local, permissions: { allow: [net(*)], deny: [read(x)] }, isolation: { level: minimal } }',
    'permissions: { role: developer, roles: { mine: { mode: bypass } }, rules: ["allow: exec(*)", {allow: net(*)}, {ask: exec(ls)}] }',
    'undo: { exclude: ["*"] }',
  ].join('\n');

  test('may only narrow, and is told what was left out', async () => {
    write('project', text);
    const { value, rules, notices } = await load();
    expect(value.sandbox).toMatchObject({
      kind: 'auto',
      permissions: { deny: ['read(x)'] },
      isolation: { level: 'moderate' },
    });
    expect(value.sandbox?.permissions?.allow).toBeUndefined();
    expect(value.permissions).not.toHaveProperty('role');
    expect(value.permissions).not.toHaveProperty('roles');
    expect(value.undo?.exclude).toContain('node_modules/');
    expect(rules.map((rule) => rule.line)).toEqual(['ask: exec(ls)']);
    expect(notices).toHaveLength(8);
    for (const notice of notices) expect(notice).toContain('llm-copilot trust add');
  });

  test.each([
    ['rateLimits: { openai: { requests_per_minute: 100000 } }', 'rateLimits'],
    [
      'models: { openai/x: { price: { inputPerMTok: 0, outputPerMTok: 0, cacheReadPerMTok: 0, cacheWritePerMTok: 0 } } }',
      'models',
    ],
    ['route: { strategy: round-robin }', 'route.strategy'],
    ['route: { models: [openai/x] }', 'route.models'],
    ['fallbackModel: openai/x', 'fallbackModel'],
    ['smallModel: openai/x', 'smallModel'],
    ['lossiness: coerce', 'lossiness'],
    ['timeouts: { totalSeconds: 100000 }', 'timeouts.totalSeconds'],
    ['stallTimeoutSeconds: 100000', 'stallTimeoutSeconds'],
    ['concurrency: { maxCalls: 100000 }', 'concurrency.maxCalls'],
    ['network: { caFile: ./mine.pem }', 'network.caFile'],
    ['network: { minTlsVersions: { api.openai.com: TLSv1.2 } }', 'network.minTlsVersions'],
    ['web: { minTlsVersion: TLSv1.2 }', 'web.minTlsVersion'],
    ['maxTurns: 100000', 'maxTurns'],
    ['maxRepairs: 100000', 'maxRepairs'],
    ['redact: { requests: false }', 'redact.requests'],
  ])('says nothing of whom text goes to, how safely, and at what price: %s', async (text, key) => {
    const { settings: before } = await load();
    write('project', text);
    const { settings, notices } = await load();
    expect(settings).toEqual(before);
    expect(notices).toEqual([expect.stringContaining(`${key} is ignored`)]);
  });

  test('may wish for a model where the user has not chosen one', async () => {
    write('project', 'model: openai/x\n');
    expect((await load()).value.model).toBe('openai/x');
    for (const user of ['model: ollama/mine\n', 'route: { models: [ollama/mine] }\n']) {
      write('user', user);
      const { value, notices } = await load();
      expect(value.model).not.toBe('openai/x');
      expect(notices.join()).toContain('model is ignored');
    }
  });

  test('may choose a stricter sandbox and a reviewing role', async () => {
    write('project', 'sandbox: { kind: docker, image: node }\npermissions: { role: reviewer }\n');
    expect((await load()).value).toMatchObject({
      sandbox: { kind: 'docker', image: 'node' },
      permissions: { role: 'reviewer' },
    });
  });

  test.each([
    ['permissions: { role: viewer }', 'reviewer'],
    ['permissions: { role: careful, roles: { careful: { rules: ["deny: read(.env)"] } } }', 'reviewer'],
    ['permissions: { roles: { reviewer: { mode: auto } } }', 'reviewer'],
    ['permissions: { role: developer, roles: { developer: { rules: ["deny: net(*)"] } } }', 'viewer'],
  ])('chooses no role that drops what another denies: %s', async (user, role) => {
    write('user', user);
    const before = (await load()).value.permissions?.role;
    write('project', `permissions: { role: ${role} }\n`);
    const { value, notices } = await load();
    expect(value.permissions?.role).toBe(before);
    expect(notices.join()).toContain(`permissions.role "${role}" is ignored`);
  });

  test('adds to what the user denies, and takes nothing of it away', async () => {
    write('user', 'sandbox: { permissions: { allow: [net(a.example)], deny: [read(.env)] } }\n');
    write('project', 'sandbox: { permissions: { deny: [read(x)] } }\n');
    expect((await load()).value.sandbox?.permissions).toEqual({
      allow: ['net(a.example)'],
      deny: ['read(.env)', 'read(x)'],
    });
  });

  test('says everything it wants once it is trusted', async () => {
    write('project', text);
    const { value, rules, notices } = await loadConfig(env, folder, { trusted: true });
    expect(notices).toEqual([]);
    expect(value.sandbox?.kind).toBe('local');
    expect(value.permissions?.role).toBe('developer');
    expect(rules).toHaveLength(3);
  });
});

describe('setting a key', () => {
  test('keeps comments and makes the file when there is none', async () => {
    const path = write('user', '# mine\nmodel: a/b # the good one\n');
    await setConfig(path, 'maxTurns', '7');
    await setConfig(path, 'permissions.mode', 'auto');
    expect(readFileSync(path, 'utf8')).toBe(
      '# mine\nmodel: a/b # the good one\nmaxTurns: 7\npermissions:\n  mode: auto\n',
    );
    const fresh = join(folder, 'new', 'config.yaml');
    await setConfig(fresh, 'checks.test', 'false');
    expect(readFileSync(fresh, 'utf8')).toBe('checks:\n  test: false\n');
  });

  test('refuses unknown keys, wrong values and broken files, and leaves the file alone', async () => {
    const path = write('user', 'model: a/b\n');
    await expect(setConfig(path, 'maxTurn', '7')).rejects.toThrow('did you mean "maxTurns"');
    await expect(setConfig(path, 'maxTurns', 'many')).rejects.toMatchObject({ exitCode: 3 });
    expect(readFileSync(path, 'utf8')).toBe('model: a/b\n');
    write('user', 'a: "b\n');
    await expect(setConfig(path, 'maxTurns', '7')).rejects.toThrow('config.yaml');
  });
});

describe('limits by provider', () => {
  test('are one table that layers add to', async () => {
    write('user', 'rateLimits: { openai: openai-free, groq: groq-free }\n');
    write('project', 'rateLimits: { groq: { requests_per_minute: 1 } }\n');
    const { value, settings } = await loadConfig(env, folder, { trusted: true });
    expect(value.rateLimits).toEqual({ openai: 'openai-free', groq: { requests_per_minute: 1 } });
    expect(settings.find(({ key }) => key === 'rateLimits')?.layer).toBe('project');
  });
});

describe('folders', () => {
  test('follow XDG, and relative values count as unset', () => {
    expect(configDir({ XDG_CONFIG_HOME: '/c' })).toBe('/c/llm-copilot');
    expect(configDir({ XDG_CONFIG_HOME: 'c', HOME: '/h' })).toBe('/h/.config/llm-copilot');
    expect(dataDir({ HOME: '/h' })).toBe('/h/.local/share/llm-copilot');
    expect(dataDir({ XDG_DATA_HOME: '/d' })).toBe('/d/llm-copilot');
    expect(dataDir({ LLM_COPILOT_DATA_DIR: '/own' })).toBe('/own');
  });
});
