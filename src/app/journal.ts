import type { AdminEvent } from '../core/event.ts';
import type { Env } from '../host/paths.ts';
import { openSessions } from './sessions.ts';

/**
 * Records what somebody is about to change outside of a run, in a short session of its own. It comes before the change:
 * what cannot be recorded is not done. The returned function takes the record back, for a change that then failed; its
 * tombstone stays.
 * @param root the folder it concerns, the data folder when it concerns all.
 * @throws CopilotError `E_DATABASE`, exit 3.
 */
export const journal = (env: Env, root: string, title: string, events: readonly AdminEvent[]): (() => void) => {
  const store = openSessions(env);
  try {
    const { id } = store.create({ root, title, kind: 'journal' });
    store.appendAll(
      id,
      events.map((event) => ({ ...event, run: 'journal' })),
    );
    return () => {
      try {
        const again = openSessions(env);
        try {
          again.delete(id);
        } finally {
          again.close();
        }
      } catch {
        // The change failed, and that is what is said.
      }
    };
  } finally {
    store.close();
  }
};
