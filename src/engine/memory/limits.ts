/** Bounds of items. */
export const limits = {
  textChars: 4000,
  sources: 20,
  /** Lines of one source. */
  citedLines: 2000,
  /** Of a repository. */
  nameChars: 500,
  /** Of a question; the middle of a longer one is left out. */
  questionChars: 4000,
  /** Items one answer has at most. */
  recalled: 50,
} as const;

/** True for a path below the root as git writes it: no way up, not absolute on any system, nothing hidden in it. */
export const isRelativePath = (path: string): boolean =>
  path !== '' &&
  !/^(?:[\\/~]|[A-Za-z]:)/.test(path) &&
  !/[\p{Cc}\\]/u.test(path) &&
  path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && part.toLowerCase() !== '.git');

/** A question short enough to be looked for: its beginning and its end. */
export const boundedQuestion = (text: string): string => {
  const { questionChars: most } = limits;
  const trimmed = text.length > 2 * most ? `${text.slice(0, most)}\n${text.slice(-most)}`.trim() : text.trim();
  return trimmed.length <= most ? trimmed : `${trimmed.slice(0, most * 0.75)}\n${trimmed.slice(-most * 0.25)}`;
};
