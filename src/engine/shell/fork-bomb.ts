const definition = /(?:function\s+([^\s;&|(){}"'$`<>]+)\s*(?:\(\s*\))?|([^\s;&|(){}"'$`<>]+)\s*\(\s*\))\s*[{(]/g;

const quoted = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** The text up to where the brace or parenthesis before it closes. */
const bodyFrom = (text: string, start: number): string => {
  let depth = 1;
  for (let at = start; at < text.length; at += 1) {
    const c = text.charAt(at);
    if (c === '{' || c === '(') depth += 1;
    else if (c === '}' || c === ')') depth -= 1;
    if (depth === 0) return text.slice(start, at);
  }
  return text.slice(start);
};

/** True when the text defines a function that starts itself in a pipeline or in the background. */
export const isForkBomb = (text: string): boolean => {
  if (!/[|&]/.test(text) || !/[{(]/.test(text)) return false;
  for (const found of text.matchAll(definition)) {
    const self = quoted(found[1] ?? found[2] ?? '');
    const body = bodyFrom(text, found.index + found[0].length);
    const calls = `(?:^|[\\s;&|({])${self}(?:\\s+[^;&|]*)?\\s*(?:\\||&(?!&))|(?:\\||&)\\s*${self}(?:[\\s;&|)}]|$)`;
    if (new RegExp(calls).test(body)) return true;
  }
  return false;
};
