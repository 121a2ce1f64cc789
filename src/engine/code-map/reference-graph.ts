import { posix } from 'node:path';
import { isTestPath, type CodeFacts } from './code-facts.ts';
import type { Graph } from './page-rank.ts';
import { importResolver, standsForFolder } from './resolve-imports.ts';

/** Who refers to whom: an edge for every two files, and the names each is made of. */
export interface ReferenceGraph extends Graph {
  /** Where a reader may begin: little in tests and documents. */
  starts: Float64Array;
  /** Single references, before they were added up. */
  references: { source: number[]; target: number[]; name: number[]; weight: number[] };
}

/** Names defined in more files say nothing about which is meant. */
const maxDefiners = 20;
/**
 * How far a name is believed to mean a definition: in a file that is imported, or that one of those imports and hands on,
 * in the same folder, or anywhere.
 */
interface Trust {
  imported: number;
  passedOn: number;
  folder: number;
  anywhere: number;
}
/** Where nothing is seen that was not imported, other names are alike by chance, or are those of members. */
const importing: Trust = { imported: 1, passedOn: 0.5, folder: 0, anywhere: 0 };
const sharing: Trust = { imported: 1, passedOn: 0.5, folder: 0.5, anywhere: 0.05 };
/** Of names nobody would give to something else, such as `parseArgs` or `MAX_SIZE`, the least. */
const distinctive = 0.2;
const maxMeant = 2;
const isDistinctive = /^(?=.{8}).*(?:[a-z][A-Z]|[A-Za-z]_[A-Za-z]|[A-Z]{2}[a-z])/;
const importsEverything = /\.(?:[mc]?[jt]sx?|vue|svelte|pyi?|rs)$/;
/** For an import none of whose names were seen in use. */
const bareImport = 1;
const startOfTest = 0.1;

/** Places in a list by a key: those of key `k` lie from `offsets[k]` to `offsets[k + 1]`. */
const grouped = (keys: Uint32Array, count: number): { offsets: Uint32Array; places: Uint32Array } => {
  const offsets = new Uint32Array(count + 1);
  for (const key of keys) offsets[key + 1] = (offsets[key + 1] ?? 0) + 1;
  for (let key = 0; key < count; key++) offsets[key + 1] = (offsets[key + 1] ?? 0) + (offsets[key] ?? 0);
  const next = offsets.slice();
  const places = new Uint32Array(keys.length);
  for (const [place, key] of keys.entries()) {
    places[next[key] ?? 0] = place;
    next[key] = (next[key] ?? 0) + 1;
  }
  return { offsets, places };
};

/** The files that define each name, code only, each once. */
const definersOf = ({ definitions, names, isDoc }: CodeFacts): ((name: number) => number[]) => {
  const { offsets, places } = grouped(definitions.name, names.length);
  const known: (number[] | undefined)[] = [];
  return (name) =>
    (known[name] ??= [
      ...new Set([...places.subarray(offsets[name], offsets[name + 1])].map((place) => definitions.file[place] ?? 0)),
    ].filter((file) => isDoc[file] !== 1));
};

const importsOf = ({ paths, imports }: CodeFacts): Set<number>[] => {
  const resolve = importResolver(paths);
  const resolved = paths.map(() => new Set<number>());
  for (const { file, target } of imports)
    for (const to of resolve(paths[file] ?? '', target)) if (to !== file) resolved[file]?.add(to);
  return resolved;
};

/** Files that pass on what they import: all that can be had by importing one. */
const passedOnBy = (
  { paths, definitions }: CodeFacts,
  imported: readonly Set<number>[],
): ((file: number) => Set<number>) => {
  const defines = new Uint8Array(paths.length);
  for (const file of definitions.file) defines[file] = 1;
  const known = new Map<number, Set<number>>();
  const none = new Set<number>();
  return (file) => {
    if (defines[file] === 1 && !standsForFolder(paths[file] ?? '')) return none;
    const before = known.get(file);
    if (before) return before;
    const found = new Set<number>();
    known.set(file, found);
    const queue = [file];
    for (let next = queue.pop(); next !== undefined; next = queue.pop())
      for (const target of imported[next] ?? []) {
        if (found.has(target)) continue;
        found.add(target);
        if (defines[target] !== 1 || standsForFolder(paths[target] ?? '')) queue.push(target);
      }
    return found;
  };
};

