import type { MapEntry } from '../../core/code-index.ts';
import { isTestPath, type CodeFacts } from './code-facts.ts';
import { pageRank } from './page-rank.ts';
import { referenceGraph } from './reference-graph.ts';

/** A definition by where it stands. */
export interface Place {
  path: string;
  name: string;
  line: number;
}

/** What a map shall hold. */
export interface CodeMapOptions {
  /** At most so many of `mapText`. */
  tokens: number;
  /** Paths of files and folders; with them, what is central to these files. */
  focus?: readonly string[];
  /** False for paths that must not be in the map; they count as files that refer to others. */
  accepts?: (path: string) => boolean;
  /** How a definition is shown, on one line; its name when left out. */
  signatureOf?: (place: Place) => string;
  /** Bytes by four when left out. */
  countTokens?: (text: string) => number;
}

/** How much of a reader's time goes to the files in focus. */
const focusShare = 0.9;
/** A definition nobody is seen to use still counts as this share of one use, so that small files are not empty. */
const unused = 0.01;
/** After so many in a row that do not fit, what is left of the budget is left. */
const maxMisses = 50;

const headOf = (path: string): string => `${path}\n`;
const lineOf = (line: number, signature: string): string => `  ${line}: ${signature}\n`;

/** A map as models and people read it. */
export const mapText = (entries: readonly MapEntry[]): string =>
  entries
    .map(
      ({ path, definitions }) =>
        headOf(path) + definitions.map(({ line, signature }) => lineOf(line, signature)).join(''),
    )
    .join('');

const bytesByFour = (text: string): number => Math.ceil(Buffer.byteLength(text) / 4);

const startsOf = ({ paths }: CodeFacts, starts: Float64Array, focus: readonly string[]): Float64Array => {
  const wanted = new Set(focus);
  const folders = focus.map((path) => (path === '.' ? '' : `${path.replace(/\/+$/, '')}/`));
  const inFocus = paths.flatMap((path, file) =>
    wanted.has(path) || folders.some((folder) => path.startsWith(folder)) ? [file] : [],
  );
  if (inFocus.length === 0) return starts;
  const total = starts.reduce((sum, start) => sum + start, 0);
  const focused = starts.map((start) => ((1 - focusShare) * start) / total);
  for (const file of inFocus) focused[file] = (focused[file] ?? 0) + focusShare / inFocus.length;
  return focused;
};

/** Definitions of code, the most central first: a file's rank, shared out by how much each of its names is used. */
const central = (
  facts: CodeFacts,
  focus: readonly string[],
  accepts: (path: string) => boolean,
): { ranks: Float64Array; order: { place: number; rank: number }[] } => {
  const { paths, isDoc, definitions } = facts;
  const graph = referenceGraph(facts);
  const ranks = pageRank(graph, startsOf(facts, graph.starts, focus));
  const names = facts.names.length;
  const used = new Map<number, number>();
  const inflow = new Float64Array(paths.length);
  const outflow = new Float64Array(paths.length);
  const { source, target, name, weight } = graph.references;
  for (const [at, from] of source.entries()) outflow[from] = (outflow[from] ?? 0) + (weight[at] ?? 0);
  for (const [at, from] of source.entries()) {
    const to = target[at] ?? 0;
    const flow = ((ranks[from] ?? 0) * (weight[at] ?? 0)) / (outflow[from] ?? 1);
    const key = to * names + (name[at] ?? 0);
    used.set(key, (used.get(key) ?? 0) + flow);
    inflow[to] = (inflow[to] ?? 0) + flow;
  }
  const count = new Uint32Array(paths.length);
  for (const file of definitions.file) count[file] = (count[file] ?? 0) + 1;
  const isLeftOut = paths.map((path, file) => isDoc[file] === 1 || isTestPath(path) || !accepts(path));
  const seen = new Set<number>();
  const order: { place: number; rank: number }[] = [];
  for (const [place, file] of definitions.file.entries()) {
    const key = file * names + (definitions.name[place] ?? 0);
    // Overloads and repeated names: the first stands for all.
    if (isLeftOut[file] === true || seen.has(key)) continue;
    seen.add(key);
    const all = inflow[file] ?? 0;
    const share = all > 0 ? (used.get(key) ?? 0) / all : 0;
    order.push({ place, rank: (ranks[file] ?? 0) * (share + unused / (count[file] ?? 1)) });
  }
  order.sort((one, other) => other.rank - one.rank || one.place - other.place);
  return { ranks, order };
};

/** The most central definitions of a repository that fit into a budget, files by rank, definitions by line. */
export const codeMap = (facts: CodeFacts, options: CodeMapOptions): MapEntry[] => {
  const { tokens, focus = [], accepts = () => true, countTokens = bytesByFour } = options;
  const { signatureOf = ({ name }: Place): string => name } = options;
  const { ranks, order } = central(facts, focus, accepts);
  const entries = new Map<number, MapEntry>();
  let left = tokens;
  let misses = 0;
  for (const { place } of order) {
    if (left <= 0 || misses >= maxMisses) break;
    const file = facts.definitions.file[place] ?? 0;
    const path = facts.paths[file] ?? '';
    const line = facts.definitions.line[place] ?? 0;
    const signature = signatureOf({ path, name: facts.names[facts.definitions.name[place] ?? 0] ?? '', line });
    const entry = entries.get(file);
    const cost = (entry ? 0 : countTokens(headOf(path))) + countTokens(lineOf(line, signature));
    if (cost > left) {
      misses += 1;
      continue;
    }
    left -= cost;
    misses = 0;
    if (entry) entry.definitions.push({ line, signature });
    else entries.set(file, { path, rank: ranks[file] ?? 0, definitions: [{ line, signature }] });
  }
  for (const { definitions } of entries.values()) definitions.sort((one, other) => one.line - other.line);
  return [...entries.values()].sort((one, other) => other.rank - one.rank || (one.path < other.path ? -1 : 1));
};
