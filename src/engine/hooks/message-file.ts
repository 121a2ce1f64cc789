const scissors = / -{24} >8 -{24}$/;

/**
 * What a person wrote into the file of a commit's message: without comments and what `commit --verbose` puts below.
 * @param comment git's `core.commentChar`
 */
export const writtenMessage = (text: string, comment = '#'): string => {
  const lines: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith(comment)) {
      if (scissors.test(line)) break;
      continue;
    }
    lines.push(line);
  }
  return lines.join('\n').trim();
};

/**
 * True when a draft may be put into the file: git asked for none of another kind, and nobody wrote a word.
 * @param source git's second argument: `message`, `template`, `merge`, `squash`, `commit`, or none (githooks(5), read 2026-11-28)
 */
export const mayDraft = (text: string, source: string | undefined, comment?: string): boolean =>
  (source === undefined || source === '' || source === 'template') && writtenMessage(text, comment) === '';
