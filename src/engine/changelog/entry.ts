/** One change of a list. */
export interface Entry {
  /** Newest first; more than one where the same change was made again (cherry-picked, merged twice). */
  hashes: string[];
  /** Such as `feat`; left out where neither the message nor the files say. */
  type?: string;
  /** The message names its type; otherwise it was told from the files or the first word. */
  isConventional: boolean;
  scope?: string;
  subject: string;
  /** What the message says after its subject, without footers. */
  body: string;
  breaking: boolean;
  /** What the footers `BREAKING CHANGE` say, one each. */
  breakingNotes: string[];
  /** Pull or merge requests it came with, by number. */
  pulls: string[];
  /** Issues it names, as it names them: `#12`, `owner/name#3`, `ABC-7`. */
  references: string[];
  /** Names only. */
  authors: string[];
  /** ms since epoch. */
  at: number;
}

/** What became of the commits that are no entry of their own. */
export interface LeftOut {
  merges: number;
  /** Reverted commits and what reverted them. */
  reverted: number;
  /** Found twice, or `fixup!` of another. */
  repeated: number;
  /** Commits that only set a version. */
  releases: number;
}
