import { CopilotError, exitCodes, messageOf } from '../../base/errors.ts';

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** True for what SQLite says of a file that is no longer as it wrote it; of its indexes of words it says so in words. */
export const isDamage = (error: unknown): boolean =>
  /^SQLITE_(?:CORRUPT|NOTADB)/.test(codeOf(error)) ||
  (codeOf(error) === 'SQLITE_ERROR' && /fts5|malformed|no such table/.test(messageOf(error)));

const hintFor = (cause: unknown, path: string): string => {
  const code = codeOf(cause);
  if (code.startsWith('SQLITE_BUSY'))
    return 'Another program holds it for long: wait for it or end it, then try again. Nothing remembered was lost.';
  if (code.startsWith('SQLITE_FULL')) return 'Make room on the disk; nothing remembered before was lost.';
  if (code.startsWith('SQLITE_IOERR'))
    return 'Check that the disk has room and is in order; what was remembered before is left as it is.';
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_CANTOPEN'))
    return `Check that ${path} can be written, or set LLM_COPILOT_DATA_DIR.`;
  return `Run "llm-copilot memory verify" to see what can still be read; the file is ${path} and is left as it is.`;
};

/** What is said when the memory's database refuses: exit 3. */
export const memoryError = (path: string, what: string, cause: unknown): CopilotError => {
  // What opening it said has its own advice where that is exact: another Node, a newer version.
  const inner = cause instanceof CopilotError && cause.cause !== undefined ? cause.cause : cause;
  const own = cause instanceof CopilotError && codeOf(inner) === 'ERR_DLOPEN_FAILED' ? cause.hint : undefined;
  return new CopilotError(`${what}: ${messageOf(inner).split('\n', 1)[0] ?? ''}`, {
    code: 'E_MEMORY',
    exitCode: exitCodes.config,
    hint: own ?? hintFor(inner, path),
    cause,
  });
};
