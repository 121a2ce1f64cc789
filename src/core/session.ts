import type { Event, Recorded } from './event.ts';

/** A session as it is listed. */
export interface SessionInfo {
  id: string;
  /** Real path of the workspace. */
  root: string;
  /** First line of the first task. */
  title: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
  updatedAt: number;
  events: number;
  /** `journal`: what was changed outside of runs; it has no conversation. */
  kind: 'task' | 'journal';
  /** Session and last sequence number whose events come before its own. */
  forkedFrom?: { session: string; seq: number };
}

/** Why a session was deleted. */
export type DeletionReason = 'user' | 'retention' | 'privacy';

/** The first thing in a log that is not as it was written. */
export interface LogProblem {
  /** What is wrong; begins in small letters. */
  problem: string;
  /** Number of the head it was found at, where it was found by one. */
  head?: number;
  session?: string;
  /** Of the event. */
  seq?: number;
}

/** What was found of a whole log; only counted up to the problem, when there is one. */
export interface LogReport {
  sessions: number;
  events: number;
  heads: number;
  tombstones: number;
  /** Events that no head names yet. */
  unanchored: number;
  /** The newest head: kept elsewhere, it pins everything before it. */
  lastHead: { n: number; hash: string } | null;
  problem: LogProblem | null;
}

/** What a prune did, or would do. */
export interface SessionPrune {
  deleted: SessionInfo[];
  /** Old enough, but these sessions hold on to it: they were forked from it and stay. */
  kept: { session: SessionInfo; neededBy: string[] }[];
}

/** The append-only log. One writer per session: a second one gets `E_SESSION_BUSY`. */
export interface SessionStore {
  create(session: {
    id?: string;
    root: string;
    title: string;
    forkOf?: string;
    kind?: SessionInfo['kind'];
  }): SessionInfo;
  /** Durable against a killed process when it returns; a power cut may lose the last events. */
  append(session: string, event: Event): Recorded;
  appendAll(session: string, events: readonly Event[]): Recorded[];
  /** Events in order, those of the session it was forked from first. */
  read(session: string, fromSeq?: number): Iterable<Recorded>;
  /** Newest first; those of kind `task` when nothing else is said. */
  list(filter?: { root?: string; kind?: SessionInfo['kind'] | 'any' }): SessionInfo[];
  /** By id or unique prefix. @throws CopilotError when there is none or more than one. */
  find(id: string): SessionInfo;
  /**
   * Removes a session's events and leaves a tombstone with the last hash, and a head; `user` when nothing else is said.
   * @throws CopilotError when forks need it.
   */
  delete(id: string, why?: DeletionReason): void;
  /** The same for several, all or none, whatever their order. @throws CopilotError when forks that stay need one. */
  deleteAll(ids: readonly string[], why: DeletionReason): void;
  /** Deletes sessions whose last event is older than so many days, one by one. */
  prune(options: { olderThanDays: number; dryRun?: boolean }): SessionPrune;
  /** The first broken event, or undefined when the chain is whole. */
  verify(id: string): { seq: number; problem: string } | undefined;
  close(): void;
}
