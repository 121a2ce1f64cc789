import { globExpression } from './glob-names.ts';
import { assign, lookUp, valueOf, type Around } from './variables.ts';
import { anything, isNumber, literally, someNumber, type Arg, type Value } from './value.ts';

const inArithmetic = 'arithmetic on text that is only known when it runs may run commands';

/**
 * Looks at an arithmetic expression: bash runs commands hidden in the *values* of variables there (`a[$(cmd)]`), so every
 * value must be a number. `substituted`: what the substitutions in it stand for.
 */
export const checkArithmetic = (text: string, around: Around, substituted: readonly Value[]): void => {
  const own = text.replace(/\$\([^]*\)|`[^]*`/g, '0').replace(/\b0[xX][0-9a-fA-F]+|\b\d+#\w+/g, '0');
  if (/["'\\]/.test(own) || substituted.some((value) => !isNumber(value))) around.fail(inArithmetic);
  for (const [name] of own.matchAll(/[A-Za-z_]\w*/g)) if (!isNumber(lookUp(name, around))) around.fail(inArithmetic);
  // The positional ones are as little known as the others.
  for (const [, digit = ''] of own.matchAll(/\$\{?([1-9])/g)) {
    const value = around.state.args?.[Number(digit) - 1] ?? (around.state.args ? literally('') : anything);
    if (!isNumber(value)) around.fail(inArithmetic);
  }
  for (const [, name = ''] of own.matchAll(/([A-Za-z_]\w*)\s*(?:\+\+|--|(?:[-+*/%&|^]|<<|>>)?=(?!=))/g))
    assign(around, name, someNumber);
  for (const [, name = ''] of own.matchAll(/(?:\+\+|--)\s*([A-Za-z_]\w*)/g)) assign(around, name, someNumber);
};

const trimmed = (text: string, operator: string, pattern: string): Value => {
  if (/["'$`\\]/.test(pattern)) return anything;
  const expression = globExpression(pattern);
  if (!expression) return anything;
  const cuts = Array.from({ length: text.length + 1 }, (_, at) => at);
  const longest = operator.length === 2;
  const atEnd = operator.startsWith('%');
  if (longest === atEnd) cuts.sort((a, b) => a - b);
  else cuts.sort((a, b) => b - a);
  const cut = cuts.find((at) => expression.test(atEnd ? text.slice(at) : text.slice(0, at)));
  return literally(cut === undefined ? text : atEnd ? text.slice(0, cut) : text.slice(cut));
};

const isPlainText = (text: string): boolean => /^[\w./@:+ -]*$/.test(text);

const ofNamed = (name: string, rest: string, around: Around, simpleOnly: boolean): Value => {
  const value = lookUp(name, around);
  const net = value.fromNet ? { fromNet: true as const } : {};
  const [, choice, other = ''] = /^(:?[-=+?])([^]*)$/.exec(rest) ?? [];
  if (choice !== undefined) {
    if (choice.endsWith('=')) assign(around, name, anything);
    if (simpleOnly || value.text === undefined) return { text: undefined, ...net };
    if (choice.endsWith('+')) return isPlainText(other) && value.text !== '' ? literally(other) : anything;
    if (choice.endsWith('?')) return valueOf(value);
    if (value.text !== '') return valueOf(value);
    return isPlainText(other) && choice === ':-' ? literally(other) : anything;
  }
  const [, operator, pattern = ''] = /^(%%?|##?)([^]*)$/.exec(rest) ?? [];
  if (operator !== undefined)
    return value.text === undefined ? { ...net, text: undefined } : trimmed(value.text, operator, pattern);
  const [, offset] = /^:([^]*)$/.exec(rest) ?? [];
  if (offset !== undefined) checkArithmetic(offset, around, []);
  if (/^@[A-Za-z]*P/.test(rest) && rest.startsWith('@')) around.fail('${…@P} runs what is in the text');
  return { text: undefined, ...net };
};

/** Words joined by the first character of IFS. */
const joinItems = (items: readonly Arg[] | undefined, { state }: Around): Value => {
  const texts = items?.map(({ text }) => text) ?? [undefined];
  return state.splits && !texts.includes(undefined) ? literally(texts.join(' ')) : anything;
};

/** What `${…}` stands for; `hasInner`: substitutions are in it. */
export const expandParameter = (text: string, around: Around, hasInner: boolean): Value | readonly Arg[] => {
  const inner = text.slice(2, -1);
  const [, name, rest = ''] = /^([A-Za-z_]\w*)([^]*)$/.exec(inner) ?? [];
  if (name === undefined) {
    if (/^#(?:[A-Za-z_]\w*(?:\[[@*\d]+\])?|[@*#\d])?$/.test(inner)) return someNumber;
    if (/^[1-9]\d*$/.test(inner))
      return around.state.args ? (around.state.args[Number(inner) - 1] ?? literally('')) : anything;
    if (inner === '@') return around.state.args ?? anything;
    if (inner === '*') return joinItems(around.state.args, around);
    if (/^\d+:?[-+?]/.test(inner) || /^![A-Za-z_]\w*[@*]$|^![A-Za-z_]\w*\[[@*]\]$/.test(inner)) return anything;
    if (/^[@*]:\s*\d+(?::\d+)?$/.test(inner) || /^[?$!#-]$/.test(inner)) return anything;
    if (/^\d+[%#/^,][^$`]*$/.test(inner)) return anything;
    around.fail('a variable is named only when it runs');
    return anything;
  }
  if (rest === '') return lookUp(name, around);
  const [, index, after = ''] = /^\[([^\]]*)\]([^]*)$/.exec(rest) ?? [];
  if (index !== undefined) {
    const variable = lookUp(name, around);
    if (index === '*') return after === '' ? joinItems(variable.items, around) : anything;
    if (index === '@') return after === '' && variable.items ? variable.items : anything;
    if (!/^-?\d+$/.test(index)) checkArithmetic(index, around, hasInner ? [anything] : []);
    if (after.startsWith('@')) around.fail('${…@P} runs what is in the text');
    const at = /^\d+$/.test(index) ? Number(index) : undefined;
    return after === '' && at !== undefined && variable.items ? (variable.items[at] ?? literally('')) : anything;
  }
  return ofNamed(name, rest, around, hasInner);
};
