import type { Detected } from '../../../core/finding.ts';
import type { ReviewFile, ReviewInput, ReviewRule } from '../rule.ts';
import { isScript, languageOf, nameOf } from './code-language.ts';
import { detected } from './detected.ts';
import { exportsOf, type Exported } from './exports.ts';
import { placeOf } from './file-place.ts';
import { plainLines } from './test-lines.ts';

const hidden =
  /(?:^|\/)(?:internal|internals|private|_[\w-]+|impl)(?:\/|$)|(?:^|\/)_(?!_init__)[\w-]*\.\w+$|(?:^|\/)(?:main|__main__)\.\w+$|\.(?:internal|private)\.\w+$/;

const isOffered = (file: ReviewFile): boolean =>
  file.language !== undefined &&
  file.place === 'code' &&
  !hidden.test(file.path) &&
  !(file.diff.oldPath !== undefined && hidden.test(file.diff.oldPath)) &&
  !file.path.startsWith('app/');

/** The text of the nearest package.json. */
const manifestOf = (input: ReviewInput, path: string): string | undefined => {
  for (let folder = path; folder !== '';) {
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')));
    const text = input.other(folder === '' ? 'package.json' : `${folder}/package.json`);
    if (text !== undefined) return text;
  }
  return undefined;
};

/** A pattern for just this text: names of files hold any sign. */
const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** True when a package.json names the file as something to import, itself or what is built of it. */
const names = (manifest: string, path: string): boolean => {
  if (!/"(?:exports|main|module|types|typings|bin)"\s*:/.test(manifest)) return true;
  const stem = nameOf(path).replace(/(?:\.d)?\.[cm]?[jt]sx?$/, '');
  return new RegExp(`"[^"]*(?<![\\w-])${literal(stem)}(?:\\.d)?\\.[cm]?[jt]sx?"`).test(manifest);
};

/** The nearest package.json says that nobody outside may import from here. */
const isApplication = (input: ReviewInput, path: string): boolean => {
  const text = manifestOf(input, path);
  return text !== undefined && /"private"\s*:\s*true/.test(text) && !/"(?:exports|main|module|types)"\s*:/.test(text);
};

const entryNames = ['index.ts', 'index.tsx', 'index.js', 'index.mjs', 'mod.ts', 'main.ts', 'lib.rs'];

/** Files that say what a package offers, by the folders above a file, nearest first. */
export const entryPaths = (path: string, paths: ReadonlySet<string>): string[] => {
  const names = path.endsWith('.rs') ? ['lib.rs'] : isScript(languageOf(path)) ? entryNames.slice(0, -1) : [];
  const found: string[] = [];
  for (let folder = path; folder !== '';) {
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')));
    for (const place of ['', 'src/', 'lib/', 'source/'])
      for (const name of names) {
        const entry = `${folder === '' ? '' : `${folder}/`}${place}${name}`;
        if (paths.has(entry) && !found.includes(entry)) found.push(entry);
      }
  }
  return found;
};

/** True when a name stands in what an entry hands on. */
const offers = (text: string, name: string): boolean => {
  const bare = name.replace(/\$/g, '\\$');
  return new RegExp(
    `\\bexport\\s*(?:type\\s*)?\\{[^}]*(?<![\\w$])${bare}(?![\\w$])|^\\s*(?:export|module\\.exports|exports\\.|pub)\\b.*(?<![\\w$])${bare}(?![\\w$])|\\bpub use\\b[^;]*(?<![\\w$])${bare}(?![\\w$])|module\\.exports\\s*=\\s*\\{[^}]*(?<![\\w$])${bare}(?![\\w$])`,
    'm',
  ).test(text);
};

