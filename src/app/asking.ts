import type { Ask } from '../core/policy.ts';

/** Yes for the same effects again once the human said "for this session"; questions wait for each other. */
export const remembering = (ask: Ask | undefined): Ask => {
  const known = new Set<string>();
  let queue: Promise<unknown> = Promise.resolve();
  return (question, signal) => {
    const answer = queue.then(async () => {
      const key = JSON.stringify(question.effects);
      if (known.has(key)) return { allow: true };
      if (!ask) return { allow: false, feedback: 'Nobody is there to be asked.' };
      const given = await ask(question, signal);
      if (given.allow && given.remember === 'session') known.add(key);
      return given;
    });
    queue = answer.catch(() => undefined);
    return answer;
  };
};
