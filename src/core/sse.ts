/** Lines that belong to no event. */
const isField = /^(?:data|event|id|retry)(?::|$)|^:/;

/**
 * Reads the data of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html, read 2026-11-27). An
 * event that is cut off is left out. A server may end its answer with an error as bare JSON: that comes last, as it is.
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

/**
 * Reads the JSON of server-sent events, up to OpenAI's `[DONE]`; what comes after it is read and left out, so that the
 * connection can be used again. For answers of models it takes the place of the SDKs' readers: their time grows with the
 * square of an event's size and their memory with the number of lines, and one writes what it cannot read on the console.
 * @throws what `unreadable` makes of an event that is not JSON.
 */
export async function* readJsonEvents(
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  unreadable: (data: string) => Error,
): AsyncGenerator<unknown, void> {
  let isDone = false;
  for await (const data of readSse(bytes)) {
    isDone ||= data.startsWith('[DONE]');
    if (isDone) continue;
    let event: unknown;
    try {
      event = JSON.parse(data);
    } catch {
      throw unreadable(data);
    }
    yield event;
  }
}
