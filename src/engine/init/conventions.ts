import { parseMessage } from '../commit/parse-message.ts';
import { languageName } from './layout.ts';
import { jsonOf, packagesOf, textAt, type ProjectFacts } from './project-facts.ts';

const most = <T>(values: readonly T[]): [T, number][] => {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
};

const word = (text: string): string => `\`${text.replace(/[`\s]+/g, ' ').trim()}\``;

/** Commits a share is worth telling of. */
const enough = 10;

const ofHistory = (messages: readonly string[]): string[] => {
  const own = messages.filter((message) => !/^(?:Merge |Revert )/.test(message));
  if (own.length < enough) return [];
  const parsed = own.map(parseMessage);
  const typed = parsed.filter(({ type }) => type !== undefined);
  const lines: string[] = [];
  if (typed.length * 10 >= own.length * 6) {
    const types = most(typed.map(({ type = '' }) => type))
      .slice(0, 8)
      .map(([type]) => word(type));
    const scopes = most(typed.flatMap(({ scope }) => scope ?? []))
      .filter(([, count]) => count > 1)
      .slice(0, 8);
    lines.push(
      `- Commit messages follow Conventional Commits (${typed.length} of the last ${own.length}); types used: ${types.join(', ')}${scopes.length > 0 ? `; scopes: ${scopes.map(([scope]) => word(scope)).join(', ')}` : ''}.`,
    );
  } else {
    const capital = own.filter((message) => /^\p{Lu}/u.test(message)).length;
    if (capital * 10 >= own.length * 9)
      lines.push(`- Subjects of commits begin with a capital letter (${capital} of the last ${own.length}).`);
  }
  const signed = own.filter((message) => /^Signed-off-by: /m.test(message)).length;
  if (signed * 10 >= own.length * 9)
    lines.push(`- Commits are signed off (\`git commit -s\`; ${signed} of the last ${own.length}).`);
  return lines;
};

const tools: readonly (readonly [RegExp, string])[] = [
  [/^(?:eslint\.config\.[cm]?[jt]s|\.eslintrc(?:\.\w+)?)$/, 'ESLint'],
  [/^(?:\.prettierrc(?:\.\w+)?|prettier\.config\.[cm]?[jt]s)$/, 'Prettier'],
  [/^biome\.jsonc?$/, 'Biome'],
  [/^\.?ruff\.toml$/, 'Ruff'],
  [/^\.?rustfmt\.toml$/, 'rustfmt'],
  [/^\.?clippy\.toml$/, 'Clippy'],
  [/^\.golangci\.(?:ya?ml|toml)$/, 'golangci-lint'],
  [/^\.rubocop\.yml$/, 'RuboCop'],
  [/^\.clang-format$/, 'clang-format'],
  [/^\.pre-commit-config\.yaml$/, 'pre-commit'],
  [/^\.?commitlint(?:rc(?:\.\w+)?|\.config\.[cm]?[jt]s)$/, 'commitlint'],
];

const indentOf = (texts: Iterable<string>): string | undefined => {
  const found: string[] = [];
  for (const text of texts) {
    let [tabs, twos, fours, lines] = [0, 0, 0, 0];
    for (const line of text.split('\n').slice(0, 400)) {
      const lead = /^(\t+| +)(?=[^\s*])/.exec(line)?.[1];
      if (lead === undefined) continue;
      lines += 1;
      if (lead.startsWith('\t')) tabs += 1;
      else if (lead.length % 4 === 0) fours += 1;
      else if (lead.length % 2 === 0) twos += 1;
    }
    if (lines < 5) continue;
    // Some lines of a file indented by two are indented by four; hardly any the other way round.
    found.push(
      tabs * 2 > lines ? 'tabs' : twos * 8 > lines ? 'two spaces' : fours * 10 > lines * 8 ? 'four spaces' : 'mixed',
    );
  }
  const [first] = most(found);
  return first && first[0] !== 'mixed' && found.length >= 3 && first[1] * 10 >= found.length * 9 ? first[0] : undefined;
};

