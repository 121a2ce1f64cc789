import type { Detected } from '../../../core/finding.ts';
import type { ReviewRule } from '../rule.ts';
import { nameOf } from './code-language.ts';
import { detected } from './detected.ts';
import { placeOf } from './file-place.ts';

/** Lines, and characters, of a new text that nobody reads. */
const manyLines = 5000;
const manyChars = 500_000;

const built =
  /\.(?:exe|dll|so(?:\.\d+)*|dylib|o|obj|a|lib|class|jar|war|ear|pyc|pyo|pyd|node|wasm|bin|dmg|msi|deb|rpm|apk|ipa|app|whl|egg|gem|nupkg|crx|xpi)$/i;
const archive = /\.(?:zip|tar|gz|tgz|bz2|xz|zst|7z|rar|iso|img)$/i;
const data =
  /\.(?:sqlite3?|db|mdb|dump|bak|parquet|h5|hdf5|npy|npz|pkl|pickle|pt|pth|onnx|ckpt|safetensors|psd|ai|sketch|mp4|mov|avi|mkv|wav|core|dmp|heapsnapshot|swp|swo)$/i;
const litter =
  /^(?:\.DS_Store|Thumbs\.db|desktop\.ini|npm-debug\.log.*|yarn-error\.log|.+\.(?:swp|swo|orig|rej|pyc)|\.coverage|core\.\d+)$/;

/** Files that make every clone larger, or that nobody meant to add. */
export const largeFile: ReviewRule = {
  name: 'large-file',
  severity: 'low',
  claim: 'A text that is too large to be read came in, or a file that editors and systems leave behind.',
  cost: 'text',
  *look({ diff, files }): Generator<Detected> {
    const texts = new Map(files.map((file) => [file.path, file.after]));
    for (const file of diff.files) {
      if (file.status !== 'added') continue;
      if (litter.test(nameOf(file.path)) || /(?:^|\/)(?:node_modules|__pycache__|\.venv|\.idea)\//.test(file.path)) {
        const place = placeOf(file.path);
        if (place !== 'fixture' && place !== 'test')
          yield detected(this, file.path, undefined, {
            severity: 'medium',
            message: 'This file is left behind by a program and says nothing of the project.',
            evidence: file.path,
            suggestion: { text: 'Take it out (`git rm --cached`) and name it in .gitignore.' },
          });
        continue;
      }
      if (file.content !== 'text' || file.made !== undefined) continue;
      const chars = texts.get(file.path)?.length ?? 0;
      if (file.added < manyLines && chars < manyChars && file.omitted === undefined) continue;
      yield detected(this, file.path, undefined, {
        message: `A new file of ${file.added} lines${chars > 0 ? ` (${Math.round(chars / 1000)} kB)` : ''}: it stays in every clone for ever.`,
        evidence: file.path,
        suggestion: { text: 'If it is data or made by a program, keep it elsewhere, or in Git LFS.' },
      });
    }
  },
};

/** Files of which no diff can be read. */
export const binaryFile: ReviewRule = {
  name: 'binary-file',
  severity: 'medium',
  claim: 'A program, archive or data file came in that nobody can review.',
  cost: 'text',
  *look({ diff }): Generator<Detected> {
    for (const file of diff.files) {
      if (file.content !== 'binary' || (file.status !== 'added' && file.status !== 'modified')) continue;
      const place = placeOf(file.path);
      if (place === 'fixture' || place === 'test' || place === 'doc') continue;
      const [kind, severity] = built.test(file.path)
        ? (['a built program', 'medium'] as const)
        : archive.test(file.path)
          ? (['an archive', 'medium'] as const)
          : data.test(file.path)
            ? (['a data file', 'low'] as const)
            : [];
      if (kind === undefined || nameOf(file.path) === 'bun.lockb' || /(?:gradle|maven)-wrapper\.jar$/.test(file.path))
        continue;
      yield detected(this, file.path, undefined, {
        severity: file.status === 'modified' ? 'low' : severity,
        message: `${nameOf(file.path)} is ${kind}: what is in it cannot be reviewed, and it stays in every clone.`,
        evidence: file.path,
        suggestion: { text: 'Build or fetch it when it is needed, with its hash compared; or keep it in Git LFS.' },
      });
    }
  },
};
