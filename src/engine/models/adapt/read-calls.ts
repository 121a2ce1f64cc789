import { callEnd, callStart, resultMark } from './tool-protocol.ts';

/** What a model wrote: text, or a call. The input of a call that could not be read is what it wrote, as a string. */
export type Piece = { type: 'text'; text: string } | { type: 'call'; name: string; input: unknown };

const nameForm = /^[a-zA-Z0-9_-]{1,64}$/;

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const parsed = (json: string): unknown => {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
};

/** Some models put the JSON into a code fence. */
const unfenced = (body: string): string =>
  body.startsWith('```') && body.endsWith('```') ? body.slice(3, -3).replace(/^json/, '').trim() : body;

/** Some models write the arguments as a string of JSON. */
const callOf = (written: string): Piece & { type: 'call' } => {
  const body = unfenced(written.trim());
  const value = parsed(body);
  if (isTable(value) && typeof value.name === 'string' && nameForm.test(value.name)) {
    const given = value.arguments ?? value.parameters ?? {};
    const unwrapped = typeof given === 'string' ? parsed(given) : undefined;
    return { type: 'call', name: value.name, input: isTable(unwrapped) ? unwrapped : given };
  }
  const guess = /"name"\s*:\s*"([a-zA-Z0-9_-]{1,64})"/.exec(body)?.[1];
  return { type: 'call', name: guess ?? 'unreadable_tool_call', input: body };
};

/** The longest end of a text that one of the marks may begin with. */
const openEnd = (text: string, marks: readonly string[]): string => {
  const from = text.lastIndexOf('<');
  const end = from < 0 ? '' : text.slice(from);
  return end !== '' && marks.some((mark) => mark.length > end.length && mark.startsWith(end)) ? end : '';
};

/** Reads calls out of text as it streams in. */
export interface CallReader {
  push(text: string): Piece[];
  /** Nothing more comes. */
  end(): Piece[];
}

/**
 * A reader for one answer. Text comes out as soon as it cannot be the beginning of a call; white space around calls does
 * not, and nothing that follows where a model begins to invent results.
 */
export const callReader = (): CallReader => {
  const inText = [callStart, resultMark];
  const inCall = [callEnd, callStart];
  let pieces: Piece[] = [];
  let mode: 'text' | 'call' | 'invented' = 'text';
  let held = '';
  let space = '';
  let last = '';
  let hasCalls = false;
  let isFirst = true;
  let call: string[] = [];
  /** From here on ends of calls are taken for ends in strings too. */
  let isLoose = false;
  let isString = false;
  let isEscaped = false;

  const write = (value: string): void => {
    last = value.at(-1) ?? last;
    const text = isFirst && hasCalls ? value.trimStart() : value;
    const solid = text.trimEnd();
    if (solid === '') {
      space += text;
      return;
    }
    pieces.push({ type: 'text', text: space + solid });
    space = text.slice(solid.length);
    isFirst = false;
  };
  const begin = (): void => {
    mode = 'call';
    space = '';
    call = [];
    isString = isEscaped = false;
  };
  /** Ends a call; gives what has to be read next. `end` is where its end stands in `data`, and `next` what follows that. */
  const finish = (data: string, end: number, next: number): string => {
    const written = call.join('') + data.slice(0, end);
    const made = callOf(written);
    mode = 'text';
    hasCalls = isFirst = true;
    const at = isLoose || typeof made.input !== 'string' ? -1 : written.indexOf(callEnd);
    if (at < 0) {
      pieces.push(made);
      return data.slice(next);
    }
    // A string that never ended swallowed the end of the call and what followed it.
    isLoose = true;
    pieces.push(callOf(written.slice(0, at)));
    return written.slice(at + callEnd.length) + data.slice(end);
  };
  /** Takes text up to a call; gives what follows its mark. */
  const readText = (data: string): string => {
    for (let from = 0; ;) {
      const at = data.indexOf('<tool_', from);
      if (at < 0) {
        held = openEnd(data, inText);
        write(data.slice(0, data.length - held.length));
        return '';
      }
      const before = at > 0 ? data[at - 1] : last;
      if (data.startsWith(callStart, at) && before !== '`') {
        write(data.slice(0, at));
        begin();
        return data.slice(at + callStart.length);
      }
      if (hasCalls && data.startsWith(resultMark, at)) {
        write(data.slice(0, at));
        mode = 'invented';
        return '';
      }
      from = at + 1;
    }
  };
  const readCall = (data: string): string => {
    for (let at = 0; at < data.length; at++) {
      const char = data[at];
      if (isString) {
        if (isEscaped) isEscaped = false;
        else if (char === '\\') isEscaped = true;
        else if (char === '"') isString = false;
      } else if (char === '"') isString = !isLoose;
      else if (char === '<') {
        const isEnd = data.startsWith(callEnd, at);
        // A model may forget the end and begin the next one.
        if (isEnd || data.startsWith(callStart, at)) return finish(data, at, isEnd ? at + callEnd.length : at);
        if (data.length - at < callEnd.length && openEnd(data.slice(at), inCall) === data.slice(at)) {
          call.push(data.slice(0, at));
          held = data.slice(at);
          return '';
        }
      }
    }
    call.push(data);
    return '';
  };
  const read = (text: string): void => {
    let data = held + text;
    held = '';
    while (data !== '' && mode !== 'invented') data = mode === 'text' ? readText(data) : readCall(data);
  };
  const taken = (): Piece[] => {
    const all = pieces;
    pieces = [];
    return all;
  };
  const end = (): void => {
    while (mode === 'call') {
      const rest = finish(held, held.length, held.length);
      held = '';
      read(rest);
    }
    if (mode === 'invented') return;
    write(held);
    if (!hasCalls && space !== '') pieces.push({ type: 'text', text: space });
  };
  return {
    push: (text) => {
      read(text);
      return taken();
    },
    end: () => {
      end();
      return taken();
    },
  };
};
