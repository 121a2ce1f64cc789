/** A version as Semantic Versioning 2.0.0 has it. */
export interface Version {
  major: number;
  minor: number;
  patch: number;
  /** Without the dash; empty in a release. */
  pre: string;
}

const form = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?$/;
const tagForm = /^(?:refs\/tags\/)?(.*?)(v?)(\d{1,9}\.\d{1,9}\.\d{1,9}(?:[-+][0-9A-Za-z.+-]+)?)$/;

/** Reads `1.2.3-rc.1`, also with a `v` before it; undefined of anything else. */
export const versionOf = (text: string): Version | undefined => {
  const [, major, minor, patch, pre = ''] = form.exec(text.replace(/^v/, '')) ?? [];
  return patch === undefined ? undefined : { major: Number(major), minor: Number(minor), patch: Number(patch), pre };
};

/** A tag that names a version, such as `v1.2.3`, `tool-v1.2.3` or `@scope/tool@1.2.3`. */
export interface VersionTag {
  /** What stands before the number, a `v` included: `v`, `tool-v`, `@scope/tool@`; may be empty. */
  prefix: string;
  /** What is released; empty when the tag does not say. */
  component: string;
  version: Version;
}

/** Reads a tag's name; undefined when it names no version. */
export const versionTagOf = (name: string): VersionTag | undefined => {
  const [, before = '', v = '', number = ''] = tagForm.exec(name) ?? [];
  const version = versionOf(number);
  // `release2.0.0` names a version, `abc1.2.3` may as well; digits before it make another number of it.
  if (!version || /[\d.]$/.test(before)) return undefined;
  return { prefix: `${before}${v}`, component: before.replace(/[-_@/]+$/, ''), version };
};

/** Less than 0 when `a` comes before `b`, by precedence of Semantic Versioning. */
export const compareVersions = (a: Version, b: Version): number => {
  const byNumber = a.major - b.major || a.minor - b.minor || a.patch - b.patch;
  if (byNumber !== 0 || a.pre === b.pre) return byNumber;
  if (a.pre === '' || b.pre === '') return a.pre === '' ? 1 : -1;
  const [left, right] = [a.pre.split('.'), b.pre.split('.')];
  for (const [at, one] of left.entries()) {
    const other = right[at];
    if (other === undefined) return 1;
    if (one === other) continue;
    const [isNumber, isOtherNumber] = [/^\d+$/.test(one), /^\d+$/.test(other)];
    if (isNumber && isOtherNumber) return Number(one) - Number(other);
    if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
    return one < other ? -1 : 1;
  }
  return left.length - right.length;
};

/** How much a set of changes asks for. */
export type Bump = 'major' | 'minor' | 'patch';

/** The version after `current`, and why it is that one. */
export interface NextVersion {
  version: string;
  bump: Bump | 'first';
  why: string;
}

const count = (many: number, one: string, more: string): string => `${many} ${many === 1 ? one : more}`;

/**
 * The next version by Semantic Versioning. Below 1.0.0 the number in the middle stands for both breaking changes and
 * features, as release-please and git-cliff have it by default for features, and Cargo and npm read ranges such as `^0.4.1`
 * for breaking ones (read 2026-11-28).
 */
export const nextVersion = (
  current: Version | undefined,
  changes: { breaking: number; features: number; fixes: number },
): NextVersion => {
  const { breaking, features, fixes } = changes;
  if (!current) return { version: '0.1.0', bump: 'first', why: 'no version was tagged before' };
  const asked: Bump = breaking > 0 ? 'major' : features > 0 ? 'minor' : 'patch';
  const reason =
    breaking > 0
      ? count(breaking, 'breaking change', 'breaking changes')
      : features > 0
        ? count(features, 'feature', 'features')
        : fixes > 0
          ? count(fixes, 'fix', 'fixes')
          : 'neither a feature nor a fix';
  const { major, minor, patch, pre } = current;
  const isEarly = major === 0;
  const bump: Bump = isEarly && asked === 'major' ? 'minor' : asked;
  const why = isEarly && asked === 'major' ? `${reason}; below 1.0.0 that is the number in the middle` : reason;
  // A pre-release announces the release behind it, as long as that one is large enough.
  if (pre !== '' && (bump === 'patch' || (patch === 0 && (bump === 'minor' || minor === 0))))
    return { version: `${major}.${minor}.${patch}`, bump, why: `${why}; the release ${pre} was made for` };
  const version =
    bump === 'major'
      ? `${major + 1}.0.0`
      : bump === 'minor'
        ? `${major}.${minor + 1}.0`
        : `${major}.${minor}.${patch + 1}`;
  return { version, bump, why };
};
