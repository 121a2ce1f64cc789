import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import builtins from '../../plugins/index.ts';
import { openCredentials } from '../../src/app/credentials.ts';
import {
  getSecret,
  importSecrets,
  listSecrets,
  rekeyVault,
  removeSecrets,
  rotateSecret,
  setSecret,
  type SecretsPlace,
} from '../../src/app/secrets.ts';
import { openSessions } from '../../src/app/sessions.ts';
import { main } from '../../src/cli/main.ts';
import { terminalSecret } from '../../src/cli/secret-input.ts';
import type { AdminEvent } from '../../src/core/event.ts';
import { cliHarness } from '../support/cli.ts';

const value = 'sk-test-0123456789abcdef';
const dayMs = 86_400_000;

let home: ReturnType<typeof cliHarness>;
let keyed: Record<string, string> = {};
beforeEach(() => {
  home = cliHarness();
  keyed = { LLM_COPILOT_VAULT_KEY: Buffer.alloc(32, 7).toString('base64') };
});
afterEach(() => home.close());

const vaultFile = (): string => join(home.home, 'data', 'vault.json');
const secrets = (argv: string[], options: { stdin?: string | Buffer; env?: Record<string, string> } = {}) =>
  home.cli(['secrets', ...argv], { ...options, env: { ...keyed, ...options.env } });
const set = async (name: string, text = value, ...flags: string[]): Promise<void> => {
  const ran = await secrets(['set', name, ...flags], { stdin: text });
  expect(ran.code, ran.stderr).toBe(0);
};
const listed = async (): Promise<{ name: string; scopes: string[]; ageDays: number; state: string }[]> =>
  JSON.parse((await secrets(['list', '--json'])).stdout) as {
    name: string;
    scopes: string[];
    ageDays: number;
    state: string;
  }[];

