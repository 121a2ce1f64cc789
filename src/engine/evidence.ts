import type { Check, CheckName, CheckRun, Claim, ClaimKind, JudgedClaim } from '../core/evidence.ts';
import type { Recorded } from '../core/event.ts';
import type { Effect } from '../core/policy.ts';

export { claimsOf, withoutClaimsBlock } from './claims.ts';

/** A shell call that ended, and whether anything that could change the workspace was allowed after it. */
interface ShellRun {
  command: string;
  exitCode: number;
  callId: string;
  followed: boolean;
}

const deciding: Readonly<Record<Exclude<ClaimKind, 'other'>, CheckName>> = {
  tests_pass: 'test',
  build_passes: 'build',
  lint_passes: 'lint',
};

/** The check that decides a kind of claim; undefined when none does. */
export const checkOf = (kind: JudgedClaim['kind']): CheckName | undefined =>
  (deciding as Readonly<Partial<Record<string, CheckName>>>)[kind];

/**
 * Holds claims against what the log shows. A claim is verified only by a run of its check that exited 0 on exactly the final
 * state of the workspace, and contradicted by a newer failure there – or, when the check never ran there, by a failed shell call
 * of the same command that nothing followed. `checks` are those the workspace has; they make the reasons more exact.
 */
export const judge = (
  log: Iterable<Recorded>,
  claims: readonly Claim[],
  finalDigest: string | null,
  checks?: readonly Check[],
): JudgedClaim[] => {
  if (claims.length === 0) return [];
  const { runs, shells } = gather(log);
  return claims.map((claim) => {
    if (claim.kind === 'other') return { ...claim, verdict: 'unverified', evidence: 'No check decides this.' };
    const name = deciding[claim.kind];
    const check = checks?.find((one) => one.name === name);
    // A run of a command that is no longer the check's says nothing.
    const own = runs.filter((run) => run.check === name && (check === undefined || run.command === check.command));
    return { ...claim, ...verdictOn(name, own, shells, finalDigest, check, checks !== undefined) };
  });
};

type Judgement = Pick<JudgedClaim, 'verdict' | 'evidence'>;

const verdictOn = (
  name: CheckName,
  runs: readonly CheckRun[],
  shells: ReadonlyMap<string, ShellRun>,
  finalDigest: string | null,
  check: Check | undefined,
  checksKnown: boolean,
): Judgement => {
  const now = runs.filter((run) => run.tree === 'now');
  const final = now.filter((run) => finalDigest !== null && run.digest === finalDigest).at(-1);
  if (final) {
    const evidence = `${ending(final)} on the final state of the workspace${naming(final)}.`;
    return { verdict: passed(final) ? 'verified' : 'contradicted', evidence };
  }
  const command = (check ?? runs.at(-1))?.command;
  const shell = command === undefined ? undefined : shells.get(command.trim());
  if (shell && shell.exitCode !== 0 && !shell.followed) {
    const evidence = `\`${shell.command}\` exited ${shell.exitCode} in the last shell call of it, and nothing that could change that followed.`;
    return { verdict: 'contradicted', evidence };
  }
  return { verdict: 'unverified', evidence: reason(name, now, runs, shell, finalDigest, command, checksKnown) };
};

const reason = (
  name: CheckName,
  now: readonly CheckRun[],
  runs: readonly CheckRun[],
  shell: ShellRun | undefined,
  finalDigest: string | null,
  command: string | undefined,
  checksKnown: boolean,
): string => {
  const last = now.at(-1);
  if (last && finalDigest === null)
    return `${ending(last)}, but the final state of the workspace could not be recorded.`;
  if (last?.digest === null) return `${ending(last)}, but the state of the workspace it ran on could not be recorded.`;
  if (last) return `${ending(last)}, but on another state of the workspace than the final one.`;
  if (shell)
    return `\`${shell.command}\` exited ${shell.exitCode} in a shell call, which does not record the state of the workspace; the ${name} check was not run.`;
  if (runs.length > 0) return `\`${command ?? name}\` ran only on the workspace as it was at the start.`;
  if (command !== undefined) return `The ${name} check \`${command}\` was never run.`;
  return checksKnown ? `No ${name} check is configured or was found.` : `No run of a ${name} check is in the log.`;
};

const passed = (run: CheckRun): boolean => run.exitCode === 0 && !run.timedOut;

const ending = (run: CheckRun): string => {
  if (run.timedOut) return `\`${run.command}\` was stopped at its time limit (exit code ${run.exitCode ?? 'none'})`;
  return run.exitCode === null
    ? `\`${run.command}\` was ended before it exited`
    : `\`${run.command}\` exited ${run.exitCode}`;
};

const namedTests = 3;

const naming = (run: CheckRun): string => {
  const failing = passed(run) ? [] : (run.failing ?? []);
  if (failing.length === 0) return '';
  const rest = failing.length - namedTests;
  return `; failing: ${failing.slice(0, namedTests).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
};

/** The check runs in their order, and the newest shell call of each command. */
const gather = (log: Iterable<Recorded>): { runs: CheckRun[]; shells: Map<string, ShellRun> } => {
  const runs: CheckRun[] = [];
  const shells = new Map<string, ShellRun>();
  for (const event of log) {
    const acted = event.type === 'tool.decided' && event.verdict === 'allow' && event.effects.some(changes);
    if (acted || event.type === 'undo.applied') {
      for (const shell of shells.values()) if (shell.callId !== event.callId) shell.followed = true;
    }
    if (event.type !== 'tool.finished' || typeof event.data !== 'object' || event.data === null) continue;
    if (event.tool === 'check' && isCheckRun(event.data)) runs.push(event.data);
    if (event.tool !== 'shell') continue;
    const { command, exitCode } = event.data as { command?: unknown; exitCode?: unknown };
    if (typeof command !== 'string' || typeof exitCode !== 'number') continue;
    shells.set(command.trim(), { command: command.trim(), exitCode, callId: event.callId, followed: false });
  }
  return { runs, shells };
};

const changes = (effect: Effect): boolean =>
  effect.kind === 'write' || (effect.kind === 'exec' && effect.reach !== 'listed');

const isCheckRun = (data: object): data is CheckRun =>
  'check' in data &&
  'command' in data &&
  'exitCode' in data &&
  'digest' in data &&
  'tree' in data &&
  'timedOut' in data;

/**
 * Whether a check fails only where it failed before: true only when both runs named their failing tests, the earlier one failed
 * too, and no test fails that did not. A run that failed, or timed out, without naming a test proves nothing.
 */
export const noWorse = (before: CheckRun, after: CheckRun): boolean => {
  if (before.check !== after.check || before.command !== after.command) return false;
  if (before.failing === null || after.failing === null || passed(before) || after.timedOut) return false;
  if (after.exitCode !== 0 && after.failing.length === 0) return false;
  const known = new Set(before.failing);
  return after.failing.every((test) => known.has(test));
};
