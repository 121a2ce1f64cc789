import { randomUUID } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { CopilotError, exitCodes, usageError } from '../base/errors.ts';
import type { Recorded } from '../core/event.ts';
import type { SessionInfo, SessionStore } from '../core/session.ts';
import { stepsOf, type Step } from '../core/steps.ts';
import { dataDir, type Env } from '../host/paths.ts';
import {
  openUndoStore,
  type Pruned,
  type Remark,
  type RestorePlan,
  type UndoChange,
  type UndoStore,
} from '../host/undo/undo-store.ts';
import { errorInfo } from '../engine/run.ts';
import type { ErrorInfo } from '../core/event.ts';
import { openSessions } from './sessions.ts';
import { loadSettings } from './settings.ts';
import { undoSettings } from '../host/undo/undo-settings.ts';

/** Which steps: one by its number, all of a run (id, prefix of one, or `last`), or the last one not taken back. */
export interface UndoChoice {
  step?: number;
  run?: string;
}

/** A step as it is listed. */
export interface ListedStep extends Step {
  /** Undefined when its snapshots were pruned. */
  changes: UndoChange[] | undefined;
}

/** What `undo --list` shows. */
export interface UndoList {
  session: string;
  root: string;
  steps: ListedStep[];
  /** What the newest step came upon and did not record. */
  notCovered: Remark[];
  exclude: readonly string[];
  maxFileBytes: number;
}

/** What an undo did, or would do. */
export interface UndoReport {
  session: string;
  dryRun: boolean;
  /** Numbers of the steps taken back; empty when it was refused. */
  undone: number[];
  changes: UndoChange[];
  conflicts: Remark[];
  notCovered: Remark[];
  kept: Remark[];
  error: ErrorInfo | null;
}

/** The steps of a session and the store they lie in. */
export interface UndoDesk {
  session: SessionInfo;
  list(): Promise<UndoList>;
  /** @throws CopilotError when there is no such step or nothing to take back (exit 1), or the disk fails (exit 7). */
  undo(choice: UndoChoice, options?: { force?: boolean; dryRun?: boolean }): Promise<UndoReport>;
  close(): Promise<void>;
}

const nothing = (message: string, hint?: string): CopilotError =>
  new CopilotError(message, { code: 'E_UNDO_NOTHING', exitCode: exitCodes.notAchieved, hint });

const listHint = 'See "llm-copilot undo --list".';

/** The named session, or the newest of this folder that changed something. */
const findSession = (store: SessionStore, cwd: string, id: string | undefined): SessionInfo => {
  if (id !== undefined) return store.find(id);
  const here = store.list({ root: realpathSync(cwd) });
  const [newest] = here;
  if (!newest) throw nothing('Nothing to undo: there is no session of this folder.', 'Name one with --session.');
  return here.find((info) => stepsOf(store.read(info.id)).length > 0) ?? newest;
};

/** The run and all it delegated to. */
const familyOf = (log: readonly Recorded[], run: string): Set<string> => {
  const family = new Set([run]);
  for (const event of log)
    if (event.type === 'run.started' && event.parent !== undefined && family.has(event.parent)) family.add(event.run);
  return family;
};

const runNamed = (log: readonly Recorded[], steps: readonly Step[], name: string): string => {
  const own = steps.filter((step) => step.undoes === undefined);
  if (name === 'last') {
    const tops = log.flatMap((event) =>
      event.type === 'run.started' && event.parent === undefined ? [event.run] : [],
    );
    const last = tops.findLast((top) => {
      const family = familyOf(log, top);
      return own.some((step) => family.has(step.run));
    });
    if (last === undefined) throw nothing('Nothing to undo: no run of this session changed anything.');
    return last;
  }
  const runs = [...new Set([...log.map((event) => event.run), ...own.map((step) => step.run)])];
  const found = name === '' ? [] : runs.filter((run) => run.startsWith(name));
  const [only] = found;
  if (only === undefined || found.length > 1)
    throw usageError(
      only === undefined ? `There is no run "${name}" in this session.` : `${found.length} runs begin with ${name}.`,
      listHint,
    );
  return only;
};

/** Newest first. */
const choose = (log: readonly Recorded[], steps: readonly Step[], choice: UndoChoice): Step[] => {
  if (choice.step !== undefined) {
    const step = steps[choice.step - 1];
    if (!step) throw usageError(`There is no step ${choice.step}; there are ${steps.length}.`, listHint);
    if (step.undone) {
      const by = steps.findLast((one) => one.undoes?.includes(step.id) && !one.undone);
      throw nothing(
        `Step ${step.number} is taken back already${by ? `, by step ${by.number}` : ''}.`,
        by && `"llm-copilot undo ${by.number}" brings it back.`,
      );
    }
    return [step];
  }
  const open = steps.filter((step) => !step.undone && step.undoes === undefined);
  if (choice.run === undefined) {
    const last = open.at(-1);
    if (!last) throw nothing('Nothing to undo: no step is left that changed anything.', listHint);
    return [last];
  }
  const family = familyOf(log, runNamed(log, steps, choice.run));
  const chosen = open.filter((step) => family.has(step.run)).toReversed();
  if (chosen.length === 0) throw nothing('Nothing to undo: that run changed nothing that is not taken back.', listHint);
  return chosen;
};

