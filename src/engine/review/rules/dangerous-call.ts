import type { Detected } from '../../../core/finding.ts';
import type { ReviewFile, ReviewRule } from '../rule.ts';
import type { CodeLanguage } from './code-language.ts';
import type { ChangedLine } from './changed-lines.ts';
import { detected, freshMatches } from './detected.ts';
import { isTestLine } from './test-lines.ts';

interface Danger {
  /** Matched in code only; what is in strings is filled. */
  pattern: RegExp;
  languages: readonly CodeLanguage[];
  message: string;
  suggestion: string;
  severity?: 'high' | 'medium' | 'low';
  /** Looks at the line as it is. */
  unless?: RegExp;
  only?: RegExp;
}

const script: readonly CodeLanguage[] = ['javascript', 'typescript'];
/** An argument that is no plain string: a name, or a string with something put into it. */
const dangers: readonly Danger[] = [
  {
    pattern: /(?<![\w$.>:-]|\bdef |\bfunction |\bfn |\bfunc )(eval)\s*\(\s*(?!\s*['"`][^'"`+${]*['"`]\s*\))(?=\S)/g,
    languages: [...script, 'python', 'php', 'ruby'],
    message: 'runs a text as code; whoever can change the text runs what they like',
    suggestion: 'Parse the text (JSON, a table of functions, `ast.literal_eval`) instead of running it.',
    severity: 'high',
  },
  {
    pattern: /(?<![\w$.])(?:(window|globalThis|global)\.eval\s*\(|(new\s+Function)\s*\(\s*(?=\S))/g,
    languages: script,
    message: 'runs a text as code; whoever can change the text runs what they like',
    suggestion: 'Parse the text, or choose from a table of functions, instead of running it.',
    severity: 'high',
  },
  {
    pattern: /(?:^|[\s;=(])(exec)\s*\(\s*(?!['"][^'"]*['"]\s*\))(?=[\w('"])/g,
    languages: ['python'],
    message: 'runs a text as code; whoever can change the text runs what they like',
    suggestion: 'Call a function instead of running text.',
    severity: 'high',
    unless: /\bdef\s+exec\b/,
  },
  {
    pattern: /\b(shell\s*=\s*True)\b/g,
    languages: ['python'],
    message: 'hands a command to a shell, which reads meaning into whatever is put into it',
    suggestion: 'Give a list of arguments and leave `shell=True` out.',
    severity: 'high',
  },
  {
    pattern:
      /\bos\.(system|popen)\s*\(\s*(?:f['"]|[^'")]*['"]\s*(?:\+|%|\.format)|['"][^'"]*['"]\s*(?:\+|%|\.format)|(?![rbu]?['"])\w)/g,
    languages: ['python'],
    message: 'hands a command that was put together to a shell',
    suggestion: 'Use `subprocess.run` with a list of arguments.',
    severity: 'high',
  },
  {
    pattern:
      /(?<![\w$])(?:(?:child_process|cp|childProcess)\s*\.\s*)?(exec|execSync)\s*\(\s*(?:`[^`]*\$\{|['"][^'"]*['"]\s*\+|[\w$.]+\s*\+\s*['"`])/g,
    languages: script,
    message: 'hands a command that was put together to a shell, which reads meaning into whatever is put into it',
    suggestion: 'Use `execFile` or `spawn` with a list of arguments.',
    severity: 'high',
    unless: /\.\s*exec\s*\((?<!(?:child_process|cp|childProcess)\s*\.\s*exec\s*\()/,
  },
  {
    pattern: /\b(spawn|spawnSync|execFile|execa)\s*\([^)]*\bshell:\s*true\b/g,
    languages: script,
    message: 'hands a command to a shell, which reads meaning into whatever is put into it',
    suggestion: 'Leave `shell: true` out and give a list of arguments.',
    severity: 'medium',
  },
  {
    pattern:
      /\bexec\.Command(?:Context)?\([^)]*['"`][\u00b7\s]*['"`]\s*,\s*['"`][\u00b7\s]*['"`]\s*,\s*(?:['"`][\u00b7\s]*['"`]\s*\+|fmt\.Sprintf|\w+\s*\+|\w+\s*\))/g,
    languages: ['go'],
    only: /["`](?:\/bin\/)?(?:sh|bash|zsh|cmd(?:\.exe)?|powershell)["`]\s*,\s*["`](?:-\w*c|\/[cC])["`]/,
    message: 'hands a command that was put together to a shell',
    suggestion: 'Start the program itself with its arguments.',
    severity: 'high',
  },
  {
    pattern: /\.(exec)\s*\(\s*(?:"[^"]*"\s*\+|\w+\s*\+\s*["\w]|String\.format)/g,
    languages: ['java', 'kotlin'],
    only: /getRuntime\(\)|runtime\.exec/i,
    message: 'starts a command that was put together from parts',
    suggestion: 'Use `ProcessBuilder` with a list of arguments.',
    severity: 'high',
  },
  {
    pattern: /(?<![\w$>:.])(exec|shell_exec|system|passthru|popen|proc_open)\s*\([^)]*\$/g,
    languages: ['php'],
    unless: /escapeshell(?:arg|cmd)/,
    message: 'hands a command that was put together to a shell',
    suggestion: 'Put each part through `escapeshellarg`, or call no shell.',
    severity: 'high',
  },
  {
    pattern: /(?<![\w.])(system|exec|spawn|IO\.popen|Open3\.\w+)\s*\(?\s*["'`](?=[^"'`]*)/g,
    languages: ['ruby'],
    only: /(?:system|exec|spawn|popen|Open3\.\w+)\s*\(?\s*"[^"]*#\{/,
    unless: /shellescape|Shellwords/,
    message: 'hands a command that was put together to a shell',
    suggestion: 'Give the arguments one by one.',
    severity: 'high',
  },
  {
    pattern: /\.\s*(innerHTML|outerHTML)\s*\+?=(?!=)\s*(?!\s*(?:['"][^'"]*['"]|`[^`$]*`)\s*;?\s*$)(?=\S|$)/g,
    languages: script,
    unless: /sanitize|purify|escape/i,
    message: 'puts a text into the page as markup; what comes from outside can run scripts',
    suggestion: 'Use `textContent`, or sanitise the text first.',
    severity: 'medium',
  },
  {
    pattern: /\b(dangerouslySetInnerHTML)\s*[=:]/g,
    languages: script,
    unless: /sanitize|purify|escape/i,
    message: 'puts a text into the page as markup; what comes from outside can run scripts',
    suggestion: 'Render the text as text, or sanitise it first.',
    severity: 'medium',
  },
  {
    pattern:
      /\bdocument\.(write(?:ln)?)\s*\(\s*(?!['"][^'"]*['"]\s*\))|\.(insertAdjacentHTML)\s*\([^,]*,\s*(?!['"][^'"]*['"]\s*\)|`[^`$]*`\s*\))/g,
    languages: script,
    unless: /sanitize|purify|escape/i,
    message: 'puts a text into the page as markup; what comes from outside can run scripts',
    suggestion: 'Build elements, or sanitise the text first.',
    severity: 'medium',
  },
  {
    pattern: /\byaml\.(load|load_all|unsafe_load|full_load)\s*\((?!.*\b(?:Safe|CSafe|Base)Loader\b)/g,
    languages: ['python'],
    unless: /Loader\s*=\s*(?!(?:yaml\.)?(?:Full|Unsafe)?Loader\b)\w|YAML\(/,
    message: 'builds whatever objects the text names, which runs code',
    suggestion: 'Use `yaml.safe_load`.',
    severity: 'high',
  },
  {
    pattern:
      /\b((?:c?[pP]ickle|dill|cloudpickle|joblib|marshal|shelve|jsonpickle)\.(?:loads?|Unpickler|open|decode))\s*\(/g,
    languages: ['python'],
    message: 'builds whatever objects the data names, which runs code',
    suggestion: 'Use a format that holds data only, such as JSON, unless nobody else can write the data.',
    severity: 'medium',
  },
  {
    pattern: /(?<![\w.])((?:YAML|Psych)\.(?:load|unsafe_load)|Marshal\.load|Oj\.load)\b(?!_)/g,
    languages: ['ruby'],
    message: 'builds whatever objects the text names',
    suggestion: 'Use `safe_load`, or JSON.',
    severity: 'medium',
  },
  {
    pattern: /(?<![\w$>:])(unserialize)\s*\((?!.*allowed_classes)/g,
    languages: ['php'],
    message: 'builds whatever objects the text names',
    suggestion: 'Use `json_decode`, or name the allowed classes.',
    severity: 'medium',
  },
  {
    pattern: /(new\s+ObjectInputStream|\.readObject)\s*\(/g,
    languages: ['java', 'kotlin'],
    unless: /\b(?:private\s+)?void\s+readObject\b/,
    message: 'builds whatever objects the data names, which can run code',
    suggestion: 'Use a format that holds data only, or a filter of classes.',
    severity: 'medium',
  },
  {
    pattern: /(new\s+BinaryFormatter|TypeNameHandling\.(?:All|Auto|Objects))\b/g,
    languages: ['c-sharp'],
    message: 'builds whatever objects the data names, which can run code',
    suggestion: 'Use a serialiser that holds data only.',
    severity: 'high',
  },
  {
    pattern: /(?<![\w.>])(gets|strcpy|strcat|sprintf|vsprintf)\s*\(/g,
    languages: ['c'],
    unless: /\bstd::|fgets|->gets/,
    message: 'writes past the end of its buffer when the text is longer than expected',
    suggestion: 'Use the form that takes the size of the buffer.',
    severity: 'medium',
  },
  {
    pattern: /\b(tempfile\.mktemp|os\.tempnam|os\.tmpnam)\s*\(/g,
    languages: ['python'],
    message: 'only names a file; somebody else may make it first',
    suggestion: 'Use `tempfile.NamedTemporaryFile` or `mkstemp`.',
    severity: 'medium',
  },
  {
    pattern:
      /(?:\bhashlib\.(?:md5|sha1|new)|\bcreateHash|\b(?:md5|sha1)(?:\.(?:New|Sum))?|\bMessageDigest\.getInstance|\bDigest::(?:MD5|SHA1)\.\w+|\bMD5\.Create|\bSHA1\.Create|\bMD5\.HashData)\s*\(/g,
    languages: [...script, 'python', 'go', 'php', 'ruby', 'java', 'kotlin', 'c-sharp'],
    only: /^(?=.*(?:passw(?:or)?d|passphrase|pwd|\bpin\b))(?=.*(?:md5|sha-?1\b)).*$/i,
    message: 'hashes a password with a function made to be fast, so that it can be guessed quickly',
    suggestion: 'Use a password hash: argon2, scrypt, bcrypt or PBKDF2.',
    severity: 'high',
  },
  {
    pattern:
      /(\bMath\.random|\brandom\.(?:random|randint|choice|choices|getrandbits|randrange)|\brand\.(?:Int\w*|Read)|\bmt_rand|(?<![\w.])rand)\s*\(/g,
    languages: [...script, 'python', 'go', 'php'],
    only: /(?:token|secret|passw(?:or)?d|nonce|\bsalt|session_?id|api_?key|otp|csrf)\w*(?:\s*:\s*\w+)?\s*(?::?=|:)(?!=)|(?:token|secret|password|nonce|salt|otp|csrf)\w*\s*\(\s*\)\s*\{?\s*return/i,
    message: 'makes a secret out of numbers that can be guessed',
    suggestion:
      'Use the random source made for secrets (`crypto.randomBytes`, `secrets`, `crypto/rand`, `random_bytes`).',
    severity: 'high',
  },
];

const statement = String.raw`(?:SELECT\s[^'"\x60]*\sFROM\s|INSERT\s+INTO\s|UPDATE\s+[\w"\x60.\[\]{}$#]+\s+SET\s|DELETE\s+FROM\s|DROP\s+TABLE\s)`;
/** A statement in a string with a value put into it. */
const concatenated: Partial<Record<CodeLanguage, RegExp>> = {
  javascript: new RegExp(String.raw`\x60\s*${statement}[^\x60]*\$\{|["']\s*${statement}[^"]*["']\s*\+\s*[\w$(]`, 'i'),
  python: new RegExp(
    String.raw`\b[rR]?[fF][rR]?("""|'''|"|')\s*${statement}(?:(?!\1).)*\{|("""|'''|"|')\s*${statement}(?:(?!\2).)*\2\s*(?:\+\s*\w|%\s*[\w(]|\.format\()`,
    'i',
  ),
  go: new RegExp(
    String.raw`Sprintf\(\s*["\x60]\s*${statement}[^"\x60]*%[svdq]|["\x60]\s*${statement}[^"\x60]*["\x60]\s*\+\s*\w`,
    'i',
  ),
  java: new RegExp(String.raw`"\s*${statement}[^"]*"\s*\+\s*\w|String\.format\(\s*"\s*${statement}[^"]*%s`, 'i'),
  php: new RegExp(String.raw`"\s*${statement}[^"]*(?:\$\w|\{\$)|(["'])\s*${statement}(?:(?!\1).)*\1\s*\.\s*\$`, 'i'),
  ruby: new RegExp(String.raw`"\s*${statement}[^"]*#\{|(["'])\s*${statement}(?:(?!\1).)*\1\s*\+\s*\w`, 'i'),
  'c-sharp': new RegExp(
    String.raw`\$@?"\s*${statement}[^"]*\{|"\s*${statement}[^"]*"\s*\+\s*\w|[sS]tring\.Format\(\s*"\s*${statement}`,
    'i',
  ),
  rust: new RegExp(String.raw`format!\(\s*r?#?"\s*${statement}[^"]*\{`, 'i'),
};
concatenated.typescript = concatenated.javascript ?? /$^/;
concatenated.kotlin = new RegExp(String.raw`"\s*${statement}[^"]*\$|"\s*${statement}[^"]*"\s*\+\s*\w`, 'i');

const sqlIn = function* (file: ReviewFile): Generator<ChangedLine> {
  const pattern = file.language && concatenated[file.language];
  if (!pattern) return;
  const had = file.removed.filter((line) => pattern.test(line.text)).length;
  let skip = had;
  for (const at of file.added) {
    // In a comment nothing is left of the quotes.
    if (!pattern.test(at.text) || !/['"`]/.test(at.code)) continue;
    if (skip-- > 0) continue;
    yield at;
  }
};

/** Calls by which what comes from outside runs as code, as a command, as markup or as SQL. */
export const dangerousCall: ReviewRule = {
  name: 'dangerous-call',
  severity: 'high',
  claim: 'A call that lets data act as code, command, markup, SQL or object, or that makes a secret weak, came in.',
  cost: 'text',
  *look({ files }): Generator<Detected> {
    for (const file of files) {
      const { language, place } = file;
      if (!language || (place !== 'code' && place !== 'script')) continue;
      for (const danger of dangers) {
        if (!danger.languages.includes(language)) continue;
        for (const { at, match } of freshMatches(file, danger.pattern, 'code', () => '')) {
          if (danger.unless?.test(at.text) || (danger.only && !danger.only.test(at.text))) continue;
          if (isTestLine(file, at.line)) continue;
          const called = match[1] ?? match[2] ?? /[\w.:!]+/.exec(match[0])?.[0] ?? match[0];
          yield detected(this, file.path, at, {
            severity: place === 'script' && danger.severity === 'high' ? 'medium' : (danger.severity ?? this.severity),
            confidence: 'medium',
            message: `\`${called.trim()}\` ${danger.message}.`,
            suggestion: { text: danger.suggestion },
          });
        }
      }
      for (const at of sqlIn(file))
        if (!isTestLine(file, at.line))
          yield detected(this, file.path, at, {
            severity: place === 'script' ? 'medium' : 'high',
            confidence: 'medium',
            message: 'A SQL statement is put together from text and values; a value can change what it does.',
            suggestion: { text: 'Use placeholders and give the values to the driver.' },
          });
    }
  },
};