describe('secrets', () => {
  test('are set from standard input, listed without their values, printed and removed', async () => {
    const made = await secrets(['set', 'ANTHROPIC_API_KEY'], { stdin: `${value}\n` });
    expect(made.code, made.stderr).toBe(0);
    expect(made.stderr).toMatch(/Made a vault; its key k-[0-9a-f]{8} is in the variable LLM_COPILOT_VAULT_KEY/);
    expect(made.stderr).toContain('Set ANTHROPIC_API_KEY for anthropic.');
    expect(statSync(vaultFile()).mode & 0o777).toBe(0o600);

    const text = await home.cli(['secrets', 'list']);
    expect(text.stdout).toBe('ANTHROPIC_API_KEY  anthropic  0 days\n');
    expect(await listed()).toEqual([
      {
        name: 'ANTHROPIC_API_KEY',
        scopes: ['anthropic'],
        setAt: expect.any(Number) as number,
        ageDays: 0,
        state: 'ok',
      },
    ]);

    expect((await secrets(['get', 'ANTHROPIC_API_KEY'])).stdout).toBe(`${value}\n`);
    expect((await secrets(['rm', 'ANTHROPIC_API_KEY'])).code).toBe(0);
    expect((await secrets(['list'])).stderr).toContain('No secrets yet.');
    expect(readFileSync(vaultFile(), 'utf8')).not.toContain(value);
  });

  test('lose one line end, and keep everything else', async () => {
    await set('A', 'two\n lines\r\n\r\n');
    expect((await secrets(['get', 'A'])).stdout).toBe('two\n lines\r\n\n');
  });

  test.each([
    [['set', 'A', value], /never an argument.*list of processes/s],
    [['rotate', 'A', value], /never an argument/],
    [['set', `A=${value}`], /no name for a secret.*never an argument/s],
    [['set', '1A'], /no name for a secret/],
    [['set', 'a'.repeat(129)], /no name for a secret/],
    [['set', 'llm-copilot.totp'], /kept for llm-copilot itself/],
    [['get', 'llm-copilot.totp'], /kept for llm-copilot itself/],
    [['rm', 'llm-copilot.totp'], /kept for llm-copilot itself/],
    [['rotate', 'llm-copilot.totp'], /kept for llm-copilot itself/],
  ])('%j is a mistake that repeats no value', async (argv, words) => {
    const { code, stderr, stdout } = await secrets(argv, { stdin: 'from-standard-input' });
    expect(code).toBe(2);
    expect(stderr).toMatch(words);
    expect(stderr + stdout).not.toContain(value);
    expect(existsSync(vaultFile())).toBe(false);
  });

  test.each([
    ['', /empty/],
    ['\n', /empty/],
    ['x'.repeat(1024 * 1024), /1048576 bytes, and 65536 is the most/],
    ['x'.repeat(5 * 1024 * 1024), /that is no secret/],
    ['a\0b', /NUL/],
    [Buffer.from([0xff, 0xfe, 0xfd]), /not UTF-8/],
  ])('a value that cannot be kept is refused', async (stdin, words) => {
    const { code, stderr } = await secrets(['set', 'A'], { stdin });
    expect(code).toBe(2);
    expect(stderr).toMatch(words);
    expect(existsSync(vaultFile())).toBe(false);
  });

  test('that are short or common words are taken, with a warning', async () => {
    for (const word of ['password', 'x1']) {
      const { code, stderr } = await secrets(['set', 'A'], { stdin: word });
      expect(code).toBe(0);
      expect(stderr).toMatch(/A is short or a common word/);
    }
    expect((await secrets(['set', 'A'], { stdin: value })).stderr).not.toMatch(/common word/);
  });

  test('are for who names them as a key, for who is said, else for nobody', async () => {
    await set('OPENAI_API_KEY');
    const nobody = await secrets(['set', 'OTHER'], { stdin: value });
    expect(nobody.stderr).toMatch(/No plugin may read OTHER yet.*--scope/s);
    const strange = await secrets(['set', 'THIRD', '--scope', 'openai, antropic'], { stdin: value });
    expect(strange.stderr).toMatch(/No plugin is called antropic here/);
    expect((await secrets(['set', 'ALL', '--scope', '*'], { stdin: value })).stderr).toContain('for every plugin');
    await set('OTHER', value, '--scope', 'shell');
    // Changed without saying so, they stay.
    await set('OTHER', `${value}-2`);
    expect((await listed()).map(({ name, scopes }) => [name, scopes])).toEqual([
      ['ALL', ['*']],
      ['OPENAI_API_KEY', ['openai']],
      ['OTHER', ['shell']],
      ['THIRD', ['openai', 'antropic']],
    ]);
  });

  test('are changed by rotate, to something else only', async () => {
    await set('A', value, '--scope', 'openai');
    const same = await secrets(['rotate', 'A'], { stdin: value });
    expect([same.code, same.stderr]).toEqual([2, expect.stringMatching(/has already/)]);
    expect((await secrets(['rotate', 'A'], { stdin: `${value}-2` })).code).toBe(0);
    expect((await secrets(['get', 'A'])).stdout).toBe(`${value}-2\n`);
    expect((await listed())[0]?.scopes).toEqual(['openai']);
    const missing = await secrets(['rotate', 'AB'], { stdin: value });
    expect([missing.code, missing.stderr]).toEqual([3, expect.stringMatching(/no secret AB .*did you mean A\?/)]);
  });

  test('are removed all or none', async () => {
    for (const name of ['A_ONE', 'A_TWO', 'A_THREE']) await set(name);
    const { code, stderr } = await secrets(['rm', 'A_ONE', 'A_TOW']);
    expect([code, stderr]).toEqual([3, expect.stringMatching(/did you mean A_TWO/)]);
    expect((await secrets(['rm', 'A_ONE', 'A_TWO', 'A_ONE'])).code).toBe(0);
    expect((await listed()).map(({ name }) => name)).toEqual(['A_THREE']);
  });

  test('get another key by rotate without a name', async () => {
    await set('A');
    const without = await secrets(['rotate']);
    expect([without.code, without.stderr]).toEqual([3, expect.stringContaining('LLM_COPILOT_VAULT_NEW_KEY')]);
    const next = Buffer.alloc(32, 9).toString('base64');
    const done = await secrets(['rotate'], { env: { LLM_COPILOT_VAULT_NEW_KEY: next } });
    expect(done.code, done.stderr).toBe(0);
    expect(done.stderr).toMatch(/under the new key k-[0-9a-f]{8}.*Set that variable to the new key/s);
    expect((await secrets(['get', 'A'])).code).toBe(3);
    keyed = { LLM_COPILOT_VAULT_KEY: next };
    expect((await secrets(['get', 'A'])).stdout).toBe(`${value}\n`);
    expect(statSync(vaultFile()).mode & 0o777).toBe(0o600);
  });

  test('too old to be used are refused, and become new by rotate', async () => {
    await set('A');
    await new Promise((resolve) => setTimeout(resolve, 5));
    const env = { LLM_COPILOT_SECRETS_BLOCK_AFTER_DAYS: '0.00000001' };
    const { code, stderr, stdout } = await secrets(['get', 'A'], { env });
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toContain('llm-copilot secrets rotate A');
    expect((await secrets(['list'], { env })).stdout).toContain('# expired');
    expect((await secrets(['list'], { env: { LLM_COPILOT_SECRETS_WARN_AFTER_DAYS: '0.00000001' } })).stdout).toContain(
      '# old',
    );
  });

  test('in a damaged vault, or under another key, are not given', async () => {
    await set('A');
    const other = await secrets(['get', 'A'], { env: { LLM_COPILOT_VAULT_KEY: 'ab'.repeat(32) } });
    expect([other.code, other.stdout]).toEqual([3, '']);
    expect((await secrets(['get', 'A'], { env: { LLM_COPILOT_VAULT_KEY: 'nonsense' } })).stderr).toContain('openssl');
    const text = readFileSync(vaultFile(), 'utf8');
    writeFileSync(vaultFile(), text.slice(0, text.length / 2));
    for (const argv of [['get', 'A'], ['list'], ['rm', 'A'], ['set', 'A'], ['rotate']]) {
      const { code, stderr, stdout } = await secrets(argv, { stdin: value });
      expect([code, stdout]).toEqual([3, '']);
      expect(stderr).toMatch(/damaged or was tampered with/);
    }
  });

  test('that others could read are told of', async () => {
    await set('A');
    chmodSync(vaultFile(), 0o640);
    expect((await secrets(['list'])).stderr).toMatch(/could be read by others/);
  });

  test('need a key, and where nobody can be asked it is said which', async () => {
    keyed = { LLM_COPILOT_SECRETS_KEYCHAIN: 'off' };
    const { code, stderr } = await secrets(['set', 'A'], { stdin: value });
    expect(code).toBe(3);
    expect(stderr).toMatch(/LLM_COPILOT_VAULT_KEY .*LLM_COPILOT_VAULT_PASSPHRASE/s);
  });

  test('need a folder that can be written', async () => {
    writeFileSync(join(home.home, 'file'), '');
    const env = { LLM_COPILOT_DATA_DIR: join(home.home, 'file', 'data') };
    const { code, stderr } = await secrets(['set', 'A'], { stdin: value, env });
    expect([code, stderr]).toEqual([3, expect.stringMatching(/cannot be written/)]);
  });
});

