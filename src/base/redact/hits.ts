/** Where a secret lies in a text, in UTF-16 units, without the name beside it. */
export interface Found {
  rule: string;
  start: number;
  end: number;
}

/** A find, and how sure it is; `shown` is the public beginning of its format. */
export interface Hit extends Found {
  confidence: 'high' | 'medium';
  shown?: string;
  /** The secret itself, where the text has something between its lines that is no part of it: numbers, marks of a diff. */
  value?: string;
}

/** What a search over one text gathers. */
export interface Search {
  readonly text: string;
  readonly hits: Hit[];
  /** Text from here on may look different once more text follows. Never grows. */
  undecided: number;
  /** How often something wrapped was unwrapped to get here. */
  readonly depth: number;
  /** Up to here values, and cookies, were read to no avail: what begins inside is not read again. */
  valuesUpTo: number;
  cookiesUpTo: number;
}

/** Remembers that what begins here goes on to the end of the text. */
export const leaveOpen = (search: Search, start: number): void => {
  if (start < search.undecided) search.undecided = start;
};

/** Finds in order, none lying in another; those that touch the same text become one. */
export const merged = (hits: readonly Hit[]): Hit[] => {
  const out: Hit[] = [];
  for (const hit of [...hits].sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = out.at(-1);
    if (last === undefined || hit.start >= last.end) out.push({ ...hit });
    else {
      if (hit.confidence === 'high' && last.confidence === 'medium') {
        last.rule = hit.rule;
        last.confidence = 'high';
        if (hit.shown !== undefined && hit.start === last.start) last.shown = hit.shown;
      }
      // What both together stand for is the text as it is.
      if (hit.end > last.end) delete last.value;
      last.end = Math.max(last.end, hit.end);
    }
  }
  return out;
};
