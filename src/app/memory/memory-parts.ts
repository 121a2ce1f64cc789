import type { Redact } from '../../base/redact/redactor.ts';
import type { MemorySource } from '../../core/memory.ts';
import type { Origin } from '../../core/message.ts';
import type { MemoryBank } from '../../host/memory/memory-bank.ts';
import type { RepoIdentity } from '../../host/memory/repo-identity.ts';
import type { Env } from '../../host/paths.ts';
import type { SourceStates } from './source-states.ts';
import type { VectorSpace } from './vector-space.ts';

/** Who wants something remembered. */
export type Speaker =
  | { by: 'user' }
  | {
      by: 'agent';
      /** Its drafts need nobody's yes – unless they came from outside, or are about more than this repository. */
      autoAccept: boolean;
      /** What a draft without sources rests on, such as the session at this point. */
      source?: () => MemorySource | undefined;
      /** Where text in its conversation came from, when that is not the workspace. */
      origin?: () => Origin | undefined;
    };

/** What the functions of memory work with. */
export interface MemoryParts {
  bank: MemoryBank;
  space: VectorSpace;
  states: SourceStates;
  /** Where we are; `top` is what paths of sources are relative to. */
  place: RepoIdentity;
  /** Real path of the workspace. */
  root: string;
  env: Env;
  redact: Redact;
  /** Milliseconds since the epoch. */
  now: () => number;
}
