import { hostname } from 'node:os';
import { configError, CopilotError, exitCodes, usageError } from '../base/errors.ts';
import type { Config } from '../core/config.ts';
import type { AdminEvent } from '../core/event.ts';
import { ownPrefix, type AskSecret } from '../core/secret.ts';
import type { Env } from '../host/paths.ts';
import { newTotp, verifyTotp } from '../host/vault/totp.ts';
import { hasVault, vault, type VaultDraft } from '../host/vault/vault.ts';
import { creation, vaultOf, type SecretsChange, type SecretsPlace } from './secrets.ts';

const entryName = `${ownPrefix}totp`;
/** A secret nobody has confirmed yet guards nothing. */
const pendingName = `${ownPrefix}totp-pending`;

const maxWrong = 5;
const lockMs = 5 * 60 * 1000;

interface State {
  secret: string;
  /** Time step of the last code that was taken: it and earlier ones are used up. */
  usedStep: number;
  /** When wrong codes came since the last right one. */
  wrongAtMs: number[];
  /** When there were too many of them. */
  lockedAtMs?: number;
}

/** Whether a code was right, in words. */
export interface CodeCheck {
  passed: boolean;
  why: string;
}

const stateIn = (draft: VaultDraft, name: string): State | undefined => {
  const text = draft.get(name);
  return text === undefined ? undefined : (JSON.parse(text) as State);
};

const keep = (draft: VaultDraft, name: string, state: State): void =>
  draft.put(name, JSON.stringify(state), [], draft.list().find((one) => one.name === name)?.setAt);

const nowOf = ({ host }: SecretsPlace): number => (host?.now ?? Date.now)();

const notEnrolled = 'no second factor is enrolled (llm-copilot mfa enroll)';

/** Since when a second factor is enrolled; undefined when none is. Needs no key. @throws CopilotError exit 3 */
export const enrolledAt = (env: Env): number | undefined =>
  hasVault(env)
    ? vault({ env })
        .list()
        .find(({ name }) => name === entryName)?.setAt
    : undefined;

/** True when codes can be checked. Needs no key. @throws CopilotError exit 3 */
export const isEnrolled = (env: Env): boolean => enrolledAt(env) !== undefined;

const judge = async (draft: VaultDraft, state: State, code: string, nowMs: number): Promise<CodeCheck> => {
  const { secret, usedStep, wrongAtMs, lockedAtMs } = state;
  // Times to come count too: setting the clock back frees nobody.
  if (lockedAtMs !== undefined && nowMs < lockedAtMs + lockMs) {
    const seconds = Math.ceil((lockedAtMs + lockMs - nowMs) / 1000);
    return { passed: false, why: `there were ${maxWrong} wrong codes; wait ${seconds} seconds` };
  }
  const step = await verifyTotp(secret, code, nowMs);
  if (step === undefined) {
    const recent = [...wrongAtMs.filter((at) => at > nowMs - lockMs), nowMs];
    const isTooMany = recent.length >= maxWrong;
    keep(
      draft,
      entryName,
      isTooMany ? { secret, usedStep, wrongAtMs: [], lockedAtMs: nowMs } : { secret, usedStep, wrongAtMs: recent },
    );
    return { passed: false, why: 'the code is wrong, or the clock of this machine is' };
  }
  if (step <= usedStep) return { passed: false, why: 'the code was used already; wait for the next' };
  keep(draft, entryName, { secret, usedStep: step, wrongAtMs: [] });
  return { passed: true, why: 'the code is right' };
};

const digitsOf = (code: string): string => code.replace(/[\s-]/g, '');

const checkedEvent = ({ passed, why }: CodeCheck): AdminEvent => ({ type: 'mfa.checked', passed, why });

/**
 * Checks a code, uses it up and records that; what a right one is for happens in the same step of the vault.
 * @throws CopilotError exit 3
 */
