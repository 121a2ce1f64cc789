import type { DiffLine, FileDiff, Hunk } from './diff.ts';
import { plainName, plainNames, sameName } from './diff-names.ts';
import { contentOfMode, rawRecord } from './raw-diff.ts';

/** How much of a diff is kept; of what is over it, lines are only counted. */
export interface DiffLimits {
  /** Changed lines of one file. */
  fileLines: number;
  /** Characters of one file's hunks, and of one line. */
  fileChars: number;
  /** Characters of all hunks together. */
  totalChars: number;
}

/** What a person or a model could still read of one file, and what memory easily holds of all. */
export const diffLimits: DiffLimits = { fileLines: 20_000, fileChars: 2_000_000, totalChars: 32_000_000 };

/** Reads a diff piece by piece. */
export interface DiffReader {
  push(text: string): void;
  /** The files, in the diff's order. */
  end(): FileDiff[];
}

const hunkHead = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$/s;
const pointerLine =
  /^(?:version https:\/\/git-lfs\.github\.com\/spec\/v1|ext-\d-\S+ \S+|oid sha256:[0-9a-f]{64}|size \d+)\r?$/;

/** Whether what a file's hunks show of it, after the change or before it, is a pointer of Git LFS. */
const isPointer = (file: FileDiff, gone: DiffLine['kind']): boolean => {
  const lines = file.hunks.flatMap((hunk) => hunk.lines).filter((line) => line.kind !== gone);
  return (
    lines.length > 0 &&
    lines.length <= 12 &&
    lines.every((line) => pointerLine.test(line.text)) &&
    lines.some((line) => line.text.startsWith('oid sha256:'))
  );
};

