// How many defects put into real code the rules of the review find:
// node .ci/run-ts.js test/bench/review-seeded.ts [--each 12] [--quiet] -- <git dir> …
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { languageOf } from '../../src/engine/review/rules/code-language.ts';
import { findingsOf } from '../engine/review/rules/made-change.ts';
import { printFigures, type Figure } from './measure.ts';
import { chooser, mutators, type Mutant, type Source } from './review-mutants.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { each: { type: 'string', default: '12' }, quiet: { type: 'boolean', default: false } },
});
if (positionals.length === 0) throw new Error('Name git directories whose files get defects.');

const git = (folder: string, ...args: string[]): string =>
  execFileSync('git', ['-C', folder, ...args], {
    encoding: 'utf8',
    maxBuffer: 1e9,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
const wanted = (path: string): boolean =>
  (languageOf(path) !== undefined ||
    /(?:^|\/)(?:package(?:-lock)?\.json|go\.mod|Cargo\.toml|pyproject\.toml|composer\.json|Gemfile|LICEN[CS]E[\w.-]*)$|\.github\/workflows\//.test(
      path,
    )) &&
  !/(?:^|\/)(?:vendor|dist|node_modules|third_party|fixtures?|__snapshots__)\/|\.min\.|\.d\.ts$/.test(path);

const choose = chooser(7);
const totals = new Map<string, { made: number; found: number }>();
const languages = new Map<string, number>();
const sources: Source[][] = positionals.map((folder) => {
  const paths = git(folder, 'ls-tree', '-r', '--name-only', '-z', 'HEAD').split('\0').filter(wanted);
  const some = paths.length > 150 ? Array.from({ length: 150 }, () => choose(paths)!) : paths;
  return [...new Set([...some, ...paths.filter((path) => languageOf(path) === undefined).slice(0, 30)])].flatMap(
    (path) => {
      try {
        const text = git(folder, 'show', `HEAD:${path}`);
        return text.length > 200_000 || text.includes('\0') ? [] : [{ path, text }];
      } catch {
        return [];
      }
    },
  );
});
for (const mutate of mutators)
  for (const files of sources) {
    let made = 0;
    for (let tries = 0; tries < 400 && made < Number(values.each); tries++) {
      const source = choose(files);
      const mutant: Mutant | undefined = source && mutate(source, choose);
      if (!mutant) continue;
      made += 1;
      const { rule, edits, what, ...beside } = mutant;
      const findings = await findingsOf(edits, beside);
      const total = totals.get(rule) ?? { made: 0, found: 0 };
      totals.set(rule, total);
      total.made += 1;
      const language = languageOf(edits[0]!.path) ?? 'other';
      languages.set(language, (languages.get(language) ?? 0) + 1);
      if (findings.some((finding) => finding.rule === rule)) total.found += 1;
      else if (!values.quiet) console.log(`missed ${rule} in ${edits[0]!.path}: ${what}`);
    }
  }
console.log([...languages].map(([language, count]) => `${language} ${count}`).join(', '));
const figures: Figure[] = [...totals].map(([rule, { made, found }]) => ({
  name: `found of ${made}: ${rule}`,
  value: (100 * found) / made,
  unit: '%',
  target: 90,
  kind: 'least',
}));
printFigures(figures);
const [made, found] = [...totals.values()].reduce(([m, f], total) => [m + total.made, f + total.found], [0, 0]);
printFigures([{ name: `found of ${made} in all`, value: (100 * found) / made, unit: '%', target: 90, kind: 'least' }]);
