import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooser, mutators, type Source } from '../../../bench/review-mutants.ts';
import { findingsOf } from './made-change.ts';

const root = join(import.meta.dirname, '../../../..');

/** This project's own files: what a defect is put into. */
const sources = (): Source[] =>
  execFileSync(
    'git',
    ['ls-files', '-z', 'src', 'test/engine', 'test/base', '.github', 'package.json', 'package-lock.json', 'LICENSE'],
    { cwd: root, encoding: 'utf8' },
  )
    .split('\0')
    .filter(
      (path) =>
        path !== '' && !path.includes('fixtures/') && statSync(join(root, path), { throwIfNoEntry: false })?.isFile(),
    )
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

describe('defects put into real code', () => {
  it('are found, nine of ten at least', { timeout: 60_000 }, async () => {
    const files = sources();
    const choose = chooser(11);
    const missed: string[] = [];
    let made = 0;
    for (const mutate of mutators)
      for (let count = 0, tries = 0; count < 6 && tries < 600; tries++) {
        const mutant = mutate(choose(files)!, choose);
        if (!mutant) continue;
        count += 1;
        made += 1;
        const { rule, edits, what, ...beside } = mutant;
        const found = await findingsOf(edits, beside);
        if (!found.some((finding) => finding.rule === rule)) missed.push(`${rule} in ${edits[0]!.path}: ${what}`);
      }
    expect(made).toBeGreaterThanOrEqual(80);
    expect(missed.length, missed.join('\n')).toBeLessThanOrEqual(made / 10);
  });
});
