/** What looks like a name of code, a path, a flag or a number with a unit or dots: not words of a language. */
const names =
  /`([^`]+)`|(?<![\w-])--?[a-z][\w-]+|[\w$]+(?:[./:][\w$]+)+(?:\(\))?|\b[a-z]+[A-Z]\w*|\b[A-Z]\w*[a-z][A-Z]\w*|\b\w+_\w+|\b\d+(?:\.\d+)*\b|#\d+/g;

const words = (text: string): string => text.toLowerCase().replace(/[`"'()]/g, '');

/**
 * Names and numbers of a text that its evidence does not have: identifiers, paths, flags, versions. Spelling counts but for
 * case and quotes.
 */
export const unknownNames = (text: string, evidence: string): string[] => {
  const known = words(evidence);
  return [
    ...new Set(
      [...text.matchAll(names)]
        .map(([whole, quoted]) => (quoted ?? whole).replace(/[.,:;]+$/, ''))
        .filter((name) => name !== '' && !/^(?:e\.g|i\.e|and\/or|etc)$/i.test(name) && !known.includes(words(name))),
    ),
  ];
};
