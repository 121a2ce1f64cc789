/**
 * What happened to a part of a request that a model cannot take as it is. Codes, severities and modes are those of
 * Specado's translator.
 *
 * - `Clamp`: a value was brought into the model's bounds. `Drop`: it was left out.
 * - `Emulate`: done another way, such as JSON by prompt. `Relocate`: it says the same at another place.
 * - `Conflict`: it excludes something else that stayed. `MapFallback`: it has another name or form now.
 * - `Unsupported`: it cannot be done at all. `PerformanceImpact`: it works, but slower or dearer.
 */
export type LossCode =
  'Clamp' | 'Drop' | 'Emulate' | 'Conflict' | 'Relocate' | 'Unsupported' | 'MapFallback' | 'PerformanceImpact';

/** How much a loss matters. */
export type Severity = 'info' | 'warning' | 'error' | 'critical';

/** Severities from the mildest to the worst. */
export const severities: readonly Severity[] = ['info', 'warning', 'error', 'critical'];

/** One thing that was lost. */
export interface Loss {
  code: LossCode;
  /** JSONPath into the request, such as `$.messages[3].content[0]`. */
  path: string;
  message: string;
  severity: Severity;
  /** What it was and what it became, where that is short. */
  before?: unknown;
  after?: unknown;
}

/**
 * How losses are taken. `strict` refuses a request that loses something of severity `error` or worse, the others only what
 * is `critical`; `warn` tells the user, `coerce` only the log.
 */
export type LossMode = 'strict' | 'warn' | 'coerce';

/** The worst severity of a list; undefined when nothing is lost. */
export const worstOf = (losses: readonly Loss[]): Severity | undefined =>
  severities.findLast((severity) => losses.some((loss) => loss.severity === severity));

/** The losses for which a mode refuses a request. */
export const refusedBy = (mode: LossMode, losses: readonly Loss[]): Loss[] =>
  losses.filter(({ severity }) => severity === 'critical' || (mode === 'strict' && severity === 'error'));
