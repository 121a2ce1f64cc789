import { join } from 'node:path';
import { Secret, TOTP } from 'otpauth';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  beginEnrolment,
  checkCode,
  checkCodeAt,
  confirmEnrolment,
  isEnrolled,
  removeEnrolment,
} from '../../src/app/mfa.ts';
import { listSecrets, rekeyVault, type SecretsPlace } from '../../src/app/secrets.ts';
import type { AdminEvent } from '../../src/core/event.ts';
import { cliHarness } from '../support/cli.ts';

let home: ReturnType<typeof cliHarness>;
const keyed = { LLM_COPILOT_VAULT_KEY: Buffer.alloc(32, 7).toString('base64') };
beforeEach(() => {
  home = cliHarness();
});
afterEach(() => {
  vi.useRealTimers();
  home.close();
});

const codeOf = (secret: string, atMs: number): string =>
  TOTP.generate({ secret: Secret.fromBase32(secret), timestamp: atMs });
const wrongCode = (secret: string, atMs: number): string => {
  const near = [-1, 0, 1].map((step) => codeOf(secret, atMs + step * 30_000));
  return ['000000', '111111', '222222', '333333'].find((code) => !near.includes(code)) ?? '';
};
const mfa = (...argv: string[]) => home.cli(['mfa', ...argv], { env: keyed });

describe('mfa', () => {
  test('is enrolled with a code, checked, and removed with another', async () => {
    // In the middle of a step, so that none ends meanwhile.
    const now = Math.floor(Date.now() / 30_000) * 30_000 + 15_000;
    vi.useFakeTimers({ toFake: ['Date'], now });
    expect((await mfa('status')).stdout).toBe('not enrolled\n');
    const begun = await mfa('enroll');
    expect(begun.code, begun.stderr).toBe(0);
    const [uri = '', secret = ''] = begun.stdout.trim().split('\n');
    expect(uri).toMatch(/^otpauth:\/\/totp\/llm-copilot:/);
    expect(uri).toContain(`secret=${secret}`);
    expect(begun.stderr).toContain('mfa enroll --code');
    expect(begun.stderr).not.toContain(secret);
    expect((await mfa('status')).stdout).toBe('not enrolled\n');

    const wrong = await mfa('enroll', '--code', wrongCode(secret, now));
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringMatching(/Not yet: the code is wrong/)]);
    expect((await mfa('enroll', '--code', codeOf(secret, now - 30_000))).code).toBe(0);
    expect((await mfa('status')).stdout).toMatch(/^enrolled since 20/);
    expect(JSON.parse((await mfa('status', '--json')).stdout)).toMatchObject({ enrolled: true });
    expect((await mfa('enroll')).stderr).toMatch(/enrolled already/);

    const used = await mfa('check', codeOf(secret, now - 30_000));
    expect(used.code).toBe(1);
    const right = await mfa('check', codeOf(secret, now));
    expect([right.code, right.stderr]).toEqual([0, 'Passed: the code is right.\n']);
    expect((await mfa('check', codeOf(secret, now))).stderr).toMatch(/used already/);

    expect((await mfa('remove')).code).toBe(2);
    const kept = await mfa('remove', '--code', wrongCode(secret, now));
    expect([kept.code, kept.stderr]).toEqual([4, expect.stringMatching(/stays: the code is wrong/)]);
    expect((await mfa('remove', '--code', codeOf(secret, now + 30_000))).code).toBe(0);
    expect((await mfa('status')).stdout).toBe('not enrolled\n');
    expect((await mfa('check', '123456')).stderr).toMatch(/no second factor is enrolled/);
  });

  test('keeps its secret from the commands for secrets', async () => {
    await mfa('enroll');
    expect((await home.cli(['secrets', 'list', '--json'], { env: keyed })).stdout).toBe('[]\n');
    expect((await home.cli(['secrets', 'get', 'llm-copilot.totp-pending'], { env: keyed })).code).toBe(2);
  });

  test('has nothing to confirm or remove before it is begun', async () => {
    expect((await mfa('enroll', '--code', '123456')).stderr).toMatch(/No enrolment waits/);
    expect((await mfa('remove', '--code', '123456')).stderr).toMatch(/No second factor is enrolled/);
  });
});

