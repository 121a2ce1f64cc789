import type { Detected } from '../../../core/finding.ts';
import type { ReviewFile, ReviewRule } from '../rule.ts';
import { detected } from './detected.ts';
import { breakingPart, isFromElsewhere, manifestKind, readManifest, type Dependency } from './manifest.ts';

/** Manifests that people use, not those of tests and examples. */
const isReal = (file: ReviewFile): boolean =>
  manifestKind(file.path) !== undefined &&
  !/^(?:fixture|test|example)$/.test(file.place) &&
  !/(?:^|\/)(?:node_modules|vendor|docs?)\//.test(file.path);

interface Pair {
  file: ReviewFile;
  before: Map<string, Dependency>;
  after: Map<string, Dependency>;
}

const pairsIn = function* (files: readonly ReviewFile[]): Generator<Pair> {
  for (const file of files) {
    if (!isReal(file) || file.after === undefined) continue;
    // What a new project needs is no change; nothing is known of one whose text is not.
    if (file.diff.status === 'added' || file.before === undefined) continue;
    const before = readManifest(file.diff.oldPath ?? file.path, file.before);
    const after = readManifest(file.path, file.after);
    if (before && after) yield { file, before: before.dependencies, after: after.dependencies };
  }
};

const lineOf = (file: ReviewFile, name: string): { line: number; text: string } | undefined => {
  const bare = name.replace(/^replace /, '').toLowerCase();
  const loose = bare.replace(/[-_.]/g, '');
  return (
    file.added.find((line) => line.text.toLowerCase().includes(bare)) ??
    file.added.find((line) => line.text.toLowerCase().replace(/[-_.]/g, '').includes(loose))
  );
};

/** Packages the project did not need before. */
export const dependencyAdded: ReviewRule = {
  name: 'dependency-added',
  severity: 'low',
  claim: 'The project needs a package at run time that it did not need before.',
  cost: 'text',
  *look({ files }): Generator<Detected> {
    const pairs = [...pairsIn(files)];
    // From one manifest of a repository into another it is not new.
    const known = new Set(
      pairs.flatMap(({ before }) => [...before].filter(([, one]) => one.isRuntime).map(([name]) => name)),
    );
    for (const { file, before, after } of pairs)
      for (const [name, { spec, isRuntime }] of after) {
        if (!isRuntime || known.has(name) || name.startsWith('replace ')) continue;
        if (/^(?:workspace:|link:)/.test(spec) || isFromElsewhere(spec)) continue;
        const at = lineOf(file, name);
        if (!at) continue;
        yield detected(this, file.path, at, {
          message: before.has(name)
            ? `${name} was needed for development only; now the project needs it at run time.`
            : `The project now needs ${name}${spec === '' ? '' : ` ${spec}`} at run time: its code, its licence and what it needs itself come with it.`,
        });
      }
  },
};

const olderOrNewer = (from: string, to: string): string => (Number(to) < Number(from) ? 'older' : 'newer');

/** Packages that may behave in another way, or come from another place. */
export const dependencyChanged: ReviewRule = {
  name: 'dependency-changed',
  severity: 'medium',
  claim: 'A package changed by a major version, went back, or comes from a place that is no registry.',
  cost: 'text',
  *look({ files }): Generator<Detected> {
    for (const { file, before, after } of pairsIn(files))
      for (const [name, { spec, isRuntime }] of after) {
        const was = before.get(name);
        if (was?.spec === spec) continue;
        const at = lineOf(file, name);
        if (!at) continue;
        const shown = name.replace(/^replace /, '');
        if (isFromElsewhere(spec) && !(was && isFromElsewhere(was.spec) && /path|file:|link:|^\./.test(spec))) {
          const isLocal = /^(?:file:|link:|\.{0,2}\/)|\bpath\s*=/.test(spec);
          // A part of the same repository.
          if (isLocal && !name.startsWith('replace ') && !/^(?:file:)?(?:\/|~)/.test(spec)) {
            if (!was || !(manifestKind(file.path) ?? '').startsWith('npm')) continue;
          }
          const isSame = was !== undefined && isFromElsewhere(was.spec);
          if (isSame) continue;
          yield detected(this, file.path, at, {
            severity: isRuntime ? 'medium' : 'low',
            message: `${shown} comes from ${isLocal ? 'a folder' : 'an address'} instead of a registry: ${spec.replace(/:\/\/[^@/]+@/, '://')}. What is there can change without a new version.`,
            suggestion: { text: 'Take a released version, or pin a commit.' },
          });
          continue;
        }
        if (!was || name.startsWith('replace ')) continue;
        const [from, to] = [breakingPart(was.spec), breakingPart(spec)];
        // One of several that may be chosen.
        const either = (text: string): string[] => text.split('||').map((part) => part.trim());
        if (either(spec).length > 1 && either(was.spec).some((part) => either(spec).includes(part))) continue;
        if (from === undefined || to === undefined || from === to) {
          if (
            /^(?:\*|latest|x|>=?\s*0?)$/.test(spec.trim()) &&
            was.spec.trim() !== '' &&
            !/^(?:\*|latest|x)$/.test(was.spec.trim())
          )
            yield detected(this, file.path, at, {
              message: `${shown} may be any version now (${was.spec} before).`,
              suggestion: { text: 'Say which versions fit.' },
            });
          continue;
        }
        if (!isRuntime) continue;
        yield detected(this, file.path, at, {
          severity: 'low',
          message: `${shown} goes from ${was.spec} to ${spec}: ${olderOrNewer(from, to) === 'older' ? 'an older release' : 'a release that may break what uses it'}.`,
          suggestion: { text: 'Read its changelog for what breaks.' },
        });
      }
  },
};