describe('secrets import', () => {
  const dotenv = ['# keys', `OPENAI_API_KEY="${value}"`, 'EMPTY=', 'export OTHER=other-value-1', '2BAD=x', ''].join(
    '\n',
  );

  test('takes a .env file, and says what it left out', async () => {
    writeFileSync(join(home.home, '.env'), dotenv);
    const { code, stderr } = await secrets(['import', '.env']);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/Took OPENAI_API_KEY, OTHER\./);
    expect(stderr).toMatch(/Skipped EMPTY: it is empty/);
    expect(stderr).toMatch(/\.env still holds them/);
    expect((await secrets(['get', 'OTHER'])).stdout).toBe('other-value-1\n');
    expect((await listed()).map(({ name, scopes }) => [name, scopes])).toEqual([
      ['OPENAI_API_KEY', ['openai']],
      ['OTHER', []],
    ]);
    // What is there already keeps its age.
    const again = await secrets(['import', '.env']);
    expect(again.stderr).toMatch(
      /Took nothing\.\n(?:Skipped.*\n)*Skipped OPENAI_API_KEY: it is in the vault with this value/,
    );
  });

  test('takes JSON from standard input, for whom is said', async () => {
    const stdin = JSON.stringify({ A: value, 'not a name': 'x', 'llm-copilot.totp': 'x' });
    const { code, stderr } = await secrets(['import', '-', '--scope', 'openai,anthropic'], { stdin });
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/Skipped not a name: it is no name/);
    expect(stderr).toMatch(/Skipped llm-copilot.totp: that name is kept/);
    expect((await listed()).map(({ name, scopes }) => [name, scopes])).toEqual([['A', ['openai', 'anthropic']]]);
  });

  test.each([
    ['{ "A": 1 }', /no object of texts/],
    ['["A"]', /no object of texts/],
    ['{}', /no object of texts/],
    [`{ "A": "${value}" `, /begins like JSON is none/],
    [JSON.stringify({ A: value, B: 'x'.repeat(65_537) }), /value for B cannot be kept: it has 65537 bytes/],
  ])('takes nothing when something is wrong', async (stdin, words) => {
    const { code, stderr } = await secrets(['import'], { stdin });
    expect([code, stderr]).toEqual([2, expect.stringMatching(words)]);
    expect(stderr).not.toContain(value);
    expect(existsSync(vaultFile())).toBe(false);
  });

  test('says that a file cannot be read', async () => {
    const { code, stderr } = await secrets(['import', 'nowhere.env']);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/nowhere\.env cannot be read/)]);
  });
});

