// What is used of a document, as linkedom has it: TypeScript's own types of it would declare a browser everywhere.

/** A node of a document. */
export interface DomNode {
  readonly nodeType: number;
  /** Upper case for elements of HTML. */
  readonly nodeName: string;
  readonly parentNode: DomElement | null;
  readonly firstChild: DomNode | null;
  readonly nextSibling: DomNode | null;
  textContent: string;
  remove(): void;
  replaceWith(...nodes: (DomNode | string)[]): void;
}

/** An element. */
export interface DomElement extends DomNode {
  readonly children: Iterable<DomElement>;
  readonly previousElementSibling: DomElement | null;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  getAttributeNames(): string[];
  querySelector(selector: string): DomElement | null;
  querySelectorAll(selector: string): Iterable<DomElement>;
  cloneNode(deep: boolean): DomElement;
}

/** A whole document. */
export interface DomDocument extends DomElement {
  readonly body: DomElement;
}

/** True for an element. */
export const isElement = (node: DomNode): node is DomElement => node.nodeType === 1;
