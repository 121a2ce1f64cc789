import type { Check } from '../../core/evidence.ts';

/** What is known of a project without asking anybody. */
export interface ProjectFacts {
  /** Of its folder. */
  name: string;
  /** Paths of all files, relative, with `/`; what git ignores is not among them. */
  paths: readonly string[];
  /** Texts of manifests and the like, by path. */
  texts: ReadonlyMap<string, string>;
  /** Texts of some files of code, by path. */
  samples: ReadonlyMap<string, string>;
  checks: readonly Check[];
  /** Messages of the last commits, newest first; empty outside of git. */
  messages: readonly string[];
}

/** A JSON object's text as what it holds; nothing when it is none. */
export const jsonOf = (text: string | undefined): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse((text ?? '').replace(/^\ufeff/, ''));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
};

/** A text among what JSON holds. */
export const textAt = (value: unknown, ...keys: string[]): string | undefined => {
  let at = value;
  for (const key of keys) at = typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined;
  return typeof at === 'string' ? at : undefined;
};

/** Names of the packages a package.json needs, of whatever kind. */
export const packagesOf = (manifest: Record<string, unknown>): Set<string> =>
  new Set(
    ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'].flatMap((group) => {
      const entries = manifest[group];
      return typeof entries === 'object' && entries !== null ? Object.keys(entries) : [];
    }),
  );
