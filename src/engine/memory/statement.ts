import { dice } from './overlap.ts';
import { memoryWords } from './words.ts';
import { nearness } from './weights.ts';

/** What a text states, taken apart so that two can be held against each other. English only; others have words alone. */
interface Statement {
  words: ReadonlySet<string>;
  /** Words without those that negate, oppose or count. */
  frame: ReadonlySet<string>;
  numbers: ReadonlySet<string>;
  isNegated: boolean;
  narrowed: ReadonlySet<string>;
  /** Words that have an opposite, by pair; +1 or −1 for the side. */
  sides: ReadonlyMap<number, number>;
  /** What looks like code or a name: must agree before two texts are taken for one. */
  names: ReadonlySet<string>;
  /** Every token as it stands, for looking names up. */
  tokens: ReadonlySet<string>;
  /** What it is about and what it says of that, when it has that form. */
  pairs: readonly { key: ReadonlySet<string>; relation: string; value: ReadonlySet<string> }[];
}

const negation = /\b(?:not|never|no|none|neither|nor|without|cannot|avoid|nothing|forbidden)\b|\b\p{L}+n['’]t\b/giu;

// What narrows a statement down: "only in CI" is not everywhere.
const narrowing = /\b(?:only|unless|except|until|if|sometimes|usually|always|instead|but)\b/giu;

const opposites: readonly (readonly [string, string])[] = [
  ['enabl', 'disabl'],
  ['allow', 'forbid'],
  ['allow', 'deni'],
  ['tru', 'fals'],
  ['requir', 'option'],
  ['befor', 'after'],
  ['tab', 'spac'],
  ['sync', 'async'],
  ['public', 'privat'],
  ['add', 'remov'],
  ['alwai', 'never'],
  ['start', 'stop'],
  ['on', 'off'],
  ['pass', 'fail'],
  ['singl', 'doubl'],
  ['first', 'last'],
  ['increas', 'decreas'],
  ['upper', 'lower'],
];
const sideOf = new Map<string, [number, number][]>();
opposites.forEach(([one, other], pair) => {
  sideOf.set(one, [...(sideOf.get(one) ?? []), [pair, 1]]);
  sideOf.set(other, [...(sideOf.get(other) ?? []), [pair, -1]]);
});

const number = /(?<![\p{L}\d])v?\d+(?:[.:_-]\d+)*/gu;
// Paths, dotted and scoped names, flags, snake_case, camelCase, CAPITALS, and what stands in backticks.
const codeLike =
  /`[^`\n]{1,80}`|--?[a-z][\w-]+|@?[\w.-]+\/[\w./-]+|\b\w+(?:_\w+)+\b|\b\p{Ll}+\p{Lu}[\p{L}\d]*|\b\p{Lu}[\p{Lu}\d]+\b|\b\w+\.\w[\w.]*\b/gu;
// A capital within a sentence: PostgreSQL and MySQL are not the same.
const named = /(?<=[\p{Ll}\d,;:] )\p{Lu}[\p{L}\d]+/gu;

const clean = (token: string): string => token.replace(/^`|`$/g, '').replace(/[.,;:!?]+$/, '');

const emphasis = new Set(['alwai', 'never', 'must', 'ever', 'cannot', 'avoid', 'without', 'onli']);

const contentOf = (text: string): Set<string> =>
  new Set(memoryWords(text).filter((word) => !emphasis.has(word) && !/^\p{N}+$/u.test(word)));

// "use pnpm for installs": the value stands first; "the port is 3000": it stands last.
const usage =
  /\b(?:use|using|uses|prefer|prefers|choose|pick)\b\s+(.{1,80}?)\s+\b(?:for|to|when|as|in|with|on)\b\s+(.+)/iu;
const copula =
  /^(.{2,120}?)\s*(\b(?:is|are|uses?|lives? in|runs? on|listens? on|defaults? to|must be|should be|requires?|needs?|equals?)\b|[:=]\s)\s*(.+)$/iu;

/** What a verb says of two things: where something lives does not contradict what it is. */
const relationOf = (verb: string): string =>
  /^(?:[:=]|is|are|defaults?|must|should|equals?)/i.test(verb) ? 'is' : verb.toLowerCase().replace(/s(?= |$)/, '');

const pairsOf = (text: string): Statement['pairs'] =>
  text.split(/[\n.;!?](?=\s|$)/).flatMap((sentence) => {
    const used = usage.exec(sentence);
    const match = used ? undefined : copula.exec(sentence.trim());
    const [key, verb, value] = used ? [used[2], 'use', used[1]] : [match?.[1], match?.[2], match?.[3]];
    if (key === undefined || verb === undefined || value === undefined) return [];
    const pair = { key: new Set(memoryWords(key)), relation: relationOf(verb), value: new Set(memoryWords(value)) };
    return pair.key.size > 0 && pair.value.size > 0 ? [pair] : [];
  });

const known = new Map<string, Statement>();
const keptStatements = 500;

const statementOf = (text: string): Statement => {
  const before = known.get(text);
  if (before) return before;
  const content = contentOf(text);
  const bare = (text.match(/[\p{L}]+/gu) ?? []).map((word) => word.toLowerCase());
  const sides = new Map<number, number>();
  for (const word of [...content, ...bare.filter((one) => one === 'on' || one === 'off')])
    for (const [pair, side] of sideOf.get(word) ?? []) sides.set(pair, (sides.get(pair) ?? 0) + side);
  const statement: Statement = {
    words: new Set(memoryWords(text)),
    frame: new Set([...content].filter((word) => !sideOf.has(word))),
    numbers: new Set((text.match(number) ?? []).map((one) => one.replace(/^v/, ''))),
    // Twice is once again: "never commit without tests".
    isNegated: (text.match(negation) ?? []).length % 2 === 1,
    narrowed: new Set((text.match(narrowing) ?? []).map((one) => one.toLowerCase())),
    sides,
    names: new Set(
      [...(text.match(codeLike) ?? []), ...(text.match(named) ?? [])].map((one) => clean(one).toLowerCase()),
    ),
    tokens: new Set(text.split(/[\s"'()[\],;`]+/).map((one) => clean(one).toLowerCase())),
    pairs: pairsOf(text),
  };
  if (known.size >= keptStatements) known.clear();
  known.set(text, statement);
  return statement;
};

