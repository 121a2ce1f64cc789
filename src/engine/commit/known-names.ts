/** Words that name something in code: in backquotes, with a hump, underscore, path or call. */
const inQuotes = /`([^`\n]{1,120})`/g;
const named =
  /(?<![\w`])(?:[a-z]+[A-Z][A-Za-z0-9]*|[A-Z][a-z0-9]+[A-Z][A-Za-z0-9]*|[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+|[\w-]+(?=\(\))|(?:[\w@.-]+\/)+[\w@.-]+|[\w-]+\.(?:[cm]?[jt]sx?|py|go|rs|java|rb|php|cs|cpp|json|ya?ml|toml|md|lock|sh|css|html))(?!\w)/g;
const references = /(?<![\w&])#\d+\b|\b[A-Z][A-Z0-9]{1,9}-\d+\b|https?:\/\/\S+|\bv?\d+\.\d+(?:\.\d+)?\b/g;

/** Names of code, issues, versions and addresses that a text speaks of. */
export const namesIn = (text: string): string[] => [
  ...new Set(
    [
      ...[...text.matchAll(inQuotes)].map(([, name = '']) => name),
      ...(text.replace(inQuotes, ' ').match(named) ?? []),
      ...(text.match(references) ?? []),
    ].map((name) => name.replace(/\(\)$/, '').replace(/[.,;:)]+$/, '')),
  ),
];

/** Names of a text that none of the given texts has; what is said about these cannot have been seen. */
export const unknownNames = (text: string, evidence: string): string[] =>
  namesIn(text).filter((name) => name !== '' && !evidence.includes(name));

/** The text without the sentences (of list items: without the items) that name what the evidence does not have. */
export const withoutUnknown = (text: string, evidence: string): { text: string; dropped: string[] } => {
  const dropped: string[] = [];
  const lines = text.split('\n').flatMap((line) => {
    const [, mark = '', rest = line] = /^(\s*(?:[-*] )?)(.*)$/.exec(line) ?? [];
    const kept = rest.split(/(?<=[.!?])\s+(?=[A-Z`"])/).filter((sentence) => {
      const unknown = unknownNames(sentence, evidence);
      dropped.push(...unknown);
      return unknown.length === 0;
    });
    return rest.trim() !== '' && kept.length === 0 ? [] : [`${mark}${kept.join(' ')}`];
  });
  return { text: lines.join('\n').trim(), dropped: [...new Set(dropped)] };
};
