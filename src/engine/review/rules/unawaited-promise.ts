import type { Detected } from '../../../core/finding.ts';
import type { ReviewFile, ReviewInput, ReviewRule } from '../rule.ts';
import { isScript } from './code-language.ts';
import { maskCode } from './code-mask.ts';
import { detected } from './detected.ts';
import { linePatch } from './line-patch.ts';

const asyncScript = [
  /\basync\s+function\s*\*?\s*([\w$]+)/g,
  /\b(?:const|let|var)\s+([\w$]+)\s*(?::[^=\n]+)?=\s*async\b/g,
  /\bfunction\s+([\w$]+)\s*(?:<[^<>]*>)?\([^()]*\)\s*:\s*Promise</g,
  /\b(?:const|let)\s+([\w$]+)\s*=\s*(?:<[^<>]*>)?\([^()]*\)\s*:\s*Promise<[^=]*>\s*=>/g,
];
const asyncMethods = [
  /^\s*(?:(?:public|private|protected|static|override)\s+)*async\s+(#?[\w$]+)\s*(?:<[^<>]*>)?\(/gm,
  /^\s*(?:(?:public|private|protected|static|override)\s+)*(#?[\w$]+)\s*(?:<[^<>]*>)?\([^()]*\)\s*:\s*Promise</gm,
];
const asyncPython = /^(\s*)async\s+def\s+(\w+)/gm;

const collect = (code: string, patterns: readonly RegExp[]): Set<string> => {
  const names = new Set<string>();
  for (const pattern of patterns) for (const match of code.matchAll(pattern)) if (match[1]) names.add(match[1]);
  return names;
};

const joined = (folder: string, target: string): string => {
  const parts = folder === '' ? [] : folder.split('/');
  for (const part of target.split('/'))
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  return parts.join('/');
};

/** Text of an imported file, where it was gathered. */
const importedText = (input: ReviewInput, path: string, target: string): string | undefined => {
  const base = joined(path.slice(0, Math.max(0, path.lastIndexOf('/'))), target);
  const bare = base.replace(/\.[cm]?jsx?$/, '');
  for (const one of [
    base,
    ...['.ts', '.tsx', '.js', '.jsx', '.mjs', '.mts', '/index.ts', '/index.js'].map((end) => bare + end),
  ]) {
    const text = input.other(one);
    if (text !== undefined) return text;
  }
  return undefined;
};

const importedAsync = (input: ReviewInput, file: ReviewFile, code: string): Set<string> => {
  const names = new Set<string>();
  const source = file.after ?? '';
  for (const match of source.matchAll(
    /\bimport\s+(?:type\s+)?([\w$]+)?\s*,?\s*(?:\{([^}]*)\})?\s*from\s*['"](\.[^'"]+)['"]/g,
  )) {
    const text = importedText(input, file.path, match[3] ?? '');
    if (text === undefined) continue;
    const theirs = collect(maskCode(text, 'typescript'), asyncScript);
    for (const part of (match[2] ?? '').split(',')) {
      const [name = '', local = name] = part
        .trim()
        .replace(/^type\s+/, '')
        .split(/\s+as\s+/);
      if (theirs.has(name) && code.includes(local)) names.add(local);
    }
  }
  return names;
};

/** Where a call's arguments end; undefined when they do not. */
const closing = (code: string, open: number): number | undefined => {
  let depth = 0;
  for (let at = open; at < code.length; at++) {
    const char = code[at];
    if (char === '(' || char === '[' || char === '{') depth++;
    else if (char === ')' || char === ']' || char === '}') {
      depth--;
      if (depth === 0) return at;
    }
  }
  return undefined;
};

/** Calls of asynchronous functions whose end nobody waits for. */
export const unawaitedPromise: ReviewRule = {
  name: 'unawaited-promise',
  severity: 'medium',
  claim:
    'A function that is known to be asynchronous is called as a statement, and nobody waits for it or hears of its failure.',
  cost: 'syntax',
  *look(input): Generator<Detected> {
    for (const file of input.files) {
      const { language, place } = file;
      if ((!isScript(language) && language !== 'python') || file.after === undefined) continue;
      if (place === 'doc' || place === 'fixture') continue;
      const lines = file.afterCode;
      const code = lines.join('\n');
      const isPython = language === 'python';
      let names: Set<string>;
      let methods: Set<string>;
      if (isPython) {
        const found = [...code.matchAll(asyncPython)];
        // A name that also stands for a plain function says nothing.
        const plain = collect(code, [/^(?!\s*async\b)\s*def\s+(\w+)/gm]);
        names = new Set(found.filter((match) => match[1]?.replace(/\n/g, '') === '').map((match) => match[2] ?? ''));
        methods = new Set(found.filter((match) => match[1]?.replace(/\n/g, '') !== '').map((match) => match[2] ?? ''));
        for (const name of plain) {
          names.delete(name);
          methods.delete(name);
        }
      } else {
        names = collect(code, asyncScript);
        for (const name of importedAsync(input, file, code)) names.add(name);
        methods = collect(code, asyncMethods);
        for (const name of collect(code, [
          /^\s*(?:(?:public|private|protected|static|override)\s+)*(#?[\w$]+)\s*\([^()]*\)\s*(?::\s*(?!Promise)[\w<>[\] |]+)?\s*\{/gm,
        ])) {
          if (!/^(?:if|for|while|switch|catch|function|return)$/.test(name)) methods.delete(name);
        }
        for (const name of collect(code, [/(?<!async\s)\bfunction\s+([\w$]+)\s*\([^()]*\)\s*\{/g])) names.delete(name);
      }
      // One that handles all its failures itself may run on its own.
      if (!isPython)
        for (const match of code.matchAll(
          /(?<![\w$])([\w$]+)\s*(?:=\s*async\s*)?\([^()]*(?:\([^()]*\)[^()]*)*\)\s*(?::[^={}]*)?(?:=>\s*)?\{\s*try\s*\{/g,
        ))
          if (match[1]) names.delete(match[1]);
      if (names.size === 0 && methods.size === 0) continue;
      let offset = 0;
      const starts = lines.map((line) => {
        const start = offset;
        offset += (line ?? '').length + 1;
        return start;
      });
      for (const at of file.added) {
        const call = /^\s*(?:(?:this|self|cls)\s*\.\s*(#?[\w$]+)|([\w$]+))\s*(?:<[^<>()]*>)?\(/.exec(at.code);
        if (!call) continue;
        const name = call[1] ?? call[2] ?? '';
        if (call[1] === undefined ? !names.has(name) : !methods.has(name)) continue;
        // Not the inside of an expression, a definition, or what an arrow gives back.
        let above = at.line - 1;
        while (above > 0 && (lines[above - 1] ?? '').trim() === '') above--;
        const before = (lines[above - 1] ?? '').trimEnd();
        if (
          above > 0 &&
          (isPython
            ? /[([{,\\=+\-*/%]$|\b(?:and|or|not|await|return|in|if|else)$/
            : /(?:[([,=:?+\-*/%&|<>!.]|=>|\b(?:return|await|void|yield|throw|new|typeof|async|export|default|static|public|private|protected|override))$/
          ).test(before)
        )
          continue;
        const open = (starts[at.line - 1] ?? 0) + call[0].length - 1;
        const close = closing(code, open);
        if (close === undefined) continue;
        const rest = code.slice(close + 1, close + 200);
        if (isPython ? !/^[ \t]*(?:\n|;|$)/.test(rest) : !/^\s*(?:;|\}|\n\s*(?![.?:&|=+\-*/,)\]({<])\S|$)/.test(rest))
          continue;
        if (!isPython && /^\s*\{/.test(rest)) continue;
        // The last call of a program ends it by failing.
        if (/^\S/.test(at.text) && /^[\s;]*$/.test(code.slice(close + 1))) continue;
        const indent = /^\s*/.exec(at.text)?.[0] ?? '';
        const patch = linePatch(file, at.line, at.line, [`${indent}await ${at.text.trimStart()}`]);
        yield detected(this, file.path, at, {
          message: `\`${name}\` is asynchronous and nobody waits for it here: its failure gets lost, and what follows runs too early.`,
          confidence: 'medium',
          suggestion: {
            text: isPython
              ? 'Put `await` before it, or give it to a task that is kept.'
              : 'Put `await` before it; where it shall run on its own, say so with `void` and handle its failure.',
            ...(patch === undefined ? {} : { patch }),
          },
        });
      }
    }
  },
};
