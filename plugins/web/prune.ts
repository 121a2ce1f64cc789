import { isElement, type DomElement, type DomNode } from './dom.ts';

const dropped = new Set(
  (
    'SCRIPT STYLE NOSCRIPT TEMPLATE IFRAME FRAME FRAMESET OBJECT EMBED APPLET SVG CANVAS AUDIO VIDEO HEAD TITLE LINK META ' +
    'INPUT SELECT TEXTAREA BUTTON DIALOG'
  ).split(' '),
);

/** Of use to whoever reads or rates the page; the rest only costs time. */
const keptAttributes = new Set(['href', 'src', 'alt', 'start', 'class', 'id', 'role', 'itemprop', 'rel', 'datetime']);
const maxAttributes = 200;
const maxAttributeLength = 2000;

const hidingStyle =
  /(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|(?:opacity|font-size|(?:max-)?(?:width|height))\s*:\s*0(?:\.0+)?(?:px|pt|r?em|%)?\s*(?:!|;|$)|(?:left|top|right|text-indent)\s*:\s*-\d{4})/i;

const isHidden = (element: DomElement): boolean =>
  element.getAttribute('hidden') !== null ||
  element.getAttribute('aria-hidden') === 'true' ||
  element.getAttribute('width') === '0' ||
  element.getAttribute('height') === '0' ||
  hidingStyle.test(element.getAttribute('style') ?? '');

/** A link's or image's full address; undefined for what leads nowhere a reader could go. */
const absolute = (href: string | null, base: string): string | undefined => {
  if (href === null || href.startsWith('#') || !URL.canParse(href, base)) return undefined;
  const url = new URL(href, base);
  return /^(?:https?|mailto):$/.test(url.protocol) && url.href.length <= maxAttributeLength ? url.href : undefined;
};

const cleanAttributes = (element: DomElement, names: readonly string[], base: string): void => {
  const tag = element.nodeName;
  for (const name of names) {
    const value = element.getAttribute(name) ?? '';
    if (!keptAttributes.has(name) || value.length > maxAttributeLength) element.removeAttribute(name);
  }
  if (tag === 'A' || tag === 'IMG') {
    const name = tag === 'A' ? 'href' : 'src';
    const address = absolute(element.getAttribute(name), base);
    if (address === undefined) element.removeAttribute(name);
    else element.setAttribute(name, address);
  }
};

/** How much a document holds: what readers of it take time for. */
export interface Weight {
  /** Elements, and characters that become nodes of their own when the document is written out and read again. */
  nodes: number;
  maxDepth: number;
  /** Sum of the elements' depths. */
  depths: number;
  /** Sum of the texts' lengths, each times its depth. */
  depthOfText: number;
}

/** Nothing needs more levels; those who read the document recurse. */
export const maxDepth = 300;

/** Written as entities. */
const escaped = /[&<>\u00a0]/g;

const flatten = (node: DomNode): void => {
  const { textContent } = node;
  const flat = textContent.replace(/\s+/g, ' ');
  if (flat !== textContent) node.textContent = flat;
};

const next = (node: DomNode, root: DomNode): { node: DomNode | undefined; up: number } => {
  let up = 0;
  for (let at: DomNode | null = node; at && at !== root; at = at.parentNode, up += 1) {
    if (at.nextSibling) return { node: at.nextSibling, up };
  }
  return { node: undefined, up };
};

/**
 * Takes away what no reader of the page sees, makes addresses absolute, and weighs what is left. Code blocks become one
 * text each. It stops, the work half done, at an element deeper than {@link maxDepth}: look at the weight first.
 */
export const prune = (root: DomElement, base: string): Weight => {
  const weight: Weight = { nodes: 0, maxDepth: 0, depths: 0, depthOfText: 0 };
  const codeBlocks: DomElement[] = [];
  let depth = 1;
  let codeDepth: number | undefined;
  let node: DomNode | undefined = root.firstChild ?? undefined;
  while (node) {
    const current: DomNode = node;
    const after = next(current, root);
    let kept = current.nodeType === 3;
    if (codeDepth !== undefined && depth <= codeDepth) codeDepth = undefined;
    if (kept) {
      if (codeDepth === undefined) flatten(current);
      const { textContent } = current;
      weight.depthOfText += depth * textContent.length;
      weight.nodes += textContent.match(escaped)?.length ?? 0;
    }
    if (isElement(current)) {
      const names = current.getAttributeNames();
      const isImage = current.nodeName === 'IMG';
      kept = !dropped.has(current.nodeName.toUpperCase()) && names.length <= maxAttributes && !isHidden(current);
      if (kept) {
        cleanAttributes(current, names, base);
        kept = !isImage || ((current.getAttribute('alt') ?? '') !== '' && current.getAttribute('src') !== null);
      }
      if (kept) {
        weight.nodes += 1;
        weight.depths += depth;
        weight.maxDepth = Math.max(weight.maxDepth, depth);
        if (depth > maxDepth) return weight;
        if (current.nodeName === 'PRE') {
          codeBlocks.push(current);
          codeDepth ??= depth;
        }
      }
    }
    if (kept && current.firstChild) {
      node = current.firstChild;
      depth += 1;
      continue;
    }
    if (!kept) current.remove();
    node = after.node;
    depth -= after.up;
  }
  for (const block of codeBlocks) {
    for (const br of block.querySelectorAll('br')) br.replaceWith('\n');
    const language = [block, ...block.children]
      .map(
        (element) =>
          /\b(?:lang|language|highlight-source)-([\w+#-]{1,30})/.exec(element.getAttribute('class') ?? '')?.[1],
      )
      .find((name) => name !== undefined);
    block.textContent = block.textContent.replace(/^\n/, '').trimEnd();
    if (language !== undefined) block.setAttribute('class', `language-${language}`);
  }
  return weight;
};