/** A conflict says which later step is behind it. */
const attributed = async (
  conflicts: readonly Remark[],
  chosen: readonly Step[],
  steps: readonly Step[],
  undo: UndoStore,
): Promise<Remark[]> => {
  const oldest = Math.min(...chosen.map((step) => step.number));
  const later = steps.filter((step) => step.number > oldest && !step.undone && !chosen.includes(step) && step.after);
  const changed: { number: number; paths: Set<string> }[] = [];
  for (const { number, before, after } of later.toReversed()) {
    if (after === undefined || !undo.has(before) || !undo.has(after)) continue;
    const paths = (await undo.changes(before, after)).map((change) => change.path);
    changed.push({ number, paths: new Set(paths) });
  }
  return conflicts.map(({ path, why }) => {
    const by = changed.find(({ paths }) => paths.has(path));
    return { path, why: by ? `${why}, by step ${by.number}` : why };
  });
};

const refusal = (conflicts: readonly Remark[]): CopilotError =>
  new CopilotError(
    `${conflicts.length === 1 ? 'A path was' : `${conflicts.length} paths were`} changed since; nothing was restored.`,
    {
      code: 'E_UNDO_CONFLICT',
      exitCode: exitCodes.notAchieved,
      hint: 'Take back the later steps first, or overwrite with --force (which can be undone).',
    },
  );

/**
 * Opens the undo of a session: that with the given id (or prefix), or the newest of `cwd` that changed something.
 * @throws CopilotError when there is none (exit 1 or 2), or its workspace is gone.
 */
export const openUndo = async (env: Env, cwd: string, sessionId?: string): Promise<UndoDesk> => {
  const store = openSessions(env);
  try {
    const session = findSession(store, cwd, sessionId);
    if (!existsSync(session.root))
      throw usageError(`The workspace ${session.root} is gone.`, 'Make the folder again; undo then fills it.');
    const settings = undoSettings((await loadSettings(env, session.root)).value);
    const undo = openUndoStore({ root: session.root, dataDir: dataDir(env), ...settings });

    const list = async (): Promise<UndoList> => {
      const steps = stepsOf(store.read(session.id));
      const listed: ListedStep[] = [];
      for (const step of steps) {
        const { before, after } = step;
        const isThere = undo.has(before) && (after === undefined || undo.has(after));
        const changes = isThere && after !== undefined ? await undo.changes(before, after) : isThere ? [] : undefined;
        listed.push({ ...step, changes });
      }
      const newest = steps.findLast((step) => step.paths === undefined && undo.has(step.after ?? step.before));
      const notCovered = newest ? await undo.skipped(newest.after ?? newest.before) : [];
      const { exclude, maxFileBytes } = settings;
      return { session: session.id, root: session.root, steps: listed, notCovered, exclude, maxFileBytes };
    };

    const carryOut = async (plan: RestorePlan, chosen: readonly Step[], before: string, paths?: string[]) => {
      const id = randomUUID();
      const common = { run: id, callId: id, ...(paths ? { paths } : {}) };
      // First of all: whatever happens from here on can be taken back.
      store.append(session.id, { type: 'snapshot.taken', ...common, when: 'before', snapshot: before });
      const end = async (): Promise<string> => (await undo.now([{ before, ...(paths ? { paths } : {}) }])).snapshot;
      try {
        await undo.restore(plan);
      } catch (error) {
        const snapshot = await end().catch(() => undefined);
        if (snapshot !== undefined)
          store.append(session.id, { type: 'snapshot.taken', ...common, when: 'after', snapshot });
        throw error;
      }
      const after = await end();
      store.appendAll(session.id, [
        { type: 'snapshot.taken', ...common, when: 'after', snapshot: after },
        { type: 'undo.applied', run: id, callId: id, undone: chosen.map((step) => step.id) },
      ]);
      return undo.missed(plan, after);
    };

    return {
      session,
      list,
      undo: async (choice, { force = false, dryRun = false } = {}) => {
        const log = [...store.read(session.id)];
        const steps = stepsOf(log);
        const chosen = choose(log, steps, choice);
        const ranges = chosen.map(({ before, after, paths }) => ({ before, after, paths }));
        const { snapshot, paths } = await undo.now(ranges);
        const plan = await undo.plan(ranges, snapshot, { force });
        const { changes, notCovered, kept } = plan;
        const common = { session: session.id, dryRun, changes, notCovered, kept };
        const conflicts = await attributed(plan.conflicts, chosen, steps, undo);
        if (conflicts.length > 0 && !force)
          return { ...common, undone: [], conflicts, error: errorInfo(refusal(conflicts)) };
        const undone = chosen.map((step) => step.number);
        if (dryRun) return { ...common, undone, conflicts, error: null };
        const missed = await carryOut(plan, chosen, snapshot, paths);
        if (missed.length === 0) return { ...common, undone, conflicts, error: null };
        const error = { code: 'E_UNDO', message: `${missed.length} paths are not as they should be.`, hint: listHint };
        return { ...common, undone, conflicts: missed, error };
      },
      close: async () => {
        await undo.close();
        store.close();
      },
    };
  } catch (error) {
    store.close();
    throw error;
  }
};

/** Forgets old snapshots of the workspace in `cwd`. Undefined: another process uses them. @throws CopilotError exit 7. */
export const pruneUndo = async (
  env: Env,
  cwd: string,
  limits: { keepDays?: number; maxBytes?: number },
): Promise<Pruned | undefined> => {
  const root = realpathSync(cwd);
  const settings = undoSettings((await loadSettings(env, root)).value);
  const undo = openUndoStore({ root, dataDir: dataDir(env), ...settings });
  try {
    return await undo.prune({
      keepDays: limits.keepDays ?? settings.keep.days,
      maxBytes: limits.maxBytes ?? settings.keep.bytes,
    });
  } finally {
    await undo.close();
  }
};
