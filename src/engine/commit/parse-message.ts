/** A line at the end of a message, such as `Refs: #12`. */
export interface Footer {
  token: string;
  value: string;
}

/** A commit message taken apart as Conventional Commits 1.0.0 says (conventionalcommits.org, read 2026-11-28). */
export interface ParsedMessage {
  header: string;
  /** Left out when the header is not `type(scope): subject`. */
  type?: string;
  scope?: string;
  breaking: boolean;
  /** What breaks, as the footers say. */
  breakingNotes: string[];
  /** The whole header when it has no type. */
  subject: string;
  /** Without footers; may be empty. */
  body: string;
  footers: Footer[];
  /** Issues and changes it names: `#12`, `JIRA-12`, `owner/name#12`; each once. */
  references: string[];
}

const conventional = /^(\w*)(?:\((.*)\))?(!)?: (.*)$/;
const footerLine = /^(BREAKING[ -]CHANGE|[A-Za-z][\w-]*)(?:: ?| (?=#))(.*)$/;
const numbers = /(?<![\w&/#])((?:[\w.-]+\/[\w.-]+)?#\d{1,9})\b/g;
const keys = /(?<![\w/-])([A-Z][A-Z0-9]{1,9}-\d{1,7})(?![\w-])/g;
/** Look like a tracker's key and are none. */
const notKeys =
  /^(?:UTF|SHA|ISO|CVE|RFC|MD|AES|RSA|TLS|SSL|HTTP|IEEE|ECMA|ES|PEP|CWE|GHSA|ARM|X|UCS|BASE|INT|UINT|FLOAT|IPV)-/;

/** Issues and changes a text names, each once: `#12`, `owner/name#12`, `JIRA-12`. */
export const referencesIn = (text: string): string[] => [
  ...new Set([
    ...[...text.matchAll(numbers)].map(([, found = '']) => found),
    ...[...text.matchAll(keys)].map(([, found = '']) => found).filter((key) => !notKeys.test(key)),
  ]),
];

/** The footers that end a body: its last paragraphs, as far as each begins with one. */
const splitFooters = (body: string): { body: string; footers: Footer[] } => {
  const paragraphs = body.split(/\n[ \t]*\n/);
  let from = paragraphs.length;
  while (from > 0 && footerLine.test((paragraphs[from - 1] ?? '').trimStart().split('\n', 1)[0] ?? '')) from -= 1;
  const footers: Footer[] = [];
  for (const line of paragraphs.slice(from).join('\n').split('\n')) {
    const [, token, value = ''] = footerLine.exec(line) ?? [];
    const last = footers.at(-1);
    if (token !== undefined) footers.push({ token, value: value.trim() });
    else if (last && line.trim() !== '') last.value = `${last.value}\n${line.trim()}`.trim();
  }
  return { body: paragraphs.slice(0, from).join('\n\n').trim(), footers };
};

/** Takes a message apart; what is not conventional has no type. */
export const parseMessage = (message: string): ParsedMessage => {
  const text = message.replace(/\r\n?/g, '\n').replace(/^\n+/, '');
  const end = text.indexOf('\n');
  const first = end < 0 ? text : text.slice(0, end);
  const header = first.trimEnd();
  const { body, footers } = splitFooters(end < 0 ? '' : text.slice(end + 1).trim());
  const [, type = '', scope, bang, subject = header] = conventional.exec(first) ?? [];
  const breakingNotes = footers.filter(({ token }) => /^BREAKING[ -]CHANGE$/.test(token)).map(({ value }) => value);
  return {
    header,
    ...(type === '' ? {} : { type }),
    ...(type === '' || scope === undefined ? {} : { scope }),
    breaking: (type !== '' && bang !== undefined) || breakingNotes.length > 0,
    breakingNotes,
    subject: type === '' ? header : subject.trimEnd(),
    body,
    footers,
    references: referencesIn(text),
  };
};
