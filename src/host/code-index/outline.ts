import type { Node } from 'web-tree-sitter';
import { docOf, signatureOf } from './outline-text.ts';
import type { Named, Syntax } from './syntax.ts';
import { textRows } from './text-rows.ts';

/** A definition that is found by itself, with those inside it. Rows are 0-based, the last one included. */
export interface Definition {
  kind: string;
  /** With its parents. */
  symbol: string;
  /** The first row, that of its comment and decorators included. */
  start: number;
  end: number;
  signature: string;
  doc?: string;
  members: Definition[];
}

/** What a tree says of a file. */
export interface Outline {
  definitions: Definition[];
  /** Also of what is local. */
  names: { name: string; line: number }[];
  imports: string[];
  /** First and last rows of statements that import. */
  importRows: [number, number][];
  comments: [number, number][];
  /** Where comments and strings stand in the text, in order of their beginnings. */
  prose: [number, number][];
}

/** Something that reaches to an offset, and what it means for what stands in it. */
interface Open {
  end: number;
  isLocal: boolean;
  definition?: Definition;
  /** Of a wrapper: where it begins. */
  wrapper?: { row: number; index: number };
}

const running = new Set(['function', 'method', 'property', 'macro']);
const classes = new Set(['class', 'interface', 'struct', 'trait', 'impl', 'enum']);
/** What may hold a definition that counts only at the top. */
const outer = new Set(['module', 'impl', 'trait']);
/** Of local definitions those that have a name of their own. */
const namedInside = new Set(['function', 'class', 'interface', 'struct', 'enum', 'trait', 'type']);
/** What is nested deeper counts as local: nobody wrote that. */
const deepest = 30;

const typesOf = (syntax: Syntax): string[] => [
  ...new Set([
    ...[syntax.comments, syntax.texts, syntax.wrappers ?? [], syntax.leading ?? []].flat(),
    ...[syntax.imports, syntax.definitions, syntax.top ?? {}, syntax.scopes ?? {}].flatMap((table) =>
      Object.keys(table),
    ),
  ]),
];

const titleOf = ({ names, title }: Named): string => title ?? names.slice(0, 8).join(', ');

/** What has no name of its own gives none to its members. */
const isNameless = (symbol: string): boolean => /^(?:default|(?:module\.)?exports)?$/.test(symbol);

