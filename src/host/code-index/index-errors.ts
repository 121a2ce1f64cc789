import { CopilotError, exitCodes, isCopilotError, messageOf } from '../../base/errors.ts';

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** What happened below our own words. */
const rootOf = (error: unknown): unknown => (isCopilotError(error) && error.cause !== undefined ? error.cause : error);

// https://www.sqlite.org/rescode.html (read 2026-11-27). A broken constraint means that something else wrote there.
const damage =
  /^SQLITE_(?:CORRUPT|NOTADB|FORMAT|MISMATCH|CONSTRAINT|READONLY_DBMOVED|IOERR_SHORT_READ|IOERR_CORRUPTFS)/;
/** Ordinary errors that are ours: our questions are fixed texts, so every other one says that a table is not as we made it. */
const ours = /^fts5: syntax error|^fts5: parser|^cannot (?:start|commit|rollback)\b|too many/;

/** True when the index itself is at fault, so that making it anew helps. */
export const isDamage = (error: unknown): boolean => {
  const root = rootOf(error);
  return damage.test(codeOf(root)) || (codeOf(root) === 'SQLITE_ERROR' && !ours.test(messageOf(root)));
};

/** True when a database could not be opened for a reason that a new file would not share. */
export const isOpenable = (error: unknown): boolean =>
  isDamage(error) || (isCopilotError(error) && codeOf(rootOf(error)) === '');

const hintOf = (code: string): string | undefined => {
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
    return 'Another program holds the index for long: wait for it or end it, then try again.';
  if (code === 'SQLITE_FULL' || code === 'ENOSPC' || code === 'EDQUOT')
    return 'The disk is full: make room, then try again. What was indexed until now is kept.';
  if (/^SQLITE_(?:READONLY|CANTOPEN|PERM|AUTH)|^E(?:ACCES|PERM|ROFS|NOTDIR|ISDIR)$/.test(code))
    return 'Check that the data folder can be written (llm-copilot doctor), or set LLM_COPILOT_DATA_DIR.';
  if (code.startsWith('SQLITE_')) return 'Check the disk, or delete the file: it is made anew from the repository.';
  return undefined;
};

/** An error of the database in our words, `E_INDEX`, exit 3; any other stays what it is. */
export const explained = (path: string, error: unknown): unknown => {
  const root = rootOf(error);
  const hint = hintOf(codeOf(root));
  if (hint === undefined) return error;
  return new CopilotError(`The index ${path} cannot be used: ${messageOf(root).split('\n', 1)[0] ?? ''}`, {
    code: 'E_INDEX',
    exitCode: exitCodes.config,
    hint,
    cause: root,
  });
};
