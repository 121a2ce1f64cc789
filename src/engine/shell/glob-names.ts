const posixClasses: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  digit: '0-9',
  lower: 'a-z',
  upper: 'A-Z',
  space: '\\s',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`{-~',
  xdigit: '0-9A-Fa-f',
  word: '\\w',
  cntrl: '\\x00-\\x1f',
  print: '\\x20-\\x7e\\u0080-\\uffff',
  graph: '\\x21-\\x7e\\u0080-\\uffff',
};

const escaped = (c: string): string => c.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** A bracket expression from its `[` on; undefined when it is not closed. */
const bracket = (pattern: string, open: number): { source: string; end: number } | undefined => {
  let at = open + 1;
  const negated = /[!^]/.test(pattern.charAt(at));
  if (negated) at += 1;
  let inside = '';
  for (let first = true; at < pattern.length; first = false) {
    const c = pattern.charAt(at);
    if (c === ']' && !first) return { source: `[${negated ? '^' : ''}${inside}]`, end: at + 1 };
    const named = /^\[([:.=])(.*?)\1\]/.exec(pattern.slice(at));
    if (named) {
      inside += named[1] === ':' ? (posixClasses[named[2] ?? ''] ?? '\\s\\S') : escaped(named[2] ?? '');
      at += named[0].length;
    } else if (c === '\\') {
      inside += escaped(pattern.charAt(at + 1));
      at += 2;
    } else {
      inside += c === '-' ? '-' : escaped(c);
      at += 1;
    }
  }
  return undefined;
};

/** True when an unquoted `*`, `?` or `[` is in a pattern whose quoted characters are escaped by a backslash. */
export const hasGlob = (pattern: string): boolean => /(?:^|[^\\])(?:\\\\)*[*?[]/.test(pattern);

/** The text a pattern stands for when nothing matches it. */
export const unescapeGlob = (pattern: string): string => pattern.replace(/\\([\s\S])/g, '$1');

/**
 * A regular expression for a glob pattern over a whole text. Case does not matter inside brackets, because what a range
 * holds depends on the locale. Undefined for a pattern that makes none.
 */
export const globExpression = (pattern: string): RegExp | undefined => {
  let source = '';
  let flags = 's';
  for (let at = 0; at < pattern.length;) {
    const c = pattern.charAt(at);
    const set = c === '[' ? bracket(pattern, at) : undefined;
    if (set) {
      source += set.source;
      flags = 'si';
      at = set.end;
      continue;
    }
    if (c === '\\') {
      source += escaped(pattern.charAt(at + 1));
      at += 2;
      continue;
    }
    source += c === '*' ? '.*' : c === '?' ? '.' : escaped(c);
    at += 1;
  }
  try {
    return new RegExp(`^(?:${source})$`, flags);
  } catch {
    return undefined;
  }
};

const maxMatches = 2000;

/**
 * Paths that match a pattern, spelled as bash would spell them. `names` lists a folder given as it is spelled.
 * Undefined when there are too many or the pattern makes no sense.
 */
export const expandGlob = (
  pattern: string,
  names: (folder: string) => readonly string[] | undefined,
): string[] | undefined => {
  const steps = pattern.split('/');
  let found = [''];
  for (const [index, step] of steps.entries()) {
    const last = index === steps.length - 1;
    const next: string[] = [];
    const expression = hasGlob(step) ? globExpression(step) : undefined;
    if (hasGlob(step) && !expression) return undefined;
    for (const base of found) {
      if (!expression) {
        // Whether it is there is not looked at: a name too many does no harm. A slash at the end wants a folder.
        if (last && step === '' && index > 0 && found.length > 1 && names(base) === undefined) continue;
        next.push(`${base}${unescapeGlob(step)}${last ? '' : '/'}`);
        continue;
      }
      const hidden = step.startsWith('.') || step.startsWith('\\.') || step.startsWith('[');
      const all = [...(names(base) ?? []), ...(hidden ? ['.', '..'] : [])];
      for (const name of all)
        if ((hidden || !name.startsWith('.')) && expression.test(name)) next.push(`${base}${name}${last ? '' : '/'}`);
    }
    if (next.length > maxMatches) return undefined;
    found = next;
  }
  return found;
};