const withoutPrefix = (name: string): string => name.replace(/^[abciow12]\//, '');

/**
 * Reads `git diff --raw -z -p` (names, modes and ids come from its first part, whatever they contain), or a plain
 * unified diff. It needs as much memory as is kept, not as much as is read.
 */
export const diffReader = (limits: DiffLimits = diffLimits): DiffReader => {
  const files: FileDiff[] = [];
  /** Of the raw part, those whose patch is still to come are from `next` on. */
  let next = 0;
  const shown = new Set<FileDiff>();
  let phase: 'start' | 'raw' | 'patch' = 'start';
  let rest = '';
  let skipsLine = false;
  let wantedPaths = 0;
  let rawFile: FileDiff | undefined;

  let file: FileDiff | undefined;
  let isPlain = false;
  let hunk: Hunk | undefined;
  let oldLeft = 0;
  let newLeft = 0;
  let oldLine = 0;
  let newLine = 0;
  let fileChars = 0;
  let totalChars = 0;

  const seeField = (field: string): void => {
    if (wantedPaths > 0 && rawFile !== undefined) {
      if (wantedPaths === 2) rawFile.oldPath = field;
      else rawFile.path = field;
      wantedPaths -= 1;
      return;
    }
    const record = rawRecord(field);
    if (record === undefined) {
      phase = 'patch';
      return;
    }
    const { paths, ...told } = record;
    rawFile = told;
    wantedPaths = paths;
    files.push(told);
  };

  const begin = (found: FileDiff, plain: boolean): void => {
    file = found;
    isPlain = plain;
    hunk = undefined;
    fileChars = 0;
    shown.add(found);
  };

  const newFile = (path: string): FileDiff => {
    const made: FileDiff = { path, status: 'modified', content: 'text', hunks: [], added: 0, deleted: 0 };
    files.push(made);
    return made;
  };

  const beginGit = (rest: string): void => {
    const names = plainNames(rest);
    const isIt = (one: FileDiff): boolean => names === `a/${one.oldPath ?? one.path} b/${one.path}`;
    // The second half of a file that became something else.
    if (file?.status === 'retyped' && !isPlain && isIt(file)) {
      hunk = undefined;
      return;
    }
    // Files of which only the time of the last write changed have no patch.
    for (let at = next; at < files.length; at += 1) {
      const one = files[at];
      if (one === undefined || one.status === 'unmerged' || !isIt(one)) continue;
      next = at + 1;
      begin(one, false);
      return;
    }
    begin(newFile(sameName(names) ?? names), true);
    next = files.length;
  };

  const overLimit = (): void => {
    if (file === undefined || file.omitted !== undefined) return;
    file.omitted = 'too large';
    file.hunks = [];
    totalChars -= fileChars;
  };

  const seeHunkLine = (line: string, cut: boolean): boolean => {
    if (file === undefined) return false;
    const mark = line[0] ?? ' ';
    const kind =
      mark === '+' ? 'added' : mark === '-' ? 'deleted' : mark === ' ' || mark === '\r' ? 'context' : undefined;
    if (kind === undefined) return false;
    if (kind !== 'added') oldLeft -= 1;
    if (kind !== 'deleted') newLeft -= 1;
    if (kind === 'added') file.added += 1;
    if (kind === 'deleted') file.deleted += 1;
    fileChars += line.length;
    totalChars += file.omitted === undefined ? line.length : 0;
    const tooLarge = fileChars > limits.fileChars || file.added + file.deleted > limits.fileLines;
    if (cut || tooLarge || totalChars > limits.totalChars) overLimit();
    const text = mark === '\r' ? line : line.slice(1);
    if (file.omitted === undefined)
      hunk?.lines.push({
        kind,
        text,
        ...(kind === 'added' ? {} : { oldLine }),
        ...(kind === 'deleted' ? {} : { newLine }),
      });
    if (kind !== 'added') oldLine += 1;
    if (kind !== 'deleted') newLine += 1;
    return true;
  };

  const seeHead = (line: string): void => {
    const head = hunkHead.exec(line);
    if (head === null || file === undefined) return;
    const count = (text: string | undefined): number => (text === undefined ? 1 : Number(text));
    [oldLine, newLine] = [Number(head[1]), Number(head[3])];
    [oldLeft, newLeft] = [count(head[2]), count(head[4])];
    const section = (head[5] ?? '').trimEnd();
    hunk = { oldStart: oldLine, oldLines: oldLeft, newStart: newLine, newLines: newLeft, section, lines: [] };
    if (file.omitted === undefined) file.hunks.push(hunk);
  };

  /** Lines that tell of a file what else the raw part does. */
  const seeExtended = (line: string, one: FileDiff): void => {
    const after = (start: string): string | undefined =>
      line.startsWith(start) ? line.slice(start.length) : undefined;
    const oldMode = after('old mode ') ?? after('deleted file mode ');
    const newMode = after('new mode ') ?? after('new file mode ');
    const from = after('rename from ') ?? after('copy from ');
    const to = after('rename to ') ?? after('copy to ');
    const before = after('--- ');
    const path = after('+++ ');
    const index = /^index ([0-9a-f]+)\.\.([0-9a-f]+)(?: ([0-7]{6}))?$/.exec(line);
    if (oldMode !== undefined) one.oldMode = oldMode;
    if (newMode !== undefined) one.newMode = newMode;
    if (line.startsWith('new file mode')) one.status = 'added';
    if (line.startsWith('deleted file mode')) one.status = 'deleted';
    if (from !== undefined) {
      one.oldPath = plainName(from);
      one.status = line.startsWith('copy') ? 'copied' : 'renamed';
    }
    if (to !== undefined) one.path = plainName(to);
    if (index !== null) {
      const [, oldId = '', newId = '', mode] = index;
      if (mode !== undefined) [one.oldMode, one.newMode] = [mode, mode];
      if (/[^0]/.test(oldId)) one.oldId = oldId;
      if (/[^0]/.test(newId)) one.newId = newId;
    }
    if (before !== undefined) {
      if (before.startsWith('/dev/null')) one.status = 'added';
      else if (one.oldPath === undefined) one.path = withoutPrefix(plainName(before));
    }
    if (path !== undefined) {
      if (path.startsWith('/dev/null')) one.status = 'deleted';
      else one.path = withoutPrefix(plainName(path));
    }
    one.content = contentOfMode(one.newMode ?? one.oldMode);
  };

  const seeLine = (line: string, cut = false): void => {
    if (oldLeft > 0 || newLeft > 0) {
      if (seeHunkLine(line, cut)) return;
      if (!line.startsWith('\\')) [oldLeft, newLeft] = [0, 0];
    }
    if (line.startsWith('\\')) {
      const last = hunk?.lines.at(-1);
      if (last !== undefined && file?.omitted === undefined) last.noNewline = true;
    } else if (line.startsWith('diff --git ')) beginGit(line.slice(11));
    else if (line.startsWith('@@ ')) seeHead(line);
    else if (file !== undefined && /^(?:Binary files .* differ|GIT binary patch)$/s.test(line)) file.content = 'binary';
    else if (line.startsWith('--- ') && (file === undefined || (isPlain && hunk !== undefined))) {
      begin(newFile(''), true);
      if (file !== undefined) seeExtended(line, file);
    } else if (file !== undefined && isPlain && hunk === undefined) seeExtended(line, file);
  };

  /** Takes what is there up to `end`, and forgets it. */
  const push = (text: string): void => {
    let from = 0;
    while (from < text.length) {
      if (phase === 'start' && rest === '') phase = /^\n*:/.test(text) ? 'raw' : 'patch';
      const end = text.indexOf(phase === 'raw' ? '\0' : '\n', from);
      if (end < 0) {
        if (!skipsLine) rest += text.slice(from);
        if (phase === 'patch' && rest.length > limits.fileChars) {
          seeLine(rest, true);
          rest = '';
          skipsLine = true;
        }
        return;
      }
      const piece = rest + text.slice(from, end);
      rest = '';
      from = end + 1;
      if (skipsLine) skipsLine = false;
      else if (phase === 'raw') seeField(piece);
      else seeLine(piece);
    }
  };

  const end = (): FileDiff[] => {
    if (rest !== '' && phase === 'patch' && !skipsLine) seeLine(rest);
    for (const one of files) {
      if (one.content !== 'text' || one.omitted !== undefined) continue;
      if (isPointer(one, one.status === 'deleted' ? 'added' : 'deleted')) one.content = 'lfs';
    }
    return files.filter((one) => shown.has(one) || !isUntouched(one));
  };
  return { push, end };
};

/** Neither its content nor its mode changed, though git thought so by the time of its last write. */
const isUntouched = (file: FileDiff): boolean =>
  file.status === 'modified' && file.newId === undefined && file.oldMode === file.newMode;

/** The files of a diff: what `git diff --raw -z -p` prints, or a plain unified diff; {@link diffReader} in one go. */
export const parseDiff = (raw: string, limits: DiffLimits = diffLimits): FileDiff[] => {
  const reader = diffReader(limits);
  reader.push(raw);
  return reader.end();
};
