// node .ci/run-ts.js test/bench/commit.ts <git dir>… [--most n] [--show n] [--json file]
// Messages for real commits, without a model and without looking at the authors' own words: are they valid under commitlint's
// conventional config, and is the type the one the author chose?
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type * as Rules from '@commitlint/config-conventional';
import type * as Lint from '@commitlint/lint';
import { learnConventions } from '../../src/engine/commit/conventions.ts';
import { composeDraft } from '../../src/engine/commit/compose.ts';
import { casesOf, type Case } from './commit-history.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    most: { type: 'string', default: '160' },
    show: { type: 'string', default: '0' },
    any: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});
const dirs = positionals.filter((one) => one !== '--');
if (dirs.length === 0) throw new Error('Name one git directory or more.');

// Named at run time: it reads files beside itself, so it cannot be part of a bundle.
const [lintPackage, rulesPackage]: string[] = ['@commitlint/lint', '@commitlint/config-conventional'];
const { default: lint } = (await import(lintPackage ?? '')) as typeof Lint;
const { default: conventional } = (await import(rulesPackage ?? '')) as typeof Rules;

// The parser that config-conventional names.
const preset: unknown = await (
  (await import(conventional.parserPreset)) as { default: () => Promise<unknown> }
).default();
const { parserOpts } = preset as { parserOpts: object };

interface Judged extends Case {
  message: string;
  given: string;
  givenScope: string | undefined;
  problems: string[];
}

const percent = (part: number, whole: number): string => `${whole === 0 ? '–' : ((100 * part) / whole).toFixed(1)} %`;

const judged: Judged[] = [];
for (const dir of dirs) {
  const cases = await casesOf(dir, { most: Number(values.most), any: values.any });
  for (const one of cases) {
    const conventions = learnConventions(one.history);
    const draft = composeDraft({ files: one.files }, one.symbols, { conventions });
    const problems: string[] = [];
    for (const message of draft.candidates) {
      const outcome = await lint(message, conventional.rules, { parserOpts });
      problems.push(...[...outcome.errors, ...outcome.warnings].map(({ name }) => name));
    }
    judged.push({ ...one, message: draft.message, given: draft.type, givenScope: draft.scope, problems });
  }
}

const report = (title: string, cases: readonly Judged[]): void => {
  const right = cases.filter(({ type, given }) => type === given).length;
  console.log(`${title}: type ${right} of ${cases.length} (${percent(right, cases.length)})`);
};
const typed = judged.filter(({ type }) => type !== undefined);
for (const repository of new Set(judged.map((one) => one.repository)))
  report(
    repository,
    typed.filter((one) => one.repository === repository),
  );
report('All', typed);
report(
  'All without versions of dependencies',
  typed.filter(({ isBump }) => !isBump),
);
const scoped = typed.filter(({ scope }) => scope !== undefined);
const sameScope = typed.filter(({ scope, givenScope }) => scope === givenScope).length;
const given = typed.filter(({ givenScope }) => givenScope !== undefined);
console.log(
  `Scope: the author's own or none, as the author, ${sameScope} of ${typed.length} (${percent(sameScope, typed.length)}); one is given for ${given.length}, right ${given.filter(({ scope, givenScope }) => scope === givenScope).length}; authors gave ${scoped.length}`,
);
const invalid = judged.filter(({ problems }) => problems.length > 0);
console.log(`Valid under commitlint: ${judged.length - invalid.length} of ${judged.length} diffs, every candidate`);
for (const one of invalid.slice(0, 10))
  console.log(`  ${one.hash} ${one.problems.join(' ')}: ${JSON.stringify(one.message)}`);

const kinds = ['feat', 'fix', 'docs', 'style', 'refactor', 'perf', 'test', 'build', 'ci', 'chore'];
console.log(`\nauthor \\ here  ${kinds.map((kind) => kind.padStart(8)).join('')}`);
for (const kind of kinds) {
  const own = typed.filter(({ type }) => type === kind);
  console.log(
    kind.padEnd(15) +
      kinds.map((other) => String(own.filter((one) => one.given === other).length || '·').padStart(8)).join(''),
  );
}
for (const one of judged
  .filter((_, index) => index % Math.max(1, Math.floor(judged.length / Math.max(1, Number(values.show)))) === 0)
  .slice(0, Number(values.show)))
  console.log(
    `\n${one.repository} ${one.hash.slice(0, 10)} author: ${one.subject}\n${one.message.replace(/^/gm, '  ')}`,
  );
if (values.json !== undefined)
  writeFileSync(values.json, JSON.stringify(judged.map(({ files: _f, symbols: _s, history: _h, ...rest }) => rest)));