/** Files refer to the files that define the names they use; the rarer the name and the better known who is meant, the more. */
export const referenceGraph = (facts: CodeFacts): ReferenceGraph => {
  const { paths, isDoc, uses } = facts;
  const definers = definersOf(facts);
  const imported = importsOf(facts);
  const passedOn = passedOnBy(facts, imported);
  const known: (Set<number>[] | undefined)[] = [];
  const barrelsOf = (source: number): Set<number>[] =>
    (known[source] ??= [...(imported[source] ?? [])].map(passedOn).filter(({ size }) => size > 0));
  const further: (Set<number>[] | undefined)[] = [];
  const importsOfImports = (source: number): Set<number>[] =>
    (further[source] ??= [...(imported[source] ?? [])].flatMap((file) => {
      const next = imported[file];
      return next && next.size > 0 ? [next] : [];
    }));
  const folders = paths.map((path) => posix.dirname(path));
  const isTest = Uint8Array.from(paths, (path) => (isTestPath(path) ? 1 : 0));
  const references: ReferenceGraph['references'] = { source: [], target: [], name: [], weight: [] };
  const refer = (source: number, target: number, name: number, weight: number): void => {
    references.source.push(source);
    references.target.push(target);
    references.name.push(name);
    references.weight.push(weight);
  };

  const isUnique = Uint8Array.from(facts.names, (name) => (isDistinctive.test(name) ? 1 : 0));
  /** The best known of the files that may be meant. */
  const meant = (
    files: readonly number[],
    source: number,
    name: number,
  ): { chosen: readonly number[]; share: number } => {
    const trust = importsEverything.test(paths[source] ?? '') ? importing : sharing;
    const mine = imported[source] ?? new Set<number>();
    const barrels = barrelsOf(source);
    const direct = files.filter((file) => mine.has(file) || barrels.some((all) => all.has(file)));
    if (direct.length > 0) return { chosen: direct, share: trust.imported };
    const onward = files.filter((file) => importsOfImports(source).some((all) => all.has(file)));
    if (onward.length > 0) return { chosen: onward, share: trust.passedOn };
    const least = isUnique[name] === 1 && files.length <= maxMeant ? distinctive : 0;
    const near = files.filter((file) => folders[file] === folders[source]);
    return near.length > 0
      ? { chosen: near, share: Math.max(trust.folder, least) }
      : { chosen: files, share: Math.max(trust.anywhere, least) };
  };

  const offsets = new Uint32Array(paths.length + 1);
  const targets: number[] = [];
  const weights: number[] = [];
  const sum = new Float64Array(paths.length);
  let at = 0;
  for (let source = 0; source < paths.length; source++) {
    const met: number[] = [];
    const mine = imported[source] ?? new Set<number>();
    const add = (target: number, weight: number): void => {
      if (sum[target] === 0) met.push(target);
      sum[target] = (sum[target] ?? 0) + weight;
    };
    for (; uses.file[at] === source; at++) {
      const name = uses.name[at] ?? 0;
      const all = definers(name);
      if (all.length === 0 || all.length > maxDefiners || all.includes(source)) continue;
      const strength = Math.sqrt(uses.count[at] ?? 0) * Math.log(1 + paths.length / all.length);
      // Code does not call its tests.
      const real = isTest[source] === 1 ? all : all.filter((file) => isTest[file] !== 1);
      const { chosen, share } = meant(real, source, name);
      if (share === 0) continue;
      for (const target of chosen) {
        const weight = (share * strength) / chosen.length;
        add(target, weight);
        refer(source, target, name, weight);
      }
    }
    for (const target of mine) if (sum[target] === 0) add(target, bareImport / mine.size);
    for (const target of met) {
      targets.push(target);
      weights.push(sum[target] ?? 0);
      sum[target] = 0;
    }
    offsets[source + 1] = targets.length;
  }
  return {
    offsets,
    targets: Uint32Array.from(targets),
    weights: Float64Array.from(weights),
    starts: Float64Array.from(paths, (_, file) => (isDoc[file] === 1 || isTest[file] === 1 ? startOfTest : 1)),
    references,
  };
};
