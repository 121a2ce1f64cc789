import { describe, expect, test } from 'vitest';
import { subjects } from '../contract/sandbox-subjects.ts';
import { runAttacks } from '../corpus/attacks.ts';
import { malicious, throughPrograms } from '../corpus/malicious.ts';
import { expectNoneWon, report, sampleOf, shareWon } from '../corpus/outcome.ts';
import { runTampering, tampering } from '../corpus/tampering.ts';

/** Names of attacks to run alone, as a pattern. */
const only = new RegExp(process.env.CORPUS_ONLY ?? '');
const attacks = [...malicious.filter(({ aims }) => aims !== 'harm'), ...throughPrograms].filter(({ id }) =>
  only.test(id),
);
/** A command in a container takes ten times as long as one in bubblewrap; `CORPUS_STEP=1` runs them all there too. */
const step = Number(process.env.CORPUS_STEP ?? 3);
const some = step === 1 ? attacks : sampleOf(attacks, step);
const local = subjects.filter(([name]) => name === 'local');
const confined = subjects.filter(([name]) => name !== 'local');

test.each(local)(
  `${some.length} attacks are real: most win in %s, where nothing is in the way`,
  async (name, subject) => {
    const startedAt = performance.now();
    const attempts = await runAttacks(subject, some, { hide: false, lanes: 3 });
    report(name, attempts, performance.now() - startedAt);
    expect(shareWon(attempts)).toBeGreaterThanOrEqual(0.6);
  },
  900_000,
);

describe.each(confined)('in %s', (name, subject) => {
  const present = test.skipIf(subject.missing !== undefined);
  const these = name === 'docker' ? some : attacks;
  present(
    `${these.length} attacks reach neither a denied file nor a denied host`,
    async () => {
      const startedAt = performance.now();
      const attempts = await runAttacks(subject, these, { hide: true, lanes: 3 });
      report(name, attempts, performance.now() - startedAt);
      expectNoneWon(attempts);
    },
    900_000,
  );

  const onGit = these.filter(({ before, command }) => [...before, command].some((call) => call.includes('git')));
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
