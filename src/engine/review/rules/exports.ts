import type { CodeLines } from './changed-lines.ts';
import type { CodeLanguage } from './code-language.ts';

/** Something a file offers to others. */
export interface Exported {
  line: number;
  kind: 'function' | 'class' | 'method' | 'other';
  /** Of a function: what it has to be given, each as it identifies itself to a caller. */
  required?: string[];
  /** How many it takes at most; undefined when there is no end to it. */
  most?: number;
}

/** The text in the parentheses that open at an offset. */
const inside = (code: string, open: number): string | undefined => {
  let depth = 0;
  for (let at = open; at < code.length && at < open + 5000; at++) {
    const char = code[at];
    if (char === '(' || char === '[' || char === '{') depth++;
    else if (char === ')' || char === ']' || char === '}') {
      depth--;
      if (depth === 0) return code.slice(open + 1, at);
    }
  }
  return undefined;
};

/** Parts of a list, cut at commas that are not in brackets. */
export const listParts = (text: string): string[] => {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '(' || char === '[' || char === '{' || (char === '<' && text[at + 1] !== '=' && text[at + 1] !== ' '))
      depth++;
    else if (
      char === ')' ||
      char === ']' ||
      char === '}' ||
      (char === '>' && text[at - 1] !== '=' && text[at - 1] !== '-' && text[at - 1] !== ' ')
    )
      depth = Math.max(0, depth - 1);
    else if (char === ',' && depth === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  parts.push(text.slice(from));
  return parts.map((part) => part.replace(/\s+/g, ' ').trim()).filter((part) => part !== '');
};

const parametersOf = (list: string, language: CodeLanguage): Pick<Exported, 'required' | 'most'> => {
  const parts = listParts(list);
  switch (language) {
    case 'javascript':
    case 'typescript': {
      const own = parts.filter((part) => !/^this\s*:/.test(part));
      const isOpen = own.some((part) => part.startsWith('...'));
      let needed = own.filter((part) => !part.startsWith('...'));
      // What follows the last one that is needed may be left out.
      while (needed.length > 0 && /^[\w$]+\s*\?|^[^=]*[^=!<>]=(?![>=])/.test(needed.at(-1) ?? ''))
        needed = needed.slice(0, -1);
      // Without types nothing says that one may not be left out.
      return {
        required: needed.map((_, index) => `parameter ${index + 1}`),
        ...(isOpen ? {} : { most: own.length }),
      };
    }
    case 'python': {
      const own = parts.filter((part) => !/^(?:self|cls|\*|\/)$/.test(part));
      const isOpen = own.some((part) => part.startsWith('*'));
      return {
        required: own
          .filter((part) => !part.startsWith('*') && !part.replace(/==/g, '').includes('='))
          .map((part) => (part.split(':')[0] ?? '').trim()),
        ...(isOpen ? {} : { most: own.length }),
      };
    }
    default:
      // Names do not count, places and types do.
      if (language === 'go' && (parts.at(-1) ?? '').includes('...'))
        return { required: parts.slice(0, -1).map(() => 'one') };
      return {
        required: parts.map((part) => (language === 'go' ? 'one' : part.replace(/^(?:mut\s+)?\w+\s*:\s*/, ''))),
        most: parts.length,
      };
  }
};