/** False when the package's entry is known and does not offer the name: nothing outside can have used it. */
const isReachable = (input: ReviewInput, file: ReviewFile, name: string): boolean => {
  const path = file.diff.oldPath ?? file.path;
  const entries = entryPaths(path, input.paths);
  const manifest = manifestOf(input, path);
  if (
    entries.includes(path) ||
    (manifest !== undefined && names(manifest, path)) ||
    !/\.(?:[cm]?[jt]sx?|rs)$/.test(path)
  )
    return true;
  const texts = entries.flatMap((entry) => input.other(entry) ?? []);
  if (texts.length === 0) return manifest === undefined;
  const stem = nameOf(path).replace(/\.\w+$/, '');
  const word = (text: string): RegExp => new RegExp(`(?<![\\w$])${literal(text)}(?![\\w$])`);
  return texts.some(
    (text) =>
      offers(text, name) ||
      text.split('\n').some((line) => /export\s*\*|\bpub mod\b|\bpub use\b.*::\*/.test(line) && word(stem).test(line)),
  );
};

const isSame = (a: Exported, b: Exported): boolean =>
  a.required === undefined ||
  b.required === undefined ||
  (a.required.join() === b.required.join() && a.most === b.most);

const problemOf = (was: Exported, is: Exported, file: ReviewFile): string | undefined => {
  if (was.required === undefined || is.required === undefined) return undefined;
  const { language } = file;
  if (isScript(language)) {
    if (is.required.length > was.required.length) {
      // Without types a missing argument may be meant.
      if (language === 'javascript') return undefined;
      return `has to be given ${is.required.length} arguments instead of ${was.required.length}`;
    }
    if (was.most !== undefined && is.most !== undefined && is.most < was.most)
      return `takes ${is.most} arguments instead of ${was.most}`;
    return undefined;
  }
  if (language === 'python') {
    const fresh = is.required.filter((name) => !was.required?.includes(name));
    const gone = was.required.filter((name) => !is.required?.includes(name));
    if (fresh.length > gone.length) return `has to be given ${fresh.join(', ')}`;
    if (was.most !== undefined && is.most !== undefined && is.most < was.most)
      return `takes ${is.most} arguments instead of ${was.most}`;
    return undefined;
  }
  if (is.required.length !== was.required.length && is.most !== undefined)
    return `takes ${is.required.length} arguments instead of ${was.required.length}`;
  return undefined;
};

/** Names others may use that went or have to be called in another way. */
export const apiBreak: ReviewRule = {
  name: 'api-break',
  severity: 'medium',
  claim: 'A name that other files may use went, or has to be called with other arguments.',
  cost: 'syntax',
  *look(input): Generator<Detected> {
    const files = input.files.filter(
      (file) => file.language !== undefined && file.place !== 'test' && file.place !== 'fixture',
    );
    const later = new Set(
      files.flatMap((file) =>
        file.after === undefined || !file.language ? [] : [...exportsOf(file.afterCode, file.language).keys()],
      ),
    );
    for (const file of files) {
      const { language, before } = file;
      if (!language || before === undefined || !isOffered(file) || file.removed.length === 0) continue;
      if (isApplication(input, file.path)) continue;
      const was = exportsOf(file.beforeCode, language);
      const is = file.after === undefined ? new Map<string, Exported[]>() : exportsOf(file.afterCode, language);
      const after = file.afterCode.join('\n');
      const isPassedOn = isScript(language) && /^\s*export\s*\*/m.test(after);
      for (const [name, all] of was) {
        const now = is.get(name);
        const [first] = all;
        if (!first) continue;
        const bare = name.slice(name.lastIndexOf('.') + 1);
        const at = { line: first.line, text: plainLines(before)[first.line - 1] ?? name };
        if (!now) {
          if (later.has(name) || isPassedOn || !isReachable(input, file, bare)) continue;
          // Given under its name in another way, such as `__getattr__`.
          if (new RegExp(`['"\`]${bare.replace(/\$/g, '\\$')}['"\`]`).test(file.after ?? '')) continue;
          // Imported or assigned under its old name, it is still there.
          if (
            new RegExp(`(?:^|[^\\w$.])${bare.replace(/\$/g, '\\$')}(?![\\w$])`).test(after) &&
            (language === 'python' || isScript(language)) &&
            (language === 'python'
              ? new RegExp(
                  `^\\s*(?:from\\s.*\\bimport\\b.*\\b${bare}\\b|import\\s.*\\b${bare}\\b|${bare}\\s*(?::[^=]*)?=|\\s*${bare},?\\s*$)`,
                  'm',
                ).test(after)
              : new RegExp(`\\bexport\\b[^;]*\\b${bare.replace(/\$/g, '\\$')}\\b`).test(after))
          )
            continue;
          const isWhole = file.diff.status === 'deleted';
          yield detected(this, file.path, at, {
            side: 'old',
            severity: first.kind === 'other' || isWhole ? 'low' : this.severity,
            confidence: 'medium',
            message: `\`${name}\` is not offered by ${nameOf(file.path)} any more: what uses it breaks.`,
            suggestion: { text: 'Keep the old name beside the new one for a release, or call the change breaking.' },
          });
          continue;
        }
        if (all.length > 1 || now.length > 1) {
          // Of overloads each form that could be called has to stay.
          const lost = all.find((one) => !now.some((other) => isSame(one, other)));
          if (!lost || language !== 'java' || now.length >= all.length) continue;
          yield detected(
            this,
            file.path,
            { line: lost.line, text: plainLines(before)[lost.line - 1] ?? name },
            {
              side: 'old',
              message: `A form of \`${name}\` went: what calls it breaks.`,
              confidence: 'medium',
            },
          );
          continue;
        }
        const [only] = now;
        const problem = only && problemOf(first, only, file);
        if (problem === undefined || !only || !isReachable(input, file, bare)) continue;
        // What wraps it says how it is called.
        if (language === 'python' && /^\s*(?:@|\))/.test(file.afterCode[only.line - 2] ?? '')) continue;
        yield detected(
          this,
          file.path,
          { line: only.line, text: plainLines(file.after)[only.line - 1] ?? name },
          {
            message: `\`${name}\` ${problem}: what calls it as before breaks.`,
            confidence: 'medium',
            suggestion: { text: 'Let the new argument have a default, or call the change breaking.' },
          },
        );
      }
    }
  },
};

