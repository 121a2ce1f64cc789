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
  /** Removes a session's events and leaves a tombstone with the last hash. @throws CopilotError when forks need it. */
  delete(id: string): void;
  /** The first broken event, or undefined when the chain is whole. */
  verify(id: string): { seq: number; problem: string } | undefined;
  close(): void;
}