/** Reads a tree's definitions, imports, comments and strings, in one pass over the nodes that matter. */
export const outlineOf = (root: Node, text: string, syntax: Syntax): Outline => {
  const { lastRow, beginsLine, isBlank } = textRows(text);
  const outline: Outline = { definitions: [], names: [], imports: [], importRows: [], comments: [], prose: [] };
  const open: Open[] = [];
  /** Comments and attributes that begin a line, by their last row. */
  const above = new Map<number, { row: number; comment?: string }>();
  let statement: { end: number; rows: [number, number] } | undefined;

  const nameOf = (node: Node, type: string): Named | undefined => {
    const reader = syntax.named?.[type];
    if (reader) return reader(node, text);
    const name = node.childForFieldName('name');
    return name ? { names: [text.slice(name.startIndex, Math.min(name.endIndex, name.startIndex + 200))] } : undefined;
  };

  const readImports = (node: Node, type: string, isLocal: boolean): void => {
    const found = syntax.imports[type]?.(node, text);
    if (!found) return;
    outline.imports.push(...found);
    if (isLocal) return;
    outline.importRows.push([node.startPosition.row, lastRow(node.endIndex)]);
    if (statement && node.startIndex < statement.end) outline.importRows.push(statement.rows);
    statement = undefined;
  };

  /** Comments and attributes directly above a row: where they begin, and what they say. */
  const headOf = (row: number): { start: number; comment: string } => {
    const comments: string[] = [];
    let start = row;
    // Some leave a line free below a comment for documentation.
    const before = (at: number) => {
      const free = above.get(at - 2);
      return above.get(at - 1) ?? (free?.comment?.startsWith('/**') && isBlank(at - 1) ? free : undefined);
    };
    for (let next = before(start); next && next.row < start && comments.length < 200; next = before(start)) {
      start = next.row;
      if (next.comment !== undefined) comments.unshift(next.comment);
    }
    return { start, comment: comments.join('\n') };
  };

  const define = (node: Node, named: Named, given: string, isLocal: boolean): Open => {
    const owner = open.findLast((entry) => entry.definition !== undefined)?.definition;
    const end = node.endIndex;
    const row = node.startPosition.row;
    const isInClass = classes.has(owner?.kind ?? '');
    const kind = given === 'function' && isInClass ? 'method' : given;
    if (!isLocal || namedInside.has(kind))
      outline.names.push(...named.names.map((name, index) => ({ name, line: (named.rows?.[index] ?? row) + 1 })));
    if (isLocal) return { end, isLocal: true };
    const wrapper = open.at(-1)?.wrapper;
    const { start, comment } = headOf(wrapper?.row ?? row);
    const body = named.body === undefined ? node.childForFieldName('body') : named.body;
    const docstring = body && syntax.docstring?.(text.slice(body.startIndex, body.startIndex + 4000));
    const doc = docOf(docstring ?? comment);
    const isWhole = /^(?:constant|type|macro)$/.test(kind);
    const parents = [owner && !isNameless(owner.symbol) ? owner.symbol : '', named.parent ?? ''];
    const definition: Definition = {
      kind,
      symbol: [...parents, titleOf(named)].filter(Boolean).join('.').slice(0, 300),
      start,
      end: lastRow(end),
      signature: signatureOf(text, {
        start: node.startIndex,
        outer: wrapper?.index,
        body: isWhole ? end : (body?.startIndex ?? end),
      }),
      ...(doc ? { doc } : {}),
      members: [],
    };
    (owner?.members ?? outline.definitions).push(definition);
    return { end, isLocal: running.has(kind) || open.length > deepest, definition };
  };

  for (const node of root.descendantsOfType(typesOf(syntax))) {
    const { startIndex: start, startPosition } = node;
    while (open.length > 0 && (open.at(-1)?.end ?? 0) <= start) open.pop();
    const isLocal = open.at(-1)?.isLocal ?? false;
    const { type } = node;
    const isComment = syntax.comments.includes(type);
    if (isComment) outline.comments.push([start, node.endIndex]);
    if (isComment || syntax.texts.includes(type)) outline.prose.push([start, node.endIndex]);
    if ((isComment || syntax.leading?.includes(type)) && beginsLine(start)) {
      const comment = isComment ? { comment: text.slice(start, Math.min(node.endIndex, start + 4000)) } : {};
      above.set(lastRow(node.endIndex), { row: startPosition.row, ...comment });
    }
    if (type in syntax.imports) readImports(node, type, isLocal);
    const top = syntax.top?.[type];
    const kind = syntax.definitions[type];
    const owner = open.findLast((entry) => entry.definition !== undefined)?.definition;
    let named: Named | undefined;
    if (top && !isLocal && (!owner || outer.has(owner.kind))) {
      named = top(node, text);
      if (!named) statement = { end: node.endIndex, rows: [startPosition.row, lastRow(node.endIndex)] };
    } else if (kind !== undefined && (!isLocal || namedInside.has(kind))) {
      // A member needs something it belongs to.
      const isStray = !owner && (kind === 'member' || type === 'method_definition');
      named = isStray ? undefined : nameOf(node, type);
    }
    if (named && titleOf(named) !== '') open.push(define(node, named, named.kind ?? kind ?? 'constant', isLocal));
    else if (syntax.wrappers?.includes(type))
      open.push({ end: node.endIndex, isLocal, wrapper: { row: startPosition.row, index: start } });
    else if (!isLocal && syntax.scopes?.[type]?.(node, text)) open.push({ end: node.endIndex, isLocal: true });
  }
  return outline;
};
