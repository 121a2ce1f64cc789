import type { Diff } from '../../core/diff.ts';
import { noConventions, type Conventions } from './conventions.ts';
import { featuresOf } from './features.ts';
import { scopeOf } from './scope.ts';
import { shapeOf, type Shape } from './shape.ts';
import type { ChangedSymbols } from './symbols.ts';
import { commitTypes, type CommitType } from './types.ts';
import { versionBumps } from './version-bumps.ts';
import { typesOfShape, usualTypes, weights } from './weights.ts';

/** What a change is, and why that is thought. */
export interface Classified {
  type: CommitType;
  scope?: string;
  /** One line each, for people. */
  why: string[];
  /** The others by how well they fit too, best first. */
  others: CommitType[];
}

/** How many commits of other histories the shipped shares count as, next to the repository's own ones of that shape. */
const priorStrength = 2;
/** What Conventional Commits calls these, whatever some histories do. */
const meant: Readonly<Partial<Record<Shape, CommitType>>> = { docs: 'docs', test: 'test', ci: 'ci' };

/** How often each type is given to a shape: elsewhere, and in this repository. */
const usualShares = (shape: Shape, { typesByShape }: Conventions): Map<CommitType, number> => {
  const own = typesByShape.get(shape) ?? new Map<CommitType, number>();
  const total = [...own.values()].reduce((sum, one) => sum + one, 0);
  const elsewhere = typesOfShape[shape] ?? usualTypes;
  const definition = meant[shape];
  return new Map(
    commitTypes.map((type) => {
      const usual = Math.max(0.002, elsewhere[type] ?? 0);
      const base = definition === undefined ? usual : (usual + (type === definition ? 1 : 0)) / 2;
      return [type, (priorStrength * base + (own.get(type) ?? 0)) / (priorStrength + total)];
    }),
  );
};

const describeShape: Readonly<Partial<Record<Shape, string>>> = {
  docs: 'only documents change',
  test: 'only tests change',
  ci: 'only what CI runs changes',
  manifest: 'only manifests and lockfiles change',
  build: 'only what builds the project changes',
  tooling: 'only settings of tools change',
  example: 'only examples change',
  bench: 'only benchmarks change',
};

/**
 * The type and scope of a change, from its paths, definitions and lines; never from a message. Whether a change of code
 * repairs, adds or only rearranges is a guess: `why` says what it rests on.
 */
export const classify = (
  diff: Pick<Diff, 'files'>,
  symbols: ChangedSymbols,
  conventions: Conventions = noConventions,
): Classified => {
  const { files } = diff;
  const why: string[] = [];
  const weighted = files.map(({ path, added, deleted, made }) => ({
    path,
    weight: made ? 1 : 1 + Math.min(200, added + deleted),
  }));
  const place = scopeOf(weighted, conventions);
  const bumps = versionBumps(files);
  if (bumps) {
    const [type = 'build'] = conventions.bumpTypes.keys();
    const usual = conventions.bumpTypes.size > 0 ? `which this history calls ${type}` : 'usually called build';
    why.push(`only versions of dependencies change, ${usual}`);
    const scope =
      conventions.bumpScope ?? (conventions.bumpTypes.size === 0 && conventions.scoped >= 0.5 ? 'deps' : undefined);
    return {
      type,
      ...(scope === undefined ? {} : { scope }),
      why,
      others: commitTypes.filter((one) => one === 'chore' || one === 'build').filter((one) => one !== type),
    };
  }
  const shape = shapeOf(files.map(({ path }) => path));
  const features = featuresOf(diff, symbols);
  const shares = usualShares(shape, conventions);
  const scores = commitTypes.map((type) => {
    let score = Math.log(shares.get(type) ?? 0.001);
    for (const feature of features) score += weights[feature]?.[type] ?? 0;
    // Nothing that was there is touched: in a history nobody knows that is a feature, whatever the shares say.
    if (type === 'feat' && features.has('only new definitions')) score += 1.5;
    return { type, score };
  });
  const ranked = scores.sort((a, b) => b.score - a.score).map(({ type }) => type);
  const [type = 'chore', ...others] = ranked.filter((one) => one !== 'revert');
  why.push(
    describeShape[shape] ?? `${files.length} ${files.length === 1 ? 'file changes' : 'files change'} (${shape})`,
  );
  const telling = [...features]
    .map((name) => ({ name, weight: weights[name]?.[type] ?? 0 }))
    .filter(({ name, weight }) => weight > 0.2 && !/^(?:shape|kind):/.test(name))
    .sort((a, b) => b.weight - a.weight)
    .slice(0, 3);
  if (type === 'feat' && features.has('only new definitions'))
    telling.unshift({ name: 'only new definitions', weight: 1.5 });
  if (telling.length > 0) why.push(`${type}: ${telling.map(({ name }) => name).join(', ')}`);
  if ((conventions.typesByShape.get(shape)?.get(type) ?? 0) > 2)
    why.push(`this history often calls such changes ${type}`);
  if (place) why.push(place.why);
  return { type, ...(place ? { scope: place.scope } : {}), why, others };
};