/** A terminal that somebody types into whenever something is asked. */
const terminal = (...answers: (string | Buffer)[]) => {
  const modes: boolean[] = [];
  let shown = '';
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (on: boolean) => modes.push(on) });
  const stderr = Object.assign(
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        shown += chunk.toString();
        const answer = chunk.toString().endsWith(': ') ? answers.shift() : undefined;
        if (answer !== undefined) setImmediate(() => stdin.write(answer));
        done();
      },
    }),
    { isTTY: true },
  );
  const io = {
    stdin,
    stdout: new PassThrough(),
    stderr,
    env: {
      HOME: home.home,
      XDG_CONFIG_HOME: join(home.home, 'config'),
      LLM_COPILOT_DATA_DIR: join(home.home, 'data'),
      LLM_COPILOT_SECRETS_KEYCHAIN: 'off',
    } as Record<string, string>,
    cwd: home.home,
    onInterrupt: () => () => undefined,
  };
  return {
    io,
    modes,
    shown: () => shown,
    run: (argv: string[]) => main(argv, { plugins: builtins, version: '9', io }),
  };
};

describe('typing a secret', () => {
  test.each<[string, string | Buffer, string | undefined]>([
    ['a line', 'secret\r', 'secret'],
    ['corrections', 'sexx\u007f\u007fcr\bret\n', 'secret'],
    ['a line begun anew', 'wrong\u0015secret\r', 'secret'],
    ['arrows and pasted text', '\u001b[D\u001b[200~sec ret\u001b[201~\u001bOA\r', 'sec ret'],
    ['letters beyond ASCII', 'pä😀ß\u007f\r', 'pä😀'],
    ['Ctrl-C', 'sec\u0003', undefined],
    ['Ctrl-D', '\u0004', undefined],
  ])('takes %s', async (_name, typed, said) => {
    const { io, modes, shown } = terminal(typed);
    expect(await terminalSecret(io)?.('Value: ')).toBe(said);
    expect(modes).toEqual([true, false]);
    expect(shown()).toBe('Value: \n');
  });

  test('keeps what is typed ahead for the next question, and letters cut in two', async () => {
    const { io } = terminal('first\r\nsecond\r');
    const ask = terminalSecret(io);
    expect(await ask?.('Value: ')).toBe('first');
    expect(await ask?.('Value: ')).toBe('second');
    const cut = terminal();
    const answer = terminalSecret(cut.io)?.('Value: ');
    const bytes = Buffer.from('ü\r');
    cut.io.stdin.write(bytes.subarray(0, 1));
    setImmediate(() => cut.io.stdin.write(bytes.subarray(1)));
    expect(await answer).toBe('ü');
  });

  test('ends with the input', async () => {
    const { io } = terminal();
    const ask = terminalSecret(io);
    const answer = ask?.('Value: ');
    io.stdin.end();
    expect(await answer).toBeUndefined();
    expect(await ask?.('Value: ')).toBeUndefined();
  });

  test('needs a terminal to ask on', () => {
    const { io } = terminal();
    expect(terminalSecret({ ...io, stdin: new PassThrough() })).toBeUndefined();
    expect(terminalSecret({ ...io, stderr: new PassThrough() })).toBeUndefined();
  });

  test('makes a vault with a passphrase, and shows neither', async () => {
    const { run, shown } = terminal(`${value}\r`, 'correct horse\r', 'correct horse\r');
    expect(await run(['secrets', 'set', 'A', '--scope', 'openai']), shown()).toBe(0);
    expect(shown()).toMatch(
      /Value of A \(not shown\): \nNew passphrase for the vault: \nThe same again: \nMade a vault/,
    );
    expect(shown()).not.toMatch(/horse|sk-test/);
    const got = terminal('correct horse\r');
    let printed = '';
    got.io.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    expect(await got.run(['secrets', 'get', 'A'])).toBe(0);
    expect(printed).toBe(`${value}\n`);
  });

  test('is given up with Ctrl-C', async () => {
    const { run } = terminal('\u0003');
    expect(await run(['secrets', 'set', 'A'])).toBe(130);
    expect(existsSync(vaultFile())).toBe(false);
  });
});

