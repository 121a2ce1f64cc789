import { join } from 'node:path';
import { usageError } from '../base/errors.ts';
import { redactor, secretValues, type Redact } from '../base/redact/redactor.ts';
import { topRunsOf } from '../core/fold.ts';
import type { Recorded } from '../core/event.ts';
import type { SessionInfo, SessionStore } from '../core/session.ts';
import type { Database } from '../host/log/database.ts';
import { eventLog } from '../host/log/event-log.ts';
import { dataDir, type Env } from '../host/paths.ts';

/** The database of the event log and the ledger. */
export const sessionsPath = (env: Env): string => join(dataDir(env), 'sessions.db');

/** Opens the user's event log; what is written goes through `redact`, what is older than `retentionDays` is pruned. @throws CopilotError `E_DATABASE`, exit 3. */
export const openSessions = (
  env: Env,
  options: { redact?: Redact; retentionDays?: number | undefined; database?: Database } = {},
): SessionStore => {
  const { redact = redactor(secretValues(env)), retentionDays, database = sessionsPath(env) } = options;
  return eventLog(database, redact, Date.now, retentionDays);
};

/** Which session a run belongs to. */
export interface SessionChoice {
  /** Go on with the newest session of this folder. */
  continue?: boolean;
  /** Go on with this one (id or unique prefix). */
  resume?: string;
  /** Leave the session as it is and go on in a copy. */
  fork?: boolean;
  /** Id for a new session. */
  id?: string;
}

/** The session to write to, and the run to go on from. */
export interface OpenedSession {
  info: SessionInfo;
  /** Last top-level run; undefined in a new session. */
  last?: { run: string; finished: boolean };
  /** The events so far, read once; empty in a new session. */
  past: Recorded[];
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Finds or makes the session. @throws CopilotError exit 2 when what was asked for does not exist. */
export const chooseSession = (
  store: SessionStore,
  choice: SessionChoice,
  root: string,
  title: string,
): OpenedSession => {
  if (choice.id !== undefined && !uuid.test(choice.id)) throw usageError(`--session-id "${choice.id}" is not a UUID.`);
  const id = choice.id === undefined ? {} : { id: choice.id };
  let found: SessionInfo | undefined;
  if (choice.resume !== undefined) found = store.find(choice.resume);
  else if (choice.continue) {
    found = store.list({ root })[0];
    if (!found)
      throw usageError('There is no session of this folder to go on with.', 'Start one: llm-copilot run "…".');
  }
  if (!found) {
    if (choice.fork) throw usageError('--fork-session needs --continue or --resume.');
    return { info: store.create({ root, title, ...id }), past: [] };
  }
  if (found.kind === 'journal') throw usageError(`Session ${found.id} is a journal and has no conversation.`);
  if (!choice.fork && choice.id !== undefined)
    throw usageError('--session-id with --continue or --resume needs --fork-session.');
  const past = [...store.read(found.id)];
  const last = topRunsOf(past).at(-1);
  const info = choice.fork ? store.create({ root, title: found.title, forkOf: found.id, ...id }) : found;
  return { info, past, ...(last ? { last } : {}) };
};
