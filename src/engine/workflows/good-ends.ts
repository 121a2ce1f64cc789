const ends =
  /\bprocess\.(?:exit|reallyExit)\(\s*(?:0|undefined)?\s*\)|\bprocess\.exitCode\s*=\s*0\b|\b(?:sys\.exit|os\._exit|os\.Exit|process::exit|System\.exit|Environment\.Exit)\(\s*(?:0|None)?\s*\)|\bEnvironment\.ExitCode\s*=\s*0\b/;

/** Lines a unified diff adds that end the process as if all had gone well: `path:line`. What is tested then says nothing. */
export const goodEnds = (diff: string): string[] => {
  const found: string[] = [];
  let path = '';
  let line = 0;
  for (const text of diff.split('\n')) {
    if (text.startsWith('diff --git ')) [, path = ''] = / b\/(.*)$/.exec(text) ?? [];
    const hunk = /^@@ -\S+ \+(\d+)/.exec(text);
    if (hunk) line = Number(hunk[1]);
    else if (text.startsWith('+')) {
      if (ends.test(text)) found.push(`${path}:${line}`);
      line += 1;
    } else if (text.startsWith(' ')) line += 1;
  }
  return found;
};
