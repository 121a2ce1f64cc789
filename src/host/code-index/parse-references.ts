/** Names of one file that are kept. */
const mostNames = 2000;

const keywords = new Set(
  [
    'abstract and any args arguments array asm assert async auto await base begin bool boolean break byte case catch chan',
    'char checked class const constexpr constructor continue crate debugger decimal declare def default defer del delete',
    'do done double dyn each echo elif else elsif elseif end endif ensure enum esac except exec explicit export extends',
    'extern extends fallthrough false fi final finally fixed float fn for foreach friend from func function get global goto',
    'go if impl implements implicit import in include infer init inline instanceof int int8 int16 int32 int64 interface',
    'internal is isset keyof lambda let local lock long loop match mod module move mut mutable namespace native never new',
    'next nil none nonlocal not null nullptr number object of operator or out override package params pass print private',
    'protected pub public raise range readonly ref register require require_once rescue return sbyte sealed select self',
    'Self set short signed sizeof static str string strict struct super switch symbol synchronized template then this throw',
    'throws trait transient true try type typedef typename typeof uint uint8 uint16 uint32 uint64 unchecked undefined union',
    'unknown unless unsafe unset unsigned until use using val var virtual void volatile when where while with yield',
    'None True False NULL',
  ]
    .join(' ')
    .split(' '),
);

const words = /[\w\u0080-\uffff]+/g;
const wordsWithDollar = /[\w$\u0080-\uffff]+/g;

/**
 * Names of three letters or more with how often they stand in a text outside of comments and strings; the most frequent
 * ones, when there are too many.
 * @param hasDollar whether `$` is part of a name.
 * @param prose where comments and strings stand, in order of their beginnings.
 */
export const referencesOf = (
  text: string,
  prose: readonly (readonly [number, number])[],
  defined: ReadonlySet<string>,
  hasDollar: boolean,
): Map<string, number> => {
  const counts = new Map<string, number>();
  const pattern = hasDollar ? wordsWithDollar : words;
  const count = (from: number, to: number): void => {
    if (from >= to) return;
    for (const word of text.slice(from, to).match(pattern) ?? []) {
      const code = word.charCodeAt(0);
      if (word.length < 3 || word.length > 100 || (code >= 48 && code <= 57) || keywords.has(word) || defined.has(word))
        continue;
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  };
  let at = 0;
  for (const [start, end] of prose) {
    count(at, start);
    at = Math.max(at, end);
  }
  count(at, text.length);
  if (counts.size <= mostNames) return counts;
  return new Map([...counts].sort(([, a], [, b]) => b - a).slice(0, mostNames));
};
