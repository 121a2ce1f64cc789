import type { Detected } from '../../../core/finding.ts';
import type { ReviewRule } from '../rule.ts';
import { detected, freshMatches } from './detected.ts';

/** Work that is put off. */
export const todoAdded: ReviewRule = {
  name: 'todo-added',
  severity: 'low',
  claim: 'A remark says that something is still to be done.',
  cost: 'text',
  isOptional: true,
  *look({ files }): Generator<Detected> {
    for (const file of files) {
      if (!file.language) continue;
      for (const { at, match } of freshMatches(
        file,
        /(?:\/\/|#|\/\*|^\s*\*|<!--).*?\b(TODO|FIXME|XXX|HACK)\b.*/g,
        'text',
      ))
        // In a string it is no remark.
        if (
          !at.code.includes(match[1] ?? '') &&
          at.code.trim().length < at.text.trim().length &&
          !/[\u00b7]/.test(at.code.slice(match.index))
        )
          yield detected(this, file.path, at, { message: `A ${match[1] ?? 'TODO'} was added.`, confidence: 'high' });
    }
  },
};
