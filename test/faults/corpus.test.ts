import { describe, expect, test } from 'vitest';
import { subjects } from '../contract/sandbox-subjects.ts';
import { runAttacks } from '../corpus/attacks.ts';
import { malicious, throughPrograms } from '../corpus/malicious.ts';
import { expectNoneWon, report, shareWon } from '../corpus/outcome.ts';
import { runTampering, tampering } from '../corpus/tampering.ts';

/** Names of attacks to run alone, as a pattern. */
const only = new RegExp(process.env.CORPUS_ONLY ?? '');
const attacks = [...malicious.filter(({ aims }) => aims !== 'harm'), ...throughPrograms].filter(({ id }) =>
  only.test(id),
);
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
  900_000,
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
    900_000,
  );

  const onGit = attacks.filter(({ before, command }) => [...before, command].some((call) => call.includes('git')));
  present(`${onGit.length} attacks by way of git fail in a packed repository too`, async () => {
    const startedAt = performance.now();
    const attempts = await runAttacks(subject, onGit, { hide: true, packed: true, lanes: 3 });
    report(`${name}, packed`, attempts, performance.now() - startedAt);
    expectNoneWon(attempts);
  });

  present(
    `${tampering.length} programs change nothing that rules git, the shell or this agent, nor anything outside`,
    async () => {
      expect(await runTampering(subject, tampering)).toEqual([]);
    },
  );
});
