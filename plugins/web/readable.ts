import type { DomDocument, DomElement } from './dom.ts';
import { markdown } from './markdown.ts';
import { plainText } from './plain-text.ts';
import { maxDepth, prune, type Weight } from './prune.ts';

/** A page as one reads it. */
export interface Readable {
  /** One line; empty when the page has none. */
  title: string;
  text: string;
  /** True when the page could not be made a document of, so that links and headings are lost. */
  plain: boolean;
}

// What takes about two seconds each on a slow core (measured 2026-11-27): every reader below is linear in these.
const maxMarks = 100_000;
const limits = {
  readability: { nodes: 30_000, depths: 600_000 },
  markdown: { nodes: 100_000, depths: 2_000_000, depthOfText: 100_000_000 },
};
const maxTitle = 300;

const titleOf = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, maxTitle);

const titleIn = (html: string): string => {
  const start = html.search(/<title[\s>]/i);
  if (start < 0) return '';
  const from = html.indexOf('>', start) + 1;
  return titleOf(plainText(html.slice(from, from + 1000).split(/<\/title/i)[0] ?? ''));
};

/** Every tag and every entity becomes a node. */
const countMarks = (html: string): number => {
  let count = 0;
  for (const mark of '<&') {
    for (let at = html.indexOf(mark); at >= 0 && count <= maxMarks; at = html.indexOf(mark, at + 1)) count += 1;
  }
  return count;
};

/** The page's main part where one stands out; undefined when the whole is better. */
const articleIn = async (document: DomDocument, weight: Weight, whole: number): Promise<DomElement | undefined> => {
  if (weight.nodes > limits.readability.nodes || weight.depths > limits.readability.depths) return undefined;
  const { Readability } = await import('@mozilla/readability');
  const reader = new Readability<unknown>(document, {
    serializer: (node: unknown) => node,
    keepClasses: true,
    disableJSONLD: true,
  });
  const content = reader.parse()?.content as DomElement | null | undefined;
  const length = content?.textContent.trim().length ?? 0;
  // A list of links has no article, yet something is always found.
  return content && length >= 200 && (length >= 2000 || length >= whole / 4) ? content : undefined;
};

const readDocument = async (html: string, url: string): Promise<Readable | undefined> => {
  const { parseHTML } = await import('linkedom');
  // Wrapped, for linkedom adds no missing html, head or body.
  const parsed: unknown = parseHTML(`<!doctype html><html><head></head><body>${html}</body></html>`);
  const { document } = parsed as { document: DomDocument };
  const { body } = document;
  const base = document.querySelector('base[href]')?.getAttribute('href') ?? '';
  const titles = [...document.querySelectorAll('title')];
  const title = titleOf(
    titles.find(({ parentNode }) => parentNode?.nodeName.toUpperCase() !== 'SVG')?.textContent ?? '',
  );
  const weight = prune(body, URL.canParse(base, url) ? new URL(base, url).href : url);
  const { nodes, depths, depthOfText } = limits.markdown;
  if (weight.maxDepth > maxDepth || weight.nodes > nodes) return undefined;
  if (weight.depths > depths || weight.depthOfText > depthOfText) return undefined;
  const main = body.querySelector('main, [role="main"]');
  const whole = body.textContent.trim().length;
  // Looking for the article takes the document apart.
  const fallback = (main && main.textContent.trim().length >= 200 ? main : body).cloneNode(true);
  const article = await articleIn(document, weight, whole);
  return { title, text: markdown(article ?? fallback), plain: false };
};

/**
 * Turns a page into Markdown: its main part, or all of it when none stands out. Whatever the page is made like, it takes
 * seconds at most; what is too large or too deep for that becomes plain text.
 */
export const readable = async (html: string, url: string): Promise<Readable> => {
  // Pages that make a reader fail exist; their words can be had all the same.
  const found = countMarks(html) > maxMarks ? undefined : await readDocument(html, url).catch(() => undefined);
  return found ?? { title: titleIn(html), text: plainText(html), plain: true };
};
