import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { usageError } from '../base/errors.ts';
import { defaults } from '../core/config.ts';
import type { LogReport, SessionPrune } from '../core/session.ts';
import { auditLog, type AuditLog } from '../host/log/audit.ts';
import { csvHead, csvLine } from '../host/log/audit-csv.ts';
import { writeWhole } from '../host/log/audit-file.ts';
import { auditKey, fingerprint, ownPublicKey } from '../host/log/audit-key.ts';
import { checkExport, signExport, type Signature } from '../host/log/audit-signature.ts';
import { retentionDaysIn } from '../host/log/audit-retention.ts';
import { loadConfig } from '../host/config/config.ts';
import { toRecorded } from '../host/log/event-log.ts';
import { dataDir, type Env } from '../host/paths.ts';
import { journal } from './journal.ts';
import { openSessions, sessionsPath } from './sessions.ts';

const dayMs = 24 * 60 * 60 * 1000;
const chunkChars = 64 * 1024;

/** Uses the event log as a whole. @throws CopilotError `E_DATABASE`, exit 3. */
export const withAuditLog = async <T>(env: Env, use: (log: AuditLog) => T | Promise<T>): Promise<T> => {
  const log = auditLog(sessionsPath(env));
  try {
    return await use(log);
  } finally {
    log.close();
  }
};

/** Checks the whole log; with a hash noted elsewhere also that this head is still in it. */
export const verifyAudit = (env: Env, notedHead?: string): Promise<LogReport> =>
  withAuditLog(env, (log) => {
    const report = log.verify();
    if (report.problem || notedHead === undefined || log.headWith(notedHead)) return report;
    return { ...report, problem: { problem: `the head ${notedHead} is not in it: the log was written anew or cut` } };
  });

/** What is said of a signed export. */
export interface ExportCheck {
  events: number;
  /** Milliseconds since the epoch. */
  signedAt: number;
  fingerprint: string;
  /** The key is that of this data folder. */
  isOwnKey: boolean;
  /** Number of its head in the log here; null when it is not in it. */
  head: number | null;
  problem: string | null;
}

/** Checks the signature of an export. @throws CopilotError exit 2 when it has none, exit 3 when it cannot be read. */
export const verifyExport = async (env: Env, path: string, expected?: string): Promise<ExportCheck> => {
  const { signature, problem } = checkExport(path);
  const { head, events, at: signedAt, publicKey } = signature;
  const signer = fingerprint(publicKey);
  // Who only checks a file need not have a log.
  const found =
    head !== null && existsSync(sessionsPath(env)) ? await withAuditLog(env, (log) => log.headWith(head)) : undefined;
  const isExpected = expected === undefined || expected === signer;
  return {
    events,
    signedAt,
    fingerprint: signer,
    isOwnKey: publicKey === ownPublicKey(dataDir(env)),
    head: found?.n ?? null,
    problem: problem ?? (isExpected ? null : `it was signed by ${signer}, not by ${expected}`),
  };
};

/** What to export, and how. */
export interface ExportRequest {
  /** Milliseconds since the epoch; `beforeMs` itself is left out. */
  fromMs?: number;
  beforeMs?: number;
  /** Id or unique prefix; only its own events, not those it was forked from. */
  session?: string;
  format: 'jsonl' | 'csv';
  sign: boolean;
}

/** What was exported. */
export interface Exported {
  events: number;
  signature?: Signature;
  /** Fingerprint of the key, when it was signed. */
  signedBy?: string;
}

const lineIn = { jsonl: (event: object): string => `${JSON.stringify(event)}\n`, csv: csvLine };

/**
 * Hands the chosen events to `put`, some lines at a time, and records that. A signature is the last line of JSON; for CSV it is
 * only returned.
 * @throws CopilotError exit 3
 */
