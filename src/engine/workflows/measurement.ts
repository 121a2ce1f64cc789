/** Two states measured in turn. Milliseconds. */
export interface Measurement {
  rounds: number;
  beforeMs: number;
  afterMs: number;
  /** After divided by before: 0.5 is twice as fast. */
  ratio: number;
  /** How far the ratio of single rounds lies around their median, as a share of 1 (scaled median absolute deviation). */
  noise: number;
  /** Rounds in which the later state was faster. */
  faster: number;
  verdict: 'faster' | 'slower' | 'no difference';
}

/** The middle of numbers, of an even count the mean of the two middle ones; NaN of none. */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return low === undefined || high === undefined ? NaN : (low + high) / 2;
};

/** Makes the deviation's median comparable to a standard deviation of normal noise (1 / Φ⁻¹(3/4)). */
const scale = 1.4826;
/** Below this nobody can tell a difference from what a machine does by itself. */
const leastShare = 0.03;

/** Judges pairs of runs, each pair one after the other. A difference must be larger than the noise, and seen in most pairs. */
export const measurement = (pairs: readonly (readonly [number, number])[]): Measurement => {
  const ratios = pairs.map(([before, after]) => after / Math.max(before, 0.001));
  const ratio = median(ratios);
  const noise = scale * median(ratios.map((one) => Math.abs(one - ratio)));
  const needed = Math.max(leastShare, noise);
  const faster = ratios.filter((one) => one < 1).length;
  const most = Math.ceil(pairs.length * 0.8);
  const isFaster = 1 - ratio > needed && faster >= most;
  const isSlower = ratio - 1 > needed && pairs.length - faster >= most;
  return {
    rounds: pairs.length,
    beforeMs: median(pairs.map(([before]) => before)),
    afterMs: median(pairs.map(([, after]) => after)),
    ...{ ratio, noise, faster },
    verdict: isFaster ? 'faster' : isSlower ? 'slower' : 'no difference',
  };
};

/** A measurement in one sentence. */
export const measured = ({ beforeMs, afterMs, ratio, noise, rounds, faster }: Measurement): string =>
  `${beforeMs.toFixed(0)} ms before, ${afterMs.toFixed(0)} ms after: ${ratio.toFixed(2)} times as long, ± ${(noise * 100).toFixed(0)} % noise (medians of ${rounds} interleaved rounds, faster in ${faster})`;
