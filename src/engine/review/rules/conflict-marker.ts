import type { DiffLine } from '../../../core/diff.ts';
import type { ReviewRule } from '../rule.ts';
import { filler } from './code-mask.ts';
import { detected } from './detected.ts';
import { placeOf } from './file-place.ts';

const begin = /^<{7}(?: |$)/;
const marker = /^(?:<{7}(?: .*)?|>{7}(?: .*)?|\|{7}(?: .*)?|={7})$/;
const end = /^>{7}(?: |$)/;

/** Lines of a merge that nobody finished. */
export const conflictMarker: ReviewRule = {
  name: 'conflict-marker',
  severity: 'critical',
  claim: 'A line that git wrote for a conflict was left in the file.',
  cost: 'text',
  *look({ diff, files }) {
    const code = new Map(files.map((file) => [file.path, file]));
    for (const file of diff.files) {
      const place = placeOf(file.path);
      if (place === 'fixture' || file.content !== 'text') continue;
      const lines = file.hunks.flatMap((hunk) => hunk.lines).filter((line) => line.kind !== 'deleted');
      const plain = (line: DiffLine): string => line.text.replace(/\r$/, '');
      // Five or more of one sign are also how headings are underlined.
      if (!lines.some((line) => line.kind === 'added' && (begin.test(plain(line)) || end.test(plain(line))))) continue;
      const known = code.get(file.path);
      let isFenced = false;
      for (const line of lines) {
        const text = plain(line);
        if (place === 'doc' && /^\s*(?:```|~~~)/.test(text)) isFenced = !isFenced;
        if (line.kind !== 'added' || isFenced || !marker.test(text)) continue;
        const masked = known?.language ? (known.afterCode[(line.newLine ?? 0) - 1] ?? '') : '';
        if (masked.startsWith(filler)) continue;
        yield detected(
          this,
          file.path,
          { line: line.newLine ?? 0, text },
          {
            message: 'A conflict marker of git stands in the file: the merge is not finished.',
            suggestion: { text: 'Choose one side, or join both, and remove the marker lines.' },
          },
        );
      }
    }
  },
};