/** A place as commands have it, at a time of our own. */
const placeAt = (now: () => number, events: AdminEvent[] = []): SecretsPlace => ({
  env: { ...keyed, LLM_COPILOT_DATA_DIR: join(home.home, 'data') },
  settings: undefined,
  record: (some) => {
    events.push(...some);
    return () => events.splice(-some.length);
  },
  host: { now },
});

test('every change and every look is recorded, without values', async () => {
  const events: AdminEvent[] = [];
  const place = placeAt(Date.now, events);
  await setSecret(place, 'A', value, { scopes: ['openai'], plugins: builtins });
  await getSecret(place, 'A');
  listSecrets(place);
  await rotateSecret(place, 'A', `${value}-2`);
  await importSecrets(place, `B=${value}\nEMPTY=`, { plugins: builtins });
  await removeSecrets(place, ['A', 'B']);
  const env = { ...place.env, LLM_COPILOT_VAULT_NEW_KEY: 'ab'.repeat(32) };
  await rekeyVault({ ...place, env });
  const keyId = expect.stringMatching(/^k-/) as string;
  expect(events).toEqual([
    { type: 'vault.changed', change: 'created', keyId, keySource: 'env' },
    { type: 'secret.changed', name: 'A', change: 'set', scopes: ['openai'] },
    { type: 'secret.changed', name: 'A', change: 'read' },
    { type: 'secret.changed', name: 'A', change: 'rotated', scopes: ['openai'] },
    { type: 'secret.changed', name: 'B', change: 'set', scopes: [] },
    { type: 'secret.changed', name: 'A', change: 'removed' },
    { type: 'secret.changed', name: 'B', change: 'removed' },
    { type: 'vault.changed', change: 'rekeyed', keyId, keySource: 'env' },
  ]);
  expect(JSON.stringify(events)).not.toContain(value);
});

test('what cannot be recorded is not done', async () => {
  const place = placeAt(Date.now);
  await setSecret(place, 'A', value, { plugins: builtins });
  const before = readFileSync(vaultFile(), 'utf8');
  const mute: SecretsPlace = {
    ...place,
    env: { ...place.env, LLM_COPILOT_VAULT_NEW_KEY: 'ab'.repeat(32) },
    record: () => {
      throw new Error('the disk is full');
    },
  };
  for (const attempt of [
    () => setSecret(mute, 'B', value, { plugins: builtins }),
    () => rotateSecret(mute, 'A', `${value}-2`),
    () => removeSecrets(mute, ['A']),
    () => importSecrets(mute, 'B=x', { plugins: builtins }),
    () => rekeyVault(mute),
    () => getSecret(mute, 'A'),
  ])
    await expect(attempt()).rejects.toThrow('the disk is full');
  expect(readFileSync(vaultFile(), 'utf8')).toBe(before);
});

