/** Lines that belong to no event. */
const isField = /^(?:data|event|id|retry)(?::|$)|^:/;

/**
 * Reads the data of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html, read 2026-11-27). An
 * event that is cut off is left out. The API may end its answer with an error as bare JSON: that comes last, as it is.
 */
export async function* readSse(bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let line = '';
  let afterReturn = false;
  let data: string[] = [];
  const bare: string[] = [];
  const take = (whole: string): string | undefined => {
    if (whole === '') {
      const event = data.length > 0 ? data.join('\n') : undefined;
      data = [];
      return event;
    }
    if (whole.startsWith('data')) data.push(whole.slice(whole.startsWith('data: ') ? 6 : 5));
    else if (!isField.test(whole)) bare.push(whole);
    return undefined;
  };
  for await (const chunk of bytes) {
    const text = decoder.decode(chunk, { stream: true });
    // A line break of two characters may come in two pieces.
    let from = afterReturn && text.startsWith('\n') ? 1 : 0;
    if (text !== '') afterReturn = text.endsWith('\r');
    for (const { 0: end, index } of text.matchAll(/\r\n|\r|\n/g)) {
      if (index < from) continue;
      const event = take(line + text.slice(from, index));
      line = '';
      from = index + end.length;
      if (event !== undefined) yield event;
    }
    line += text.slice(from);
  }
  if (line !== '') take(line);
  const rest = bare.join('\n');
  if (/^\s*[[{]/.test(rest)) yield rest;
}
