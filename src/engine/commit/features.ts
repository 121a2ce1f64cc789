import type { Diff, FileDiff } from '../../core/diff.ts';
import { kindOfPath } from './path-kind.ts';
import { kindsOf, shapeOf } from './shape.ts';
import type { ChangedSymbols } from './symbols.ts';

const comment = /^\s*(?:\/\/|\/?\*|#(?!include|define|if|else|end|pragma|!)|--\s|<!--|"""|;)/;
const testCase =
  /^\s*(?:it|test|t\.test|describe|scenario)(?:\.\w+)*\(|^func (?:Test|Example)|^\s*(?:async )?def test_|^\s*#\[test\]|@Test\b/;
const guard =
  /\bif\b|\?\.|\?\?|\btry\b|\bcatch\b|\bthrow\b|\bnil\b|\bnull\b|\bundefined\b|\binstanceof\b|\btypeof\b|\berr\b|\bexcept\b|\bNone\b/;
const speed =
  /\b(?:cache[sd]?|caching|memo(?:ize)?|perf(?:ormance)?|fast(?:er)?|lazy|lazily|alloc(?:ation|s)?|prealloc\w*|sync\.Pool|WeakMap|benchmark)\b/i;
const repairWords =
  /\b(?:fix(?:es|ed)?|bugs?|regress(?:ion|es)?|workaround|issues?|incorrect|wrong|broken|leak|race|crash|panic|should not|doesn't|does not|must not|avoid|prevent|escape|invalid|missing|otherwise|edge case)\b|#\d{2,}|issues\/\d+/i;
const newThing =
  /\b(?:support(?:s|ed)?|allow(?:s|ed)?|option(?:s|al)?|feature|experimental|enable[sd]?|config(?:ure)?|default|new|added|since|@param)\b/i;
const obsolete = /\b(?:deprecated?|legacy|obsolete|unused|remove[sd]?|drop(?:ped)?|polyfill|compat)\b/i;
const imports =
  /^\s*(?:import\b|export .*\bfrom\b|(?:const|let|var) .*\brequire\(|from \S+ import|use \w|#include|require ['"])/;
const release = /^\s*"?version"?\s*[:=]/;

interface Lines {
  added: string[];
  deleted: string[];
}

const linesOf = (files: readonly FileDiff[]): Lines => {
  const lines: Lines = { added: [], deleted: [] };
  let budget = 4000;
  for (const { hunks } of files)
    for (const hunk of hunks)
      for (const { kind, text } of hunk.lines) {
        if (kind === 'context' || text.trim() === '' || budget-- < 0) continue;
        lines[kind].push(text.length > 400 ? text.slice(0, 400) : text);
      }
  return lines;
};

const bare = (line: string): string => line.replace(/[\s;,'"`()]/g, '');

/** Lines of one side that the other one has as well, wherever: they moved, or only their spaces changed. */
const movedShare = ({ added, deleted }: Lines): number => {
  const gone = new Map<string, number>();
  for (const line of deleted) gone.set(bare(line), (gone.get(bare(line)) ?? 0) + 1);
  let moved = 0;
  for (const line of added) {
    const left = gone.get(bare(line)) ?? 0;
    if (left > 0) {
      moved += 1;
      gone.set(bare(line), left - 1);
    }
  }
  return moved / Math.max(1, added.length, deleted.length);
};

/** What can be said of a change and may speak for one type or another: names that `weights.ts` has numbers for. */
export const featuresOf = ({ files }: Pick<Diff, 'files'>, symbols: ChangedSymbols): Set<string> => {
  const found = new Set<string>();
  const say = (is: boolean, name: string): void => {
    if (is) found.add(name);
  };
  const paths = files.map(({ path }) => path);
  const shape = shapeOf(paths);
  found.add(`shape:${shape}`);
  for (const kind of kindsOf(paths)) found.add(`kind:${kind}`);
  const code = files.filter(({ path }) => /^(?:source|types|style-sheet)$/.test(kindOfPath(path)));
  const tests = files.filter(({ path }) => kindOfPath(path) === 'test');
  const [lines, testLines] = [linesOf(code.length > 0 ? code : files), linesOf(tests)];
  const { added, deleted } = lines;
  const size = code.reduce((sum, file) => sum + file.added + file.deleted, 0);
  const whole = files.reduce((sum, file) => sum + file.added + file.deleted, 0);
  say(files.length === 1, 'one file');
  say(files.length > 8, 'many files');
  say(files.length > 25, 'very many files');
  say(whole <= 4, 'tiny');
  say(size > 0 && size <= 10, 'small');
  say(size > 10 && size <= 50, 'middling');
  say(size > 50 && size <= 200, 'large');
  say(size > 200, 'very large');
  say(
    code.some(({ status }) => status === 'added'),
    'new source file',
  );
  say(
    tests.some(({ status }) => status === 'added'),
    'new test file',
  );
  say(
    files.every(({ status }) => status === 'added'),
    'only new files',
  );
  say(files.length > 0 && files.every(({ status }) => status === 'deleted'), 'only deleted files');
  say(
    code.some(({ status }) => status === 'deleted'),
    'deleted source file',
  );
  say(
    files.some(({ status }) => status === 'renamed'),
    'renamed files',
  );
  say(files.length > 0 && files.every((file) => file.added + file.deleted === 0), 'no lines');
  say(added.length > 0 && deleted.length === 0, 'only added lines');
  say(deleted.length > 0 && added.length === 0, 'only deleted lines');
  say(deleted.length > 1.3 * added.length && added.length > 0, 'more deleted than added');
  say(added.length > 3 * Math.max(1, deleted.length), 'mostly added');
  const changedCode = [...added, ...deleted];
  say(code.length > 0 && changedCode.length > 0 && changedCode.every((line) => comment.test(line)), 'only comments');
  const moved = movedShare(lines);
  say(changedCode.length > 0 && moved > 0.95, 'only spaces or order');
  say(moved > 0.5 && moved <= 0.95, 'moved lines');
  say(code.length > 0 && changedCode.length > 0 && changedCode.every((line) => imports.test(line)), 'only imports');
  const exported = symbols.added.filter((one) => one.exported);
  const top = symbols.added.filter((one) => one.top);
  say(exported.length > 0, 'new export');
  say(exported.length > 2, 'several new exports');
  say(top.length > 0 && exported.length === 0, 'new definition');
  const isNewCode = exported.length > 0 || (top.length > 0 && code.some(({ status }) => status === 'added'));
  say(isNewCode && deleted.length === 0 && symbols.changed.length === 0, 'only new definitions');
  say(symbols.added.length > 8, 'many new definitions');
  say(symbols.added.length === 0 && code.length > 0, 'no new definition');
  say(
    symbols.removed.some((one) => one.exported),
    'removed export',
  );
  say(symbols.removed.length > 0, 'removed definition');
  say(symbols.renamed.length > 0, 'renamed definition');
  const newCases = testLines.added.filter((line) => testCase.test(line)).length;
  const goneCases = testLines.deleted.filter((line) => testCase.test(line)).length;
  say(newCases > goneCases && newCases - goneCases <= 3, 'a few new test cases');
  say(newCases - goneCases > 3, 'many new test cases');
  say(tests.length > 0 && newCases <= goneCases, 'tests without a new case');
  const told = (pattern: RegExp, of: readonly string[]): boolean => of.some((line) => pattern.test(line));
  const more = (pattern: RegExp): boolean =>
    added.filter((line) => pattern.test(line)).length > deleted.filter((line) => pattern.test(line)).length;
  say(more(guard), 'new guard');
  say(told(speed, added), 'words of speed');
  const notes = [...added.filter((line) => line.includes('//') || comment.test(line)), ...testLines.added];
  say(told(repairWords, notes), 'words of repair');
  say(told(newThing, added), 'words of something new');
  say(told(obsolete, deleted), 'words of something old');
  say(more(/\bawait\b|\basync\b/), 'new await');
  say(told(release, [...added]) && paths.some((path) => kindOfPath(path) === 'manifest'), 'version of the project');
  say(
    paths.some((path) => /(?:^|\/)(?:changelog|history|changes)[\w.]*$/i.test(path)),
    'changelog',
  );
  return found;
};