test('what could not be written is taken back from the record', async () => {
  const events: AdminEvent[] = [];
  const place = placeAt(Date.now, events);
  await setSecret(place, 'A', value, { plugins: builtins });
  const seen = events.length;
  const overtaken: SecretsPlace = {
    ...place,
    record: (some) => {
      const takeBack = place.record(some);
      writeFileSync(`${vaultFile()}.lock`, '1 0badcafe');
      return takeBack;
    },
  };
  await expect(removeSecrets(overtaken, ['A'])).rejects.toMatchObject({ code: 'E_VAULT' });
  expect(events).toHaveLength(seen);
  expect(listSecrets(place).secrets).toHaveLength(1);
});

test('the commands write to the journal', async () => {
  await set('A');
  await secrets(['get', 'A']);
  await secrets(['get', 'MISSING']);
  const store = openSessions({ LLM_COPILOT_DATA_DIR: join(home.home, 'data') });
  try {
    const events = store.list({ kind: 'journal' }).flatMap(({ id }) => [...store.read(id)]);
    expect(events.map((event) => (event.type === 'secret.changed' ? event.change : event.type)).sort()).toEqual([
      'read',
      'set',
      'vault.changed',
    ]);
    expect(JSON.stringify(events)).not.toContain(value);
  } finally {
    store.close();
  }
});

test('a value written again gets no younger', async () => {
  const options = { plugins: builtins };
  await setSecret(
    placeAt(() => 0),
    'A',
    value,
    options,
  );
  const { notices } = await setSecret(
    placeAt(() => 50 * dayMs),
    'A',
    value,
    { ...options, scopes: ['openai'] },
  );
  expect(notices).toContainEqual(expect.stringMatching(/its age stays/));
  await importSecrets(
    placeAt(() => 60 * dayMs),
    `A=${value}`,
    options,
  );
  expect(listSecrets(placeAt(() => 80 * dayMs)).secrets).toEqual([
    { name: 'A', setAt: 0, scopes: ['openai'], days: 80, state: 'old' },
  ]);
  const { notices: old } = await getSecret(
    placeAt(() => 80 * dayMs),
    'A',
  );
  expect(old).toContainEqual(expect.stringMatching(/80 days old/));
});

