import { CopilotError, exitCodes, messageOf } from '../base/errors.ts';
import type { Config } from '../core/config.ts';
import { isSecretName, mayRead, ownPrefix, secretAge, type AskSecret, type SecretInfo } from '../core/secret.ts';
import type { Env } from '../host/paths.ts';
import { hasVault, vault, type OpenVault, type VaultOptions } from '../host/vault/vault.ts';
import { expiredError, oldNotice } from './secrets.ts';

/** Who read a secret of the vault, or was kept from it. */
export interface SecretUse {
  name: string;
  /** Name of the plugin. */
  by: string;
  allowed: boolean;
  why?: string;
}

/** The credentials of a run: variables first, then the vault. Variables belong to whoever starts the run; scopes are of the vault. */
export interface Credentials {
  /** True when a variable or the vault has something by that name for that plugin; needs no key. @throws CopilotError exit 3 when the vault is damaged */
  has(name: string, plugin: string): boolean;
  /** Unlocks the vault when one of these names comes from it; afterwards `secret` gives values. @throws CopilotError exit 3 */
  resolve(names: readonly string[], plugin: string): Promise<void>;
  /**
   * Value for a plugin; undefined when unset or not resolved. A variable's own value wins over the vault; one whose value
   * is `secret:NAME` is a reference into it.
   * @throws CopilotError exit 3 when a reference leads nowhere, or where the plugin may not read
   */
  secret(name: string, plugin: string): string | undefined;
  /**
   * Unlocks the vault where that needs nobody to be asked, so that all its secrets can be redacted; where it does, a notice
   * says so.
   */
  reveal(): Promise<void>;
  /** Every value of a vault that was unlocked, so that it can be redacted. */
  values(): string[];
  /** Who read what of the vault: each (name, plugin, allowed) once. */
  uses(): SecretUse[];
  /** Age warnings and the like, one line each; grows while names are resolved. */
  readonly notices: string[];
}

const reference = /^secret:(.*)$/s;

const forbidden = (name: string, plugin: string): string =>
  `the plugin ${plugin} may not read ${name} (llm-copilot secrets set ${name} --scope ${plugin})`;

const brokenReference = (variable: string, what: string, hint: string): CopilotError =>
  new CopilotError(`The variable ${variable} refers to a secret, but ${what}.`, {
    code: 'E_SECRET_MISSING',
    exitCode: exitCodes.config,
    hint,
  });

/** Where a name's value is to be had. */
type Source = { from: 'variable'; value: string } | { from: 'vault'; name: string; byReference: boolean };

