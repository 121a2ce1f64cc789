import type { SyntaxNode } from '../../core/shell.ts';
import { expandBraces } from './braces.ts';
import { expandGlob, hasGlob, unescapeGlob } from './glob-names.ts';
import { asPlain, lexWord, type Expansions, type Piece } from './lex-word.ts';
import { checkArithmetic, expandParameter } from './parameters.ts';
import { eachOf, startOf } from './syntax.ts';
import { lookUp, lookUpSpecial, onlyFolder, valueOf, type Around } from './variables.ts';
import { anything, someNumber, type Arg, type Value } from './value.ts';

/** Where a word stands, and who looks at the commands in it. */
export interface WordPlace extends Around {
  readonly source: string;
  /** Runs `$(…)`; what it prints. */
  substitute(node: SyntaxNode): Value;
  /** Runs the text of backticks. */
  substituteText(text: string): Value;
  /** Runs `<(…)` or `>(…)`; what its pipe carries. */
  connect(node: SyntaxNode): Value;
}

const expansionTypes: ReadonlySet<string> = new Set([
  'command_substitution',
  'process_substitution',
  'arithmetic_expansion',
  'expansion',
]);
const substitutions: ReadonlySet<string> = new Set(['command_substitution', 'process_substitution']);

/** Runs every substitution somewhere in a node; what they print. */
export const substitutionsIn = (node: SyntaxNode, place: WordPlace): Value[] => {
  const values: Value[] = [];
  let rest = node.text;
  for (const child of node.children)
    if (child)
      eachOf(child, substitutions, (found) => {
        rest = rest.replace(found.text, '');
        if (found.type === 'process_substitution') values.push(place.connect(found));
        else if (/^\s*`/.test(found.text))
          values.push(
            place.substituteText(
              found.text
                .trim()
                .slice(1, -1)
                .replace(/\\([$`\\])/g, '$1'),
            ),
          );
        else values.push(place.substitute(found));
      });
  // What the tree took for plain text, bash would still run.
  if (/`|\$\((?!\()|[<>]\(/.test(rest.replace(/\\[^]/g, ''))) place.fail('a substitution in it was not understood');
  return values;
};

const pieceOf = (value: Value | readonly Arg[], quoted: boolean): Piece =>
  'length' in value ? { items: value, quoted } : { value: valueOf(value), quoted };

/** How a lexer resolves the expansions in a node. */
const expansionsOf = (node: SyntaxNode, place: WordPlace): Expansions => {
  let nodes: Map<number, SyntaxNode> | undefined;
  const nodeAt = (at: number): SyntaxNode | undefined => {
    if (!nodes) {
      const found = new Map<number, SyntaxNode>();
      eachOf(node, expansionTypes, (one) => found.set(startOf(one), one));
      nodes = found;
    }
    return nodes.get(at);
  };
  return {
    variable: (name, quoted) => {
      if (/^[A-Za-z_]/.test(name)) return { value: valueOf(lookUp(name, place)), quoted };
      const value = lookUpSpecial(name, place);
      if (quoted && name === '*' && 'length' in value) {
        const texts = value.map((one) => one.text);
        return {
          value: texts.includes(undefined) || !place.state.splits ? anything : { text: texts.join(' ') },
          quoted,
        };
      }
      // Arguments nobody knows may be any number of words, quoted or not.
      return pieceOf(value, quoted && !(name === '@' && !('length' in value)));
    },
    expansion: (at, quoted) => {
      const found = nodeAt(at);
      if (!found) return undefined;
      const text = found.text.trimStart();
      const end = found.endIndex;
      switch (found.type) {
        case 'command_substitution':
          // bash tries arithmetic first.
          if (text.startsWith('$((')) return undefined;
          return { end, piece: { value: place.substitute(found), quoted } };
        case 'process_substitution': {
          const value = place.connect(found);
          const channel = text.startsWith('<') ? 'read' : 'write';
          return {
            end,
            piece: { items: [{ ...value, text: undefined, source: text, prefix: '/dev/fd/', channel }], quoted: true },
          };
        }
        case 'arithmetic_expansion':
          checkArithmetic(text.replace(/^\$(?:\(\(|\[)|(?:\)\)|\])$/g, ''), place, substitutionsIn(found, place));
          return { end, piece: { value: someNumber, quoted } };
        default: {
          const inner = substitutionsIn(found, place);
          const value = expandParameter(text, place, inner.length > 0);
          const net = inner.some((one) => one.fromNet);
          const piece = pieceOf(net && !('length' in value) ? { ...value, fromNet: true } : value, quoted);
          return { end, piece: 'value' in piece && /^\$\{[@*]|\[@\]/.test(text) ? { ...piece, quoted: false } : piece };
        }
      }
    },
    backticks: (text, quoted) => ({ value: place.substituteText(text), quoted }),
  };
};

/** A field of a word while it is put together. */
interface Field {
  text: string;
  pattern: string;
  /** What is not known in it. */
  unknown: Value[];
  prefix: string;
  several: boolean;
  parts: number;
  channel?: 'read' | 'write';
}

const newField = (): Field => ({ text: '', pattern: '', unknown: [], prefix: '', several: false, parts: 0 });

const addText = (field: Field, text: string, quoted: boolean): void => {
  if (text !== '') field.parts += 1;
  field.text += text;
  field.pattern += quoted ? text.replace(/[\\*?[\]]/g, '\\$&') : text;
  if (field.unknown.length === 0) field.prefix += text;
};

const addUnknown = (field: Field, value: Value, several: boolean): void => {
  field.parts += 1;
  field.unknown.push(value);
  field.several ||= several;
};

const fieldsOf = (pieces: readonly Piece[], splits: boolean): Field[] => {
  const fields: Field[] = [];
  let field: Field | undefined;
  const open = (): Field => {
    if (!field) fields.push((field = newField()));
    return field;
  };
  const addKnown = (text: string): void => {
    if (!splits && text !== '') {
      addUnknown(open(), anything, true);
      return;
    }
    const words = text.split(/[ \t\n]+/);
    for (const [index, word] of words.entries()) {
      if (index > 0) field = undefined;
      // A backslash in a value may or may not escape: then nobody knows.
      if (word !== '' && word.includes('\\') && hasGlob(word)) addUnknown(open(), anything, true);
      else if (word !== '') addText(open(), word, false);
    }
  };
  for (const piece of pieces) {
    if ('text' in piece) addText(open(), piece.text, piece.quoted);
    else if ('value' in piece) {
      const { value, quoted } = piece;
      if (value.text === undefined) addUnknown(open(), value, !quoted && value.numeric !== true);
      else if (quoted) addText(open(), value.text, true);
      else addKnown(value.text);
    } else {
      for (const [index, item] of piece.items.entries()) {
        if (index > 0) field = undefined;
        if (item.text !== undefined && piece.quoted) addText(open(), item.text, true);
        else if (item.text !== undefined) addKnown(item.text);
        else {
          const at = open();
          addUnknown(at, item, item.several === true || !piece.quoted);
          if (at.prefix === '') at.prefix = item.prefix;
          if (item.channel) at.channel = item.channel;
        }
      }
    }
  }
  return fields;
};

const expandTilde = (pieces: Piece[], place: WordPlace, assigned: boolean): Piece[] => {
  const [first, ...rest] = pieces;
  if (!first || !('text' in first) || first.quoted || !first.text.includes('~')) return pieces;
  const home = lookUp('HOME', place);
  const pwd = onlyFolder(place.state);
  const out: Piece[] = [];
  // An assignment, also one that is only an argument, has tildes after its = and colons too.
  const inner = assigned || /^[A-Za-z_]\w*=/.test(first.text);
  const cuts = inner ? first.text.split(/(?<=[:=])(?=~)/) : [first.text];
  for (const [index, cut] of cuts.entries()) {
    const [whole = '', user = ''] = /^~([^/:]*)/.exec(cut) ?? [];
    // The user's name may go on in the next piece.
    const goesOn = index === cuts.length - 1 && whole.length === cut.length && rest.length > 0;
    if (!cut.startsWith('~')) {
      out.push({ text: cut, quoted: false });
      continue;
    }
    const folder: Value = user === '' ? home : user === '+' && pwd !== undefined ? { text: pwd } : anything;
    out.push(goesOn ? { value: anything, quoted: true } : { value: folder, quoted: true });
    if (cut.length > whole.length) out.push({ text: cut.slice(whole.length), quoted: false });
  }
  return [...out, ...rest];
};

const argOf = (field: Field, source: string): Arg => {
  const { unknown, text, prefix, several, channel } = field;
  const [only] = unknown;
  if (!only) return { text, source, prefix: text };
  const alone = unknown.length === 1 && field.parts === 1;
  return {
    text: undefined,
    source,
    prefix,
    ...(several ? { several: true } : {}),
    ...(channel ? { channel } : {}),
    ...(alone && only.within !== undefined ? { within: only.within } : {}),
    ...(alone && only.from !== undefined ? { from: only.from } : {}),
    ...(alone && only.among ? { among: only.among } : {}),
    ...(alone && only.partial ? { partial: true } : {}),
    ...(alone && only.numeric ? { numeric: true } : {}),
    ...(unknown.some((one) => one.fromNet) ? { fromNet: true } : {}),
  };
};

const globbed = (field: Field, place: WordPlace, source: string): Arg[] => {
  const { globs, cwds } = place.state;
  if (!hasGlob(field.pattern) || globs === false) return [argOf(field, source)];
  if (field.unknown.length > 0 || globs === undefined)
    return [{ ...argOf(field, source), text: undefined, prefix: '', several: true }];
  const absolute = field.pattern.startsWith('/');
  if (!absolute && !cwds) return [{ text: undefined, source, prefix: '', several: true }];
  const found = new Set<string>();
  for (const cwd of absolute ? [''] : (cwds ?? [])) {
    const paths = expandGlob(field.pattern, (folder) =>
      place.scene.names(absolute ? folder || '/' : `${cwd}/${folder}`),
    );
    if (!paths) return [{ text: undefined, source, prefix: '', several: true }];
    for (const path of paths.length > 0 ? paths : [unescapeGlob(field.pattern)]) found.add(path);
  }
  return [...found].map((text) => ({ text, source, prefix: text }));
};

const unreadable = 'a word can be read in more than one way';

/** The words a word of the source becomes: braces, tilde, variables, splitting, globs. */
export const expandWord = (node: SyntaxNode, place: WordPlace): Arg[] => {
  const quick = asPlain(node.text);
  if (quick) return [quick];
  const pieces = lexWord(place.source, startOf(node), node.endIndex, expansionsOf(node, place));
  const words = pieces && expandBraces(pieces);
  if (!words) {
    place.fail(unreadable);
    return [{ text: undefined, source: node.text, prefix: '', several: true }];
  }
  return words.flatMap((word) =>
    fieldsOf(expandTilde(word, place, false), place.state.splits).flatMap((field) => globbed(field, place, node.text)),
  );
};

const joined = (pieces: readonly Piece[]): Value => {
  const values = pieces.flatMap((piece): readonly Value[] =>
    'text' in piece
      ? [{ text: piece.text }]
      : 'value' in piece
        ? [piece.value]
        : piece.items.length === 1
          ? piece.items
          : [anything],
  );
  const [only] = values;
  if (values.length === 1 && only) return only;
  const texts = values.map((value) => value.text);
  const fromNet = values.some((value) => value.fromNet);
  return {
    text: texts.includes(undefined) ? undefined : texts.join(''),
    ...(fromNet ? { fromNet } : {}),
    ...(values.every((value) => value.numeric === true || /^\d*$/.test(value.text ?? 'x')) ? { numeric: true } : {}),
  };
};

/** What a word stands for where it is not split (assignments, here-strings); `body`: the offsets of a heredoc's. */
export const expandText = (node: SyntaxNode, place: WordPlace, body?: { start: number; end: number }): Value => {
  const hooks = expansionsOf(node, place);
  const pieces = body
    ? lexWord(place.source, body.start, body.end, hooks, 'heredoc')
    : lexWord(place.source, startOf(node), node.endIndex, hooks);
  if (!pieces) {
    place.fail(unreadable);
    return anything;
  }
  return joined(body ? pieces : expandTilde(pieces, place, true));
};
