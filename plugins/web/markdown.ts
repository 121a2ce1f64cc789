import { isElement, type DomElement, type DomNode } from './dom.ts';
import { linesOf, type Lines } from './lines.ts';

const blocks = new Set(
  (
    'ADDRESS ARTICLE ASIDE BLOCKQUOTE BODY CAPTION CENTER DETAILS DIV DL FIELDSET FIGCAPTION FIGURE FOOTER FORM H1 H2 H3 ' +
    'H4 H5 H6 HEADER HGROUP HR HTML MAIN MENU NAV OL P PRE SECTION SUMMARY TABLE UL'
  ).split(' '),
);
const ownLine = new Set(['BR', 'DD', 'DT', 'LEGEND', 'LI', 'OPTION', 'TR']);
const emphasis: Readonly<Partial<Record<string, string>>> = {
  B: '**',
  STRONG: '**',
  I: '*',
  EM: '*',
  DEL: '~~',
  S: '~~',
};
const code = new Set(['CODE', 'KBD', 'SAMP', 'TT']);
/** A link around more than this is a part of the page that can be clicked. */
const maxLinkText = 300;

const anyBlock = [...blocks].join(',').toLowerCase();
const unfitForCell = 'table,h1,h2,h3,pre,ul,ol,blockquote';

/** As many backquotes as the code does not hold itself. */
const fenceOf = (text: string, least: number): string => {
  let longest = least - 1;
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  return '`'.repeat(longest + 1);
};

const isCell = (node: DomNode): node is DomElement => node.nodeName === 'TD' || node.nodeName === 'TH';

const childrenOf = function* (node: DomNode): Generator<DomNode, void> {
  for (let child = node.firstChild; child; child = child.nextSibling) yield child;
};

/** An element's content in one line, with a space at either end where the page has one. */
const inOneLine = (element: DomElement): string => {
  const line = linesOf('single');
  for (const child of childrenOf(element)) write(child, line);
  return line.text();
};

const wrapped = (content: string, before: string, after: string): string => {
  const inner = content.trim();
  if (inner === '') return content;
  return `${/^\s/.test(content) ? ' ' : ''}${before}${inner}${after}${/\s$/.test(content) ? ' ' : ''}`;
};

const writeAll = (element: DomElement, lines: Lines): void => {
  for (const child of childrenOf(element)) write(child, lines);
};

const writeCode = (element: DomElement, lines: Lines): void => {
  const text = element.textContent;
  if (text.trim() === '') return;
  const language = /^language-(.+)$/.exec(element.getAttribute('class') ?? '')?.[1] ?? '';
  const fence = fenceOf(text, 3);
  lines.verbatim([`${fence}${language}`, ...text.split('\n'), fence]);
};

const writeTable = (table: DomElement, lines: Lines): void => {
  // Tables that only place things, or hold what a line cannot, are read as what they hold.
  if (table.querySelector(unfitForCell)) {
    writeAll(table, lines);
    return;
  }
  let rows = 0;
  const writeRows = (parent: DomElement): void => {
    for (const child of childrenOf(parent)) {
      if (!isElement(child)) continue;
      const cells = child.nodeName === 'TR' ? [...childrenOf(child)].filter(isCell) : [];
      if (child.nodeName !== 'TR') {
        if (child.nodeName === 'CAPTION') write(child, lines);
        else writeRows(child);
      } else if (cells.length > 0) {
        lines.line();
        lines.words(`| ${cells.map((cell) => inOneLine(cell).trim().replaceAll('|', '\\|')).join(' | ')} |`);
        if (rows === 0) lines.verbatim([`|${' --- |'.repeat(cells.length)}`]);
        rows += 1;
      }
    }
  };
  writeRows(table);
};

const writeList = (list: DomElement, lines: Lines): void => {
  let number = Number.parseInt(list.getAttribute('start') ?? '', 10);
  if (!Number.isSafeInteger(number)) number = 1;
  for (const child of childrenOf(list)) {
    if (!isElement(child) || child.nodeName !== 'LI') {
      write(child, lines);
      continue;
    }
    const mark = list.nodeName === 'OL' ? `${number}. ` : '- ';
    number += 1;
    lines.line();
    lines.indented(mark, ' '.repeat(mark.length), () => writeAll(child, lines));
    lines.line();
  }
};

const writeLink = (link: DomElement, lines: Lines): void => {
  const href = link.getAttribute('href');
  if (href === null) {
    writeAll(link, lines);
  } else if (link.textContent.length > maxLinkText && link.querySelector(anyBlock)) {
    writeAll(link, lines);
    lines.line();
    lines.words(`[link](${href})`);
  } else lines.words(wrapped(inOneLine(link), '[', `](${href})`));
};

const writeInline = (element: DomElement, lines: Lines): void => {
  const { nodeName } = element;
  const mark = emphasis[nodeName];
  if (nodeName === 'A') writeLink(element, lines);
  else if (nodeName === 'IMG')
    lines.words(`![${element.getAttribute('alt') ?? ''}](${element.getAttribute('src') ?? ''})`);
  else if (code.has(nodeName)) {
    const fence = fenceOf(element.textContent, 1);
    lines.words(wrapped(element.textContent, fence, fence));
  } else if (mark !== undefined && !element.querySelector(anyBlock)) {
    lines.words(wrapped(inOneLine(element), mark, mark));
  } else writeAll(element, lines);
};

const writeBlock = (element: DomElement, lines: Lines): void => {
  const { nodeName } = element;
  if (lines.single) {
    writeAll(element, lines);
    return;
  }
  const level = /^H([1-6])$/.exec(nodeName)?.[1];
  if (level !== undefined) lines.words(wrapped(inOneLine(element), `${'#'.repeat(Number(level))} `, ''));
  else if (nodeName === 'HR') lines.words('---');
  else if (nodeName === 'PRE') writeCode(element, lines);
  else if (nodeName === 'TABLE') writeTable(element, lines);
  else if (nodeName === 'UL' || nodeName === 'OL' || nodeName === 'MENU') writeList(element, lines);
  else if (nodeName === 'BLOCKQUOTE') lines.indented('> ', '> ', () => writeAll(element, lines));
  else writeAll(element, lines);
};

const write = (node: DomNode, lines: Lines): void => {
  if (!isElement(node)) {
    lines.words(node.textContent);
  } else if (blocks.has(node.nodeName)) {
    const isNested = (node.nodeName === 'UL' || node.nodeName === 'OL') && node.parentNode?.nodeName === 'LI';
    const apart = (): void => (isNested ? lines.line() : lines.block());
    apart();
    writeBlock(node, lines);
    apart();
  } else if (ownLine.has(node.nodeName)) {
    lines.line();
    writeAll(node, lines);
    lines.line();
  } else {
    // Cells that were not written as a table's stand side by side, not stuck together.
    if (isCell(node)) lines.words(' ');
    writeInline(node, lines);
    if (isCell(node)) lines.words(' ');
  }
};

/**
 * An element as Markdown to be read: nothing is escaped, for nobody renders it. Written here because what converts HTML for
 * rendering takes time by the square of some pages; this is linear in text times depth.
 */
export const markdown = (root: DomElement): string => {
  const lines = linesOf('many');
  write(root, lines);
  return lines.text().trim();
};
