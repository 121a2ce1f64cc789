import { describe, expect, test } from 'vitest';
import { measured, measurement, median } from '../../../src/engine/workflows/measurement.ts';

const pairs = (before: number[], after: number[]): [number, number][] => before.map((ms, at) => [ms, after[at] ?? NaN]);

describe('a measurement', () => {
  test('has the middle of its numbers', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  test('is faster when the difference is larger than the noise, in most rounds', () => {
    expect(measurement(pairs([100, 104, 98, 101, 99], [51, 50, 49, 52, 50]))).toMatchObject({
      verdict: 'faster',
      faster: 5,
      rounds: 5,
    });
  });

  test('is slower the other way round', () => {
    expect(measurement(pairs([50, 51, 49, 50, 52], [100, 99, 101, 98, 103])).verdict).toBe('slower');
  });

  test('shows no difference where it is within the noise', () => {
    expect(measurement(pairs([100, 80, 120, 95, 105], [90, 95, 100, 97, 99])).verdict).toBe('no difference');
    expect(measurement(pairs([100, 100, 100, 100, 100], [99, 99, 99, 99, 99])).verdict).toBe('no difference');
  });

  test('says how many rounds there were and what the noise was', () => {
    expect(measured(measurement(pairs([100, 100, 100], [50, 50, 50])))).toBe(
      '100 ms before, 50 ms after: 0.50 times as long, ± 0 % noise (medians of 3 interleaved rounds, faster in 3)',
    );
  });
});