describe('codes', () => {
  let now = 0;
  let events: AdminEvent[] = [];
  let place: SecretsPlace;
  let secret = '';
  beforeEach(async () => {
    now = 1_700_000_000_000;
    events = [];
    place = {
      env: { ...keyed, LLM_COPILOT_DATA_DIR: join(home.home, 'data') },
      settings: undefined,
      record: (some) => {
        events.push(...some);
        return () => events.splice(-some.length);
      },
      host: { now: () => now },
    };
    ({ secret } = await beginEnrolment(place));
    expect(isEnrolled(place.env)).toBe(false);
    expect((await confirmEnrolment(place, codeOf(secret, now))).passed).toBe(true);
    expect(isEnrolled(place.env)).toBe(true);
  });
  const check = async (code: string) => {
    const { passed, why } = await checkCodeAt(place, code);
    return { passed, why };
  };
  const right = () => check(codeOf(secret, now));
  const wrong = () => check(wrongCode(secret, now));

  test('count once each, also those of enrolment', async () => {
    expect(await right()).toMatchObject({ passed: false, why: expect.stringContaining('used already') as string });
    now += 30_000;
    expect((await right()).passed).toBe(true);
    expect((await right()).passed).toBe(false);
    // An earlier step of the window is used up with the later one.
    expect((await check(codeOf(secret, now - 30_000))).passed).toBe(false);
  });

  test('count once when several processes ask at the same time', async () => {
    now += 30_000;
    const all = await Promise.all([right(), right(), right(), right()]);
    expect(all.filter(({ passed }) => passed)).toHaveLength(1);
  });

  test('are refused for five minutes after five wrong ones, the right one too', async () => {
    for (let count = 0; count < 5; count += 1) {
      now += 10_000;
      expect((await wrong()).why).toMatch(/code is wrong/);
    }
    expect(await right()).toMatchObject({
      passed: false,
      why: expect.stringMatching(/5 wrong codes; wait 300 s/) as string,
    });
    now += 299_000;
    expect((await right()).why).toMatch(/wait 1 seconds/);
    now += 2000;
    expect((await right()).passed).toBe(true);
  });

  test('that are wrong now and then lock nobody out', async () => {
    for (let count = 0; count < 12; count += 1) {
      now += 80_000;
      expect((await wrong()).why).toMatch(/code is wrong/);
    }
    expect((await right()).passed).toBe(true);
  });

  test('that are wrong are forgotten after a right one', async () => {
    for (let round = 0; round < 2; round += 1) {
      for (let count = 0; count < 4; count += 1) await wrong();
      now += 30_000;
      expect((await right()).passed).toBe(true);
    }
  });

  test('stay refused when the clock is set back', async () => {
    for (let count = 0; count < 5; count += 1) await wrong();
    now -= 3_600_000;
    expect((await check(codeOf(secret, now))).why).toMatch(/wrong codes/);
  });

  test('that are none do not count as wrong', async () => {
    for (let count = 0; count < 6; count += 1) expect((await check('12345')).why).toBe('a code has six digits');
    now += 30_000;
    const code = codeOf(secret, now);
    expect((await check(`${code.slice(0, 3)} ${code.slice(3)}`)).passed).toBe(true);
  });

  test('survive another key of the vault', async () => {
    const next = 'ab'.repeat(32);
    await rekeyVault({ ...place, env: { ...place.env, LLM_COPILOT_VAULT_NEW_KEY: next } });
    place = { ...place, env: { ...place.env, LLM_COPILOT_VAULT_KEY: next } };
    expect((await right()).why).toMatch(/used already/);
    now += 30_000;
    expect((await right()).passed).toBe(true);
  });

  test('never expire with the secrets of the vault', async () => {
    now += 400 * 86_400_000;
    expect((await right()).passed).toBe(true);
    expect(listSecrets(place).secrets).toEqual([]);
  });

  test('cannot replace what is enrolled', async () => {
    await expect(beginEnrolment(place)).rejects.toThrow(/enrolled already/);
    await expect(confirmEnrolment(place, '123456')).rejects.toThrow(/No enrolment waits/);
  });

  test('are recorded, and so is what they change', async () => {
    await wrong();
    now += 30_000;
    await removeEnrolment(place, codeOf(secret, now));
    expect(events).toEqual([
      { type: 'vault.changed', change: 'created', keyId: expect.stringMatching(/^k-/) as string, keySource: 'env' },
      { type: 'mfa.checked', passed: true, why: 'the code is right' },
      { type: 'mfa.changed', change: 'enrolled' },
      { type: 'mfa.checked', passed: false, why: expect.stringContaining('wrong') as string },
      { type: 'mfa.checked', passed: true, why: 'the code is right' },
      { type: 'mfa.changed', change: 'removed' },
    ]);
    expect(JSON.stringify(events)).not.toContain(secret);
  });

  test('are checked for others by name of the settings alone', async () => {
    const real = codeOf(secret, Date.now());
    expect(await checkCode(place.env, undefined, real)).toEqual({ passed: true, why: 'the code is right' });
    const empty = { ...place.env, LLM_COPILOT_DATA_DIR: join(home.home, 'empty') };
    expect((await checkCode(empty, undefined, real)).passed).toBe(false);
  });
});
