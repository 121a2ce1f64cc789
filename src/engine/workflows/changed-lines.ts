/** Line ranges of each file that a unified diff adds or changes, in the lines after it. */
export const changedRanges = (diff: string): Map<string, [number, number][]> => {
  const ranges = new Map<string, [number, number][]>();
  let path: string | undefined;
  let inHead = false;
  let line = 0;
  for (const text of diff.split('\n')) {
    if (text.startsWith('diff --git ')) {
      inHead = true;
      path = undefined;
    } else if (inHead && text.startsWith('+++ ')) path = /^\+\+\+ "?b\/(.*?)"?\t?$/.exec(text)?.[1];
    const hunk = /^@@ -\d+(?:,\d+)? \+(\d+)/.exec(text);
    if (hunk) {
      inHead = false;
      line = Number(hunk[1]);
    } else if (!inHead && path !== undefined) {
      if (text.startsWith('+')) {
        const known = ranges.get(path) ?? [];
        const last = known.at(-1);
        if (last?.[1] === line - 1) last[1] = line;
        else known.push([line, line]);
        ranges.set(path, known);
        line += 1;
      } else if (text.startsWith(' ')) line += 1;
    }
  }
  return ranges;
};