/** New things to use that no test uses. */
export const untestedExport: ReviewRule = {
  name: 'untested-export',
  severity: 'low',
  claim: 'A new function or class that others may use is named by no test of the project.',
  cost: 'syntax',
  *look(input): Generator<Detected> {
    const tests = input.testTexts();
    const families = new Set([...input.paths].filter((path) => placeOf(path) === 'test').map(family));
    if (families.size === 0 || !input.knowsTests) return;
    for (const file of input.files) {
      const { language, after } = file;
      if (!language || after === undefined || file.place !== 'code' || hidden.test(file.path)) continue;
      // Types of these do nothing by themselves.
      const isTypeless = language === 'rust' || language === 'go';
      const was = file.before === undefined ? new Map<string, Exported[]>() : exportsOf(file.beforeCode, language);
      if (file.before === undefined && file.diff.status !== 'added') continue;
      const added = new Set(file.added.map((line) => line.line));
      for (const [name, [one]] of exportsOf(file.afterCode, language)) {
        if (
          !one ||
          was.has(name) ||
          !added.has(one.line) ||
          (one.kind !== 'function' && (one.kind !== 'class' || isTypeless))
        )
          continue;
        const bare = name.slice(name.lastIndexOf('.') + 1);
        if (!isReachable(input, file, bare)) continue;
        const word = new RegExp(`(?<![\\w$])${bare.replace(/\$/g, '\\$')}(?![\\w$])`);
        // Some languages keep tests beside the code.
        if (
          language === 'rust' &&
          after.includes('#[cfg(test)]') &&
          word.test(after.slice(after.indexOf('#[cfg(test)]')))
        )
          continue;
        if (tests.some(({ path, text }) => languageOfSame(path, file.path) && text.includes(bare) && word.test(text)))
          continue;
        // Tests of another language say nothing.
        if (!families.has(family(file.path))) continue;
        yield detected(
          this,
          file.path,
          { line: one.line, text: plainLines(after)[one.line - 1] ?? name },
          {
            message: `No test names the new \`${name}\`.`,
            confidence: 'low',
            suggestion: { text: 'Add a test of what it promises.' },
          },
        );
      }
    }
  },
};

const family = (path: string): string =>
  nameOf(path)
    .replace(/^.*\./, '')
    .replace(/^[cm]?[jt]sx?$/, 'js');
const languageOfSame = (a: string, b: string): boolean => family(a) === family(b);