const scripts: readonly [RegExp, Exported['kind']][] = [
  [/^\s*export\s+(?:declare\s+)?(?:async\s+)?function\s*\*?\s*([\w$]+)\s*(?:<[^(]*>)?(\()/, 'function'],
  [
    /^\s*export\s+(?:declare\s+)?(?:const|let|var)\s+([\w$]+)\s*=\s*(?:async\s*)?(?:<[^(]*>)?(\()[^=]*(?:=>|$)/,
    'function',
  ],
  [/^\s*export\s+(?:declare\s+)?(?:abstract\s+)?class\s+([\w$]+)/, 'class'],
  [/^\s*export\s+(?:declare\s+)?(?:const\s+enum|const|let|var|enum|interface|type|namespace)\s+([\w$]+)/, 'other'],
  [/^\s*(?:module\.)?exports\.([\w$]+)\s*=(?!=)/, 'other'],
];

const compiled: Partial<Record<CodeLanguage, readonly [RegExp, Exported['kind']][]>> = {
  python: [
    [/^(?:async\s+)?def\s+([a-zA-Z]\w*)\s*(\()/, 'function'],
    [/^class\s+([a-zA-Z]\w*)/, 'class'],
  ],
  go: [
    [/^func\s+([A-Z]\w*)\s*(?:\[[^\]]*\])?(\()/, 'function'],
    [/^func\s+\(\s*\w*\s*\*?([A-Z]\w*(?:\[[^\]]*\])?)\s*\)\s*([A-Z]\w*)(\()/, 'method'],
    [/^type\s+([A-Z]\w*)/, 'class'],
    [/^(?:var|const)\s+([A-Z]\w*)/, 'other'],
  ],
  rust: [
    [/^pub\s+(?:(?:const|async|unsafe|extern\s+"[^"]*")\s+)*fn\s+(\w+)\s*(?:<.*?>)?(\()/, 'function'],
    [/^pub\s+(?:struct|enum|trait|union)\s+(\w+)/, 'class'],
    [/^pub\s+(?:type|const|static|mod)\s+(\w+)/, 'other'],
  ],
  java: [
    [
      /^\s{0,4}(?:@\w+\s+)?public\s+(?:(?:static|final|abstract|synchronized|default|native)\s+)*(?:<[^>]+>\s+)?[\w.<>[\],? ]+\s+(\w+)(\()/,
      'method',
    ],
    [/^public\s+(?:(?:static|final|abstract|sealed)\s+)*(?:class|interface|enum|record|@interface)\s+(\w+)/, 'class'],
  ],
};

/** What a file offers, by name; of overloaded functions all that share it. */
export const exportsOf = (lines: CodeLines, language: CodeLanguage): Map<string, Exported[]> => {
  const found = new Map<string, Exported[]>();
  const add = (name: string, one: Exported): void => void found.set(name, [...(found.get(name) ?? []), one]);
  const isScript = language === 'javascript' || language === 'typescript';
  const patterns = isScript ? scripts : compiled[language];
  if (!patterns) return found;
  const code = Array.from(lines, (line) => line ?? '').join('\n');
  let offset = 0;
  for (const [index, line = ''] of lines.entries()) {
    for (const [pattern, kind] of patterns) {
      const match = pattern.exec(line);
      if (!match) continue;
      const groups = [...match].slice(1).filter((group) => group !== '(');
      const name =
        kind === 'method' && language === 'go'
          ? `${(groups[0] ?? '').replace(/\[.*/, '')}.${groups[1] ?? ''}`
          : (groups[0] ?? '');
      const open = match.includes('(') ? offset + match.index + match[0].lastIndexOf('(') : undefined;
      // Of an arrow function the pattern reads on behind the parenthesis.
      const at =
        open === undefined ? undefined : isScript ? offset + line.indexOf('(', line.indexOf(name) + name.length) : open;
      const list = at === undefined ? undefined : inside(code, at);
      add(name, { line: index + 1, kind, ...(list === undefined ? {} : parametersOf(list, language)) });
      break;
    }
    offset += line.length + 1;
  }
  if (isScript) {
    for (const match of code.matchAll(
      /^\s*export\s*(?:type\s*)?\{([^}]*)\}|^(?:module\.)?exports\s*=\s*\{([^{}]*)\}/gm,
    )) {
      const line = code.slice(0, match.index + match[0].indexOf('{')).split('\n').length;
      for (const part of (match[1] ?? match[2] ?? '').split(',')) {
        const name = /^(?:type\s+)?(?:[\w$]+\s+as\s+)?([\w$]+)\s*(?::|$)/.exec(part.trim())?.[1];
        if (name !== undefined && name !== 'default' && !found.has(name)) add(name, { line, kind: 'other' });
      }
    }
  }
  if (language === 'python') {
    // Where `__all__` says what is offered, nothing else is.
    const all = /^__all__\s*(?::[^=]*)?=/m.test(code);
    if (all) for (const name of found.keys()) if (name.startsWith('_')) found.delete(name);
  }
  return found;
};
