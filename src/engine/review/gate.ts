import { findingSeverities } from '../../core/finding.ts';
import { isOfModel, isOpen, type Gate, type ReviewedFinding } from './report.ts';

/** Levels a gate can be set to. */
export const gates: readonly Gate[] = [...findingSeverities, 'never'];

/** True when the finding alone makes a review fail. What a model is not sure of never does. */
export const isOverGate = (finding: ReviewedFinding, gate: Gate, newOnly = false): boolean => {
  if (gate === 'never' || !isOpen(finding) || (newOnly && finding.state !== 'new')) return false;
  if (isOfModel(finding) && finding.confidence === 'low') return false;
  return findingSeverities.indexOf(finding.severity) <= findingSeverities.indexOf(gate);
};
