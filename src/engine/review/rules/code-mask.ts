import type { CodeLanguage } from './code-language.ts';

/** What stands for each character inside of a string but spaces; no word, bracket or operator. */
export const filler = '\u00b7';

interface Lexis {
  line: RegExp;
  block: boolean;
  nested?: boolean;
  quotes: string;
  /** Quotes whose strings go on over lines. */
  long: string;
  triple?: boolean;
  regex?: boolean;
  heredoc?: RegExp;
}

const slashes = /\/\//y;
const hash = /#/y;
const lexes: Record<CodeLanguage, Lexis> = {
  javascript: { line: slashes, block: true, quotes: '\'"`', long: '`', regex: true },
  typescript: { line: slashes, block: true, quotes: '\'"`', long: '`', regex: true },
  python: { line: hash, block: false, quotes: '\'"', long: '', triple: true },
  go: { line: slashes, block: true, quotes: '\'"`', long: '`' },
  rust: { line: slashes, block: true, nested: true, quotes: '"', long: '"' },
  java: { line: slashes, block: true, quotes: '\'"', long: '', triple: true },
  kotlin: { line: slashes, block: true, nested: true, quotes: '\'"', long: '', triple: true },
  'c-sharp': { line: slashes, block: true, quotes: '\'"', long: '', triple: true },
  c: { line: slashes, block: true, quotes: '\'"', long: '' },
  swift: { line: slashes, block: true, nested: true, quotes: '"', long: '', triple: true },
  ruby: {
    line: hash,
    block: false,
    quotes: '\'"`',
    long: '\'"`',
    regex: true,
    heredoc: /<<[~-]?(['"]?)([A-Z_]\w*)\1/y,
  },
  php: { line: /\/\/|#(?!\[)/y, block: true, quotes: '\'"', long: '\'"', heredoc: /<<<[ \t]*(['"]?)(\w+)\1/y },
  shell: {
    line: /(?<![\w$\\{"'])#/y,
    block: false,
    quotes: '\'"',
    long: '\'"',
    heredoc: /<<-?[ \t]*(['"\\]?)(\w+)\1/y,
  },
};

/** Before a `/` these say that a regular expression begins. */
const beforeRegex =
  /(?:^|[(,=:[!&|?{};+\-*%~^<>]|=>|\b(?:return|typeof|case|in|of|do|else|throw|await|yield|when|if|unless|and|or|not))\s*$/;

/** Longer ones are none people write. */
const longestRegex = 1000;

const blank = (text: string): string => text.replace(/[^\n\r]/g, ' ');
const filled = (text: string): string => text.replace(/\S/g, filler);

/** Outside of scripts there is markup. */
const scriptsOnly = (text: string): string => {
  const parts: string[] = [];
  let at = 0;
  const opening = /<script\b/g;
  for (let match = opening.exec(text); match; match = opening.exec(text)) {
    const start = text.indexOf('>', match.index) + 1;
    const end = start === 0 ? -1 : text.indexOf('</script>', start);
    if (end < 0) break;
    parts.push(blank(text.slice(at, start)), text.slice(start, end));
    at = end;
    opening.lastIndex = end;
  }
  return parts.join('') + blank(text.slice(at));
};

const outsidePhp = (text: string): string => {
  const first = text.indexOf('<?');
  if (first < 0) return text;
  let out = blank(text.slice(0, first));
  let at = first;
  while (at < text.length) {
    const close = text.indexOf('?>', at);
    if (close < 0) return out + text.slice(at);
    const next = text.indexOf('<?', close);
    const end = next < 0 ? text.length : next;
    out += text.slice(at, close) + blank(text.slice(close, end));
    at = end;
  }
  return out;
};

/**
 * The text with comments blanked and what is inside of strings and regular expressions filled, so that what is left is
 * code; every character stays where it is. Code inside of a template string stays.
 */
export const maskCode = (given: string, language: CodeLanguage, path = ''): string => {
  const text =
    language === 'php' ? outsidePhp(given) : /\.(?:vue|svelte|astro)$/.test(path) ? scriptsOnly(given) : given;
  const { line, block, nested, quotes, long, triple, regex, heredoc } = lexes[language];
  const out: string[] = [];
  let at = 0;
  let from = 0;
  /** Depth of braces at which a template's code ends, innermost last. */
  const templates: number[] = [];
  let depth = 0;
  let pending: string[] = [];
  const replace = (end: number, by: (part: string) => string): void => {
    out.push(text.slice(from, at), by(text.slice(at, end)));
    at = end;
    from = end;
  };
  const endOfLine = (): number => {
    const end = text.indexOf('\n', at);
    return end < 0 ? text.length : end;
  };
  /** Fills a string from its opening quote; of a template up to the code in it. */
  const quoted = (open: number, quote: string, isRaw: boolean, goesOn: boolean): void => {
    let end = at + open;
    for (; end < text.length; end++) {
      const char = text[end];
      if (char === '\\' && !isRaw) end++;
      else if (char === '\n' && !goesOn) break;
      else if (text.startsWith(quote, end)) break;
      else if (quote === '`' && regex && char === '$' && text[end + 1] === '{') {
        at += open;
        replace(Math.min(end, text.length), filled);
        at = end + 2;
        depth++;
        templates.push(depth);
        return;
      }
    }
    end = Math.min(end, text.length);
    at += open;
    replace(end, filled);
    if (text.startsWith(quote, end)) at = end + quote.length;
  };
  while (at < text.length) {
    const char = text[at] ?? '';
    if (char === '\n' && pending.length > 0) {
      at++;
      const name = pending[0] ?? '';
      const end = new RegExp(`^[ \\t]*${name}\\b`, 'm');
      end.lastIndex = 0;
      const found = end.exec(text.slice(at));
      pending = pending.slice(1);
      replace(found ? at + found.index : text.length, filled);
      continue;
    }
    if (char === ' ' || char === '\n' || (char >= 'a' && char <= 'z')) {
      // Raw strings begin with a letter.
      if (char === 'r' && language === 'rust') {
        const raw = /r(#*)"/y;
        raw.lastIndex = at;
        const match = raw.exec(text);
        if (match && !/\w/.test(text[at - 1] ?? '')) {
          quoted(match[0].length, `"${match[1] ?? ''}`, true, true);
          continue;
        }
      }
      if (char === '\n' && language === 'ruby' && text.startsWith('\n=begin', at)) {
        const end = text.indexOf('\n=end', at);
        replace(end < 0 ? text.length : end + 5, blank);
        continue;
      }
      at++;
      continue;
    }
    line.lastIndex = at;
    if (line.test(text)) {
      replace(endOfLine(), blank);
      continue;
    }
    if (block && char === '/' && text[at + 1] === '*') {
      let end = text.indexOf('*/', at + 2);
      for (let inner = text.indexOf('/*', at + 2); nested && inner >= 0 && end >= 0 && inner < end;) {
        const next = text.indexOf('*/', end + 2);
        inner = text.indexOf('/*', inner + 2);
        end = next;
      }
      replace(end < 0 ? text.length : end + 2, blank);
      continue;
    }
    if (heredoc && char === '<') {
      heredoc.lastIndex = at;
      const match = heredoc.exec(text);
      if (match) {
        pending.push(match[2] ?? '');
        at += match[0].length;
        continue;
      }
    }
    if (language === 'rust' && char === "'") {
      const literal = /'(?:\\[^']+|[^'\\\n])'/y;
      literal.lastIndex = at;
      at += literal.exec(text)?.[0].length ?? 1;
      continue;
    }
    if (quotes.includes(char)) {
      const three = char.repeat(3);
      if (triple && text.startsWith(three, at)) quoted(3, three, false, true);
      else if (language === 'c-sharp' && char === '"' && /[@]\$?$/.test(text.slice(at - 2, at)))
        quoted(1, '"', true, true);
      else if (language === 'c' && text[at - 1] === 'R' && char === '"') {
        const name = /"([^()\\\s]{0,16})\(/y;
        name.lastIndex = at;
        const match = name.exec(text);
        quoted(match?.[0].length ?? 1, match ? `)${match[1] ?? ''}"` : '"', true, match !== null);
      } else if (language === 'c' && char === "'" && /\d/.test(text[at - 1] ?? '')) at++;
      else if (language === 'shell' && text[at - 1] === '\\') at++;
      else
        quoted(
          1,
          char,
          (language === 'go' && char === '`') || (language === 'shell' && char === "'"),
          long.includes(char),
        );
      continue;
    }
    if (regex && char === '/' && beforeRegex.test(text.slice(Math.max(from, at - 40), at).replace(/^[\s\S]*\n/, ''))) {
      const literal = /\/(?![*/ ])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\//y;
      const match = literal.exec(text.slice(at, at + longestRegex));
      if (match) {
        const end = at + match[0].length - 1;
        at++;
        replace(end, filled);
        at++;
        continue;
      }
    }
    if (templates.length > 0) {
      if (char === '{') depth++;
      else if (char === '}') {
        const isEnd = templates.at(-1) === depth;
        depth--;
        if (isEnd) {
          templates.pop();
          quoted(1, '`', false, true);
          continue;
        }
      }
    }
    at++;
  }
  out.push(text.slice(from));
  return out.join('');
};
