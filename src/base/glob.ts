const cache = new Map<string, RegExp>();

const toSource = (glob: string): string => {
  let out = '';
  for (let i = 0; i < glob.length; i++) {
    const char = glob.charAt(i);
    if (char === '*') {
      if (glob[i + 1] !== '*') out += '[^/]*';
      else if (glob[i + 2] === '/') ((out += '(?:[^/]+/)*'), (i += 2));
      else ((out += '.*'), (i += 1));
    } else if (char === '?') out += '[^/]';
    else if (char === '{') {
      const end = glob.indexOf('}', i);
      if (end < 0) out += '\\{';
      else
        ((out += `(?:${glob
          .slice(i + 1, end)
          .split(',')
          .map(toSource)
          .join('|')})`),
          (i = end));
    } else if (char === '[') {
      const end = glob.indexOf(']', i + 2);
      if (end < 0) out += '\\[';
      else
        ((out += `[${glob
          .slice(i + 1, end)
          .replace(/^!/, '^')
          .replace(/\\/g, '\\\\')}]`),
          (i = end));
    } else out += char.replace(/[.+^$()|\\\]}]/g, '\\$&');
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
    const body = toSource(anchored ? trimmed.replace(/^\.?\/(?=.)/, (lead) => (lead === '/' ? '/' : '')) : trimmed);
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
