import { realpathSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { CopilotError, exitCodes, usageError } from '../../base/errors.ts';
import { isWithin } from '../../base/within.ts';
import { compareVersions, versionTagOf, type VersionTag } from '../../engine/changelog/version.ts';
import { webHomeOf, webLinks, type WebLinks } from '../../engine/changelog/remote.ts';
import type { LoggedCommit } from '../../engine/changelog/entries.ts';
import { openRepository, type Repository } from '../../host/git/repository.ts';
import type { Env } from '../../host/paths.ts';

/** Which commits somebody asked for. */
export interface WantedHistory {
  /** `a..b`, `a` (what came after it) or nothing: what came after the newest version. */
  range?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  /** A version: since the one before it, up to its tag, or to HEAD when it has none yet. */
  release?: string | undefined;
  /** Only tags that begin with it name versions. */
  tagPrefix?: string | undefined;
  /** Only commits that touch these, as they are typed; all when left out. */
  paths?: readonly string[] | undefined;
}

/** A tag that names a version and is part of the history. */
export interface TaggedVersion extends VersionTag {
  name: string;
  hash: string;
  at: number;
}

/** Commits and what they lie between. */
export interface History {
  repository: Repository;
  /** Newest first, merges too. */
  commits: LoggedCommit[];
  /** As it is named; undefined: from the beginning. */
  from: string | undefined;
  to: string;
  /** Full hash of the newest state. */
  head: string;
  /** The version that was released before. */
  previous: TaggedVersion | undefined;
  /** The tag of the version that was asked for, if it is tagged. */
  released: TaggedVersion | undefined;
  links: WebLinks | undefined;
  /** What the human should know, one line each. */
  notices: string[];
}

/** Tags that are looked at until one is part of the history. */
const maxLooks = 200;

const noCommits = (): CopilotError =>
  new CopilotError('There is no commit yet.', {
    code: 'E_NO_COMMITS',
    exitCode: exitCodes.usage,
    hint: 'Make one first: git commit',
  });

/** Plain tags that stopped that long before the others belong to another way of naming versions. */
const staleMs = 365 * 24 * 3600 * 1000;

/** Version tags, newest first; of several components the plain ones while they go on, else those of the newest tag. */
const versionTags = async (
  repository: Repository,
  prefix: string | undefined,
  signal: AbortSignal,
): Promise<{ tags: TaggedVersion[]; notices: string[] }> => {
  const tags = (await repository.tags(signal)).flatMap((tag): TaggedVersion[] => {
    const read = versionTagOf(tag.name);
    return read ? [{ ...tag, ...read }] : [];
  });
  if (prefix !== undefined) {
    const wanted = tags.filter((tag) => tag.prefix === prefix || tag.prefix === `${prefix}v`);
    if (wanted.length === 0)
      throw usageError(`No tag names a version and begins with "${prefix}".`, 'See: git tag --list');
    return { tags: wanted, notices: [] };
  }
  const [newest] = tags;
  const plain = tags.find(({ component }) => component === '');
  const component = plain && newest && newest.at - plain.at < staleMs ? '' : (newest?.component ?? '');
  const chosen = tags.filter((tag) => tag.component === component);
  const notices =
    component === '' || !newest
      ? []
      : [`Versions are read from tags such as ${newest.name}; --tag-prefix chooses others.`];
  return { tags: chosen, notices };
};

const isAncestor = async (repository: Repository, old: string, late: string, signal: AbortSignal): Promise<boolean> =>
  old === late || (await repository.mergeBase(old, late, signal)) === old;

/** The newest version that the state holds; of those at one commit the greatest. */
const lastVersion = async (
  repository: Repository,
  tags: readonly TaggedVersion[],
  head: string,
  signal: AbortSignal,
): Promise<TaggedVersion | undefined> => {
  const ordered = [...tags].sort((a, b) => b.at - a.at || compareVersions(b.version, a.version));
  const asked = new Map<string, boolean>();
  for (const tag of ordered) {
    if (asked.size > maxLooks) return undefined;
    const known = asked.get(tag.hash) ?? (await isAncestor(repository, tag.hash, head, signal));
    asked.set(tag.hash, known);
    if (known) return tag;
  }
  return undefined;
};

const splitRange = (range: string): { from?: string; to?: string } => {
  if (range.startsWith('-'))
    throw usageError(`"${range}" is no range.`, 'A range is written a..b, or a for what came after a.');
  const [, from = '', dots = '', to = ''] = /^(.*?)(\.{2,3})(.*)$/.exec(range) ?? [];
  if (dots === '') return { from: range };
  return { ...(from !== '' && { from }), ...(to !== '' && { to }) };
};

const bareVersion = (name: string): string => name.replace(/^.*?(?=\d+\.\d+\.\d+)/, '');

/**
 * Finds the commits that were asked for.
 * @throws CopilotError exit 2: no repository, no commit, a revision that is not there, flags that contradict one another
 */
export const readHistory = async (
  place: { env: Env; cwd: string },
  wanted: WantedHistory,
  signal: AbortSignal,
): Promise<History> => {
  const { release, range } = wanted;
  if (range !== undefined && (wanted.from !== undefined || wanted.to !== undefined))
    throw usageError('A range and --from or --to say the same twice.', 'Give one of them.');
  const repository = await openRepository(place.cwd, place.env, signal);
  const state = await repository.state(signal);
  if (state.head === undefined) throw noCommits();
  const notices: string[] = [];
  const named = range === undefined ? { from: wanted.from, to: wanted.to } : splitRange(range);
  const { tags, notices: said } = await versionTags(repository, wanted.tagPrefix, signal);
  notices.push(...said);
  const released =
    release === undefined
      ? undefined
      : (tags.find(({ name }) => name === release) ??
        tags.find(({ name }) => bareVersion(name) === bareVersion(release)));
  const to = named.to ?? released?.name ?? 'HEAD';
  const head = released && named.to === undefined ? released.hash : await repository.resolve(to, signal);
  const wantsStable = release !== undefined && versionTagOf(release)?.version.pre === '';
  const earlier = tags.filter(
    (tag) =>
      tag !== released &&
      (tag.hash !== head || released === undefined) &&
      (!wantsStable || tag.version.pre === '') &&
      (!released || compareVersions(tag.version, released.version) < 0),
  );
  // At a tag nothing is unreleased: the tag itself is where the list begins.
  const begins = release === undefined ? tags : earlier;
  const previous =
    named.from === undefined || named.to === undefined
      ? await lastVersion(repository, begins, head, signal)
      : undefined;
  const from = named.from ?? previous?.name;
  const start = named.from === undefined ? previous?.hash : await repository.resolve(named.from, signal);
  if (state.isShallow)
    notices.push(
      'This is a shallow clone: older commits and tags are not here, so that something may be missing. To get them: git fetch --unshallow --tags',
    );
  else if (from === undefined) notices.push('No tag names a version: this is everything since the first commit.');
  const paths = (wanted.paths ?? []).map((path) => {
    const full = resolve(realpathSync(place.cwd), path);
    if (!isWithin(full, repository.root)) throw usageError(`${path} lies outside of ${repository.root}.`);
    return relative(repository.root, full).replaceAll('\\', '/') || '.';
  });
  const [commits, remote] = await Promise.all([
    repository.log(
      { range: start === undefined ? head : `${start}..${head}`, files: true, ...(paths.length > 0 && { paths }) },
      signal,
    ),
    repository
      .config('remote.origin.url', signal)
      .then((url) => url ?? repository.config('remote.upstream.url', signal)),
  ]);
  const home = remote === undefined ? undefined : webHomeOf(remote.trim());
  return {
    ...{ repository, commits, from, to, head, released, notices },
    previous: previous ?? tags.find(({ hash }) => hash === start),
    links: home && webLinks(home),
  };
};
