import type { Claim, ClaimKind } from '../core/evidence.ts';
import { isPlain, statementsOf } from './statements.ts';

const maxClaimChars = 200;
// Nobody states a fact in a longer sentence, and patterns must not be led to run for long.
const maxSentenceChars = 1000;

/**
 * What a final answer claims: the lines of its ```claims block, then plain statements outside it ("all tests pass", "the build is
 * clean"). Questions, negations, conditions, intentions, quotations, code and statements about some tests only are no claims.
 * Each kind is named once; `other` comes from the block only, each wording once.
 */
export const claimsOf = (text: string): Claim[] => {
  const { block, rest } = split(text);
  const found = [...block.flatMap(declared), ...statementsOf(rest.join('\n')).flatMap(stated)];
  const seen = new Set<string>();
  return found.filter((claim) => {
    const key = claim.kind === 'other' ? `other: ${claim.text}` : claim.kind;
    return !seen.has(key) && seen.add(key);
  });
};

/** The answer as a human reads it: without the structured block. */
export const withoutClaimsBlock = (text: string): string => {
  const { block, rest, found } = split(text);
  if (!found && block.length === 0) return text;
  return rest
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
};

// Finds fenced blocks line by line: a fence inside another one is text of that one.
const split = (text: string): { block: string[]; rest: string[]; found: boolean } => {
  const block: string[] = [];
  const rest: string[] = [];
  let fence: { mark: string; claims: boolean } | undefined;
  let found = false;
  for (const line of text.split(/\r?\n/)) {
    const [, mark, info = ''] = /^\s*(`{3,}|~{3,})\s*(\S*)/.exec(line) ?? [];
    if (fence) {
      const closes = mark !== undefined && info === '' && mark.startsWith(fence.mark);
      if (!fence.claims) rest.push(line);
      else if (!closes) block.push(line);
      if (closes) fence = undefined;
      continue;
    }
    if (mark !== undefined) fence = { mark, claims: info.toLowerCase() === 'claims' };
    if (fence?.claims) found = true;
    else rest.push(line);
  }
  return { block, rest, found };
};

const kinds: readonly ClaimKind[] = ['tests_pass', 'build_passes', 'lint_passes', 'other'];

// What says in a block's line that the thing does not hold, or is not known to.
const denial =
  /^(?:no|none|not|false|n\/a|skipped|unclear)\b|\bnot (?:run|pass|verified|checked|tested|known|sure|yet)\b|n['’]t\b|\b(?:unknown|unverified|fail\w*|broken)\b/i;
const noneFailed = /\b(?:0|no|none|zero|without(?: any)?) (?:\w+ )?(?:fail\w*|errors?|warnings?|issues?|problems?)\b/gi;

const declared = (line: string): Claim[] => {
  const [, name, words = ''] = /^\s*(?:[-*]\s+)?[`*"]*(\w+)[`*"]*\s*:\s*(.*?)\s*$/.exec(line) ?? [];
  const kind = kinds.find((one) => one === name?.toLowerCase());
  if (kind === undefined) return [];
  if (kind === 'other') return words === '' ? [] : [{ kind, text: short(words) }];
  return denial.test(words.replace(noneFailed, '')) ? [] : [{ kind, text: short(words || kind) }];
};

const some = (...words: string[]): string => `(?:${words.join('|')})`;
const number = some('\\d+', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten');
// Where a subject may begin without an article: an adjective before it would make it a part of the whole ("cart tests").
const start = '(?<=^|[^\\w\\s-]\\s*|\\b(?:and|that|so|now|but|then|again|because) )';
const whole = '(?:full |entire |whole |complete |existing |project |unit )*';
const subjects = {
  tests_pass: some(
    `(?:all|every)(?: single)?(?: of)?(?: the| our| my| its)?(?: ${number})?(?: existing and new| new and existing| existing| unit| project)?(?: ${number})? tests?(?: in the (?:whole |entire )?(?:suite|project|repo|repository|codebase|workspace))?`,
    `(?:${start}|\\bthe )\\d+\\s*(?:\\/|of|out of)\\s*\\d+(?: tests)?`,
    `(?:the ${whole}|${start})tests`,
    `(?:(?:the|our|its) ${whole}|${start})test[ -]?suite`,
    'the (?:(?:full|entire|whole|complete) )?suite',
    'all (?:the )?checks',
  ),
  build_passes: `(?:(?:the|our) (?:full |production |project |typescript )*|${start})(?:build|compilation)`,
  lint_passes:
    '(?:the )?(?:linter|lint(?:ing)?(?: checks?)?|eslint|ruff|clippy|flake8|pylint|golangci-lint|biome|oxlint)',
};
// May share a verb with them, but no check stands behind it.
const others = '(?:the )?(?:type[ -]?check(?:s|er|ing)?|types|formatting|prettier|tsc)';
const any = some(subjects.tests_pass, subjects.build_passes, subjects.lint_passes, others);
const adverbs = '(?:(?:now|still|all|again|successfully|both|currently|also|then|fully|completely|do|does)\\s)*';
const good = some('passing', 'green', 'clean', 'successful', 'ok', 'okay', 'happy', 'error-free');
const verb = some(
  'pass(?:es|ed)?(?! (?:through|over|along|on|it|the|a|into|by)\\b)',
  'succeed(?:s|ed)?',
  'exit(?:s|ed)? (?:with )?(?:exit )?(?:code |status )?0',
  `(?:is|are|was|were|comes? back|came back|remains?|stays?) ${adverbs}${good}`,
  `(?:has|have) ${adverbs}(?:passed|succeeded)`,
  '(?:completed?s?|finish(?:ed|es)?|ran|runs?) (?:successfully|clean(?:ly)?|green|without (?:any )?(?:errors|failures|issues|warnings|problems))',
  '(?:report(?:s|ed)?|show(?:s|ed)?|finds?|found|has|have|had) (?:no|zero|0) (?:errors?|warnings?|issues?|problems?|failures?|violations?)',
);
const label = '\\s*[:=–—-]\\s*(?:✅|✓|✔|all )*\\s*';
const they = `(?:they|it|everything) ${adverbs}${verb}`;
const re = (source: string, flags = 'i'): RegExp => new RegExp(`(?<![\\w-])(?:${source})(?![\\w-])`, flags);

// One subject, or several that share a verb ("lint, build and all tests pass").
const statement = re(
  `(${any}(?:(?:, ${any})*,? (?:and|&) ${any})?)(?:\\s\\((?:\\d|existing|old|new|including|both)[^)]*\\)|, including [^,]*,)?\\s${adverbs}${verb}`,
  'gi',
);
const subjectOf = Object.entries(subjects).map(([kind, source]) => ({ kind: kind as ClaimKind, pattern: re(source) }));
const portion = /(?<!\d)(\d+)\s*(?:\/|of|out of)\s*(?!\1\b)\d+/;

const patterns: readonly { kind: ClaimKind; pattern: RegExp }[] = [
  {
    kind: 'tests_pass',
    pattern: re('all (?:of )?(?:the |our |my )?(?:\\d+ )?(?:existing |unit )?tests (?:passing|green)'),
  },
  { kind: 'tests_pass', pattern: re('(\\d+)\\s*(?:\\/|of|out of)\\s*\\1(?: tests)? (?:passing|green)') },
  {
    kind: 'tests_pass',
    pattern: re(
      `(?:ran|re-?ran|executed) (?:all |the )+(?:full |entire |whole )?(?:tests|test suite) (?:again )?(?:and|;|–|—) ${they}`,
    ),
  },
  { kind: 'tests_pass', pattern: re('(?:no|zero|0) (?:failing tests|test failures|tests (?:are )?fail(?:ing|ed)?)') },
  { kind: 'tests_pass', pattern: re('\\d+ (?:tests )?passed, (?:0|no|none) fail(?:ed|ing|ures)') },
  {
    kind: 'tests_pass',
    pattern: new RegExp(`^(?:all )?(?:the )?tests?(?: suite)?${label}(?:pass(?:ed|es|ing)?|green|ok)\\b`, 'i'),
  },
  {
    kind: 'build_passes',
    pattern: re(
      '(?:it|everything|(?:the |this )?(?:code(?:base)?|project|crate|package|app(?:lication)?|program|typescript)) (?:now |still |also )*(?:compiles|compiled|builds|built)(?: (?:fine|now|again|cleanly|successfully|without (?:any )?(?:errors|warnings|issues)|with no (?:errors|warnings)))?(?=\\s*(?:$|[,;:.()–—-]|and\\b))',
    ),
  },
  { kind: 'build_passes', pattern: re('(?:no|zero|0) (?:build|compil(?:e|ation|er)) (?:errors|failures|issues)') },
  {
    kind: 'build_passes',
    pattern: new RegExp(`^(?:the )?build${label}(?:pass(?:ed|es|ing)?|green|ok|clean|succe\\w+)\\b`, 'i'),
  },
  {
    kind: 'lint_passes',
    pattern: re(
      '(?:no|zero|0) (?:new )?(?:lint(?:er|ing)?|eslint|ruff|clippy) (?:errors?|warnings?|issues?|problems?|violations?|findings?)',
    ),
  },
  { kind: 'lint_passes', pattern: re('(?:code is |is |now )lint[ -](?:clean|free)') },
  {
    kind: 'lint_passes',
    pattern: new RegExp(
      `^(?:the )?(?:lint(?:er|ing)?|eslint)${label}(?:pass(?:ed|es|ing)?|green|ok|clean|no (?:errors|warnings|issues))\\b`,
      'i',
    ),
  },
];

const stated = (sentence: string): Claim[] => {
  const text = short(sentence);
  const said = sentence.slice(0, maxSentenceChars);
  const holds = (match: RegExpExecArray): boolean =>
    isPlain(said, match.index, match.index + match[0].length) && !portion.test(match[0]);
  const shared = [...said.matchAll(statement)].filter(holds).map((match) => match[1] ?? '');
  const kindsSaid = [
    ...subjectOf.filter(({ pattern }) => shared.some((list) => pattern.test(list))),
    ...patterns.filter(({ pattern }) => {
      const match = pattern.exec(said);
      return match !== null && holds(match);
    }),
  ];
  return kindsSaid.map(({ kind }) => ({ kind, text }));
};

const short = (text: string): string => (text.length > maxClaimChars ? `${text.slice(0, maxClaimChars - 1)}…` : text);
