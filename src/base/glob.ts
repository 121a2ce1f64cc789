const cache = new Map<string, RegExp>();

/** The regular expression for one piece of a glob, and how many characters it stands for. */
const piece = (glob: string, at: number): [source: string, length: number] => {
  const char = glob.charAt(at);
  switch (char) {
    case '*':
      if (glob[at + 1] !== '*') return ['[^/]*', 1];
      return glob[at + 2] === '/' ? ['(?:[^/]+/)*', 3] : ['.*', 2];
    case '?':
      return ['[^/]', 1];
    case '{': {
      const end = glob.indexOf('}', at);
      if (end < 0) return ['\\{', 1];
      const choices = glob
        .slice(at + 1, end)
        .split(',')
        .map(toSource);
      return [`(?:${choices.join('|')})`, end - at + 1];
    }
    case '[': {
      const end = glob.indexOf(']', at + 2);
      if (end < 0) return ['\\[', 1];
      const set = glob
        .slice(at + 1, end)
        .replace(/^!/, '^')
        .replace(/\\/g, '\\\\');
      return [`[${set}]`, end - at + 1];
    }
    default:
      return [char.replace(/[.+^$()|\\\]}]/g, '\\$&'), 1];
  }
};

const toSource = (glob: string): string => {
  let out = '';
  for (let at = 0; at < glob.length;) {
    const [source, length] = piece(glob, at);
    out += source;
    at += length;
  }
  return out;
};

/**
 * Matches a path against a pattern with gitignore's habits: no slash inside means "at any depth", a leading or inner
 * slash anchors it, and whatever lies under a match matches too. `*` stays within a folder, `**` does not; dots are
 * ordinary characters.
 */
export const matchesPath = (pattern: string, path: string): boolean => {
  let expression = cache.get(pattern);
  if (!expression) {
    const trimmed = pattern.replace(/\/+$/, '');
    const anchored = trimmed.includes('/');
    const body = toSource(trimmed.replace(/^\.\//, ''));
    expression = new RegExp(`^${anchored ? '' : '(?:.*/)?'}${body}(?:/.*)?$`, 's');
    cache.set(pattern, expression);
  }
  return expression.test(path);
};

/** Matches a command line: `*` is any text, and a final ` *` also matches no arguments at all. */
export const matchesText = (pattern: string, text: string): boolean => {
  const key = `\0${pattern}`;
  let expression = cache.get(key);
  if (!expression) {
    const optionalTail = pattern.endsWith(' *');
    const body = optionalTail ? pattern.slice(0, -2) : pattern;
    const escaped = body.split('*').map((part) => part.replace(/[.+^${}()|[\]\\?]/g, '\\$&'));
    const source = escaped.join('.*') + (optionalTail ? '(?: .*)?' : '');
    expression = new RegExp(`^${source}$`, 's');
    cache.set(key, expression);
  }
  return expression.test(text);
};
