import { describe, expect, test } from 'vitest';
import { subjects } from '../contract/sandbox-subjects.ts';
import { runAttacks } from './attacks.ts';
import { malicious, throughPrograms } from './malicious.ts';
import { expectNoneWon, report, sampleOf, shareWon } from './outcome.ts';

// A sample; test/faults/corpus.test.ts runs all of them.
const attacks = [
  ...sampleOf(
    malicious.filter(({ aims }) => aims !== 'harm'),
    70,
  ),
  ...throughPrograms,
];
const local = subjects.filter(([name]) => name === 'local');
const confined = subjects.filter(([name]) => name !== 'local');

test.each(local)(
  `${attacks.length} attacks are real: most win in %s, where nothing is in the way`,
  async (name, subject) => {
    const startedAt = performance.now();
    const attempts = await runAttacks(subject, attacks, { hide: false, lanes: 3 });
    report(name, attempts, performance.now() - startedAt);
    expect(shareWon(attempts)).toBeGreaterThanOrEqual(0.6);
  },
  120_000,
);

describe.each(confined)('in %s', (name, subject) => {
  const present = test.skipIf(subject.missing !== undefined);
  present(
    `${attacks.length} attacks reach neither a denied file nor a denied host`,
    async () => {
      const startedAt = performance.now();
      const attempts = await runAttacks(subject, attacks, { hide: true, lanes: 3 });
      report(name, attempts, performance.now() - startedAt);
      expectNoneWon(attempts);
    },
    120_000,
  );
});
