import { CopilotError, exitCodes, messageOf } from '../../base/errors.ts';

const vaultError =
  (code: string) =>
  (message: string, hint?: string, cause?: unknown): CopilotError =>
    new CopilotError(message, { code, exitCode: exitCodes.config, hint, cause });

/** No key, or not the right one: exit 3. */
export const keyError = vaultError('E_VAULT_KEY');

/** The vault cannot be read or written, or another process has it: exit 3. */
export const placeError = vaultError('E_VAULT');

/** The vault is not as it was written: exit 3. */
export const damagedError = (path: string, what: string, cause?: unknown): CopilotError =>
  vaultError('E_VAULT_DAMAGED')(
    `The vault ${path} is damaged or was tampered with: ${what}. Nothing was taken from it.`,
    'Bring back a copy of the file, or move it away and set the secrets anew.',
    cause,
  );

/** The vault's folder or file refuses. */
export const unwritable = (path: string, cause: unknown): CopilotError =>
  placeError(
    `The vault ${path} cannot be written: ${messageOf(cause)}`,
    'Check that the data folder is writable and has room, or set LLM_COPILOT_DATA_DIR.',
    cause,
  );
