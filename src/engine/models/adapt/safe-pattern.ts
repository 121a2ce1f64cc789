/** More would let a pattern run for minutes on one id; those of real providers have one repetition and no choice. */
const mostRepetitions = 2;
const mostChoices = 4;
const longestPattern = 200;

/** True when matching takes little time whatever the text: no repeated group, few repetitions and choices. */
const isCheap = (pattern: string): boolean => {
  let repetitions = 0;
  let choices = 0;
  let inClass = false;
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] ?? '';
    if (char === '\\') at++;
    else if (inClass) inClass = char !== ']';
    else if (char === '[') inClass = true;
    else if (char === '|') choices++;
    else if (/[*+?{]/.test(char)) {
      // `(?:` and the like open a group and repeat nothing.
      if (pattern[at - 1] === '(') continue;
      if (pattern[at - 1] === ')') return false;
      // A fixed count leaves nothing to try.
      if (!/^\{\d{1,3}\}/.test(pattern.slice(at, at + 5))) repetitions++;
    }
  }
  return pattern.length <= longestPattern && repetitions <= mostRepetitions && choices <= mostChoices;
};

/**
 * A pattern from a table nobody vouches for, for whole texts; undefined when it does not compile or could take long.
 */
export const safePattern = (pattern: string): RegExp | undefined => {
  if (!isCheap(pattern)) return undefined;
  try {
    const whole = new RegExp(`^(?:${pattern})$`);
    // Some are refused only when they are used.
    whole.test('');
    return whole;
  } catch {
    return undefined;
  }
};
