import { defaults, type Config } from './config.ts';

/** Asks a person for something that is not shown while it is typed; undefined when they give up. */
export type AskSecret = (prompt: string) => Promise<string | undefined>;

/** What is told of a secret without its value. */
export interface SecretInfo {
  name: string;
  /** When its value was last changed, in milliseconds since the epoch. */
  setAt: number;
  /** Plugins that may read it; `*` is every one. */
  scopes: readonly string[];
}

/** The longest value, in bytes of UTF-8. */
export const maxSecretBytes = 65_536;

/** Names that start so are our own: a person neither sets nor reads them. */
export const ownPrefix = 'llm-copilot.';

/** True for a name a secret may have. */
export const isSecretName = (name: string): boolean => /^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/.test(name);

/** What is wrong with a value; undefined when it may be kept. */
export const valueProblem = (value: string): string | undefined => {
  if (value === '') return 'it is empty';
  const bytes = new TextEncoder().encode(value);
  if (bytes.length > maxSecretBytes) return `it has ${bytes.length} bytes, and ${maxSecretBytes} is the most`;
  if (value.includes('\0')) return 'it contains a NUL character';
  // Half of a surrogate pair would come back as another character.
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes) === value ? undefined : 'it is not valid Unicode';
};

/** True when a plugin may read the secret. */
export const mayRead = ({ scopes }: SecretInfo, plugin: string): boolean =>
  scopes.includes('*') || scopes.includes(plugin);

/** How old a secret is. */
export interface SecretAge {
  /** Whole days. */
  days: number;
  state: 'ok' | 'old' | 'expired';
}

const dayMs = 24 * 60 * 60 * 1000;

/** The age of a secret at a time, by the limits of the configuration. */
export const secretAge = ({ setAt }: SecretInfo, atMs: number, settings: Config['secrets']): SecretAge => {
  const { warnAfterDays = defaults.secrets.warnAfterDays, blockAfterDays = defaults.secrets.blockAfterDays } =
    settings ?? {};
  const exactDays = Math.max(0, atMs - setAt) / dayMs;
  const days = Math.floor(exactDays);
  if (blockAfterDays !== false && exactDays > blockAfterDays) return { days, state: 'expired' };
  return { days, state: exactDays > warnAfterDays ? 'old' : 'ok' };
};
