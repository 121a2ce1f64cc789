/** A line of a file, as tools and people write it. */
export interface Place {
  /** As written, or relative to the root when it lies below. */
  path: string;
  /** 1-based. */
  line: number;
  endLine: number;
  /** Where in the text it stands, and how long it is. */
  at: number;
  length: number;
}

// Segments are bounded: of what is none, each character would be tried as the beginning of all that follows.
const colons =
  /(?<![\p{L}\p{N}_/:.#-])((?:file:\/\/)?(?:\.{0,2}\/)?[\p{L}\p{N}\p{M}_@.()[\]#+~$-]{1,100}(?:\/[\p{L}\p{N}\p{M}_@.()[\]#+~$-]{1,100}){0,30}\.\w{1,12}):(\d{1,7})(?:\s?[-–]\s?(\d{1,7}))?/gu;
const frames = /File "([^"\n]+)", line (\d{1,7})/g;
const endings =
  /\.(?:[cm]?[jt]s|[jt]sx|pyi?|json|md|ya?ml|toml|html|css|s[ac]ss|vue|svelte|go|rs|java|kt|rb|php|cs|c|cc|cpp|h|hpp|sh|sql)$/i;

/** Lines of files that a text names: `src/a.ts:12`, `src/a.ts:12-20`, Python's frames. Each place once, in their order. */
export const placesIn = (text: string, root: string): Place[] => {
  const found = [...text.matchAll(colons), ...text.matchAll(frames)].sort((a, b) => a.index - b.index);
  const seen = new Set<string>();
  return found.flatMap((match): Place[] => {
    const [whole, written = '', from = '', to] = match;
    // An opening bracket before a path is the sentence's, unless it is closed within (`(group)/page.tsx`).
    const bare = /^[([]/.test(written) && !/[)\]]/.test(written) ? written.slice(1) : written;
    const plain = bare.replace(/^file:\/\//, '');
    const path = plain.startsWith(`${root}/`) ? plain.slice(root.length + 1) : plain.replace(/^\.\//, '');
    // Machines and ports are written alike.
    if (!endings.test(path) || /(?:^|\/)node_modules\//.test(path)) return [];
    const place = { path, line: Number(from), endLine: Number(to ?? from), at: match.index, length: whole.length };
    const key = `${path}:${place.line}-${place.endLine}`;
    return seen.has(key) ? [] : (seen.add(key), [place]);
  });
};
