/**
 * Runs generators side by side and yields what they yield, as it comes. Returns their results in the given order.
 * When one throws, or the consumer stops, the others are closed.
 */
export async function* merge<T, R>(generators: readonly AsyncGenerator<T, R>[]): AsyncGenerator<T, R[]> {
  type Step = { index: number } & ({ done: false; value: T } | { done: true; value: R });
  const results: R[] = [];
  const pending = new Map<number, Promise<Step>>();
  const pull = (index: number, generator: AsyncGenerator<T, R>): void => {
    pending.set(
      index,
      generator
        .next()
        .then((step) =>
          step.done ? { index, done: true, value: step.value } : { index, done: false, value: step.value },
        ),
    );
  };
  generators.forEach((generator, index) => pull(index, generator));
  try {
    while (pending.size > 0) {
      const step = await Promise.race(pending.values());
      pending.delete(step.index);
      if (step.done) {
        results[step.index] = step.value;
        continue;
      }
      yield step.value;
      const generator = generators[step.index];
      if (generator) pull(step.index, generator);
    }
    return results;
  } finally {
    // return() queues behind a pending next(): a generator that waits must heed its own signal.
    await Promise.allSettled(generators.map((generator) => generator.return(undefined as R)));
  }
}

/** Runs a generator to its end, handing each item to `each`, and gives its result. */
export async function drain<T, R>(
  generator: AsyncGenerator<T, R>,
  each: (item: T) => void = () => undefined,
): Promise<R> {
  for (;;) {
    const step = await generator.next();
    if (step.done) return step.value;
    each(step.value);
  }
}
