/**
 * The sentences of a Markdown text that its author states: no code, quotation, open task or question. Marks are taken out;
 * commands in backticks that run the tests, the build or the linter are named by what they are.
 */
export const statementsOf = (markdown: string): string[] =>
  paragraphsOf(markdown)
    .map(plain)
    .flatMap((paragraph) => paragraph.split(/(?<=[.!?;])[)"']*\s+/))
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '' && !/\?[)"']*$/.test(sentence))
    .map((sentence) => sentence.replace(/[.!;]+$/, ''));

const item = /^\s*(?:[-*+•]|\d+[.)])\s+/;

// Wrapped lines are one paragraph; a list item, heading or table row stands alone.
const paragraphsOf = (markdown: string): string[] => {
  const paragraphs: string[] = [];
  let fence: string | undefined;
  let open = false;
  for (const line of markdown.split('\n')) {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence !== undefined) {
      if (mark?.startsWith(fence)) fence = undefined;
    } else if (mark !== undefined) {
      fence = mark;
      open = false;
    } else if (/^\s*$|^\s*>|^(?: {4}|\t)(?![-*+\d])|^\s*[-*+] \[ \]/.test(line)) {
      open = false;
    } else if (item.test(line) || /^\s*[#|]/.test(line) || !open) {
      paragraphs.push(line.replace(item, '').replace(/^\s*#+\s*/, ''));
      open = !/^\s*[#|]/.test(line);
    } else paragraphs.splice(-1, 1, [...paragraphs.slice(-1), line.trim()].join(' '));
  }
  return paragraphs;
};

const testCommand =
  /^(?:(?:CI=\w+ )?(?:npm|pnpm|yarn|bun)(?: run)? test|(?:npx |uv run |poetry run |python3? -m )?(?:vitest(?: run)?|jest|mocha|pytest)|node --test|cargo test|go test(?: \.\/\.\.\.)?|make (?:test|check)|(?:mvn|\.\/mvnw|gradle|\.\/gradlew)(?: -\w+)* test|dotnet test|tox)$/;
const buildCommand =
  /^(?:(?:npm|pnpm|yarn|bun) run build|(?:pnpm|yarn) build|cargo build|go build(?: \.\/\.\.\.)?|make build)$/;
const lintCommand =
  /^(?:(?:npm|pnpm|yarn|bun) run lint|(?:pnpm|yarn) lint|(?:npx )?eslint(?: \.)?|ruff(?: check)?(?: \.)?|cargo clippy|golangci-lint run|make lint)$/;

const plain = (text: string): string =>
  text
    .replace(/`+([^`]+)`+/g, (_, code: string) => {
      const command = code.trim();
      if (testCommand.test(command)) return 'the test suite';
      if (buildCommand.test(command)) return 'the build';
      return lintCommand.test(command) ? 'the linter' : 'CODE';
    })
    .replace(/\b(?:npm|pnpm|yarn|bun)(?: run)? test\b(?![:\w-])/g, 'the test suite')
    .replace(/\b(?:npm|pnpm|yarn|bun) run (build|lint)\b(?![:\w-])/g, 'the $1')
    .replace(/"[^"]*"|“[^”]*”|„[^“”]*[“”]|«[^»]*»|(?<![\w])'[^']*'(?!\w)/g, 'QUOTE')
    .replace(/\*\*|__|~~|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)/g, '')
    .replace(/^\s*\[[xX]\]\s*/, '')
    .replace(/^(?:\s|✅|✔️?|✓|☑️?|🎉|🟢|[|])+/u, '')
    .replace(/^the the\b/i, 'the')
    .replace(/\bthe the\b/gi, 'the')
    .replace(/\s+/g, ' ');

// What makes the words after it, in the same clause, something else than a statement of fact.
const unsaid = new RegExp(
  [
    "\\b(?:not|never|cannot|neither|nor|hardly|barely|without|unable|no longer|instead of|rather than|none of|only|few of|half of)\\b|n['’]t\\b",
    "\\b(?:should|would|could|might|may|can|will|shall|must|needs?|going to|want(?:s|ed)?|tr(?:y|ies|ied|ying)|hop(?:e|es|ing)|hopefully|goal|aim|plan)\\b|['’]ll\\b",
    '\\b(?:mak(?:e|es|ing)|get(?:s|ting)?|let|lets|keep|keeps|so that|in order|ensur(?:e|es|ing)|verify|verifying|confirm|confirming|check|checking|see|until|till|when|whenever|why|how|whether|if|once|unless|while|suppos\\w+|assum\\w+)\\b',
    '\\b(?:expect(?:s|ed)?|believe|think|suspect|guess|probably|likely|presumably|apparently|seems?|appears?|maybe|perhaps|almost|nearly|most|some of|claim(?:s|ed)?|says?|said|asks?|asked|requires?|required|previously|originally|initially|used to|to have|to be)\\b',
  ].join('|'),
  'i',
);
const condition =
  /^\W*(?:(?:and|but|then|also|so|or) )?(?:if|once|unless|assuming|provided|when(?:ever)? you|as soon as|as long as|in case|until|suppose|with this,? you)\b/i;
const doubt =
  /(?:\b(?:not|never|cannot|unable|without)\b|n['’]t\b)[^;]*\b(?:verif\w+|confirm\w*|check\w*|ensur\w+|run|test|tested|see|say|tell|sure|know|guarantee\w*|prove\w*|claim\w*|determine\w*|establish\w*)\b/i;
const limit =
  /^[^;]*?\b(?:if|once|unless|except|excluding|apart from|aside from|other than|but (?:one|two|three|\d+|not)|only (?:if|when|after)|provided|as long as|before (?:my|the|this|any|these)|when you|until|assuming|besides)\b/i;

const reported =
  /\b(?:you|users?|issue|task|ticket|request|instructions?|readme)\b[^;]*\b(?:said|says?|wrote|ask(?:s|ed)?|want(?:s|ed)?|requires?|required|states?|mention\w*)\b/i;
// A part of the whole, or another time or place.
const elsewhere =
  /^ (?:before|for|of|under|from|that|at first|on (?:main|master|the (?:base|original))|in(?! \d))\b|^\//i;
const exception = /^,? (?:except|but not|apart from|aside from|other than)\b/i;

/** Whether the words between two places of a sentence are stated there as a fact about the whole. */
export const isPlain = (sentence: string, from: number, to: number): boolean => {
  const before = sentence.slice(0, from);
  const clauses = before.split(/[,;:()]\s|\s[–—-]+\s|\s(?:and|but|so|because)\s/);
  const after = sentence.slice(to);
  if (clauses.slice(-1).some((own) => unsaid.test(own))) return false;
  if (clauses.slice(-2, -1).some((previous) => condition.test(previous))) return false;
  if (doubt.test(before) || reported.test(before) || elsewhere.test(after) || exception.test(after)) return false;
  return !limit.test(after.replace(/[,;]\s.*$/, ''));
};
