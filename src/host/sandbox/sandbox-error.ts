import { CopilotError, exitCodes } from '../../base/errors.ts';

/** A sandbox that cannot be started, or cannot do what was asked for: exit 7. */
export const sandboxError = (message: string, hint?: string, cause?: unknown): CopilotError =>
  new CopilotError(message, { code: 'E_SANDBOX', exitCode: exitCodes.sandbox, hint, cause });
