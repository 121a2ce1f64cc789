const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const edges = /^[\t\n\r ]+|[\t\n\r ]+$/g;

const nameOf = (name: string): string => {
  if (!token.test(name)) throw new TypeError(`Headers: "${name.slice(0, 40)}" is no name of a header.`);
  return name.toLowerCase();
};

/** Never repeats the value: it may be a key. */
const valueOf = (name: string, value: unknown): string => {
  const text = String(value).replace(edges, '');
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (code === 0 || code === 10 || code === 13 || code > 255)
      throw new TypeError(`Headers: the value of ${name} holds a character headers cannot hold.`);
  }
  return text;
};

/**
 * The `Headers` of the Fetch standard as far as requests need them. Node's own brings its whole HTTP client along, which
 * takes a tenth of a short run.
 */
export class PlainHeaders {
  readonly #values = new Map<string, string[]>();

  constructor(init?: Iterable<readonly [string, string]> | Readonly<Record<string, string>> | null) {
    if (init === undefined || init === null) return;
    const pairs = Symbol.iterator in init ? init : Object.entries(init);
    for (const [name, value] of pairs) this.append(name, value);
  }

  append(name: string, value: string): void {
    const key = nameOf(name);
    this.#values.set(key, [...(this.#values.get(key) ?? []), valueOf(key, value)]);
  }

  delete(name: string): void {
    this.#values.delete(nameOf(name));
  }

  get(name: string): string | null {
    return this.#values.get(nameOf(name))?.join(', ') ?? null;
  }

  getSetCookie(): string[] {
    return [...(this.#values.get('set-cookie') ?? [])];
  }

  has(name: string): boolean {
    return this.#values.has(nameOf(name));
  }

  set(name: string, value: string): void {
    const key = nameOf(name);
    this.#values.set(key, [valueOf(key, value)]);
  }

  forEach(call: (value: string, name: string, headers: PlainHeaders) => void): void {
    for (const [name, value] of this) call(value, name, this);
  }

  *entries(): Generator<[string, string]> {
    for (const name of [...this.#values.keys()].sort()) {
      const values = this.#values.get(name) ?? [];
      // Cookies hold commas: they are never joined.
      for (const value of name === 'set-cookie' ? values : [values.join(', ')]) yield [name, value];
    }
  }

  *keys(): Generator<string> {
    for (const [name] of this.entries()) yield name;
  }

  *values(): Generator<string> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): Generator<[string, string]> {
    return this.entries();
  }

  readonly [Symbol.toStringTag] = 'Headers';
}

/** Headers by the name everybody expects them under. */
export const plainHeaders = (init: Iterable<readonly [string, string]>): Headers => {
  const headers: unknown = new PlainHeaders(init);
  return headers as Headers;
};
