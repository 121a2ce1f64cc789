import { languageOf, type CodeLanguage } from '../../src/engine/review/rules/code-language.ts';
import { placeOf } from '../../src/engine/review/rules/file-place.ts';
import type { Edit } from '../engine/review/rules/made-change.ts';

/** A real file. */
export interface Source {
  path: string;
  text: string;
}

/** A defect put into real code. */
export interface Mutant {
  rule: string;
  edits: Edit[];
  paths?: string[];
  others?: Record<string, string>;
  /** What was put in. */
  what: string;
}

/** A choice that is the same each time. */
export const chooser = (seed: number): (<T>(list: readonly T[]) => T | undefined) => {
  let state = seed;
  return (list) => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return list[(state >> 8) % Math.max(1, list.length)];
  };
};
type Choose = ReturnType<typeof chooser>;

const script: CodeLanguage[] = ['javascript', 'typescript'];

/** After which lines a statement can stand, in the body of a function. */
const statements: Partial<Record<CodeLanguage, RegExp>> = {
  javascript: /^(?: {4,}|\t{2,})(?:const|let|var) [\w$]+ = [^{}()[\]`]*;?$/,
  typescript: /^(?: {4,}|\t{2,})(?:const|let) [\w$]+(?:: \w+)? = [^{}[\]`]*;$/,
  python: /^ {4,}[a-z_]\w* = [\w.]+(?:\([\w., ]*\))?$/,
  go: /^\t+\w+(?:, \w+)? := [\w.]+\([\w., ]*\)$/,
  rust: /^ {8,}let (?:mut )?\w+ = [^{}|]*;$/,
  java: /^ {6,}(?:final )?[\w<>.]+ \w+ = [^{}]*;$/,
  ruby: /^ {6,}@?[a-z_]\w* = [\w.:]+(?:\([\w., ]*\))?$/,
  php: /^ {8,}\$\w+ = [^{}[\]]*;$/,
};

const insertAfter = (text: string, at: number, lines: readonly string[]): string => {
  const all = text.split('\n');
  const indent = /^\s*/.exec(all[at] ?? '')?.[0] ?? '';
  all.splice(at + 1, 0, ...lines.map((line) => (line === '' ? '' : indent + line)));
  return all.join('\n');
};

