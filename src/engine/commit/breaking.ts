import type { FileDiff } from '../../core/diff.ts';
import { kindOfPath } from './path-kind.ts';
import type { ChangedSymbols } from './symbols.ts';
import { listed } from './words.ts';

/** Files that others import a package by. What goes from anywhere else may be nobody's business but the package's. */
const entrance = [
  /^(?:src\/|lib\/|packages\/[^/]+\/(?:src\/|lib\/)?)?(?:index|main|mod|api|public-api)\.(?:[cm]?[jt]sx?|d\.[cm]?ts)$/,
  /(?:^|\/)(?:src\/)?lib\.rs$/,
  /(?:^|\/)__init__\.py$/,
  /^[^/]+\.d\.[cm]?ts$|^types\/[^/]+\.d\.[cm]?ts$/,
];

const isPublic = (path: string): boolean => {
  if (kindOfPath(path) === 'test') return false;
  if (path.endsWith('.go'))
    return !/(?:^|\/)(?:internal|cmd|examples?|testdata)\/|_test\.go$|(?:^|\/)main\.go$/.test(path);
  return entrance.some((pattern) => pattern.test(path));
};

const reExport = /^\s*export\s+(?:type\s+)?\{([^}]*)\}/;

/** Names a file passes on, of the lines of one kind. */
const passedOn = ({ hunks }: FileDiff, wanted: 'added' | 'deleted'): string[] =>
  hunks.flatMap(({ lines }) =>
    lines.flatMap(({ kind, text }) => {
      const [, names = ''] = (kind === wanted ? reExport.exec(text) : undefined) ?? [];
      return names
        .split(',')
        .map((name) =>
          name
            .replace(/^\s*type\s+/, '')
            .replace(/^.*\bas\s+/, '')
            .trim(),
        )
        .filter((name) => /^[\w$]+$/.test(name));
    }),
  );

/**
 * What a change takes away from those who use the package, one sentence; undefined when nothing is seen to be. Only names
 * that go from where a package is entered count: that a signature or a behaviour changed incompatibly is not seen here.
 */
export const breakingNote = (files: readonly FileDiff[], symbols: ChangedSymbols): string | undefined => {
  const renamed = symbols.renamed.filter(({ from }) => from.exported && isPublic(from.path));
  const gone = symbols.removed.filter((one) => one.exported && isPublic(one.path)).map(({ name }) => name);
  for (const file of files) {
    if (!isPublic(file.path) || /\.(?:go|py|rs)$/.test(file.path)) continue;
    const kept = new Set(passedOn(file, 'added'));
    gone.push(
      ...passedOn(file, 'deleted').filter((name) => !kept.has(name) && !symbols.added.some((one) => one.name === name)),
    );
  }
  const names = [...new Set(gone)];
  const sentences = [
    ...(names.length > 0 ? [`${listed(names, 3)} ${names.length === 1 ? 'is' : 'are'} no longer exported`] : []),
    ...renamed.slice(0, 3).map(({ from, to }) => `${from.name} is now ${to.name}`),
  ];
  return sentences.length > 0 ? `${sentences.join('; ')}.` : undefined;
};
