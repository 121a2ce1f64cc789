const brand = Symbol.for('llm-copilot.CopilotError');

/** Process exit codes. Numbers are a public contract and are never changed or reused. */
export const exitCodes = {
  done: 0,
  notAchieved: 1,
  usage: 2,
  config: 3,
  permission: 4,
  limit: 5,
  provider: 6,
  sandbox: 7,
  peer: 8,
  bug: 70,
  interrupted: 130,
} as const;

/** One of the numbers in {@link exitCodes}. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What a {@link CopilotError} carries besides its message. */
export interface ErrorDetails {
  /** Stable machine-readable name, `E_…`; documented, never reused for another meaning. */
  code: string;
  exitCode: ExitCode;
  /** What the human should do next; one line. */
  hint?: string | undefined;
  cause?: unknown;
}

/** An error the human must act on: fixed exit code, stable code, and a hint. */
export class CopilotError extends Error {
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;

  constructor(message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'CopilotError';
    this.code = details.code;
    this.exitCode = details.exitCode;
    this.hint = details.hint;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** True for a {@link CopilotError} of any copy of this package (brand, not `instanceof`). */
export const isCopilotError = (error: unknown): error is CopilotError =>
  typeof error === 'object' && error !== null && brand in error;

/** The command line was wrong: exit 2. */
export const usageError = (message: string, hint?: string): CopilotError =>
  new CopilotError(message, { code: 'E_USAGE', exitCode: exitCodes.usage, hint });

/** Configuration or credentials were wrong: exit 3. */
export const configError = (message: string, hint?: string, cause?: unknown): CopilotError =>
  new CopilotError(message, { code: 'E_CONFIG', exitCode: exitCodes.config, hint, cause });

/** Something is not allowed: exit 4. */
export const permissionError = (message: string, hint?: string): CopilotError =>
  new CopilotError(message, { code: 'E_PERMISSION', exitCode: exitCodes.permission, hint });

/** A limit on time, turns, tokens or money was reached: exit 5. */
export const limitError = (message: string, hint?: string): CopilotError =>
  new CopilotError(message, { code: 'E_LIMIT', exitCode: exitCodes.limit, hint });

/** The user or the system asked us to stop: exit 130. */
export const interruptedError = (message = 'Interrupted.'): CopilotError =>
  new CopilotError(message, { code: 'E_INTERRUPTED', exitCode: exitCodes.interrupted });

/** The message of anything thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