const testNames: readonly (readonly [RegExp, string])[] = [
  [/\.test\.[cm]?[jt]sx?$/, '*.test.*'],
  [/\.spec\.[cm]?[jt]sx?$/, '*.spec.*'],
  [/(?:^|\/)test_[^/]+\.py$/, 'test_*.py'],
  [/_test\.py$/, '*_test.py'],
  [/_test\.go$/, '*_test.go'],
  [/_spec\.rb$/, '*_spec.rb'],
  [/Test\.java$/, '*Test.java'],
];

const ofTests = ({ paths, texts }: ProjectFacts): string[] => {
  const found = paths.flatMap((path) => {
    const form = testNames.find(([pattern]) => pattern.test(path))?.[1];
    return form === undefined ? [] : [{ path, form }];
  });
  const [form] = most(found.map((one) => one.form));
  if (!form || form[1] < 2) return [];
  const [place] = most(found.map(({ path }) => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '.')));
  const packages = packagesOf(jsonOf(texts.get('package.json')));
  const framework = ['vitest', 'jest', 'mocha', 'ava', 'tap', 'borp'].find((name) => packages.has(name));
  const where = place && place[1] * 10 >= found.length * 8 ? `, most in \`${place[0]}/\`` : '';
  return [
    `- Tests are named \`${form[0]}\` (${form[1]} files${where})${framework === undefined ? '' : `; they run with ${framework}`}.`,
  ];
};

const ofVersions = ({ texts }: ProjectFacts): string[] => {
  const node = textAt(jsonOf(texts.get('package.json')), 'engines', 'node');
  const python = /^requires-python\s*=\s*["']([^"'\n]+)["']/m.exec(texts.get('pyproject.toml') ?? '')?.[1];
  const go = /^go (\d[\d.]*)/m.exec(texts.get('go.mod') ?? '')?.[1];
  const rust = /^rust-version\s*=\s*"([^"\n]+)"/m.exec(texts.get('Cargo.toml') ?? '')?.[1];
  const all = Object.entries({ 'Node.js': node, Python: python, Go: go, Rust: rust }).flatMap(([name, version]) =>
    version === undefined ? [] : [`${name} ${word(version)}`],
  );
  return all.length === 0 ? [] : [`- Runs on ${all.join(', ')}.`];
};

/** What is usual in a project, as its files and its history show; each item says by what. */
export const conventionLines = (facts: ProjectFacts): string[] => {
  const { paths, texts, samples } = facts;
  const top = paths.filter((path) => !path.includes('/'));
  const used = [...new Set(tools.flatMap(([pattern, name]) => (top.some((path) => pattern.test(path)) ? [name] : [])))];
  if (/^\[tool\.ruff\b/m.test(texts.get('pyproject.toml') ?? '') && !used.includes('Ruff')) used.push('Ruff');
  if (/^\[tool\.black\b/m.test(texts.get('pyproject.toml') ?? '')) used.push('Black');
  const indent = indentOf(samples.values());
  const [language] = most([...samples.keys()].flatMap((path) => languageName(path) ?? []));
  const strict = /"strict"\s*:\s*true/.test(texts.get('tsconfig.json') ?? '');
  const workflows = paths.filter((path) => /^\.github\/workflows\/[^/]+\.ya?ml$/.test(path)).sort();
  return [
    ...ofVersions(facts),
    ...(strict ? ['- TypeScript is strict (`tsconfig.json`).'] : []),
    ...(used.length > 0 ? [`- Style is checked by ${used.join(', ')} (configuration at the top).`] : []),
    ...(top.includes('.editorconfig') ? ['- `.editorconfig` sets indentation and line ends.'] : []),
    ...(indent !== undefined && language ? [`- ${language[0]} is indented by ${indent}.`] : []),
    ...ofTests(facts),
    ...ofHistory(facts.messages),
    ...(workflows.length > 0
      ? [`- CI: ${workflows.slice(0, 8).map(word).join(', ')}${workflows.length > 8 ? ' and others' : ''}.`]
      : []),
  ];
};
