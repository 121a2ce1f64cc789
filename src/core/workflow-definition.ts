/** Something a workflow's verb takes beside flags of a run. */
export interface WorkflowArgument {
  /** `targets`: files, folders, `file:10-20`, `file#symbol`; `request`: words. */
  name: 'targets' | 'request';
  required?: boolean;
  /** Targets that are not there yet are files to be made. */
  new?: boolean;
}

/** A flag of a workflow's verb. */
export interface WorkflowFlag {
  /** Without dashes: `measure`. */
  name: string;
  description: string;
  /** What its value is, such as `command`; left out of a switch. */
  value?: string;
}

/** What decides whether a workflow's work counts, besides the checks. */
export const proofNames = ['parses', 'behaviour-kept', 'fixed', 'faster', 'tests-catch', 'docs-only', 'cited'] as const;

/** One of {@link proofNames}. */
export type ProofName = (typeof proofNames)[number];

/** A workflow as its file says it: what is typed, who does it, and what is checked afterwards. */
export interface WorkflowDefinition {
  /** The verb. */
  name: string;
  summary: string;
  /** An agent of `templates/agents`. */
  agent: string;
  /** False: nothing can be written, whatever is asked for. */
  writes: boolean;
  /** It has something to do without a target and without a request. */
  alone: boolean;
  arguments: readonly WorkflowArgument[];
  flags: readonly WorkflowFlag[];
  proofs: readonly ProofName[];
  /** The task, with `{targets}`, `{request}` and `{flag}` to be filled in. */
  body: string;
}

/** What the command line has to know of a workflow before it runs. */
export type WorkflowVerb = Pick<WorkflowDefinition, 'name' | 'summary' | 'alone' | 'arguments' | 'flags'>;