describe('credentials of a run', () => {
  const now = 100 * dayMs;
  const credentials = (variables: Record<string, string> = {}, settings = {}) =>
    openCredentials({ ...placeAt(() => now).env, ...variables }, settings, undefined, { now: () => now });
  const keep = (name: string, scopes: string[], days = 0, text = `${value}-${name}`) =>
    setSecret(
      placeAt(() => now - days * dayMs),
      name,
      text,
      { scopes, plugins: [] },
    );

  test('come from a variable, and without a vault nothing else happens', async () => {
    const some = credentials({ A: 'from variable' });
    expect([some.has('A', 'openai'), some.has('B', 'openai')]).toEqual([true, false]);
    await some.resolve(['A', 'B'], 'openai');
    expect([some.secret('A', 'openai'), some.secret('B', 'openai')]).toEqual(['from variable', undefined]);
    expect([some.values(), some.uses(), some.notices]).toEqual([[], [], []]);
    expect(existsSync(vaultFile())).toBe(false);
  });

  test('come from the vault for who may read them, once resolved', async () => {
    await keep('A', ['openai']);
    await keep('B', ['*']);
    const some = credentials();
    expect(some.has('A', 'openai')).toBe(true);
    expect(some.has('A', 'anthropic')).toBe(false);
    expect(some.has('B', 'anthropic')).toBe(true);
    expect(some.secret('A', 'openai')).toBeUndefined();
    await some.resolve(['A', 'B'], 'openai');
    expect(some.secret('A', 'openai')).toBe(`${value}-A`);
    expect(some.values()).toEqual([`${value}-A`, `${value}-B`]);
    expect(some.uses()).toEqual([
      { name: 'A', by: 'openai', allowed: true },
      { name: 'B', by: 'openai', allowed: true },
    ]);
  });

  test('of one plugin are not given to another, and that it asked is kept', async () => {
    await keep('A', ['openai']);
    const some = credentials();
    await some.resolve(['A'], 'openai');
    expect(some.secret('A', 'stranger')).toBeUndefined();
    await some.resolve(['A'], 'stranger');
    expect(some.secret('A', 'stranger')).toBeUndefined();
    expect(some.uses()).toEqual([
      { name: 'A', by: 'openai', allowed: true },
      { name: 'A', by: 'stranger', allowed: false, why: expect.stringContaining('may not read A') as string },
    ]);
    expect(some.notices).toEqual([expect.stringContaining('--scope stranger')]);
  });

  test('in a variable win over the vault, which is not opened then', async () => {
    await keep('A', ['openai']);
    const some = credentials({ A: 'from variable', LLM_COPILOT_VAULT_KEY: 'nonsense' });
    await some.resolve(['A'], 'openai');
    expect(some.secret('A', 'openai')).toBe('from variable');
    expect(some.values()).toEqual([]);
  });

  test('may be a reference into the vault', async () => {
    await keep('work-key', ['openai']);
    const some = credentials({ A: 'secret:work-key' });
    expect(some.has('A', 'openai')).toBe(true);
    await some.resolve(['A'], 'openai');
    expect(some.secret('A', 'openai')).toBe(`${value}-work-key`);
    expect(some.uses()).toEqual([{ name: 'work-key', by: 'openai', allowed: true }]);
  });

  test.each([
    ['secret:nowhere', 'openai', /none called nowhere/],
    ['secret:', 'openai', /no name/],
    ['secret:not a name', 'openai', /no name/],
    ['secret:llm-copilot.totp', 'openai', /none called/],
    ['secret:work-key', 'stranger', /may not read work-key/],
  ])('that refer to %s for %s are an error, never that text', async (text, plugin, words) => {
    await keep('work-key', ['openai']);
    const some = credentials({ A: text });
    await expect(some.resolve(['A'], plugin)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(words) as string,
    });
    expect(() => some.secret('A', plugin)).toThrow(words);
  });

  test('that refer to a vault which is not there are an error', async () => {
    const some = credentials({ A: 'secret:work-key' });
    await expect(some.resolve(['A'], 'openai')).rejects.toMatchObject({ code: 'E_SECRET_MISSING', exitCode: 3 });
  });

  test('that get old are told of, and too old ones refused', async () => {
    await keep('DEAD', ['openai'], 91);
    await keep('OLD', ['openai'], 80);
    const some = credentials();
    await some.resolve(['OLD'], 'openai');
    expect(some.notices).toEqual([expect.stringMatching(/OLD is 80 days old.*secrets rotate OLD/)]);
    await expect(some.resolve(['DEAD'], 'openai')).rejects.toMatchObject({
      code: 'E_SECRET_EXPIRED',
      exitCode: 3,
      hint: 'llm-copilot secrets rotate DEAD',
    });
    expect(some.secret('DEAD', 'openai')).toBeUndefined();
    expect(some.uses()).toContainEqual(expect.objectContaining({ name: 'DEAD', allowed: false }));
    const lenient = credentials({}, { blockAfterDays: false });
    await lenient.resolve(['DEAD'], 'openai');
    expect(lenient.secret('DEAD', 'openai')).toBe(`${value}-DEAD`);
  });

  test('that are too old are left out where another name will do', async () => {
    await keep('DEAD', ['openai'], 91);
    const some = credentials({ A: 'from variable' });
    await some.resolve(['DEAD', 'A'], 'openai');
    expect(some.secret('DEAD', 'openai')).toBeUndefined();
    expect(some.notices).toEqual([expect.stringMatching(/DEAD is 91 days old.*left out/)]);
  });

  test('need the right key', async () => {
    await keep('A', ['openai']);
    keyed = { LLM_COPILOT_VAULT_KEY: 'ab'.repeat(32) };
    const some = credentials();
    expect(some.has('A', 'openai')).toBe(true);
    await expect(some.resolve(['A'], 'openai')).rejects.toMatchObject({ code: 'E_VAULT_KEY', exitCode: 3 });
    expect(some.secret('A', 'openai')).toBeUndefined();
  });

  test('are not given by a scope that was written into the file', async () => {
    await keep('A', ['openai']);
    writeFileSync(vaultFile(), readFileSync(vaultFile(), 'utf8').replace('"openai"', '"stranger"'));
    const some = credentials();
    await expect(some.resolve(['A'], 'stranger')).rejects.toMatchObject({ code: 'E_VAULT_DAMAGED' });
    expect(some.secret('A', 'stranger')).toBeUndefined();
    expect(some.values()).toEqual([]);
  });
});
