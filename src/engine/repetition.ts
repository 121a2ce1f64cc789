import { textOf, type ToolCallBlock } from '../core/message.ts';
import type { CallResult } from './act.ts';

const limit = 3;

/**
 * Finds a model that repeats a failing call: the third identical failure of the same call, with no successful call in
 * between that could have changed anything, gives a sentence that says so.
 */
export const repetition = (): {
  saw(calls: readonly ToolCallBlock[], results: readonly CallResult[]): string | undefined;
} => {
  const failures = new Map<string, number>();
  return {
    saw: (calls, results) => {
      for (const [index, call] of calls.entries()) {
        const result = results[index];
        if (!result) continue;
        if (!result.isError) {
          if (!result.readOnly) failures.clear();
          continue;
        }
        const key = JSON.stringify([call.name, call.input, textOf(result.content)]);
        const count = (failures.get(key) ?? 0) + 1;
        failures.set(key, count);
        if (count >= limit) {
          const reason = textOf(result.content).split('\n', 1)[0] ?? '';
          return `The model made the same failing call to ${call.name} ${limit} times: ${reason}`;
        }
      }
      return undefined;
    },
  };
};
