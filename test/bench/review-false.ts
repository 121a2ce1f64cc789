// What the rules of the review say of commits that people merged:
// node .ci/run-ts.js test/bench/review-false.ts [--commits 20] [--skip 0] [--quiet] -- <work tree> …
import { parseArgs } from 'node:util';
import { gather } from '../../src/app/review/gather.ts';
import { runRules } from '../../src/engine/review/run-rules.ts';
import type { ReviewInput } from '../../src/engine/review/rule.ts';
import { openRepository } from '../../src/host/git/repository.ts';
import { printFigures } from './measure.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    commits: { type: 'string', default: '20' },
    skip: { type: 'string', default: '0' },
    quiet: { type: 'boolean', default: false },
  },
});
if (positionals.length === 0) throw new Error('Name work trees of repositories whose commits are reviewed.');

let commits = 0;
let silent = 0;
const byRule = new Map<string, number>();
for (const folder of positionals) {
  const repository = await openRepository(folder, process.env);
  const log = await repository.log({ limit: Number(values.commits) + Number(values.skip), noMerges: true });
  for (const { hash, parents, subject } of log.slice(Number(values.skip))) {
    const [parent] = parents;
    if (parent === undefined) continue;
    let input: ReviewInput;
    try {
      input = await gather(repository, { from: parent, to: hash }, { env: process.env });
    } catch (error) {
      // Such as a copy that lacks its largest files.
      console.log(`${folder} ${hash.slice(0, 9)} cannot be read: ${error instanceof Error ? error.message : ''}`);
      continue;
    }
    const found = runRules(input, { notice: (message) => console.log(`!! ${hash} ${message}`) });
    commits += 1;
    if (found.length === 0) silent += 1;
    for (const { rule, severity, path, line, side, message, evidence } of found) {
      byRule.set(rule, (byRule.get(rule) ?? 0) + 1);
      if (values.quiet) continue;
      console.log(`${folder.split('/').at(-1) ?? ''} ${hash.slice(0, 9)} ${JSON.stringify(subject)}`);
      console.log(`  ${rule} ${severity} ${path}:${line}${side === 'old' ? ' (before)' : ''} ${message}`);
      console.log(`    ${evidence.replaceAll('\n', '\n    ')}`);
    }
  }
}
for (const [rule, count] of [...byRule].sort(([, a], [, b]) => b - a))
  console.log(`${String(count).padStart(5)} ${rule}`);
printFigures([
  { name: 'commits reviewed', value: commits, unit: '' },
  { name: 'of them without a finding', value: silent, unit: '' },
  { name: 'findings', value: [...byRule.values()].reduce((sum, count) => sum + count, 0), unit: '' },
]);