export const exportAudit = (
  env: Env,
  request: ExportRequest,
  put: (text: string) => void | Promise<void>,
): Promise<Exported> =>
  withAuditLog(env, async (log) => {
    const { format, session, sign, ...times } = request;
    const sessions = session === undefined ? undefined : [findSession(env, session)];
    const { count, rows } = log.select({ ...times, ...(sessions ? { sessions } : {}) });
    const key = sign ? auditKey(dataDir(env)) : undefined;
    journal(env, dataDir(env), 'audit export', [
      { type: 'data.exported', what: `audit log as ${format}${sign ? ', signed' : ''}`, events: count },
    ]);
    // Recording it wrote a head that names everything chosen.
    const head = log.lastHead()?.hash ?? null;
    const hash = createHash('sha256');
    let events = 0;
    let pending = format === 'csv' ? csvHead : '';
    const flush = async (): Promise<void> => {
      hash.update(pending);
      await put(pending);
      pending = '';
    };
    for (const row of rows()) {
      pending += lineIn[format](toRecorded(row));
      events += 1;
      if (pending.length > chunkChars) await flush();
    }
    await flush();
    if (!key) return { events };
    const signature = signExport(key, { events, sha256: hash.digest('hex'), head, at: Date.now() });
    if (format === 'jsonl') await put(`${JSON.stringify(signature)}\n`);
    return { events, signature, signedBy: fingerprint(key.publicKey) };
  });

const findSession = (env: Env, id: string): string => {
  const store = openSessions(env);
  try {
    return store.find(id).id;
  } finally {
    store.close();
  }
};

/** The same into a file, which is there only when it is whole; a signature of CSV goes beside it. @throws CopilotError exit 3 */
export const exportAuditTo = async (env: Env, request: ExportRequest, path: string): Promise<Exported> => {
  const done = await writeWhole(path, (put) => exportAudit(env, request, put));
  const { signature } = done;
  if (signature && request.format === 'csv')
    await writeWhole(`${path}.sig`, async (put) => put(`${JSON.stringify(signature)}\n`));
  return done;
};

/** Deletes old sessions, journals included; after as many days as the configuration says when none are given. */
export const pruneAudit = async (
  env: Env,
  root: string,
  options: { olderThanDays?: number; dryRun?: boolean } = {},
): Promise<SessionPrune & { olderThanDays: number }> => {
  // Read as if nobody trusted the folder, so that only the user's own files count.
  const olderThanDays =
    options.olderThanDays ?? retentionDaysIn(await loadConfig(env, root)) ?? defaults.audit.retentionDays;
  const { dryRun = false } = options;
  const store = openSessions(env);
  try {
    const pruned = store.prune({ olderThanDays, dryRun });
    if (!dryRun && pruned.deleted.length > 0)
      journal(env, dataDir(env), 'audit prune', [
        { type: 'data.erased', what: 'old sessions', sessions: pruned.deleted.length, why: 'retention' },
      ]);
    return { ...pruned, olderThanDays };
  } finally {
    store.close();
  }
};

const day = /^\d{4}-\d{2}-\d{2}$/;
const dateTime = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?$/;

/**
 * A day or a date with a time, in UTC when no zone is given; as the end of a range it is the first moment after it.
 * Milliseconds since the epoch. @throws CopilotError exit 2
 */
export const parseDate = (word: string, flag: string, end = false): number => {
  const [, dated, zone] = dateTime.exec(word) ?? [];
  const isDay = day.test(word);
  const date = isDay ? word : dated;
  const midnight = date === undefined ? NaN : Date.parse(date);
  const time = isDay || zone !== undefined ? Date.parse(word) : Date.parse(`${word}Z`);
  // The engine takes the 30th of February for the 2nd of March.
  if (Number.isNaN(midnight) || Number.isNaN(time) || new Date(midnight).toISOString().slice(0, 10) !== date)
    throw usageError(`${flag} "${word}" is no date.`, 'Such as 2026-11-27 or 2026-11-27T09:30Z.');
  return time + (end ? (isDay ? dayMs : 1) : 0);
};