/** Opens the credentials of a run. Without a vault this costs one look at the file system; with one, too, until it is needed. */
export const openCredentials = (
  env: Env,
  settings: Config['secrets'],
  ask?: AskSecret,
  host?: Partial<VaultOptions>,
): Credentials => {
  const store = hasVault(env) ? vault({ env, keychain: settings?.keychain, ask, ...host }) : undefined;
  const notices: string[] = [];
  const notice = (text: string): void => {
    if (!notices.includes(text)) notices.push(text);
  };
  const uses = new Map<string, SecretUse>();
  /** Values by secret; whether a plugin gets one is asked each time. */
  const unlocked = new Map<string, string>();
  /** What was resolved for whom. */
  const resolved = new Set<string>();
  let infos: readonly SecretInfo[] | undefined;
  let opening: Promise<OpenVault> | undefined;
  let open: OpenVault | undefined;

  const infoOf = (name: string): SecretInfo | undefined => {
    // What is our own no plugin reads, whatever the file says.
    if (name.startsWith(ownPrefix)) return undefined;
    infos ??= store?.list() ?? [];
    return infos.find((one) => one.name === name);
  };
  const keyOf = (...parts: unknown[]): string => JSON.stringify(parts);
  const note = (use: SecretUse): void => {
    const key = keyOf(use.name, use.by, use.allowed);
    if (!uses.has(key)) uses.set(key, use);
  };

  const sourceOf = (variable: string): Source => {
    const value = env[variable];
    if (value === undefined || value === '') return { from: 'vault', name: variable, byReference: false };
    const name = reference.exec(value)?.[1];
    return name === undefined ? { from: 'variable', value } : { from: 'vault', name, byReference: true };
  };

  /** The secret a name stands for, when the plugin may read it. */
  const allowed = (variable: string, name: string, byReference: boolean, plugin: string): SecretInfo | undefined => {
    const info = infoOf(name);
    if (info && mayRead(info, plugin)) return info;
    if (info) {
      const why = forbidden(name, plugin);
      note({ name, by: plugin, allowed: false, why });
      if (byReference) throw brokenReference(variable, why, 'Widen its scopes, or give the variable a value.');
      notice(`${variable} is in the vault, but ${why}.`);
    } else if (byReference) {
      // What follows "secret:" is shown only when it can be a name.
      const shown = isSecretName(name) ? `there is none called ${name} in the vault` : 'what follows is no name';
      throw brokenReference(variable, shown, `llm-copilot secrets set ${isSecretName(name) ? name : 'NAME'}`);
    }
    return undefined;
  };

  const unlock = async (info: SecretInfo, plugin: string): Promise<void> => {
    if (!store) return;
    opening ??= store.open();
    const opened = await opening.catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    open = opened;
    // Names and scopes were read from the file as it lay there; only now they are known to be genuine.
    const genuine = opened.list().find((one) => one.name === info.name);
    const value = genuine && mayRead(genuine, plugin) ? opened.get(info.name) : undefined;
    if (!genuine || value === undefined) {
      infos = opened.list();
      return;
    }
    unlocked.set(info.name, value);
    note({ name: info.name, by: plugin, allowed: true });
  };

  return {
    notices,
    has: (name, plugin) => {
      const source = sourceOf(name);
      if (source.from === 'variable' || source.byReference) return true;
      const info = infoOf(name);
      return info !== undefined && mayRead(info, plugin);
    },
    resolve: async (names, plugin) => {
      const expired: CopilotError[] = [];
      let found = false;
      for (const variable of names) {
        const source = sourceOf(variable);
        if (source.from === 'variable') {
          found = true;
          continue;
        }
        const info = allowed(variable, source.name, source.byReference, plugin);
        if (!info || !store) continue;
        const { days, state } = secretAge(info, store.nowMs(), settings);
        if (state === 'expired') {
          const error = expiredError(info.name, days);
          expired.push(error);
          note({ name: info.name, by: plugin, allowed: false, why: error.message });
          continue;
        }
        await unlock(info, plugin);
        if (!unlocked.has(info.name)) continue;
        if (state === 'old') notice(oldNotice(info.name, days));
        resolved.add(keyOf(variable, plugin));
        found = true;
      }
      for (const text of store?.notices ?? []) notice(text);
      const [first] = expired;
      // One of several names is enough for a provider.
      if (first && !found) throw first;
      for (const error of expired) notice(`${error.message} It was left out. ${error.hint ?? ''}`);
    },
    secret: (name, plugin) => {
      const source = sourceOf(name);
      if (source.from === 'variable') return source.value;
      const info = allowed(name, source.name, source.byReference, plugin);
      if (!info || !resolved.has(keyOf(name, plugin))) return undefined;
      return unlocked.get(info.name);
    },
    reveal: async () => {
      if (!store || open) return;
      try {
        open = await vault({ env, keychain: settings?.keychain, ask: undefined, ...host }).open();
      } catch (error) {
        notice(`Secrets in the vault are not redacted in this run: it could not be opened. ${messageOf(error)}`);
      }
    },
    values: () => {
      const all = open?.list().flatMap(({ name }) => (name.startsWith(ownPrefix) ? [] : (open?.get(name) ?? [])));
      return [...new Set([...unlocked.values(), ...(all ?? [])])];
    },
    uses: () => [...uses.values()],
  };
};
