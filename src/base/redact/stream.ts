import type { Hit } from './hits.ts';
import { relabelled, type Redact } from './redactor.ts';

/** Redacts a text that comes in pieces. */
export interface RedactingStream {
  /** Takes a piece; returns what is now certain to hold no part of a secret. */
  readonly push: (chunk: string) => string;
  /** The rest. */
  readonly end: () => string;
}

/** So much text already shown is kept: names and commands that stand before a value. */
const leastContext = 512;
const mostContext = 1024;
/** Undecided text up to here is looked at with every piece, longer text only when it has grown by an eighth. */
const eager = 2048;
/** More is never held back: what is undecided then is redacted whole, and so is what continues it. */
const mostHeld = 65_536;

/** Where to cut the context: at a line when there is one, so that no word is seen in half. */
const cutBefore = (text: string, shown: number): number => {
  if (shown <= mostContext) return 0;
  const line = text.lastIndexOf('\n', shown - leastContext);
  return line >= shown - mostContext ? line + 1 : shown - leastContext;
};

/**
 * A stream that redacts as `redact` does the whole text, however it is cut. Text comes out as soon as nothing that follows
 * can make it part of a secret: a word, a value behind the name of a secret, a private key are held back until they end.
 */
export const redactingStream = (redact: Redact): RedactingStream => {
  const { parts } = redact;
  let text = '';
  let shown = 0;
  let searched = 0;
  let swallowing = false;

  const emit = (upTo: number, hits: readonly Hit[]): string => {
    const { label } = parts ?? { label: () => '[redacted]' };
    const inside = hits
      .filter(({ end }) => end > shown && end <= upTo)
      // Of what began in text already shown only the rest is taken out.
      .map((hit) =>
        hit.start < shown
          ? { rule: hit.rule, start: 0, end: hit.end - shown }
          : { ...hit, start: hit.start - shown, end: hit.end - shown },
      );
    const out = relabelled(text.slice(shown, upTo), inside, label);
    const cut = cutBefore(text, upTo);
    text = text.slice(cut);
    shown = upTo - cut;
    searched = text.length;
    return out;
  };

  const push = (chunk: string): string => {
    text += chunk;
    // A function of somebody else says nothing about offsets: whole texts only.
    if (parts === undefined) return '';
    const held = text.length - shown;
    if (swallowing) {
      const line = text.slice(shown);
      const stop = line.search(/-----END [A-Z ]*-----|\s(?![A-Za-z0-9+/=]{16}|-)\S/);
      if (stop < 0) {
        text = text.slice(0, shown) + line.slice(-128);
        return '';
      }
      swallowing = false;
      shown += stop + (/^-----END [A-Z ]*-----/.exec(line.slice(stop))?.[0].length ?? 0);
    } else if (held > eager && text.length - searched < held >> 3) return '';
    const { hits, undecided } = parts.scanner.search(text, true);
    let safe = Math.max(shown, undecided);
    for (const { start, end } of hits) if (start < safe && end > safe) safe = Math.max(shown, start);
    if (text.length - safe > mostHeld) {
      const last = hits.at(-1);
      if (last?.rule === 'private-key' && last.end === text.length) {
        swallowing = true;
        return emit(text.length, hits);
      }
      safe = text.length - 4096;
      for (const { start, end } of hits) if (start < safe && end > safe) safe = end;
    }
    return emit(safe, hits);
  };

  const end = (): string => {
    if (parts === undefined) {
      const all = redact(text);
      text = '';
      return all;
    }
    if (swallowing) return '';
    return emit(text.length, parts.scanner.search(text).hits);
  };
  return { push, end };
};
