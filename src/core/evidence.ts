/** What kind of thing is claimed. `other` can never be more than unverified. */
export type ClaimKind = 'tests_pass' | 'build_passes' | 'lint_passes' | 'other';

/** A statement of fact in a model's answer. */
export interface Claim {
  kind: ClaimKind;
  /** The words it was made in. */
  text: string;
}

/** What a workflow itself says of its work; it proves these by commands and parsers. */
export type ProvenKind =
  'changed' | 'parses' | 'behaviour_kept' | 'fixed' | 'faster' | 'tests_catch' | 'docs_only' | 'cited';

/** How a claim stands against the log. */
export type Verdict = 'verified' | 'unverified' | 'contradicted';

/** A claim, judged. */
export interface JudgedClaim extends Omit<Claim, 'kind'> {
  kind: ClaimKind | ProvenKind;
  verdict: Verdict;
  /** What the verdict rests on, one sentence. */
  evidence: string;
}

/** A command that decides whether something holds. */
export interface Check {
  name: CheckName;
  command: string;
  /** Where it was found, such as `package.json scripts.test`. */
  source: string;
  timeoutMs: number;
}

/** The checks there are, in the order they run. */
export const checkNames = ['lint', 'build', 'test'] as const;

/** One of {@link checkNames}. */
export type CheckName = (typeof checkNames)[number];

/** What a recorded run of a check leaves in `tool.finished.data`. */
export interface CheckRun {
  check: CheckName;
  command: string;
  exitCode: number | null;
  timedOut: boolean;
  /** Workspace digest before the command ran; null when it could not be taken. */
  digest: string | null;
  /** Named failing tests; null when none could be parsed from the output. */
  failing: string[] | null;
  /** `start` when it ran on the tree as it was before the run changed anything. */
  tree: 'now' | 'start';
}
