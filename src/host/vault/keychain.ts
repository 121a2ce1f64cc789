/** A place of the operating system for passwords. */
export interface Keychain {
  get(account: string): Promise<string | undefined>;
  set(account: string, value: string): Promise<void>;
  remove(account: string): Promise<void>;
}

const service = 'llm-copilot';
/** A locked keychain asks its owner in a window of its own; longer than this nobody is there. */
const patienceMs = 60_000;

const inTime = async <T>(work: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`the keychain did not answer within ${patienceMs / 1000} s`)),
      patienceMs,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};

/**
 * The keychain of this machine; undefined where the optional package is missing. Having one says nothing: its calls may
 * throw or do nothing, so what was written must be read back.
 */
export const osKeychain = async (): Promise<Keychain | undefined> => {
  const loaded = await import('@napi-rs/keyring').catch(() => undefined);
  if (!loaded) return undefined;
  // Left to itself the package falls back to the kernel's keyring, which is empty after a restart
  // (its index.d.ts on LinuxEntryOptions, 2.1.2, read 2026-11-27): the key would be lost.
  const entry = (account: string) => new loaded.AsyncEntry(service, account, { linux: { store: 'secret-service' } });
  return {
    get: async (account) => (await inTime(entry(account).getPassword())) ?? undefined,
    set: (account, value) => inTime(entry(account).setPassword(value)),
    remove: async (account) => {
      await inTime(entry(account).deletePassword());
    },
  };
};
