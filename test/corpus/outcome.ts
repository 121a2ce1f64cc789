import { expect } from 'vitest';
import type { Attempt } from './attacks.ts';
import type { MaliciousCommand } from './malicious.ts';

/** Prints what ran and what could not for want of a program. */
export const report = (title: string, attempts: readonly Attempt[], ms: number): void => {
  const missing = attempts.flatMap((one) => one.missing ?? []);
  const won = attempts.filter((one) => one.won).length;
  console.log(
    `${title}: ${attempts.length} attacks in ${(ms / 1000).toFixed(1)} s, ${won} of them won; ${missing.length} did nothing for want of ${[...new Set(missing)].sort().join(', ') || 'nothing'}`,
  );
};

/** Fails with a list of the attacks that won. */
export const expectNoneWon = (attempts: readonly Attempt[]): void => {
  const won = attempts.filter((one) => one.won);
  expect(won.map(({ id, command, inFile }) => `${id}${inFile ? ' (left in a file)' : ''}: ${command}`)).toEqual([]);
};

/** Share of attacks that won among those whose programs are there. */
export const shareWon = (attempts: readonly Attempt[]): number =>
  attempts.filter((one) => one.won).length / attempts.filter((one) => one.won || one.missing === undefined).length;

/** Every so many-th attack, at least one of each category. */
export const sampleOf = (attacks: readonly MaliciousCommand[], step: number): MaliciousCommand[] => {
  const seen = new Set<string>();
  return attacks.filter(({ category }, index) => {
    const isFirst = !seen.has(category);
    seen.add(category);
    return isFirst || index % step === 0;
  });
};