const equal = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every((one) => b.has(one));

const rest = (a: ReadonlySet<string>, b: ReadonlySet<string>): string[] => [...a].filter((one) => !b.has(one));

const isOpposite = (a: Statement, b: Statement): boolean =>
  [...a.sides].some(([pair, side]) => side * (b.sides.get(pair) ?? 0) < 0);

/** Same sentence, another word in a place: that word is what it is about. A paraphrase changes more than one or two. */
const hasOtherFiller = (a: Statement, b: Statement): boolean => {
  const [onlyA, onlyB] = [rest(a.words, b.words), rest(b.words, a.words)];
  return onlyA.length > 0 && onlyB.length > 0 && (dice(a.words, b.words) >= 0.6 || onlyA.length + onlyB.length <= 2);
};

/** True for texts that differ in nothing a reader would see as a difference. */
export const sameWording = (a: string, b: string): boolean => {
  const plain = (text: string): string =>
    text
      .toLowerCase()
      .replace(/[\s.!]+/g, ' ')
      .trim();
  return plain(a) === plain(b);
};

/**
 * True when two texts say the same thing. Near vectors are not enough: two statements that differ in one number, one
 * "not" or one name are near to each other and say different things. In doubt they are two.
 * @param similarity cosine of their vectors; undefined where there is none: then words alone have to be near.
 */
export const saysTheSame = (a: string, b: string, similarity: number | undefined): boolean => {
  if (sameWording(a, b)) return true;
  const [one, other] = [statementOf(a), statementOf(b)];
  const near =
    similarity === undefined ? dice(one.words, other.words) > nearness.sameWords : similarity > nearness.same;
  return (
    near &&
    equal(one.numbers, other.numbers) &&
    one.isNegated === other.isNegated &&
    equal(one.narrowed, other.narrowed) &&
    !isOpposite(one, other) &&
    [...one.names].every((name) => other.tokens.has(name)) &&
    [...other.names].every((name) => one.tokens.has(name)) &&
    !hasOtherFiller(one, other)
  );
};

const shortValue = 3;

const otherValue = (a: Statement, b: Statement): boolean =>
  a.pairs.some((one) =>
    b.pairs.some(
      (other) =>
        equal(one.key, other.key) &&
        one.relation === other.relation &&
        one.value.size <= shortValue &&
        other.value.size <= shortValue &&
        rest(one.value, other.value).length > 0 &&
        rest(other.value, one.value).length > 0,
    ),
  );

/**
 * Why two texts cannot both hold, in a few words; undefined when nothing says so. A guess from their form, made to be
 * shown: nothing is changed because of it.
 */
export const contradictionOf = (a: string, b: string, similarity: number | undefined): string | undefined => {
  const [one, other] = [statementOf(a), statementOf(b)];
  const alike = dice(one.frame, other.frame);
  const hasSubject = otherValue(one, other) || alike >= nearness.related;
  if ((similarity ?? 0) <= nearness.related && !hasSubject) return undefined;
  const oneIsPart = rest(one.frame, other.frame).length === 0 || rest(other.frame, one.frame).length === 0;
  const isSameFrame = one.frame.size + other.frame.size > 0 && alike >= nearness.related && oneIsPart;
  if (isSameFrame && one.isNegated !== other.isNegated && !isOpposite(one, other)) return 'one says not';
  if (isSameFrame && one.isNegated === other.isNegated && isOpposite(one, other)) return 'they say the opposite';
  const countsDiffer =
    rest(one.numbers, other.numbers).length > 0 && rest(other.numbers, one.numbers).length > 0 && isSameFrame;
  if (countsDiffer && alike >= 0.75) return 'the numbers differ';
  if (one.isNegated === other.isNegated && otherValue(one, other)) return 'the values differ';
  return undefined;
};
