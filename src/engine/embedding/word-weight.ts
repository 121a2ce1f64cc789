const setOf = (words: string): ReadonlySet<string> => new Set(words.split(' '));

/** They turn a statement round. */
const negations = setOf('not no never none nor neither without cannot disable disabled unless except');

const fillers = setOf(
  'a an the this that these those it its is are was were be been being am do does did done has have had having will would ' +
    'shall should can could may might must of in on at to from by for with into onto as and or but if then else than so ' +
    'such there here we you he she they i me my our your their his her them us what which who whom when where why how all ' +
    'any each some very just also too only about over out up down s doesn don isn aren wasn weren didn hasn haven hadn ' +
    'won wouldn couldn shouldn mustn needn',
);

const numbers = setOf('zero one two three four five six seven eight nine ten once twice hundred thousand million');

/** Words every program is full of. */
const keywords = setOf(
  'const let var function func fn def class return import export public private static void new self null none nil true ' +
    'false string number int bool type interface struct case break while end async await package require',
);

/** What a word does in a statement. Takes lower case. */
export const wordRole = (word: string): 'negation' | 'number' | 'filler' | 'content' =>
  negations.has(word)
    ? 'negation'
    : numbers.has(word) || /^\p{N}/u.test(word)
      ? 'number'
      : fillers.has(word)
        ? 'filler'
        : 'content';

/** How much a word says where nothing was learnt: fillers little, negations and numbers much, others the more the longer they are. */
export const wordWeight = (word: string): number => {
  switch (wordRole(word)) {
    case 'negation':
      return 2.6;
    case 'number':
      return 2.2;
    case 'filler':
      return 0.25;
    case 'content':
      return keywords.has(word) ? 0.7 : Math.min(2, 0.7 + 0.15 * word.length);
  }
};