export const checkCodeAt = async (
  place: SecretsPlace,
  code: string,
  whenRight?: { act: (draft: VaultDraft) => void; event: AdminEvent },
): Promise<CodeCheck & { notices: readonly string[] }> => {
  const refused = (why: string): CodeCheck & { notices: readonly string[] } => {
    place.record([checkedEvent({ passed: false, why })]);
    return { passed: false, why, notices: [] };
  };
  if (!isEnrolled(place.env)) return refused(notEnrolled);
  const digits = digitsOf(code);
  if (!/^\d{6}$/.test(digits)) return refused('a code has six digits');
  const store = vaultOf(place);
  const { result } = await store.change(
    async (draft): Promise<CodeCheck> => {
      const state = stateIn(draft, entryName);
      if (!state) return { passed: false, why: notEnrolled };
      const check = await judge(draft, state, digits, nowOf(place));
      if (check.passed) whenRight?.act(draft);
      return check;
    },
    (check) => place.record([checkedEvent(check), ...(check.passed && whenRight ? [whenRight.event] : [])]),
  );
  return { ...result, notices: store.notices };
};

/** Checks a code and uses it up; the caller records it. @throws CopilotError exit 3 */
export const checkCode = async (
  env: Env,
  settings: Config['secrets'],
  code: string,
  ask?: AskSecret,
): Promise<CodeCheck> => {
  const { passed, why } = await checkCodeAt({ env, settings, ask, record: () => () => undefined }, code);
  return { passed, why };
};

const enrolledAlready = (): CopilotError =>
  usageError('A second factor is enrolled already.', 'To get another, remove it: llm-copilot mfa remove');

/** Makes a secret that waits to be confirmed, and forgets one that still did. @throws CopilotError exit 2 or 3 */
export const beginEnrolment = async (place: SecretsPlace): Promise<SecretsChange & { secret: string; uri: string }> => {
  if (isEnrolled(place.env)) throw enrolledAlready();
  const made = await newTotp(hostname());
  const store = vaultOf(place);
  const { created } = await store.change(
    (draft) => {
      draft.remove(pendingName);
      keep(draft, pendingName, { secret: made.secret, usedStep: 0, wrongAtMs: [] });
    },
    (_, facts) => (facts ? place.record(creation(facts)) : () => undefined),
  );
  return { ...made, ...(created ? { created } : {}), notices: store.notices };
};

/** Puts the secret that waits into force when the code fits it. @throws CopilotError exit 2 or 3 */
export const confirmEnrolment = async (place: SecretsPlace, code: string): Promise<CodeCheck> => {
  const waits = vaultOf(place)
    .list()
    .some(({ name }) => name === pendingName);
  if (!waits) throw usageError('No enrolment waits to be confirmed.', 'Begin one: llm-copilot mfa enroll');
  const confirm = async (draft: VaultDraft): Promise<CodeCheck> => {
    const state = stateIn(draft, pendingName);
    if (!state) throw configError('The enrolment was ended by another process.');
    // Else a confirmation would get by the code that a removal takes.
    if (draft.get(entryName) !== undefined) throw enrolledAlready();
    const step = await verifyTotp(state.secret, digitsOf(code), nowOf(place));
    if (step === undefined) return { passed: false, why: 'the code is wrong, or the clock of this machine is' };
    draft.remove(pendingName);
    keep(draft, entryName, { ...state, usedStep: step });
    return { passed: true, why: 'the code is right' };
  };
  const enrolled: AdminEvent = { type: 'mfa.changed', change: 'enrolled' };
  const { result } = await vaultOf(place).change(confirm, (check) =>
    place.record([checkedEvent(check), ...(check.passed ? [enrolled] : [])]),
  );
  return result;
};

/** Removes the second factor, which takes a right code. @throws CopilotError exit 2, 3 or 4 */
export const removeEnrolment = async (place: SecretsPlace, code: string): Promise<void> => {
  if (!isEnrolled(place.env)) throw usageError('No second factor is enrolled.');
  const { passed, why } = await checkCodeAt(place, code, {
    act: (draft) => draft.remove(entryName),
    event: { type: 'mfa.changed', change: 'removed' },
  });
  if (!passed)
    throw new CopilotError(`The second factor stays: ${why}.`, { code: 'E_MFA', exitCode: exitCodes.permission });
};