/** Puts lines behind a statement of a function; `name` stands for what it made. */
const insert = (source: Source, choose: Choose, make: (name: string) => readonly string[]): string | undefined => {
  const language = languageOf(source.path);
  const pattern = language && statements[language];
  if (!pattern) return undefined;
  const lines = source.text.split('\n');
  const depthOfText = (at: number): boolean => {
    const before = lines.slice(0, at).join('\n');
    return (before.match(/"""|'''/g)?.length ?? 0) % 2 === 1 || (before.match(/`/g)?.length ?? 0) % 2 === 1;
  };
  // Tests of Rust stand beside the code.
  const tests = language === 'rust' ? lines.findIndex((line) => line.includes('#[cfg(test)]')) : -1;
  const places = lines.flatMap((line, at) => {
    if (tests >= 0 && at > tests) return [];
    const next = lines[at + 1] ?? '';
    const isWhole = !pattern.test(line) || /^\s*[.?:&|+]/.test(next) ? false : !depthOfText(at);
    return isWhole ? [at] : [];
  });
  const at = choose(places);
  if (at === undefined) return undefined;
  const name =
    /(?:const|let|var|mut|final [\w<>.]+)?\s*([\w$@]+)(?:: \w+)?(?:, \w+)? :?= /.exec(lines[at]!)?.[1] ?? 'x';
  return insertAfter(source.text, at, make(name));
};

const talks = /(?<![\w])(?:console\.|print|println|puts |printf|fmt\.|System\.(?:out|err)|echo |alert\()/;
const talkative = /cli|command|cmd|main|log|print|report|console|debug|output|usage|help|app\b|shell|term|trace|prog/i;
const isPlain = ({ path, text }: Source): boolean => placeOf(path, text) === 'code' && languageOf(path) !== undefined;

type Spellings = Partial<Record<CodeLanguage, readonly ((name: string) => readonly string[])[]>>;
const both = (list: readonly ((name: string) => readonly string[])[]): Spellings => ({
  javascript: list,
  typescript: list,
});

const inserted =
  (rule: string, spellings: Spellings, fits: (source: Source) => boolean = isPlain) =>
  (source: Source, choose: Choose): Mutant | undefined => {
    const language = languageOf(source.path);
    const make = language && fits(source) ? choose(spellings[language] ?? []) : undefined;
    const after = make && insert(source, choose, make);
    if (!make || after === undefined) return undefined;
    return { rule, edits: [{ path: source.path, before: source.text, after }], what: make('x').join(' ⏎ ') };
  };

const replaced = (rule: string, source: Source, after: string | undefined, what: string): Mutant | undefined =>
  after === undefined || after === source.text
    ? undefined
    : { rule, edits: [{ path: source.path, before: source.text, after }], what };

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const random = (choose: Choose, length: number, of = letters): string =>
  Array.from({ length }, () => choose(of.split('')) ?? 'a').join('');

const debug = inserted(
  'debug-leftover',
  {
    ...both([
      (name) => [`console.log(${name});`],
      () => ["console.log('got here');"],
      () => ['debugger;'],
      (name) => [`console.debug(\`value: \${JSON.stringify(${name})}\`);`],
      (name) => [`console.dir(${name}, { depth: null });`],
      () => ["console.trace('who calls this');"],
      (name) => [`window.console.log('xxx', ${name})`],
      (name) => ['console.log(', `  'the value',`, `  ${name},`, ');'],
    ]),
    python: [
      (name) => [`print(${name})`],
      (name) => [`print(f"DEBUG: {${name}}")`],
      () => ['breakpoint()'],
      () => ['import pdb; pdb.set_trace()'],
      () => ['import ipdb', 'ipdb.set_trace()'],
      () => ['print("here")'],
    ],
    go: [
      (name) => [`fmt.Printf("%+v\\n", ${name})`],
      () => ['fmt.Println("here")'],
      (name) => [`spew.Dump(${name})`],
      (name) => [`println(${name})`],
    ],
    rust: [
      (name) => [`dbg!(&${name});`],
      (name) => [`println!("{:?}", ${name});`],
      () => ['eprintln!("here");'],
      (name) => [`std::dbg!(${name});`],
    ],
    java: [
      (name) => [`System.out.println(${name});`],
      () => ['System.err.println("here");'],
      () => ['new Exception().printStackTrace();'],
      (name) => [`System.out.printf("%s%n", ${name});`],
    ],
    ruby: [
      () => ['binding.pry'],
      () => ['byebug'],
      () => ['puts "here"'],
      (name) => [`p ${name}`],
      (name) => [`pp(${name})`],
    ],
    php: [
      (name) => [`var_dump($${name});`],
      (name) => [`dd($${name});`],
      (name) => [`print_r($${name});`],
      () => ["error_log('here');"],
    ],
  },
  (source) => isPlain(source) && !talks.test(source.text) && !talkative.test(source.path),
);

const swallowed = inserted('swallowed-error', {
  ...both([
    () => ['try {', '  JSON.parse(raw);', '} catch (error) {}'],
    () => ['try {', '  refresh();', '} catch {', '}'],
    () => ['refresh().catch(() => {});'],
    () => ['refresh()', '  .then(done)', '  .catch(function () {});'],
    () => ['await refresh().catch(() => undefined);'],
    () => ['try { refresh() } catch (e) { }'],
    () => ['refresh().catch((_error) => {', '});'],
  ]),
  python: [
    () => ['try:', '    refresh()', 'except Exception:', '    pass'],
    () => ['try:', '    refresh()', 'except:', '    pass'],
    () => ['try:', '    refresh()', 'except Exception as error:', '    pass'],
    () => ['try:', '    refresh()', 'except (ValueError, TypeError): pass'],
    () => ['with contextlib.suppress(Exception):', '    refresh()'],
    () => ['try:', '    refresh()', 'except BaseException:', '    ...'],
  ],
  go: [
    () => ['if err := refresh(); err != nil {', '}'],
    () => ['_ = json.Unmarshal(data, &target)'],
    () => ['number, _ := strconv.Atoi(raw)', 'use(number)'],
    () => ['_ = refresh()'],
    () => ['content, _ := os.ReadFile(path)', 'use(content)'],
  ],
  rust: [
    () => ['let _ = refresh(&mut state);'],
    () => ['if let Err(_) = refresh() {}'],
    () => ['refresh().ok();'],
    () => ['match refresh() {', '    Ok(value) => keep(value),', '    Err(_) => {}', '}'],
  ],
  java: [
    () => ['try {', '  refresh();', '} catch (Exception e) {', '}'],
    () => ['try { refresh(); } catch (IOException ignored) {}'],
    () => ['try {', '  refresh();', '} catch (IOException | RuntimeException e) {}'],
  ],
  ruby: [
    () => ['begin', '  refresh', 'rescue', 'end'],
    () => ['begin', '  refresh', 'rescue StandardError => e', '  nil', 'end'],
    () => ['refresh rescue nil'],
    () => ['begin', '  refresh', 'rescue => error', 'end'],
  ],
  php: [
    () => ['try {', '    refresh();', '} catch (\\Throwable $e) {', '}'],
    () => ['try { refresh(); } catch (Exception $e) {}'],
  ],
});

const dangerous = inserted('dangerous-call', {
  ...both([
    (name) => [`eval(${name});`],
    (name) => [`element.innerHTML = ${name};`],
    (name) => [`const rows = await db.query(\`SELECT * FROM users WHERE name = '\${${name}}'\`);`],
    (name) => [`db.run("DELETE FROM sessions WHERE id = " + ${name});`],
    (name) => [`const run = new Function('x', ${name});`],
    (name) => [`child_process.exec(\`rm -rf \${${name}}\`);`],
    (name) => [`execSync('git checkout ' + ${name});`],
    (name) => [`document.write(${name});`],
    (name) => [`const hash = createHash('md5').update(password + ${name}).digest('hex');`],
    () => ['const resetToken = Math.random().toString(36).slice(2);'],
    (name) => [`spawn('tar', [${name}], { shell: true });`],
  ]),
  python: [
    (name) => [`eval(${name})`],
    (name) => [`subprocess.run(${name}, shell=True)`],
    (name) => [`subprocess.check_output("ls " + ${name}, shell = True)`],
    (name) => [`os.system("rm -rf " + ${name})`],
    (name) => [`os.system(f"tar xf {${name}}")`],
    (name) => [`cursor.execute(f"SELECT * FROM users WHERE id = {${name}}")`],
    (name) => [`cursor.execute("DELETE FROM users WHERE name = '%s'" % ${name})`],
    (name) => [`cursor.execute("SELECT name FROM users WHERE id = " + ${name})`],
    (name) => [`data = yaml.load(${name})`],
    (name) => [`state = pickle.loads(${name})`],
    (name) => [`exec(${name})`],
    () => ['digest = hashlib.md5(password.encode()).hexdigest()'],
    () => ['path = tempfile.mktemp()'],
  ],
  go: [
    (name) => [`rows, err := db.Query("SELECT * FROM users WHERE name = '" + ${name} + "'")`],
    (name) => [`query := fmt.Sprintf("DELETE FROM users WHERE id = %s", ${name})`],
    (name) => [`exec.Command("sh", "-c", "tar xf "+${name}).Run()`],
    (name) => [`exec.Command("bash", "-c", fmt.Sprintf("rm %s", ${name}))`],
  ],
  rust: [(name) => [`let query = format!("SELECT * FROM users WHERE id = {}", ${name});`]],
  java: [
    (name) => [`statement.executeQuery("SELECT * FROM users WHERE id = " + ${name});`],
    (name) => [`Runtime.getRuntime().exec("tar xf " + ${name});`],
    () => ['Object state = new ObjectInputStream(input).readObject();'],
    () => ['byte[] hash = MessageDigest.getInstance("MD5").digest(password.getBytes());'],
  ],
  ruby: [
    (name) => [`eval(${name})`],
    (name) => [`system("rm -rf #{${name}}")`],
    (name) => [`User.where("name = 1").find_by_sql("SELECT * FROM users WHERE id = #{${name}}")`],
    (name) => [`YAML.load(${name})`],
    (name) => [`Marshal.load(${name})`],
  ],
  php: [
    (name) => [`eval($${name});`],
    (name) => [`shell_exec('tar xf ' . $${name});`],
    (name) => [`$rows = $db->query("SELECT * FROM users WHERE id = $${name}");`],
    (name) => [`unserialize($${name});`],
  ],
});

const opened = inserted('permission-change', {
  ...both([
    () => ['const agent = new https.Agent({ rejectUnauthorized: false });'],
    () => ["process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';"],
    () => ["response.setHeader('Access-Control-Allow-Origin', '*');"],
    () => ["app.use(cors({ origin: '*' }));"],
    () => ['fs.chmodSync(target, 0o777);'],
  ]),
  python: [
    () => ['response = requests.get(url, verify=False)'],
    () => ['context = ssl._create_unverified_context()'],
    () => ['context.verify_mode = ssl.CERT_NONE'],
    () => ['os.chmod(path, 0o777)'],
    () => ['app.add_middleware(CORSMiddleware, allow_origins=["*"])'],
  ],
  go: [
    () => ['config := &tls.Config{InsecureSkipVerify: true}'],
    () => ['os.Chmod(path, 0777)'],
    () => ['w.Header().Set("Access-Control-Allow-Origin", "*")'],
    () => ['os.MkdirAll(dir, 0o777)'],
  ],
  rust: [() => ['let client = builder.danger_accept_invalid_certs(true).build();']],
  java: [
    () => ['builder.setHostnameVerifier(NoopHostnameVerifier.INSTANCE);'],
    () => ['response.setHeader("Access-Control-Allow-Origin", "*");'],
  ],
  ruby: [
    () => ['http.verify_mode = OpenSSL::SSL::VERIFY_NONE'],
    () => ["headers['Access-Control-Allow-Origin'] = '*'"],
  ],
  php: [
    () => ['curl_setopt($ch, CURLOPT_SSL_VERIFYPEER, false);'],
    () => ["header('Access-Control-Allow-Origin: *');"],
    () => ['chmod($path, 0777);'],
  ],
});

const leaked = (source: Source, choose: Choose): Mutant | undefined => {
  const values: ((name: string) => string)[] = [
    () => `ghp_${random(choose, 36)}`,
    () => `AKIA${random(choose, 16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`,
    () => `postgres://admin:${random(choose, 14)}@db.internal.corp:5432/prod`,
    () => `sk_live_${random(choose, 24)}`,
    () => `xoxb-${random(choose, 12, '0123456789')}-${random(choose, 12, '0123456789')}-${random(choose, 24)}`,
    () => `glpat-${random(choose, 20)}`,
    () => random(choose, 28),
  ];
  const value = choose(values)!('');
  const named = inserted('secret', {
    ...both([
      () => [`const apiKey = '${value}';`],
      () => [`client.configure({ password: "${value}" });`],
      () => [`const options = { auth: { token: \`${value}\` } };`],
    ]),
    python: [() => [`API_KEY = "${value}"`], () => [`connect(password='${value}')`]],
    go: [() => [`apiToken := "${value}"`]],
    rust: [() => [`let api_key = "${value}";`]],
    java: [() => [`String password = "${value}";`]],
    ruby: [() => [`api_key = '${value}'`]],
    php: [() => [`$password = '${value}';`]],
  })(source, choose);
  return named && { ...named, what: named.what.replace(value, '…') };
};

const conflict = (source: Source, choose: Choose): Mutant | undefined => {
  if (/fixture|testdata|snap/.test(source.path)) return undefined;
  const lines = source.text.split('\n');
  const at = choose(
    lines.flatMap((line, index) => (/^\s*[\w@]/.test(line) && index < lines.length - 3 ? [index] : [])),
  );
  if (at === undefined) return undefined;
  const before = lines.slice(0, at).join('\n');
  // Not in the middle of a text.
  if ((before.match(/"""|'''|```|`/g)?.length ?? 0) % 2 === 1 || /\/\*(?:(?!\*\/)[\s\S])*$/.test(before))
    return undefined;
  const [ours, theirs] = choose([
    ['HEAD', 'feature/retry'],
    ['Updated upstream', 'Stashed changes'],
    ['ours', '3f2a1bc (Fix it)'],
  ])!;
  const line = lines[at]!;
  const middle = choose([[], ['||||||| 1a2b3c4', line]])!;
  lines.splice(at, 1, `<<<<<<< ${ours}`, line, ...middle, '=======', `${line} `, `>>>>>>> ${theirs}`);
  return replaced('conflict-marker', source, lines.join('\n'), 'a conflict');
};

const isTest = ({ path, text }: Source): boolean =>
  placeOf(path) === 'test' || (path.endsWith('.rs') && text.includes('#[cfg(test)]'));

const changeLine = (
  source: Source,
  choose: Choose,
  pattern: RegExp,
  change: (line: string, lines: string[], at: number) => readonly string[] | undefined,
): string | undefined => {
  const lines = source.text.split('\n');
  const at = choose(lines.flatMap((line, index) => (pattern.test(line) ? [index] : [])));
  if (at === undefined) return undefined;
  const next = change(lines[at]!, lines, at);
  if (!next) return undefined;
  lines.splice(at, 1, ...next);
  return lines.join('\n');
};

const focused = (source: Source, choose: Choose): Mutant | undefined => {
  if (!isTest(source)) return undefined;
  const language = languageOf(source.path);
  if (script.includes(language!)) {
    const [from, to] = choose([
      [/^\s*it\(/, 'it.only('],
      [/^\s*test\(/, 'test.only('],
      [/^\s*describe\(/, 'describe.only('],
      [/^\s*it\(/, 'fit('],
      [/^\s*describe\(/, 'fdescribe('],
      [/^\s*it\.each\(/, 'it.only.each('],
      [/^\s*test\.each\(/, 'test.only.each('],
    ] as const)!;
    return replaced(
      'focused-test',
      source,
      changeLine(source, choose, from, (line) => [line.replace(/\b(?:it|test|describe)(?:\.each)?\(/, to)]),
      to,
    );
  }
  if (language === 'ruby') {
    const [from, to] = choose([
      [/^\s*it ['"]/, (line: string) => line.replace(/\bit /, 'fit ')],
      [/^\s*(?:describe|context) ['"]/, (line: string) => line.replace(/\b(describe|context) /, 'f$1 ')],
      [/^\s*it ['"].* do$/, (line: string) => line.replace(/ do$/, ', :focus do')],
      [/^\s*it ['"].* do$/, (line: string) => line.replace(/ do$/, ', focus: true do')],
    ] as const)!;
    return replaced(
      'focused-test',
      source,
      changeLine(source, choose, from, (line) => [to(line)]),
      'focus',
    );
  }
  return undefined;
};

const indentOf = (line: string): string => /^\s*/.exec(line)?.[0] ?? '';

const disabled = (source: Source, choose: Choose): Mutant | undefined => {
  if (!isTest(source)) return undefined;
  const language = languageOf(source.path);
  const done = (pattern: RegExp, change: (line: string) => readonly string[], what: string): Mutant | undefined =>
    replaced('disabled-test', source, changeLine(source, choose, pattern, change), what);
  switch (language) {
    case 'javascript':
    case 'typescript': {
      const [from, to] = choose([
        [/^\s*it\(['"`]/, 'it.skip('],
        [/^\s*test\(['"`]/, 'test.skip('],
        [/^\s*describe\(['"`]/, 'describe.skip('],
        [/^\s*it\(['"`]/, 'xit('],
        [/^\s*describe\(['"`]/, 'xdescribe('],
        [/^\s*test\(['"`]/, 'xtest('],
        [/^\s*it\.each\(/, 'it.skip.each('],
      ] as const)!;
      return done(from, (line) => [line.replace(/\b(?:it|test|describe)(?:\.each)?\(/, to)], to);
    }
    case 'python': {
      const mark = choose([
        '@pytest.mark.skip',
        '@pytest.mark.skip(reason="flaky")',
        '@unittest.skip("later")',
        '@pytest.mark.skip(\n    reason="flaky",\n)',
      ]);
      return done(
        /^\s*(?:async )?def test_\w+\(/,
        (line) => [...mark!.split('\n').map((part) => indentOf(line) + part), line],
        mark!,
      );
    }
    case 'go':
      return done(
        /^func Test\w+\(t \*testing\.T\) \{$/,
        (line) => [line, `\t${choose(['t.Skip("flaky")', 't.SkipNow()', 't.Skipf("see %d", 12)', 't.Skip()'])!}`],
        't.Skip',
      );
    case 'rust':
      return done(
        /^\s*#\[test\]$/,
        (line) => [line, indentOf(line) + choose(['#[ignore]', '#[ignore = "flaky"]'])!],
        '#[ignore]',
      );
    case 'java':
      return done(
        /^\s*@Test$/,
        (line) => [indentOf(line) + choose(['@Disabled', '@Ignore("later")', '@Disabled("flaky")', '@Ignore'])!, line],
        '@Disabled',
      );
    case 'ruby':
      return done(
        /^\s*it ['"].* do$/,
        (line) =>
          choose([
            [line.replace(/\bit /, 'xit ')],
            [line, `${indentOf(line)}  skip 'flaky'`],
            [line, `${indentOf(line)}  pending`],
          ])!,
        'xit',
      );
    case 'php':
      return done(/^\s*public function test\w+\(.*\)(?:: void)?$/, (line) => [line], '');
    default:
      return undefined;
  }
};

const asserting: Partial<Record<CodeLanguage, RegExp>> = {
  javascript: /^\s+(?:expect\(.*\)\.[\w.]+\(.*\);?|(?:t\.)?assert(?:\.\w+)*\(.*\);?|t\.\w+\(.*\))$/,
  typescript:
    /^\s+(?:expect\(.*\)\.[\w.]+\(.*\);|(?:t\.)?assert(?:\.\w+)*\(.*\);|t\.(?:is|true|deepEqual|false)\(.*\);)$/,
  python: /^\s+assert [^([{]*$|^\s+self\.assert\w+\(.*\)$/,
  go: /^\t+(?:assert|require)\.\w+\(.*\)$/,
  rust: /^\s+assert(?:_eq|_ne)?!\(.*\);$/,
  java: /^\s+assert\w+\(.*\);$/,
  ruby: /^\s+expect\(.*\)\.(?:to|not_to) \S.*$|^\s+assert_\w+.*[^,]$/,
  php: /^\s+\$this->assert\w+\(.*\);$/,
};

const unasserted = (source: Source, choose: Choose): Mutant | undefined => {
  const language = languageOf(source.path);
  const pattern = language && asserting[language];
  if (!pattern || !isTest(source)) return undefined;
  return replaced(
    'removed-assertion',
    source,
    // Another statement stays before or after it, so that the test goes on to be one.
    changeLine(source, choose, pattern, (line, lines, at) => {
      const [above = '', below = ''] = [lines[at - 1], lines[at + 1]];
      const isAlone = indentOf(above) !== indentOf(line) && indentOf(below) !== indentOf(line);
      const isTwice = lines.filter((other) => other.trim() === line.trim()).length > 1;
      return isAlone || isTwice || !isInTest(lines, at, language) ? undefined : [];
    }),
    'one assertion less',
  );
};

/** Whether a line is in a test of its own, not in a function that tests share. */
const isInTest = (lines: readonly string[], at: number, language: CodeLanguage): boolean => {
  const heads: Partial<Record<CodeLanguage, RegExp>> = {
    javascript: /^\s*(?:it|test|await t\.test|t\.test)(?:\.\w+)*\(\s*['"`]/,
    typescript: /^\s*(?:it|test)(?:\.\w+)*\(\s*['"`]/,
    python: /^\s*(?:async )?def test/,
    go: /^func Test/,
    rust: /^\s*fn \w+\(\)/,
    java: /^\s*public void \w+\(\)/,
    ruby: /^\s*it ['"]/,
    php: /^\s*public function test/,
  };
  for (let depth = indentOf(lines[at]!).length, up = at - 1; up >= 0; up--) {
    const line = lines[up]!;
    if (line.trim() === '' || indentOf(line).length >= depth) continue;
    depth = indentOf(line).length;
    if (heads[language]?.test(line)) return language !== 'rust' || (lines[up - 1] ?? '').includes('#[test]');
  }
  return false;
};

const weakened = (source: Source, choose: Choose): Mutant | undefined => {
  const language = languageOf(source.path);
  if (!isTest(source) || language === undefined) return undefined;
  if (script.includes(language)) {
    const to = choose(['toBeTruthy()', 'toBeDefined()', 'not.toBeNull()']);
    return replaced(
      'removed-assertion',
      source,
      changeLine(
        source,
        choose,
        /^\s+expect\([^()]*(?:\([^()]*\))?\)\.(?:toBe|toEqual)\([^()]+\);?$/,
        (line, lines, at) =>
          isInTest(lines, at, language) && !/true|false|null|undefined/i.test(line)
            ? [line.replace(/\.(?:toBe|toEqual)\([^()]+\)/, `.${to!}`)]
            : undefined,
      ),
      `→ ${to!}`,
    );
  }
  if (language === 'python')
    return replaced(
      'removed-assertion',
      source,
      changeLine(source, choose, /^ {4,}assert [\w.]+ == [^([{\\]+$/, (line, lines, at) =>
        isInTest(lines, at, language) ? [line.replace(/ == .*/, choose(['', ' is not None'])!)] : undefined,
      ),
      'assert without ==',
    );
  return undefined;
};

const untested = (source: Source, choose: Choose): Mutant | undefined => {
  const language = languageOf(source.path);
  if (!isTest(source) || language === undefined) return undefined;
  const heads: Partial<Record<CodeLanguage, RegExp>> = {
    javascript: /^\s*(?:it|test)\(\s*['"`].*\{$/,
    typescript: /^\s*(?:it|test)\(\s*['"`].*\{$/,
    python: /^def test_\w+\(.*\):$/,
    go: /^func Test\w+\(.*\{$/,
    ruby: /^\s*it ['"].* do$/,
    java: /^\s*public void \w+\(\).*\{$/,
  };
  const head = heads[language];
  if (!head) return undefined;
  const lines = source.text.split('\n');
  const at = choose(lines.flatMap((line, index) => (head.test(line) ? [index] : [])));
  if (at === undefined) return undefined;
  let end = at + 1;
  const depth = indentOf(lines[at]!).length;
  while (end < lines.length && (lines[end]!.trim() === '' || indentOf(lines[end]!).length > depth)) end++;
  if (language === 'java' && !(lines[at - 1] ?? '').includes('@Test')) return undefined;
  if (language !== 'python') end++;
  else while (lines[end - 1]?.trim() === '') end--;
  if (end - at < 3) return undefined;
  if (language === 'python' && (lines[at - 1] ?? '').startsWith('@')) return undefined;
  const from = language === 'java' ? at - 1 : at;
  lines.splice(from, end - from);
  return replaced('removed-test', source, lines.join('\n'), 'one test less');
};

const manifests = (source: Source, choose: Choose): Mutant | undefined => {
  const name = source.path.split('/').at(-1)!;
  if (/example|test|fixture|template|demo/.test(source.path)) return undefined;
  const added = (pattern: RegExp, lines: readonly string[], rule = 'dependency-added'): Mutant | undefined => {
    const all = source.text.split('\n');
    const at = all.findIndex((line) => pattern.test(line));
    if (at < 0) return undefined;
    all.splice(at + 1, 0, ...lines);
    return replaced(rule, source, all.join('\n'), lines.join(' '));
  };
  switch (name) {
    case 'package.json': {
      const elsewhere = choose([
        'git+https://github.com/someone/left-pad.git',
        'https://example.com/left-pad-1.0.0.tgz',
        'github:someone/left-pad',
        'someone/left-pad#main',
      ]);
      const kind = choose(['add', 'place', 'major', 'any'] as const);
      if (kind === 'add')
        return added(/^\s*"dependencies": \{$/, [`    "left-pad": "${choose(['^1.3.0', '1.3.0', '~1.3.0'])!}",`]);
      if (kind === 'place')
        return added(/^\s*"dependencies": \{$/, [`    "left-pad": "${elsewhere!}",`], 'dependency-changed');
      const from = source.text.indexOf('"dependencies"');
      const until = source.text.indexOf('}', from);
      if (from < 0) return undefined;
      const block = source.text.slice(from, until);
      const next = block.replace(/: "([~^])(\d+)\.(\d+)\.(\d+)"/, (_whole, sign: string, major: string) =>
        kind === 'any' ? ': "*"' : `: "${sign}${Number(major) + 1}.0.0"`,
      );
      return replaced(
        'dependency-changed',
        source,
        source.text.slice(0, from) + next + source.text.slice(until),
        kind!,
      );
    }
    case 'go.mod':
      return added(/^require \($/, ['\tgithub.com/someone/padding v1.2.0']);
    case 'Cargo.toml':
      return choose([
        () =>
          added(/^\[dependencies\]$/, [
            choose(['padding = "1.2"', 'padding = { version = "1.2", features = ["std"] }'])!,
          ]),
        () =>
          added(
            /^\[dependencies\]$/,
            ['padding = { git = "https://github.com/someone/padding" }'],
            'dependency-changed',
          ),
      ])!();
    case 'pyproject.toml':
      return choose([
        () => added(/^dependencies = \[$/, ['    "left-pad>=1.2",']),
        () =>
          added(
            /^dependencies = \[$/,
            ['    "left-pad @ git+https://github.com/someone/left-pad",'],
            'dependency-changed',
          ),
      ])!();
    case 'composer.json':
      return added(/^\s*"require": \{$/, ['        "someone/padding": "^1.2",']);
    case 'Gemfile':
      return replaced('dependency-added', source, `${source.text}\ngem 'left_pad', '~> 1.2'\n`, 'gem');
    default:
      return undefined;
  }
};

const drifted = (source: Source, choose: Choose): Mutant | undefined => {
  if (source.path === 'package.json') {
    const after = source.text.replace(
      /"(dependencies|devDependencies)": \{\n/,
      `"$1": {\n    "left-pad": "${choose(['^1.3.0', '1.3.0'])!}",\n`,
    );
    const mutant = replaced('lockfile-drift', source, after, 'only the manifest');
    return mutant && { ...mutant, paths: [choose(['package-lock.json', 'yarn.lock', 'pnpm-lock.yaml'])!] };
  }
  if (!source.path.endsWith('package-lock.json')) return undefined;
  const mutant = replaced(
    'lockfile-drift',
    source,
    choose([
      () =>
        changeLine(source, choose, /"resolved": "https:\/\/registry/, (line) => [
          line.replace('registry.npmjs.org', choose(['npm.evil.example', 'registry.npmjs.org.cdn.example'])!),
        ]),
      () => changeLine(source, choose, /"integrity":/, () => []),
      () =>
        changeLine(source, choose, /"resolved": "https:\/\/registry/, (line) => [line.replace('https://', 'http://')]),
    ])!(),
    'another place or no hash',
  );
  if (mutant) mutant.edits[0]!.about = { made: 'lockfile' };
  return mutant;
};

const gpl = `                    GNU GENERAL PUBLIC LICENSE
                       Version 3, 29 June 2007

 Everyone is permitted to copy and distribute verbatim copies of this license document, but changing it is not allowed.
`;
const relicensed = (source: Source, choose: Choose): Mutant | undefined => {
  const name = source.path.split('/').at(-1)!;
  if (name.startsWith('LICENSE') && !source.text.includes('GENERAL PUBLIC'))
    return replaced('licence-change', source, gpl, 'GPL');
  if (source.path === 'package.json' || name === 'Cargo.toml')
    return replaced(
      'licence-change',
      source,
      source.text.replace(
        /("?license"?\s*[:=]\s*)"[^"]+"/,
        `$1"${choose(['GPL-3.0-only', 'UNLICENSED', 'AGPL-3.0'])!}"`,
      ),
      'licence field',
    );
  if (!source.path.endsWith('package-lock.json')) return undefined;
  const mutant = replaced(
    'licence-change',
    source,
    changeLine(source, choose, /^ {6}"license": "MIT",?$/, (line) => [
      line.replace('MIT', choose(['GPL-3.0', 'AGPL-3.0-only', 'UNLICENSED'])!),
    ]),
    'licence of a package',
  );
  if (mutant) mutant.edits[0]!.about = { made: 'lockfile' };
  return mutant;
};

const workflows = (source: Source, choose: Choose): Mutant | undefined => {
  if (!/\.github\/workflows\/[^/]+\.ya?ml$/.test(source.path)) return undefined;
  const step = choose([
    '      - uses: someone/deploy@main',
    '      - uses: someone/deploy@v2',
    '      - run: curl -sSL https://example.com/install.sh | bash',
    '      - run: wget -qO- https://example.com/install.sh | sudo sh',
    '      - run: echo "${{ secrets.NPM_TOKEN }}"',
    '      - run: echo "Title ${{ github.event.pull_request.title }}"',
    '      - run: |\n          git checkout ${{ github.head_ref }}',
    '      - run: bash <(curl -s https://example.com/install)',
  ])!;
  const kind = choose(['step', 'step', 'permissions', 'trigger', 'runner']);
  if (kind === 'step')
    return replaced(
      'ci-change',
      source,
      changeLine(source, choose, /^ {4}steps:\s*$/, (line) => [line, step]),
      step.trim(),
    );
  if (kind === 'permissions')
    return replaced(
      'ci-change',
      source,
      changeLine(source, choose, /^jobs:\s*$/, (line) => [
        ...choose([
          ['permissions: write-all'],
          ['permissions:', '  contents: write'],
          ['permissions:', '  id-token: write'],
        ])!,
        '',
        line,
      ]),
      'permissions',
    );
  if (kind === 'trigger')
    return replaced(
      'ci-change',
      source,
      changeLine(source, choose, /^\s*pull_request:?.*$/, (line) => [
        line.replace('pull_request', 'pull_request_target'),
      ]),
      'pull_request_target',
    );
  return replaced(
    'ci-change',
    source,
    changeLine(source, choose, /^\s*runs-on: ubuntu/, (line) => [
      line.replace(/runs-on:.*/, choose(['runs-on: self-hosted', 'runs-on: [self-hosted, linux]'])!),
    ]),
    'self-hosted',
  );
};

const modes = (source: Source, choose: Choose): Mutant | undefined => {
  if (!isPlain(source) || source.text.startsWith('#!') || source.path.includes('bin/')) return undefined;
  return {
    rule: 'permission-change',
    what: '+x',
    edits: [
      {
        path: source.path,
        before: source.text,
        after: `${source.text}\n`,
        about: { oldMode: '100644', newMode: choose(['100755'])! },
      },
    ],
  };
};

const binaries = (source: Source, choose: Choose): Mutant | undefined => {
  const folder =
    source.path.includes('/') && isPlain(source) ? source.path.slice(0, source.path.lastIndexOf('/')) : undefined;
  if (folder === undefined) return undefined;
  const [name, rule, about] = choose([
    ['worker.exe', 'binary-file', { content: 'binary' }],
    ['vendor-1.2.jar', 'binary-file', { content: 'binary' }],
    ['backup.zip', 'binary-file', { content: 'binary' }],
    ['cache.pyc', 'large-file', { content: 'binary' }],
    ['state.sqlite', 'binary-file', { content: 'binary' }],
    ['.DS_Store', 'large-file', { content: 'binary' }],
    ['libnative.so.1', 'binary-file', { content: 'binary' }],
    ['words.ts', 'large-file', { added: 8000 }],
    ['npm-debug.log', 'large-file', {}],
  ] as const)!;
  return { rule, what: name, edits: [{ path: `${folder}/${name}`, after: 'x\n', about }] };
};

const entangled = (source: Source, choose: Choose): Mutant | undefined => {
  const language = languageOf(source.path);
  if (!isPlain(source) || !language) return undefined;
  const branches: Partial<Record<CodeLanguage, (index: number) => string[]>> = {
    javascript: (index) => [`if (mode === ${index} && depth > ${index}) {`, '  total += 1;', '}'],
    python: (index) => [`if mode == ${index} and depth > ${index}:`, '    total += 1'],
    go: (index) => [`if mode == ${index} && depth > ${index} {`, '\ttotal++', '}'],
    rust: (index) => [`if mode == ${index} && depth > ${index} {`, '    total += 1;', '}'],
    java: (index) => [`if (mode == ${index} && depth > ${index}) {`, '  total += 1;', '}'],
  };
  const make = branches[language === 'typescript' ? 'javascript' : language];
  const after = make && insert(source, choose, () => Array.from({ length: 20 }, (_, index) => make(index)).flat());
  return after === undefined ? undefined : replaced('complexity-jump', source, after, '20 branches');
};

const hiddenPath = /internal|private|(?:^|\/)_|main\.|impl/;
const broken = (source: Source, choose: Choose): Mutant | undefined => {
  const language = languageOf(source.path);
  if (!isPlain(source) || !language || hiddenPath.test(source.path) || source.path.startsWith('app/')) return undefined;
  const heads: Partial<Record<CodeLanguage, RegExp>> = {
    typescript: /^export (?:async )?function (\w+)\((\w[^()]*)\)|^export const (\w+) = (?:async )?\((\w[^()]*)\)/,
    javascript: /^export (?:async )?function (\w+)\(/,
    python: /^def ([a-z]\w+)\((\w[^()]*)\)/,
    go: /^func ([A-Z]\w*)\(([^()]+)\)/,
    rust: /^pub fn (\w+)\(([^()]+)\)/,
    java: /^ {2,4}public (?:static )?[\w<>]+ (\w+)\(([^()]*)\) \{/,
  };
  const head = heads[language];
  if (!head) return undefined;
  const renames = language === 'javascript' || choose([true, false]);
  return replaced(
    'api-break',
    source,
    changeLine(source, choose, head, (line, lines, at) => {
      const match = head.exec(line)!;
      const name = (match[1] ?? match[3])!;
      if ((source.text.match(new RegExp(`\\b${name}\\(`, 'g'))?.length ?? 0) > 1 && language === 'java')
        return undefined;
      if (source.text.includes(`'${name}'`) || source.text.includes(`"${name}"`)) return undefined;
      // What wraps it says how it is called.
      if (!renames && language === 'python' && lines[at - 1]?.startsWith('@')) return undefined;
      if (renames) return [line.replace(new RegExp(`\\b${name}\\b`), `${name}Renamed`)];
      if (language === 'java') return undefined;
      const extra = { typescript: 'mode: string, ', python: 'mode, ', go: 'mode string, ', rust: 'mode: u8, ' }[
        language as string
      ];
      return extra === undefined
        ? undefined
        : [line.replace(new RegExp(`(${name}(?: = (?:async )?)?\\()`), `$1${extra}`)];
    }),
    renames ? 'renamed' : 'one more parameter',
  );
};

const unnamed = (source: Source): Mutant | undefined => {
  const language = languageOf(source.path);
  if (!isPlain(source) || !language || hiddenPath.test(source.path)) return undefined;
  const added = {
    typescript: ['export const freshlyMade = (value: string): string => value.trim();', 'test/some.test.ts'],
    javascript: ['export function freshlyMade(value) {\n  return value.trim();\n}', 'test/some.test.js'],
    python: ['\n\ndef freshly_made(value):\n    return value.strip()', 'tests/test_some.py'],
    go: ['func FreshlyMade(value string) string {\n\treturn value\n}', 'some_test.go'],
    rust: ['pub fn freshly_made(value: u8) -> u8 {\n    value\n}', 'tests/some.rs'],
  }[language as string];
  if (!added) return undefined;
  const mutant = replaced('untested-export', source, `${source.text}\n${added[0]!}\n`, 'a new export');
  return mutant && { ...mutant, others: { [added[1]!]: 'nothing of it is named here' } };
};

const unawaited = (source: Source, choose: Choose): Mutant | undefined => {
  const language = languageOf(source.path);
  if (!isPlain(source)) return undefined;
  if (language === 'python') {
    const after = insert(source, choose, () => ['refresh_cache(1)']);
    return after === undefined
      ? undefined
      : replaced(
          'unawaited-promise',
          source,
          `${after}\n\nasync def refresh_cache(times):\n    return times\n`,
          'refresh_cache(1)',
        );
  }
  if (!script.includes(language!)) return undefined;
  const [definition, call] = choose([
    ['async function refreshCache() {\n  await 0;\n}', 'refreshCache();'],
    ['const refreshCache = async () => {\n  await 0;\n};', 'refreshCache();'],
    ['async function refreshCache(times, done) {\n  await 0;\n}', "refreshCache(\n  2,\n  () => 'x',\n);"],
    ['export const refreshCache = async (times) => times;', 'refreshCache(3)'],
  ])!;
  const after = insert(source, choose, () => call.split('\n'));
  return after === undefined ? undefined : replaced('unawaited-promise', source, `${after}\n${definition}\n`, call);
};

/** What puts a defect in, by what is put in. */
export const mutators: readonly ((source: Source, choose: Choose) => Mutant | undefined)[] = [
  leaked,
  conflict,
  debug,
  focused,
  disabled,
  unasserted,
  weakened,
  untested,
  manifests,
  drifted,
  relicensed,
  workflows,
  opened,
  modes,
  binaries,
  entangled,
  broken,
  unnamed,
  swallowed,
  unawaited,
  dangerous,
];
