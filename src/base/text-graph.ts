/** What one character of a text may be. */
export type Fits = (unit: string) => boolean;

/** A place in a pattern: what leads on from it, by a character or by none. */
export interface Place {
  fits?: Fits;
  /** Numbers of places; of one that takes a character, where that leads. */
  to: number[];
}

/** A pattern as a graph. Texts are walked along all ways at once, so that none takes longer than its length times this. */
export interface TextGraph {
  places: Place[];
  start: number;
  end: number;
}

/** Any character. */
export const all: Fits = () => true;
/** Any but a slash. */
export const inFolder: Fits = (unit) => unit !== '/';

/** Builds a graph from its end to its start: each piece is told where it leads, and gives the place where it begins. */
export const graphBuilder = () => {
  const places: Place[] = [];
  const place = (to: number[], fits?: Fits): number => places.push(fits ? { fits, to } : { to }) - 1;
  return {
    places,
    place,
    one: (fits: Fits, next: number): number => place([next], fits),
    /** Any number of characters. */
    many: (fits: Fits, next: number): number => {
      const loop = place([next]);
      places[loop]?.to.push(place([loop], fits));
      return loop;
    },
    /** Any number of whole folders. */
    folders: (next: number): number => {
      const loop = place([next]);
      const rest = place([]);
      const name = place([rest], inFolder);
      places[rest]?.to.push(
        name,
        place([loop], (unit) => unit === '/'),
      );
      places[loop]?.to.push(name);
      return loop;
    },
  };
};

/** Places where one may be at once, and where each character leads from them, as far as that was met. */
interface State {
  places: readonly number[];
  isEnd: boolean;
  next: Map<string, State>;
}

/** Texts of other people shall not fill the memory: after so many states they are found anew. */
const maxStates = 1000;

/** Tells whether a whole text goes from a graph's start to its end. The time is bounded by the product of their sizes. */
export const graphMatcher = ({ places, start, end }: TextGraph): ((text: string) => boolean) => {
  const states = new Map<string, State>();
  const stateOf = (from: readonly number[]): State => {
    const reached = new Set(from);
    // A set hands on what is added to it while it is walked.
    for (const number of reached) {
      const { fits, to = [] } = places[number] ?? {};
      if (!fits) for (const one of to) reached.add(one);
    }
    const held = [...reached].filter((number) => places[number]?.fits ?? number === end).sort((a, b) => a - b);
    const key = held.join();
    const known = states.get(key);
    if (known) return known;
    const state = { places: held, isEnd: held.includes(end), next: new Map<string, State>() };
    states.set(key, state);
    return state;
  };
  const step = (state: State, unit: string): State => {
    const to = state.places.flatMap((number) => {
      const place = places[number];
      return place?.fits?.(unit) ? place.to : [];
    });
    const next = stateOf(to);
    if (state.next.size < maxStates) state.next.set(unit, next);
    return next;
  };
  let first = stateOf([start]);
  return (text) => {
    if (states.size >= maxStates) {
      states.clear();
      first = stateOf([start]);
    }
    let state = first;
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charAt(at);
      state = state.next.get(unit) ?? step(state, unit);
      if (state.places.length === 0) return false;
    }
    return state.isEnd;
  };
};
